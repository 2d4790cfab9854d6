"""Links found with the characters they are written in, and changed there alone."""

import pytest

from nightdesk.wiki.page_moves.following import Goal, Whereabouts, relink
from nightdesk.wiki.page_moves.written_links import missing_links, written_links

OLD, NEW = "wiki/concepts/Muon.md", "wiki/concepts/O'Muon 2.md"
PLACE = "wiki/mine/page.md"
FILES = [OLD, PLACE, "raw/muon.md", "wiki/concepts/Other.md"]

CASES = [
    ("[[Muon]]", "[[O'Muon 2|Muon]]", "the words shown stay"),
    ("[[muon]]", "[[O'Muon 2|muon]]", "case does not count"),
    ("[[Muon|it]]", "[[O'Muon 2|it]]", "a label stays"),
    ("[[Muon#A b]]", "[[O'Muon 2#A b|Muon > A b]]", "Obsidian shows a heading so"),
    ("[[Muon#^c12|1]]", "[[O'Muon 2#^c12|1]]", "a citation"),
    ("![[Muon]]", "![[O'Muon 2]]", "an embed shows no words of its own"),
    ("[[concepts/Muon|x]]", "[[concepts/O'Muon 2|x]]", "a path stays as long as it was"),
    ("[[../concepts/Muon|x]]", "[[../concepts/O'Muon 2|x]]", "and where it began"),
    ("[t](../concepts/Muon.md)", "[t](../concepts/O%27Muon%202.md)", "percent-encoded"),
    ("[t](../concepts/Muon.md#a-b 'T')", "[t](../concepts/O%27Muon%202.md#a-b 'T')", "with fragment and title"),
    ("[t](<../concepts/Muon.md>)", "[t](<../concepts/O'Muon 2.md>)", "within angle brackets"),
    ("[t [u]](Muon.md)", "[t [u]](O%27Muon%202.md)", "brackets in the words"),
    ("[t][r]\n\n[r]: ../concepts/Muon.md", "[t][r]\n\n[r]: ../concepts/O%27Muon%202.md", "an address below"),
    ("| a |\n|---|\n| [[Muon]] |", "| a |\n|---|\n| [[O'Muon 2\\|Muon]] |", "a cell"),
    ("| a |\n|---|\n| [[Muon\\|m]] |", "| a |\n|---|\n| [[O'Muon 2\\|m]] |", "a label in a cell"),
    ("---\nup: '[[Muon]]'\n---\nx", "---\nup: '[[O''Muon 2|Muon]]'\n---\nx", "a property"),
    ('---\nup: ["[[Muon]]", "[[Other]]"]\n---\nx', '---\nup: ["[[O\'Muon 2|Muon]]", "[[Other]]"]\n---\nx', "a list"),
    ("---\nup: '[[Muon|it''s]]'\n---\nx", "---\nup: '[[O''Muon 2|it''s]]'\n---\nx", "one written with an escape"),
    (
        "\u00e4 \U0001f600 [[Muon|x]] \u6771[[Muon|y]]",
        "\u00e4 \U0001f600 [[O'Muon 2|x]] \u6771[[O'Muon 2|y]]",
        "wide characters",
    ),
    ("a\r\n[[Muon|x]]\r\n", "a\r\n[[O'Muon 2|x]]\r\n", "line ends stay"),
    ("\ufeff---\nx: 1\n---\n[[Muon|x]]", "\ufeff---\nx: 1\n---\n[[O'Muon 2|x]]", "a byte order mark stays"),
    ("a\0[[Muon|x]]", "a\0[[O'Muon 2|x]]", "so does what is no text"),
]
LEFT = [
    ("`[[Muon]]`", "code"),
    ("```\n[[Muon]]\n```", "a block of code"),
    ("%%[[Muon]]%%", "a comment"),
    ("<!-- [[Muon]] -->", "an HTML comment"),
    ("$[[Muon]]$", "a formula"),
    (r"\[[Muon]]", "escaped"),
    ("[[Other]] [x](https://a.b/Muon.md)", "other targets"),
    ("[x](../../raw/muon.md)", "a source of the same name"),
    ("Muon", "the mere word"),
]


def renamed(text: str) -> str:
    before = Whereabouts(FILES, [])
    after = before.after({OLD: NEW})
    goals = {one: Goal(NEW) for one in written_links(text) if before.find(one.link, PLACE) == OLD}
    done = relink(text, PLACE, goals, after)
    assert done.failed == ()
    assert all(after.find(one.link, PLACE) != OLD for one in written_links(done.text))
    return done.text


@pytest.mark.parametrize(("text", "expected", "why"), CASES)
def test_a_link_follows_its_page(text: str, expected: str, why: str) -> None:
    assert missing_links(text, written_links(text)) == [], why
    assert renamed(text) == expected, why


@pytest.mark.parametrize(("text", "why"), LEFT)
def test_what_is_no_link_to_the_page_stays(text: str, why: str) -> None:
    assert renamed(text) == text, why


def test_many_links_on_one_page_are_all_found() -> None:
    text = "\n".join(f"{'é' * (n % 7)} [[Muon|{n}]] and [{n}](../concepts/Muon.md)" for n in range(2_000))
    assert len(written_links(text)) == 4_000
    assert renamed(text).count("O'Muon 2") == 2_000
