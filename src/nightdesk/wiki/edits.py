"""Edits behind nightdesk's back: a page that a person or an agent changed is checked again, and its status says so.

The rule for the status. It is content like any other line, so a page that says `status: unverified` differs from what
nightdesk wrote, as it does: it became unverified by an edit. Once all that it says holds again, the line is put back,
and a page whose edit was taken back is then, to the byte and the hash, nightdesk's own again. Pages are checked after
they were published: a merge takes over the line of the edited page, and what came out of the merge is what counts.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from nightdesk.agents.tasks import Task
from nightdesk.base.cache import Cache
from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.base.files import write_atomically
from nightdesk.base.git import commit_by_hand, commit_paths
from nightdesk.base.names import name_key, some_names
from nightdesk.base.pages import Page, parse_page, short_hash
from nightdesk.wiki.building import Build
from nightdesk.wiki.cited_sentences import Cited, PageText, unescaped
from nightdesk.wiki.claims import Claim, claim_id, find_citations, find_links, parse_claims
from nightdesk.wiki.crew import read_text
from nightdesk.wiki.disputes import without_disputes
from nightdesk.wiki.plans import SourceMarks
from nightdesk.wiki.reading import MAX_CLAIMS, ReadMaterial, verify_reading
from nightdesk.wiki.report import Published
from nightdesk.wiki.shelf import UNREADABLE, Shelf
from nightdesk.wiki.stages import Light
from nightdesk.wiki.survey import Survey
from nightdesk.wiki.tables import table_rows
from nightdesk.wiki.versions import own_version
from nightdesk.wiki.writing import Evidence, WriteMaterial, verify_page

FORM = 1  # changes when the same page is judged otherwise
TABLE = "edits"
VERIFIED, UNVERIFIED = "verified", "unverified"
NOT_CHECKED = "changed since it was checked; nightdesk compile checks it again"
MAX_CHARS = 4_000_000  # of a page; a source page may be far longer than what one writer hands in
MAX_SHOWN = 3  # reasons in one line
_STATUS = re.compile(rf"^([^#\n]*?)\b(?:{UNVERIFIED}|{VERIFIED})\b", re.MULTILINE)  # not in a comment
_BLOCK_ID = re.compile(r"\^(c[0-9a-f]{10,64})[ \t]*$", re.MULTILINE)
_WITHIN = re.compile(r"\s*\n[ \t>]*")  # a sentence over several lines, in a quotation too
_ENTRY = re.compile(r"^\[\[[^\[\]]+\]\]: ")  # the page that a line of the index is about
_NUMBERED = re.compile(r"^claim (\d+): ")


@dataclass(frozen=True, slots=True)
class Edited:
    """An edited page as it stands on disk."""

    path: str
    content: bytes
    page: Page

    @property
    def key(self) -> str:
        """What changes when anybody changes the page; its status is nightdesk's, as long as it is one of the two."""
        own = self.page.value("status") in (VERIFIED, UNVERIFIED, None)
        return short_hash(with_status(self.page.text, VERIFIED) if own else self.page.text)


def check_edits(build: Build, published: Published) -> list[str]:
    """Check every own page that somebody edited, put its status right, and return what there is to say of them.

    A sentence that cites must hold against the claims that the sources have now; a person's own sentences cite nothing
    and need not. A claim on a source page must have its quote in the text, agree with it, and bear the id made of both.
    The claims are those of the accepted readings, never those on pages: what is typed there proves nothing.
    """
    desk = build.site.desk
    edited = list(_edited(desk, build.shelf, published))
    verdicts = _verdicts(build, edited)
    wrong = [e for e in edited if _other_status(e.page, good=not verdicts[e.path]) is not None]
    marked = _mark(desk, wrong, verdicts, published)
    notes = [
        f"{path} was edited and is {UNVERIFIED}: {in_one_line(reasons)}"
        for path, reasons in verdicts.items()
        if reasons
    ]
    return notes + [f"{path} was edited and is {VERIFIED} again" for path in marked if not verdicts[path]]


def unverified_pages(desk: Desk, shelf: Shelf, cache: Cache) -> dict[str, str]:
    """Return the edited pages whose status says that they are unverified, each with the reasons as far as known."""
    found = {}
    for edited in _edited(desk, shelf, Published()):
        if edited.page.value("status") == UNVERIFIED:
            key, reasons = cache.get(TABLE, [edited.path]).get(edited.path, ("", []))
            found[edited.path] = in_one_line(reasons) if str(key).startswith(edited.key) else NOT_CHECKED
    return found


def in_one_line(reasons: Sequence[str]) -> str:
    """Return the first reasons, and how many more there are."""
    more = f" (and {len(reasons) - MAX_SHOWN} more)" if len(reasons) > MAX_SHOWN else ""
    return "; ".join(reasons[:MAX_SHOWN]) + more


