"""`nightdesk probe`: what the wiki kept of its sources, and how well it answers questions."""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.base.settings import KINDS, PROBE, Settings, read_settings
from nightdesk.base.stages import silent
from nightdesk.views.cli import probe_report
from nightdesk.views.cli.options import (
    CAPPED,
    DONE,
    IN_PART,
    NOTHING,
    chosen_desk,
    desk_option,
    json_option,
    print_json,
    say,
    shown,
)
from nightdesk.views.cli.progress import show_stage
from nightdesk.views.cli.workers import hired
from nightdesk.wiki.answering.answerer import open_answerer
from nightdesk.wiki.answering.answers import Scope
from nightdesk.wiki.cover import NAME as COVER
from nightdesk.wiki.cover import read_covers
from nightdesk.wiki.probe.baseline import bm25_answerer
from nightdesk.wiki.probe.evaluation import evaluate
from nightdesk.wiki.probe.probing import (
    DEFAULT_COUNT,
    Probe,
    Probed,
    ask_wiki,
    choose_sources,
    code_questions,
    measured,
)
from nightdesk.wiki.probe.question_file import read_questions
from nightdesk.wiki.probe.question_task import Written, written_questions
from nightdesk.wiki.probe.questions import MAKER
from nightdesk.wiki.probe.record import NAME as RECORD
from nightdesk.wiki.probe.record import append_measured
from nightdesk.wiki.probe.support import Support
from nightdesk.wiki.staff import Staff

MAX_COUNT = 200


@click.command(
    "probe",
    epilog="Examples: nightdesk probe; nightdesk probe raw/paper.pdf --count 20 --mend; "
    "nightdesk probe --questions mine.tsv --scope desk --baseline",
)
@click.argument("sources", nargs=-1, metavar="[SOURCE]...")
@click.option("--count", type=click.IntRange(1, MAX_COUNT), default=DEFAULT_COUNT, help="Questions for each source.")
@click.option("--seed", type=click.IntRange(0, 10**9), default=0, help="Which questions are drawn; the same, the same.")
@click.option("--mend", "mends", is_flag=True, help="Have what was lost read again, and ask once more.")
@click.option("--questions", "file", metavar="FILE", help="Evaluate with your own questions (TSV or JSON Lines).")
@click.option(
    "--scope", type=click.Choice(("wiki", "desk")), default="wiki", help="Ask the wiki, or the texts as well."
)
@click.option("--baseline", is_flag=True, help="With --questions: show plain BM25 passages beside it.")
@click.option("--table", is_flag=True, help="Show every question, not the lost ones alone.")
@click.option("--worker", metavar="NAME", help="Who writes the questions, and reads again; default: nightdesk.toml's.")
@click.option("--max-usd", type=click.FloatRange(0, min_open=True), help="Stop before this much is spent.")
@click.option("--max-tokens", type=click.IntRange(1), help="Stop before so many tokens are sent and received.")
@click.option("--max-minutes", type=click.FloatRange(0, min_open=True), help="Begin nothing after so many minutes.")
@json_option
@desk_option
def command(sources: tuple[str, ...], as_json: bool, desk_folder: str | None, **given: Any) -> int:
    """Ask the wiki what its sources say, and list what it lost.

    Questions are made from the sources' texts and put to the wiki alone. With --mend the sources that lost something
    are read again; half of the questions are held out, so that they measure what mending did. Exit code 1 says that
    something is lost.
    """
    caps = {name: given.pop(name) for name in ("max_usd", "max_tokens", "max_minutes")}
    asked = Asking(**given)
    _refuse(asked, sources)
    desk = chosen_desk(desk_folder)
    settings = read_settings(desk.settings, worker=asked.worker, **caps)
    if asked.file is not None:
        return _evaluate(desk, settings, asked, as_json=as_json)
    return _probe(desk, settings, asked, _raws(desk, sources), as_json=as_json)


@dataclass(frozen=True, slots=True)
class Asking:
    """What the command line asks for."""

    count: int
    seed: int
    mends: bool
    file: str | None
    scope: Scope
    baseline: bool
    table: bool
    worker: str | None


def _refuse(asked: Asking, sources: Sequence[str]) -> None:
    if asked.file is not None and (asked.mends or sources or asked.worker):
        raise click.UsageError("--questions goes with neither --mend, --worker nor sources")
    if asked.baseline and asked.file is None:
        raise click.UsageError("--baseline goes with --questions")
    if asked.mends and asked.scope != "wiki":
        raise click.UsageError("--mend mends the wiki: leave out --scope")


def _raws(desk: Desk, given: Sequence[str]) -> tuple[str, ...]:
    """Return the sources as the desk writes them. Raises DeskError for one that is not there."""
    found = []
    for name in given:
        file = next((path for path in (desk.root / name, desk.raw / name, Path(name)) if path.is_file()), None)
        if file is None or not file.resolve().is_relative_to(desk.raw.resolve()):
            raise DeskError(f"{name} is no source of this desk", fix="name a file below raw/")
        found.append("raw/" + file.resolve().relative_to(desk.raw.resolve()).as_posix())
    return tuple(found)


