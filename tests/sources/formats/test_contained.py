"""What somebody wrote never reaches beyond the heading that names who wrote it."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from nightdesk.base.markdown import blocks
from nightdesk.sources.formats.contained import contain, plain_line, spoken_heading

PIECES = st.sampled_from(
    [
        "#",
        "##",
        " ",
        "  ",
        "    ",
        "\n",
        "\n\n",
        "-",
        "---",
        "===",
        "```",
        "~~~",
        "`",
        ">",
        "1.",
        "<!--",
        "-->",
        "<div>",
        *("<script>", "word", "|", "[x]: y", "[^1]:", "$$", "\t", "*", "+", "\\", "%%", "<![CDATA[", "<?php", "é"),
    ]
)


@settings(max_examples=400, deadline=None)
@given(st.lists(PIECES, max_size=25).map("".join))
@example("<!-- never closed")
@example("text\n---")
@example("1. ```\n   # code")
@example("> - # deep\n>   ===")
def test_no_text_has_a_heading_or_hides_the_next_one(text: str) -> None:
    document = f"## Ada\n\n{contain(text)}\n\n## Bob\n\nSaid Bob.\n"
    headings = [block.plain for block in blocks(document) if block.kind == "heading"]
    assert headings == ["Ada", "Bob"]
    assert blocks(document)[-1].plain == "Said Bob."


@pytest.mark.parametrize(
    ("text", "contained"),
    [
        ("# Answer\nYes.", "**Answer**\n\nYes."),  # a heading would take the speaker's place
        ("Yes.\n---\nNo.", "Yes.\n\n---\nNo."),  # a line below makes a heading of the one above
        ("a\n===\nb", "a\n\nb"),
        ("```py\n# code", "```py\n# code\n\n```".replace("\n\n```", "\n```")),  # a fence that is never closed
        ("- ## Item", "- **Item**"),
        ("List<T> and `Map<K, V>`", "List\\<T> and `Map<K, V>`"),  # a tag would vanish; in code it is safe
        ("see <https://a.org/b>", "see https://a.org/b"),
        ("* * *", "* * *"),
        ("plain *words* stay", "plain *words* stay"),
    ],
)
def test_what_becomes_of_markup(text: str, contained: str) -> None:
    assert contain(text) == contained


def test_names_in_headings_are_plain_words() -> None:
    assert spoken_heading(2, "# [[Ada]]\n<b>", "2024-05-01") == "## Ada b, 2024-05-01"
    assert spoken_heading(3, "") == "### unnamed"
    assert plain_line(None) == ""
