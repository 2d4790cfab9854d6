"""A contradiction from its finding to its end, on real desks through the real command line."""

import json
import re
import shutil
from pathlib import Path

import pytest

from nightdesk.base.desk import Desk
from nightdesk.wiki.contradictions.items import Item, item_id
from nightdesk.wiki.contradictions.page import open_contradictions, read_kept
from tests.desks import Ran, git, make_desk, run, snapshot

OLD = """---
title: Muon, explained
published: 2025-03-04
---
# Muon, explained

Muon is an optimiser that orthogonalises the momentum of each weight matrix. Muon runs five Newton-Schulz steps per
update. A common learning rate for Muon is 0.02. Muon was invented by Keller Jordan in the autumn.
"""
NEW = """---
title: Notes on Muon
published: 2026-02-01
---
# Notes on Muon

The learning rate of Muon is 0.2. Muon is an optimiser for matrices. Muon tolerates a short warm-up phase.
Muon was invented by a team of students in the autumn.
"""
PAGE, CONCEPT = "wiki/contradictions.md", "wiki/concepts/Muon.md"


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    desk = make_desk(tmp_path_factory.mktemp("made"), {"old.md": OLD, "new.md": NEW})
    assert run(desk, "compile").code == 0
    return desk


@pytest.fixture
def desk(compiled: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(compiled, tmp_path / "desk"))


def item(desk: Path) -> Item:
    (found,) = read_kept(Desk(desk)).items.values()
    return found


def text(desk: Path, path: str) -> str:
    return (desk / path).read_text(encoding="utf-8")


def type_in(desk: Path, old: str, new: str) -> None:
    before = text(desk, PAGE)
    assert old in before
    (desk / PAGE).write_text(before.replace(old, new), encoding="utf-8")


def contradictions(desk: Path, *args: str) -> Ran:
    return run(desk, "contradictions", *args)


def test_a_compile_finds_it_and_tells_it_where_it_matters(desk: Path) -> None:
    found = item(desk)
    assert (found.one.page, found.other.page) == ("Muon, explained", "Notes on Muon")
    assert (found.one.published, found.other.published) == ("2025-03-04", "2026-02-01")
    assert found.id == item_id(found.one.claim, found.other.claim)
    callout = text(desk, CONCEPT).partition("> [!contradiction]")[2].partition("\n\n")[0]
    for side in found.sides:
        assert f"#^{side.claim}|" in callout
        assert f"({side.published})" in callout
    assert "1 contradiction not decided: [[contradictions]]" in text(desk, "wiki/index.md")
    assert open_contradictions(Desk(desk)) == 1
    assert run(desk, "lint", "--json").document["counts"] == {"contradiction": 1}
    before = snapshot(desk)
    assert run(desk, "compile").code == 0
    assert snapshot(desk) == before


def test_the_list_says_what_is_open(desk: Path) -> None:
    listed = contradictions(desk, "--json")
    assert listed.code == 1
    document = listed.document
    assert (document["open"], document["total"]) == (1, 1)
    assert document["contradictions"][0]["one"]["statement"] == "A common learning rate for Muon is 0.02."
    assert item(desk).id in contradictions(desk).out


@pytest.mark.parametrize("other", ["wrong", "superseded"])
def test_a_decision_changes_the_pages_it_touches_in_one_commit(desk: Path, other: str) -> None:
    lost, kept = item(desk).sides
    commits = git(desk, "rev-list", "--count", "HEAD")
    done = contradictions(
        desk, "resolve", item(desk).id, "--keep", "other", "--other", other, "--because", "measured anew", "--by", "Ada"
    )
    assert done.code == 0, done.err
    assert int(git(desk, "rev-list", "--count", "HEAD")) == int(commits) + 1
    assert git(desk, "status", "--porcelain") == ""
    assert f"contradictions resolve: {item(desk).id}" in git(desk, "log", "-1", "--format=%s")
    state = item(desk).state
    assert (state.name, state.keep, state.other, state.because, state.by) == (
        "resolved",
        kept.claim,
        other,
        "measured anew",
        "Ada",
    )
    page = text(desk, CONCEPT)
    assert "[!contradiction]" not in page
    assert f"#^{kept.claim}|" in page
    assert (f"#^{lost.claim}|" in page) == (other == "superseded")
    if other == "superseded":
        past = page.partition("## Superseded\n")[2]
        assert f"#^{lost.claim}|" in past
        assert "(2026-02-01)" in past
        assert f"#^{lost.claim}|" not in page.partition("## Superseded\n")[0]
    assert lost.claim in text(desk, "wiki/sources/Muon, explained.md")
    assert contradictions(desk).code == 0
    assert run(desk, "lint").code == 0, run(desk, "lint").out
    assert contradictions(desk, "reopen", item(desk).id).code == 0
    assert "[!contradiction]" in text(desk, CONCEPT)
    assert contradictions(desk, "dismiss", item(desk).id, "--because", "other sizes").code == 0
    assert "[!contradiction]" not in text(desk, CONCEPT)
    assert f"#^{lost.claim}|" in text(desk, CONCEPT)


