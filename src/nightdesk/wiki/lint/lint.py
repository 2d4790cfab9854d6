"""A vault or a desk looked through with every rule that applies to it."""

import contextlib
import gc
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from nightdesk.base.cache import Cache
from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.wiki.lint import evidence, graph
from nightdesk.wiki.lint.claims_kept import read_pages
from nightdesk.wiki.lint.drift import index_drift
from nightdesk.wiki.lint.duplicates import duplicate_names, duplicate_pages, near_duplicate_pages
from nightdesk.wiki.lint.file_names import file_names
from nightdesk.wiki.lint.findings import RULES, Finding, in_order
from nightdesk.wiki.lint.kept_outcome import keep, outcome_key, recall
from nightdesk.wiki.lint.links import broken_links
from nightdesk.wiki.lint.mentions import unlinked_mentions
from nightdesk.wiki.lint.properties import contents, frontmatter, stale
from nightdesk.wiki.publish import SET_ASIDE
from nightdesk.wiki.vault.files import Folder, is_text, read_folder
from nightdesk.wiki.vault.reading import Vault, read_vault

ALL = frozenset(RULES)
_GENERAL_ONLY = frozenset(rule.id for rule in RULES.values() if not rule.on_desk_only) - {"stale-page"}

Stage = Callable[[str, int], AbstractContextManager[Callable[[], None]]]  # name and steps -> what counts a step


@dataclass(frozen=True, slots=True)
class Linted:
    """What was found, and what was looked at."""

    findings: tuple[Finding, ...]
    pages: int
    words: int
    links: int

    @property
    def counts(self) -> dict[str, int]:
        """How many findings each rule has, in the order of RULES."""
        counted = Counter(finding.rule for finding in self.findings)
        return {rule: counted[rule] for rule in RULES if rule in counted}


def no_stage(name: str, steps: int) -> AbstractContextManager[Callable[[], None]]:
    """Show no progress."""
    return nullcontext(lambda: None)


def chosen_rules(only: Collection[str], without: Collection[str]) -> frozenset[str]:
    """Return the rules to apply. Raises DeskError for an unknown one, with the one that may be meant."""
    for name in (*only, *without):
        if name not in RULES:
            # imported here: only a mistyped name needs it
            import difflib  # noqa: PLC0415

            near = difflib.get_close_matches(name, RULES, n=1)
            raise DeskError(
                f'no rule is called "{name}"', fix=f"is {near[0]} meant?" if near else "nightdesk lint --rules"
            )
    return frozenset(only or RULES) - frozenset(without)


def lint_vault(
    root: Path,
    *,
    rules: frozenset[str] = ALL,
    today: date,
    cache: Cache | None = None,
    jobs: int = 0,
    stage: Stage = no_stage,
) -> Linted:
    """Look through any folder of Markdown; nothing is written into it. Raises DeskError where it is no folder."""

    def look(folder: Folder) -> tuple[Vault, Iterable[Finding]]:
        vault = _read(folder, cache, stage, jobs=jobs, scope=lambda path: True)
        return vault, _general(vault, rules, today, cache, stage)

    return _unless_known(root, rules, today, cache, look)


def lint_desk(
    desk: Desk,
    *,
    rules: frozenset[str] = ALL,
    today: date,
    cache: Cache | None = None,
    jobs: int = 0,
    stage: Stage = no_stage,
) -> Linted:
    """Look through the wiki of a desk, with what its pages rest on."""

    def look(folder: Folder) -> tuple[Vault, Iterable[Finding]]:
        vault = _read(folder, cache, stage, jobs=jobs, scope=_is_wiki)
        return vault, _of_desk(vault, rules, today, cache, stage)

    return _unless_known(desk.root, rules, today, cache, look)


def _unless_known(
    root: Path,
    rules: frozenset[str],
    today: date,
    cache: Cache | None,
    look: Callable[[Folder], tuple[Vault, Iterable[Finding]]],
) -> Linted:
    """Return what the last look found where nothing has changed since, else look."""
    with _without_cycles():
        folder = read_folder(root)
        key = outcome_key(folder, rules, today)
        if known := recall(cache, key):
            findings, *sizes = known
            return Linted(tuple(Finding(*finding) for finding in findings), *sizes)
        vault, found = look(folder)
        linted = _linted(vault, found, rules)
        if not vault.outside and all(is_text(finding.file) for finding in linted.findings):
            rows = [[getattr(finding, name) for name in Finding.__slots__] for finding in linted.findings]
            keep(cache, key, [rows, linted.pages, linted.words, linted.links])
        return linted


