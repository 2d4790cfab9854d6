"""Blocks of Markdown: what a person reads, and where each character of it stands."""

import random

import pytest

from nightdesk.base.markdown import blocks, frontmatter_end, plain_text, title_of

PAGE = """---
title: Muon
---
# Head *é*

Para **bold** [link](http://x) [[a|b]] ![im](x.png) `code` $x^2$ fn[^1].
Second line &amp; more \\* end.

> quote a
> quote b

- item **a
  cont** x
  - nested
- [ ] task

## Table

| a | b |
|---|---|
| c \\| d | e |

```py
x = 1
```

<!-- page 3 -->

$$
E = mc^2
$$

<div>raw</div>

[^1]: foot note
"""


def test_blocks_come_in_reading_order_with_kind_text_headings_and_page() -> None:
    found = [(block.kind, block.level, block.plain, block.headings, block.page) for block in blocks(PAGE)]
    under, table = ("Head é",), ("Head é", "Table")
    assert found == [
        ("heading", 1, "Head é", (), None),
        ("paragraph", 0, "Para bold link b  code $x^2$ fn. Second line & more * end.", under, None),
        ("quote", 0, "quote a quote b", under, None),
        ("item", 0, "item a cont x", under, None),
        ("item", 0, "nested", under, None),
        ("item", 0, "task", under, None),
        ("heading", 2, "Table", under, None),
        ("cell", 0, "a", table, None),
        ("cell", 0, "b", table, None),
        ("cell", 0, "c | d", table, None),
        ("cell", 0, "e", table, None),
        ("code", 0, "x = 1\n", table, None),
        ("math", 0, "$$\nE = mc^2\n$$", table, 3),
        ("html", 0, "raw\n", table, 3),
        ("paragraph", 0, "foot note", table, 3),
    ]


@pytest.mark.parametrize(
    ("markdown", "plain", "reason"),
    [
        ('[text](http://x "t") and <http://y.z>', "text and http://y.z", "a link is its text, a bare address itself"),
        ("a ![alt](i.png) b ![[pic.png]] c", "a b c", "images show nothing"),
        ("[[Page]] and [[Page|shown]]", "Page and shown", "a wikilink is its text or what it shows"),
        ("see [[12]](#ref-12) there", "see [12] there", "brackets in a link's text make no wikilink"),
        ("~~old~~ new, ~5 to ~6", "new, ~5 to ~6", "struck out is gone, a tilde is a tilde"),
        ("snake_case and 2*3*4", "snake_case and 234", "emphasis as CommonMark reads it"),
        ("wrapped\nline  \nhard", "wrapped line hard", "line breaks are white space"),
        ("中文\n中文 and\nEnglish", "中文中文 and English", "no space between lines of Chinese"),
        ("a<br>b <span>c</span>", "a b c", "tags show nothing, a break parts words"),
        ("&lt;b&gt; &copy; &#65;", "<b> © A", "entities are their characters"),
        ("| a \\| b | [[p\\|q]] |\n|---|---|\n", "a | b q", "escaped bars in a table"),
        ("`` a`b `` and `x\ny`", "a`b and x y", "code keeps its text, its line break a space"),
        ("term\n: meaning of it", "term meaning of it", "definition lists"),
        ("", "", "nothing"),
        ("\ud800 lone", "? lone", "a lone surrogate does not stop the reading"),
        ("---\n", "", "a rule shows nothing"),
    ],
)
def test_plain_text_is_what_a_person_reads(markdown: str, plain: str, reason: str) -> None:
    assert plain_text(markdown) == plain, reason


@pytest.mark.parametrize(
    ("markdown", "sought", "slice_", "reason"),
    [
        ("A **bold** word", "bold", "**bold**", "markup wholly inside comes along"),
        ("**One. Two.** Three.", "One.", "One.", "markup that opens but does not close is left out"),
        ("**One. Two.** Three.", "Two.", "Two.", "markup that closes but did not open is left out"),
        ("Read [the docs](http://x/y) now", "the docs", "[the docs](http://x/y)", "a link comes whole"),
        ("Read [the docs](http://x/y) now", "Read the docs", "Read [the docs](http://x/y)", "also at the end"),
        ("Run `a b` now", "a b", "`a b`", "code keeps its ticks"),
        ("x &amp; y", "x &", "x &amp;", "an entity is never cut"),
        ("café &amp; thé 😀 fin", "thé 😀", "thé 😀", "characters, not bytes"),
        ("***both* marks** end", "both marks", "***both* marks**", "nested marks"),
        ("> a quoted\n> line here", "quoted line", "quoted\n> line", "the slice is the source as it is"),
    ],
)
def test_a_slice_of_plain_maps_to_a_slice_of_the_source(markdown: str, sought: str, slice_: str, reason: str) -> None:
    (block, *_) = blocks(markdown)
    first = block.plain.index(sought)
    start, end = block.source_span(first, first + len(sought))
    assert markdown[start:end] == slice_, reason


