"""What a compile did, and how the diary and the commit tell it."""

from collections.abc import Container, Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Published:
    """What became of the pages, as paths relative to the desk."""

    written: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    merged: list[str] = field(default_factory=list)  # a person's edits and the new version are both in
    set_aside: list[str] = field(default_factory=list)  # both versions are kept, in two files
    unreadable: list[str] = field(default_factory=list)  # frontmatter that a person must mend first: left as it is

    @property
    def touched(self) -> list[str]:
        """Every path that differs from before."""
        return [*self.written, *self.removed, *self.merged, *self.set_aside]


@dataclass(slots=True)
class Report:
    """What a compile did, or with `--plan` would do. Paths are relative to the desk."""

    sources: int = 0
    claims: int = 0
    concepts: int = 0
    converted: list[str] = field(default_factory=list)
    read: list[str] = field(default_factory=list)
    withdrawn: list[str] = field(default_factory=list)
    published: Published = field(default_factory=Published)
    problems: dict[str, str] = field(default_factory=dict)  # raw path, or page -> why it could not be done
    notes: list[str] = field(default_factory=list)
    commit: str | None = None
    reasons: dict[str, str] = field(default_factory=dict)  # of a plan: path -> why it would be made
    left: dict[str, str] = field(default_factory=dict)  # tasks that wait for an AI worker -> why they were not done
    capped: str = ""  # the cap that ended the work
    expected: dict[str, Any] = field(default_factory=dict)  # of a plan: what AI workers are expected to use

    @property
    def changed(self) -> bool:
        """Whether anything was written."""
        return bool(self.published.touched or self.converted)


def notices(published: Published) -> Iterator[str]:
    """Yield what a person should know of pages that somebody edited."""
    for path in published.merged:
        yield f"{path} was edited; your edits and the new version are merged"
    for path in published.set_aside:
        if path.startswith("wiki/set-aside/"):
            yield f"{path} holds what could not be merged with an edited page; decide, then delete it"
    for path in published.unreadable:
        yield f"{path} has broken frontmatter and was left as it is"


def headline(report: Report) -> str:
    """Return what was done as one line."""
    parts = [
        _count(len(report.read), "source read", "sources read"),
        _count(len(report.withdrawn), "withdrawn", "withdrawn"),
        _count(len(report.published.written) + len(report.published.merged), "page written", "pages written"),
        _count(len(report.published.removed), "removed", "removed"),
    ]
    return ", ".join(part for part in parts if part) or "nothing new"


def _count(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}" if number else ""


def log_lines(report: Report, known: Container[str]) -> list[str]:
    """Return the lines of the diary's entry; `known` are the paths of the pages that there were before."""
    new = [path for path in report.published.written if path not in known]
    lines = [f"read {raw}" for raw in report.read[:20]]
    lines += [f"and {len(report.read) - 20} more"] if len(report.read) > 20 else []
    lines += [f"withdrew {raw}" for raw in report.withdrawn]
    lines += [f"new pages: {len(new)}"] if new else []
    return lines + list(notices(report.published))


def commit_message(report: Report) -> str:
    """Return the message of the commit: the headline, then what was read and withdrawn."""
    lines = [*(f"read {raw}" for raw in report.read), *(f"withdrew {raw}" for raw in report.withdrawn)]
    body = "\n".join(lines[:100]) + (f"\nand {len(lines) - 100} more" if len(lines) > 100 else "")
    return f"compile: {headline(report)}" + (f"\n\n{body}" if body else "")
