"""Questions asked in the browser: answered as they come, each sentence down to its quote, and filed when wanted."""

import asyncio
import json
import queue
import re
import threading
from collections import OrderedDict
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.base.settings import ASK, read_settings
from nightdesk.base.stages import Stage
from nightdesk.views.web import headers
from nightdesk.views.web.acting.acting import begin
from nightdesk.views.web.acting.answers import answer_values
from nightdesk.views.web.acting.replying import Inquiry, Pair, Slots, run_apart
from nightdesk.views.web.viewer import Viewer, given_text
from nightdesk.wiki.answering.filing import TYPE
from nightdesk.wiki.answering.question import MAX_QUESTION
from nightdesk.wiki.answering.replies import UNKNOWN, Reply, shown_body

AT_ONCE = 2  # questions of one desk
MAX_TALKS, MAX_REPLIES = 50, 30  # conversations that are remembered, and answers of each
_EARLIER = 5  # questions that one goes on from
_LISTED = 20  # answers filed before
_TALK = re.compile(r"[A-Za-z0-9]{16,64}")
_LOOK_SECONDS = 0.25  # between two looks whether the server ends
_WAIT_SECONDS = 10.0  # for another command that works on the desk


@dataclass(slots=True)
class Answered:
    """One reply of a conversation."""

    number: int  # in it, from 0
    reply: Reply
    saved: str = ""  # path of the page that it was filed as


@dataclass(slots=True)
class Talk:
    """What one browser tab has asked."""

    answered: list[Answered] = field(default_factory=list)
    under_way: Inquiry | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def earlier(self) -> tuple[Pair, ...]:
        """The last questions with their answers, for one that goes on from them."""
        replies = [one.reply for one in self.answered[-_EARLIER:]]
        return tuple((one.question, shown_body(one.body)[:2_000] if one.knows else UNKNOWN) for one in replies)


