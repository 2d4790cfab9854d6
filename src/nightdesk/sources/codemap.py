"""A map of a repository's code in Markdown: its tree, its languages, and what each file says of itself."""

import ast
import re
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

MAX_TREE_LINES = 400
MAX_MAPPED_FILES = 300
MAX_MAPPED_BYTES = 400_000  # of one file
MAX_SIGNATURES = 60  # of one file

_MAX_SIGNATURE = 200  # characters
_MAX_COMMENT_LINES = 8
_MAX_PARAGRAPH = 1200  # characters

LANGUAGES = {
    ".py": "Python",
    ".pyi": "Python",
    ".pyx": "Cython",
    ".c": "C",
    ".h": "C",
    ".cc": "C++",
    ".cpp": "C++",
    ".cxx": "C++",
    ".hpp": "C++",
    ".cu": "CUDA",
    ".cuh": "CUDA",
    ".rs": "Rust",
    ".go": "Go",
    ".java": "Java",
    ".kt": "Kotlin",
    ".scala": "Scala",
    ".js": "JavaScript",
    ".mjs": "JavaScript",
    ".jsx": "JavaScript",
    ".ts": "TypeScript",
    ".tsx": "TypeScript",
    ".rb": "Ruby",
    ".php": "PHP",
    ".swift": "Swift",
    ".cs": "C#",
    ".hs": "Haskell",
    ".ml": "OCaml",
    ".ex": "Elixir",
    ".erl": "Erlang",
    ".clj": "Clojure",
    ".lua": "Lua",
    ".pl": "Perl",
    ".r": "R",
    ".jl": "Julia",
    ".sh": "Shell",
    ".bash": "Shell",
    ".sql": "SQL",
    ".zig": "Zig",
    ".nim": "Nim",
    ".dart": "Dart",
    ".f90": "Fortran",
    ".el": "Emacs Lisp",
    ".lisp": "Common Lisp",
}

_COMMENT = re.compile(r"\s*(?://+!?|#+|--+|;+|%+|/\*+!?|\*+(?!/)|\(\*+|\"\"\")\s?(.*)")
_COMMENT_END = re.compile(r"\s*(?:\*+/|\*+\)|\"\"\")\s*$")
_LICENCE = re.compile(r"copyright|licen[cs]e|spdx|all rights reserved|warrant|permission is hereby", re.IGNORECASE)
_NO_PROSE = re.compile(
    r"!|-\*-|\s*(?:vim|eslint|prettier|pragma|include|define|ifndef|import|type:|noqa|pylint)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class TreeFile:
    """One file of a repository at one commit."""

    path: str  # "/" between the parts
    blob: str  # object id
    size: int  # bytes

    @property
    def language(self) -> str | None:
        """The programming language by the file's ending, or None if it is no code."""
        return LANGUAGES.get(PurePosixPath(self.path).suffix.lower())


def files_to_map(files: Sequence[TreeFile]) -> tuple[TreeFile, ...]:
    """Return the code files whose content `code_map` wants: the shallowest first, tests last, at most 300."""

    def rank(file: TreeFile) -> tuple[bool, int, str]:
        parts = PurePosixPath(file.path).parts
        return any("test" in part.lower() for part in parts), len(parts), file.path

    wanted = [file for file in files if file.language and 0 < file.size <= MAX_MAPPED_BYTES]
    return tuple(sorted(sorted(wanted, key=rank)[:MAX_MAPPED_FILES], key=lambda file: file.path))


def code_map(
    name: str, files: Sequence[TreeFile], contents: Mapping[str, bytes], *, origin: str, commit: str, committed: str
) -> str:
    """Return the map of repository `name` as Markdown; `contents` holds what `files_to_map` asked for, by path."""
    parts = [
        f"---\ntitle: {_yaml_text(f'{name}: map of the code')}\nsource: {_yaml_text(origin)}\ncommit: {commit}\n"
        f"committed: {committed}\n---",
        f"# {name}: map of the code",
        f"{len(files)} files at commit {commit[:12]} of {committed[:10]}.",
        _languages(files),
        "## Files",
        _fenced(_tree([file.path for file in files])),
    ]
    described = [(path, _describe(path, contents[path])) for path in sorted(contents)]
    described = [(path, text) for path, text in described if text]
    if described:
        parts.append("## What the files say")
    for path, text in described:
        parts += [f"### {_code(path)}", text]
    return "\n\n".join(part for part in parts if part) + "\n"


def _languages(files: Sequence[TreeFile]) -> str:
    counts: Counter[str] = Counter()
    sizes: Counter[str] = Counter()
    for file in files:
        if language := file.language:
            counts[language] += 1
            sizes[language] += file.size
    if not counts:
        return ""
    rows = sorted(counts, key=lambda language: (-sizes[language], language))
    lines = ["| Language | Files | Bytes |", "| --- | ---: | ---: |"]
    return "## Languages\n\n" + "\n".join(lines + [f"| {row} | {counts[row]} | {sizes[row]} |" for row in rows])


def _tree(paths: Sequence[str]) -> str:
    """Return the paths as an indented tree; a folder too big to show is counted."""
    lines: list[str] = []
    shown: tuple[str, ...] = ()
    for number, path in enumerate(sorted(paths, key=lambda path: PurePosixPath(path).parts)):
        *folders, name = (_plain(part).replace("\n", "\ufffd") for part in PurePosixPath(path).parts)
        common = 0
        while common < min(len(shown), len(folders)) and shown[common] == folders[common]:
            common += 1
        lines += [f"{'  ' * depth}{folders[depth]}/" for depth in range(common, len(folders))]
        lines.append(f"{'  ' * len(folders)}{name}")
        shown = tuple(folders)
        if len(lines) >= MAX_TREE_LINES and number + 1 < len(paths):
            lines.append(f"… and {len(paths) - number - 1} more files")
            break
    return "\n".join(lines)


def _fenced(text: str) -> str:
    """Return text as a code block that no line of it can close."""
    fence = "`" * max(3, _longest_run(text) + 1)
    return f"{fence}text\n{text}\n{fence}"


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall(r"`+", text)), default=0)


