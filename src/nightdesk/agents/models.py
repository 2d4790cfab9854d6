"""The worker that asks a model's API: within the caps, again where that helps, and saying why where it does not."""

import dataclasses
import json
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self, TypeVar

from nightdesk.agents.answers import hand_in_text
from nightdesk.agents.meter import Meter
from nightdesk.agents.prices import highest_price, most_tokens
from nightdesk.agents.provider_client import Answer, Image, ModelClient, Question
from nightdesk.agents.provider_errors import RequestError
from nightdesk.agents.providers import ModelSettings, parse_model
from nightdesk.agents.spending import Spending, usage_of
from nightdesk.agents.tasks import Brief, HandIn, Task, Usage, WorkerError, as_list

__all__ = ["ModelSettings", "ModelWorker", "parse_model"]

M = TypeVar("M")

_MOST_TRIES = {"again": 6, "unsent": 3, "unreadable": 2}  # of one request, by what went wrong last
_FIRST_WAIT_SECONDS = 1.0  # doubled at each try
_LONGEST_WAIT_SECONDS = 120.0  # a provider that asks for a longer one is asked again another day
_REQUEST_SECONDS = 1200.0  # the longest that one answer may take: local models are slow
_CLOSED_SECONDS = 60.0  # after a refusal that all requests will meet, none is sent for so long
_MOST_KEPT = 1_000  # hand-ins, in case they are rejected: more than are under way at once
_CUT_OFF = "Your last answer was cut off because it was too long: be much shorter."
_MOST_IMAGES = 8
_MOST_IMAGE_BYTES = 5_000_000
_IMAGE_STARTS = {
    b"\x89PNG\r\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF8": "image/gif",
    b"RIFF": "image/webp",
}


