import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightdesk.wiki.vault.extract import read_record
from nightdesk.wiki.vault.records import from_row, to_row


def targets(text: str) -> list[str]:
    return [f"{link.path}#{link.fragment}".rstrip("#") for link in read_record(text.encode()).links]


@pytest.mark.parametrize(
    ("text", "expected", "why"),
    [
        ("[[a]] [[b|c]] [[d#e]] [[#f]] ![[g.png|10]]", ["a", "b", "d#e", "#f", "g.png"], "wikilinks and embeds"),
        ("| x |\n| --- |\n| [[a#b\\|c]] |", ["a#b"], "a bar in a table is escaped"),
        ("[x](a%20b.md#c%20d) ![y](<p q.png> 't')", ["a b.md#c d", "p q.png"], "Markdown links, decoded"),
        ("[x][r] [r] \n\n[r]: a.md", ["a.md", "a.md"], "references"),
        ("`[[a]]` ``[[b]]`` \\[[c]] $[[d]]$ $$[[e]]$$", [], "code, escapes and math"),
        ("```\n[[a]]\n```\n\n    [[b]]\n\n~~~\n[[c]]\n~~~", [], "blocks of code"),
        ("%%[[a]]%% x [[b]]\n%%\n[[c]]\n\n[[d]]\n%%\n[[e]]", ["b", "e"], "comments"),
        ("[[a]]\n\n%%\n[[b]]", ["a"], "a comment that is never closed hides the rest"),
        ("100%% sure [[a]]", ["a"], "two signs in a line open no comment without their pair"),
        ("`%%` [[a]] `%%`", ["a"], "nor do they in code"),
        ("x <!-- [[a]] --> [[b]]\n\n<div>\n[[c]]\n</div>\n\n[[d]]", ["b", "d"], "HTML"),
        ("<img src='a.png'> <img src=\"https://e.org/b.png\">", ["a.png"], "an HTML image of the vault"),
        ("[a](https://e.org/b.md) <https://e.org> [c](mailto:d@e.org) [f](//e.org)", [], "out of the vault"),
        ("[a]({{ site }}/x.md) [b]({%x%}) [c]()", [], "slots of templates, and nothing"),
        ("[[a\nb]]", [], "a wikilink stands in one line"),
        ("[[]] [[ ]] [[|x]]", [], "and names something"),
        ("---\nup: '[[a]]'\nlist: ['[[b|c]]', d]\ntext: see [[e]]\n---\n[[f]]", ["a", "b", "f"], "whole values only"),
        ("---\nno frontmatter, a rule\n---\n[[a]]", ["a"], "a rule is no frontmatter"),
        ("> [[a]]\n\n- [[b]]\n  - [[c]]\n\n[^1]: [[d]]", ["a", "b", "c", "d"], "in any block"),
    ],
)
def test_the_links_of_a_page_are_those_that_obsidian_counts(text: str, expected: list[str], why: str) -> None:
    assert targets(text) == expected, why


def test_a_link_has_its_line_and_column_in_the_file() -> None:
    text = '\ufeff---\r\nup: "[[a]]"\r\n---\r\n\r\n世界 [[b]] and\r\n| x |\r\n| --- |\r\n| é [[c]] |\r\n'
    places = [(link.path, link.line, link.column) for link in read_record(text.encode()).links]
    assert places == [("a", 2, 6), ("b", 5, 4), ("c", 8, 5)]


@pytest.mark.parametrize(
    ("text", "state", "line"),
    [
        ("no frontmatter", "", 1),
        ("---\na: 1\n---\nx", "ok", 1),
        ("---\n---\nx", "ok", 1),
        ("---\na: [\n---\nx", "is not valid YAML", 3),
        ("---\ntitle: a: b\n---\nx", "is not valid YAML", 2),
        ("---\na: 1\na: 2\n---\nx", "has a key twice", 1),
        ("---\ntags: {a: 1}\n---\nx", "has tags that are no list of texts", 2),
        ("---\na: 1\n\nno end", "is never closed: no line --- ends it", 1),
        ("---\n\na rule at the top", "", 1),
    ],
)
def test_the_state_of_frontmatter_is_told(text: str, state: str, line: int) -> None:
    record = read_record(text.encode())
    assert (record.front, record.front_line) == (state, line)


def test_names_headings_and_blocks_are_read() -> None:
    text = (
        "---\ntitle: C#\naliases: [C sharp, 12]\n---\nSet\n===\n\n## Two ##\n\n- item ^one\n\n> quote\n\n^two\n\n"
        "`code ^three`\n\n2^10\n"
    )
    record = read_record(text.encode())
    assert record.title == "C#"
    assert record.aliases == ("C sharp", "12")
    assert [(h.level, h.shown, h.line) for h in record.headings] == [(1, "Set", 5), (2, "Two", 8)]
    assert record.blocks == ("one", "two")


def test_what_is_not_utf8_is_read_as_far_as_it_goes() -> None:
    record = read_record(b"caf\xe9 [[a]]")
    assert not record.is_utf8
    assert [link.path for link in record.links] == ["a"]


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "[[a]]",
                "%%",
                "```\n",
                "`",
                "$",
                "---\n",
                "# h\n",
                "^b\n",
                "\n",
                "|",
                "![](x)",
                "<!--",
                "-->",
                "é",
                "世",
                " ",
                ":",
            ]
        ),
        max_size=25,
    ).map("".join)
)
def test_any_text_gives_a_record_that_can_be_kept(text: str) -> None:
    record = read_record(text.encode())
    assert from_row(json.loads(json.dumps(to_row(record)))) == record
    lines = text.count("\n") + 1
    assert all(1 <= link.line <= lines and link.column >= 1 for link in record.links)
    assert list(record.hidden) == sorted(record.hidden)
    assert all(end <= len(text.encode()) for end in record.hidden)
