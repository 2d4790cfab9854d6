"""Desks and answers for the tests of forms, made within the process: a command would take a second each time."""

from datetime import date
from pathlib import Path

from nightdesk.base.desk import Desk
from nightdesk.base.settings import Settings
from nightdesk.base.stages import silent
from nightdesk.wiki.answer_forms.forms import Form, Formed, form_of
from nightdesk.wiki.answering.answerer import Desktop, decide
from nightdesk.wiki.answering.replies import BUILTIN, builtin_reply
from nightdesk.wiki.building import Errand
from nightdesk.wiki.compile import compile_desk
from nightdesk.wiki.new import make_desk as new_desk
from nightdesk.wiki.report import Report

TODAY = date(2026, 11, 23)


def compile_it(desk: Desk, errand: Errand | None = None) -> Report:
    return compile_desk(desk, Settings(jobs=1), stage=silent, today=TODAY, errand=errand)


def desk_with(folder: Path, sources: dict[str, str]) -> Desk:
    desk = new_desk(folder / "desk").desk
    for name, text in sources.items():
        (desk.raw / name).write_text(text, encoding="utf-8")
    compile_it(desk)
    return desk


def formed(desk: Desk, form: Form, question: str) -> Formed:
    """Return the built-in answer to a question in a form."""
    desktop = Desktop(desk, "desk")
    try:
        looked = desktop.look(question)
        reply = builtin_reply(decide(looked), desktop.statements, worker=BUILTIN)
        return form_of(form, reply, looked, desktop.statements)
    finally:
        desktop.close()
