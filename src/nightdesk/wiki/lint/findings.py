"""Findings: what a rule found, where, and what mends it; and the list of all rules."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of finding."""

    id: str
    severity: Severity  # error: something does not work; warning: it soon may not; note: it could be better
    what: str  # the heading of its findings
    mend: str  # what to do where the finding itself does not know better
    on_desk_only: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a rule found."""

    rule: str
    file: str  # relative to the vault or desk
    line: int  # 1-based; 1 where it is about the whole file
    column: int  # 1-based, in characters
    message: str
    mend: str

    @property
    def severity(self) -> Severity:
        """How much it matters."""
        return RULES[self.rule].severity


def found(rule: str, file: str, message: str, *, at: tuple[int, int] = (1, 1), mend: str | None = None) -> Finding:
    """Return a finding; `at` is line and column, `mend` the rule's own where nothing better is known."""
    return Finding(rule, file, at[0], at[1], message, mend or RULES[rule].mend)


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return findings by rule in the order of RULES, then by file and place."""
    place = {rule: n for n, rule in enumerate(RULES)}
    return tuple(sorted(findings, key=lambda f: (place[f.rule], f.file, f.line, f.column, f.message)))


_ALL = (
    Rule("broken-link", "error", "links that lead nowhere", "write the page, or mend the name"),
    Rule("broken-embed", "error", "embeds of nothing", "put the file there, or take the embed out"),
    Rule("missing-image", "error", "images that are not there", "put the image there, or take it out"),
    Rule("broken-heading", "error", "links to headings that are not there", "name a heading that the page has"),
    Rule(
        "broken-block", "error", "links to blocks that are not there", "put the id behind its block, or mend the link"
    ),
    Rule(
        "broken-citation",
        "error",
        "citations whose claim is gone",
        "cite a claim that stands on the source page, or run nightdesk compile",
        on_desk_only=True,
    ),
    Rule(
        "quote-gone",
        "error",
        "quotes that no longer stand in their text",
        "run nightdesk compile, so that the source is read again",
        on_desk_only=True,
    ),
    Rule(
        "changed-claim",
        "error",
        "claims whose words were changed under their id",
        "take the change back: git checkout, or nightdesk compile",
        on_desk_only=True,
    ),
    Rule(
        "unsupported",
        "error",
        "sentences that say something else than their claims",
        "say what the claims say, or cite others",
        on_desk_only=True,
    ),
    Rule(
        "contradiction",
        "warning",
        "claims that contradict each other",
        "read both quotes; the newer is not always right",
        on_desk_only=True,
    ),
    Rule(
        "uncited-sentence",
        "note",
        "sentences without a citation",
        "cite a claim, or leave it as your own: it is never evidence",
        on_desk_only=True,
    ),
    Rule("frontmatter-malformed", "error", "frontmatter that cannot be read", "mend it by hand"),
    Rule("frontmatter-missing", "warning", "pages without frontmatter that the others have", "add it at the top"),
    Rule("conflict-markers", "error", "merge conflicts that git left", "keep one side and delete the marks"),
    Rule(
        "sync-conflict", "warning", "files that a sync tool left as conflicts", "take over what differs, then delete it"
    ),
    Rule("not-utf8", "error", "pages that are not UTF-8 text", "save the file as UTF-8"),
    Rule("name-collision", "error", "names that are one on Windows or macOS", "rename one of them"),
    Rule("name-forbidden", "error", "names that Windows does not take", "rename it"),
    Rule("name-too-long", "warning", "names that are too long for some system", "shorten it"),
    Rule("name-unlinkable", "warning", "names that no link can hold", "rename it without # ^ [ ] |"),
    Rule("duplicate-page", "warning", "pages with the same words", "keep one of them"),
    Rule("near-duplicate-page", "note", "pages with nearly the same words", "merge them, or say what each is for"),
    Rule("duplicate-name", "warning", "names and aliases that several pages have", "give each its own"),
    Rule("similar-name", "note", "names that are nearly the same", "merge the pages, or make the names differ more"),
    Rule("stale-page", "warning", "pages that are out of date", "bring it up to date, or run nightdesk compile"),
    Rule("superseded-source", "warning", "pages that rest on a superseded source", "cite what superseded it"),
    Rule(
        "index-drift", "warning", "an index that does not list what is there", "add the page, or run nightdesk compile"
    ),
    Rule("orphan", "note", "pages that nothing links to", "link to it where it is spoken of"),
    Rule("dead-end", "note", "pages that link to no other page", "link to what it speaks of"),
    Rule("missing-page", "note", "concepts that three pages or more name and none describes", "write the page"),
    Rule("unlinked-mention", "note", "mentions of a page without a link to it", "make it a link"),
    Rule("oversized-page", "note", "pages that are too long to read in one go", "split it"),
)
RULES = {rule.id: rule for rule in _ALL}
