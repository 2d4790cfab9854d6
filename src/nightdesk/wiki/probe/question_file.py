"""A file of questions with the answers that are expected: what a person evaluates a desk with."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nightdesk.base.errors import DeskError

COLUMNS = ("question", "expected", "source")
MAX_QUESTIONS = 20_000
_MAX_BYTES = 20_000_000
_MAX_CHARS = 2_000  # of a question or an answer
_FORM = "a line is: question, TAB, expected answers with | between them, TAB, source; or a JSON object with these keys"


@dataclass(frozen=True, slots=True)
class Item:
    """One question of the file."""

    question: str
    expected: tuple[str, ...]  # each is right; () says that the desk should not know
    source: str  # raw path, file name or page that should say so, or several with "|" between them; "" for any
    line: int

    def names(self, raw: str, page: str, path: str) -> bool:
        """Return whether a passage from here comes from the source that is expected."""
        wanted = {self.source.removesuffix(".md"), *(one.removesuffix(".md") for one in self.source.split("|"))}
        places = {raw, raw.removeprefix("raw/"), raw.rpartition("/")[2], path, path.rpartition("/")[2], page}
        return not wanted.isdisjoint(place.removesuffix(".md") for place in places if place)


def read_questions(path: Path) -> tuple[Item, ...]:
    """Return the questions of a TSV or JSON Lines file in their order.

    A TSV may begin with a line of column names, which can then stand in any order. Raises DeskError that names the file
    and line of a mistake.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise DeskError(f"{path}: {error.strerror}", fix="name a file of questions") from error
    if len(content) > _MAX_BYTES:
        raise DeskError(f"{path} is larger than {_MAX_BYTES // 1_000_000} MB", fix="split it")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DeskError(f"{path} is no UTF-8 text", fix="save it as UTF-8") from error
    items = tuple(_items(text.replace("\r\n", "\n").split("\n"), path))
    if not items:
        raise DeskError(f"{path} holds no question", fix=_FORM)
    if len(items) > MAX_QUESTIONS:
        raise DeskError(f"{path} holds more than {MAX_QUESTIONS:,} questions", fix="split it")
    return items


def _items(lines: list[str], path: Path) -> Iterator[Item]:
    columns: tuple[str, ...] = COLUMNS
    first = True
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            if line.lstrip().startswith("{"):
                yield _from_json(json.loads(line), number)
            else:
                cells = [cell.strip() for cell in line.split("\t")]
                names = tuple(cell.casefold() for cell in cells)
                if first and "question" in names:
                    columns = _known(names)
                else:
                    yield _from_cells(dict(zip(columns, cells, strict=False)), number)
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            said = str(error) if type(error) is ValueError else "not a question"
            raise DeskError(f"{path}, line {number}: {said}", fix=_FORM) from error
        first = False


def _known(names: tuple[str, ...]) -> tuple[str, ...]:
    if "expected" not in names:
        raise ValueError('there is no column "expected"')
    return names


def _from_cells(cells: dict[str, str], line: int) -> Item:
    return _item(cells["question"], cells.get("expected", "").split("|"), cells.get("source", ""), line)


def _from_json(entry: Any, line: int) -> Item:
    if not isinstance(entry, dict):
        raise TypeError
    expected = entry.get("expected", "")
    answers = expected.split("|") if isinstance(expected, str) else expected
    if isinstance(answers, int | float) and not isinstance(answers, bool):
        answers = [str(answers)]
    if answers is None:
        answers = []
    if not isinstance(answers, list) or not all(isinstance(answer, str) for answer in answers):
        raise TypeError
    source = entry.get("source") or ""
    if not isinstance(entry["question"], str) or not isinstance(source, str):
        raise TypeError
    return _item(entry["question"], answers, source, line)


def _item(question: str, answers: list[str], source: str, line: int) -> Item:
    expected = tuple(answer.strip() for answer in answers if answer.strip())
    if not any(c.isalnum() for c in question):
        raise ValueError("there is no question")
    if max(map(len, (question, source, *expected))) > _MAX_CHARS:
        raise ValueError(f"longer than {_MAX_CHARS:,} characters")
    return Item(question.strip(), expected, source.strip(), line)
