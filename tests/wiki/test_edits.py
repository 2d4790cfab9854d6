"""Edits made behind nightdesk's back: what does not hold is marked, what holds is not, and nothing else is touched."""

import contextlib
import re
import shutil
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest

from nightdesk.base.cache import open_cache
from nightdesk.base.desk import Desk
from nightdesk.base.pages import parse_page
from nightdesk.base.settings import read_settings
from nightdesk.wiki.claims import claim_id
from nightdesk.wiki.compile import compile_desk
from nightdesk.wiki.edits import NOT_CHECKED, unverified_pages, with_status
from nightdesk.wiki.report import Report
from nightdesk.wiki.shelf import read_shelf
from nightdesk.wiki.status import read_status
from tests.agents.model_server import ModelServer
from tests.desks import git, make_desk, run
from tests.player import play

MUON, SOURCE = "wiki/concepts/Muon.md", "wiki/sources/Muon, explained.md"
RATE = "[[Muon, explained#^c9e714ec3e8|1]]"  # A common learning rate for Muon is 0.02.
STEPS = "[[Muon, explained#^c99762a0391|1]]"  # Muon runs five Newton-Schulz steps per update.
QUOTE = "Muon runs five Newton-Schulz steps per update."
RIGHT, WRONG = (
    "\nMuon is an [[Optimiser|optimiser]]",
    "\nMuon is 1 of 9 [[Optimiser|optimisers]]",
)  # in the first sentence
LION = "# Lion\n\nLion is an optimiser. Muon needs less memory than Lion in each update.\n"


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a desk that the built-in worker compiled, to be copied."""
    desk = make_desk(tmp_path_factory.mktemp("compiled"))
    build(desk)
    return desk


@pytest.fixture
def desk(compiled: Path, tmp_path: Path) -> Path:
    shutil.copytree(compiled, tmp_path / "desk", symlinks=True)
    return tmp_path / "desk"


@contextlib.contextmanager
def quiet(label: str, total: int) -> Iterator[Callable[[], None]]:
    yield lambda: None


def build(desk: Path) -> Report:
    settings = read_settings(desk / "nightdesk.toml", jobs=1)
    return compile_desk(Desk(desk), settings, stage=quiet, today=date(2026, 11, 23))


def edit(desk: Path, path: str, old: str, new: str) -> None:
    """Put `new` in the place of `old`; an empty `old` is the end of the page."""
    text = (desk / path).read_text(encoding="utf-8")
    assert old in text
    text = text.replace(old, new, 1) if old else text + new
    (desk / path).write_text(text, encoding="utf-8")


def status_of(desk: Path, path: str) -> object:
    return parse_page((desk / path).read_text(encoding="utf-8")).value("status")


def is_edited(desk: Path, path: str) -> bool:
    return parse_page((desk / path).read_text(encoding="utf-8")).edited


def new_claim(statement: str, quote: str) -> str:
    """Return a claim as a person would have to type it, with the id that belongs to it."""
    return f'\n- {statement} [[Muon]] ^{claim_id(statement, quote)}\n  > "{quote}" (line 9)\n'


ROW = "\n| optimiser | learning rate |\n|---|---|\n| [[Muon]] | {} [[Muon, explained#^c9e714ec3e8]] |\n"

EDITS: list[tuple[str, str, str | None, str]] = [
    # old, new, what the reason holds (None: it passes), and why; on a concept page
    ("", "\nI think that Muon is 70 times as fast as GPT-9.\n", None, "a person's own sentence needs no claim"),
    ("", "\n## My notes for 2026\n\n- [ ] try it\n- ![[plot.png]]\n", None, "nor do tasks and images of the person's"),
    ("is 0.02", "is 0.03", "0.03", "another number than the claim"),
    ("does not need", "needs", "need", "a negation dropped"),
    (QUOTE, "Muon runs steps.", None, "said with less"),
    (f" {RATE}", "", None, "without its citation it is the person's own"),
    ("", f"\nAdamW runs five Newton-Schulz steps per update. {STEPS}\n", "AdamW", "another name"),
    ("", f"\n> A common learning rate\n> for Muon is 0.02. {RATE}\n", None, "over two lines of a quotation"),
    ("", f"\n> A common learning rate\n> for Muon is 0.2. {RATE}\n", "0.2", "wrong over two lines"),
    ("", ROW.format("0.02"), None, "a cell that holds"),
    ("", ROW.format("0.05"), "0.05", "a cell that does not"),
    ("", f"\n## Open questions\n\nIs 0.02 the best learning rate for Muon? {RATE}\n", None, "a question"),
    ("#^c9e714ec3e8", "#^c9e714ec3e9", "no source makes that claim", "an id of nobody"),
    ("[[Muon, explained#^c9e", "[[Muon explained#^c9e", "no source makes that claim", "a page that is not there"),
    ("", "\n## Speed [[Lion#^c0123456789|1]]\n", "no source makes that claim", "a citation in a heading"),
    ("", "\n`Fast. [[Lion#^c0123456789|1]]`\n", "no source makes that claim", "a citation in code"),
    ("", f"\nA common learning rate for Muon is 0.02. {STEPS}\n", "0.02", "a citation that does not fit"),
    ("Muon tolerates", "Muon tole\u200brates", "hidden", "a character that nobody sees"),
    ("", f"\nMuon runs five steps <img src=x> per update. {STEPS}\n", "HTML", "no sentence of a claim holds HTML"),
    ("Muon tolerates", "muon tolerates", None, "case alone says nothing else"),
    ("title: Muon\n", "title: Muon\naliases: [Adam]\n", None, "an alias"),
]


@pytest.mark.parametrize(("old", "new", "reason", "why"), EDITS, ids=[row[3] for row in EDITS])
def test_a_concept_page(desk: Path, old: str, new: str, reason: str | None, why: str) -> None:
    edit(desk, MUON, old, new)
    before = (desk / MUON).read_text(encoding="utf-8")
    report = build(desk)
    after = (desk / MUON).read_text(encoding="utf-8")
    if reason is None:
        assert (after, report.notes, report.problems) == (before, [], {}), why
    else:
        assert after == before.replace("\nstatus: verified\n", "\nstatus: unverified\n"), why
        assert len(report.notes) == 1
        assert f"{MUON} was edited and is unverified: " in report.notes[0]
        assert reason in report.notes[0]


def test_a_name_is_not_known_because_an_edit_made_it_an_alias(desk: Path) -> None:
    """What a page is about is told by the version that nightdesk wrote: frontmatter can be typed by anybody."""
    edit(desk, MUON, "title: Muon\n", "title: Muon\naliases: [GPT-9]\n")
    edit(desk, MUON, "Muon runs five", "GPT-9 runs five")
    assert "GPT-9" in build(desk).notes[0]


SOURCE_EDITS: list[tuple[str, str, str | None, str]] = [
    ("", "\nI read this in the train.\n", None, "a person's own sentence"),
    ("^c9e714ec3e8", "^c9e714ec3e7", "is not the id", "an id of one's own"),
    (f"- {QUOTE}", "- Muon runs six Newton-Schulz steps per update.", "is not the id", "a statement, the id kept"),
    (f'> "{QUOTE}', '> "Muon runs six Newton-Schulz steps per update.', "does not stand in the text", "a quote"),
    ("", new_claim("Muon runs six steps per update.", QUOTE), '"six steps', "a claim that its quote does not bear"),
    ("", new_claim("Muon is free.", "Muon is free for all who ask."), "does not stand", "a quote of one's own"),
    ("", "\n- Muon is free. ^c0123456789\n", "no claim with its quote", "no quote at all"),
    ("", "\nMuon is free. ^c99762a0391\n", "no claim with its quote", "the id of a claim, elsewhere"),
    ("matrix. [[", "matrix of 9 rows. [[", 'says "9"', "the sentence above the claims, which cites one of them"),
    ("", new_claim("Muon runs five Newton-Schulz steps.", QUOTE), None, "a claim that holds"),
]


@pytest.mark.parametrize(("old", "new", "reason", "why"), SOURCE_EDITS, ids=[row[3] for row in SOURCE_EDITS])
def test_a_source_page(desk: Path, old: str, new: str, reason: str | None, why: str) -> None:
    edit(desk, SOURCE, old, new)
    before = (desk / SOURCE).read_text(encoding="utf-8")
    report = build(desk)
    after = (desk / SOURCE).read_text(encoding="utf-8")
    if reason is None:
        assert (after, report.notes) == (before, []), why
    else:
        assert after == before.replace("\nstatus: verified\n", "\nstatus: unverified\n"), why
        assert reason in report.notes[0]


def test_a_claim_typed_by_hand_is_no_evidence(desk: Path) -> None:
    """Even one that holds: what pages are written from are the readings that were accepted, never the pages."""
    statement = "Muon runs five Newton-Schulz steps."
    identity = claim_id(statement, QUOTE)
    edit(desk, SOURCE, "## Claims\n", f"## Claims\n{new_claim(statement, QUOTE)}")
    edit(desk, MUON, "# Muon\n", f"# Muon\n\n{statement} [[Muon, explained#^{identity}|2]]\n")
    claims = build(desk).claims
    assert claims == 17  # as before
    assert status_of(desk, SOURCE) == "verified"
    assert status_of(desk, MUON) == "unverified"
    shutil.rmtree(desk / ".nightdesk")
    (desk / "raw/zoo.md").write_text(LION, encoding="utf-8")  # Muon's page is written anew
    report = build(desk)
    assert MUON in report.published.merged
    assert status_of(desk, MUON) == "unverified"
    others = [path for path in (desk / "wiki").rglob("*.md") if path.name not in ("Muon.md", "Muon, explained.md")]
    assert not [path.name for path in others if identity in path.read_text(encoding="utf-8")]
    made = git(desk, "log", "-1", "--format=%H", "--grep=^compile: nightdesk's own version of Muon").strip()
    assert "less memory than" in git(desk, "show", f"{made}:{MUON}")
    assert identity not in git(desk, "show", f"{made}:{MUON}")


def test_nor_is_one_on_the_page_of_an_ai_reading_when_the_cache_is_gone(tmp_path: Path) -> None:
    """Such a reading is restored from its page: from the version that nightdesk wrote, in git's history."""
    desk = make_desk(tmp_path)
    statement = "Muon runs five Newton-Schulz steps."
    with ModelServer(lambda request: play(request.text)) as server:
        worker = f"openai:stub@{server.openai_url}"
        assert run(desk, "compile", "--worker", worker).code == 0
        asked = len(server.asked())
        claims = run(desk, "compile", "--json", "--worker", worker).document["claims"]
        edit(desk, SOURCE, "## Claims\n", f"## Claims\n{new_claim(statement, QUOTE)}")
        shutil.rmtree(desk / ".nightdesk")
        again = run(desk, "compile", "--json", "--worker", worker).document
    assert len(server.asked()) == asked
    assert again["claims"] == claims
    pages = [path for path in (desk / "wiki").rglob("*.md") if path.name != "Muon, explained.md"]
    assert not [path for path in pages if claim_id(statement, QUOTE) in path.read_text(encoding="utf-8")]


