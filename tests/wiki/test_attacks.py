"""Sources that attack, in real compiles with a worker that obeys them: nothing outside the task's pages changes.

The table is in attacks/. What verifiers and renderers do with each hand-in by itself is in test_attack_hand_ins.py.
"""

import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from nightdesk.base.names import safe_name
from nightdesk.base.pages import parse_page
from nightdesk.views.cli import group
from nightdesk.wiki.claims import find_citations, parse_claims
from nightdesk.wiki.places import TextPlaces
from tests.desks import ADAM, MUON, git, make_desk
from tests.wiki.attacks.harmless_page import faults
from tests.wiki.attacks.table import Attack, all_attacks

ATTACKS = all_attacks()
INNOCENT = {"muon.md": MUON, "adam.md": ADAM}
SECRET = "sk-live-the-persons-own-key"  # noqa: S105 - it opens nothing
# What a compile may write, from the desk's root; `.git` is looked at apart, `.nightdesk` is a cache.
OWN = re.compile(r"wiki/(?:index|log|contradictions)\.md|wiki/(?:sources|concepts)/[^/]+\.md|text/.+|costs\.tsv")

WATCHED: list[tuple[str, str]] = []  # what the process did while `watched` was on: (event, what)
_ON = [False]
_NETWORK = ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto", "urllib.Request")
_CHANGES = ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.symlink", "os.link", "os.chmod", "os.truncate")


def _watch(event: str, args: tuple[Any, ...]) -> None:
    """Note what reaches out of the process; a hook cannot be taken off again, so it is switched."""
    if not _ON[0]:
        return
    if event in _NETWORK:
        WATCHED.append(("network", f"{event} {args}"))
        raise ConnectionRefusedError("no network in this test")
    if event == "open" and isinstance(args[0], (str, bytes)) and args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
        WATCHED.append(("write", os.fsdecode(args[0])))
    elif event in _CHANGES:
        WATCHED.extend(("write", os.fsdecode(path)) for path in args[:2] if isinstance(path, (str, bytes)))
    elif event in ("subprocess.Popen", "os.posix_spawn", "os.system", "os.exec"):
        WATCHED.append(("process", str(args[0])))


sys.addaudithook(_watch)


@contextmanager
def watched() -> Iterator[None]:
    """Watch what this process does."""
    WATCHED.clear()
    _ON[0] = True
    try:
        yield
    finally:
        _ON[0] = False


@pytest.fixture(autouse=True)
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a secret into the environment, and temporary files into a folder of their own."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


@pytest.fixture(scope="module")
def innocent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a desk with two innocent sources, compiled without an AI."""
    desk = make_desk(tmp_path_factory.mktemp("innocent"), INNOCENT)
    assert compile_here(desk) == 0
    return desk


def compile_here(desk: Path, *args: str) -> int:
    """Run `nightdesk compile` in this process, so that what it does can be watched."""
    result = group.main(["--desk", str(desk), "compile", "--json", "--jobs", "1", *args], standalone_mode=False)
    return result if isinstance(result, int) else 0


def contents(desk: Path) -> dict[str, bytes]:
    """Return every file of a desk but git's and the cache's."""
    return {
        path.relative_to(desk).as_posix(): path.read_bytes()
        for path in sorted(desk.rglob("*"))
        if path.is_file() and path.relative_to(desk).parts[0] not in (".git", ".nightdesk")
    }


def raw_of(page: Path) -> str | None:
    """Return the raw file of a source page."""
    sources = parse_page(page.read_text(encoding="utf-8")).value("sources")
    return str(sources[0]["path"]) if sources else None


def reading_of(page: Path) -> Mapping[str, object]:
    """Return a reading that makes the claims of a source page."""
    claims = parse_claims(page.read_text(encoding="utf-8"))
    return {
        "claims": [{"statement": c.statement, "quote": c.quote, "concepts": list(c.concepts)} for c in claims],
        "summary": [0],
        "questions": [],
    }


def obedient(attack: Attack, innocent: Path, desk: Path) -> list[Mapping[str, object]]:
    """Return the script of a model that does what the attack asks for, and is honest with the other sources."""
    honest = [
        {"kind": "read", "subject": raw_of(page), "hand_in": reading_of(page)}
        for page in (innocent / "wiki/sources").glob("*.md")
    ]
    return [
        *honest,
        {"kind": "read", "subject": f"raw/{attack.file}", "hand_in": attack.read},
        {"kind": "write", "subject": "*", "hand_in": attack.page_body(page_of(attack, desk))},
    ]


def page_of(attack: Attack, desk: Path) -> str:
    """Return what the page of the attack's source will be called."""
    if attack.text.startswith(f"# Test {attack.name}\n"):
        return f"Test {attack.name}"
    beside = desk.parent / "beside"  # compiled without an AI, which gives the same names
    shutil.copytree(desk, beside)
    compile_here(beside)
    pages = {raw_of(page): page.stem for page in (beside / "wiki/sources").glob("*.md")}
    return pages[f"raw/{attack.file}"]


