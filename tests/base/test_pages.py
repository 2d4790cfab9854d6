"""Pages as files: what is read is written back to the byte, and a person's work is never taken for nightdesk's."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightdesk.base.errors import DeskError
from nightdesk.base.pages import (
    Page,
    dump_yaml,
    iso_date,
    load_yaml,
    make_page,
    merge_fronts,
    parse_page,
    render_front,
    split_frontmatter,
    with_mark,
)

LEAVES = st.one_of(
    st.text(max_size=30), st.integers(-(10**12), 10**12), st.booleans(), st.none(), st.dates(), st.floats(-1e9, 1e9)
)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
)
KEYS = st.text("abcdefgh-_", min_size=1, max_size=8)
BODIES = st.text(st.characters(exclude_characters="\r", exclude_categories=["Cs"]), max_size=200)


@st.composite
def fronts(draw: st.DrawFn) -> str:
    """Frontmatter as people and programs write it: comments, blank lines, lists, block texts, nested values."""
    lines: list[str] = []
    for key in draw(st.lists(KEYS, min_size=1, max_size=5, unique=True)):
        lines += draw(st.lists(st.sampled_from(["# a comment", "", "# ---", "#no space"]), max_size=2))
        form = draw(st.sampled_from(["dumped", "block", "plain", "empty", "quoted"]))
        if form == "dumped":
            lines += dump_yaml({key: draw(VALUES)}).splitlines(keepends=False)
        elif form == "block":
            lines += [f"{key}: |", "  first", "  # no comment", "", "  last"]
        elif form == "quoted":
            lines += [f'{key}: "two', '  # lines"']
        else:
            lines.append(f"{key}:" if form == "empty" else f"{key}: some words # said here")
    return "".join(f"{line}\n" for line in lines)


@given(fronts(), BODIES)
def test_a_page_is_written_back_to_the_byte(front: str, body: str) -> None:
    text = f"---\n{front}---\n{body}"
    try:
        page = parse_page(text)
    except DeskError:
        assert "\x85" in front or "\u2028" in front or "\u2029" in front or not load_yaml(front)
        return
    assert page.text == text


@given(BODIES)
def test_a_page_without_frontmatter_is_its_body(body: str) -> None:
    if body.startswith(("---", "\ufeff")):
        body = "x" + body
    assert parse_page(body) == Page({}, body)


@given(st.dictionaries(KEYS, VALUES, max_size=5))
def test_what_is_dumped_is_loaded_again(values: dict[str, Any]) -> None:
    assert load_yaml(dump_yaml(values)) == values


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),  # YAML 1.1 says False: Norway's country code
        ("yes", "yes"),
        ("off", "off"),
        ("12:30", "12:30"),  # 1.1 says 750
        ("010", 10),  # 1.1 says 8
        ("1_000", "1_000"),  # 1.1 says 1000
        ("0x1f", "0x1f"),
        ("true", True),
        ("False", False),
        ("~", None),
        ("", None),
        ("1e5", 100000.0),  # 1.1 says it is a text
        ("-.5", -0.5),
        ("2025-03-04", date(2025, 3, 4)),
        ("2025-13-45", "2025-13-45"),  # looks like a date and is none
        ("2025-03-04 10:00:00", "2025-03-04 10:00:00"),
        ("=", "="),  # 1.1 has a type for it that breaks its own reader
        ("<<", "<<"),
        ("C#", "C#"),
        ("'no'", "no"),
    ],
)
def test_values_follow_yaml_1_2(text: str, value: Any) -> None:
    assert load_yaml(f"key: {text}\n") == {"key": value}


@pytest.mark.parametrize(
    "text",
    [
        "1e5",  # PyYAML writes it bare, YAML 1.2 reads a number
        "08",
        "0899999912345678",
        "12345678901234567890123456789e12",  # a hash can look like this: the page would seem a person's
        "0o17",
        "no",
        "null",
        "2025-01-01",
        "- a",
        "a: b",
        "a #b",
        "&a",
        "*a",
        "'",
        '"',
        "@x",
        "%x",
        " x ",
        "",
        "\u2028",
        "\x85",
        "a\nb",
        "\x00",
    ],
)
def test_a_text_stays_a_text(text: str) -> None:
    assert load_yaml(dump_yaml({"key": text})) == {"key": text}
    page = make_page({"title": text}, "body\n", made_from="x")
    assert parse_page(page.text).value("title") == text


def test_a_hash_of_digits_is_still_a_hash() -> None:
    page = make_page({"title": "x"}, "body\n", made_from="12345678901234567890123456789e12")
    assert parse_page(page.text).made_from == "12345678901234567890123456789e12"
    assert not parse_page(page.text).edited


@pytest.mark.parametrize(
    ("front", "why"),
    [
        ("title: [a", "a bracket is open"),
        ("title: 'a", "a quotation mark is open"),
        ("a: 1\na: 2", "a key stands twice: which one counts?"),
        ("- a\n- b", "a list, no keys"),
        ("just words", "a text, no keys"),
        ("{a: 1}", "one line for all keys cannot be cut by key"),
        ("a: 1\n...\nb: 2", "two documents"),
        ("\ta: 1", "a tab"),
        ("a: *b", "an alias of nothing"),
        ("a: &a [*a]", "a list that holds itself"),
        ("a: " + "[" * 6000, "a nest that crashes libyaml's readers"),
        ("- " * 6000, "the same in block form"),
        ("a: \x00", "a NUL"),
    ],
)
def test_broken_frontmatter_is_an_error_that_a_person_can_mend(front: str, why: str) -> None:
    with pytest.raises(DeskError) as caught:
        parse_page(f"---\n{front}\n---\nbody\n")
    assert "frontmatter" in caught.value.message, why
    assert caught.value.fix


def bomb(levels: int, width: int) -> str:
    first = f"  - &a0 [{','.join('x' * width)}]\n"
    rest = (f"  - &a{n} [{','.join([f'*a{n - 1}'] * width)}]\n" for n in range(1, levels))
    return "tags:\n" + first + "".join(rest)


def test_an_alias_bomb_is_harmless() -> None:
    with pytest.raises(DeskError):
        parse_page(f"---\n{bomb(20, 9)}---\n")
    assert load_yaml(bomb(20, 9)) == {}
    small = parse_page(f"---\n{bomb(3, 3)}---\n")
    assert len(dump_yaml({"tags": small.value("tags")})) < 1000, "honest aliases are read and written out"


def test_deep_nests_do_not_end_the_process() -> None:
    for text in ("a: " + "[" * 100_000, "a: " + "{a: " * 100_000, "- " * 100_000, "? " * 100_000):
        assert load_yaml(text) == {}
    assert load_yaml("a: " + "[" * 50 + "]" * 50) != {}


@pytest.mark.parametrize(
    ("text", "keys", "body"),
    [
        ("---\na: 1\n---\nbody", ["a"], "body"),
        ("---\r\na: 1\r\nb: 2\r\n---\r\nbody\r\n", ["a", "b"], "body\n"),  # a Windows editor
        ("\ufeff---\na: 1\n---\nbody", ["a"], "body"),  # a byte order mark
        ("---  \na: 1\n---\t\nbody", ["a"], "body"),  # blanks behind the fences
        ("---\na: 1\n---", ["a"], ""),  # nothing behind the fence
        ("---\na: 1\n---\nx\n---\ny\n", ["a"], "x\n---\ny\n"),  # a rule in the body is no fence
        ("---\na: |\n  x\n  ---\n---\nbody", ["a"], "body"),  # nor is an indented one
        ("x\n---\na: 1\n---\n", [], "x\n---\na: 1\n---\n"),  # frontmatter is at the start or nowhere
        ("---\na: 1\nbody without a second fence", [], "---\na: 1\nbody without a second fence"),
        ("----\na: 1\n----\n", [], "----\na: 1\n----\n"),
        ("---\n---\nbody", [], "---\n---\nbody"),  # no key: all of it stays
        ("---\n# a comment\n---\nbody", [], "---\n# a comment\n---\nbody"),
        ("", [], ""),
    ],
)
def test_where_frontmatter_begins_and_ends(text: str, keys: list[str], body: str) -> None:
    page = parse_page(text)
    assert (list(page.front), page.body) == (keys, body)
    assert parse_page(page.text) == page


def test_each_key_has_its_own_lines() -> None:
    page = parse_page(
        "---\n# first\na: 1\n\n# about b\n# in two lines\nb:\n  - x\n  # - y\nc: |\n  text\n  # text too\n"
        'd: "two\n  # lines"\ne: {x: 1,\n  # flow\n  y: 2}\nf: 3\n# last\n---\n'
    )
    assert dict(page.front) == {
        "a": "# first\na: 1\n\n",
        "b": "# about b\n# in two lines\nb:\n  - x\n  # - y\n",  # an item that is commented out belongs to its list
        "c": "c: |\n  text\n  # text too\n",  # not a comment: a line of the text
        "d": 'd: "two\n  # lines"\n',
        "e": "e: {x: 1,\n  # flow\n  y: 2}\n",
        "f": "f: 3\n# last\n",
    }
    assert page.value("c") == "text\n# text too\n"
    assert page.value("d") == "two # lines"


def test_the_content_hash_does_not_know_the_mark() -> None:
    page = make_page({"title": "Muon"}, "# Muon\n", made_from="a" * 32)
    assert page.written == page.content_hash
    assert not page.edited
    again = with_mark(page, like=make_page({"title": "Muon"}, "# Muon\n", made_from="b" * 32))
    assert again.content_hash == page.content_hash
    assert (again.made_from, again.edited) == ("b" * 32, False)


@pytest.mark.parametrize(
    ("old", "new", "edited"),
    [
        ("# Muon", "# Muon\n\nMine.", True),
        ("title: Muon", "title: Moon", True),
        ("title: Muon\n", "title: Muon\nmine: 1\n", True),
        ("title: Muon\n", "# mine\ntitle: Muon\n", True),
        ("nightdesk:", "# a comment above the mark\nnightdesk:", True),
        ("---\n# Muon", "# a comment below the mark\n---\n# Muon", True),
        ("\n", "\r\n", False),  # an editor's line ends are no edit
        ("---\ntitle", "\ufeff---\ntitle", False),
        ("body", "bodx", True),
    ],
)
def test_what_counts_as_an_edit(old: str, new: str, edited: bool) -> None:
    text = make_page({"title": "Muon"}, "# Muon\n\nbody\n", made_from="a" * 32).text
    assert old in text
    changed = text.replace(old, new) if old == "\n" else text.replace(old, new, 1)
    assert parse_page(changed).edited is edited


def test_a_page_of_a_person_counts_as_edited_and_unmarked() -> None:
    for text in ("# Mine\n", "---\ntitle: Mine\n---\n", "---\nnightdesk: mine\n---\n", "---\nnightdesk: [1]\n---\n"):
        page = parse_page(text)
        assert (page.made_from, page.written, page.edited) == (None, None, True)


def test_a_new_mark_keeps_comments_around_it() -> None:
    page = parse_page("---\ntitle: x\n# above\nnightdesk:\n  made_from: a\n  content: b\n# below\n---\nbody")
    marked = with_mark(page, like=parse_page("---\nnightdesk:\n  made_from: c\n  content: d\n---\n"))
    assert marked.text == "---\ntitle: x\n# above\nnightdesk:\n  made_from: c\n  content: d\n# below\n---\nbody"


def merged(base: str, ours: str, theirs: str) -> str:
    pages = [parse_page(f"---\n{front}---\n") for front in (base, ours, theirs)]
    return "".join(merge_fronts(base=pages[0], ours=pages[1], theirs=pages[2]).values())


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "result", "why"),
    [
        ("a: 1\n", "a: 1\n", "a: 2\n", "a: 2\n", "nobody touched it: the new version"),
        ("a: 1\n", "a: 3\n", "a: 1\n", "a: 3\n", "the person's change"),
        ("a: 1\n", "a: 3\n", "a: 2\n", "a: 3\n", "both changed it: the person's"),
        ("a: 1\n", "a: 1\nmine: x\n", "a: 2\n", "a: 2\nmine: x\n", "a key that nightdesk does not know"),
        ("a: 1\n", "# why\na: 1\n", "a: 1\n", "# why\na: 1\n", "a comment"),
        ("a: 1\nb: 2\n", "a: 1\n", "a: 1\nb: 2\n", "a: 1\n", "the person took it away"),
        ("a: 1\nb: 2\n", "a: 1\n", "a: 1\nb: 3\n", "a: 1\n", "and it stays away"),
        ("a: 1\nb: 2\n", "a: 1\nb: 2\n", "a: 1\n", "a: 1\n", "nightdesk took it away"),
        ("a: 1\nb: 2\n", "a: 1\nb: 3\n", "a: 1\n", "a: 1\nb: 3\n", "but what the person changed stays"),
        ("a: 1\n", "a: 1\n", "a: 1\nb: 2\n", "a: 1\nb: 2\n", "a new key"),
        ("t: [a]\n", "t: [a, mine]\n", "t: [a, new]\n", "t:\n- a\n- new\n- mine\n", "lists keep both additions"),
        ("t: [a, b]\n", "t: [a]\n", "t: [a, b, c]\n", "t:\n- a\n- c\n", "and what the person struck stays struck"),
        ("t: [a]\n", "# mine\nt: [a, b]\n", "t: [c]\n", "# mine\nt:\n- c\n- b\n", "comments above a list"),
        ("t: a\n", "t: [a, b]\n", "t: [a, c]\n", "t: [a, b]\n", "a text became a list: the person's"),
        ("t: [a]\n", "t: mine\n", "t: [a, c]\n", "t: mine\n", "a list became a text: the person's"),
    ],
)
def test_frontmatter_is_merged_key_by_key(base: str, ours: str, theirs: str, result: str, why: str) -> None:
    assert merged(base, ours, theirs) == result, why


@given(st.dictionaries(KEYS, VALUES, max_size=4), st.dictionaries(KEYS, VALUES, max_size=4))
def test_merging_loses_no_key_of_a_person_and_no_change(base: dict[str, Any], ours: dict[str, Any]) -> None:
    pages = [Page({key: dump_yaml({key: value}) for key, value in values.items()}, "") for values in (base, ours)]
    result = merge_fronts(base=pages[0], ours=pages[1], theirs=pages[0])
    assert result == pages[1].front, "with no new version, the person's page is the result"
    assert merge_fronts(base=pages[0], ours=pages[0], theirs=pages[1]) == pages[1].front


def test_empty_values_are_left_out() -> None:
    assert render_front({"a": None, "b": [], "c": {}, "d": 0, "e": "", "f": False}) == {
        "d": "d: 0\n",
        "e": "e: ''\n",
        "f": "f: false\n",
    }


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (date(2025, 3, 4), date(2025, 3, 4)),
        ("2025-03-04", date(2025, 3, 4)),
        (" 2025-03-04T10:00:00Z", date(2025, 3, 4)),
        ("2025-03", None),
        ("2025", None),
        (2025, None),
        (None, None),
        ("yesterday", None),
        ([], None),
    ],
)
def test_dates(value: object, found: date | None) -> None:
    assert iso_date(value) == found


def test_splitting_reads_no_yaml() -> None:
    assert split_frontmatter("\ufeff---\r\na: [\r\n---\r\nbody") == ("a: [\n", "body")
    assert split_frontmatter("body") == ("", "body")
