import asyncio
import dataclasses
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Literal

import pytest

from nightdesk.agents.meter import Caps, Meter
from nightdesk.agents.models import ModelSettings, ModelWorker
from nightdesk.agents.providers import Api
from nightdesk.agents.tasks import Attempt, Brief, CapReachedError, HandIn, Task, Verified, WorkerError, perform
from tests.agents.model_server import (
    Answer,
    Cut,
    Hang,
    Malformed,
    ModelServer,
    Reply,
    Request,
    Status,
)

pytest.importorskip("pydantic_ai")

KEY = "private.0123456789abcdef"  # of no form that is known as a key's
RULES = "Read the source and hand in its summary."
MATERIAL = "Muon orthogonalises the momentum of matrix parameters."
SCHEMA = {"type": "object", "properties": {"summary": {"type": "string"}}, "required": ["summary"]}
GOOD = '{"summary": "about Muon"}'

# each protocol: the provider, a model that its client knows, and the path of the address
PROTOCOLS: dict[Api, tuple[str, str, str]] = {
    "chat": ("openai", "some-model", "/v1"),
    "responses": ("openai", "gpt-5", "/v1"),
    "messages": ("anthropic", "claude-sonnet-5-5", ""),
    "google": ("google", "gemini-2.5-pro", ""),
}


def task(
    *, form: Literal["json", "markdown"] = "json", material: str = MATERIAL, subject: str = "a", **brief: Any
) -> Task[None]:
    schema = SCHEMA if form == "json" else None
    return Task("read", subject, "h", None, lambda: Brief(RULES, material, form, "template", schema, **brief))


def settings(server: ModelServer, api: Api = "chat", **changes: Any) -> ModelSettings:
    provider, model, path = PROTOCOLS[api]
    made = ModelSettings(f"{provider}:{model}", provider, model, server.url + path, KEY, api=api)
    return dataclasses.replace(made, **changes)