def test_a_decision_survives_whatever_is_made_anew(desk: Path) -> None:
    contradictions(desk, "resolve", item(desk).id, "--keep", "other", "--because", "measured", "--by", "Ada")
    decided = item(desk)
    shutil.rmtree(desk / ".nightdesk")
    (desk / "raw/new.md").rename(desk / "raw/newer.md")
    (desk / "raw/old.md").write_text(OLD.replace("title: Muon, explained", "title: Muon told"), encoding="utf-8")
    (desk / "raw/third.md").write_text("# Third\n\nThe learning rate of Muon is 0.02 in Muon.\n", encoding="utf-8")
    assert run(desk, "compile").code == 0
    assert read_kept(Desk(desk)).items[decided.id].state == decided.state
    assert read_kept(Desk(desk)).items[decided.id].one.page == "Muon told"


def test_without_one_of_its_claims_it_does_not_count_until_the_claim_is_back(desk: Path) -> None:
    before = item(desk)
    (desk / "raw/new.md").unlink()
    assert run(desk, "compile").code == 0
    assert open_contradictions(Desk(desk)) == 0
    assert "withdrawn" in text(desk, PAGE)
    assert contradictions(desk).code == 0
    assert run(desk, "lint").code == 0
    (desk / "raw/new.md").write_text(NEW, encoding="utf-8")
    assert run(desk, "compile").code == 0
    assert item(desk) == before


def test_what_a_person_types_is_read_back(desk: Path) -> None:
    lost = item(desk).one.claim
    type_in(
        desk, "  - state: open\n", "\t- state: resolved\n\t- keep: other\n\t- because: seen [[twice]]\n\t- my note\n"
    )
    assert run(desk, "compile").code == 0
    assert item(desk).state.because == "seen [[twice]]"
    assert item(desk).notes == ("\t- my note",)
    assert lost not in text(desk, CONCEPT)
    assert "edits by hand: contradictions" in git(desk, "log", "--format=%s")
    assert not list((desk / "wiki").glob("set-aside/*"))
    before = snapshot(desk)
    run(desk, "compile")
    assert snapshot(desk) == before


def test_what_cannot_be_read_is_told_and_counts_as_open(desk: Path) -> None:
    type_in(desk, "  - state: open\n", "  - state: rezolved\n")
    told = run(desk, "compile")
    assert 'state "rezolved" is none of' in told.err
    assert "  - state: rezolved\n" in text(desk, PAGE)
    assert open_contradictions(Desk(desk)) == 1
    assert contradictions(desk, "dismiss", item(desk).id, "--because", "x").code == 0
    assert "rezolved" not in text(desk, PAGE)


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("resolve", "k0000000000", "--keep", "one", "--because", "x"), 'no contradiction is called "k0000000000"'),
        (("resolve", "ID", "--keep", "c9999999999", "--because", "x"), "names neither of its claims"),
        (("resolve", "ID", "--keep", "one"), "Missing option '--because'"),
    ],
)
def test_wrong_use_changes_nothing(desk: Path, args: tuple[str, ...], words: str) -> None:
    before = snapshot(desk, but=())
    ran = contradictions(desk, *(item(desk).id if arg == "ID" else arg for arg in args))
    assert ran.code == 2
    assert words in ran.err
    assert "Traceback" not in ran.err
    assert snapshot(desk, but=()) == before