def _evaluate(desk: Desk, settings: Settings, asked: Asking, *, as_json: bool) -> int:
    items = read_questions(Path(str(asked.file)))
    stage = silent if as_json else show_stage
    support = Support(desk)
    with open_answerer(desk, asked.scope) as answerer:
        own = evaluate(items, answerer, support, stage=stage, label="asking")
    plain = None
    if asked.baseline:
        pages = choose_sources(desk, settings, (), seed=0, stage=silent).pages
        answerer = bm25_answerer(desk, asked.scope, source_names=dict(pages))
        plain = evaluate(items, answerer, support, stage=stage, label="baseline")
    if as_json:
        print_json(probe_report.evaluation_json(desk, asked.scope, own, plain))
    else:
        probe_report.tell_evaluation(own, plain, table=asked.table)
    return DONE


def _probe(desk: Desk, settings: Settings, asked: Asking, raws: tuple[str, ...], *, as_json: bool) -> int:
    stage = silent if as_json else show_stage
    covers, unread = read_covers(desk.root)
    for number in unread:
        say(f"{COVER}, line {number}: not a row of this file; it is passed over")
    probed = choose_sources(desk, settings, raws, seed=asked.seed, stage=silent)
    _tell_left_out(probed)
    if not probed.sources:
        say("there is nothing to ask about: no source is compiled yet. Run: nightdesk compile")
        return NOTHING
    with _staffed(desk, settings, asked) as staff:
        written = _questions(desk, settings, asked, probed, staff, stage)
        for raw, why in written.left.items():
            say(f"{shown(raw)}: no questions from {shown(written.by)}: {shown(why)}")
        if not written.questions:
            say("no question could be made: the sources hold no number, date, name or definition that stands alone")
            return CAPPED if written.capped else NOTHING

        def ask(moment: str) -> Probe:
            with open_answerer(desk, asked.scope) as answerer:
                probe = ask_wiki(written.questions, answerer, covers=covers, made_by=written.by, stage=stage)
            time = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            rows = measured(probe, probed.sources, time=time, moment=moment, scope=asked.scope, seed=asked.seed)
            append_measured(desk.root / RECORD, rows)
            return probe

        # imported here: only a mend compiles, which takes most of the program
        from nightdesk.wiki.probe.mending import mend, plan_mend  # noqa: PLC0415

        before = ask("before" if asked.mends else "probe")
        rows = plan_mend(before, covers) if asked.mends else ()
        after = None
        capped = written.capped
        if rows:
            _tell_waiting(probed, {row.source for row in rows}, staff)
            readers = _without_probe(staff)
            report = mend(desk, settings, rows, readers, stage=stage, now=datetime.now(UTC))
            capped = capped or report.capped
            for path, problem in report.problems.items():
                say(f"{shown(path)}: {shown(problem)}")
            after = ask("after")
    result = probe_report.Result(desk, asked.scope, asked.seed, before, after, {row.source for row in rows})
    if as_json:
        print_json(result.to_json())
    else:
        result.tell(table=asked.table, mends=asked.mends)
    if capped:
        say(f"stopped: {shown(capped)}")
        return CAPPED
    return IN_PART if (after or before).lost or written.left else DONE


def _tell_left_out(probed: Probed) -> None:
    if probed.uncompiled:
        many = len(probed.uncompiled)
        say(f"{many:,} {'source is' if many == 1 else 'sources are'} not compiled yet and not asked about")
    if probed.of > len(probed.sources):
        say(f"asking about {len(probed.sources):,} of {probed.of:,} sources, drawn by --seed; or name sources")


def _tell_waiting(probed: Probed, mended: set[str], staff: Staff | None) -> None:
    """Say which sources an agent has read, where there is none now who could read them again."""
    if staff is not None and "read" in staff.workers:
        return
    waiting = len(mended & probed.by_ai)
    if waiting:
        many = "1 source was" if waiting == 1 else f"{waiting:,} sources were"
        say(f"{many} read by an AI, whose reading stays until it is done again: nightdesk next, or --worker NAME")


@contextlib.contextmanager
def _staffed(desk: Desk, settings: Settings, asked: Asking) -> Iterator[Staff | None]:
    """Give the block the AI workers that write questions and, to mend, read and write pages; None without any."""
    with hired(desk, settings, kinds=(PROBE, *(KINDS if asked.mends else ())), chosen=asked.worker) as staff:
        yield staff


def _without_probe(staff: Staff | None) -> Staff | None:
    if staff is None:
        return None
    workers = {kind: worker for kind, worker in staff.workers.items() if kind != PROBE}
    return replace(staff, workers=workers) if workers else None


def _questions(
    desk: Desk, settings: Settings, asked: Asking, probed: Probed, staff: Staff | None, stage: Any
) -> Written:
    if staff is not None and PROBE in staff.workers:
        return written_questions(desk, staff, probed.sources, count=asked.count, seed=asked.seed, stage=stage)
    made = code_questions(desk, settings, probed.sources, count=asked.count, seed=asked.seed, stage=stage)
    return Written(made, MAKER, {}, "")
