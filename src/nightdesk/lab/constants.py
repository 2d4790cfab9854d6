"""The tunable constants of a Python file: found with ast, replaced so that every other byte stays.

Tunable is what stands once at module level as NAME = literal, the name in capitals: a number (also `2**19`), a truth
value, each number of a tuple (`ADAM_BETAS[1]`), and a string whose comment lists its choices. The comment on the same
line may say more:

    ACTIVATION = "relu2"  # one of relu2, gelu, silu
    MATRIX_LR = 0.04      # learning rate of the matrices, from 0.001 to 0.3
    SEQUENCE = 256        # tokens, fixed

Names with SEED in them are never tunable: choosing a lucky seed is no improvement.
"""

import ast
import io
import math
import re
import tokenize
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from nightdesk.base.errors import DeskError
from nightdesk.lab.scores import finite

Value = int | float | bool | str
Kind = Literal["int", "float", "bool", "choice"]

_NAME = re.compile(r"[A-Z][A-Z0-9_]*")
LINE_END = re.compile(r"\r\n|\r|\n")
_CHOICES = re.compile(r"\b(?:one of|choices):?[ \t]+([^;.()]+)", re.IGNORECASE)
_BARS = re.compile(r"[\w.+-]+(?:[ \t]*\|[ \t]*[\w.+-]+)+")
_NUMBER = r"[-+]?(?:\d[\d_]*\.?\d*|\.\d+)(?:e[-+]?\d+)?"
_RANGE = re.compile(rf"\bfrom[ \t]+({_NUMBER})[ \t]+to[ \t]+({_NUMBER})(?![\w.]*\w)", re.IGNORECASE)
_FIXED = re.compile(r"\bfixed\b", re.IGNORECASE)
_MOST_DEEP = 10  # signs and powers on top of each other
_MOST_POWER = 64  # 2**64: more is no constant that anybody tunes


@dataclass(frozen=True, slots=True)
class Constant:
    """One tunable value: `start` and `end` are its literal's place in the text, in characters."""

    name: str  # "DEPTH", "ADAM_BETAS[1]"
    kind: Kind
    value: Value
    start: int
    end: int
    literal: str
    choices: tuple[str, ...] = ()
    low: float | None = None  # from the comment
    high: float | None = None
    comment: str = ""


def find_constants(text: str) -> tuple[Constant, ...]:
    """Return the tunable constants of a Python file's text in their order, none where it does not parse."""
    skipped = 1 if text.startswith("\ufeff") else 0
    try:
        tree = ast.parse(text[skipped:])
        comments = dict(_comments(text[skipped:]))
    except (SyntaxError, ValueError, RecursionError, MemoryError, tokenize.TokenError):
        return ()  # ValueError: a NUL; the others: nests beyond what the parser bears
    places = _Places(text[skipped:])
    once = _assigned_once(tree)
    found: list[Constant] = []
    for node in tree.body:
        name, value = _assignment(node)
        if value is None or name not in once or not _NAME.fullmatch(name) or "SEED" in name:
            continue
        comment = comments.get(node.end_lineno or 0, "")
        if _FIXED.search(comment):
            continue
        elements = enumerate(value.elts) if isinstance(value, ast.Tuple) else [(None, value)]
        for index, element in elements:
            label = name if index is None else f"{name}[{index}]"
            start, end = places.span(element)
            literal = text[skipped + start : skipped + end]
            if constant := _constant(label, element, literal, comment, skipped + start):
                found.append(constant)
    return tuple(found)


def replace_constants(text: str, values: Mapping[str, Value]) -> str:
    """Return `text` with the named constants changed and every other byte as it was.

    A literal keeps its form where it can (`2**19` becomes `2**20`, `1e-3` becomes `2e-3`). A value equal to the present
    one changes nothing. Raises DeskError for a name that is not tunable or a value of another kind.
    """
    known = {constant.name: constant for constant in find_constants(text)}
    if strangers := sorted(set(values) - set(known)):
        raise DeskError(f"no tunable constant {', '.join(strangers)}", fix=f"there are {', '.join(known) or 'none'}")
    changed = text
    for constant in sorted(known.values(), key=lambda c: c.start, reverse=True):
        if constant.name in values and values[constant.name] != constant.value:
            literal = _literal(constant, values[constant.name])
            changed = changed[: constant.start] + literal + changed[constant.end :]
    return changed


def _assignment(node: ast.stmt) -> tuple[str, ast.expr | None]:
    if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
        return node.targets[0].id, node.value
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return node.target.id, node.value
    return "", None


def _assigned_once(tree: ast.Module) -> set[str]:
    """Return the names that the whole file assigns once: of the others nobody knows which value counts.

    A function's local variable of that name counts too, which leaves out too much rather than too little.
    """
    counts: Counter[str] = Counter()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            counts[node.id] += 1
        elif isinstance(node, ast.Global):
            counts.update(node.names)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            counts[node.name] += 1
        elif isinstance(node, ast.alias):
            counts[(node.asname or node.name).partition(".")[0]] += 1
    return {name for name, count in counts.items() if count == 1}


