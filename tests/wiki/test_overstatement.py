"""Sentences that say more firmly than their claims what they say, or change places of things, and those that do not."""

import pytest

from nightdesk.wiki.overstatement import overstated

HEDGED = "At large batches Muon may lose its advantage."
FIRM = "At large batches Muon loses its advantage on this task."
TWO = "Muon keeps one buffer, while AdamW keeps two moments."
APART = ("A Rust build takes 94 seconds.", "A Go build takes 8 seconds.")


@pytest.mark.parametrize(
    ("sentence", "claims", "reason"),
    [
        ("Muon loses its advantage at large batches.", [HEDGED], 'with "may"'),
        ("Delhi overtakes Tokyo by 2028.", ["Delhi is projected to overtake Tokyo by 2028."], "is projected to"),
        ("The vaccine always works.", ["The vaccine works in most people."], 'says "always"'),
        ("The bug never came back.", ["The bug was fixed in May."], 'says "never"'),
        ("It is proven that tea helps.", ["A study found that tea helps."], 'says "proven"'),
        ("The cache guarantees order.", ["The cache keeps order."], 'says "guarantees"'),
        ("It certainly helps sleep.", ["It helps sleep."], 'says "certainly"'),
        ("AdamW keeps one buffer, while Muon keeps two moments.", [TWO], "changed the places"),
        ("A Go build takes 94 seconds, a Rust build 8.", APART, "changed the places"),
        ("Muon keeps two moments.", [TWO], 'says of "muon"'),
        ("The team moved from Rust to Go.", ["The team moved from Go to Rust."], 'says "from Rust to Go"'),
    ],
)
def test_overstated(sentence: str, claims: list[str], reason: str) -> None:
    found = overstated(sentence, [(text, text) for text in claims], language="en")
    assert any(reason in detail for detail in found), found


@pytest.mark.parametrize(
    ("sentence", "claims", "why"),
    [
        ("At large batches its advantage might vanish.", [HEDGED], "another word of doubt"),
        ("Whether Muon keeps its advantage at large batches is open.", [HEDGED], "left open"),
        ("Muon loses its advantage at large batches.", [HEDGED, FIRM], "another claim says so for certain"),
        ("Muon is an optimiser.", [HEDGED], "not what the claim doubts"),
        ("The vaccine does not always work.", ["The vaccine works in most people."], "denied"),
        ("The bug never came back.", ["The bug did not come back in any run."], "said in other words"),
        ("Tests always pass.", ["Tests pass in every run."], "said in other words"),
        ("Muon keeps one buffer where AdamW keeps two moments.", [TWO], "each its own"),
        ("Unlike AdamW, which keeps two moments, Muon keeps one buffer.", [TWO], "in another order"),
        ("Two moments are kept by AdamW, one buffer by Muon.", [TWO], "passive"),
        ("A Go build takes 8 seconds, a Rust build 94.", APART, "in another order"),
        ("Builds take 94 and 8 seconds.", APART, "together"),
        ("It keeps two moments.", [TWO], "a pronoun may mean either"),
        (HEDGED, [HEDGED], "a copy"),
        ("The team moved from Go to Rust.", ["The team moved from Go to Rust."], "a copy"),
    ],
)
def test_not_overstated(sentence: str, claims: list[str], why: str) -> None:
    assert overstated(sentence, [(text, text) for text in claims], language="en") == [], why


def test_only_english_is_looked_at() -> None:
    assert overstated("Es hilft immer.", [("Es hilft.", "Es hilft.")], language="de") == []
