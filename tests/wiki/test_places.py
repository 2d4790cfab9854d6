"""Where a quote stands: heading, page and line; frontmatter cannot be quoted."""

import pytest

from nightdesk.wiki.places import MAX_HEADING, TextPlaces, place_in_words

TEXT = """# Title

First words of the text.

<!-- page 3 -->
## A *marked* heading

Second words of the text.
"""


@pytest.mark.parametrize(
    ("text", "quote", "place"),
    [
        (TEXT, "First words of the text.", "Title, line 3"),
        (TEXT, "Second words of the text.", "A marked heading, p. 3, line 8"),
        (TEXT.replace("\n", "\r\n"), "Second words of the text.", "A marked heading, p. 3, line 8"),
        ("\ufeff" + TEXT, "First words of the text.", "Title, line 3"),
        (f"---\ntitle: x\n---\n{TEXT}", "First words of the text.", "Title, line 6"),
        (f"+++\ntitle = 'x'\n+++\n{TEXT}", "First words of the text.", "Title, line 6"),
        ("no heading at all here", "no heading at all", "line 1"),
        ("---\nA rule above these words.\n\n---\n", "A rule above these words.", "line 2"),  # no frontmatter
        (TEXT, "not there at all", None),
        ("---\ntitle: three whole words\n---\nbody", "three whole words", None),
        ("+++\ntitle = 'three whole words'\n+++\nbody", "three whole words", None),
        ("\ufeff---\r\ntitle: three whole words\r\n---\r\nbody", "three whole words", None),
        ("---\ntitle: three whole\n---\nwords and more", "three whole words and more", None),
        ("", "three whole words", None),
    ],
)
def test_places(text: str, quote: str, place: str | None) -> None:
    assert TextPlaces(text).find(quote) == place


def test_a_long_heading_is_shortened() -> None:
    place = place_in_words("x" * 300, "4", 7)
    assert place == f"{'x' * (MAX_HEADING - 1)}…, p. 4, line 7"
    assert place_in_words("", "", 1) == "line 1"
    assert place_in_words("two\n lines", "", 1) == "two lines, line 1"
