"""`nightdesk ask`: a question to the desk, answered with citations down to the quotes."""

import sys
from dataclasses import replace
from datetime import date
from typing import Any

import click

from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.base.settings import ASK, Settings, read_settings
from nightdesk.base.stages import silent
from nightdesk.views.cli.ask_forms import form_entries
from nightdesk.views.cli.ask_told import reply_document, tell_reply
from nightdesk.views.cli.options import (
    CAPPED,
    DONE,
    IN_PART,
    chosen_desk,
    desk_option,
    json_option,
    print_json,
    say,
    shown,
)
from nightdesk.wiki.answer_forms.chart import Chart
from nightdesk.wiki.answer_forms.forms import FORMS, Form, Formed, file_form, form_of
from nightdesk.wiki.answering.answerer import MAX_STATEMENTS, Desktop, Similarity, decide
from nightdesk.wiki.answering.answers import Scope
from nightdesk.wiki.answering.asked import read_asked, remember_asked
from nightdesk.wiki.answering.question import MAX_QUESTION
from nightdesk.wiki.answering.replies import BUILTIN, UNKNOWN, Reply, builtin_reply, shown_body


@click.command(
    "ask",
    epilog="Examples: nightdesk ask who proposed AdamW; nightdesk ask --continue and when; "
    "nightdesk ask --save --worker anthropic:claude-sonnet-4-5 'How do Muon and AdamW differ?'",
)
@click.argument("words", nargs=-1, required=True, metavar="QUESTION")
@click.option(
    "--scope",
    type=click.Choice(("wiki", "desk")),
    default="desk",
    show_default=True,
    help="wiki: pages and claims alone; desk: the texts of the sources as well.",
)
@click.option("--worker", metavar="NAME", help="Who answers, instead of what nightdesk.toml says.")
@click.option("--continue", "goes_on", is_flag=True, help="The question goes on from the last one.")
@click.option("--save", is_flag=True, help="File the answer as a page in wiki/answers/.")
@click.option("--as", "form", type=click.Choice(FORMS), help="Give the answer in this form; --save files it too.")
@click.option(
    "--limit",
    default=MAX_STATEMENTS,
    show_default=True,
    type=click.IntRange(1, 20),
    help="Statements of the built-in worker at most.",
)
@click.option(
    "--semantic/--no-semantic", default=None, help="Weigh statements by meaning too: needs nightdesk[semantic]."
)
@click.option("--deep", is_flag=True, help="Research: take the question apart, read closely, give a report.")
@click.option("--rounds", type=click.IntRange(1, 4), help="With --deep: how often gaps are asked again (2).")
@click.option("--keep", metavar="DIR", help="With --deep: keep the temporary desk in this new folder.")
@click.option("--max-usd", type=click.FloatRange(0, min_open=True), help="Stop before this much is spent.")
@click.option("--max-tokens", type=click.IntRange(1), help="Stop before so many tokens are sent and received.")
@click.option("--max-minutes", type=click.FloatRange(0, min_open=True), help="Begin nothing after so many minutes.")
@json_option
@desk_option
def command(  # noqa: PLR0913, PLR0917  # an argument for each option
    words: tuple[str, ...],
    scope: Scope,
    worker: str | None,
    goes_on: bool,
    save: bool,
    form: Form | None,
    limit: int,
    semantic: bool | None,
    deep: bool,
    rounds: int | None,
    keep: str | None,
    max_usd: float | None,
    max_tokens: int | None,
    max_minutes: float | None,
    as_json: bool,
    desk_folder: str | None,
) -> int:
    """Answer a question from the desk, each statement with its citation.

    The built-in worker gives the statements that fit best, as they stand; an AI worker writes an answer, of which only
    verified sentences are shown. The exit code is 1 where the desk does not know.
    """
    if (deep and form) or (not deep and (keep or rounds)):
        raise DeskError("--deep takes no --as; --keep and --rounds belong to --deep", fix="nightdesk ask --help")
    question = _question(words)
    desk = chosen_desk(desk_folder)
    settings = read_settings(
        desk.settings, worker=worker, max_usd=max_usd, max_tokens=max_tokens, max_minutes=max_minutes
    )
    earlier = read_asked(desk) if goes_on else ()
    if goes_on and not earlier:
        say("nothing was asked before; the question is taken as it stands")
    if deep:
        before = earlier[-1][0] if earlier else ""
        chosen: dict[str, Any] = {"chosen": worker, "scope": scope, "limit": limit, "rounds": rounds or 2}
        chosen |= {"keep": keep, "before": before, "similarity": _similarity(semantic), "quiet": as_json}
        return _deeply(desk, settings, question, earlier, chosen, save=save, as_json=as_json)
    desktop = Desktop(desk, scope, similarity=_similarity(semantic))
    try:
        looked = desktop.look(question, before=earlier[-1][0] if earlier else "")
        ours = builtin_reply(decide(looked, limit=limit), desktop.statements, worker=BUILTIN)
        theirs = chart = None
        if (worker or settings.worker_for(ASK)) != "builtin":
            theirs, chart = _by_ai(desk, settings, desktop, looked, earlier, chosen=worker, quiet=as_json, form=form)
        reply = _chosen(ours, theirs, chart, form)
        formed = form_of(form, reply, looked, desktop.statements, chart=chart) if form else None
        reply = formed.reply if formed else reply
    finally:
        desktop.close()
    _remember(desk, earlier, reply)
    saved = _save(desk, settings, reply, formed, quiet=as_json) if save and reply.knows else []
    if as_json:
        print_json(reply_document(reply, scope, saved) | (form_entries(formed) if formed else {}))
    else:
        tell_reply(reply, saved, formed)
    if reply.capped:
        return CAPPED
    return IN_PART if reply.failed or not reply.knows or (formed and formed.missing) else DONE


