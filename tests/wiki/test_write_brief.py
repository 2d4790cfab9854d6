"""The briefs for writing: claims whose citations can be copied, only what changed, sections of a long page."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from nightdesk.agents.briefs import Briefs, desk_briefs
from nightdesk.agents.tasks import Brief, Task
from nightdesk.wiki.claims import find_citations
from nightdesk.wiki.read_brief import PACKAGE
from nightdesk.wiki.write_brief import (
    MAX_LINKS,
    MAX_NEIGHBOURS,
    MAX_SENTENCES,
    TYPES,
    Change,
    change_of,
    lead_brief,
    section_brief,
    sentences_asked,
    write_brief,
)
from nightdesk.wiki.writing import Evidence, WriteMaterial, verify_page

ROOT = Path(__file__).resolve().parents[2]

A, B, C = "c1111111111", "c2222222222", "c3333333333"
BRIEFS = Briefs(None, [PACKAGE], "Write in short sentences.")


def claim(page: str, identity: str, statement: str, quote: str | None = None, published: str | None = None) -> Evidence:
    return Evidence(page, identity, statement, quote or statement, ("Muon",), (), False, published)


MATERIAL = WriteMaterial(
    type="concept",
    name="Muon",
    title="Muon",
    aliases=("MomentUm Orthogonalized",),
    language="en",
    evidence=(
        claim("Muon, explained", A, "Muon is an optimiser.", "Muon is an optimiser for matrices.", "2025-03-04"),
        claim("Notes", B, "Muon needs no warm-up."),
        claim("Muon, explained", C, "Muon runs five steps [on <b>TPUs</b>]."),
    ),
    parts=(),
    names=("AdamW", "Learning rate"),
    known_names=("Muon",),
)


def pieces(brief: Brief) -> dict[str, str]:
    found = re.findall(r"^<<<DATA \w+: ([^\n]*)>>>\n(.*?)^<<<END", brief.material, re.MULTILINE | re.DOTALL)
    return {name: text.rstrip("\n") for name, text in found}


def test_claims_are_lines_whose_citation_can_be_copied() -> None:
    assert pieces(write_brief(MATERIAL, BRIEFS))["the claims"].split("\n") == [
        f"- [[Muon, explained#^{A}|1]] Muon is an optimiser.",
        '  > "Muon is an optimiser for matrices."',
        f"- [[Notes#^{B}|2]] Muon needs no warm-up.",
        f"- [[Muon, explained#^{C}|1]] Muon runs five steps [on \\<b>TPUs\\</b>].",
    ]


def test_a_page_of_the_claims_as_they_are_given_is_accepted() -> None:
    lines = [line for line in pieces(write_brief(MATERIAL, BRIEFS))["the claims"].split("\n") if line.startswith("- ")]
    body = "\n\n".join(re.sub(r"^- (\[\[[^\]]+\]\]) (.*)$", r"\2 \1", line) for line in lines)
    verified = verify_page(Task("write", "Muon", "hash", MATERIAL), body)
    assert verified.reasons == ()
    assert [c.id for c in find_citations(body)] == [A, B, C]


def test_the_page_is_told_with_its_names_links_and_dates() -> None:
    given = replace(MATERIAL, category="Optimisers", neighbours=(("AdamW", "AdamW decouples weight decay."),))
    assert pieces(write_brief(given, BRIEFS))["the page"].split("\n") == [
        "title: Muon",
        "also called: MomentUm Orthogonalized",
        "category: Optimisers",
        "pages to link to: AdamW | Learning rate",
        "- AdamW: AdamW decouples weight decay.",
        "published 2025-03-04: Muon, explained",
    ]


@pytest.mark.parametrize("page_type", TYPES)
def test_each_type_of_page_is_explained(page_type: str) -> None:
    told = (PACKAGE / f"{page_type}.md").read_text(encoding="utf-8").strip()
    others = [(PACKAGE / f"{other}.md").read_text(encoding="utf-8").strip() for other in TYPES if other != page_type]
    rules = write_brief(replace(MATERIAL, type=page_type), BRIEFS).rules
    assert told in rules
    assert not any(other in rules for other in others)


def test_neighbours_and_links_are_bounded() -> None:
    names = tuple(f"Page {n}" for n in range(300))
    given = replace(MATERIAL, names=names, neighbours=tuple((name, "x" * 900) for name in reversed(names)))
    lines = pieces(write_brief(given, BRIEFS))["the page"].split("\n")
    links = next(line for line in lines if line.startswith("pages to link to: ")).count(" | ") + 1
    assert links == MAX_LINKS
    told = [line for line in lines if line.startswith("- ")]
    assert len(told) == MAX_NEIGHBOURS
    assert max(map(len, told)) < 230


def test_a_neighbour_that_no_link_may_lead_to_is_not_offered() -> None:
    given = replace(MATERIAL, neighbours=(("Lion", "Lion is an optimiser."),))
    assert "pages to link to: AdamW | Learning rate\n" in pieces(write_brief(given, BRIEFS))["the page"] + "\n"


def outside(names: str) -> WriteMaterial:
    return replace(
        MATERIAL,
        name=f"{names}0",
        title=f"{names}1",
        aliases=(f"{names}2",),
        evidence=(claim(f"{names}3", A, f"{names}4 is it.", f"{names}5 is it.", f"{names}6"),),
        parts=(f"{names}7",),
        names=(f"{names}7", f"{names}8"),
        neighbours=((f"{names}8", f"{names}9"),),
        category=f"{names}10",
        language=f"{names} do as I say",
    )


@pytest.mark.parametrize("kind", ["new", "change", "section", "lead"])
def test_what_comes_from_outside_stands_between_the_marks_alone(kind: str) -> None:
    given = outside("OUTSIDE")
    brief = {
        "new": write_brief(given, BRIEFS),
        "change": write_brief(given, BRIEFS, change=Change("OUTSIDE11", frozenset(), (("OUTSIDE12", B),))),
        "section": section_brief(given, BRIEFS, heading="OUTSIDE13", others=["OUTSIDE14"]),
        "lead": lead_brief(given, BRIEFS, sections=[("OUTSIDE15", "OUTSIDE16")]),
    }[kind]
    assert "OUTSIDE" not in brief.rules
    assert brief.material.count("OUTSIDE") == sum(text.count("OUTSIDE") for text in pieces(brief).values())


def test_the_rules_are_the_same_bytes_for_pages_of_one_kind() -> None:
    other = replace(MATERIAL, name="Lion", title="Lion", names=("Muon",))
    assert write_brief(other, BRIEFS).rules == write_brief(MATERIAL, BRIEFS).rules, "providers cache what begins alike"


BODY = f"Muon is an optimiser. [[Muon, explained#^{A}|1]] It is old. [[Gone#^c9999999999|2]]"


def test_a_change_is_found_from_the_page_itself() -> None:
    change = change_of(BODY, MATERIAL)
    assert change == Change(BODY, frozenset({("Notes", B), ("Muon, explained", C)}), (("Gone", "c9999999999"),))


def test_claims_that_the_page_was_given_and_left_out_are_not_new() -> None:
    known = [("Muon, explained", A), ("Notes", B), ("Gone", "c9999999999")]
    assert change_of(BODY, MATERIAL, known=known).new == {("Muon, explained", C)}


def test_the_brief_of_a_change_sends_quotes_of_what_is_new_alone() -> None:
    told = pieces(write_brief(MATERIAL, BRIEFS, change=change_of(BODY, MATERIAL)))
    assert told["the page as it is"] == BODY
    assert told["withdrawn claims"] == "- [[Gone#^c9999999999]]"
    assert told["the other claims"] == f"- [[Muon, explained#^{A}|1]] Muon is an optimiser."
    assert told["new claims"].split("\n") == [
        f"- [[Notes#^{B}|2]] Muon needs no warm-up.",
        f"- [[Muon, explained#^{C}|1]] Muon runs five steps [on \\<b>TPUs\\</b>].",
    ]


def test_nothing_new_and_nothing_withdrawn_is_said() -> None:
    told = pieces(write_brief(MATERIAL, BRIEFS, change=Change("Text.", frozenset(), ())))
    assert (told["new claims"], told["withdrawn claims"]) == ("(none)", "(none)")


def test_a_section_knows_the_others() -> None:
    brief = section_brief(MATERIAL, BRIEFS, heading="Settings", others=["History", "Limits"])
    assert "one section" in brief.rules
    expected = "this section: Settings\nanother section: History\nanother section: Limits"
    assert pieces(brief)["the sections"] == expected
    assert f"[[Notes#^{B}|2]]" in pieces(brief)["the claims"]


def test_the_opening_knows_the_sections() -> None:
    brief = lead_brief(MATERIAL, BRIEFS, sections=[("Settings", "Muon needs little."), ("Limits", "It is slow.")])
    assert "above the first heading" in brief.rules
    assert pieces(brief)["the sections"] == "## Settings\n\nMuon needs little.\n\n## Limits\n\nIt is slow."


@pytest.mark.parametrize(("claims", "sentences"), [(0, 2), (1, 2), (4, 4), (14, 11), (400, MAX_SENTENCES)])
def test_the_number_of_sentences_goes_with_the_claims(claims: int, sentences: int) -> None:
    evidence = tuple(claim("Notes", f"c{n}", f"Muon is {n}.") for n in range(claims))
    assert sentences_asked(replace(MATERIAL, evidence=evidence)) == sentences


@pytest.mark.parametrize(
    ("language", "told"),
    [("de", "`de`"), ("pt-BR", "`pt-BR`"), ("", "`en`"), ("ignore`", "`en`"), ("verylonglanguage", "`en`")],
)
def test_the_language_is_a_code_and_nothing_else(language: str, told: str) -> None:
    assert f"language with the code {told}" in write_brief(replace(MATERIAL, language=language), BRIEFS).rules.replace(
        "\n", " "
    )


def test_the_example_in_the_brief_would_be_accepted() -> None:
    rules = write_brief(MATERIAL, BRIEFS).rules
    claims = re.findall(r"^> - \[\[([^#]+)#\^(\w+)\|\d\]\] (.*)$", rules, re.MULTILINE)
    assert len(claims) == 3
    body = re.findall(r"```markdown\n(.*?)```", rules, re.DOTALL)[0]
    evidence = tuple(claim(page, identity, statement) for page, identity, statement in claims)
    given = replace(MATERIAL, name="Quicksort", title="Quicksort", evidence=evidence, names=("Merge sort",))
    verified = verify_page(Task("write", "Quicksort", "hash", replace(given, known_names=("Quicksort",))), body)
    assert verified.reasons == ()


def test_the_callout_in_the_brief_would_be_accepted() -> None:
    rules = write_brief(MATERIAL, BRIEFS).rules
    callout = "\n".join(re.findall(r"^ {6}(> .*)$", rules, re.MULTILINE))
    first = claim("A", "c0000000001", "The warm-up with Muon takes 100 steps.")
    second = claim("B", "c0000000002", "The warm-up with Muon takes 2,000 steps.")
    given = replace(MATERIAL, evidence=(first, second), known_names=("Muon", "Warm-up"))
    opening = "The warm-up with Muon takes 100 steps. [[A#^c0000000001|1]]\n\n"
    verified = verify_page(Task("write", "Muon", "hash", given), opening + callout)
    assert verified.reasons == ()


def test_the_desks_rules_and_templates_change_what_a_writer_is_told(tmp_path: Path) -> None:
    (tmp_path / "AGENTS.md").write_text("Write for children.", encoding="utf-8")
    first = write_brief(MATERIAL, desk_briefs(tmp_path, [PACKAGE]))
    assert "Write for children." in first.rules
    (tmp_path / "briefs").mkdir()
    (tmp_path / "briefs/concept.md").write_text("**The page is a poem.**", encoding="utf-8")
    second = write_brief(MATERIAL, desk_briefs(tmp_path, [PACKAGE]))
    assert "**The page is a poem.**" in second.rules
    assert first.template != second.template


def test_every_template_is_used_and_documented() -> None:
    there = {Path(str(file)).stem for file in PACKAGE.iterdir()}
    code = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "src").rglob("*.py"))
    assert {name for name in there if f'"{name}"' not in code} == set()
    documented = (ROOT / "docs/workers/briefs.md").read_text(encoding="utf-8")
    assert {name for name in there if f"`{name}.md`" not in documented} == set()


@pytest.mark.parametrize("name", ["write", "write_change", "write_section", "write_lead"])
def test_the_briefs_are_short(name: str) -> None:
    longest = max(len((PACKAGE / f"{page_type}.md").read_text(encoding="utf-8")) for page_type in TYPES)
    parts = [(PACKAGE / f"{part}.md").read_text(encoding="utf-8") for part in (name, "page_rules")]
    assert sum(map(len, parts)) + longest < 6_000, "about 1,500 tokens, sent with every page"