def _describe(path: str, content: bytes) -> str:
    text = content.decode("utf-8", "replace").removeprefix("\ufeff")
    if PurePosixPath(path).suffix.lower() in (".py", ".pyi"):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # what a stranger's code is warned of is not ours to show
                return _describe_python(ast.parse(text))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            pass  # Python 2, a template, or made to hurt: its comments are still read
    return _head_comment(text)


def _describe_python(tree: ast.Module) -> str:
    parts = [_prose(ast.get_docstring(tree))]
    lines: list[str] = []
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            bases = ", ".join(ast.unparse(base) for base in node.bases)
            lines.append(_signature(f"class {node.name}" + (f"({bases})" if bases else ""), ast.get_docstring(node)))
            for inner in node.body:
                if isinstance(inner, (ast.FunctionDef, ast.AsyncFunctionDef)) and not inner.name.startswith("_"):
                    lines.append("  " + _function(inner))
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and not node.name.startswith("_"):
            lines.append(_function(node))
    if len(lines) > MAX_SIGNATURES:
        lines = [*lines[:MAX_SIGNATURES], f"- … and {len(lines) - MAX_SIGNATURES} more"]
    parts.append("\n".join(lines))
    return "\n\n".join(part for part in parts if part)


def _function(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    word = "async def" if isinstance(node, ast.AsyncFunctionDef) else "def"
    return _signature(f"{word} {node.name}({ast.unparse(node.args)}){returns}", ast.get_docstring(node))


def _signature(signature: str, docstring: str | None) -> str:
    if len(signature) > _MAX_SIGNATURE:
        signature = signature[:_MAX_SIGNATURE] + "…"
    first = _prose(docstring).split("\n\n", maxsplit=1)[0]
    return f"- {_code(signature)}" + (f": {first}" if first else "")


def _head_comment(text: str) -> str:
    """Return the comment that a file begins with, without licences and editors' marks, as one paragraph."""
    lines: list[str] = []
    for line in text[:8000].splitlines()[:60]:
        comment = _COMMENT.match(line[:400])
        if not comment:
            if line.strip() and not _COMMENT_END.match(line[:400]):
                break
            if lines and not line.strip():
                break
            continue
        words = _COMMENT_END.sub("", comment[1]).strip(" \t*/-=#")
        if words and not _LICENCE.search(words) and not _NO_PROSE.match(words):
            lines.append(words)
    return _prose(" ".join(lines[:_MAX_COMMENT_LINES]))


def _prose(text: str | None) -> str:
    """Return the first paragraphs of a docstring, each on one line, so that no line of it makes a heading or list."""
    if not text:
        return ""
    paragraphs = [" ".join(_plain(part).split()) for part in re.split(r"\n[ \t]*\n", text[: 4 * _MAX_PARAGRAPH])]
    kept: list[str] = []
    for paragraph in paragraphs:
        if sum(map(len, kept)) + len(paragraph) > _MAX_PARAGRAPH and kept:
            break
        kept.append(paragraph.replace("<", "&lt;").lstrip("#>-*+=|~` ")[:_MAX_PARAGRAPH])
    return "\n\n".join(paragraph for paragraph in kept if paragraph)


def _code(text: str) -> str:
    """Return text as inline code, whatever backticks it holds."""
    text = " ".join(_plain(text).split())
    ticks = "`" * (_longest_run(text) + 1)
    space = " " if text[:1] == "`" or text[-1:] == "`" else ""
    return f"{ticks}{space}{text}{space}{ticks}"


def _plain(text: str) -> str:
    """Return text without control characters (but line ends and tabs) and half characters."""
    return "".join(c if c in "\n\t" or (c.isprintable() and c != "\ufeff") or c == " " else "\ufffd" for c in text)


def _yaml_text(text: str) -> str:
    return '"' + _plain(text).replace("\\", "\\\\").replace('"', '\\"') + '"'
