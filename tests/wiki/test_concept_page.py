"""The page of a concept: the written body, and around it what code adds and can tell apart again."""

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


def test_the_hash_is_of_all_that_the_page_is_made_from() -> None:
    assert len({plan().made_from("g"), plan().made_from("h"), plan(1).made_from("g")}) == 3
    assert plan().made_from("g") == plan().made_from("g")


def test_one_claim_left_out_is_one_claim() -> None:
    page = render_concept_page(plan(1), Written("It is.", "It is.", CITED), generator="g", made_from="x")
    assert "\n1 more claim is on the source pages" in page.body