class Waits(list[float]):
    """Instead of sleeping: what would have been waited."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


def ask(server: ModelServer, work: Task[None] | None = None, *, waits: Waits | None = None, **changes: Any) -> HandIn:
    meter = changes.pop("meter", Meter())
    with ModelWorker(settings(server, **changes), meter, wait=Waits() if waits is None else waits) as worker:
        return worker.work(work or task(), ())


def replies(*given: Reply) -> Callable[[Request], Reply]:
    """Give these replies in their order, the last one again and again."""
    left = list(given)
    return lambda request: left.pop(0) if len(left) > 1 else left[0]


@pytest.mark.parametrize("api", PROTOCOLS)
@pytest.mark.parametrize("streams", [False, True])
def test_each_protocol_brings_the_hand_in_and_what_it_used(api: Api, streams: bool) -> None:
    answer = Answer('{"summary": "a <think>mark</think> in a text"}', thinking="hm", cached_tokens=3)
    pieces: list[str] = []
    with ModelServer(lambda request: answer) as server:
        with ModelWorker(settings(server, api), Meter(), pieces.append if streams else None) as worker:
            hand_in = worker.work(task(), ())
        (request,) = server.asked()
    assert hand_in.text == answer.text
    assert "".join(pieces) == (answer.text if streams else "")
    assert request.protocol == api
    assert request.stream == streams
    assert RULES in request.text
    assert request.last == MATERIAL
    assert (hand_in.usage.input_tokens, hand_in.usage.cached_tokens) == (request.tokens, 3)
    assert hand_in.usage.output_tokens == server.tokens_answered
    assert hand_in.usage.model == request.model
    assert hand_in.usage.usd is None  # nobody lists what this address costs


@pytest.mark.parametrize(
    ("api", "where"),
    [
        ("chat", lambda body: body["response_format"]["json_schema"]["schema"]),
        ("responses", lambda body: body["text"]["format"]["schema"]),
        ("messages", lambda body: body["output_config"]["format"]["schema"]),
        ("google", lambda body: body["generationConfig"]["responseJsonSchema"]),
    ],
)
def test_json_is_asked_for_by_schema_and_markdown_is_not(api: Api, where: Callable[[Any], Any]) -> None:
    with ModelServer(lambda request: GOOD) as server:
        ask(server, api=api)
        ask(server, task(form="markdown"), api=api)
        with_schema, plain = server.asked()
    assert where(with_schema.body)["properties"]["summary"]["type"] == "string"
    with pytest.raises(KeyError):
        where(plain.body)


def test_rules_come_first_and_anthropic_keeps_them_cached() -> None:
    with ModelServer(lambda request: GOOD) as server:
        ask(server, api="messages")
        ask(server, task(material="another"), api="messages")
        first, second = server.asked()
    assert first.body["system"] == second.body["system"]
    assert first.body["system"][-1]["cache_control"]["type"] == "ephemeral"


def test_openai_is_told_to_keep_nothing() -> None:
    with ModelServer(lambda request: GOOD) as server:
        ask(server, api="responses")
        assert server.asked()[0].body["store"] is False


@pytest.mark.parametrize("api", PROTOCOLS)
def test_only_what_is_needed_is_sent(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Clients would add headers and keys from the environment, and facts about the system."""
    elsewhere = "http://127.0.0.1:9"
    for name, value in {
        "OPENAI_API_KEY": "sk-other",
        "OPENAI_BASE_URL": elsewhere,
        "OPENAI_ORG_ID": "org-mine",
        "ANTHROPIC_API_KEY": "sk-other",
        "ANTHROPIC_AUTH_TOKEN": "sk-other",
        "ANTHROPIC_BASE_URL": elsewhere,
        "ANTHROPIC_CUSTOM_HEADERS": "X-Secret: sk-other",
        "GEMINI_API_KEY": "sk-other",
        "GOOGLE_API_KEY": "sk-other",
        "GOOGLE_GEMINI_BASE_URL": elsewhere,
        "HTTP_PROXY": elsewhere,
        "ALL_PROXY": elsewhere,
    }.items():
        monkeypatch.setenv(name, value)
    with ModelServer(lambda request: GOOD) as server:
        ask(server, api=api)
        ask(server, api=api, api_key=None)
        with_key, without = server.asked()
    assert KEY in str(with_key.headers)
    for request in (with_key, without):
        assert request.headers["user-agent"] == "nightdesk"
        assert not [name for name in request.headers if name.startswith(("x-stainless", "x-secret", "openai-org"))]
        assert "sk-other" not in str(request.headers)
    assert not {"authorization", "x-api-key", "x-goog-api-key"} & set(without.headers)


def test_rejected_hand_ins_go_back_with_the_reasons() -> None:
    def verify(text: str) -> Verified[str]:
        return Verified(text, ()) if text == GOOD else Verified(None, ("the summary is empty",))

    attempts: list[Attempt] = []
    with (
        ModelServer(replies('{"summary": ""}', GOOD)) as server,
        ModelWorker(settings(server), Meter()) as worker,
    ):
        outcome = perform(task(), worker, verify, record=attempts.append)
        second = server.asked()[1]
    assert outcome.result == GOOD
    assert [a.outcome for a in attempts] == ["rejected", "accepted"]
    roles = [message["role"] for message in second.body["messages"]]
    assert roles == ["system", "user", "assistant", "user"]
    assert second.body["messages"][2]["content"] == '{"summary": ""}'
    assert "rejected" in second.last
    assert "- the summary is empty" in second.last


def test_reasons_go_back_alone_where_the_last_hand_in_is_not_known_or_too_long() -> None:
    long = '{"summary": "' + "word " * 25_000 + '"}'
    with ModelServer(replies(long, GOOD)) as server, ModelWorker(settings(server), Meter()) as worker:
        worker.work(task(material="text " * 2000), ())
        worker.work(task(material="text " * 2000), ("too long",))
        worker.work(task(subject="never seen"), ("it was wrong",))
        _, second, third = server.asked()
    for request, reason in ((second, "too long"), (third, "it was wrong")):
        assert [m["role"] for m in request.body["messages"]] == ["system", "user"]
        assert request.last.endswith(f"- {reason}\n\nMend that, and hand in the whole thing anew.")


