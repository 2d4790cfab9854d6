"""An answer in the form that was asked for: its text, and the files that are filed beside its page."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, get_args

from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.base.files import write_atomically
from nightdesk.base.git import commit_by_hand
from nightdesk.base.names import name_key, safe_name, with_suffix
from nightdesk.base.pages import MARK, Page, render_front
from nightdesk.wiki.answer_forms.canvas import PagePlace, render_canvas
from nightdesk.wiki.answer_forms.chart import Chart, caption_of, choose_chart, spec_block, spec_of, table_of_chart
from nightdesk.wiki.answer_forms.drawing import draw_chart
from nightdesk.wiki.answer_forms.slides import render_slides
from nightdesk.wiki.answer_forms.stated import statements_of
from nightdesk.wiki.answer_forms.subjects import matter_of
from nightdesk.wiki.answer_forms.table import Comparison, compare, table_body, table_lines
from nightdesk.wiki.answering.answerer import Looked
from nightdesk.wiki.answering.filing import FOLDER, SLIDES, answer_page, answer_path, title_of_question
from nightdesk.wiki.answering.replies import BUILTIN, References, Reply
from nightdesk.wiki.answering.statements import Statements
from nightdesk.wiki.library import page_paths, read_page

Form = Literal["page", "table", "slides", "chart", "canvas"]
FORMS: tuple[Form, ...] = get_args(Form)
NOTHING_TO_COMPARE = (
    "there is nothing to compare: the question names no two pages of which claims tell alike, "
    "and no rows or columns of a source's table"
)
NO_NUMBERS = "there is no chart: the desk has not two numbers of one kind and unit for this question"


@dataclass(frozen=True, slots=True)
class Formed:
    """An answer in one form."""

    form: Form
    reply: Reply  # as its page has it: the body is a table where that is the form
    text: str = ""  # slides: the deck; canvas: its JSON; chart: its spec
    rows: tuple[
        tuple[str, ...], ...
    ] = ()  # of a table or chart: cells with the numbers of their citations, heads first
    chart: Chart | None = None
    spec: Mapping[str, Any] = field(default_factory=dict)
    missing: str = ""  # why there is nothing in this form; then the reply is the plain answer


def form_of(form: Form, reply: Reply, looked: Looked, statements: Statements, *, chart: Chart | None = None) -> Formed:
    """Return an answer in a form; where the desk has nothing for a table or a chart, why not.

    A table or chart needs no plain answer: it is made from what the desk knows of the things that a question names.
    `chart` is one that the worker of the reply has chosen.
    """
    if form == "table":
        return _table(reply, looked, statements)
    if form == "chart":
        if chart is not None:
            return _chart(reply, chart, statements, worker=reply.worker)
        chosen = choose_chart(looked.question, matter_of(looked, statements))
        return _chart(reply, chosen, statements) if chosen else Formed(form, reply, missing=NO_NUMBERS)
    if not reply.knows or form == "page":
        return Formed(form, reply)
    stated = statements_of(reply)
    if form == "slides":
        title = title_of_question(reply.question)
        return Formed(form, reply, render_slides(title, reply.question, stated, reply.references))
    pages = [PagePlace(name, statements.path_of(name) or "") for name in {r.page for r in reply.references if r.page}]
    return Formed(form, reply, render_canvas(reply.question, stated, reply.references, pages))


def _table(reply: Reply, looked: Looked, statements: Statements) -> Formed:
    if reply.knows and not reply.said and "| --- |" in reply.body.replace("|---|", "| --- |"):
        return Formed("table", reply)  # an AI's own table, verified
    found = compare(looked.question, matter_of(looked, statements))
    if found is None:
        return Formed("table", reply, missing=NOTHING_TO_COMPARE)
    return replace(_with_table(reply, found, statements), form="table")


def _with_table(reply: Reply, comparison: Comparison, statements: Statements) -> Formed:
    references = References(statements)
    body = table_body(comparison, references)
    rows = tuple(tuple(row) for row in table_lines(comparison, references))
    made = replace(reply, worker=BUILTIN, body=body, said=(), references=tuple(references.listed))
    return Formed("table", made, rows=rows)


def _chart(reply: Reply, chart: Chart, statements: Statements, *, worker: str = BUILTIN) -> Formed:
    formed = _with_table(reply, table_of_chart(chart), statements)
    references = References(statements)
    spec = spec_of(chart, references)
    made = replace(formed.reply, worker=worker, body=f"{formed.reply.body}\n{spec_block(spec)}")
    return replace(formed, form="chart", reply=made, chart=chart, spec=spec, text=spec_block(spec))


def file_form(desk: Desk, formed: Formed) -> list[str]:
    """Write the page of an answer and what belongs beside it, and return their paths, the page first.

    What a person edited goes into git first. The picture of a chart is drawn before anything is written.
    """
    path = answer_path(desk, formed.reply.question)
    name = Path(path).stem
    beside = _beside(desk, formed, name)
    reply = formed.reply
    if formed.form == "chart":
        reply = replace(reply, body=f"{reply.body}\n![[{name}.png]]\n")
    there = [p for p in (path, *beside) if (desk.root / p).exists()]
    if there:
        commit_by_hand(desk.root, there)
    for other, content in beside.items():
        write_atomically(desk.root / other, content)
    page = _with_forms(answer_page(reply, name=name), _forms_there(desk, name))
    write_atomically(desk.root / path, page.text.encode("utf-8", "replace"))
    return [path, *beside]


def _beside(desk: Desk, formed: Formed, name: str) -> dict[str, bytes]:
    if formed.form == "chart" and formed.chart:
        caption = caption_of(formed.reply.references)
        return {f"{FOLDER}/{name}.png": draw_chart(formed.chart, caption=caption)}
    if formed.form == "canvas":
        return {f"{FOLDER}/{name}.canvas": formed.text.encode("utf-8", "replace")}
    if formed.form == "slides":
        deck = formed.text.replace("\n---\n", f"\n{render_front({'answer': f'[[{name}]]'})['answer']}---\n", 1)
        return {_slides_path(desk, name): deck.encode("utf-8", "replace")}
    return {}


def _slides_path(desk: Desk, name: str) -> str:
    """Return where the slides of an answer go: over earlier ones of it, else to a free name."""
    taken = {name_key(Path(path).stem): path for path in page_paths(desk)}
    number = 1
    while True:
        free = with_suffix(safe_name(name), "slides" if number == 1 else f"slides {number}")
        there = taken.get(name_key(free))
        path = f"{FOLDER}/{free}.md"
        if there == path and _are_slides(desk, path, name):
            return path
        if there is None and not (desk.root / path).exists():
            return path
        number += 1


def _are_slides(desk: Desk, path: str, name: str) -> bool:
    try:
        page = read_page(desk, path).page
    except DeskError:
        return False
    return bool(page.value("type") == SLIDES and page.value("answer") == f"[[{name}]]")


def _forms_there(desk: Desk, name: str) -> list[str]:
    """Return links to the slides and the canvas of an answer, so that nothing of it lies there without a link."""
    slides = [Path(p).stem for p in page_paths(desk) if p.startswith(f"{FOLDER}/") and _are_slides(desk, p, name)]
    canvas = [f"{name}.canvas"] if (desk.root / FOLDER / f"{name}.canvas").exists() else []
    return [f"[[{one}]]" for one in (*slides, *canvas)]


def _with_forms(page: Page, forms: Iterable[str]) -> Page:
    """Return the page of an answer with links to its other forms, and its mark made anew."""
    listed = list(forms)
    if not listed:
        return page
    front = {key: lines for key, lines in page.front.items() if key != MARK} | render_front({"forms": listed})
    content = Page(front, page.body).content_hash
    return Page(front | render_front({MARK: {"content": content}}), page.body)