def test_a_page_is_own_work_again_when_the_edit_is_taken_back(desk: Path) -> None:
    original = (desk / MUON).read_bytes()
    edit(desk, MUON, "is 0.02", "is 0.03")
    build(desk)
    assert status_of(desk, MUON) == "unverified"
    edit(desk, MUON, "is 0.03", "is 0.02")  # by hand: the line of the status stays
    assert is_edited(desk, MUON)
    assert build(desk).notes == [f"{MUON} was edited and is verified again"]
    assert (desk / MUON).read_bytes() == original
    assert not is_edited(desk, MUON)
    assert git(desk, "status", "--short") == ""


@pytest.mark.parametrize(
    ("mended", "status", "why"),
    [(False, "unverified", "the wrong sentence is in the merge"), (True, "verified", "the edit was taken back before")],
)
def test_the_status_does_not_break_the_merge(desk: Path, mended: bool, status: str, why: str) -> None:
    edit(desk, MUON, RIGHT, WRONG)
    build(desk)
    if mended:
        edit(desk, MUON, WRONG, RIGHT)
    (desk / "raw/zoo.md").write_text(LION, encoding="utf-8")
    report = build(desk)
    text = (desk / MUON).read_text(encoding="utf-8")
    assert MUON in report.published.merged
    assert "less memory than" in text
    assert (WRONG in text) is not mended
    assert status_of(desk, MUON) == status, why
    assert is_edited(desk, MUON) is not mended
    assert list((desk / "wiki").glob("set-aside/*")) == []
    assert git(desk, "status", "--short") == ""
    if not mended:  # and the next merge finds its base all the same
        edit(desk, MUON, WRONG, RIGHT)
        build(desk)
        assert not is_edited(desk, MUON)


