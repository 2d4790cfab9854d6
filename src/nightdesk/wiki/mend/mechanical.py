"""What code mends: findings with one right mend, as texts of pages before and after; nothing is written here."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from nightdesk.base.desk import Desk
from nightdesk.wiki.lint.findings import Finding
from nightdesk.wiki.lint.overlay import Seen, lint_changed
from nightdesk.wiki.mend.fronts import mended_front
from nightdesk.wiki.mend.leftovers import is_mere_copy
from nightdesk.wiki.mend.places import Place, bar_at, changes_only, offset_of, retargeted, with_places
from nightdesk.wiki.mend.renames import renamed_files
from nightdesk.wiki.mend.targets import Finder, heading_meant, name_for
from nightdesk.wiki.vault.records import Resolved

LINKS = ("broken-link", "broken-embed", "missing-image")
FRONTS = ("frontmatter-missing", "frontmatter-malformed")
MENTION = "unlinked-mention"
RULES = (*LINKS, "broken-heading", "broken-citation", *FRONTS, "sync-conflict", MENTION)
BY_COMPILE = ("index-drift", "stale-page", "quote-gone")  # what a compile puts right
MAX_CHOICES = 5
_REPEAT = ("uncited-sentence",)
_MENTION_MEND = re.compile(r"write \[\[([^\[\]|]+)(?:\|[^\[\]]*)?\]\]")


@dataclass(slots=True)
class Plan:
    """What is to be done to pages, and what was left and why. Paths are relative to the desk."""

    before: dict[str, str] = field(default_factory=dict)
    after: dict[str, str] = field(default_factory=dict)
    removed: list[str] = field(default_factory=list)
    mended: list[Finding] = field(default_factory=list)
    left: dict[Finding, str] = field(default_factory=dict)  # with the choices that there are


def plan_mends(desk: Desk, seen: Seen, findings: Sequence[Finding], *, today: date) -> Plan:
    """Return what code mends of these findings.

    A page that nightdesk wrote and nobody changed is left to a compile, which makes it anew. Each mend is tried on the
    page in memory: it stays only if its finding is gone and no other came.
    """
    plan = Plan()
    mender = _Mender(desk, seen)
    by_page: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        if finding.rule == "sync-conflict":
            if is_mere_copy(desk, finding.file):
                plan.removed.append(finding.file)
                plan.mended.append(finding)
            else:
                plan.left[finding] = "it differs from the original"
        elif finding.rule in RULES and not mender.is_made(finding.file):
            by_page[finding.file].append(finding)
    gone = set(plan.removed)
    for path, mine in by_page.items():
        if path not in gone:
            _mend_page(mender, path, mine, plan)
    _keep_what_helps(mender, plan, today)
    return plan


class _Mender:
    """Finds the mend of one finding."""

    def __init__(self, desk: Desk, seen: Seen) -> None:
        self.desk, self.seen = desk, seen
        self._finder: Finder | None = None

    @property
    def finder(self) -> Finder:
        """What links mean; the history is looked through at the first broken one."""
        if self._finder is None:
            self._finder = Finder(self.seen.vault, renamed_files(self.desk.root))
        return self._finder

    def is_made(self, path: str) -> bool:
        """Say whether nightdesk wrote a page and nobody changed it."""
        page = (self.seen.pages or {}).get(path)
        return page is not None and not page.edited

    def text(self, path: str) -> str | None:
        """Return a page's text, None for what is no UTF-8 or gone."""
        record = self.seen.vault.records.get(path)
        if record is None or not record.is_utf8:
            return None
        try:
            return self.seen.vault.text(path).decode("utf-8")
        except UnicodeDecodeError:
            return None

    def place(self, finding: Finding, text: str) -> Place | str:
        """Return the place that mends a finding, or why there is none."""
        if finding.rule == MENTION:
            return self._mention(finding, text)
        at = (finding.line, finding.column)
        here = [one for one in self.seen.vault.links[finding.file] if (one.link.line, one.link.column) == at]
        if not here:
            return "the link cannot be told from the text around it"
        how: Mapping[str, Callable[[str, Resolved, str], Place | str]] = {
            "broken-heading": self._heading,
            "broken-citation": self._citation,
        }
        return how.get(finding.rule, self._link)(finding.file, here[0], text)

    def _link(self, path: str, one: Resolved, text: str) -> Place | str:
        meant = self.finder.meant(one.link)
        if meant is None:
            choices = self.finder.choices(one.link)[:MAX_CHOICES]
            return f"it may be {' or '.join(choices)}" if choices else "no file has that name or had it"
        return self._to(path, one, text, meant.path, keep_words=meant.keep_words)

    def _to(self, path: str, one: Resolved, text: str, target: str, *, keep_words: bool) -> Place | str:
        name = name_for(self.seen.vault, target, path)
        if name is None and one.link.is_wiki:
            return f"no link can name {target}"
        link = one.link
        place = retargeted(text, path, link, name or "", target, fragment=link.fragment, keep_words=keep_words)
        return place or "the link cannot be told from the text around it"

    def _heading(self, path: str, one: Resolved, text: str) -> Place | str:
        heading = heading_meant(self.seen.vault, one)
        if heading is None:
            return "which heading is meant is not certain"
        target = one.target if one.link.path else ""
        # the page is called as it was: only the heading changes
        name = one.link.path
        place = retargeted(text, path, one.link, name, target or "", fragment=heading, keep_words=False)
        return place or "the link cannot be told from the text around it"

    def _citation(self, path: str, one: Resolved, text: str) -> Place | str:
        identity = one.link.fragment.removeprefix("^")
        pages = self.seen.pages or {}
        found = [p for p, page in pages.items() if any(claim.id == identity for claim in page.claims)]
        if len(found) != 1:
            return f"the claim stands on {', '.join(found[:MAX_CHOICES])}" if found else "no page makes that claim"
        return self._to(path, one, text, found[0], keep_words=False)

    def _mention(self, finding: Finding, text: str) -> Place | str:
        meant = _MENTION_MEND.match(finding.mend)
        named = re.match(r'names "(.*)" and does not link to ', finding.message)
        if meant is None or named is None:
            return "only pages that use wikilinks are mended"
        at = offset_of(text, finding.line, finding.column)
        pattern = r"[^\w\n]{1,9}".join(re.escape(part) for part in re.findall(r"\w+", named[1]))
        words = re.compile(pattern, re.IGNORECASE).match(text, at)
        if words is None:
            return "the words cannot be told from the text around them"
        bar = bar_at(text, at)
        label = "" if words[0] == meant[1] else f"{bar}{words[0]}"
        return Place(words.start(), words.end(), f"[[{meant[1]}{label}]]")