def _comments(text: str) -> Iterator[tuple[int, str]]:
    for token in tokenize.generate_tokens(io.StringIO(text, newline="").readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string.lstrip("#").strip()


class _Places:
    """Turns ast's lines and UTF-8 columns into places in the text."""

    def __init__(self, text: str) -> None:
        # str.splitlines would also cut at form feeds and Unicode's line separators, where Python does not
        self._starts = [0, *(match.end() for match in LINE_END.finditer(text))]
        self._text = text

    def span(self, node: ast.expr) -> tuple[int, int]:
        """Return where a node starts and ends, in characters."""
        assert node.end_lineno is not None  # noqa: S101 - what ast.parse made has it
        assert node.end_col_offset is not None  # noqa: S101
        return self._place(node.lineno, node.col_offset), self._place(node.end_lineno, node.end_col_offset)

    def _place(self, line: int, column: int) -> int:
        start = self._starts[line - 1]
        end = self._starts[line] if line < len(self._starts) else len(self._text)
        return start + len(self._text[start:end].encode("utf-8")[:column].decode("utf-8"))


def _constant(name: str, node: ast.expr, literal: str, comment: str, start: int) -> Constant | None:
    end = start + len(literal)
    value = literal_value(node)
    if isinstance(value, bool):
        return Constant(name, "bool", value, start, end, literal, comment=comment)
    if isinstance(value, str):
        choices = _choices(value, comment)
        plain = isinstance(node, ast.Constant) and re.fullmatch(r"(['\"])[^'\"\\\n]*\1", literal)
        return (
            Constant(name, "choice", value, start, end, literal, choices, comment=comment)
            if choices and plain
            else None
        )
    if value is None or finite(value) is None:
        return None
    low, high = _range(value, comment)
    kind: Kind = "int" if isinstance(value, int) else "float"
    return Constant(name, kind, value, start, end, literal, low=low, high=high, comment=comment)


def literal_value(node: ast.expr, *, deep: int = 0) -> Value | None:
    """Return the value of a literal, of a negative number, or of a power of two numbers; None for anything else."""
    if deep > _MOST_DEEP:
        return None
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float | str):
        return node.value
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = literal_value(node.operand, deep=deep + 1)
        return -inner if isinstance(inner, int | float) and not isinstance(inner, bool) else None
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
        base, power = (literal_value(side, deep=deep + 1) for side in (node.left, node.right))
        if type(base) is int and type(power) is int and 2 <= base <= 10 and 0 <= power <= _MOST_POWER:
            return int(base**power)
    return None


def _choices(value: str, comment: str) -> tuple[str, ...]:
    """Return the choices that a comment lists, if the present value is among them and it leaves a choice."""
    listed: list[str] = []
    if found := _CHOICES.search(comment):
        listed = re.split(r"\s*(?:,|\||\bor\b)\s*", found[1].strip())
    elif found := _BARS.search(comment):
        listed = re.split(r"\s*\|\s*", found[0])
    choices = tuple(dict.fromkeys(choice.strip(" \t'\"`") for choice in listed if choice.strip(" \t'\"`")))
    safe = all(re.fullmatch(r"[^'\"\\\n\r]*", choice) for choice in choices)
    return choices if safe and value in choices and len(choices) > 1 else ()


def _range(value: float, comment: str) -> tuple[float | None, float | None]:
    found = _RANGE.search(comment)
    if not found:
        return None, None
    low, high = (float(text.replace("_", "")) for text in found.groups())
    return (low, high) if low < high and low <= value <= high else (None, None)


def _literal(constant: Constant, value: Value) -> str:
    """Return a value as it is written in place of a constant's literal."""
    kind, old = constant.kind, constant.literal
    if kind == "bool" and isinstance(value, bool):
        return str(value)
    if kind == "choice" and isinstance(value, str) and value in constant.choices:
        return f"{old[0]}{value}{old[0]}"
    if kind in ("int", "float") and finite(value) is not None:
        if kind == "int" and isinstance(value, int):
            return _int_literal(value, old)
        if kind == "float":
            return _float_literal(float(value), old)
    raise DeskError(f"{constant.name} cannot be {value!r}", fix=f"give it {_wanted(constant)}")


def _wanted(constant: Constant) -> str:
    words = {"bool": "True or False", "int": "a whole number", "float": "a finite number"}
    return words.get(constant.kind) or f"one of {', '.join(constant.choices)}"


def _int_literal(value: int, old: str) -> str:
    if power := re.fullmatch(r"(\d+)(\s*\*\*\s*)\d+", old):
        base = int(power[1])
        exponent = round(math.log(value, base)) if value > 0 else -1
        if exponent >= 0 and base**exponent == value:
            return f"{base}{power[2]}{exponent}"
    return f"{value:_}" if "_" in old else str(value)


def _float_literal(value: float, old: str) -> str:
    if "e" not in old.lower():
        return repr(value)
    mantissa, _, exponent = f"{value:.16e}".partition("e")
    for digits in range(17):  # the shortest that is the same number
        mantissa, _, exponent = f"{value:.{digits}e}".partition("e")
        if float(f"{mantissa}e{exponent}") == value:
            break
    return f"{mantissa}{'E' if 'E' in old else 'e'}{int(exponent)}"
