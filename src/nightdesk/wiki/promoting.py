"""Promoted answers: filed answers that passed the full check, and so may be read as evidence and are linked to.

An answer says nothing of its own: each of its sentences is followed through to the claims that it cites, at every
compile, and as soon as one of them does not bear it any more the promotion is taken back.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from nightdesk.agents.tasks import Task
from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.base.files import hash_file, write_atomically
from nightdesk.base.git import commit_by_hand
from nightdesk.base.names import name_key
from nightdesk.base.pages import MARK, Page, parse_page, render_front, short_hash
from nightdesk.wiki.answer_forms.chart import spec_faults, without_spec
from nightdesk.wiki.answering.filing import FOLDER, TYPE
from nightdesk.wiki.answering.statements import Statements
from nightdesk.wiki.building import Build
from nightdesk.wiki.cited_sentences import unescaped
from nightdesk.wiki.claims import Claim, claim_id, find_citations, find_links
from nightdesk.wiki.contradictions.items import Item
from nightdesk.wiki.contradictions.page import read_kept
from nightdesk.wiki.edits import UNVERIFIED, VERIFIED, in_one_line
from nightdesk.wiki.library import Shelved, find_page, read_page, source_entry
from nightdesk.wiki.places import TextPlaces
from nightdesk.wiki.proof.support import unsupported
from nightdesk.wiki.writing import MAX_BODY, Evidence, WriteMaterial, verify_page

PROMOTED = "promoted"  # a status, and the key that says by whom and when
TABLE = "promoted"
FORM = 1  # changes when the same answer is judged otherwise
_TITLE = re.compile(r"\A\s*# [^\n]*\n")
_LINK_ALONE = re.compile(r"^\[\[[^\[\]|#^]+\]\][ \t]*$", re.MULTILINE)  # a page above the statements found on it
_TEXT_LINK = re.compile(r"\]\(\.\./\.\./(?:text|raw)/")
_SUPERSEDED = frozenset({"superseded", "deprecated", "retracted", "withdrawn", "obsolete"})

Key = tuple[str, str]  # name key of a source page, claim id


@dataclass(frozen=True, slots=True)
class Ground:
    """What an answer is held to."""

    claims: Mapping[Key, Evidence]  # those of its citations that resolve
    against: Mapping[str, str]  # claim id -> why it bears nothing now


@dataclass(frozen=True, slots=True)
class Judged:
    """What speaks against an answer: that its sentences do not hold, or that their claims do not count now."""

    unsound: tuple[str, ...] = ()
    unsettled: tuple[str, ...] = ()

    @property
    def reasons(self) -> tuple[str, ...]:
        """All of it; () where the answer passes."""
        return (*self.unsound, *self.unsettled)


@dataclass(slots=True)
class Promotions:
    """The promoted answers at a compile."""

    answers: dict[str, tuple[str, ...]] = field(default_factory=dict)  # concept page -> names of answers to link to
    failed: dict[str, Judged] = field(default_factory=dict)  # path -> why it is promoted no longer


def judge_answer(page: Page, name: str, ground: Ground) -> Judged:
    """Return what speaks against an answer: the full check.

    Every sentence cites, every citation leads to a claim, what it says is what its claims say, and none of them is
    superseded, wrong, or in a contradiction that nobody has decided.
    """
    if len(page.body) > MAX_BODY:
        return Judged((f"the answer is longer than {MAX_BODY:,} characters",))
    body, spec = without_spec(_TITLE.sub("", page.body, count=1))
    if _TEXT_LINK.search(body):
        return Judged(("it rests on words of a text that no claim holds; only claims can bear a promoted answer",))
    body = _LINK_ALONE.sub("", body)
    material = WriteMaterial(
        type="concept",
        name=name,
        title=str(page.value("title") or name),
        aliases=(),
        language=str(page.value("language") or "en"),
        evidence=tuple(ground.claims.values()),
        parts=(),
        names=find_links(body),
        known_names=(),
    )
    reasons = [*verify_page(Task("write", name, "", material), body).reasons]
    if spec is not None:
        reasons += spec_faults(spec, {identity: e for (_, identity), e in ground.claims.items()})
    cited = dict.fromkeys(citation.id for citation in find_citations(unescaped(body)))
    unsettled = [ground.against[identity] for identity in cited if identity in ground.against]
    return Judged(tuple(dict.fromkeys(reasons)), tuple(dict.fromkeys(unsettled)))


def objections_to(items: Iterable[Item]) -> dict[str, str]:
    """Return why claims bear nothing now because of contradictions: claim id -> why."""
    found: dict[str, str] = {}
    for item in items:
        if item.is_open:
            for side in item.sides:
                found.setdefault(side.claim, f"^{side.claim} is in a contradiction that is not decided: {item.id}")
        elif (loser := item.loser) is not None:
            found[loser.claim] = f"^{loser.claim} is {item.state.other or 'wrong'}: {item.id}"
    return found


def check_answer(desk: Desk, shelved: Shelved) -> Judged:
    """Return what speaks against an answer as the desk stands: each claim is proved again from its source's text."""
    statements = Statements(desk)
    claims: dict[Key, Evidence] = {}
    sources: dict[str, _Source] = {}
    against = objections_to(read_kept(desk).items.values())
    for cited_page, identity in _cited(shelved.page.body):
        claim, path = statements.claim(cited_page, identity), statements.path_of(cited_page)
        if claim is None or path is None:
            continue  # verify_page says so
        name = Path(path).stem
        claims[name_key(name), claim.id] = Evidence(
            name, claim.id, claim.statement, TextPlaces.plain(claim.quote), claim.concepts, (), False, None
        )
        if path not in sources:
            sources[path] = _Source(desk, statements, path)
        if why := sources[path].against or sources[path].against_claim(claim):
            against.setdefault(claim.id, why)
    return judge_answer(shelved.page, shelved.name, Ground(claims, against))