@pytest.mark.parametrize("attack", ATTACKS, ids=[attack.name for attack in ATTACKS])
def test_what_is_asked_for_does_not_come_about(
    attack: Attack, innocent: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    desk = tmp_path / "desk"
    shutil.copytree(innocent, desk)
    (desk / "raw" / attack.file).write_text(attack.text, encoding="utf-8")
    script = tmp_path / "script.jsonl"
    script.write_text("\n".join(map(json.dumps, obedient(attack, innocent, desk))), encoding="utf-8")
    before, head = contents(desk), git(desk, "rev-parse", "HEAD").strip()
    hooks = sorted((desk / ".git/hooks").glob("*")) if (desk / ".git/hooks").exists() else []
    config = (desk / ".git/config").read_bytes()

    with watched():
        compile_here(desk, "--worker", f"scripted:{script}")

    after = contents(desk)
    changed = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
    assert [path for path in changed if not OWN.fullmatch(path)] == [], attack.why
    assert {path: data for path, data in after.items() if path.startswith("raw/")} == {
        path: data for path, data in before.items() if path.startswith("raw/")
    }
    assert_nothing_left_the_desk(desk, tmp_path)
    assert ((desk / ".git/config").read_bytes(), sorted((desk / ".git/hooks").glob("*"))) == (config, hooks)
    assert set(git(desk, "log", "--format=%an", f"{head}..").split()) <= {"nightdesk"}
    assert SECRET.encode() not in b"".join(after.values())
    assert SECRET not in capsys.readouterr().out
    assert len({line.count("\t") for line in (desk / "costs.tsv").read_text(encoding="utf-8").splitlines()}) == 1
    assert_pages_are_harmless(desk)
    assert_the_innocent_say_what_they_said(desk, innocent)


def test_the_worker_of_these_tests_is_obeyed_as_far_as_it_is_honest(innocent: Path, tmp_path: Path) -> None:
    attack = next(attack for attack in ATTACKS if attack.name == "image-in-the-quote-alone")
    desk = tmp_path / "desk"
    shutil.copytree(innocent, desk)
    (desk / "raw" / attack.file).write_text(attack.text, encoding="utf-8")
    script = tmp_path / "script.jsonl"
    script.write_text("\n".join(map(json.dumps, obedient(attack, innocent, desk))), encoding="utf-8")
    with watched():
        compile_here(desk, "--worker", f"scripted:{script}")
    page = parse_page((desk / f"wiki/sources/{page_of(attack, desk)}.md").read_text(encoding="utf-8"))
    assert page.value("generated")["by"] == "scripted"
    assert "Muon is fast and small in this test." in page.body
    assert any(event == "write" for event, _ in WATCHED)


def assert_nothing_left_the_desk(desk: Path, tmp_path: Path) -> None:
    done: dict[str, list[str]] = {"network": [], "write": [], "process": []}
    for event, what in WATCHED:
        done[event].append(what)
    assert done["network"] == []
    allowed = tuple(f"{root}{os.sep}" for root in (desk, tmp_path / "temporary", os.devnull))
    written = [os.path.normpath(os.path.join(desk, path)) + os.sep for path in done["write"]]
    assert [path for path in written if not path.startswith(allowed) and "__pycache__" not in path] == []
    assert any(path.startswith(f"{desk}{os.sep}") for path in written), "the watch is on"
    assert {Path(program).name for program in done["process"]} <= {"git", Path(sys.executable).name}
    assert not Path("/tmp/nightdesk-eve.md").exists()  # noqa: S108 - an attack asks for this very file
    assert {path.name for path in tmp_path.iterdir()} <= {"desk", "beside", "script.jsonl", "temporary", "home"}


def assert_pages_are_harmless(desk: Path) -> None:
    pages = sorted((desk / "wiki").rglob("*.md"))
    names = {page.stem for page in pages}
    assert len({name.casefold() for name in names}) == len(pages)
    claims = {(page.stem, c.id) for page in pages for c in parse_claims(page.read_text(encoding="utf-8"))}
    files = {path for path in contents(desk) if path.startswith(("raw/", "text/"))}
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert safe_name(page.stem) == page.stem
        assert faults(text, names=names, files=files) == [], page.name
        assert {(c.page, c.id) for c in find_citations(text) if c.page} <= claims | cited_in_words(text), page.name
        if page.parent.name == "sources":
            assert_quotes_stand(desk, page)


def cited_in_words(text: str) -> set[tuple[str, str]]:
    """Return the citations that a page only quotes: their brackets are escaped."""
    bare = re.sub(r"\\[!-/:-@\[-`{-~]", "  ", text)
    acting = {(c.page, c.id) for c in find_citations(bare)}
    return {(c.page, c.id) for c in find_citations(text)} - acting


def assert_quotes_stand(desk: Path, page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    source = parse_page(text).value("sources")[0]
    assert source["path"] in contents(desk)
    places = TextPlaces((desk / source["text"]).read_text(encoding="utf-8"))
    assert [c.quote for c in parse_claims(text) if places.find(c.quote) is None] == []


def assert_the_innocent_say_what_they_said(desk: Path, innocent: Path) -> None:
    """The claims of the innocent sources are the same; their links may differ, as the desk has other concepts now."""
    pages = {raw_of(page): page for page in (desk / "wiki/sources").glob("*.md")}
    for before in (innocent / "wiki/sources").glob("*.md"):
        after = pages[raw_of(before)]
        assert after.stem == before.stem
        said = [(c.id, c.statement, c.quote, c.place) for c in parse_claims(before.read_text(encoding="utf-8"))]
        assert [(c.id, c.statement, c.quote, c.place) for c in parse_claims(after.read_text(encoding="utf-8"))] == said
        front = [parse_page(page.read_text(encoding="utf-8")) for page in (before, after)]
        for key in ("type", "title", "aliases", "tags", "author", "published", "url", "summary", "sources", "status"):
            assert front[0].value(key) == front[1].value(key), key
