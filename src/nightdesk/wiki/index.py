"""index.md: every page with its one-line summary, by category."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nightdesk.base.pages import Page, make_page, short_hash
from nightdesk.wiki.claims import render_citation
from nightdesk.wiki.escaping import escape_markdown

FORM = 1
PATH = "wiki/index.md"
MAX_SUMMARY = 220  # characters
PAGE_TYPES = ("concept", "entity", "comparison", "theme")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the index."""

    name: str
    type: str  # "source", "overview", "answer", or one of PAGE_TYPES
    category: str | None  # base name of its overview page
    summary: str  # "" where the page has none
    cited: tuple[str, str] | None  # the (source page, claim id) that the summary rests on


def render_index(entries: Sequence[Entry], *, generator: str, contradictions: tuple[int, int] = (0, 0)) -> Page:
    """Return index.md for the pages of the wiki; the same entries in any order give the same page.

    `contradictions` are how many are open and how many there are: with none there is no page of them to link to.
    """
    entries = sorted(entries, key=lambda entry: (entry.name.casefold(), entry.name))
    disputed = (contradictions,) if contradictions[1] else ()
    made_from = short_hash(repr((FORM, generator, entries, *disputed)))
    concepts = sum(1 for entry in entries if entry.type in PAGE_TYPES)
    sources = [entry for entry in entries if entry.type == "source"]
    values: Mapping[str, Any] = {
        "type": "index",
        "title": "Index",
        "generated": {"by": generator},
        "status": "verified",
    }
    parts = [
        "# Index\n",
        f"{_count(len(sources), 'source')}, {_count(concepts, 'concept')}. What was done when: [[log]]\n",
        *([f"{_count(contradictions[0], 'contradiction')} not decided: [[contradictions]]\n"] if disputed else []),
    ]
    overviews = [entry for entry in entries if entry.type == "overview"]
    by_category: dict[str | None, list[Entry]] = defaultdict(list)
    for entry in entries:
        if entry.type in ("concept", "entity"):
            by_category[entry.category].append(entry)
    for overview in overviews:
        parts += [f"## [[{overview.name}]]\n", "".join(_line(entry) for entry in by_category.pop(overview.name, []))]
    rest = sorted((entry for group in by_category.values() for entry in group), key=lambda e: e.name.casefold())
    if rest:
        parts += ["## Concepts\n" if not overviews else "## Other concepts\n", "".join(_line(entry) for entry in rest)]
    across = [entry for entry in entries if entry.type in ("comparison", "theme")]
    if across:
        parts += ["## Comparisons and themes\n", "".join(_line(entry) for entry in across)]
    answers = [entry for entry in entries if entry.type == "answer"]
    if answers:
        parts += ["## Answers\n", "".join(_line(entry) for entry in answers)]
    if sources:
        parts += ["## Sources\n", "".join(_line(entry) for entry in sources)]
    if not entries:
        parts.append("Nothing is here yet: `nightdesk add SOURCE`, then `nightdesk compile`.\n")
    return make_page(values, "\n".join(parts), made_from=made_from)


def _line(entry: Entry) -> str:
    if not entry.summary:
        return f"- [[{entry.name}]]\n"
    summary = entry.summary if len(entry.summary) <= MAX_SUMMARY else _shortened(entry.summary)
    citation = f" {render_citation(*entry.cited, '1')}" if entry.cited else ""
    return f"- [[{entry.name}]]: {escape_markdown(summary)}{citation}\n"


def _shortened(text: str) -> str:
    cut = text[: MAX_SUMMARY - 1]
    head, space, _ = cut.rpartition(" ")
    return (head if space else cut).rstrip(",;: ") + "…"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number:,} {noun}s"
