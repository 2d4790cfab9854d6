"""The verifier of readings: quotes stand in the text, statements agree with them, names are canonical."""

import json
from typing import Any

import pytest

from nightdesk.agents.tasks import Task
from nightdesk.wiki.reading import (
    MAX_CLAIMS,
    MAX_HAND_IN,
    MAX_QUOTE,
    MAX_STATEMENT,
    ReadMaterial,
    reading_from_json,
    verify_reading,
)
from nightdesk.wiki.survey import survey_text

TEXT = """---
title: Muon, explained
summary: the frontmatter says this in so many words
---
# Muon, explained

Muon runs five Newton-Schulz steps per update. It does **not** need a long warm-up.

## Settings

A common learning rate is 0.02. AdamW does not need a schedule. Whether it helps embeddings is open.
"""
QUOTE = "Muon runs five Newton-Schulz steps per update."
LONG = "word " * 2000
SURVEY = survey_text(TEXT, fallback_title="Muon", kind="text")
NAMES = ("Muon", "Newton-Schulz iteration", "Straße")


def task(text: str = TEXT) -> Task[ReadMaterial]:
    return Task("read", "raw/a.md", "hash", ReadMaterial("Muon, explained", text, SURVEY, (), NAMES, ("Muon",)))


def entry(statement: str = QUOTE, quote: str = QUOTE, **more: Any) -> dict[str, Any]:
    return {"statement": statement, "quote": quote, **more}


def test_a_reading_is_accepted_with_the_place_of_each_quote() -> None:
    hand_in = {
        "claims": [
            entry(concepts=["Muon", "Newton-Schulz iteration", "Muon"]),
            entry("Muon does not need a long warm-up.", "It does **not** need a long\nwarm-up."),
            entry("A common learning rate is 0.02.", "A common learning rate is 0.02.", concepts=["Brand new"]),
        ],
        "summary": [2, 0, 2],
        "questions": [entry(*["Whether it helps embeddings is open."] * 2)],
    }
    verified = verify_reading(task(), json.dumps(hand_in))
    assert verified.reasons == ()
    reading = verified.result
    assert reading
    assert [c.place for c in reading.claims] == [
        "Muon, explained, line 7",
        "Muon, explained, line 7",
        "Settings, line 11",
    ]
    assert reading.claims[0].concepts == ("Muon", "Newton-Schulz iteration")
    assert reading.claims[1].quote == "It does **not** need a long warm-up."
    assert reading.summary == (2, 0)
    assert len(reading.questions) == 1
    assert len({c.id for c in (*reading.claims, *reading.questions)}) == 4
    assert reading_from_json(reading.to_json()) == reading


def test_a_source_may_have_nothing_to_claim() -> None:
    verified = verify_reading(task(), '{"claims": []}')
    assert verified.accepted


@pytest.mark.parametrize(
    "hand_in",
    [
        "",
        "no JSON",
        "{",
        "[]",
        "5",
        "null",
        '"text"',
        "{}",
        '{"claims": {}}',
        '{"claims": "text"}',
        '{"claims": null}',
        '{"claims": [5]}',
        '{"claims": ["text"]}',
        '{"claims": [[]]}',
        '{"claims": [{}]}',
        '{"claims": [], "questions": null}',
        '{"claims": [], "summary": 0}',
        '{"claims": [], "summary": ["0"]}',
        '{"claims": [], "summary": [0.5]}',
        '{"claims": [], "summary": [true]}',
        '{"claims": [], "summary": [1e999]}',
        '{"claims": [], "summary": [NaN]}',
        '{"claims": [], "summary": {"0": 0}}',
        '{"claims": [], "summary": [' + "9" * 5000 + "]}",
        '{"claims": ' + "[" * 100_000 + "]" * 100_000 + "}",
        '{"claims": ' + '{"a": ' * 100_000,
        '{"claims": []' + " " * MAX_HAND_IN + "}",
        json.dumps({"claims": [entry(statement=5)]}),  # type: ignore[arg-type]
        json.dumps({"claims": [entry(quote=["a"])]}),  # type: ignore[arg-type]
        json.dumps({"claims": [entry(concepts="Muon")]}),
        json.dumps({"claims": [entry(concepts=[1])]}),
        json.dumps({"claims": [entry(concepts=[{"a": "b"}])]}),
        json.dumps({"claims": [entry(concepts=["\ud800"])]}),
        json.dumps({"claims": [entry(statement="\ud800 " + QUOTE)]}),
    ],
    ids=lambda text: text[:40],
)
def test_another_form_is_refused_in_one_line(hand_in: str) -> None:
    verified = verify_reading(task(), hand_in)
    assert not verified.accepted
    (reason,) = verified.reasons
    assert reason.startswith("the hand-in has not the form asked for: ")
    assert len(reason) < 300
    reason.encode("utf-8")


