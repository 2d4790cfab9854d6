"""Decisions put into names.md by a command: only such as hold there."""

from collections.abc import Callable

from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.base.files import write_atomically
from nightdesk.base.git import commit_by_hand
from nightdesk.wiki.names.rules import PATH, parse_decisions
from nightdesk.wiki.page_moves.rewriting import Changed


def decide(desk: Desk, change: Callable[[str], str]) -> str:
    """Return names.md with another decision. Raises DeskError where it would not hold, or the file cannot be read."""
    try:
        text = (desk.root / PATH).read_bytes().decode("utf-8")
    except FileNotFoundError:
        text = ""
    except UnicodeDecodeError as error:
        raise DeskError(f"{PATH} is not UTF-8 text", fix="save it as UTF-8") from error
    new = change(text)
    before, after = parse_decisions(text).problems, parse_decisions(new).problems
    if len(after) > len(before):
        clash = next((problem for problem in after if problem not in before), after[-1])
        raise DeskError(f"this clashes with what was decided: {clash.partition('; it is')[0]}", fix=f"mend {PATH}")
    return new


def write_decisions(desk: Desk, text: str, changed: Changed) -> None:
    """Write names.md; what a person had not committed there goes into git first."""
    commit_by_hand(desk.root, [PATH])
    write_atomically(desk.root / PATH, text)
    changed.touched.append(PATH)
