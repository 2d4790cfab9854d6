"""`nightdesk ask --deep`: research with the workers that are set, and how its report is told."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from nightdesk.agents.meter import Meter
from nightdesk.base.desk import Desk
from nightdesk.base.settings import ASK, Settings
from nightdesk.base.stages import silent
from nightdesk.views.cli.options import CAPPED, DONE, IN_PART, say, shown
from nightdesk.views.cli.progress import show_stage
from nightdesk.views.cli.workers import caps_of, hired
from nightdesk.wiki.answering.answerer import Similarity
from nightdesk.wiki.answering.answers import Scope
from nightdesk.wiki.research.report import Researched
from nightdesk.wiki.research.research import Terms, research

INTERRUPTED = 130


def answer_deeply(  # noqa: PLR0913  # an argument for each option
    desk: Desk,
    settings: Settings,
    question: str,
    *,
    chosen: str | None,
    scope: Scope,
    limit: int,
    rounds: int,
    keep: str | None,
    before: str,
    similarity: Similarity | None,
    quiet: bool,
) -> Researched:
    """Return the report on a question, by the worker for answers; it reads the sources, too."""
    by_ai = (chosen or settings.worker_for(ASK)) != "builtin"
    clock = Meter(caps_of(settings))  # of the built-in work, which uses time alone
    with hired(desk, settings, kinds=("read", ASK) if by_ai else (), chosen=chosen) as staff:
        terms = Terms(
            settings=settings,
            staff=staff,
            rounds=rounds,
            scope=scope,
            limit=limit,
            similarity=similarity,
            keep=Path(keep) if keep else None,
            before=before,
            check=clock.check,
        )
        return research(desk, question, terms, stage=silent if quiet else show_stage, today=date.today())


def tell_research(researched: Researched, tell: Callable[[str], None] = say) -> None:
    """Say how the report came about."""
    answered = f"{sum(part.answered for part in researched.parts)} of {len(researched.parts)} sub-questions answered"
    sources = _many(len(researched.sources), "source")
    errors = _many(researched.findings, "error") if researched.findings else "no error"
    tell(
        f"research: {answered} in {_many(researched.rounds, 'round')}; {sources} read into"
        f" {_many(researched.claims, 'claim')}; lint found {errors} there"
    )
    if researched.reply.capped:
        tell(f"stopped by {shown(researched.reply.capped)}; the report holds what was found until then")
    if researched.interrupted:
        tell("interrupted; the report holds what was found until then")
    if researched.kept:
        tell(f"the temporary desk stays in {shown(researched.kept)}")


def _many(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def deep_entries(researched: Researched) -> dict[str, Any]:
    """Return what --json says beyond an answer."""
    return {
        "deep": {
            "answered": researched.answered,
            "parts": [asdict(part) for part in researched.parts],
            "sources": list(researched.sources),
            "claims": researched.claims,
            "findings": researched.findings,
            "rounds": researched.rounds,
            "interrupted": researched.interrupted,
            "kept": researched.kept or None,
        }
    }


def deep_code(researched: Researched) -> int:
    """Return the exit code: 0 where the question itself is answered."""
    if researched.interrupted:
        return INTERRUPTED
    if researched.reply.capped:
        return CAPPED
    return DONE if researched.answered and not researched.reply.failed else IN_PART
