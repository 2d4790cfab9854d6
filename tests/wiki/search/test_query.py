"""The query language: what is read, and what is said of a query that cannot be."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightdesk.base.errors import DeskError
from nightdesk.wiki.search.asked import Both, Either, Filter, Node, Query, QueryError, Term
from nightdesk.wiki.search.lexer import MAX_QUERY
from nightdesk.wiki.search.query import parse_query, plain_query


def written(node: Node | None) -> str:
    """Return a node as one line, brackets around all that is several."""
    if node is None:
        return ""
    if isinstance(node, Term):
        words = " ".join(token.text for token in node.tokens)
        return (f'"{words}"' if node.exact or len(node.tokens) > 1 else words) + "*" * node.prefix
    if isinstance(node, Either):
        return f"({' OR '.join(map(written, node.parts))})"
    excluded = [f"-{written(part)}" for part in node.excluded]
    return f"({' '.join([*map(written, node.wanted), *excluded])})"


@pytest.mark.parametrize(
    ("text", "meaning", "why"),
    [
        ("muon", "muon", "a word"),
        ("Muon  RATE", "(muon rate)", "words side by side are all wanted; case does not matter"),
        ("muon AND rate", "(muon rate)", "AND may be written"),
        ("a b OR c d", "((a b) OR (c d))", "OR binds loosest"),
        ("a (b OR c)", "(a (b OR c))", "brackets bind first"),
        ('"weight decay" x', '("weight decay" x)', "a phrase"),
        ("“weight decay”", '"weight decay"', "a phrase in the quotation marks of a word processor"),
        ("optim*", "optim*", "a prefix"),
        ('"gradient desc"*', '"gradient desc"*', "a phrase whose last word is a prefix"),
        ("muon -adam", "(muon -adam)", "without a word"),
        ("muon NOT adam", "(muon -adam)", "the same, in words"),
        ('muon -"weight decay" -(a OR b)', '(muon -"weight decay" -(a OR b))', "without a phrase, without a group"),
        ("warm-up", '"warm up"', "a hyphen within a word joins"),
        ("v1.2 gpt-2", '("v1 2" "gpt 2")', "so do dots"),
        ("nn.Linear(x)", '"nn linear x"', "brackets within a word are no groups"),
        ("(f(x) OR y)", '("f x" OR y)', "even within a group"),
        ("C++ c# c", "(cplusplus csharp c)", "signs that tell languages apart"),
        ("12:30 std::vec https://x.org/a", '("12 30" "std vec" "https x org a")', "a colon that makes no filter"),
        ("a -- b - c", "(a b c)", "dashes between words are no exclusion"),
        ("--force", "force", "nor are two hyphens"),
        ("? & muon ...", "muon", "signs alone say nothing"),
        ("or and not", "(or and not)", "operators are in capitals"),
        ('"OR"', '"or"', "in quotes they are words"),
        ("Café ＧＰＴ", "(cafe gpt)", "accents and width do not matter"),
        ("学习率 GPT模型", '(学习率 "gpt 模型")', "scripts without blanks"),
        ("mu\0on", "(mu on)", "a NUL is a blank"),
        ("muon)", "muon", "a bracket that closes nothing is a sign like others"),
    ],
)
def test_what_a_query_means(text: str, meaning: str, why: str) -> None:
    assert written(parse_query(text).wanted) == meaning, why


@pytest.mark.parametrize(
    ("text", "filters"),
    [
        ("muon type:concept", (Filter("type", ("concept",), False),)),
        ("type:concept,source", (Filter("type", ("concept", "source"), False),)),
        ("-type:source x", (Filter("type", ("source",), True),)),
        ('path:"my notes/a"', (Filter("path", ("my notes/a",), False),)),
        ("tag:#ml tag:data", (Filter("tag", ("ml",), False), Filter("tag", ("data",), False))),
        ("IN:Wiki,claims", (Filter("in", ("wiki", "claims"), False),)),
        ("after:2025 x", (Filter("after", ("2025-01-01",), False),)),
        ("before:2025-06 x", (Filter("before", ("2025-06-01",), False),)),
        ("after:2024-2-29", (Filter("after", ("2024-02-29",), False),)),
        ("a OR b type:x", (Filter("type", ("x",), False),)),
    ],
)  # fmt: skip
def test_filters(text: str, filters: tuple[Filter, ...]) -> None:
    assert parse_query(text).filters == filters


@pytest.mark.parametrize(
    ("text", "position", "words"),
    [
        ("", 1, "holds no word"),
        (" ?! ", 1, "holds no word"),
        ('a "b c', 3, "never closed"),
        ("a (b OR c", 3, "never closed"),
        ("a ()", 4, "nothing in these brackets"),
        ("a OR", 5, "OR stands between"),
        ("OR a", 1, "OR stands between"),
        ("a OR OR b", 6, "OR stands between"),
        ("AND a", 1, "AND stands between"),
        ("a AND", 3, "AND stands between"),
        ("a NOT", 6, "missing"),
        ("-a", 1, "only says what is not wanted"),
        ("a OR -b", 1, "only something is excluded"),
        ("x (-a)", 4, "only something is excluded"),
        ("a*", 1, "asks for too much"),
        ("tags:x", 1, "no filter is called tags:"),
        ("typ:x", 1, "no filter is called typ:"),
        ("type:", 6, "says nothing"),
        ("type: concept", 6, "says nothing"),
        ("in:drawer x", 4, "nowhere to look"),
        ("x after:yesterday", 9, "no date"),
        ("before:2025-13", 8, "no date"),
        ("after:2025-02-30", 7, "no date"),
        ("(type:a x) OR y", 2, "holds for the whole query"),
        ("type:a type:b", 8, "stands twice"),
        ("type:a OR type:b", 11, "stands twice"),
        ("tag:a OR tag:b", 7, "OR stands between"),
        ("(" * 50 + "a", 11, "brackets in one another"),
        ("x " * 100, 129, "more than 64 words"),
        ("x." * 100, 1, "more than 64 words"),
        ("x" * 1_000_000, MAX_QUERY + 1, "1,000,000 characters"),
    ],
)
def test_a_query_that_cannot_be_read_is_told_in_one_line_with_the_place(text: str, position: int, words: str) -> None:
    with pytest.raises(QueryError, match=words) as caught:
        parse_query(text)
    assert caught.value.position == position
    assert f"at character {position}:" in caught.value.message
    assert "\n" not in str(caught.value)


FTS = [
    "NEAR(a b)",
    "{title}:x",
    "^x",
    "a + b",
    'a" OR "b',
    "rowid:1",
    "x NOT",
    "*",
    "a:b",
    "- -",
    "'; DROP TABLE fts;--",
]


@given(
    st.one_of(
        st.text(max_size=60),
        st.lists(st.sampled_from(['"', "(", ")", "-", "OR", "AND", "*", "a", "type:", "学", *FTS])).map(" ".join),
    )
)
@settings(max_examples=300, deadline=None)  # fmt: skip
def test_any_text_is_a_query_or_told_why_not(text: str) -> None:
    for read in (parse_query, plain_query):
        try:
            query = read(text)
        except DeskError as error:
            assert "\n" not in str(error)  # noqa: PT017
        else:
            assert isinstance(query, Query)
            assert query.wanted is not None or query.excluded or query.filters


def test_a_question_has_no_syntax() -> None:
    query = plain_query('what is (not) "OR" type: 学习率')
    assert written(query.wanted) == "(what OR is OR not OR or OR type OR 学习 OR 习率)"
    assert query.filters == ()


def test_both_and_either_are_what_they_say() -> None:
    assert isinstance(parse_query("a b").wanted, Both)
    assert isinstance(parse_query("a OR b").wanted, Either)
