"""The verifier of readings: quotes stand in the text, statements agree with them, names are canonical."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from nightdesk.agents.tasks import Task
from nightdesk.wiki.reading import (
    MAX_CLAIMS,
    MAX_QUOTE,
    MAX_STATEMENT,
    SCHEMA,
    Reading,
    ReadMaterial,
    join_readings,
    reading_from_json,
    verify_reading,
)
from nightdesk.wiki.reading_form import MAX_HAND_IN
from nightdesk.wiki.survey import survey_text

TEXT = """---
title: Muon, explained
summary: the frontmatter says this in so many words
---
# Muon, explained

Muon runs five Newton-Schulz steps per update. It does **not** need a long warm-up.

## Settings

A common learning rate is 0.02. AdamW does not need a schedule. Whether it helps embeddings is open.
It may lose its lead at large batches.
"""
QUOTE = "Muon runs five Newton-Schulz steps per update."
LONG = "word " * 2000
SURVEY = survey_text(TEXT, fallback_title="Muon", kind="text")
NAMES = ("Muon", "Newton-Schulz iteration", "Straße")
SIX = "Muon runs six Newton-Schulz steps per update."  # the text says five
RATE = "A common learning rate is 0.02."


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
        '{"claims": [], "summary": [' + "9" * 5000 + "]}",
        '{"claims": ' + "[" * 100_000 + "]" * 100_000 + "}",
        '{"claims": ' + '{"a": ' * 100_000,
        '{"claims": []' + " " * MAX_HAND_IN + "}",
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


@pytest.mark.parametrize(
    ("claim", "reason"),
    [
        (5, "claim 1: must be an object, not 5"),
        ("text", "claim 1: must be an object, not 'text'"),
        ([], "claim 1: must be an object, not list"),
        ({}, "claim 1: statement and quote must be texts"),
        (entry(statement=5), "claim 1: statement and quote must be texts"),  # type: ignore[arg-type]
        (entry(quote=["a"]), "claim 1: statement and quote must be texts"),  # type: ignore[arg-type]
        (entry(concepts="Muon"), "claim 1: concepts must be a list of texts"),
        (entry(concepts=[1]), "claim 1: concepts must be a list of texts"),
        (entry(concepts=["\ud800"]), "claim 1: holds half a character"),
        (entry("\ud800 " + QUOTE), "claim 1: holds half a character"),
        (entry(SIX), 'claim 1: says "six'),
        (entry("", RATE), "claim 1: the statement is empty"),
        (entry("https://example.org/x", RATE), "claim 1: the statement is empty"),
        (entry("<b></b><img src=x>", RATE), "claim 1: the statement is empty"),
        (entry("Muon runs five\u200b Newton-Schulz steps per update.", QUOTE), "the hidden character U+200B"),
        (entry("Muon runs five \x1b[0m Newton-Schulz steps per update.", QUOTE), "the hidden character U+001B"),
        (entry("Muon runs five Newton-Schulz steps per update.\U000e0041", QUOTE), "U+E0041"),
        (entry("It runs five Newton-Schulz steps per update.", QUOTE), 'leans on other sentences ("it")'),
        (entry("This uses five Newton-Schulz steps per update.", QUOTE), 'leans on other sentences ("this")'),
        (entry("Muon loses its lead at large batches.", "It may lose its lead at large batches."), 'with "may"'),
        (entry("The paper shows this.", QUOTE), 'leans on other sentences ("The paper")'),
    ],
)
def test_one_bad_claim_costs_only_itself(claim: Any, reason: str) -> None:
    hand_in = {"claims": [entry(concepts=["Muon"]), claim, entry(RATE, RATE)], "summary": [2, 1, 0]}
    verified = verify_reading(task(), json.dumps(hand_in))
    assert any(reason in given for given in verified.reasons), verified.reasons
    assert not verified.accepted
    assert verified.result
    assert [c.statement for c in verified.result.claims] == [QUOTE, RATE]
    assert verified.result.summary == (1, 0)
    assert verified.worth == 2


def test_where_no_claim_is_good_nothing_is_kept() -> None:
    verified = verify_reading(task(), json.dumps({"claims": [entry(SIX)], "questions": [entry(RATE, RATE)]}))
    assert verified.result is None
    assert verified.worth == 0


@pytest.mark.parametrize("more", [{"questions": None}, {"summary": None}, {"concepts": None}, {"pages": None}])
def test_what_may_be_left_out_may_be_null(more: dict[str, Any]) -> None:
    assert verify_reading(task(), json.dumps({"claims": [entry()], **more})).accepted


@pytest.mark.parametrize("summary", ["0", [0.5], [True], ["0"], {"0": 0}, [1e999], [float("nan")]])
def test_a_summary_of_another_form_is_left_out(summary: Any) -> None:
    verified = verify_reading(task(), json.dumps({"claims": [entry()], "summary": summary}))
    assert verified.result
    assert verified.result.summary == ()
    assert not verified.accepted


def test_too_many_claims_leave_the_first_ones() -> None:
    lines = [f"Step number {n} of the recipe takes {n} minutes." for n in range(MAX_CLAIMS + 5)]
    claims = [entry(line, line) for line in lines]
    verified = verify_reading(task("\n\n".join(lines)), json.dumps({"claims": claims}))
    assert verified.reasons == (f"{MAX_CLAIMS + 5} claims are too many; at most {MAX_CLAIMS}, the rest is left out",)
    assert verified.worth == MAX_CLAIMS


@pytest.mark.parametrize(
    ("quote", "hint"),
    [
        ("Muon runs six Newton-Schulz steps per update.", f'the nearest passage is: "{QUOTE}"'),
        ("A usual learning rate is 0.02.", 'learning rate is 0.02."'),
        ("need a schedule.", 'leaves out a "not"'),  # the words are there
        ("runs five Newton-Schulz step", "cuts a word"),
        ("update", "too short"),
        ("Bananas are rich in potassium and taste of summer.", "no passage is like it"),
    ],
)
def test_a_wrong_quote_is_answered_with_the_passage_that_was_meant(quote: str, hint: str) -> None:
    (reason,) = verify_reading(task(), json.dumps({"claims": [entry(RATE, quote)]})).reasons[:1]
    assert hint in reason


def test_a_reason_says_which_claim() -> None:
    (reason,) = verify_reading(task(), json.dumps({"claims": [entry(), entry(SIX)]})).reasons
    assert reason.startswith("claim 1: ")
    assert reason.endswith(f'(it begins "{SIX}")')


@pytest.mark.parametrize(
    ("given", "name"),
    [("muon", "Muon"), ("newton-schulz ITERATION", "Newton-Schulz iteration"), ("STRASSE", "Straße"), ("New", "New")],
)
def test_a_concept_is_called_as_the_desk_calls_it(given: str, name: str) -> None:
    verified = verify_reading(task(), json.dumps({"claims": [entry(concepts=[given, name])]}))
    assert verified.accepted
    assert verified.result
    assert verified.result.claims[0].concepts == (name,)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("A/B test", ("A B test",)),
        ("[[Muon]]", ("Muon",)),
        ("", ()),
        ("index", ()),
        ("`= x`", ()),
        ("x" * 81, ()),
        ("123", ()),
    ],
)
def test_a_claim_is_not_lost_for_the_name_of_a_concept(given: str, kept: tuple[str, ...]) -> None:
    verified = verify_reading(task(), json.dumps({"claims": [entry(concepts=[given])]}))
    assert not verified.accepted
    assert verified.result
    assert verified.result.claims[0].concepts == kept


WHOLE = json.dumps({"claims": [entry(), entry(RATE, RATE)], "summary": [1]})


@pytest.mark.parametrize(
    "hand_in",
    [
        f"```json\n{WHOLE}\n```",
        f"```\n{WHOLE}\n```\n",
        f"Here is my reading:\n\n```json\n{WHOLE}\n```\n\nI hope that helps!",
        f"Sure! {WHOLE}",
        f"{WHOLE}\nThat is all {{I found}}.",
        f"\ufeff{WHOLE}",
        WHOLE.replace("five Newton", "five\nNewton"),  # a bare line end within a string
        f'I looked at {{"summary": []}} first.\n{WHOLE}',
    ],
    ids=range(8),
)
def test_what_a_model_puts_around_its_hand_in_is_no_fault(hand_in: str) -> None:
    verified = verify_reading(task(), hand_in)
    assert verified.reasons == ()
    assert verified.worth == 2


@pytest.mark.parametrize("end", range(len(WHOLE) - 1, WHOLE.index(RATE), -7))
def test_of_a_hand_in_that_is_cut_off_the_whole_claims_are_kept(end: int) -> None:
    verified = verify_reading(task(), WHOLE[:end])
    assert verified.result
    assert verified.worth == (2 if "}]" in WHOLE[: end + 1] else 1)
    assert "it is cut off or broken after claim" in verified.reasons[0]


def test_two_different_hand_ins_are_none() -> None:
    other = json.dumps({"claims": [entry(RATE, RATE)]})
    (reason,) = verify_reading(task(), f"First:\n{WHOLE}\nOr rather:\n{other}").reasons
    assert "2 objects with claims; hand in one" in reason


def test_the_schema_asks_for_every_key_and_no_other() -> None:
    def objects(schema: Any) -> Iterator[dict[str, Any]]:
        if schema.get("type") == "object":
            yield schema
        for inner in (*schema.get("properties", {}).values(), *([schema["items"]] if "items" in schema else [])):
            yield from objects(inner)

    found = list(objects(SCHEMA))
    assert len(found) == 5
    for schema in found:
        assert schema["required"] == list(schema["properties"])
        assert schema["additionalProperties"] is False
    keys = {key for schema in found for prop in schema["properties"].values() for key in prop}
    assert keys <= {"type", "items", "enum", "properties", "required", "additionalProperties"}


def test_an_old_reading_has_no_notes() -> None:
    assert reading_from_json('{"claims":[],"summary":[],"questions":[]}') == Reading((), (), ())


def read(text: str, *lines: str, **more: Any) -> Reading:
    hand_in = {"claims": [entry(line, line, concepts=["Muon", "AdamW"]) for line in lines], **more}
    verified = verify_reading(task(text), json.dumps(hand_in))
    assert verified.result
    return verified.result


def test_parts_are_joined_in_their_order_each_claim_once() -> None:
    one, two, three = QUOTE, RATE, "AdamW does not need a schedule."
    first = f"# A\n\n{one}\n\n{two}\n"
    second = f"{two}\n\n{three}\n"
    note = {"name": "Muon", "type": "entity", "aliases": [], "category": "Optimisers"}
    idea = {"name": "Muon and AdamW", "type": "comparison", "of": ["Muon", "AdamW"], "why": ""}
    parts = [
        read(first, one, two, summary=[1, 0], concepts=[note], pages=[idea]),
        read(second, two, three, summary=[1, 0], concepts=[note | {"type": "concept"}], pages=[idea]),
    ]
    joined = join_readings(parts, text=first + second)
    assert [claim.quote for claim in joined.claims] == [one, two, three]
    assert [claim.place for claim in joined.claims] == ["A, line 3", "A, line 5", "A, line 8"]
    assert joined.summary == (1, 0, 2)
    assert [(note.type, note.category) for note in joined.notes] == [("entity", "Optimisers")]
    assert len(joined.pages) == 1
    assert join_readings([parts[0]]) == parts[0]


def test_a_quote_that_only_the_edge_of_a_part_made_is_left_out() -> None:
    part = read("need a long warm-up before training.", "need a long warm-up before training.")
    whole = "Muon does not need a long warm-up before training."
    assert len(part.claims) == 1
    assert join_readings([part], text=whole).claims == ()


def test_what_nobody_sees_does_not_get_onto_the_page() -> None:
    text = "Muon runs\u200b five steps per up\u00addate."
    seen = "Muon runs five steps per update."
    verified = verify_reading(
        task(text), json.dumps({"claims": [entry("Muon runs five steps per up\u00addate.", text)]})
    )
    assert verified.reasons == ()
    assert verified.result
    assert (verified.result.claims[0].statement, verified.result.claims[0].quote) == (seen, seen)