@pytest.mark.parametrize(
    ("text", "title", "reason"),
    [
        ("---\ntitle: 'It''s \"C#\"'\n---\n# Other\n", 'It\'s "C#"', "frontmatter first, unquoted"),
        ('---\ntitle: "A: \\"b\\""\n---\n', 'A: "b"', "double quotes"),
        ("---\ntitle: >-\n  Two\n  lines\n---\n", "Two lines", "a folded title"),
        ('+++\ntitle = "TOML"\n+++\nText', "TOML", "TOML frontmatter"),
        ("Text first.\n\n# The *title*\n", "The title", "the first heading of level 1, wherever it is"),
        ("## Second level first\n\nText.", "Second level first", "a heading before anything else"),
        ("Text.\n\n## Later\n", None, "a later heading of level 2 is no title"),
        ("Setext\n===\n", "Setext", "underlined headings"),
        ("", None, "nothing"),
    ],
)
def test_title_of(text: str, title: str | None, reason: str) -> None:
    assert title_of(text) == title, reason


@pytest.mark.parametrize(
    ("text", "rest", "reason"),
    [
        ("---\na: 1\n---\nText", "Text", "YAML"),
        ("---\na: 1\n...\nText", "Text", "YAML may end with dots"),
        ("\ufeff---\r\na: 1\r\n---\r\nText", "Text", "byte order mark and CRLF"),
        ("---\n---\nText", "Text", "empty"),
        ("---\n\nIt was so.\n\n---\nText", "---\n\nIt was so.\n\n---\nText", "two rules are no frontmatter"),
        ("---\na: 1\nText", "---\na: 1\nText", "never closed"),
        ("Text\n---\na: 1\n---\n", "Text\n---\na: 1\n---\n", "not at the start"),
    ],
)
def test_frontmatter_end(text: str, rest: str, reason: str) -> None:
    assert text[frontmatter_end(text) :] == rest, reason


def test_metadata_in_the_middle_is_text() -> None:
    assert "kept: here" in plain_text("Some text.\n\n---\nkept: here\n\n---\n\nMore.")


def test_a_long_line_over_dashes_is_no_heading() -> None:
    text = "This paragraph ends where someone typed dashes. " * 8 + "\n---\n\nNext."
    assert [block.kind for block in blocks(text)] == ["paragraph", "paragraph"]


PIECES = [
    *(
        "a",
        "B c",
        "é ",
        "中文。",
        "**",
        "*",
        "_",
        "`",
        "``",
        "\n",
        "\n\n",
        "> ",
        "- ",
        "[",
        "]",
        "(",
        ")",
        "[[",
        "]]",
        "|",
    ),
    *(
        "\n|---|---|\n",
        "| a | b |\n",
        "&amp;",
        "\\*",
        "\\",
        "$",
        "$$",
        "<b>",
        "<!-- page 3 -->",
        "```\n",
        "~~",
        "http://x.y ",
    ),
    *(
        "# ",
        "1. ",
        "!",
        "\0",
        "\r\n",
        "\t",
        "😀",
        "\ufeff",
        "[^1]",
        "[^1]: ",
        "---\n",
        "a: b\n",
        "\ud800",
        "    code\n",
        ": d\n",
    ),
]


@pytest.mark.parametrize("seed", range(20))
def test_any_text_gives_offsets_within_it_that_never_go_back(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(60):
        text = "".join(chance.choice(PIECES) for _ in range(chance.randrange(1, 60)))
        for block in blocks(text):
            assert len(block.offsets) == len(block.plain)
            assert all(0 <= place < len(text) for place in block.offsets), repr(text)
            assert all(a <= b for a, b in zip(block.offsets, block.offsets[1:], strict=False)), repr(text)
            assert 0 <= block.start <= block.end <= len(text)


def test_every_character_stands_where_its_offset_says() -> None:
    for block in blocks(PAGE):
        for char, place in zip(block.plain, block.offsets, strict=True):
            assert char == PAGE[place] or (char.isspace() and PAGE[place].isspace()) or PAGE.startswith("&amp;", place)


def test_a_superscript_is_not_read_as_part_of_the_number() -> None:
    assert plain_text("at most 2<sup>31</sup> - 1 bytes") == "at most 2^31 - 1 bytes"