def with_status(text: str, status: str) -> str:
    """Return a page's file with another status, every other character as it was; a missing line is put last.

    Where the line cannot be told from the rest, the file comes back as it is.
    """
    page = parse_page(text)
    lines = text.split("\n")  # a line end of two characters stays whole: its first one is part of the line
    at = 1
    for key, segment in page.front.items():
        if key == "status":
            changed = _STATUS.sub(rf"\g<1>{status}", segment, count=1).split("\n")
            for n, (old, new) in enumerate(zip(segment.split("\n"), changed, strict=True)):
                if old != new:
                    lines[at + n] = lines[at + n].replace(old, new, 1)
            break
        at += segment.count("\n")
    else:
        lines.insert(at, f"status: {status}" + ("\r" if lines[at].endswith("\r") else ""))
    changed_text = "\n".join(lines)
    try:
        right = parse_page(changed_text)
    except DeskError:
        return text
    others = [key for key in right.front if key != "status"] == [key for key in page.front if key != "status"]
    return changed_text if others and right.value("status") == status and right.body == page.body else text


def _edited(desk: Desk, shelf: Shelf, published: Published) -> Iterator[Edited]:
    """Yield the own pages that differ, as they stand after publishing, from what nightdesk wrote."""
    gone = set(published.removed)
    for path, standing in sorted(shelf.own.items()):
        if not standing.edited or standing.made_from == UNREADABLE or path in gone:
            continue
        try:
            content = (desk.root / path).read_bytes()
            page = parse_page(content.decode("utf-8"))
        except (OSError, UnicodeDecodeError, DeskError):
            continue  # somebody is at work on it
        if page.edited and page.made_from is not None:
            yield Edited(path, content, page)


def _other_status(page: Page, *, good: bool) -> str | None:
    """Return the status that a page must get, None where it has the right one, or one that a person thought of."""
    said = page.value("status")
    wanted = VERIFIED if good else UNVERIFIED
    if said == wanted or (said is None and good):
        return None
    return wanted if said in (VERIFIED, UNVERIFIED, None) else None


def _mark(
    desk: Desk, wrong: Sequence[Edited], verdicts: Mapping[str, Sequence[str]], published: Published
) -> list[str]:
    """Put the status of these pages right; what somebody had not committed yet goes into git first, as it was."""
    touched = set(published.touched)
    alone = [edited.path for edited in wrong if edited.path not in touched]  # the others are in the compile's commit
    commit_by_hand(desk.root, alone)
    marked = []
    for edited in wrong:
        file = desk.root / edited.path
        text = edited.content.decode("utf-8")
        changed = with_status(text, UNVERIFIED if verdicts[edited.path] else VERIFIED)
        with suppress(FileNotFoundError):
            if changed != text and file.read_bytes() == edited.content:  # else it was saved just now: next time
                write_atomically(file, changed)
                marked.append(edited.path)
    done = [path for path in marked if path in set(alone)]
    if done:
        commit_paths(desk.root, done, f"compile: the status of edited pages: {some_names(done)}")
    return marked


def _verdicts(build: Build, edited: Sequence[Edited]) -> dict[str, tuple[str, ...]]:
    """Return what speaks against each page; of one that was checked against the same claims it is known already."""
    cache, claims = build.site.cache, _Claims(build)
    raws = {f"wiki/sources/{name}.md": raw for raw, name in build.names.items()}
    lights = {light.source.raw: light for light in build.lights}
    known = cache.get(TABLE, [e.path for e in edited])
    verdicts: dict[str, tuple[str, ...]] = {}
    fresh = {}
    for e in edited:
        light = lights.get(raws.get(e.path, ""))
        cited = claims.cited_by(e.page.body)
        inputs = (FORM, [(c.page, c.id, c.statement, c.quote) for c in cited], light and light.source.text_sha256)
        key = e.key + short_hash(repr(inputs))
        stored = known.get(e.path)
        if stored and stored[0] == key:
            verdicts[e.path] = tuple(stored[1])
            continue
        reasons = [*_against_citations(e.page.body, cited), *_against_sentences(build.site.desk, e, cited)]
        if light is not None:
            reasons += _against_claims(build.site.desk, e.page.body, light)
        verdicts[e.path] = tuple(dict.fromkeys(reasons))
        fresh[e.path] = [key, list(verdicts[e.path])]
    cache.put(TABLE, fresh)
    cache.keep_only(TABLE, verdicts)
    return verdicts