class Talks:
    """The conversations of one viewer; those that were not used for longest are forgotten first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._talks: OrderedDict[str, Talk] = OrderedDict()

    def of(self, given: Mapping[str, Any]) -> Talk:
        """Return the conversation that a request names. Raises DeskError where it names none."""
        key = given_text(given, "talk", most=64)
        if not _TALK.fullmatch(key):
            raise DeskError("the request names no conversation", fix="load the page again")
        with self._lock:
            talk = self._talks.setdefault(key, Talk())
            self._talks.move_to_end(key)
            while len(self._talks) > MAX_TALKS:
                self._talks.popitem(last=False)
            return talk


def routes(viewer: Viewer) -> list[Route]:
    """Return the routes of questions."""
    talks, slots = Talks(), Slots(AT_ONCE)

    def page(request: Request) -> Response:
        values = ask_values(viewer, _desk(viewer))
        return viewer.show(request, "ask.html", asked=request.query_params.get("q", "")[:MAX_QUESTION], **values)

    def asked(given: Mapping[str, Any]) -> Response:
        return _asked(viewer, _desk(viewer), talks.of(given), slots, _question(given))

    def stopped(given: Mapping[str, Any]) -> Response:
        talk = talks.of(given)
        if talk.under_way is not None:
            talk.under_way.stop()
        return viewer.json({})

    def earlier(given: Mapping[str, Any]) -> Response:
        return viewer.json({"answers": [_rendered(viewer, one) for one in talks.of(given).answered]})

    def saved(given: Mapping[str, Any]) -> Response:
        return _saved(viewer, _desk(viewer), talks.of(given), given)

    acts = {"": asked, "stop": stopped, "earlier": earlier, "save": saved}
    return [
        Route("/ask", page),
        *(
            Route("/".join(filter(None, ("/api/ask", name))), viewer.action(act), methods=["POST"])
            for name, act in acts.items()
        ),
    ]


def _desk(viewer: Viewer) -> Desk:
    if viewer.desk is None:
        raise DeskError("questions are answered from a desk, and this folder is none", fix="nightdesk new makes one")
    return viewer.desk


def ask_values(viewer: Viewer, desk: Desk) -> dict[str, Any]:
    """Return what the page of questions shows before one is asked."""
    entries = (entry for entry in viewer.catalogue.entries.values() if entry.type == TYPE)
    filed = sorted(entries, key=lambda entry: (-entry.changed, entry.path))
    try:
        worker, problem = read_settings(desk.settings).worker_for(ASK), ""
    except DeskError as error:
        worker, problem = "builtin", error.message
    return {
        "nav": "ask",
        "worker": worker.partition("@")[0],
        "problem": problem,
        "filed": filed[:_LISTED],
        "more": max(0, len(filed) - _LISTED),
        "longest": MAX_QUESTION,
    }


def _question(given: Mapping[str, Any]) -> str:
    question = " ".join(given_text(given, "question", most=MAX_QUESTION).split())
    if not question:
        raise DeskError("there is no question", fix="ask one")
    return question


def _asked(viewer: Viewer, desk: Desk, talk: Talk, slots: Slots, question: str) -> Response:
    """Begin to answer, and return the stream of what is told of it."""
    told: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()
    pages = len(viewer.catalogue.entries)
    inquiry = Inquiry(desk, question, talk.earlier, pages, lambda event, value: told.put((event, value)))

    def end(reply: Reply | None) -> None:
        if reply is None:
            inquiry.tell("stopped", {})
            return
        one = Answered(talk.answered[-1].number + 1 if talk.answered else 0, reply)
        talk.answered = [*talk.answered, one][-MAX_REPLIES:]
        rendered = _rendered(viewer, one)
        for part in rendered["parts"]:
            inquiry.tell("part", part)
        inquiry.tell("answer", rendered)

    with talk.lock:
        if talk.under_way is not None and not talk.under_way.is_over:
            raise DeskError("the question before is still being answered", fix="wait for it, or stop it")
        run_apart(inquiry, slots, end)
        talk.under_way = inquiry
    return StreamingResponse(_stream(viewer, inquiry, told), media_type="text/event-stream", headers=dict(headers.PAGE))


async def _stream(viewer: Viewer, inquiry: Inquiry, told: "queue.SimpleQueue[tuple[str, Any]]") -> AsyncIterator[str]:
    """Yield what is told, as server-sent events; whoever goes away while it runs has it stopped."""
    event = ""
    try:
        while event != "end":
            try:
                event, value = await asyncio.to_thread(told.get, True, _LOOK_SECONDS)
            except queue.Empty:
                if viewer.bell.closed:
                    return
                continue
            yield f"event: {event}\ndata: {json.dumps(value)}\n\n"
    finally:
        if event != "end":
            await asyncio.shield(asyncio.to_thread(inquiry.stop))


def _rendered(viewer: Viewer, one: Answered) -> dict[str, Any]:
    """Return a reply as the page shows it: its parts as HTML, and what it rests on."""
    values = answer_values(viewer, one.reply)
    page = one.saved if one.saved in viewer.catalogue.entries else ""
    rests = viewer.render("answer.html", number=one.number, saved=page, **values)
    return {"number": one.number, "question": one.reply.question, "parts": values["parts"], "rests": rests}


def _saved(viewer: Viewer, desk: Desk, talk: Talk, given: Mapping[str, Any]) -> Response:
    """Begin to file an answer as a page, as one commit with the index."""
    number = given.get("number")
    chosen = [one for one in talk.answered if one.number == number and isinstance(number, int)]
    if not chosen or isinstance(number, bool):
        raise DeskError("this answer is not remembered any more", fix="ask again")
    (one,) = chosen

    def act(stage: Stage) -> Mapping[str, Any]:
        if not (one.saved and (desk.root / one.saved).is_file()):
            one.saved = _file(desk, one.reply, stage)[0]
            viewer.keeper.refresh([one.saved])
        return {"path": one.saved, "page": viewer.urls.page(one.saved)}

    return begin(viewer, f"save {id(one)}", act)


def _file(desk: Desk, reply: Reply, stage: Stage) -> Sequence[str]:
    # imported here: to ask needs none of it
    from nightdesk.wiki.answering.filing import file_answer  # noqa: PLC0415
    from nightdesk.wiki.building import Errand  # noqa: PLC0415
    from nightdesk.wiki.compile import compile_desk  # noqa: PLC0415

    filed: list[str] = []

    def act(*_: object) -> Sequence[str]:
        filed.append(file_answer(desk, reply))
        return filed

    settings = read_settings(desk.settings)
    errand = Errand("ask", reply.question, act)
    compile_desk(desk, settings, stage=stage, today=date.today(), wait_seconds=_WAIT_SECONDS, errand=errand)
    return filed
