"""Questions worth asking: those that sources leave open, values that conflict, concepts that nothing defines."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import zip_longest

from nightdesk.base.desk import Desk
from nightdesk.base.names import name_key
from nightdesk.wiki.answering.answerer import Desktop, decide
from nightdesk.wiki.answering.answers import Passage
from nightdesk.wiki.answering.question import MAX_QUESTION
from nightdesk.wiki.contradictions.page import read_kept
from nightdesk.wiki.suggesting.facts import PageFacts, Told
from nightdesk.wiki.suggesting.suggestions import MAX_EVIDENCE, Evidence, Suggestion, command_line

MAX_ASKED = 200  # open questions that are put to the desk: each takes some hundredths of a second
_ASKED_EACH = 4  # for each that is to be shown
_CONFLICT, _OPEN, _UNDEFINED = 3.0, 2.0, 1.0  # a conflict first: the desk says something wrong
_MIN_CLAIMS = 3  # that speak of a concept, before its lack of a definition is told
_MAX_ALIASES, _MAX_NAME = 20, 200  # names of one concept and their characters
_ARTICLE = r"(?:the|an?|der|die|das|eine?|l[ea]s?|une?)"
_IS = {
    "en": r"(?:is|are|was|were|means|denotes|refers to|stands for|describes)\b",
    "de": r"(?:ist|sind|war|waren|bezeichnet|bedeutet|heißt|nennt man)\b",
    "fr": r"(?:est|sont|était|étaient|désigne|signifie)\b",
}


def questions(
    desk: Desk, pages: Sequence[PageFacts], *, limit: int, only: Collection[str] = ()
) -> tuple[list[Suggestion], int]:
    """Return the questions worth asking, and how many open questions of sources were not looked at.

    Those whose ids are in `only` are taken as they are, whether the desk answers them by now or not.
    """
    paths = {told.id: (page.path, told.line) for page in pages for told in page.claims}
    if only:
        still_open = [_open(page, told, _OPEN) for page in pages for told in page.questions]
        skipped = 0
    else:
        still_open, skipped = _open_questions(desk, pages, limit)
    return [*_conflicts(desk, paths), *still_open, *_undefined(pages)], skipped


def _conflicts(desk: Desk, paths: Mapping[str, tuple[str, int]]) -> Iterator[Suggestion]:
    for item in sorted(read_kept(desk).items.values(), key=lambda item: item.id):
        if item.is_open:
            evidence = [Evidence(side.claim, _at(paths.get(side.claim))) for side in item.sides]
            yield Suggestion(
                "question",
                f"Which holds: {item.one.statement} Or: {item.other.statement}",
                "two claims contradict each other",
                tuple(evidence),
                command_line("contradictions"),
                _CONFLICT,
                query=item.one.statement,
            )


def _at(place: tuple[str, int] | None) -> str:
    return f"{place[0]}:{place[1]}" if place else ""


def _open_questions(desk: Desk, pages: Sequence[PageFacts], limit: int) -> tuple[list[Suggestion], int]:
    """Return the open questions that no claim answers now: the first of each source, then the second of each …"""
    by_source = [[(page, told) for told in page.questions] for page in pages if page.questions]
    asked = [one for turn in zip_longest(*by_source) for one in turn if one is not None]
    most = min(MAX_ASKED, _ASKED_EACH * limit)
    if not asked:
        return [], 0
    found: list[Suggestion] = []
    looked_at = 0
    desktop = Desktop(desk, "wiki")
    try:
        own = {told.id for _, told in asked}
        for page, told in asked[:most]:
            looked_at += 1
            looked = desktop.look(told.statement[:MAX_QUESTION], keep=_others(told, own))
            if not decide(looked, limit=1).knows:
                found.append(_open(page, told, _OPEN - len(found) / 10_000))
            if len(found) == limit:
                break
    finally:
        desktop.close()
    return found, len(asked) - looked_at


def _others(asked: Told, own: set[str]) -> Callable[[Passage], bool]:
    """Return what says whether a passage may answer: no question does, the asked one least of all."""

    def keep(passage: Passage) -> bool:
        cites = {identity for _, identity in passage.cites} | {passage.claim}
        return not cites & own and not passage.text.rstrip().endswith(("?", "？")) and passage.text != asked.statement

    return keep


def _open(page: PageFacts, told: Told, weight: float) -> Suggestion:
    return Suggestion(
        "question",
        told.statement,
        f'"{page.title or page.name}" leaves it open, and no claim of the desk answers it',
        (Evidence(told.id, f"{page.path}:{told.line}"),),
        "",
        weight,
        query=told.statement,
    )


def _undefined(pages: Sequence[PageFacts]) -> Iterator[Suggestion]:
    """Yield the concepts of which no claim says what they are; in languages whose form of saying so is known."""
    concepts = {name_key(page.name): page for page in pages if page.type in ("concept", "entity")}
    about: dict[str, list[tuple[PageFacts, Told]]] = {}
    for page in pages:
        for told in page.claims:
            for name in told.concepts:
                if (key := name_key(name)) in concepts:
                    about.setdefault(key, []).append((page, told))
    for key, claims in about.items():
        page = concepts[key]
        if len(claims) < _MIN_CLAIMS or page.language not in _IS or _is_defined(page, claims):
            continue
        yield Suggestion(
            "question",
            f"What is {page.title or page.name}?",
            f"{len(claims)} claims speak of it, and none says what it is",
            tuple(Evidence(told.id, f"{where.path}:{told.line}") for where, told in claims[:MAX_EVIDENCE]),
            "",
            _UNDEFINED + len(claims) / 100_000,
            query=f"What is {page.title or page.name}?",
        )


def _is_defined(page: PageFacts, claims: Sequence[tuple[PageFacts, Told]]) -> bool:
    """Say whether a claim has the form "NAME is …", "… (NAME) is …" or "… called NAME"."""
    called = {page.title, page.name, *page.aliases[:_MAX_ALIASES]}
    names = f"(?:{'|'.join(sorted(re.escape(name[:_MAX_NAME]) for name in called if name))})"
    verb = _IS[page.language]
    says = re.compile(
        rf"(?:{_ARTICLE}\s+)?{names}s?\s+(?:\([^()]{{1,80}}\)\s+)?{verb}|.{{0,200}}\({names}\)\s+{verb}"
        rf"|.{{0,200}}\b(?:called|known as|genannt|appelée?s?)\s+{names}\b",
        re.IGNORECASE,
    )
    return any(says.match(told.statement) for _, told in claims)