def test_markdown_comes_without_its_fence_and_thinking() -> None:
    with ModelServer(lambda request: "<think>plan</think>\n```markdown\nA sentence.\n```") as server:
        assert ask(server, task(form="markdown")).text == "A sentence."


# Failures that pass


@pytest.mark.parametrize(
    ("fault", "waited", "why"),
    [
        (Status(429, retry_after=7), 7, "the provider says how long"),
        (Status(429), None, "it does not say"),
        (Status(503, retry_after=2), 2, "overloaded, and it says how long"),
        (Status(500), None, "broken for a moment"),
        (Status(529), None, "Anthropic's word for overloaded"),
        (Status(502, message="<html>Bad gateway</html>"), None, "a proxy in between"),
        (Cut(), None, "the connection is gone before the answer"),
        (Cut(midway=True), None, "and in the middle of it"),
        (Malformed(), None, "not even JSON"),
    ],
)
@pytest.mark.parametrize("api", PROTOCOLS)
def test_what_passes_is_tried_again(api: Api, fault: Reply, waited: float | None, why: str) -> None:
    waits = Waits()
    with ModelServer(replies(fault, GOOD)) as server:
        assert ask(server, api=api, waits=waits).text == GOOD, why
        assert len(server.asked()) == 2
    (pause,) = waits
    assert pause == waited if waited else 0.5 <= pause <= 1.0


@pytest.mark.parametrize("api", PROTOCOLS)
def test_a_stream_that_breaks_off_is_tried_again(api: Api) -> None:
    with (
        ModelServer(replies(Cut(midway=True, text="{" * 400), GOOD)) as server,
        ModelWorker(settings(server, api), Meter(), lambda piece: None, wait=Waits()) as worker,
    ):
        assert worker.work(task(), ()).text == GOOD
        assert len(server.asked()) == 2


def test_pauses_grow_and_tries_end() -> None:
    waits = Waits()
    with ModelServer(lambda request: Status(500)) as server:
        with pytest.raises(WorkerError, match="500"):
            ask(server, waits=waits)
        assert len(server.asked()) == 6
    assert len(waits) == 5
    assert all(0.5 * 2**n <= pause <= 2**n for n, pause in enumerate(waits))


def test_a_pause_of_an_hour_is_not_waited_for() -> None:
    waits = Waits()
    with ModelServer(lambda request: Status(429, retry_after=3600)) as server, pytest.raises(WorkerError, match="429"):
        ask(server, waits=waits)
    assert not waits


def test_nobody_at_the_address_is_said_and_not_asked_for_each_task() -> None:
    with ModelServer(lambda request: GOOD) as server:
        gone = settings(server)
    waits = Waits()
    now = [0.0]
    with ModelWorker(gone, Meter(Caps(tokens=100_000)), wait=waits, clock=lambda: now[0]) as worker:
        for _ in range(20):  # more than the cap allows, were they counted
            with pytest.raises(WorkerError, match=f"nothing answers at {gone.base_url}"):
                worker.work(task(), ())
        assert len(waits) == 2
        with ModelServer(lambda request: GOOD, port=server.port):
            now[0] = 61.0  # somebody may have started it
            assert worker.work(task(), ()).text == GOOD


# Failures that stay


