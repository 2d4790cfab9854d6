"""Plain text as Markdown: what is written is what a person reads, and it comes back to the character."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nightdesk.base.markdown import plain_text
from nightdesk.wiki.escaping import escape_line, escape_markdown, unescape_markdown

# prose with every character that could act as markup, often two of them side by side
PIECES = [*"ab1 .,:;-+*_`<>#^|~=%{}![]()&$\\/\"'?@", " ", " ", "word", "é", "大", "…", "amp;", "://x", "[x]", "10. "]
PROSE = st.lists(st.sampled_from(PIECES), max_size=20).map("".join)


def collapsed(text: str) -> str:
    return " ".join(text.split())


@given(st.text() | PROSE)
def test_escaping_comes_back(text: str) -> None:
    assert unescape_markdown(escape_markdown(text)) == collapsed(text)
    assert unescape_markdown(escape_line(text)) == collapsed(text)


@given(PROSE)
@example("#")
@example("1.")
@example("[ ] a")
@example("a $x$ b")
@example("--- a")
@example("\\")
@example("&amp;")
@example("[a](b)")
@example("[^1]: x")
@example("www.x.org a_b_ *c*")
def test_a_person_reads_what_was_meant(text: str) -> None:
    assert plain_text(escape_line(text)) == collapsed(text)


@given(PROSE)
def test_it_also_reads_so_in_a_list_item_and_within_a_line(text: str) -> None:
    assert plain_text(f"- {escape_line(text)}") == collapsed(text)
    assert plain_text(f"word {escape_markdown(text)} word") == collapsed(f"word {text} word")


@given(PROSE, PROSE)
def test_two_texts_in_one_paragraph_do_not_meet(one: str, other: str) -> None:
    """A page's paragraph holds several claims: a dollar sign of each must not make a formula of what is between."""
    joined = f"{escape_line('x ' + one)} X {escape_markdown(other)} X"
    assert plain_text(joined) == collapsed(f"x {one} X {other} X")


@pytest.mark.parametrize(
    ("text", "escaped", "why"),
    [
        ("Plain prose, with (brackets), dashes - and 5 * 3.", None, "nothing acts here"),
        ("a snake_case name and C# and 50 % of $5", None, "nor here"),
        ("x < y and a > b, 3 = 3, AT&T", None, "nor here"),
        ("2 ^ 3 ~ 8", None, "nor here"),
        ("*emphasis*", "\\*emphasis\\*", "stars"),
        ("#tag", "\\#tag", "a tag in Obsidian"),
        ("Section #", "Section \\#", "at the end of a heading it would vanish"),
        ("[[link]]", "\\[\\[link]]", "a wikilink"),
        ("![x](y)", "\\!\\[x](y)", "an image"),
        ("<b>", "\\<b>", "HTML"),
        ("<% tp.date.now() %>", "\\<% tp.date.now() %>", "a command of template plug-ins"),
        ("5 <% of all", "5 \\<% of all", "its beginning alone"),
        ("less than < 5 %", None, "a sign and a percentage"),
        ("a|b", "a\\|b", "the end of a table cell, and of a link's target"),
        ("%%hidden%%", "\\%\\%hidden\\%\\%", "a comment in Obsidian"),
        ("==mark==", "\\=\\=mark\\=\\=", "a highlight"),
        ("~~gone~~", "\\~\\~gone\\~\\~", "struck out"),
        ("$x$ and $y$", "\\$x\\$ and \\$y\\$", "formulas"),
        ("US$ 5", "US\\$ 5", "would close a formula that another text opens"),
        ("&copy;", "\\&copy;", "an entity"),
        ("a ^c1234567890", "a \\^c1234567890", "a block id"),
        ("^[note]", "\\^[note]", "a footnote"),
        ("{{x}}", "\\{\\{x\\}\\}", "a template"),
        ("C:\\!", "C:\\\\!", "a backslash before punctuation"),
        ("C:\\dir", None, "a backslash before a letter is one"),
    ],
)
def test_only_what_acts_is_escaped(text: str, escaped: str | None, why: str) -> None:
    assert escape_markdown(text) == (text if escaped is None else escaped), why


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("1. January", "1\\. January"),
        ("1986) was", "1986\\) was"),
        ("3.5 is a number", "3.5 is a number"),
        ("- dash", "\\- dash"),
        ("+ plus", "\\+ plus"),
        ("# hash", "\\# hash"),
        ("> quote", "\\> quote"),
        ("= x", "\\= x"),
        ("---", "\\---"),
        ("[x] done", "\\[x] done"),
        ("[12] found", "[12] found"),
    ],
)
def test_the_start_of_a_line_acts_too(text: str, escaped: str) -> None:
    assert escape_line(text) == escaped
    assert plain_text(escaped) == text