def _cited(body: str) -> tuple[tuple[str, str], ...]:
    """Return the page and id of each claim that a body cites, once; none of a body that is too long to be judged."""
    if len(body) > MAX_BODY:
        return ()
    return tuple(dict.fromkeys((citation.page, citation.id) for citation in find_citations(unescaped(body))))


class _Source:
    """A source as it is on disk: whether it still is what was read, and where its text says what."""

    def __init__(self, desk: Desk, statements: Statements, path: str) -> None:
        self.against = _against_source(desk, path)
        self._text = statements.text_of(path)
        raw = statements.raw_of(path)
        self._places: TextPlaces | None = None
        try:
            if not raw.startswith("raw/") or hash_file(desk.root / raw) != _first_source(desk, path).get("sha256"):
                self.against = self.against or f"{raw or path} has changed since it was read; run nightdesk compile"
            elif self._text.startswith(("raw/", "text/")):
                self._places = TextPlaces((desk.root / self._text).read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError):
            self.against = self.against or f"its source {raw or path} is gone"

    def against_claim(self, claim: Claim) -> str:
        """Return what speaks against one of its claims, "" for nothing."""
        found = self._places.find(claim.quote) if self._places else None
        if claim_id(claim.statement, claim.quote) != claim.id or found is None:
            return f"^{claim.id}: its quote does not stand in {self._text}, or its id is not its own"
        if reasons := unsupported(claim.statement, [TextPlaces.plain(claim.quote), claim.quote]):
            return f"^{claim.id} says other than its quote: {reasons[0].detail}"
        return ""


def _first_source(desk: Desk, path: str) -> Mapping[str, object]:
    try:
        return source_entry(read_page(desk, path).page)
    except DeskError:
        return {}


def _against_source(desk: Desk, path: str) -> str:
    """Return why a source as a whole bears nothing: its page says that it is superseded."""
    try:
        page = read_page(desk, path).page
    except DeskError as error:
        return error.message
    status = page.value("status")
    if page.value("superseded_by") or (isinstance(status, str) and status.casefold() in _SUPERSEDED):
        return f'the source "{Path(path).stem}" is superseded, as its page says'
    return ""