@pytest.mark.parametrize(
    ("fault", "said", "for_all"),
    [
        (Status(401, f"Incorrect API key provided: {KEY}"), "the key was refused", True),
        (Status(403, "no access"), "the key was refused", True),
        (Status(404, "model not found"), "no such model", True),
        (Status(402, "pay first"), "no credit is left", True),
        (Status(307), "leads elsewhere", True),
        (Status(400, "This model's maximum context length is 8192 tokens"), "set context_tokens", False),
        (Status(413, "too large"), "413", False),
        (Status(422, "no such field"), "refused: 422: no such field", False),
    ],
)
@pytest.mark.parametrize("api", PROTOCOLS)
def test_what_stays_is_said_at_once_in_one_line(api: Api, fault: Status, said: str, for_all: bool) -> None:
    with ModelServer(lambda request: fault) as server, ModelWorker(settings(server, api), Meter()) as worker:
        with pytest.raises(WorkerError, match=said) as raised:
            worker.work(task(form="markdown"), ())
        assert len(server.asked()) == 1
        with pytest.raises(WorkerError, match=said):
            worker.work(task(form="markdown"), ())
        assert len(server.asked()) == (1 if for_all else 2)  # what every task would meet is met once
    assert "\n" not in str(raised.value)
    assert KEY not in "".join(traceback.format_exception(raised.value))


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        (f"bad key {KEY}", "bad key …"),
        ("bad key sk-abcd****wxyz9876 given", "bad key … given"),  # providers shorten keys themselves
        ("\x1b]0;title\x07red\x1b[31m\u202eevil", "title"),
        ("x" * 5000, "x" * 100),
        ("two\nlines", "two lines"),
    ],
)
def test_what_a_server_says_is_made_harmless(message: str, shown: str) -> None:
    with ModelServer(lambda request: Status(400, message)) as server, pytest.raises(WorkerError) as raised:
        ask(server, task(form="markdown"))
    said = str(raised.value)
    assert shown in said
    assert KEY not in said
    assert said.isprintable()
    assert len(said) < 500


def test_a_redirect_is_not_followed() -> None:
    """What a desk holds goes to the address that its person named, and to no other."""
    with ModelServer(lambda request: GOOD) as other:
        fault = Status(308, headers={"Location": f"{other.openai_url}/chat/completions"})
        with ModelServer(lambda request: fault) as server, pytest.raises(WorkerError, match="leads elsewhere"):
            ask(server)
        assert not other.requests


def test_a_server_without_schemas_is_asked_in_words_from_then_on() -> None:
    def reply(request: Request) -> Reply:
        if "response_format" in request.body:
            return Status(400, "response_format is not supported")
        return f"Here you are:\n```json\n{GOOD}\n```"

    with ModelServer(reply) as server, ModelWorker(settings(server), Meter()) as worker:
        assert worker.work(task(), ()).text == GOOD
        assert worker.work(task(subject="b"), ()).text == GOOD
        assert ["response_format" in r.body for r in server.asked()] == [True, False, False]


def test_a_refusal_that_has_nothing_to_do_with_schemas_does_not_end_them() -> None:
    def reply(request: Request) -> Reply:
        return Status(400, "no such words here") if "forbidden" in request.text else GOOD

    with ModelServer(reply) as server, ModelWorker(settings(server), Meter()) as worker:
        with pytest.raises(WorkerError, match="no such words"):
            worker.work(task(material="forbidden"), ())
        worker.work(task(subject="b"), ())
        assert "response_format" in server.asked()[-1].body


def test_a_page_that_is_cut_off_is_asked_for_once_more_and_then_given_up() -> None:
    """A verifier could take what is left for the whole page."""
    cut = Answer("A sentence. And so on and", stop="length")
    with ModelServer(replies(cut, "Short.")) as server:
        hand_in = ask(server, task(form="markdown"))
        first, second = server.asked()
    assert hand_in.text == "Short."
    assert hand_in.usage.input_tokens == first.tokens + second.tokens
    assert "much shorter" in second.last
    with ModelServer(lambda request: cut) as server, pytest.raises(WorkerError, match="max_output_tokens") as raised:
        ask(server, task(form="markdown"))
    assert raised.value.usage.output_tokens == server.tokens_answered  # what was paid for stands in the ledger


def test_json_that_is_cut_off_is_left_to_the_verifier() -> None:
    cut = Answer('{"claims": [{"statement": "whole"}, {"stat', stop="length")
    with ModelServer(replies(cut, GOOD)) as server, ModelWorker(settings(server), Meter()) as worker:
        assert worker.work(task(), ()).text == cut.text
        assert worker.work(task(), ("it is cut off",)).text == GOOD
        assert "much shorter" in server.asked()[1].last


def test_the_library_missing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "httpx2", None)
    with ModelServer(lambda request: GOOD) as server, pytest.raises(Exception, match=r"nightdesk\[models\]"):
        ask(server)


# Many at once, and caps


