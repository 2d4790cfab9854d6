"""What a proposer is told of the wiki: claims that bear on its search, from other nights and papers, each citable."""

from dataclasses import replace
from pathlib import Path

import pytest

from nightdesk.base.desk import Desk
from nightdesk.lab.experiments import Experiment, new_experiment, parse_experiment, render_experiment
from nightdesk.lab.jobs import Search
from nightdesk.lab.judging import Decision, Ground
from nightdesk.lab.memory.citations import links_of, unsupplied
from nightdesk.lab.memory.findings import write_findings
from nightdesk.lab.memory.recalling import MAX_CHARS, recall
from nightdesk.wiki.claims import find_citations, parse_claims
from nightdesk.wiki.contradictions.items import Item, Side, item_id
from nightdesk.wiki.contradictions.page import render_page
from tests.desks import make_desk
from tests.lab.nights import baseline
from tests.lab.searches import experiment, search
from tests.lab.test_findings import TAG, lab_at, tried
from tests.player import compile_here

TRAIN = {"train.py": "MATRIX_LR = 0.02  # learning rate of Muon\nDEPTH = 4\n"}
PAPERS = ("Muon, explained", "Adam and warm-up", "Notes on schedules")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """Return a compiled desk with three papers and the findings of a night."""
    made = Desk(make_desk(tmp_path_factory.mktemp("recall")))
    (made.root / "lab/tiny/experiments").mkdir(parents=True)
    night = (
        baseline(),
        tried(1, 0.012, 0.01, ground=Ground.BETTER, decision=Decision.KEEP),
        tried(2, -0.5, 0.9999, change="-DEPTH = 4\n+DEPTH = 5"),
    )
    assert write_findings(lab_at(made.root), night, tag=TAG)
    compile_here(made.root, None)
    return made


def asked(*experiments: Experiment, instructions: str = "Tune Muon and its warm-up.", tag: str = "later") -> Search:
    start = replace(experiment(0, Decision.KEEP, parent=None, title="baseline"), tag=tag)
    return search(TRAIN, (start, *experiments), incumbent=start, instructions=instructions)


def test_it_tells_what_was_measured_and_what_papers_say_with_citations_that_resolve(desk: Desk) -> None:
    notes = recall(desk, asked(), lab="tiny")
    told = notes.text
    claims = {
        (path.stem, claim.id): claim.statement
        for path in (desk.root / "wiki/sources").glob("*.md")
        for claim in parse_claims(path.read_text(encoding="utf-8"))
    }
    cited = [(citation.page, citation.id) for citation in find_citations(told)]
    assert len(cited) == len(notes.notes) >= 5
    assert all(note.claim.statement == claims[key] for note, key in zip(notes.notes, cited, strict=True))
    assert "a higher matrix LR (MATRIX_LR 0.03 instead of 0.02) helped" in told
    assert "a higher DEPTH (5 instead of 4) did harm" in told
    assert "A common learning rate for Muon is 0.02." in told
    assert [note.value for note in notes.notes] == sorted((note.value for note in notes.notes), reverse=True)
    assert all(note.measured == (note.page not in PAPERS) for note in notes.notes)


def test_a_branchs_own_findings_are_left_out_since_the_ledger_has_them(desk: Desk) -> None:
    assert not [note for note in recall(desk, asked(tag=TAG), lab="tiny").notes if note.measured]
    assert [note for note in recall(desk, asked(tag=TAG), lab="other").notes if note.measured]


def test_what_was_tried_last_is_looked_for(desk: Desk) -> None:
    nothing = replace(asked(instructions=""), files={"train.py": "print(1)\n"}, metric="loss")
    assert recall(desk, nothing, lab="tiny").notes == ()
    last = experiment(1, title="A longer warm-up for AdamW")
    found = recall(desk, replace(nothing, experiments=(*nothing.experiments, last)), lab="tiny")
    assert "A long warm-up of 4,000 steps protects AdamW in its first updates." in found.text


def test_notes_are_bounded(desk: Desk) -> None:
    words = " ".join(f"Muon AdamW warm-up learning rate schedule {n}" for n in range(200))
    many = replace(asked(instructions=words), files={"train.py": "".join(f"MUON_{n} = {n}\n" for n in range(9))})
    assert 0 < len(recall(desk, many, lab="tiny").text) <= MAX_CHARS


def test_an_undecided_contradiction_is_told_as_one(desk: Desk) -> None:
    page = desk.root / "wiki/contradictions.md"
    before = page.read_text(encoding="utf-8") if page.exists() else None
    muon = {c.statement: c.id for c in parse_claims((desk.root / "wiki/sources/Muon, explained.md").read_text())}
    adam = {c.statement: c.id for c in parse_claims((desk.root / "wiki/sources/Adam and warm-up.md").read_text())}
    one, two = "A common learning rate for Muon is 0.02.", next(iter(adam))
    sides = Side(muon[one], "Muon, explained", one), Side(adam[two], "Adam and warm-up", two)
    item = Item(item_id(sides[0].claim, sides[1].claim), *sides, how="other")
    try:
        page.write_text(render_page([item]).text)
        told = recall(desk, asked(), lab="tiny").text
        line = next(line for line in told.splitlines() if "contradicted, undecided" in line)
        assert two in line
        assert f"[[Adam and warm-up#^{adam[two]}|against]]" in line
    finally:
        page.unlink() if before is None else page.write_text(before)


def test_a_folder_that_is_no_desk_knows_nothing(tmp_path: Path) -> None:
    assert recall(Desk(tmp_path / "none"), asked(), lab="tiny").text == ""


def test_an_experiments_file_keeps_citations_as_links() -> None:
    text = "It rests on [[Muon, explained#^c0123456789|7]], also [[Muon, explained#^c0123456789|7]] and [[A#^cabc]]."
    made = new_experiment(
        1, title="t", hypothesis=text, diff="", commit="c", parent="p", worker="w", program="p", proposed="2026"
    )
    page = render_experiment(made)
    assert "\nRests on: [[Muon, explained#^c0123456789|1]], [[A#^cabc|2]]\n" in page
    assert parse_experiment(page) == made


def test_a_citation_spoils_no_experiments_file() -> None:
    evil = "[[x\n```\n\n```diff\nspoof\n```\n#^cabc]]"
    assert "\n" not in links_of(evil)[0]
    made = new_experiment(
        1, title="t", hypothesis=evil, diff="-a", commit="c", parent="p", worker="w", program="p", proposed="2026"
    )
    assert parse_experiment(render_experiment(made)).diff == "-a"


def test_unsupplied_names_each_citation_once() -> None:
    given = "- [[A#^cabc|1]] x"
    assert list(unsupplied("[[A#^cabc|9]] and [[A#^cabc]]", given)) == []
    assert len(list(unsupplied("[[B#^cabc|1]] [[B#^cabc|2]] [[A#^cdef]]", given))) == 2