def test_a_claim_that_is_withdrawn_leaves_the_edited_page_that_cites_it_unverified(desk: Path) -> None:
    edit(desk, "wiki/concepts/Warm-up.md", "", f"\nA common learning rate for Muon is 0.02. {RATE}\n")
    build(desk)
    assert status_of(desk, "wiki/concepts/Warm-up.md") == "verified"
    (desk / "raw/muon.md").unlink()
    notes = build(desk).notes
    assert status_of(desk, "wiki/concepts/Warm-up.md") == "unverified"
    assert any("c9e714ec3e8, and no source makes that claim" in note for note in notes)


def test_what_is_right_is_not_written_again(desk: Path) -> None:
    edit(desk, MUON, "is 0.02", "is 0.03")
    edit(desk, SOURCE, "", "\nMy own words.\n")
    build(desk)
    before = {path: (desk / path).stat().st_mtime_ns for path in (MUON, SOURCE)}
    head = git(desk, "rev-parse", "HEAD")
    assert build(desk).notes  # it is still told
    assert {path: (desk / path).stat().st_mtime_ns for path in (MUON, SOURCE)} == before
    assert git(desk, "rev-parse", "HEAD") == head


def test_what_was_not_committed_goes_into_git_as_it_was_before_its_status_changes(desk: Path) -> None:
    edit(desk, MUON, "is 0.02", "is 0.03")
    edit(desk, SOURCE, "", "\nMy own words.\n")
    by_hand = (desk / MUON).read_text(encoding="utf-8")
    build(desk)
    assert git(desk, "show", f"HEAD~1:{MUON}") == by_hand
    assert git(desk, "log", "-2", "--format=%s").splitlines() == [
        "compile: the status of edited pages: Muon",
        "edits by hand: Muon",
    ]
    authors = git(desk, "log", "-2", "--format=%an").splitlines()
    assert authors[0] == "nightdesk"
    assert git(desk, "status", "--short") == f' M "{SOURCE}"\n'  # nightdesk changed nothing there: still the person's


