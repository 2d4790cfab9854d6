"""The page of a concept: the written body, and around it what code adds and can tell apart again."""

from dataclasses import replace

import pytest

from nightdesk.base.pages import parse_page
from nightdesk.wiki.concept_page import PagePlan, render_concept_page, written_part
from nightdesk.wiki.writing import WriteMaterial, Written

MATERIAL = WriteMaterial("concept", "C", "C#", ("C sharp", "*C*"), "en", (), (), (), ())
CITED = (("Two", "c1"), ("One", "c2"), ("Two", "c3"))


def plan(left_out: int = 0) -> PagePlan:
    return PagePlan("C", MATERIAL, "Languages", ("Java", "F"), left_out)


def test_the_page_of_a_concept() -> None:
    page = render_concept_page(
        plan(2), Written("\nIt is. [[Two#^c1|1]]\n\n", "It is.", CITED), generator="g", made_from="x"
    )
    assert page.body == (
        "# C#\n\nAlso: C sharp, \\*C\\*\n\nIt is. [[Two#^c1|1]]\n\n"
        "2 more claims are on the source pages that link here.\n\n"
        "## Related\n\n- [[Java]]\n- [[F]]\n\nPart of [[Languages]]\n\n"
        "## Sources\n\n1. [[Two]] (2 claims)\n2. [[One]] (1 claim)\n"
    )
    assert page.value("aliases") == ["C#", "C sharp", "*C*"]
    assert (page.value("source_count"), page.value("claim_count")) == (2, 3)
    assert page.value("sources") == ["[[Two]]", "[[One]]"]
    assert not parse_page(page.text).edited


def test_what_was_written_is_told_apart_again() -> None:
    for left_out in (0, 1, 2):
        for related in ((), ("Java",)):
            made = PagePlan("C", MATERIAL, "Languages", related, left_out)
            page = render_concept_page(
                made, Written("It is. [[Two#^c1|1]]", "It is.", CITED), generator="g", made_from="x"
            )
            written = written_part(page.body.replace("It is.", "I add this.\n\nIt is."))
            assert written.split() == ["#", "C#", "I", "add", "this.", "It", "is.", "[[Two#^c1|1]]"]


def test_the_page_tells_who_wrote_it_and_for_which_task() -> None:
    written = Written("It is. [[Two#^c1|1]]", "It is.", CITED)
    by_ai = parse_page(render_concept_page(plan(), written, generator="a:b", made_from="x", hand_in="h").text)
    by_code = parse_page(render_concept_page(plan(), written, generator="g", made_from="x").text)
    assert (by_ai.value("generated"), by_ai.made_from, by_ai.hand_in) == ({"by": "a:b"}, "x", "h")
    assert (by_code.value("generated"), by_code.made_from, by_code.hand_in) == ({"by": "g"}, "x", None)
    assert by_ai.body == by_code.body
    assert not by_ai.edited


@pytest.mark.parametrize("kind", ["concept", "entity", "theme", "comparison", "overview"])
def test_the_type_of_a_page_is_its_tag(kind: str) -> None:
    made = replace(plan(), material=replace(MATERIAL, type=kind))
    page = render_concept_page(made, Written("It is.", "It is.", CITED), generator="g", made_from="x")
    assert (page.value("type"), page.value("tags")) == (kind, [kind])


def test_one_claim_left_out_is_one_claim() -> None:
    page = render_concept_page(plan(1), Written("It is.", "It is.", CITED), generator="g", made_from="x")
    assert "\n1 more claim is on the source pages" in page.body


def test_a_source_has_the_same_number_in_the_text_and_in_the_list_below() -> None:
    body = "It is. [[One#^c2|9]] [[Two#^c1|4]]\n\nIt was. [[Two#^c3|4]]\n"
    written = Written(body, "It is.", (("One", "c2"), ("Two", "c1"), ("Two", "c3")))
    page = render_concept_page(plan(), written, generator="g", made_from="x")
    assert "It is. [[One#^c2|1]] [[Two#^c1|2]]\n\nIt was. [[Two#^c3|2]]\n" in page.body
    assert page.body.endswith("## Sources\n\n1. [[One]] (1 claim)\n2. [[Two]] (2 claims)\n")
