"""Slides: nothing from outside acts, each statement has its note at the foot, and no slide is too full."""

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightdesk.base.pages import load_yaml
from nightdesk.wiki.answer_forms.slides import MAX_CHARS, MAX_STATEMENTS, entities, plain, render_slides
from nightdesk.wiki.answer_forms.stated import Stated, one_line
from tests.wiki.answer_forms.given import HOSTILE, reference, stated

COMMENT = re.compile(r"<!-- _(?:class: lead|class: sources|paginate: false|footer: \"[\w &#;<>]*\") -->")


def deck(*lines: Stated, **more: str) -> str:
    numbers = {n for one in lines for n in one.references}
    return render_slides(
        more.get("title", "A title"), more.get("question", "Why?"), lines, [reference(n) for n in sorted(numbers)]
    )


def slides(text: str) -> list[str]:
    return text.split("\n---\n\n")[1:]


def test_a_deck_has_a_title_a_slide_for_each_group_and_its_sources() -> None:
    text = deck(stated("One.", 1), stated("Two.", 2), stated("Three.", 1, 3, group="Adam"))
    title, muon, adam, sources = slides(text)
    assert load_yaml(text.split("---")[1])["marp"] is True
    assert "# Why?" in title
    assert "3 statements from 1 source" in title
    assert "## Muon\n\n- One. [\\[1\\]](../sources/Muon%2C%20explained.md#^c0000000001)\n- Two." in muon
    assert "&#91;2&#93; Muon&#44; explained" in muon
    assert "&#91;3&#93;" not in muon
    assert "[\\[1\\]]" in adam
    assert "[\\[3\\]]" in adam
    assert sources.count("Five steps.") == 3


def test_no_slide_is_too_full() -> None:
    text = deck(*(stated(f"Statement {n} " + "word " * 30, n) for n in range(1, 20)))
    for slide in slides(text)[1:]:
        lines = re.findall(r"^- (?!\[)(.*)", slide, re.MULTILINE)
        assert len(lines) <= MAX_STATEMENTS
        assert sum(len(line.partition(" [")[0]) for line in lines) <= MAX_CHARS


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text(text: str) -> None:
    """In a statement, a heading, the question, a title, a quote, a page's name: the deck keeps its own form."""
    line = one_line(text)
    made = render_slides(
        text,
        text,
        [Stated(line, line, (1, 2))],
        [reference(1, page=text, quote=text), reference(2, page=text, quote=text, claim=False)],
    )
    front, *parts = made.split("\n---\n\n")
    values = load_yaml(front.removeprefix("---\n"))
    assert set(values) == {"marp", "type", "title", "paginate", "style"}
    assert values["marp"] is True
    assert len(parts) == 3
    body = "\n".join(parts)
    assert "<" not in COMMENT.sub("", body).replace("\\<", "")
    assert not re.search(r"(?<!\\)!\[", body)
    assert "://" not in body
    assert not re.search(r"^(?:---|\*\*\*|___|```|~~~|\$\$)", body, re.MULTILINE)
    assert all(target.startswith("../") for target in re.findall(r"\]\(([^)]*)\)", body))
    assert all(c.isprintable() or c == "\n" for c in made)


@given(st.text(max_size=60))
def test_a_foot_holds_no_markup_and_reads_as_it_was(text: str) -> None:
    line = one_line(text)
    made = entities(line)
    assert re.fullmatch(r"(?:[^\W_]| |&#\d+;)*", made)
    assert html.unescape(made) == line or any(ord(c) in range(0x80, 0xA0) for c in line)


@given(st.text(alphabet="-*_#<>![]()`$:/. wa1&;", max_size=30))
def test_a_line_is_one_line(text: str) -> None:
    made = plain(one_line(text))
    assert "\n" not in made
    assert "://" not in made
    assert not re.search(r"(?<!\\)<[a-zA-Z/!?]", made)
    assert "](" not in made
