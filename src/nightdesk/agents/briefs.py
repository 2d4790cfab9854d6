"""Briefs are Markdown files with named slots: the package's own, or the desk's in their place."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Literal

from nightdesk.agents.boundary import visible
from nightdesk.agents.tasks import Brief
from nightdesk.base.errors import DeskError
from nightdesk.base.pages import short_hash

RULES_NAME = "AGENTS.md"
FOLDER = "briefs"  # on a desk: what a person puts here stands in place of the package's file of that name
MAX_RULES = 16_000  # characters of AGENTS.md: they are sent with every task
MAX_TEMPLATE = 40_000
_TEMPLATE_DIGITS = 12
_NAME = re.compile(r"[a-z][a-z_]*")
_SLOT = re.compile(r"\{\{\s*([^{}\n]*?)\s*\}\}")
_BRACES = re.compile(r"\{\{|\}\}")
_RULES_INTRODUCTION = """\
## The rules of this desk

The person whose desk this is has written what follows. Keep to it in what you write and how. What it says of files and
commands is for agents that work in the folder itself; the form of your hand-in stays as told above.
"""


@dataclass(frozen=True, slots=True)
class Briefs:
    """The templates of one desk's briefs, and the rules that go with each."""

    own: Path | None  # the desk's folder of templates
    package: Sequence[Traversable]  # folders to look in after it, in their order
    rules: str  # the desk's AGENTS.md

    def render(
        self,
        name: str,
        slots: Mapping[str, str],
        *,
        material: str,
        form: Literal["json", "markdown"],
        inserts: Mapping[str, str] | None = None,
        schema: Mapping[str, Any] | None = None,
        images: Sequence[Path] = (),
    ) -> Brief:
        """Return the brief that the template `name` makes of `slots` and `material`.

        A slot of `inserts` holds the template of that name, which has no slots itself. What comes from outside belongs
        into `material`, between the marks of agents.boundary, never into a slot.
        Raises DeskError where template and slots do not fit, naming the file and the slot.
        """
        template, file = self._template(name)
        parts = {slot: self._insert(part) for slot, part in (inserts or {}).items()}
        task = _filled(template, {**slots, **parts}, file)
        return Brief(
            rules=f"{task.strip()}\n\n{self._rules_section()}".rstrip() + "\n",
            material=material,
            form=form,
            template=short_hash("\0".join((template, *parts.values(), self.rules)))[:_TEMPLATE_DIGITS],
            schema=schema,
            images=tuple(images),
        )

    def _rules_section(self) -> str:
        rules = visible(self.rules).strip()
        return f"{_RULES_INTRODUCTION}\n{rules}" if rules else ""

    def _insert(self, name: str) -> str:
        text, file = self._template(name)
        return _filled(text, {}, file).strip()

    def _template(self, name: str) -> tuple[str, str]:
        """Return the text of a template, and what the file is called in messages."""
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no name of a template")
        if self.own is not None:
            own = _read_own(self.own.parent, f"{self.own.name}/{name}.md", most=MAX_TEMPLATE)
            if own is not None:
                return own, f"{self.own.name}/{name}.md"
        for folder in self.package:
            file = folder / f"{name}.md"
            if file.is_file():
                return file.read_text(encoding="utf-8"), f"nightdesk's own {name}.md"
        raise DeskError(f"there is no brief called {name}.md")


def desk_briefs(root: Path, package: Sequence[Traversable]) -> Briefs:
    """Return the briefs of the desk in `root`: its AGENTS.md, and its own templates before those of the package.

    Raises DeskError where AGENTS.md is not a file of the desk's own, is no text, or is too long to go with every task.
    """
    return Briefs(root / FOLDER, package, _read_own(root, RULES_NAME, most=MAX_RULES) or "")


def _filled(template: str, slots: Mapping[str, str], file: str) -> str:
    """Return `template` with its slots filled, each at least once; braces in a value stay as they are."""
    asked = {match[1] for match in _SLOT.finditer(template)}
    if unknown := sorted(asked - slots.keys()):
        known = f"its slots are {', '.join(sorted(slots))}" if slots else "it has no slots"
        raise DeskError(f"{file}: there is no slot {{{{{unknown[0]}}}}}", fix=known)
    if missing := sorted(slots.keys() - asked):
        raise DeskError(f"{file}: the slot {{{{{missing[0]}}}}} is missing", fix=f"put {{{{{missing[0]}}}}} back")
    if stray := _BRACES.search(_SLOT.sub("", template)):
        raise DeskError(f"{file}: {stray.group()} that belongs to no slot", fix="write slots as {{name}}")
    return _SLOT.sub(lambda match: slots[match[1]], template)


def _read_own(root: Path, name: str, *, most: int) -> str | None:
    """Return a file of the desk's as text, None where there is none.

    It is sent to whoever does the desk's work: a link that leads out of the desk would send a file of the person's.
    """
    file = root / name
    try:
        if not file.resolve().is_relative_to(root.resolve()):
            raise DeskError(f"{name} is a link that leads out of the desk", fix="put the file itself there")
        with file.open("rb") as opened:
            text = opened.read(most * 4 + 1).decode("utf-8-sig").replace("\r\n", "\n")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError as error:
        raise DeskError(f"{name} is no UTF-8 text, or longer than {most:,} characters", fix="mend it") from error
    except (OSError, RuntimeError) as error:  # RuntimeError: links that lead in a circle
        reason = getattr(error, "strerror", None) or error
        raise DeskError(f"{name} cannot be read: {reason}", fix="make it a readable file") from error
    if len(text) > most:
        raise DeskError(f"{name} is longer than {most:,} characters", fix="shorten it: it is sent with every task")
    return text
