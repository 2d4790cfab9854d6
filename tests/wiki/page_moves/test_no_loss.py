"""Whatever pages are renamed, merged or split: no link, no heading and no word of a person's is lost."""

import re
import subprocess
import tempfile
import unicodedata
from os.path import relpath
from pathlib import Path
from urllib.parse import quote

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nightdesk.base.cache import open_cache
from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.wiki.page_moves.following import Whereabouts
from nightdesk.wiki.page_moves.merging import plan_merge
from nightdesk.wiki.page_moves.renaming import plan_rename
from nightdesk.wiki.page_moves.splitting import plan_split
from nightdesk.wiki.vault.extract import read_record
from nightdesk.wiki.vault.records import Link
from nightdesk.wiki.vault.resolve import Targets

# names of one folder and another that are alike, need an escape somewhere, or have two Unicode forms
STEMS = [
    "Muon",
    "muon steps",
    "O'Brien",
    "100% sure",
    "a (b) c",
    "x & y",
    "\u6771\u4eac",
    "\u00dcber",
    unicodedata.normalize("NFD", "\u00c9t\u00e9"),
    "Notes",
    "notes",
    "v1.2",
    "-dash",
]
FOLDERS = ["wiki", "wiki/mine", "wiki/mine/deep", "ideas"]
FORMS = [
    "[[{name}]]",
    "[[{name}|label]]",
    "![[{name}]]",
    "[[{name}#Part]]",
    "[[{name}#Notes|h]]",
    "[[{path}]]",
    "[x]({url})",
    "[x](<{relative}>)",
    "`[[{name}]]`",
    "%%[[{name}]]%%",
    "[[#Part]]",
    "[[#Notes]]",
]
TITLES = ["Lion", "C# and F#", "Ein \u00dcbel", "It's 50% (new)", "\u4eac\u90fd", "MUON", "a: b", "Notes 2"]


@st.composite
def vaults(draw: st.DrawFn) -> dict[str, str]:
    paths = draw(
        st.lists(st.tuples(st.sampled_from(FOLDERS), st.sampled_from(STEMS)), min_size=2, max_size=5, unique=True)
    )
    pages = [f"{folder}/{stem}.md" for folder, stem in paths]
    texts, marker = {}, 0
    for number, path in enumerate(pages):
        lines = draw(st.sampled_from(["", "---\ntitle: T{n}\n---\n", "---\r\naliases: [x{n}]\r\n---\r\n"])).format(
            n=number
        )
        lines += draw(st.sampled_from(["", f"# Page {number}\n\n"]))
        lines += f"token{number}a\n\n"
        for part, heading in enumerate(draw(st.sampled_from([["Part"], ["Notes", "Part"], ["Part", "Notes"], []]))):
            lines += f"## {heading}\n\ntoken{number}{'bc'[part]}\n\n"
            for form in draw(st.lists(st.sampled_from(FORMS), max_size=3)):
                lines += f"m{marker} {_link(form, draw(st.sampled_from(pages)), path)}\n\n"
                marker += 1
        form = draw(st.sampled_from(FORMS))
        texts[path] = lines + f"m{marker} {_link(form, draw(st.sampled_from(pages)), path)}\n"
        marker += 1
    return texts


def _link(form: str, target: str, source: str) -> str:
    relative = relpath(target, source.rpartition("/")[0])
    name = target.rpartition("/")[2].removesuffix(".md")
    return form.format(name=name, path=target.removesuffix(".md"), url=quote(relative), relative=relative)


OPERATIONS = st.lists(
    st.tuples(
        st.sampled_from(["rename", "merge", "split"]),
        st.integers(0, 4),
        st.integers(0, 4),
        st.sampled_from(TITLES),
        st.sampled_from(["Part", "Notes"]),
    ),
    min_size=1,
    max_size=3,
)


def read(desk: Path) -> dict[str, str]:
    files = [*(desk / "wiki").rglob("*.md"), *(desk / "ideas").glob("*.md")]
    return {path.relative_to(desk).as_posix(): path.read_bytes().decode() for path in sorted(files)}


def told(texts: dict[str, str], *, whole: bool) -> dict[str, str]:
    """Return for each link, by its marker, the first token (all, if `whole`) of the page or section it leads to."""
    there = Whereabouts(texts, [])
    records = {path: read_record(text.encode()) for path, text in texts.items()}
    found = {}
    for path, text in texts.items():
        lines = text.split("\n")
        for link in records[path].links:
            marker = re.match(r"(?:>\s*)?(m\d+) ", lines[link.line - 1])
            target = there.find(link, path)
            if marker and target in texts:
                found[marker[1]] = _content(texts[target], link, Targets(records[target]), whole=whole)
    return found


def _content(text: str, link: Link, targets: Targets, *, whole: bool) -> str:
    text = text.replace("\r\n", "\n")
    if not link.fragment:
        return " ".join(re.findall(r"token\w+", text)[: None if whole else 1])
    if not targets.has(link):
        return "nothing"
    above, _, heading = link.fragment.rpartition("#")
    after = text.partition(f"# {above}\n")[2] if above else text
    return " ".join(re.findall(r"token\w+", after.partition(f"## {heading}\n")[2])[:1])


def tokens(texts: dict[str, str]) -> list[str]:
    return sorted(token for text in texts.values() for token in re.findall(r"token\w+", text))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(vaults(), OPERATIONS)
def test_every_link_leads_to_the_same_words_and_no_word_is_lost(
    texts: dict[str, str], operations: list[tuple[str, int, int, str, str]]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for path, text in texts.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(text.encode())
        (root / "wiki").mkdir(exist_ok=True)
        subprocess.run(["git", "init", "--quiet", "--template=", folder], check=True)
        for operation in operations:
            before = read(root)
            leads, words = told(before, whole=False), tokens(before)
            done = act(Desk(root), sorted(path for path in before if path.startswith("wiki/")), *operation)
            after = read(root)
            if not done:
                assert after == before, "what is refused changes nothing"
                continue
            assert tokens(after) == words
            now = told(after, whole=True)
            for marker, content in leads.items():
                if content == "nothing":
                    continue  # a heading that was not there
                assert marker in now, (marker, after)
                assert set(content.split()) <= set(now[marker].split()), (operation, marker, before, after)
            same = re.findall(r"(m\d+ (?:`|%%)\S.*)", "\n".join(before.values()))
            assert all(line.rstrip("\r") in "\n".join(after.values()) for line in same), "code and comments stay"


def act(desk: Desk, pages: list[str], kind: str, one: int, other: int, title: str, heading: str) -> bool:
    """Do an operation; say whether it was done."""
    if not pages:
        return False
    page, second = pages[one % len(pages)], pages[other % len(pages)]
    try:
        if kind == "rename":
            plan = plan_rename(desk, page, title, today="2026-11-23")
        elif kind == "merge":
            plan = plan_merge(desk, page, second, today="2026-11-23")
        else:
            plan = plan_split(desk, page, title, claims=(), section=heading, today="2026-11-23")
        with open_cache(desk.cache / "cache.db") as cache:
            plan.act(cache)
    except DeskError:
        return False
    assert plan.changed.failed == {}
    return True