def _chosen(ours: Reply, theirs: Reply | None, chart: Chart | None, form: Form | None) -> Reply:
    """Return the AI's reply where it holds, of a chart where it can be drawn; else ours, with what theirs cost."""
    if theirs is None:
        return ours
    if chart is not None if form == "chart" else not theirs.failed:
        return theirs
    return replace(ours, notes=theirs.notes, cost=theirs.cost, capped=theirs.capped, failed=theirs.failed)


def _deeply(
    desk: Desk, settings: Settings, question: str, earlier: Any, chosen: Any, *, save: bool, as_json: bool
) -> int:
    # imported here: a plain question needs none of it
    from nightdesk.views.cli.deep import answer_deeply, deep_code, deep_entries, tell_research  # noqa: PLC0415

    researched = answer_deeply(desk, settings, question, **chosen)
    reply = researched.reply
    broken_off = (researched.interrupted or bool(reply.capped)) and not reply.knows  # nobody can say what it knows
    if not broken_off:
        _remember(desk, earlier, reply)
    saved = _save(desk, settings, reply, None, quiet=as_json) if save and reply.knows else []
    if as_json:
        print_json(reply_document(reply, chosen["scope"], saved) | deep_entries(researched))
    else:
        if not broken_off:
            tell_reply(reply, saved, None)
        tell_research(researched)
    return deep_code(researched)


def _question(words: tuple[str, ...]) -> str:
    text = " ".join(words)
    if text == "-":
        text = sys.stdin.read(4 * MAX_QUESTION)
    text = " ".join(text.split())
    if not text:
        raise DeskError("there is no question", fix='ask one, such as: nightdesk ask "What is …?"')
    if len(text) > MAX_QUESTION:
        raise DeskError(f"the question has more than {MAX_QUESTION:,} characters", fix="ask a shorter one")
    return text


def _similarity(wanted: bool | None) -> Similarity | None:
    """Return what compares by meaning: where it is wanted, None where it is not."""
    if not wanted:
        return None
    # imported here: an extra, and slow to load
    from nightdesk.wiki.answering.meaning import open_similarity  # noqa: PLC0415

    return open_similarity()


def _by_ai(
    desk: Desk,
    settings: Settings,
    desktop: Desktop,
    looked: Any,
    earlier: Any,
    *,
    chosen: str | None,
    quiet: bool,
    form: Form | None,
) -> tuple[Reply | None, Chart | None]:
    """Return what the AI worker answers, None where none is set, and the chart that it chose where one is wanted."""
    # imported here: the built-in worker needs none of it
    from nightdesk.views.cli.workers import hired  # noqa: PLC0415
    from nightdesk.wiki.answering.asking import ask, gather  # noqa: PLC0415

    live = not quiet and sys.stderr.isatty()
    with hired(desk, settings, kinds=(ASK,), chosen=chosen, on_text=_show_draft if live else None) as staff:
        if staff is None:
            return None, None
        given = gather(looked, desktop.statements, earlier=earlier, context_tokens=settings.context_tokens)
        if not given.write.evidence:
            return None, None  # nothing to answer from: no call is made for that
        chart = None
        if form == "chart":
            # imported here: no other form needs it
            from nightdesk.wiki.answer_forms.chart_task import chart_reply  # noqa: PLC0415

            reply, chart = chart_reply(staff, given, looked, desktop.statements)
        else:
            given = replace(given, template="ask_table") if form == "table" else given
            reply = ask(staff, given, looked, desktop.statements)
        if live:
            click.echo("", err=True)
        return replace(reply, notes=(*reply.notes, *staff.unrecorded)), chart


def _show_draft(piece: str) -> None:
    """Show what a model writes as it comes, dimmed: it is not verified yet."""
    click.echo(click.style(shown(piece), dim=True), nl=False, err=True)


def _remember(desk: Desk, earlier: Any, reply: Reply) -> None:
    answer = shown_body(reply.body) if reply.knows else UNKNOWN
    try:
        remember_asked(desk, earlier, reply.question, answer)
    except OSError:
        say("the question could not be kept for --continue: .nightdesk/ cannot be written")


def _save(desk: Desk, settings: Settings, reply: Reply, formed: Formed | None, *, quiet: bool) -> list[str]:
    """File the answer and bring the index in step, as one change; return its paths, the page first."""
    # imported here: to ask needs none of it
    from nightdesk.views.cli.progress import show_stage  # noqa: PLC0415
    from nightdesk.wiki.answering.filing import file_answer  # noqa: PLC0415
    from nightdesk.wiki.building import Errand  # noqa: PLC0415
    from nightdesk.wiki.compile import compile_desk  # noqa: PLC0415

    filed: list[str] = []

    def act(*_: object) -> list[str]:
        filed.extend(file_form(desk, formed) if formed else [file_answer(desk, reply)])
        return filed

    errand = Errand("ask", reply.question, act)
    compile_desk(desk, settings, stage=silent if quiet else show_stage, today=date.today(), errand=errand)
    return filed
