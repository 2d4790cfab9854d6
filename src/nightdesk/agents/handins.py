"""The hand-in as a file: how a task's brief asks for it, and how it is read, whoever wrote it."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from nightdesk.agents.tasks import Brief, Task
from nightdesk.base.errors import DeskError
from nightdesk.base.pages import split_frontmatter

TASKS = ".nightdesk/tasks"  # where briefs lie, and where hand-ins may: relative to the desk, kept out of git
MAX_HAND_IN = 8_000_000  # characters
HEADER = ("task", "input", "lease")
_VALUES = {  # what may stand in the header; nothing else of it is ever looked at
    "task": re.compile(r"t[0-9a-f]{10}"),
    "input": re.compile(r"[0-9a-f]{8,64}"),
    "lease": re.compile(r"k[0-9a-f]{16}"),
}
_FENCED = re.compile(r"(`{3,9}|~{3,9})[^\n`~]*\n(.*)\n\1", re.DOTALL)
_SHOWN = 40  # characters of a wrong value
_CONTROLS = dict.fromkeys([*range(9), *range(11, 32), *range(127, 160)], " ")  # all but tab and line feed


@dataclass(frozen=True, slots=True)
class HandInFile:
    """A hand-in with the header that says what it is for."""

    task: str
    input: str
    lease: str
    text: str  # for the verifier: the Markdown body, or the JSON object without the header's keys
    form: Literal["json", "markdown"]  # of the file


def brief_path(task_id: str, lease: str) -> str:
    """Return where the brief of a leased task lies, relative to the desk.

    By its lease: while one agent has a task, it may be given to another because its inputs changed.
    """
    return f"{TASKS}/{task_id}-{lease[1:7]}.md"


def hand_in_path(task_id: str, lease: str, form: str) -> str:
    """Return the file that a brief suggests for the hand-in, relative to the desk."""
    return f"{TASKS}/{task_id}-{lease[1:7]}-hand-in.{'json' if form == 'json' else 'md'}"


def compose_brief(task: Task[Any], lease: str, *, holder: str = "", until: str = "", root: Path | None = None) -> str:
    """Return a task's whole brief as Markdown, with how to hand in at its end; `root` is the desk's folder.

    No control character of a source is in it, so that it can be printed on a terminal.
    """
    brief = task.brief()
    held = f"Leased{f' to {holder}' if holder else ''}{f' until {until}' if until else ''}."
    parts = [f"# Task {task.id}: {task.kind} {_one_line(task.subject)}", held, brief.text.strip()]
    if brief.images:
        shown = [path.relative_to(root) if root and path.is_relative_to(root) else path for path in brief.images]
        listed = "\n".join(f"- `{_one_line(str(path))}`" for path in shown)
        parts.append(f"## Images\n\nThe text shows these images; look at them if you can:\n\n{listed}")
    parts.append(_how_to_hand_in(task, lease, brief))
    return "\n\n".join(parts).translate(_CONTROLS) + "\n"


def _how_to_hand_in(task: Task[Any], lease: str, brief: Brief) -> str:
    path = hand_in_path(task.id, lease, brief.form)
    header = dict(zip(HEADER, (task.id, task.input_hash, lease), strict=True))
    if brief.form == "json":
        own = list((brief.schema or {}).get("properties", {})) or ["…"]
        lines = [f'  "{key}": "{value}"' for key, value in header.items()] + [f'  "{key}": …' for key in own]
        what = "It is one JSON object: these three keys as they stand here, and beside them the keys asked for above."
        example = "```json\n{\n" + ",\n".join(lines) + "\n}\n```"
    else:
        what = "It begins with these lines as they stand here (code takes them off); the text asked for above follows."
        example = f"```markdown\n{_frontmatter(header)}\n(your text)\n```"
    return (
        f"## How to hand in\n\nWrite the hand-in to a file, such as `{path}`.\n{what}\n\n{example}\n\n"
        f"Then run, in the desk's folder:\n\n    nightdesk submit {path}\n\n"
        "Code checks it at once. If it is rejected, each line that is printed says what is wrong: mend the file and\n"
        "submit it again with the same header. Change no other file of the desk."
    )


def _frontmatter(header: Mapping[str, str]) -> str:
    return "---\n" + "".join(f"{key}: {value}\n" for key, value in header.items()) + "---\n"


def _one_line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def parse_hand_in(text: str) -> HandInFile:
    """Read a hand-in. Raises DeskError that says what is wrong with its form, and how a right one begins."""
    if len(text) > MAX_HAND_IN:
        raise DeskError(f"the hand-in is longer than {MAX_HAND_IN:,} characters", fix="hand in less")
    text = text.replace("\r\n", "\n").strip("\ufeff \t\r\n")
    fenced = _FENCED.fullmatch(text)
    if fenced and fenced[2].lstrip().startswith(("---", "{")):
        text = fenced[2].strip()  # models like to wrap a file in a code block
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise DeskError("the hand-in holds half a character (a lone surrogate)", fix="write it as UTF-8") from error
    if text.startswith("{"):
        return _from_json(text)
    if text.startswith("---"):
        return _from_markdown(text)
    raise DeskError('the hand-in begins with neither "---" nor "{"' if text else "the hand-in is empty", fix=_FIX)


_FIX = (
    "begin the file with four lines of header and a closing one, as the brief shows them: "
    "---, task: t…, input: …, lease: k…, ---; where the brief asks for JSON, with the keys "
    '{"task": "t…", "input": "…", "lease": "k…", …}'
)


def _from_markdown(text: str) -> HandInFile:
    front, body = split_frontmatter(text)
    if not front:
        raise DeskError('the header is empty, or no line "---" ends it', fix=_FIX)
    # read line by line, not as YAML: three plain values are all there is, and a hash such as 12e45 stays a text
    pairs = [line.partition(":") for line in front.split("\n")]
    header = _header({key.strip(): _unquoted(value.strip()) for key, _, value in pairs})
    return HandInFile(**header, text=body.strip("\n") + "\n", form="markdown")


def _unquoted(value: str) -> str:
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'`" else value


def _from_json(text: str) -> HandInFile:
    try:
        given = json.loads(text, strict=False)  # not strict: a line break within a text is harmless, and common
        header = _header(given)
        own = {key: value for key, value in given.items() if key not in HEADER}
        rest = json.dumps(own, ensure_ascii=False)
        rest.encode("utf-8")  # "\ud800" is written in plain letters, and half a character only now
    except UnicodeEncodeError as error:
        raise DeskError("the hand-in holds half a character (\\ud800 to \\udfff)", fix="write it as UTF-8") from error
    except (ValueError, RecursionError) as error:
        why = "lists too deep in lists" if isinstance(error, RecursionError) else str(error)[:200]
        raise DeskError(f"the hand-in is not valid JSON: {why}", fix="mend the file and submit it again") from error
    return HandInFile(**header, text=rest, form="json")


def _header(values: Mapping[str, Any]) -> dict[str, str]:
    missing = [key for key in HEADER if values.get(key) in (None, "")]
    if missing:
        raise DeskError(f"the header of the hand-in lacks {', '.join(missing)}", fix=_FIX)
    for key, form in _VALUES.items():
        value = values[key]
        if not isinstance(value, str) or not form.fullmatch(value):
            raise DeskError(f"{str(value)[:_SHOWN]!r} is no {key} of a hand-in's header", fix=_FIX)
    return {key: values[key] for key in HEADER}


def against_form(hand_in: HandInFile, brief: Brief) -> str | None:
    """Return why the hand-in cannot be what the brief asks for, None where it may be.

    A header in Markdown before a JSON object is fine; a JSON file can never be a page.
    """
    if brief.form == "markdown" and hand_in.form == "json":
        return 'this task takes Markdown with a header between two lines "---", not JSON'
    return None
