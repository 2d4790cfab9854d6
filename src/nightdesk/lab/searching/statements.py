"""The statements of a program, each as one text in which only what it does is left, so that two can be compared.

Comments, docstrings, layout and the way a literal is written are gone. A compound statement is its head; what is in it
follows, a statement each. In a text the marks around names, keywords of calls and literals are characters that no
Python text can hold there, so that a name can be replaced, or literals left out, without parsing it again.

Python that does not parse, that nests deeper than anybody writes it, or that is very long, and all other files, come by
lines.
"""

import ast
import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from nightdesk.lab.constants import LINE_END, Value, literal_value

NAME, KEYWORD, LITERAL = "\0", "\1", "\2"  # stand before and behind; repr() and identifiers hold none of them
_MOST_CHARS = 300_000  # of a Python file; a longer one is read by lines
_REMEMBERED_CHARS = 20_000  # of one statement at the top level: programs of one search share most of theirs
_MOST_DEEP = 200  # levels of one statement's syntax tree
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_LEFT_OUT = frozenset({"ctx", "type_comment", "kind"})

Literal = Value | tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement, or the head of one."""

    scope: str  # the functions and classes that it stands in, the outermost first, their names marked; "" for none
    text: str  # scope and all
    uses: frozenset[str] = frozenset()  # the names in it
    binds: frozenset[str] = frozenset()  # of these the ones that it gives a meaning
    constant: tuple[str, Literal] | None = None  # name and value, where it is NAME = literal


class _TooDeepError(ValueError):
    """The syntax tree nests too deep to be compared as one."""


def statements_of(path: str, text: str) -> tuple[Statement, ...]:
    """Return the statements of a file in their order."""
    if path.endswith(".py") and len(text) <= _MOST_CHARS:
        try:
            return tuple(statement for piece in _pieces(text.removeprefix("\ufeff")) for statement in _read(piece))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            pass  # ValueError: a NUL, half a character, a number of thousands of digits
    lines = (" ".join(line.split()) for line in LINE_END.split(text))
    return tuple(Statement("", line) for line in lines if line and not (path.endswith(".py") and line[0] == "#"))


def _pieces(text: str) -> Iterator[str]:
    """Yield the statements at the top level as they are written; those that share a line are one piece."""
    lines = LINE_END.split(text)
    first = last = 0
    for node in ast.parse(text).body:
        starts = min([node.lineno, *(one.lineno for one in getattr(node, "decorator_list", ()))])
        if starts > last:
            if last:
                yield "\n".join(lines[first - 1 : last])
            first = starts
        last = max(last, node.end_lineno or node.lineno)
    if last:
        yield "\n".join(lines[first - 1 : last])


def _read(piece: str) -> tuple[Statement, ...]:
    return _read_again(piece) if len(piece) <= _REMEMBERED_CHARS else _read_once(piece)


def _read_once(piece: str) -> tuple[Statement, ...]:
    found: list[Statement] = []
    _walk(ast.parse(piece).body, "", "", 0, found)
    return tuple(found)


_read_again = functools.lru_cache(maxsize=300)(_read_once)


def _walk(nodes: Sequence[ast.AST], scope: str, nest: str, deep: int, found: list[Statement]) -> None:
    """Add the statements of a block; `nest` tells how deep below its function's top it stands, and in what part."""
    for node in nodes:
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            continue  # a docstring, or a note to people
        speller = _Speller()
        speller.spell(node, deep)
        text = f"{scope}|{nest}|{''.join(speller.parts)}"
        found.append(Statement(scope, text, frozenset(speller.uses), frozenset(speller.binds), _constant(node)))
        for field, value in ast.iter_fields(node):
            if _is_block(value):
                if isinstance(node, _DEFINITIONS):
                    _walk(value, f"{scope}{NAME}{node.name}{NAME}.", "", deep + 1, found)
                else:
                    _walk(value, scope, f"{deep + 1} {field}", deep + 1, found)


def _is_block(value: object) -> bool:
    blocks = (ast.stmt, ast.ExceptHandler, ast.match_case)
    return isinstance(value, list) and bool(value) and isinstance(value[0], blocks)


def _constant(node: ast.AST) -> tuple[str, Literal] | None:
    target = node.targets[0] if isinstance(node, ast.Assign) and len(node.targets) == 1 else None
    target = node.target if isinstance(node, ast.AnnAssign) else target
    if not isinstance(target, ast.Name) or not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
        return None
    if not isinstance(node.value, ast.Tuple | ast.List):
        value = literal_value(node.value)
        return None if value is None else (target.id, value)
    values = tuple(literal_value(element) for element in node.value.elts)
    known = tuple(value for value in values if value is not None)
    return (target.id, known) if len(known) == len(values) else None


class _Speller:
    """Spells out a syntax tree without its blocks, and notes the names in it."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.uses: set[str] = set()
        self.binds: set[str] = set()

    def spell(self, node: object, deep: int) -> None:
        """Add a node's text. Raises ValueError where it nests too deep or holds a number of thousands of digits."""
        if deep > _MOST_DEEP:
            raise _TooDeepError
        if isinstance(node, ast.Name):
            self._name(node.id, binds=not isinstance(node.ctx, ast.Load))
        elif isinstance(node, ast.Constant):
            self.parts.append(f"{LITERAL}{node.value!r}{LITERAL}")
        elif isinstance(node, list):
            self.parts.append("[")
            for element in node:
                self.spell(element, deep + 1)
                self.parts.append(",")
            self.parts.append("]")
        elif isinstance(node, ast.AST):
            self.parts.append(f"{type(node).__name__}(")
            for field, value in ast.iter_fields(node):
                if field not in _LEFT_OUT and not _is_block(value):
                    self._field(node, field, value, deep)
                    self.parts.append(",")
            self.parts.append(")")
        else:
            self.parts.append(repr(node))

    def _field(self, node: ast.AST, field: str, value: object, deep: int) -> None:
        if isinstance(node, ast.alias):
            if field == "name":
                self.uses.add(str(value).partition(".")[0])
            elif value is not None:
                self._name(str(value), binds=True)
                return
        elif isinstance(node, ast.keyword) and field == "arg" and value is not None:
            self.parts.append(f"{KEYWORD}{value}{KEYWORD}")
            return
        elif isinstance(value, str) and (field in ("name", "rest") or isinstance(node, ast.arg)):
            self._name(value, binds=True)  # of a definition, a parameter, an exception, a pattern
            return
        elif isinstance(node, ast.Global | ast.Nonlocal):
            for name in node.names:
                self._name(name, binds=False)
            return
        self.spell(value, deep + 1)

    def _name(self, name: str, *, binds: bool) -> None:
        self.parts.append(f"{NAME}{name}{NAME}")
        self.uses.add(name)
        if binds:
            self.binds.add(name)