@contextlib.contextmanager
def _without_cycles() -> Iterator[None]:
    """Look for no cycles of references in a block: it makes none, and to look takes a third of the time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _of_desk(vault: Vault, rules: frozenset[str], today: date, cache: Cache | None, stage: Stage) -> Iterator[Finding]:
    """Yield what the rules find on a desk."""
    with stage("evidence", len(vault.records)) as step:
        pages = read_pages(vault, cache, on_page=step)
    # what the built-in worker made links of is its choice, and a source page's words are its source's
    apart = frozenset(path for path, page in pages.items() if page.by_code or page.source)
    yield from _general(vault, rules, today, cache, stage, desk=True, apart=apart)
    if rules <= _GENERAL_ONLY:
        return
    yield from evidence.citations(vault)
    yield from evidence.claims(vault, pages)
    yield from evidence.contradictions(pages)
    if any(page.sentences for page in pages.values()):
        # imported here: it needs all that proves a page, and most desks have no edited page
        from nightdesk.wiki.lint.sentences import sentences  # noqa: PLC0415

        yield from sentences(vault, pages)


def _is_wiki(path: str) -> bool:
    return path.startswith("wiki/") and not path.startswith(SET_ASIDE + "/")


def _read(folder: Folder, cache: Cache | None, stage: Stage, *, jobs: int, scope: Callable[[str], bool]) -> Vault:
    with _Begun(stage) as progress:
        return read_vault(
            folder.root, cache, folder=folder, scope=scope, jobs=jobs, on_start=progress.begin, on_page=progress.count
        )


class _Begun:
    """A stage whose number of steps is known only after a while."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._open: AbstractContextManager[Callable[[], None]] | None = None
        self._step: Callable[[], None] = lambda: None

    def __enter__(self) -> "_Begun":
        return self

    def begin(self, steps: int) -> None:
        """Begin to show the stage."""
        self._open = self._stage("reading", steps)
        self._step = self._open.__enter__()

    def count(self) -> None:
        """Count a step."""
        self._step()

    def __exit__(self, *error: object) -> None:
        if self._open is not None:
            self._open.__exit__(None, None, None)


def _general(
    vault: Vault,
    rules: frozenset[str],
    today: date,
    cache: Cache | None,
    stage: Stage,
    *,
    desk: bool = False,
    apart: frozenset[str] = frozenset(),
) -> Iterable[Finding]:
    """Yield what the rules find that any vault is looked through with; those that are not wanted are not run.

    The pages `apart` are not looked through for mentions.
    """
    files = [path for path in vault.folder.files if not desk or path.startswith("wiki/")]
    folders = [path for path in vault.folder.folders if not desk or path.startswith("wiki/")]
    families: Mapping[tuple[str, ...], Callable[[], Iterable[Finding]]] = {
        ("broken-link", "broken-embed", "missing-image", "broken-heading", "broken-block"): lambda: broken_links(
            vault, citations=desk
        ),
        ("frontmatter-malformed", "frontmatter-missing"): lambda: frontmatter(
            vault, needs=("type", "title") if desk else ()
        ),
        ("conflict-markers", "not-utf8", "oversized-page"): lambda: contents(vault),
        ("sync-conflict", "name-collision", "name-forbidden", "name-too-long", "name-unlinkable"): lambda: file_names(
            files, folders
        ),
        ("duplicate-page",): lambda: duplicate_pages(vault),
        ("near-duplicate-page",): lambda: near_duplicate_pages(vault),
        ("duplicate-name", "similar-name"): lambda: duplicate_names(vault),
        ("stale-page", "superseded-source"): lambda: stale(vault, today=today),
        ("index-drift",): lambda: index_drift(vault, is_complete=desk),
        ("orphan",): lambda: graph.orphans(vault),
        ("dead-end",): lambda: graph.dead_ends(vault),
        ("missing-page",): lambda: graph.missing_pages(vault),
    }
    for names, look in families.items():
        if not rules.isdisjoint(names):
            yield from look()
    if "unlinked-mention" in rules:
        with stage("mentions", len(vault.records)) as step:
            yield from unlinked_mentions(vault, cache, apart=apart, on_page=step)


def _linted(vault: Vault, found: Iterable[Finding], rules: frozenset[str]) -> Linted:
    return Linted(
        in_order({finding for finding in found if finding.rule in rules}),
        len(vault.records),
        sum(record.words for record in vault.records.values()),
        sum(len(record.links) for record in vault.records.values()),
    )
