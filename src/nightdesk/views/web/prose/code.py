"""Code as HTML, coloured on the server: by the language that it names, within bounds."""

import re
from functools import lru_cache
from html import escape
from time import thread_time
from typing import Any

MAX_CODE = 50_000  # characters that are still coloured
MAX_SECONDS = 0.5  # of processor time for one block: lexers are regular expressions, and some go back and forth
MAX_COLOURED = 400_000  # characters of one page
# Those that people write; a lexer that nobody asked for is one more that hostile text can make slow
_NAMES = """
    awk bash bat batch bib bibtex c c# c++ clj clojure cmake cpp cs csharp css cu cuda cypher d dart diff
    docker dockerfile elixir elm erlang ex f90 fortran fsharp gleam go golang graphql groovy haskell hcl
    hs html http ini java javascript js json json5 jsx julia kotlin latex lean lean4 less lisp llvm
    lua make makefile markdown matlab md mojo nginx nim nix objc objective-c ocaml octave perl php pl
    powershell prolog proto protobuf ps1 py py3 pytb python python3 r racket rb rs rst ruby rust scala
    scheme scss sh shell sql swift systemverilog tcl terraform tex tf toml ts tsx typescript udiff v verilog vhdl
    vim xml yaml yml zig zsh
"""
LANGUAGES = frozenset(_NAMES.split())
# one endless line, or nothing but blanks, is what makes a lexer's single step slow
_SLOW = re.compile(r"[^\n]{1000}|\s{150}")
_HOLE = "\0"  # stands for the prefix in what is kept


def coloured(code: str, language: str, prefix: str) -> str | None:
    """Return code with Pygments' short classes, the attribute behind `prefix`; None where it is to be shown plain."""
    if language not in LANGUAGES or len(code) > MAX_CODE or _SLOW.search(code):
        return None
    kept = _coloured(code, language)
    return kept.replace(_HOLE, prefix) if kept is not None else None


@lru_cache(maxsize=64)
def _coloured(code: str, language: str) -> str | None:
    # imported here: it takes longer than to render a page that has no code
    from pygments.token import STANDARD_TYPES, Token  # noqa: PLC0415

    lexer = _lexer(language)
    if lexer is None:
        return None
    parts: list[tuple[str, str]] = []
    end = thread_time() + MAX_SECONDS
    for kind, text in lexer.get_tokens(code):
        if thread_time() > end:
            return None
        while kind not in STANDARD_TYPES:
            kind = kind.parent  # noqa: PLW2901  # the nearest kind that has a class
        name = "" if kind in Token.Text else STANDARD_TYPES[kind]  # white space needs no colour
        if parts and parts[-1][0] == name:
            parts[-1] = name, parts[-1][1] + text
        else:
            parts.append((name, text))
    return "".join(
        f'<span {_HOLE}class="{name}">{escape(text, quote=False)}</span>' if name else escape(text, quote=False)
        for name, text in parts
    )


@lru_cache(maxsize=256)
def _lexer(language: str) -> Any:
    # imported here: as above
    from pygments.lexers import get_lexer_by_name  # noqa: PLC0415
    from pygments.util import ClassNotFound  # noqa: PLC0415

    try:
        return get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return None
