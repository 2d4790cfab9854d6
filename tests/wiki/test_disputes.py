"""What code adds to a page about contradictions, and that it can be told apart from what was written."""

from nightdesk.wiki.concept_page import PagePlan, render_concept_page, written_part
from nightdesk.wiki.disputes import Dispute, Disputes, disputes_shown, without_disputes
from nightdesk.wiki.writing import WriteMaterial, Written

ONE = ("Muon, explained", "c000000000a", "The rate is [[0.02]].", "2025")
OTHER = ("Notes", "c000000000b", "1. The rate is 0.2.", "")
CITED = "[[Muon, explained#^c000000000a|1]]"
BODY = f"Muon is an optimiser. {CITED}\n"
DISPUTES = Disputes((Dispute("k000000000c", ONE, OTHER),), (Dispute("k000000000d", ONE, OTHER),))


def page(body: str, disputes: Disputes) -> str:
    material = WriteMaterial("concept", "Muon", "Muon", (), "en", (), (), (), ())
    plan = PagePlan("Muon", material, None, (), disputes=disputes)
    return render_concept_page(plan, Written(body, "x", (ONE[:2],)), generator="g", made_from="m").text


def test_both_claims_are_cited_and_their_sources_listed() -> None:
    text = page(BODY, DISPUTES)
    assert "> [!contradiction] Not decided yet: [[contradictions#^k000000000c|k000000000c]]\n" in text
    assert "> - The rate is \\[\\[0.02]]. [[Muon, explained#^c000000000a|1]] (2025)\n" in text
    assert "> - 1\\. The rate is 0.2. [[Notes#^c000000000b|2]]\n" in text
    assert "2. [[Notes]] (1 claim)\n" in text
    assert "claim_count: 2\n" in text
    past = text.partition("## Superseded\n")[2].partition("\n## ")[0]
    assert "superseded by [[Muon, explained#^c000000000a|1]] (2025): [[contradictions#^k000000000d|why]]" in past


def test_what_was_written_is_given_back_without_it() -> None:
    for disputes in (DISPUTES, Disputes()):
        text = page(BODY, disputes)
        assert written_part(text.partition("# Muon\n")[2]).strip() == BODY.strip()


def test_an_edited_page_is_checked_without_it() -> None:
    body = page(BODY, DISPUTES)
    added = [line for line in body.split("\n") if "contradictions#^" in line or line.startswith("> - ")]
    assert len(added) == 4
    kept = without_disputes(f"{body}\nMine. {CITED}\n")
    assert not any(line in kept for line in added)
    assert kept.endswith(f"\nMine. {CITED}\n")


def test_a_writer_who_tells_of_both_claims_needs_no_second_callout() -> None:
    told = f"{BODY}\n> [!contradiction] The rate\n> One says so. {CITED}\n> Another not. [[Notes#^c000000000b|2]]\n"
    half = f"{BODY}\n> [!contradiction] The rate\n> One says so. {CITED}\n\nAnother not. [[Notes#^c000000000b|2]]\n"
    assert disputes_shown(DISPUTES, told).open == ()
    assert disputes_shown(DISPUTES, half).open == DISPUTES.open
    assert disputes_shown(DISPUTES, told).past == DISPUTES.past