def test_four_tasks_are_asked_for_at_once() -> None:
    together = threading.Barrier(4, timeout=30)

    def reply(request: Request) -> Reply:
        together.wait()  # answered only once all four are here
        return f'{{"summary": "{request.last}"}}'

    with ModelServer(reply) as server, ModelWorker(settings(server), Meter()) as worker:
        with ThreadPoolExecutor(4) as pool:
            tasks = [task(material=f"text {n}", subject=f"{n}") for n in range(4)]
            hand_ins = list(pool.map(lambda one: worker.work(one, ()), tasks))
        assert server.most_at_once == 4
    assert [hand_in.text for hand_in in hand_ins] == [f'{{"summary": "text {n}"}}' for n in range(4)]


@pytest.mark.parametrize("fault", [None, Status(500), Status(429, retry_after=0), Cut(midway=True)])
def test_no_more_than_the_cap_is_sent_from_four_threads(fault: Reply | None) -> None:
    """Counted where it arrives. The faults come with every second request, and what they used counts too."""
    cap = 12_000
    material = "The momentum is orthogonalised, 0.95 of it; über 100 Schritte. " * 4

    def reply(request: Request) -> Reply:
        return fault if fault is not None and request.number % 2 else '{"summary": "' + "word " * 380 + '"}'

    def work(number: int) -> bool:
        try:
            worker.work(task(material=material, subject=str(number)), ())
        except (CapReachedError, WorkerError):  # one thread may meet all the faults
            return False
        return True

    with ModelServer(reply) as server:
        meter = Meter(Caps(tokens=cap))
        small = settings(server, max_output_tokens=400)
        with ModelWorker(small, meter, wait=Waits()) as worker, ThreadPoolExecutor(4) as pool:
            done = list(pool.map(work, range(60)))
        assert server.tokens_sent + server.tokens_answered <= cap
        assert server.tokens_sent + server.tokens_answered > cap / 5  # and it was used
        with pytest.raises(CapReachedError, match="12,000 tokens"):
            meter.reserve(tokens=2_000, usd=None)
    assert 2 <= sum(done) < 60


def test_a_cap_in_usd_is_not_passed_and_the_price_is_told() -> None:
    with ModelServer(lambda request: GOOD) as server, ModelWorker(settings(server, "responses"), Meter()) as worker:
        object.__setattr__(worker, "settings", dataclasses.replace(worker.settings, base_url=None))  # price as OpenAI's
        hand_in = worker.work(task(), ())
        assert hand_in.usage.usd is not None
        assert 0 < hand_in.usage.usd < 0.01
        worker._meter = Meter(Caps(usd=0.01))  # 8000 tokens of output may cost more
        with pytest.raises(CapReachedError, match=r"0\.01 USD"):
            worker.work(task(), ())
        assert len(server.asked()) == 1


def test_an_unknown_price_under_a_cap_in_usd_is_refused_before_anything_is_sent() -> None:
    with ModelServer(lambda request: GOOD) as server:
        with pytest.raises(CapReachedError, match="the price of this model is not known"):
            ask(server, meter=Meter(Caps(usd=5)))
        assert not server.requests


def test_what_is_free_needs_no_price() -> None:
    with ModelServer(lambda request: GOOD) as server:
        hand_in = ask(server, provider="ollama", meter=Meter(Caps(usd=0.01)))
    assert hand_in.usage.usd == 0.0


def test_the_cap_in_minutes_ends_a_request_that_hangs() -> None:
    now = [0.0]

    def reply(request: Request) -> Reply:
        now[0] = 60.0  # the time is up while it hangs
        return Hang(60)

    with ModelServer(reply) as server:
        meter = Meter(Caps(minutes=0.004), clock=lambda: now[0])
        with pytest.raises(CapReachedError, match="minutes"):
            ask(server, meter=meter)
        assert len(server.asked()) == 1


def test_requests_of_which_nobody_knows_the_use_are_told_as_unknown() -> None:
    with ModelServer(replies(Cut(midway=True), GOOD)) as server:
        assert ask(server).usage.input_tokens is None
    with ModelServer(replies(Status(429), GOOD)) as server:
        assert ask(server).usage.input_tokens == server.asked()[1].tokens  # the refused one cost nothing


