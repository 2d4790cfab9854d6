"""The task "mend": one page with its findings, what may be cited, and the pages that there are."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from itertools import islice
from typing import Any

from nightdesk.agents.boundary import mark_data
from nightdesk.agents.briefs import Briefs
from nightdesk.agents.tasks import Brief, Task
from nightdesk.base.pages import short_hash
from nightdesk.base.settings import MEND
from nightdesk.wiki.claims import render_citation
from nightdesk.wiki.escaping import escape_line
from nightdesk.wiki.lint.findings import Finding
from nightdesk.wiki.lint.names_of import base_name, is_list, key_of
from nightdesk.wiki.lint.overlay import Seen

FORM = 1  # changes when the same hand-in is judged otherwise
EVERYWHERE = (
    *("broken-link", "broken-embed", "missing-image", "broken-heading", "broken-block", "broken-citation"),
    *("unsupported", "superseded-source"),
)
BY_AGENTS = ("uncited-sentence", "dead-end", "near-duplicate-page")  # only on pages that an AI wrote
RULES = (*EVERYWHERE, *BY_AGENTS)
MAX_CHARS = 60_000  # of a page: a longer one is to be split first
MAX_FINDINGS = 40  # of one task
MAX_CLAIMS = 120
MAX_NAMES = 150
MAX_NEAR = 60  # names that one that leads nowhere is compared with
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "edits": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {key: {"type": "string"} for key in ("page", "old", "new")},
                "required": ["page", "old", "new"],
                "additionalProperties": False,
            },
        },
        "left": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"finding": {"type": "integer"}, "why": {"type": "string"}},
                "required": ["finding", "why"],
                "additionalProperties": False,
            },
        },
    },
    "required": ["edits", "left"],
    "additionalProperties": False,
}


@dataclass(frozen=True, slots=True)
class MendMaterial:
    """What whoever mends a page may use."""

    path: str  # relative to the desk
    text: str  # of the file, frontmatter included
    findings: tuple[Finding, ...]  # numbered from 1 in the brief
    claims: tuple[str, ...]  # lines that begin with the citation
    names: tuple[str, ...]  # of pages that a link may lead to


def mend_tasks(
    seen: Seen,
    findings: Iterable[Finding],
    *,
    asked: Collection[str] = (),
    is_left: Callable[[Finding], bool] = lambda finding: False,
    briefs: Callable[[], Briefs],
) -> list[Task[MendMaterial]]:
    """Return a task for each page with findings that a writer can mend, in the order of their paths.

    Rules in BY_AGENTS count on pages that an AI wrote, and on all pages where they are `asked` for. What nightdesk's
    own code wrote is a compile's to mend; what somebody left with a reason is not asked again while `is_left` says so.
    """
    by_page: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        if is_task(seen, finding, asked) and not is_left(finding):
            by_page[finding.file].append(finding)
    wiki = _Wiki(seen)
    tasks = []
    for path, mine in sorted(by_page.items()):
        text = _text(seen, path)
        if text is not None and len(text) <= MAX_CHARS:
            findings_ = tuple(mine[:MAX_FINDINGS])
            material = MendMaterial(path, text, findings_, tuple(wiki.claims(path)), wiki.names(path, findings_))
            tasks.append(Task(MEND, path, short_hash(repr((FORM, material))), material, _brief(material, briefs)))
    return tasks


def is_task(seen: Seen, finding: Finding, asked: Collection[str]) -> bool:
    """Say whether a writer may be asked to mend a finding."""
    record, page = seen.vault.records.get(finding.file), (seen.pages or {}).get(finding.file)
    if record is None or page is None or page.by_code or page.source or is_list(finding.file):
        return False
    if record.values.get("type") in ("source", "index", "log", "contradictions"):
        return False
    if finding.rule in BY_AGENTS:
        return finding.rule in asked or _by_agent(record.values)
    return finding.rule in EVERYWHERE


def _by_agent(values: Mapping[str, Any]) -> bool:
    generated = values.get("generated")
    by = generated.get("by") if isinstance(generated, dict) else None
    return isinstance(by, str) and by != "" and not by.endswith("builtin")


def _text(seen: Seen, path: str) -> str | None:
    try:
        return seen.vault.text(path).decode("utf-8")
    except UnicodeDecodeError:
        return None


class _Wiki:
    """What the tasks of all pages look up."""

    def __init__(self, seen: Seen) -> None:
        self._seen = seen

    @cached_property
    def _linked_from(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for other, ones in self._seen.vault.links.items():
            for target in dict.fromkeys(one.target for one in ones if one.target):
                found[target].append(other)
        return found

    @cached_property
    def _by_edge(self) -> dict[str, dict[str, str]]:
        """The pages' base names by their key, for each beginning and end of a few letters."""
        found: dict[str, dict[str, str]] = defaultdict(dict)
        for path in self._seen.vault.records:
            key = key_of(base_name(path))
            for edge in _edges(key):
                if len(found[edge]) < MAX_NEAR:
                    found[edge][key] = base_name(path)
        return found

    def claims(self, path: str) -> Iterator[str]:
        """Yield the claims of the sources that a page cites or links to, and of those that link to it, as lines."""
        near = dict.fromkeys(one.target for one in self._seen.vault.links[path] if one.target)
        near |= dict.fromkeys(self._linked_from[path])
        pages = self._seen.pages or {}
        every = ((other, claim) for other in near if other in pages for claim in pages[other].claims)
        for other, claim in islice(every, MAX_CLAIMS):
            yield f"- {render_citation(base_name(other or ''), claim.id, '1')} {escape_line(claim.statement)}"

    def names(self, path: str, findings: Sequence[Finding]) -> tuple[str, ...]:
        """Return names of pages: those like the ones that lead nowhere, those linked here, and others."""
        vault = self._seen.vault
        at = {(finding.line, finding.column) for finding in findings}
        keys = [key_of(base_name(o.link.path)) for o in vault.links[path] if (o.link.line, o.link.column) in at]
        near = []
        for key in keys[:MAX_FINDINGS]:
            known = {k: name for edge in _edges(key) for k, name in self._by_edge.get(edge, {}).items()}
            near += [known[like] for like in get_close_matches(key, known, n=5)]
        linked = [base_name(one.target) for one in vault.links[path] if one.target in vault.records]
        others = (base_name(other) for other in islice(vault.records, MAX_NAMES))
        return tuple(dict.fromkeys((*near, *linked, *others)))[:MAX_NAMES]


def _edges(key: str) -> set[str]:
    return {key[:3] + "…", "…" + key[-3:]}


def _brief(material: MendMaterial, briefs: Callable[[], Briefs]) -> Callable[[], Brief]:
    return lambda: mend_brief(material, briefs())


def mend_brief(material: MendMaterial, briefs: Briefs) -> Brief:
    """Return the brief for mending a page."""
    findings = "\n".join(
        f"{number}. line {f.line}: {f.rule}: {f.message} (a way: {f.mend})"
        for number, f in enumerate(material.findings, 1)
    )
    pieces = {
        "the page": material.text,
        "the findings": findings,
        "claims that may be cited": "\n".join(material.claims) or "(none)",
        "pages to link to": " | ".join(material.names) or "(none)",
        "the path of the page": material.path,
    }
    return briefs.render("mend", {}, material=mark_data(pieces), form="json", schema=SCHEMA)