@pytest.mark.parametrize(
    ("claims", "more", "reason"),
    [
        ([entry(quote="Muon runs many steps per update.")], {}, "claim 0: the quote does not stand in the text"),
        ([entry(quote="")], {}, "claim 0: the quote does not stand in the text"),
        ([entry(quote="update")], {}, "claim 0: the quote does not stand in the text"),  # says nothing
        ([entry(quote="the frontmatter says this in so many words")], {}, "does not stand in the text"),
        ([entry(quote="Muon, explained summary")], {}, "does not stand in the text"),  # across the frontmatter
        ([entry(quote="need a schedule.")], {}, "does not stand in the text"),  # cuts a "not" off
        ([entry("Muon runs six Newton-Schulz steps per update.")], {}, 'says "six'),
        ([entry("Muon runs five Newton-Schulz steps per epoch of 3 hours.")], {}, "3 hours"),
        ([entry("Muon does not run five Newton-Schulz steps per update.")], {}, "claim 0: denies"),
        ([entry("It needs a long warm-up.", "It does **not** need a long warm-up.")], {}, "claim 0: "),
        ([entry("Muon by Google runs five Newton-Schulz steps per update.")], {}, "Google"),
        ([entry("")], {}, "the statement is empty"),
        ([entry("5 …")], {}, "the statement is empty"),
        ([entry("word " * MAX_STATEMENT)], {}, "the statement is longer than"),
        ([entry(quote=LONG)], {}, f"the quote is longer than {MAX_QUOTE}"),
        ([entry(concepts=["muon"])], {}, 'claim 0: the concept "muon" is called "Muon" here'),
        ([entry(concepts=["newton-schulz ITERATION"])], {}, "is called"),
        ([entry(concepts=["STRASSE"])], {}, 'is called "Straße" here'),
        ([entry(concepts=["A/B"])], {}, 'cannot be a page name; write "A B"'),
        ([entry(concepts=["[[Muon]]"])], {}, "cannot be a page name"),
        ([entry(concepts=["a|b"])], {}, "cannot be a page name"),
        ([entry(concepts=[""])], {}, "cannot be a page name"),
        ([entry(concepts=["x" * 1_000_000])], {}, "cannot be a page name"),
        ([entry(concepts=[f"x{n}" for n in range(100)])], {}, "more than 50 concepts"),
        ([entry(), entry()], {}, "claim 1: says the same as claim 0"),
        ([entry(), entry("  " + QUOTE.replace(" ", "\n"))], {}, "claim 1: says the same as claim 0"),
        ([entry()], {"questions": [entry()]}, "question 0: says the same as claim 0"),
        ([entry()], {"questions": [entry(quote="not there at all")]}, "question 0: the quote does not stand"),
        ([entry()], {"summary": [1]}, "summary: there is no claim 1"),
        ([entry()], {"summary": [-1]}, "summary: there is no claim -1"),
        ([entry()], {"summary": [0] * 11}, "11 claims in the summary are too many"),
        ([entry()] * (MAX_CLAIMS + 1), {}, f"{MAX_CLAIMS + 1} claims are too many"),
        ([], {"questions": [entry()] * (MAX_CLAIMS + 1)}, "questions are too many"),
    ],
)
def test_a_claim_that_is_not_proven_is_rejected(claims: list[Any], more: dict[str, Any], reason: str) -> None:
    text = TEXT + "\n" + LONG
    verified = verify_reading(task(text), json.dumps({"claims": claims, **more}))
    assert any(reason in given for given in verified.reasons), verified.reasons
    assert not verified.accepted


def test_every_fault_is_named_at_once() -> None:
    claims = [entry(quote="not there at all"), entry(), entry("Muon runs six Newton-Schulz steps per update.")]
    reasons = verify_reading(task(), json.dumps({"claims": claims, "summary": [9]})).reasons
    assert list(dict.fromkeys(reason.split(":")[0] for reason in reasons)) == ["summary", "claim 0", "claim 2"]