def test_a_page_of_a_persons_own_is_not_touched(tmp_path: Path) -> None:
    desk = make_desk(tmp_path, {"old.md": OLD, "new.md": NEW})
    (desk / PAGE).write_text("# Contradictions\n\nMine.\n", encoding="utf-8")
    told = run(desk, "compile")
    assert "contradictions.md is not nightdesk's" in told.err
    assert text(desk, PAGE) == "# Contradictions\n\nMine.\n"


@pytest.mark.parametrize(
    ("front", "resolved"),
    [
        ("supersedes: '[[Muon, explained]]'\n", True),
        ("supersedes: raw/old.md\n", True),
        ("supersedes:\n  - another\n  - old.md\n", True),
        ("supersedes: something else\n", False),
    ],
)
def test_frontmatter_says_for_certain_which_source_is_out_of_date(tmp_path: Path, front: str, resolved: bool) -> None:
    sources = {"old.md": OLD, "new.md": NEW.replace("published:", f"{front}published:")}
    desk = make_desk(tmp_path, sources)
    assert run(desk, "compile").code == 0
    assert item(desk).is_open != resolved
    assert ("## Superseded" in text(desk, CONCEPT)) == resolved
    if resolved:
        assert item(desk).state.other == "superseded"
        type_in(desk, "state: resolved", "state: open")  # a person knows better
        run(desk, "compile")
        run(desk, "compile")
        assert item(desk).is_open


def test_a_later_edition_is_a_suggestion_and_no_more(tmp_path: Path) -> None:
    sources = {"old.md": OLD, "new.md": NEW.replace("title: Notes on Muon", "title: Muon, explained")}
    desk = make_desk(tmp_path, sources)
    run(desk, "compile")
    assert item(desk).is_open
    assert item(desk).suggested == item(desk).other.claim
    assert contradictions(desk, "resolve", item(desk).id, "--keep", "other", "--because", "later").code == 0
    assert item(desk).state.other == "superseded"


def claims(desk: Path, *beginnings: str) -> list[str]:
    body = "".join(path.read_text(encoding="utf-8") for path in (desk / "wiki/sources").glob("*.md"))
    return [match[1] for words in beginnings if (match := re.search(rf"^- {words}.*\^(c\w+)$", body, re.MULTILINE))]


def test_a_worker_finds_what_code_cannot_and_is_asked_once(desk: Path) -> None:
    one, other = claims(desk, "Muon was invented by Keller", "Muon was invented by a team")
    entry = {"one": one, "other": other, "kind": "other"}
    bad = {"contradictions": [entry | {"reason": "They name other people."}]}
    good = {"contradictions": [entry | {"reason": 'Not both: "Keller Jordan" and "a team of students".'}]}
    replies = [{"kind": "compare", "subject": "*", "hand_in": hand_in} for hand_in in (bad, good)]
    (desk / "script.jsonl").write_text("\n".join(map(json.dumps, replies)), encoding="utf-8")
    found = contradictions(desk, "find", "--worker", "scripted:script.jsonl", "--json")
    assert found.code == 1, found.err
    assert found.document["found"][0]["found_by"] == "scripted"
    identity = item_id(one, other)
    assert read_kept(Desk(desk)).items[identity].reason == good["contradictions"][0]["reason"]
    assert identity in text(desk, CONCEPT)
    asked = text(desk, "costs.tsv").count("\tcompare\t")
    assert asked == 2
    again = run(desk, "lint", "--worker", "scripted:script.jsonl", "--json")
    assert again.document["counts"] == {"contradiction": 2}
    assert text(desk, "costs.tsv").count("\tcompare\t") == asked
    assert "contradictions find: 1 by scripted" in git(desk, "log", "--format=%s")


def test_a_worker_is_needed_to_compare(desk: Path) -> None:
    assert "name a --worker" in contradictions(desk, "find").err
    ran = run(desk, "lint", "--max-usd", "1")
    assert ran.code == 2
    assert "go with --worker" in ran.err