def test_closing_ends_what_is_under_way() -> None:
    asked = threading.Event()

    def reply(request: Request) -> Reply:
        asked.set()
        return Hang(60)

    with ModelServer(reply) as server, ModelWorker(settings(server), Meter()) as worker, ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(worker.work, task(), ())
        assert asked.wait(30)
        worker.close()
        with pytest.raises(WorkerError, match="closed"):
            waiting.result(30)


INTERRUPTED = """
import sys
from nightdesk.agents.meter import Meter
from nightdesk.agents.models import ModelSettings, ModelWorker
from nightdesk.agents.tasks import Brief, Task
from nightdesk.base.parallel import map_as_done

settings = ModelSettings("openai:m", "openai", "m", sys.argv[1])
worker = ModelWorker(settings, Meter())
task = Task("read", "s", "h", None, lambda: Brief("r", "m", "markdown", "t"))
list(map_as_done(lambda n: worker.work(task, ()), range(int(sys.argv[2])), threads=int(sys.argv[2])))
"""


@pytest.mark.parametrize("threads", [1, 4])
def test_ctrl_c_ends_it_although_the_model_still_answers(threads: int) -> None:
    waiting = threading.Semaphore(0)

    def reply(request: Request) -> Reply:
        waiting.release()
        return Hang(600)

    with ModelServer(reply) as server:
        command = [sys.executable, "-c", INTERRUPTED, server.openai_url, str(threads)]
        with subprocess.Popen(command, stderr=subprocess.PIPE) as process:
            try:
                for _ in range(threads):
                    assert waiting.acquire(timeout=60)
                process.send_signal(signal.SIGINT)
                _, said = process.communicate(timeout=30)  # the model would take 600 s
            finally:
                process.kill()
    assert process.returncode == -signal.SIGINT
    assert said.decode().rstrip().endswith("KeyboardInterrupt")


def test_a_request_does_not_go_on_after_ctrl_c() -> None:
    main = threading.main_thread().ident or 0

    def reply(request: Request) -> Reply:
        signal.pthread_kill(main, signal.SIGINT)
        return Hang(600)

    with ModelServer(reply) as server, ModelWorker(settings(server), Meter()) as worker:
        with pytest.raises(KeyboardInterrupt):
            worker.work(task(), ())
        loop = worker._client._loop
        assert loop is not None
        deadline = time.monotonic() + 30
        while asyncio.all_tasks(loop):
            assert time.monotonic() < deadline, "it still waits for the answer"
            time.sleep(0.01)


# Images


@pytest.fixture
def images(tmp_path: Path) -> tuple[Path, ...]:
    png = b"\x89PNG\r\n\x1a\n" + b"0" * 50
    for n in range(10):
        (tmp_path / f"{n}.png").write_bytes(png)
    (tmp_path / "big.png").write_bytes(png + b"0" * 5_000_000)
    (tmp_path / "vector.svg").write_text("<svg/>")
    (tmp_path / "not.png").write_text("text that calls itself a picture")
    (tmp_path / "link.png").symlink_to(tmp_path / "0.png")
    odd = [tmp_path / name for name in ("big.png", "vector.svg", "not.png", "link.png", "absent.png")]
    return (*odd, *(tmp_path / f"{n}.png" for n in range(10)))


@pytest.mark.parametrize("api", PROTOCOLS)
def test_images_are_sent_only_when_asked_for(api: Api, images: tuple[Path, ...]) -> None:
    with ModelServer(lambda request: GOOD) as server:
        ask(server, task(images=images), api=api)
        ask(server, task(images=images), api=api, send_images=True)
        assert [request.images for request in server.asked()] == [0, 8]  # at most 8, and none of the odd ones


def test_images_count_for_the_cap(images: tuple[Path, ...]) -> None:
    with ModelServer(lambda request: GOOD) as server:
        with pytest.raises(CapReachedError, match="tokens"):
            ask(server, task(images=images), send_images=True, meter=Meter(Caps(tokens=20_000)))
        assert not server.requests
