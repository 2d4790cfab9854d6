"""Source code for reading: what it is for, what it defines, then the code itself, bounded."""

import ast
import re
import warnings
from collections.abc import Iterator
from pathlib import Path

from nightdesk.sources.formats.converted import Converted, escape_tags, fence
from nightdesk.sources.formats.text import decode

MAX_LINES = 2000
MAX_LINE_CHARACTERS = 500  # minified code and data in literals
MAX_SIGNATURES = 300
_LANGUAGES = {
    **{
        "py": "python",
        "pyi": "python",
        "pyx": "python",
        "h": "c",
        "cc": "cpp",
        "cxx": "cpp",
        "hh": "cpp",
        "hpp": "cpp",
    },
    **{"cu": "cuda", "cuh": "cuda", "rs": "rust", "js": "javascript", "mjs": "javascript", "ts": "typescript"},
    **{"rb": "ruby", "kt": "kotlin", "sh": "bash", "zsh": "bash", "yml": "yaml", "hs": "haskell", "ml": "ocaml"},
    **{"ex": "elixir", "exs": "elixir", "pl": "perl", "pm": "perl", "jl": "julia", "cs": "csharp", "cfg": "ini"},
}
_COMMENT_LINE = re.compile(r"^\s*(?://[/!]?|#(?!!|include|define|if|pragma)|--|;+|%+)\s?(.*)$")
_BLOCK_COMMENT = re.compile(r"\s*/\*+!?(.{0,20000}?)\*/", re.DOTALL)


def convert(path: Path, assets: Path, *, assets_link: str) -> Converted:
    """Return the file's head comment, for Python the signatures with what their docstrings say first, then the code."""
    text = decode(path.read_bytes()).replace("\r\n", "\n")
    ending = path.suffix.lower().lstrip(".")
    language = _LANGUAGES.get(ending, ending)
    about, outline = _python_outline(text) if language == "python" else (_head_comment(text), [])
    lines = text.split("\n")
    shown = [line[:MAX_LINE_CHARACTERS] for line in lines[:MAX_LINES]]
    parts = [f"# {path.name}", escape_tags(about)]
    if outline:
        parts.append("\n".join(outline[:MAX_SIGNATURES]))
    parts.append(fence("\n".join(shown), language))
    notes = (f"only the first {MAX_LINES} of {len(lines)} lines were kept",) if len(lines) > MAX_LINES else ()
    return Converted("\n\n".join(part for part in parts if part), title=path.name, notes=notes)


def _python_outline(text: str) -> tuple[str, list[str]]:
    """Return the module's docstring (or head comment) and a list item for each class and function."""
    try:
        with warnings.catch_warnings():  # a wrong escape in someone's string is not ours to tell
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # Python 2, a template, too deep
        return _head_comment(text), []
    return ast.get_docstring(tree) or _head_comment(text), list(_definitions(tree.body, 0))


def _definitions(body: list[ast.stmt], depth: int) -> Iterator[str]:
    for node in body:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        if node.name.startswith("_") and node.name != "__init__":
            continue
        docstring = ast.get_docstring(node)
        first = escape_tags(" ".join(docstring.split("\n\n")[0].split())) if docstring else ""
        yield f"{'  ' * depth}- `{_signature(node)}`{': ' + first if first else ''}"
        if isinstance(node, ast.ClassDef) and depth < 3:
            yield from _definitions(node.body, depth + 1)


def _signature(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> str:
    if isinstance(node, ast.ClassDef):
        bases = ", ".join(ast.unparse(base) for base in node.bases)
        signature = f"class {node.name}({bases})" if bases else f"class {node.name}"
    else:
        returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
        signature = f"{node.name}({ast.unparse(node.args)}){returns}"
    return " ".join(signature.replace("`", "'").split())[:300]


def _head_comment(text: str) -> str:
    """Return the comment that the file starts with, its signs taken off, "" if there is none."""
    text = text.removeprefix("\ufeff")
    if text.startswith("#!"):
        text = text.partition("\n")[2]
    if block := _BLOCK_COMMENT.match(text):
        lines = [line.strip().removeprefix("*").strip() for line in block[1].split("\n")]
        return "\n".join(lines).strip()
    lines = []
    for line in text.split("\n")[:200]:
        comment = _COMMENT_LINE.match(line)
        if comment is None and (line.strip() or lines):
            break
        lines.append(comment[1].strip() if comment else "")
    return "\n".join(lines).strip()
