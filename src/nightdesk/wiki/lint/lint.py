"""A vault or a desk looked through with every rule that applies to it."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import date
from itertools import chain
from pathlib import Path

from nightdesk.base.cache import Cache
from nightdesk.base.collecting import without_cycles
from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.wiki.lint import graph
from nightdesk.wiki.lint.drift import index_drift
from nightdesk.wiki.lint.duplicates import duplicate_names, duplicate_pages, near_duplicate_pages
from nightdesk.wiki.lint.file_names import file_names
from nightdesk.wiki.lint.findings import RULES, Finding, in_order
from nightdesk.wiki.lint.kept_outcome import keep, outcome_key, recall
from nightdesk.wiki.lint.links import broken_links
from nightdesk.wiki.lint.mentions import unlinked_mentions
from nightdesk.wiki.lint.properties import contents, frontmatter, stale
from nightdesk.wiki.vault.files import Folder, is_text, read_folder
from nightdesk.wiki.vault.reading import Vault, read_vault

ALL = frozenset(RULES)
# what makes a wiki worth reading and means little in a folder of documents: a README of each package is no orphan
WIKI_ONLY = frozenset(
    (
        *("frontmatter-missing", "name-unlinkable", "duplicate-page", "near-duplicate-page", "duplicate-name"),
        *("similar-name", "index-drift", "orphan", "dead-end", "missing-page", "unlinked-mention", "oversized-page"),
    )
)

Stage = Callable[[str, int], AbstractContextManager[Callable[[], None]]]  # name and steps -> what counts a step


@dataclass(frozen=True, slots=True)
class Linted:
    """What was found, and what was looked at."""

    findings: tuple[Finding, ...]
    pages: int
    words: int
    links: int
    left_out: tuple[str, ...] = ()  # rules that make sense in a wiki only, and this is none

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
    asked: frozenset[str] = frozenset(),
    today: date,
    cache: Cache | None = None,
    jobs: int = 0,
    stage: Stage = no_stage,
) -> Linted:
    """Look through any folder of Markdown; nothing is written into it. Raises DeskError where it is no folder.

    Where it is no wiki, of the rules for wikis only those in `asked` are applied.
    """

    def look(folder: Folder) -> tuple[Vault, Iterable[Finding], frozenset[str]]:
        vault = _read(folder, cache, stage, jobs=jobs, scope=lambda path: True)
        applied = rules if vault.is_wiki else rules - (WIKI_ONLY - asked)
        return vault, general(vault, applied, today=today, cache=cache, stage=stage), applied

    with without_cycles():
        return _unless_known(read_folder(root, only_pages=True), rules, asked, today, cache, look)


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

    def look(folder: Folder) -> tuple[Vault, Iterable[Finding], frozenset[str]]:
        # imported here: it needs half of the program, which a vault or a desk without changes should not wait for
        from nightdesk.wiki.lint import desk_pages  # noqa: PLC0415

        vault = _read(folder, cache, stage, jobs=jobs, scope=desk_pages.in_wiki)
        with stage("evidence", len(vault.records)) as step:
            pages = desk_pages.read_pages(vault, cache, on_page=step)
        apart = desk_pages.unmentioning(pages)
        found = general(vault, rules, today=today, cache=cache, stage=stage, desk=True, apart=apart)
        return vault, chain(found, desk_pages.resting(vault, pages, rules)), rules

    with without_cycles():
        return _unless_known(read_folder(desk.root), rules, frozenset(), today, cache, look)


def _unless_known(
    folder: Folder,
    rules: frozenset[str],
    asked: frozenset[str],
    today: date,
    cache: Cache | None,
    look: Callable[[Folder], tuple[Vault, Iterable[Finding], frozenset[str]]],
) -> Linted:
    """Return what the last look found where nothing has changed since, else look."""
    key = outcome_key(folder, rules, asked, today)
    if known := recall(cache, key):
        findings, pages, words, links, left_out = known
        return Linted(tuple(Finding(*finding) for finding in findings), pages, words, links, tuple(left_out))
    vault, found, applied = look(folder)
    linted = Linted(
        in_order({finding for finding in found if finding.rule in applied}),
        len(vault.records),
        sum(record.words for record in vault.records.values()),
        sum(len(record.links) for record in vault.records.values()),
        tuple(rule for rule in RULES if rule in rules - applied),
    )
    if all(is_text(finding.file) for finding in linted.findings):
        rows = [[getattr(finding, name) for name in Finding.__slots__] for finding in linted.findings]
        keep(cache, key, [rows, linted.pages, linted.words, linted.links, linted.left_out], vault.outside)
    return linted


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


def general(
    vault: Vault,
    rules: frozenset[str] = ALL,
    *,
    today: date,
    cache: Cache | None = None,
    stage: Stage = no_stage,
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
            vault, citations=desk, wiki=desk or vault.is_wiki
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
