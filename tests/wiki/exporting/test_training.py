"""Training data: nothing of one split in another, whatever the sources share."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nightdesk.base.desk import Desk
from nightdesk.wiki.claims import Claim
from nightdesk.wiki.exporting.collected import Collected, Entry, Source, collect
from nightdesk.wiki.exporting.questions import questions_of
from nightdesk.wiki.exporting.training import RUN, SPLITS, training_files
from tests.desks import run
from tests.wiki.exporting.conftest import source_page

VOCABULARY = ["muon", "adam", "takes", "five", "six", "steps", "each", "update", "of", "the", "loss", "12"]
WORDS = st.lists(st.sampled_from(VOCABULARY), min_size=6, max_size=14)
STATEMENTS = st.lists(WORDS.map(lambda words: " ".join(words).capitalize() + "."), min_size=1, max_size=4)


def entry(name: str, statements: list[str], concept: str = "Muon") -> Entry:
    """Return a source page."""
    claims = tuple(Claim(f"c{n}", one, one, "", (concept,)) for n, one in enumerate(statements))
    source = Source(f"raw/{name}.md", name, f"raw/{name}.md", name)
    return Entry(name, f"wiki/sources/{name}.md", name, "source", "", {}, "", claims, source, None)


def records(files: dict[str, bytes], name: str) -> Iterator[Any]:
    """Yield the records of a file."""
    yield from map(json.loads, files[f"{name}.jsonl"].decode().splitlines())


def runs(text: str) -> set[str]:
    """Return the runs of words of a text."""
    words = re.findall(r"\w+", text.casefold())
    return {" ".join(words[n : n + RUN]) for n in range(len(words) - RUN + 1)}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(STATEMENTS, min_size=3, max_size=12))
def test_nothing_leaks_between_splits(sources: list[list[str]]) -> None:
    entries = tuple(entry(f"source {n}", statements) for n, statements in enumerate(sources))
    files = training_files(Collected(entries, {}, ()))
    taught: set[str] = set()
    questions: set[str] = set()
    titles: set[str] = set()
    for split in SPLITS:
        listed = list(records(files, f"qa/{split}"))
        told = set().union(*(runs(c["quote"]) for one in listed for c in one["citations"]), set())
        asked = [one["question"] for one in listed]
        assert taught.isdisjoint(told)
        assert len(set(asked)) == len(asked)
        assert questions.isdisjoint(asked)
        here = {one["source"]["title"] for one in listed}
        assert titles.isdisjoint(here)
        taught, questions, titles = taught | told, questions | set(asked), titles | here
        assert [one["messages"][0]["content"] for one in records(files, f"chat/{split}")] == asked


def test_the_same_content_twice_is_in_one_split() -> None:
    both = [entry(f"s{n}", [f"Fact {n} is told by nobody else at all, {n} times over."]) for n in range(8)]
    twins = [Entry(f"twin {one.name}", f"wiki/sources/twin {one.name}.md", *_rest(one)) for one in both]
    files = training_files(Collected((*both, *twins), {}, ()))
    where = {one["source"]: split for split in SPLITS for one in records(files, f"text/{split}")}
    assert all(where.get(f"twin s{n}", where[f"s{n}"]) == where[f"s{n}"] for n in range(8))


def _rest(one: Entry) -> tuple[Any, ...]:
    return f"twin {one.name}", one.type, one.summary, one.values, one.body, one.claims, one.source, one.changed


def test_the_forms_of_questions() -> None:
    statements = ["Muon is an optimiser for matrices.", "Muon takes 5 steps, not many.", "It took 3 of 4 runs."]
    asked = {(one.form, one.question): one.answer for one in questions_of(entry("Notes", statements))}
    assert asked["definition", "What is Muon, according to “Notes”?"] == "Muon is an optimiser for matrices."
    assert asked["figure", "Which figure does “Notes” give? Muon takes ____ steps, not many."] == "5"
    assert len([key for key in asked if key[0] == "figure"]) == 1  # of two figures nobody knows which is meant
    assert asked["about", "What does “Notes” say about Muon?"].count("- ") == 3


def test_a_card_says_what_there_is(desk: Desk) -> None:
    for number in range(4):
        source_page(desk, f"s{number}", [(f"Source {number} says that run {number} took {number} hours.", "Runs")])
    files = training_files(collect(desk))
    assert files == training_files(collect(desk))
    card = files["README.md"].decode()
    counts = {row[0]: row[1:] for row in re.findall(r"\| (\w+) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \|", card)}
    assert [counts[split][0] for split in SPLITS] == ["2", "1", "1"]
    for split in SPLITS:
        assert int(counts[split][1]) == len(list(records(files, f"qa/{split}")))
    assert "Licence" in card


def test_every_citation_is_a_claim_of_the_desk(compiled: Path, tmp_path: Path) -> None:
    assert run(compiled, "export", "jsonl", "--out", str(tmp_path / "data")).code == 0
    pages = "".join(path.read_text() for path in (compiled / "wiki/sources").glob("*.md"))
    lines = (tmp_path / "data/qa/train.jsonl").read_text().splitlines()
    assert lines
    for line in lines:
        for citation in json.loads(line)["citations"]:
            assert f"^{citation['claim']}" in pages