class _Claims:
    """The claims of all accepted readings, by what citations call them."""

    def __init__(self, build: Build) -> None:
        self._drawer = build.drawer
        self._marks: dict[str, SourceMarks] = {name_key(mark.page): mark for mark in build.readings.marks}

    def cited_by(self, body: str) -> tuple[Evidence, ...]:
        """Return those of the claims that a page cites, in the order of their first mention."""
        found: dict[tuple[str, str], Evidence] = {}
        for citation in find_citations(unescaped(body)):
            mark = self._marks.get(name_key(citation.page))
            if mark is not None and any(claim.id == citation.id for claim in mark.claims):
                key = mark.page, citation.id
                found[key] = found.get(key) or self._drawer.claim(*key, about=None)
        return tuple(found.values())


def _against_citations(body: str, cited: Sequence[Evidence]) -> Iterator[str]:
    there = {(name_key(e.page), e.id) for e in cited}
    for citation in find_citations(unescaped(without_disputes(body))):
        if (name_key(citation.page), citation.id) not in there:
            yield f"cites {citation.page}#^{citation.id}, and no source makes that claim"


def _against_sentences(desk: Desk, edited: Edited, cited: Sequence[Evidence]) -> Iterator[str]:
    """Yield what speaks against the sentences that cite: each is judged as if it were handed in as a page."""
    body = without_disputes(edited.page.body)
    if len(body) > MAX_CHARS:
        yield f"the page is longer than {MAX_CHARS:,} characters"
        return
    there = {(name_key(e.page), e.id) for e in cited}
    material = _material(desk, edited, cited)
    task = Task("write", edited.path, "", material)
    page = PageText(body, language=material.language)
    for sentence in page.sentences:
        if sentence.cited and all((name_key(name), identity) in there for name, identity in sentence.cited):
            yield from verify_page(task, _alone(sentence, body, is_index=material.type == "index")).reasons


def _alone(sentence: Cited, body: str, *, is_index: bool) -> str:
    """Return a sentence as a page of its own: a cell with its row and the head of its table."""
    if sentence.row is None:
        words = _WITHIN.sub(" ", body[sentence.start : sentence.end])
        words = _ENTRY.sub("", words) if is_index else words
        return f"## Open questions\n\n{words}\n" if sentence.kind == "question" else f"{words}\n"
    lines, table = body.split("\n"), sentence.row.table
    rows = {row.key: (lines[number - 1], row.cells) for number, row in table_rows(body).items()}
    head, columns = rows[table, 0]
    return f"{head}\n|{'---|' * columns}\n{rows[sentence.row.key][0]}\n"


def _material(desk: Desk, edited: Edited, cited: Sequence[Evidence]) -> WriteMaterial:
    """Return what the sentences of a page may use. What the page is about is told by the version nightdesk wrote."""
    own = own_version(desk, edited.path, edited.page)
    page = own or Page({}, "")
    name = Path(edited.path).stem
    aliases = page.value("aliases")
    parts: tuple[str, ...] = ()
    if page.value("type") in ("comparison", "theme"):
        parts = find_links(page.body.partition("\n## Related\n")[2].partition("\n## Sources\n")[0])
    elif page.value("type") in ("overview", "index"):
        parts = find_links(page.body)
    title = str(page.value("title") or name)
    known = (name, title, *(map(str, aliases) if isinstance(aliases, list) else ()), *parts, *(e.page for e in cited))
    return WriteMaterial(
        type=str(page.value("type") or "concept"),
        name=name,
        title=title,
        aliases=(),
        language=str((own or edited.page).value("language") or "en"),
        evidence=tuple(cited),
        parts=parts,
        # a person may link to a page that is not written yet: only what is said counts here
        names=tuple(dict.fromkeys((*find_links(edited.page.body), *(n for e in cited for n in e.concepts)))),
        known_names=tuple(dict.fromkeys(known)),
    )


def _against_claims(desk: Desk, body: str, light: Light) -> Iterator[str]:
    """Yield what speaks against the claims that stand on a source page."""
    claims = parse_claims(body + "\n")
    whole = [claim.id for claim in claims]
    for match in _BLOCK_ID.finditer(body):
        if match[1] in whole:
            whole.remove(match[1])
        else:
            yield f"^{match[1]} is no claim with its quote below it"
    for claim in claims:
        if claim.id != claim_id(claim.statement, claim.quote):
            yield f"^{claim.id} is not the id that its statement and quote make"
    survey = Survey(None, str(light.record["language"]), 0, (), None, (), None)
    material = ReadMaterial(light.title, read_text(desk.root / light.source.text), survey, (), (), (light.title,))
    for start in range(0, len(claims), MAX_CLAIMS):
        yield from _against_entries(claims[start : start + MAX_CLAIMS], material)


def _against_entries(claims: Sequence[Claim], material: ReadMaterial) -> Iterator[str]:
    entries = [{"statement": claim.statement, "quote": claim.quote, "concepts": []} for claim in claims]
    verified = verify_reading(Task("read", material.title, "", material), json.dumps({"claims": entries}))
    for reason in verified.reasons:
        yield _NUMBERED.sub(lambda match: f"^{claims[int(match[1])].id}: ", reason)