class ModelWorker:
    """Does tasks by asking one model; safe to use from many threads."""

    def __init__(
        self,
        settings: ModelSettings,
        meter: Meter,
        on_text: Callable[[str], None] | None = None,
        *,
        wait: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`on_text` is called with the pieces of answers as they come, from another thread."""
        self.settings = settings
        self._meter = meter
        self._on_text = on_text
        self._wait = wait
        self._clock = clock
        self._client = ModelClient(settings)
        self._lock = threading.Lock()
        self._last: dict[str, _Last] = {}  # task id -> its last hand-in
        self._schemas: bool | None = None  # whether the model takes them; None: not known yet
        self._closed: tuple[float, RequestError] | None = None  # until when nothing is sent, and why

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def name(self) -> str:
        """The worker's name as in the settings."""
        return self.settings.name

    @property
    def part_chars(self) -> int:
        """How many characters of a source fit in one task."""
        return self.settings.part_chars

    @property
    def at_once(self) -> int:
        """How many requests it may have under way."""
        return self.settings.at_once

    def close(self) -> None:
        """End requests under way and close the connections."""
        self._client.close()

    def work(self, task: Task[M], reasons: tuple[str, ...]) -> HandIn:
        """Return the model's hand-in. Raises WorkerError with what was used, CapReachedError before a cap is passed."""
        brief = task.brief()
        with self._lock:
            last = self._last.pop(task.id, _Last()) if reasons else _Last()
        question = self._question(brief, last, reasons)
        spent = Spending(self.settings.model)
        answer = self._answer(question, spent)
        # that JSON is cut off is seen, and the verifier keeps what is whole in it; of a page nobody may see it
        if answer.ended == "length" and brief.form == "markdown":
            answer = self._answer(_with_turn(question, "", _CUT_OFF), spent)
        if answer.ended == "length" and brief.form == "markdown":
            limit = self.settings.answer_tokens
            fix = "raise max_output_tokens and context_tokens"
            raise WorkerError(f"{self.name}: the answer was cut off at {limit} tokens", fix=fix, usage=spent.usage())
        if answer.ended == "filter":
            raise WorkerError(f"{self.name}: the provider withheld the answer", usage=spent.usage())
        text = hand_in_text(answer.text, brief.form)
        with self._lock:
            self._last[task.id] = _Last(text, cut_off=answer.ended == "length")
            if len(self._last) > _MOST_KEPT:
                del self._last[next(iter(self._last))]
        return HandIn(text, spent.usage())

    def _question(self, brief: Brief, last: "_Last", reasons: tuple[str, ...]) -> Question:
        images = tuple(_images(brief.images)) if self.settings.send_images else ()
        schema = brief.schema if brief.form == "json" else None
        question = Question(brief.rules, brief.material, schema=schema, images=images)
        if not reasons:
            return question
        complaint = (
            f"Your last hand-in was rejected:\n\n{as_list(reasons)}\nMend that, and hand in the whole thing anew."
        )
        if last.cut_off:
            complaint = f"{complaint} {_CUT_OFF}"
        again = _with_turn(question, last.text, complaint)
        room = self.settings.context_tokens - self.settings.answer_tokens
        return again if _tokens(again) <= room else _with_turn(question, "", complaint)

    def _answer(self, question: Question, spent: Spending) -> Answer:
        """Return an answer to `question`, without a schema where the model takes none. Raises WorkerError."""
        plain = dataclasses.replace(question, schema=None)  # the brief tells the form in words too
        try:
            if question.schema is None or not self._takes_schemas():
                return self._tried(plain, spent)
            try:
                return self._tried(question, spent)
            except RequestError as error:
                if error.kind != "schema":
                    raise
            answer = self._tried(plain, spent)
        except RequestError as error:
            raise WorkerError(str(error), fix=error.fix, usage=spent.usage()) from None
        with self._lock:
            self._schemas = False  # that was it: spare the others the refused request
        return answer

    def _takes_schemas(self) -> bool:
        if self._schemas is None:
            known = self._client.has_schemas()
            with self._lock:
                self._schemas = known if self._schemas is None else self._schemas
        return self._schemas

    def _tried(self, question: Question, spent: Spending) -> Answer:
        """Return an answer, trying again where that may help. Raises RequestError, CapReachedError."""
        tries = 0
        while True:
            tries += 1
            try:
                return self._asked_once(question, spent)
            except RequestError as error:
                most = _MOST_TRIES.get(error.kind, 0)
                if tries < most and (error.retry_after or 0) <= _LONGEST_WAIT_SECONDS:
                    pause = error.retry_after
                else:
                    self._close_after(error)
                    raise
            if pause is None:
                # apart from each other, so that threads that were refused together do not come back together
                pause = _FIRST_WAIT_SECONDS * 2 ** (tries - 1) * random.uniform(0.5, 1.0)  # noqa: S311  # no secret
            left = self._meter.seconds_left()
            self._wait(pause if left is None else min(pause, left))

    def _asked_once(self, question: Question, spent: Spending) -> Answer:
        self._refuse_while_closed()
        settings = self.settings
        sent = _tokens(question)
        usd = highest_price(
            settings.model,
            provider=settings.provider,
            base_url=settings.base_url,
            input_tokens=sent,
            output_tokens=settings.answer_tokens,
        )
        reserved = self._meter.reserve(tokens=sent + settings.answer_tokens, usd=usd)
        left = self._meter.seconds_left()
        seconds = _REQUEST_SECONDS if left is None else max(0.1, min(_REQUEST_SECONDS, left))
        began = self._clock()
        try:
            answer = self._client.ask(question, seconds=seconds, on_text=self._on_text)
        except RequestError as error:
            spent.seconds += self._clock() - began
            if error.kind == "unsent":
                self._meter.settle(reserved, Usage(input_tokens=0, output_tokens=0, usd=0.0))
            elif error.refused:  # it was sent, and nothing was generated or charged
                self._meter.settle(reserved, Usage(input_tokens=sent, output_tokens=0, usd=0.0))
            else:  # it may have been charged: all that was set aside stays counted
                spent.unknown = True
            raise
        usage = usage_of(answer, settings, self._clock() - began)
        self._meter.settle(reserved, usage)
        spent.add(usage)
        return answer

    def _refuse_while_closed(self) -> None:
        closed = self._closed
        if closed is not None and self._clock() < closed[0]:
            raise closed[1]

    def _close_after(self, error: RequestError) -> None:
        """Send nothing for a while where every request would meet the same refusal."""
        if error.kind in ("worker", "unsent"):
            kept = RequestError(str(error), "worker", fix=error.fix, refused=True)
            self._closed = (self._clock() + _CLOSED_SECONDS, kept)


@dataclass(frozen=True, slots=True)
class _Last:
    """A hand-in that may be rejected."""

    text: str = ""
    cut_off: bool = False


def _tokens(question: Question) -> int:
    """Return how many tokens `question` has at most."""
    schema = json.dumps(question.schema) if question.schema is not None else ""
    texts = [question.rules, question.material, schema, *(text for turn in question.turns for text in turn)]
    return most_tokens("\n".join(texts), images=len(question.images))


def _with_turn(question: Question, answer: str, complaint: str) -> Question:
    """Return `question` with what is said against the last answer; an empty answer is not shown again."""
    if answer:
        return dataclasses.replace(question, turns=(*question.turns, (answer, complaint)))
    if question.turns:
        *turns, (last, reasons) = question.turns
        return dataclasses.replace(question, turns=(*turns, (last, f"{reasons}\n\n{complaint}")))
    return dataclasses.replace(question, material=f"{question.material}\n\n{complaint}")


def _images(paths: Sequence[Path]) -> Iterator[Image]:
    """Yield the first few pictures of kinds that models can see, none of them too large to send."""
    count = 0
    for path in paths:
        if count == _MOST_IMAGES:
            return
        if path.is_symlink() or not path.is_file() or path.stat().st_size > _MOST_IMAGE_BYTES:
            continue
        content = path.read_bytes()
        media_type = next((kind for start, kind in _IMAGE_STARTS.items() if content.startswith(start)), None)
        if media_type is not None:
            count += 1
            yield Image(content, media_type)