def test_all_pages_pass_with_a_sentence_of_the_persons_own(desk: Path) -> None:
    """What nightdesk wrote itself holds by the same rule, on pages of each kind."""
    pages = [p.relative_to(desk).as_posix() for p in (desk / "wiki").rglob("*.md") if p.name != "log.md"]
    for path in pages:
        edit(desk, path, "", "\nI like 7 of 9 Lions.\n")
    assert build(desk).notes == []
    assert {status_of(desk, path) for path in pages} == {"verified"}


def test_a_line_of_the_index_is_held_to_its_claim(desk: Path) -> None:
    edit(desk, "wiki/index.md", "in 100 steps", "in 900 steps")
    assert '"900 steps"' in build(desk).notes[0]
    assert status_of(desk, "wiki/index.md") == "unverified"


def test_status_lists_them_with_the_reasons(desk: Path) -> None:
    edit(desk, MUON, "is 0.02", "is 0.03")
    assert read_status(Desk(desk)).unverified == {}  # nobody has checked it yet; it is listed as edited
    build(desk)
    listed = run(desk, "status", "--json").document
    assert list(listed["unverified"]) == [MUON]
    assert '"0.03"' in listed["unverified"][MUON]
    assert listed["edited"] == [MUON]
    edit(desk, MUON, "is 0.03", "is 0.04")
    assert read_status(Desk(desk)).unverified == {MUON: NOT_CHECKED}
    shutil.rmtree(desk / ".nightdesk")
    with open_cache(desk / ".nightdesk/cache.db") as cache:
        assert unverified_pages(Desk(desk), read_shelf(Desk(desk), cache), cache) == {MUON: NOT_CHECKED}


