"""A search program of the person's own: what it is given, and what is taken of what it says."""

import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightdesk.base.errors import DeskError
from nightdesk.wiki.suggesting.searching import MAX_FOUND, MAX_QUERY, parse_command, parse_results, query_of, run_search


def program(folder: Path, code: str) -> str:
    file = folder / "my search.py"
    file.write_text(code, encoding="utf-8")
    return f"'{sys.executable}' '{file}' --q {{query}}"


def test_the_query_is_one_argument_and_no_shell_sees_it(tmp_path: Path) -> None:
    code = "import sys, json; print(json.dumps({'url': 'https://site.dev/', 'title': '|'.join(sys.argv[1:])}))"
    (found,) = run_search(program(tmp_path, code), "--rm $(touch x); `y` 'a' {query}", {})
    assert found.title == "--q|rm $(touch x); `y` 'a' {query}"


def test_keys_in_the_environment_stay_here(tmp_path: Path) -> None:
    code = "import os; print('https://site.dev/', '-'.join(sorted(os.environ)))\nprint('-'.join(os.environ), 'https://a.dev')"
    given_variables = {"OPENAI_API_KEY": "x", "NIGHTDESK_SEARCH_KEY": "y", "HOME": str(tmp_path)}
    _, last = run_search(program(tmp_path, code), "muon", given_variables)
    assert "NIGHTDESK_SEARCH_KEY" in last.title
    assert "OPENAI" not in last.title


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("import sys; print('no quota', file=sys.stderr); sys.exit(3)", "code 3: no quota"),
        ("print('x' * 3_000_000)", "said more than"),
    ],
)
def test_a_program_that_fails_is_told_in_one_line(tmp_path: Path, code: str, words: str) -> None:
    with pytest.raises(DeskError, match=words):
        run_search(program(tmp_path, code), "muon", {})


@pytest.mark.parametrize(
    "command",
    ["", "my-search", "my-search 'query", "{query}", "{query} x"],
    ids=["empty", "no slot", "quote", "a", "b"],
)
def test_what_is_no_search_command(command: str) -> None:
    with pytest.raises(DeskError):
        parse_command(command)


@pytest.mark.parametrize(
    ("said", "urls", "why"),
    [
        (
            '{"url": "https://a.dev/1"}\n{"link": "https://a.dev/2", "name": "B"}',
            ["https://a.dev/1", "https://a.dev/2"],
            "lines",
        ),
        ('[{"href": "https://a.dev/1"}, "https://a.dev/2", 7, null]', ["https://a.dev/1", "https://a.dev/2"], "a list"),
        ('{"results": [{"url": "https://a.dev/1"}], "n": 1}', ["https://a.dev/1"], "a list within"),
        ("1. Muon - https://a.dev/1.\nhttps://a.dev/1", ["https://a.dev/1"], "plain lines, none twice"),
        ('{"url": "javascript:x"}\n{"url": "file:///etc/passwd"}\n{"url": 7}\n--upload-pack=x', [], "no addresses"),
        ("https://user:pw@a.dev/", [], "with a password"),
        ("[" * 5_000, [], "deep"),
    ],
)
def test_what_a_program_says_is_read(said: str, urls: list[str], why: str) -> None:
    assert [found.url for found in parse_results(said)] == urls, why


@given(st.text(max_size=200))
def test_nothing_that_a_program_says_breaks_it(said: str) -> None:
    for found in parse_results(f"{said}\nhttps://a.dev/{said}"):
        assert found.url.startswith(("http://", "https://"))
        assert "\x1b" not in found.title + found.about


def test_there_is_an_end_to_what_is_taken() -> None:
    assert len(parse_results("\n".join(f"https://a.dev/{n}" for n in range(500)))) == MAX_FOUND


@given(st.text(max_size=2_000))
def test_a_query_is_one_short_line_and_no_option(text: str) -> None:
    query = query_of(text)
    assert len(query) <= MAX_QUERY
    assert not query.startswith(("-", "@"))
    assert query.isprintable()