def _mend_page(mender: _Mender, path: str, findings: Sequence[Finding], plan: Plan) -> None:
    text = mender.text(path)
    if text is None:
        return
    fronts = [finding for finding in findings if finding.rule in FRONTS]
    places: dict[Finding, Place] = {}
    for finding in findings:
        if finding.rule not in FRONTS:
            place = mender.place(finding, text)
            if isinstance(place, str):
                plan.left[finding] = place
            else:
                places[finding] = place
    linked = with_places(text, places.values())
    links = [one.link for one in mender.seen.vault.links[path] if (one.link.line, one.link.column) in _at(places)]
    if not any(f.rule == MENTION for f in places) and not changes_only(text, linked, links):
        plan.left |= dict.fromkeys(places, "the link cannot be told from the text around it")
        places, linked = {}, text
    after = mended_front(mender.desk, path, linked) if fronts else linked
    if after is None:
        plan.left |= dict.fromkeys(fronts, "its values are not known")
        fronts, after = [], linked
    if after != text:
        plan.before[path], plan.after[path] = text, after
        plan.mended += [*places, *fronts]


def _at(findings: Collection[Finding]) -> set[tuple[int, int]]:
    return {(finding.line, finding.column) for finding in findings}


def _keep_what_helps(mender: _Mender, plan: Plan, today: date) -> None:
    """Take back the mends of a page that did not remove their findings, or that brought others."""
    if not plan.after:
        return
    before = _by_page(lint_changed(mender.seen, plan.before, today=today))
    after = _by_page(lint_changed(mender.seen, plan.after, today=today))
    for path in list(plan.after):
        mine = [finding for finding in plan.mended if finding.file == path]
        gone = counted(before[path]) - counted(after[path])
        new = counted(after[path], loosely=True) - counted(before[path], loosely=True)
        for rule in _REPEAT:
            del new[rule, ""]  # no word was changed; a "!" in a heading's name may end a sentence
        if any(finding.rule == "frontmatter-malformed" for finding in mine):
            new = Counter()  # of a page that could not be read most was not looked at
        if new or any(not gone[finding.rule, finding.message] for finding in mine):
            plan.left |= dict.fromkeys(mine, "the mend that there is brings other findings")
            plan.mended = [finding for finding in plan.mended if finding.file != path]
            del plan.before[path], plan.after[path]


def _by_page(findings: Iterable[Finding]) -> dict[str, list[Finding]]:
    found: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        found[finding.file].append(finding)
    return found


def counted(findings: Iterable[Finding], *, loosely: bool = False) -> Counter[tuple[str, str]]:
    """Return how often there is each finding, whatever its line.

    `loosely`: whatever its words too, where they repeat the sentence: one that was changed is no new one for that.
    """
    return Counter(
        (finding.rule, "" if loosely and finding.rule in _REPEAT else finding.message) for finding in findings
    )