def test_pages_that_are_not_nightdesks_are_left_alone(desk: Path) -> None:
    text = f"---\nstatus: verified\n---\nMuon runs six Newton-Schulz steps per update. {STEPS}\n"
    (desk / "wiki/concepts/Mine.md").write_text(text, encoding="utf-8")
    assert build(desk).notes == []
    assert (desk / "wiki/concepts/Mine.md").read_text(encoding="utf-8") == text


def test_a_status_that_a_person_thought_of_stays_and_the_reasons_are_told(desk: Path) -> None:
    edit(desk, MUON, "status: verified", "status: draft")
    edit(desk, MUON, "is 0.02", "is 0.03")
    assert '"0.03"' in build(desk).notes[0]
    assert status_of(desk, MUON) == "draft"


def test_line_ends_and_byte_order_mark_stay_on_a_real_page(desk: Path) -> None:
    edit(desk, MUON, "is 0.02", "is 0.03")
    windows = "\ufeff" + (desk / MUON).read_text(encoding="utf-8").replace("\n", "\r\n")
    (desk / MUON).write_bytes(windows.encode("utf-8"))
    build(desk)
    wanted = windows.replace("\r\nstatus: verified\r\n", "\r\nstatus: unverified\r\n")
    assert (desk / MUON).read_bytes().decode("utf-8") == wanted


@pytest.mark.parametrize(
    ("front", "wanted", "why"),
    [
        ("a: 1\nstatus: verified\nb: 2\n", "a: 1\nstatus: unverified\nb: 2\n", "the usual line"),
        (
            "status: 'verified'  # by me, verified\n",
            "status: 'unverified'  # by me, verified\n",
            "quotes and a comment",
        ),
        ("# verified by me\nstatus: verified\n", "# verified by me\nstatus: unverified\n", "a comment above"),
        ('a: 1\r\n"status": verified \nb: 2\r\n', 'a: 1\r\n"status": unverified \nb: 2\r\n', "mixed line ends"),
        ("status:\n  verified\nb: 2\n", "status:\n  unverified\nb: 2\n", "on a line of its own"),
        ("a: |\n  status: verified\n", "a: |\n  status: verified\nstatus: unverified\n", "only looks like it"),
        ("a: 1\r\n", "a: 1\r\nstatus: unverified\r\n", "no status yet"),
        ("status: {a: verified}\n", "status: {a: verified}\n", "nothing that could be put right"),
        ("status: unverified\n", "status: unverified\n", "right already"),
    ],
)
def test_one_line_changes_and_no_other_character(front: str, wanted: str, why: str) -> None:
    end = "\r" if front.endswith("\r\n") else ""
    for mark in ("", "\ufeff"):
        text = f"{mark}---{end}\n{{}}---{end}\n\r\nstatus: verified\n\nbody\r\n"
        changed = with_status(text.format(front) if "{a" not in front else text.replace("{}", front), "unverified")
        assert changed == text.replace("{}", wanted), why
        back = with_status(changed, "verified")
        assert re.sub("unverified", "verified", changed) == back or "{a" in front