def recheck(build: Build, items: Sequence[Item]) -> Promotions:
    """Return what the promoted answers are good for now, judged by the accepted readings; nothing is written.

    One that was judged against the same claims before is not judged again.
    """
    found = Promotions()
    pages = [shelved for path in build.shelf.pages if (shelved := _promoted(build.site.desk, path))]
    if not pages:
        return found
    marks = {name_key(mark.page): mark for mark in build.readings.marks}
    against = objections_to(items)
    known = build.site.cache.get(TABLE, [shelved.path for shelved in pages])
    fresh: dict[str, list[object]] = {}
    linked: dict[str, list[str]] = {}
    for shelved in pages:
        claims: dict[Key, Evidence] = {}
        for page, identity in _cited(shelved.page.body):
            mark = marks.get(name_key(page))
            if mark is not None and any(claim.id == identity for claim in mark.claims):
                claims[name_key(mark.page), identity] = build.drawer.claim(mark.page, identity, about=None)
        own = {identity: against[identity] for _, identity in claims if identity in against}
        for (_, identity), evidence in claims.items():
            if why := _against_source(build.site.desk, f"wiki/sources/{evidence.page}.md"):
                own.setdefault(identity, why)
        key = short_hash(repr((FORM, shelved.page.text, list(claims.values()), own)))
        stored = known.get(shelved.path)
        if stored and stored[0] == key:
            judged = Judged(tuple(stored[1]), tuple(stored[2]))
        else:
            judged = judge_answer(shelved.page, shelved.name, Ground(claims, own))
        fresh[shelved.path] = [key, list(judged.unsound), list(judged.unsettled)]
        if judged.reasons:
            found.failed[shelved.path] = judged
            continue
        for concept in dict.fromkeys(name for evidence in claims.values() for name in evidence.concepts):
            linked.setdefault(concept, []).append(shelved.name)
    build.site.cache.put(TABLE, fresh)
    build.site.cache.keep_only(TABLE, fresh)
    found.answers = {concept: tuple(sorted(names)) for concept, names in linked.items()}
    return found


def _promoted(desk: Desk, path: str) -> Shelved | None:
    """Return the page at `path` if it is a promoted answer."""
    if not path.startswith(f"{FOLDER}/"):
        return None
    try:
        shelved = read_page(desk, path)
    except DeskError:
        return None
    page = shelved.page
    return shelved if page.value("type") == TYPE and page.value("status") == PROMOTED else None


def take_back(desk: Desk, failed: Mapping[str, Judged]) -> list[str]:
    """Take the promotion of these answers back and return the paths that were written; edits go into git first."""
    commit_by_hand(desk.root, list(failed))
    return [path for path, judged in failed.items() if demote(desk, path, UNVERIFIED if judged.unsound else VERIFIED)]


def notes_on(failed: Mapping[str, Judged]) -> list[str]:
    """Return what a person should know of the promotions that were taken back."""
    return [f"{path} is promoted no longer: {in_one_line(judged.reasons)}" for path, judged in failed.items()]


def promote(desk: Desk, path: str, *, by: str, on: date) -> None:
    """Write down that an answer is promoted, by whom and when."""
    _rewrite(desk, path, lambda page: with_promotion(page, PROMOTED, {"by": by, "date": on}))


def demote(desk: Desk, path: str, status: str = VERIFIED) -> bool:
    """Give an answer another status than promoted; say whether it was written."""
    return _rewrite(desk, path, lambda page: with_promotion(page, status, None))


def _rewrite(desk: Desk, path: str, change: Callable[[Page], Page]) -> bool:
    file = desk.root / path
    try:
        content = file.read_bytes()
        page = parse_page(content.decode("utf-8"))
    except (OSError, UnicodeDecodeError, DeskError):
        return False  # somebody is at work on it: the next compile finds it again
    changed = change(page).text.encode("utf-8", "replace")
    if changed != content:
        write_atomically(file, changed)
    return changed != content


def with_promotion(page: Page, status: str, promoted: Mapping[str, Any] | None) -> Page:
    """Return a page with another status, and who promoted it; all else stays, comments of a person's too.

    A page that nobody has edited stays one.
    """
    front: dict[str, str] = {}
    for key, lines in page.front.items():
        if key == "status":
            front[key] = re.sub(r"^status:[^\n]*", f"status: {status}", lines, count=1, flags=re.MULTILINE)
            front |= render_front({PROMOTED: dict(promoted)}) if promoted else {}
        elif key != PROMOTED:
            front[key] = lines
    if "status" not in page.front:
        front |= render_front({"status": status, PROMOTED: dict(promoted) if promoted else None})
    changed = Page(front, page.body)
    if page.edited or MARK not in front:
        return changed
    return Page(front | render_front({MARK: {"content": changed.content_hash}}), page.body)


def answer_called(desk: Desk, name: str) -> Shelved:
    """Return the answer that `name` names. Raises DeskError for what is no filed answer."""
    shelved = find_page(desk, name)
    if shelved.page.value("type") != TYPE or not shelved.path.startswith(f"{FOLDER}/"):
        raise DeskError(
            f"{shelved.path} is no filed answer; only answers are promoted",
            fix='file one: nightdesk ask --save "What is …?"',
        )
    return shelved
