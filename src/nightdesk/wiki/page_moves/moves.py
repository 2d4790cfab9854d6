"""Commands on pages, done: the plan, then a compile that makes the wiki whole again, as one change."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from nightdesk.base.desk import Desk
from nightdesk.base.settings import Settings
from nightdesk.base.stages import Stage, silent
from nightdesk.wiki.building import Errand
from nightdesk.wiki.compile import compile_desk
from nightdesk.wiki.page_moves.planning import Plan
from nightdesk.wiki.page_moves.rehearsing import diff_of
from nightdesk.wiki.report import Report


@dataclass(frozen=True, slots=True)
class Moved:
    """What a command on pages did."""

    plan: Plan
    report: Report


def do_plan(desk: Desk, settings: Settings, plan: Plan, *, stage: Stage, today: date) -> Moved:
    """Do what was planned and compile, under one lock and in one change.

    No AI is asked: what it has written stays under its new name, and a page whose claims have changed waits for it.
    """
    errand = Errand(plan.operation, plan.title, plan.act)
    return Moved(plan, compile_desk(desk, settings, stage=stage, today=today, errand=errand))


def rehearse(desk: Desk, settings: Settings, plan_of: Callable[[Desk], Plan], *, today: date) -> tuple[str, Moved]:
    """Return the unified diff of what a command would change, and what it would report; nothing is changed."""
    done: list[Moved] = []

    def act(copy: Desk) -> None:
        done.append(do_plan(copy, settings, plan_of(copy), stage=silent, today=today))

    return diff_of(desk, act), done[0]
