"""A reading by an AI and its source page: the page gives the reading back, whatever stands in it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightdesk.base.names import name_key, safe_name
from nightdesk.base.pages import parse_page
from nightdesk.wiki.claims import Claim, claim_id
from nightdesk.wiki.concept_notes import ConceptNote, PageIdea
from nightdesk.wiki.kept_reading import in_order, reading_digest, reading_from_page
from nightdesk.wiki.reading import Reading
from nightdesk.wiki.source_page import ReadByAi, SourceFacts, render_source_page

FACTS = SourceFacts(
    "Page", "The title", "raw/a.md", "0" * 64, "raw/a.md", "0" * 64, "markdown", "en", 9, None, None, None, ()
)


def claim(statement: str, quote: str, *names: str, place: str = "") -> Claim:
    return Claim(claim_id(statement, quote), statement, quote, place, names)


def given_back(reading: Reading) -> Reading:
    accepted = in_order(reading)
    page = render_source_page(FACTS, accepted, generator="g", made_from="m", ai=ReadByAi("k", accepted))
    return reading_from_page(parse_page(page.text))


def check(reading: Reading) -> None:
    accepted = in_order(reading)
    found = given_back(reading)
    assert [(c.id, c.statement, c.concepts) for c in found.claims] == [
        (c.id, c.statement, c.concepts) for c in accepted.claims
    ]
    for kept, was in zip((*found.claims, *found.questions), (*accepted.claims, *accepted.questions), strict=True):
        assert claim_id(kept.statement, kept.quote) == was.id, "so that it is known again, and its quote is looked up"
    assert (found.summary, found.notes, found.pages) == (accepted.summary, accepted.notes, accepted.pages)
    assert reading_digest(found) == reading_digest(accepted)


NASTY = (
    "# no heading",
    "- no list item ^c0123456789",
    "a *b* _c_ `d` ~~e~~ ==f== $g$ <h> &amp; \\ | [i](j)",
    "See [[Other]] [[Page#^c0123456789|1]]",
    'He said "no" twice',
    "“curly” ‘quotes’ «and» others",
    "> quoted",
    "## Claims",
    "## Open questions",
    "1. numbered",
    "---",
    "2024",
    "end with brackets]]",
    "\U0001f600 and ünï — …",
    "%%comment%% #tag ^block",
    "key: value # comment",
)
NAMES = ("2024", "no", "1e5", "null", "~", "- x", "a, b", "true", "0o17", "2024-01-02", "'", "{a}", "C", "Ünï", "中文")


@pytest.mark.parametrize("text", NASTY)
@pytest.mark.parametrize("name", ["2024", "C"])
def test_a_nasty_text_comes_back(text: str, name: str) -> None:
    check(Reading((claim(text, f"{text} is said", name), claim("Plain.", text)), (1, 0), (claim(text, text),)))


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_looks_like_something_else_comes_back(name: str) -> None:
    note = ConceptNote(name, "entity", (f"{name} alias", "on"), name)
    idea = PageIdea(f"{name} and more", "theme", (name, "Other"), f"why: {name}")
    check(Reading((claim("A.", "a quote", name, "Other"), claim("B.", "b quote", "Other")), (0,), (), (note,), (idea,)))


LINE = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp", "Cn", "Co", "Cf")), min_size=1, max_size=60
).map(lambda text: " ".join(text.split()))
MARKED = st.lists(st.one_of(st.sampled_from(NASTY), LINE), min_size=1, max_size=3).map(" ".join)
TEXT = MARKED.map(lambda text: " ".join(text.split())).filter(bool)
NAME = st.one_of(st.sampled_from(NAMES), LINE).filter(lambda name: bool(name) and safe_name(name) == name)


@st.composite
def readings(draw: st.DrawFn) -> Reading:
    names = draw(st.lists(NAME, max_size=5, unique_by=name_key))
    some = st.lists(st.sampled_from(names), max_size=3, unique=True) if names else st.just([])
    drawn = draw(st.lists(st.tuples(TEXT, TEXT, some), max_size=5))
    made = {c.id: c for c in (claim(text, quote, *listed) for text, quote, listed in drawn)}
    claims = tuple(made.values())
    used = [name for name in names if any(name in c.concepts for c in claims)]
    notes = tuple(
        ConceptNote(
            name,
            draw(st.sampled_from(["concept", "entity"])),
            tuple(draw(st.lists(NAME, max_size=2, unique=True))),
            draw(st.one_of(st.none(), NAME)),
        )
        for name in draw(st.lists(st.sampled_from(used), unique=True) if used else st.just([]))
    )
    ideas = tuple(
        PageIdea(draw(NAME), "comparison", tuple(used[:2]), draw(st.one_of(st.just(""), TEXT)))
        for _ in range(draw(st.integers(0, 2)) if used[1:] else 0)
    )
    summary = tuple(draw(st.lists(st.integers(0, len(claims) - 1), max_size=3, unique=True))) if claims else ()
    asked = {c.id: c for c in (claim(text, text) for text in draw(st.lists(TEXT, max_size=2))) if c.id not in made}
    return Reading(claims, summary, tuple(asked.values()), notes, ideas)


@given(readings())
def test_any_reading_comes_back(reading: Reading) -> None:
    check(reading)


def test_the_digest_changes_with_all_that_the_page_shows() -> None:
    one, two = claim("A.", "a quote", "N", "M"), claim("B.", "b quote", "M")
    note, idea = ConceptNote("N", "entity", ("n",), "Cat"), PageIdea("N and M", "theme", ("N", "M"), "")
    reading = Reading((one, two), (0,), (claim("Q?", "q quote"),), (note,), (idea,))
    others = [
        replace(reading, claims=(one,)),
        replace(reading, claims=(replace(one, concepts=("N",)), two)),
        replace(reading, summary=(1,)),
        replace(reading, questions=()),
        replace(reading, notes=(replace(note, type="concept"),)),
        replace(reading, notes=(replace(note, category=None),)),
        replace(reading, pages=()),
    ]
    assert len({reading_digest(r) for r in (reading, *others)}) == len(others) + 1


def test_what_a_person_does_to_the_frontmatter_breaks_nothing() -> None:
    accepted = in_order(Reading((claim("A.", "a quote", "N"),), (0,), ()))
    text = render_source_page(FACTS, accepted, generator="g", made_from="m", ai=ReadByAi("k", accepted)).text
    for names in ("names: 5\n", "names: [5, {name: N}]\n", "names:\n- {name: N, claims: 7}\n", "names: {a: b}\n"):
        head, _, rest = text.partition("names:\n- name: N\n  claims:\n")
        page = parse_page(head + names + rest.partition("\n")[2])
        found = reading_from_page(page)
        assert [c.statement for c in found.claims] == ["A."]
