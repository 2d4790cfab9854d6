"""The task "answer a question": what an AI is given of the desk, and the verifier that holds each sentence to it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from nightdesk.agents.boundary import mark_data, visible
from nightdesk.agents.briefs import Briefs
from nightdesk.agents.tasks import (
    Attempt,
    Brief,
    CapReachedError,
    DeclinedError,
    LeftError,
    Outcome,
    Task,
    Verified,
    perform,
)
from nightdesk.base.names import name_key
from nightdesk.base.pages import short_hash
from nightdesk.wiki.answering.answerer import Looked, decide
from nightdesk.wiki.answering.answers import Answer, Passage
from nightdesk.wiki.answering.replies import UNKNOWN, Cost, References, Reply, without_bars
from nightdesk.wiki.answering.spoken import question_language
from nightdesk.wiki.answering.statements import Statements
from nightdesk.wiki.claims import Claim, find_citations, find_links, render_citation, unlink
from nightdesk.wiki.escaping import escape_line, escape_markdown
from nightdesk.wiki.places import TextPlaces
from nightdesk.wiki.prose.language import detect_language
from nightdesk.wiki.staff import Staff, credit
from nightdesk.wiki.writing import Evidence, WriteMaterial, Written, verify_page

KIND = "ask"
MAX_CLAIMS, MAX_TEXTS, MAX_PAGES = 60, 25, 3  # that are given with a question
MAX_MATERIAL = 60_000  # characters of it, where the worker can read that much
MAX_HELP = 300  # characters of what would help
_MAX_PAGE = 8_000  # characters of one page
_CHARS = 2.0  # of material for each token that a request may hold: half of it is for rules and the answer

Pair = tuple[str, str]  # a question and its answer


@dataclass(frozen=True, slots=True)
class Told:
    """An accepted hand-in: an answer, or that the desk does not know and what would help."""

    body: str
    cited: tuple[tuple[str, str], ...]
    help: str = ""


@dataclass(frozen=True, slots=True)
class Given:
    """All that an AI may use for one question."""

    question: str
    write: WriteMaterial
    pages: tuple[tuple[str, str], ...]  # base name and text
    words: Mapping[str, Passage]  # temporary id -> words of a text
    linkable: Mapping[str, str]  # name key of each page of the desk -> its base name
    earlier: tuple[Pair, ...]
    template: str = "ask"  # of its brief: another form of answer is asked for in other words


def gather(
    looked: Looked, statements: Statements, *, earlier: Sequence[Pair] = (), context_tokens: int = 32_000
) -> Given:
    """Return what is given with a question: the claims, words and pages that fit it best, within what can be read."""
    room = int(min(MAX_MATERIAL, context_tokens * _CHARS))
    evidence: dict[tuple[str, str], Evidence] = {}
    words: dict[str, Passage] = {}
    pages: dict[str, str] = {}
    for passage in (one.passage for one in looked.weighed):
        if room <= 0:
            break
        if passage.kind == "text":
            if len(words) < MAX_TEXTS and passage.page:
                found = words_evidence(passage)
                words[found.id] = passage
                evidence[found.page, found.id] = found
                room -= len(found.quote) + 80
            continue
        if passage.kind == "page" and passage.page not in pages and len(pages) < MAX_PAGES:
            pages[passage.page] = text = _page_text(statements, passage)
            room -= len(text)
            room -= _add_claims(evidence, statements, ((c.page, c.id) for c in find_citations(text)))
        room -= _add_claims(evidence, statements, passage.cites or ((passage.page, passage.claim),))
    question = looked.question.text
    material = answer_material(question, tuple(evidence.values()), names=tuple(pages))
    return Given(question, material, tuple(pages.items()), words, statements.names, tuple(earlier))


def answer_material(question: str, evidence: tuple[Evidence, ...], *, names: tuple[str, ...]) -> WriteMaterial:
    """Return what an answer is judged by: its evidence, and the pages that it may link to."""
    said = " ".join(one.statement for one in evidence)
    return WriteMaterial(
        type="concept",
        name="Answer",
        title=question,
        aliases=(),
        language=question_language(question, otherwise=detect_language(said)),
        evidence=evidence,
        parts=(),
        names=names,
        known_names=(),
    )


def _page_text(statements: Statements, passage: Passage) -> str:
    page = statements.page(passage.path)
    body = page.page.body.strip() if page else ""
    cut = body if len(body) <= _MAX_PAGE else body[:_MAX_PAGE].rpartition("\n")[0]
    return cut.partition("\n## Related\n")[0]


def _add_claims(
    evidence: dict[tuple[str, str], Evidence], statements: Statements, keys: Iterable[tuple[str, str]]
) -> int:
    """Add claims by their citations; return about how many characters they take."""
    taken = 0
    for page, identity in dict.fromkeys(keys):
        claim = statements.claim(page, identity)
        if claim is None or (page, identity) in evidence or len(evidence) >= MAX_CLAIMS + MAX_TEXTS:
            continue
        evidence[page, identity] = found = claim_evidence(page, claim, statements.published(page))
        taken += len(found.statement) + 80 + (len(found.quote) if found.quote != found.statement else 0)
    return taken


def claim_evidence(page: str, claim: Claim, published: str) -> Evidence:
    """Return a claim as evidence."""
    return Evidence(
        page, claim.id, claim.statement, TextPlaces.plain(claim.quote), claim.concepts, (), False, published or None
    )


def words_evidence(passage: Passage) -> Evidence:
    """Return words of a text as evidence, under an id that no claim can have."""
    identity = "t" + short_hash(f"{passage.path}\n{passage.quote}")[:10]
    return Evidence(passage.page, identity, passage.text, TextPlaces.plain(passage.quote), (), (), False, None)


def ask_brief(given: Given, briefs: Briefs) -> Brief:
    """Return the brief for one question."""
    numbers = {page: n for n, page in enumerate(dict.fromkeys(e.page for e in given.write.evidence), 1)}
    pieces = {"the question": given.question}
    if given.earlier:
        pieces["what was asked and answered before"] = "\n\n".join(f"Q: {q}\nA: {a}" for q, a in given.earlier)
    pieces["claims and words of sources"] = "\n".join(_line(e, numbers[e.page]) for e in given.write.evidence)
    for number, (name, text) in enumerate(given.pages, 1):
        pieces[f"page {number}"] = f"# {name}\n\n{text}"
    language = given.write.language
    plain = language if language.isascii() and language.replace("-", "").isalpha() else "en"
    return briefs.render(
        given.template,
        {"language": plain},
        material=mark_data({name: text or "(none)" for name, text in pieces.items()}),
        form="json" if given.template == "ask_chart" else "markdown",
    )


def _line(evidence: Evidence, number: int) -> str:
    line = f"- {render_citation(evidence.page, evidence.id, str(number))} {escape_line(evidence.statement)}"
    line += f" ({evidence.published})" if evidence.published else ""
    if evidence.statement.split() == evidence.quote.split():
        return line
    return f'{line}\n  > "{escape_markdown(evidence.quote)}"'


def verify_answer(given: Given, hand_in: str) -> Verified[Told]:
    """Prove an answer as a page is proved: each sentence cites what was given with the question, and agrees with it.

    A hand-in that opens with "The desk does not know." is accepted as it is; of what would help a line is kept.
    """
    text = hand_in.strip()
    if text.casefold().startswith(UNKNOWN.casefold().rstrip(".")):
        rest = " ".join(visible(text[len(UNKNOWN) :]).split())
        if next(find_citations(text), None) is not None:
            return Verified(None, ("either the desk does not know, or there is an answer with citations: not both",))
        return Verified(Told("", (), rest[:MAX_HELP]), ())
    text = unlink(hand_in, given.linkable)  # a link that leads nowhere is no untruth: its words stay
    linked = tuple(given.linkable[key] for name in find_links(text) if (key := name_key(name)) in given.linkable)
    verified = verify_body(given.question, replace(given.write, names=linked), text)
    if verified.result is None:
        return Verified(None, verified.reasons)
    told = Told(verified.result.body.strip() + "\n", verified.result.cited)
    return Verified(told, verified.reasons, worth=verified.worth)


def verify_body(question: str, material: WriteMaterial, text: str) -> Verified[Written]:
    """Prove an answer in the language that it was to be written in, and in the one that it is written in.

    A worker that chose a language in which nobody looks for numbers could else say any.
    """
    verified = verify_page(Task(KIND, question, "", material), text)
    written = verified.result
    spoken = detect_language(written.body) if written else material.language
    if written is None or spoken == material.language:
        return verified
    again = verify_page(Task(KIND, question, "", replace(material, language=spoken)), written.body)
    return Verified(again.result, (*verified.reasons, *again.reasons), worth=again.worth)


def ask(staff: Staff, given: Given, looked: Looked, statements: Statements) -> Reply:
    """Let the AI worker answer, and return what of it holds.

    Where it hands in nothing that does, the reply has no body and says why in its notes.
    """
    worker = staff.workers[KIND]
    made: list[Attempt] = []

    def record(attempt: Attempt) -> None:
        made.append(attempt)
        staff.note(attempt)

    task = Task(KIND, given.question, _input_hash(given), given.write, partial(ask_brief, given, staff.briefs))
    capped = ""
    outcome: Outcome[Told]
    try:
        outcome = perform(task, worker, partial(verify_answer, given), attempts=staff.attempts, record=record)
    except CapReachedError as error:
        outcome, capped = Outcome(None, (str(error),), 0), str(error)
    except (LeftError, DeclinedError) as error:
        outcome = Outcome(None, (str(error) or "it was left for another time",), 0)
    return _reply(outcome, credit(worker), given, decide(looked), statements, cost_of(made, credit(worker)), capped)


def _reply(
    outcome: Outcome[Told],
    by: str,
    given: Given,
    answer: Answer,
    statements: Statements,
    cost: Cost,
    capped: str,
) -> Reply:
    told = outcome.result
    if told is None:
        return Reply(
            given.question, by, "", (), (), answer, notes=outcome.reasons, cost=cost, capped=capped, failed=True
        )
    references = References(statements)
    body = without_bars(renumbered(told.body, given.words, references), references.listed)
    return Reply(
        given.question, by, body, (), tuple(references.listed), answer, told.help, outcome.reasons, cost, capped
    )


def renumbered(body: str, words: Mapping[str, Passage], references: References) -> str:
    """Return a body with a number of its own for each claim and each quotation that it cites.

    `words` are those of texts, by the ids that the body cites them by.
    """
    parts, done = [], 0
    for citation in find_citations(body):
        passage = words.get(citation.id)
        number = references.of_text(passage) if passage else references.of_claim(citation.page, citation.id)
        parts += [body[done : citation.start], render_citation(citation.page, citation.id, str(number))]
        done = citation.end
    return "".join([*parts, body[done:]])


def _input_hash(given: Given) -> str:
    claims = sorted((name_key(e.page), e.id) for e in given.write.evidence)
    return short_hash(repr((KIND, given.question, claims, given.pages, given.earlier, *given.template.split("_")[1:])))


def cost_of(made: Sequence[Attempt], by: str) -> Cost:
    """Return what attempts used together."""
    used = [attempt.usage for attempt in made]

    def total(values: Sequence[int | None]) -> int | None:
        return None if None in values else sum(value or 0 for value in values)

    prices = [usage.usd for usage in used]
    return Cost(
        by,
        len(used),
        total([usage.input_tokens for usage in used]),
        total([usage.output_tokens for usage in used]),
        None if None in prices else sum(price or 0.0 for price in prices),
    )
