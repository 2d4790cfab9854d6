"""A scripted model server on loopback that speaks the protocols of OpenAI, Anthropic and Google.

In a test:

    with ModelServer(lambda request: "hello" if request.protocol == "chat" else Status(429, retry_after=1)) as server:
        ...  # http://127.0.0.1:PORT is server.url, with "/v1" it is server.openai_url
    assert server.tokens_sent < 1000 and server.most_at_once == 4

A reply is a text, an `Answer`, a `ToolCall` or a fault (`Status`, `Hang`, `Cut`, `Malformed`). As a program, for
shells and for trying things out:

    python tests/agents/model_server.py --port 8123 --script replies.jsonl

Each line of the script is a rule, and the first one that fits answers: `{"match": REGEX, "protocol": "chat",
"tools": true, "after_tool": false, "times": 2, "reply": REPLY}`, all conditions optional. `tools` says whether the
request offers tools, `after_tool` whether its last message is the result of one. REPLY is a text, or one of
`{"tool": [NAMES], "arguments": {…}}` (the first name that the request offers), `{"status": 429, "retry_after": 1}`,
`{"hang": SECONDS}`, `{"cut": true}`, `{"malformed": true}`, `{"text": …, "stop": "length", "thinking": …}`.
"""

import argparse
import json
import re
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self

if not __package__:  # run as a program
    sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.agents.model_wire import (
    WIRES,
    Answer,
    Json,
    Protocol,
    Request,
    ToolCall,
    count_tokens,
    read_request,
)

__all__ = [
    "Answer",
    "Cut",
    "Fault",
    "Hang",
    "Malformed",
    "ModelServer",
    "Reply",
    "Request",
    "Status",
    "ToolCall",
    "count_tokens",
    "scripted",
]


@dataclass(frozen=True, slots=True)
class Status:
    """An HTTP error."""

    code: int
    message: str = "scripted error"
    retry_after: float | str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Hang:
    """Say nothing for so long, then cut the connection."""

    seconds: float = 3600


@dataclass(frozen=True, slots=True)
class Cut:
    """Close the connection: before any answer, or in the middle of one."""

    midway: bool = False
    text: str = "this answer never ends as it should"


@dataclass(frozen=True, slots=True)
class Malformed:
    """An answer of status 200 that is no JSON."""

    text: str = '{"id": "x", "choices": ['


Fault = Status | Hang | Cut | Malformed
Reply = str | Answer | ToolCall | Fault


@dataclass(slots=True)
class ModelServer:
    """The server, running inside `with`; it keeps all requests and counts what it was sent."""

    reply: Callable[[Request], Reply]
    port: int = 0
    models: tuple[str, ...] = ("stub",)
    delay_seconds: float = 0.0  # before each answer
    requests: list[Request] = field(default_factory=list)
    tokens_sent: int = 0  # by the clients, in requests to models
    tokens_answered: int = 0
    most_at_once: int = 0
    closing: threading.Event = field(default_factory=threading.Event)
    problems: list[Exception] = field(default_factory=list)  # raised in `reply`; the first is raised again at the end
    _at_once: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _server: ThreadingHTTPServer | None = None

    def __enter__(self) -> Self:
        handler = type("Handler", (_Handler,), {"model_server": self})
        self._server = _Listener(("127.0.0.1", self.port), handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        assert self._server
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        if self.problems and kind is None:
            raise self.problems[0]

    @property
    def url(self) -> str:
        """The server's address without a path, as Anthropic's and Google's clients want it."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def openai_url(self) -> str:
        """The address that OpenAI's clients want."""
        return f"{self.url}/v1"

    def asked(self, protocol: Protocol | None = None) -> list[Request]:
        """Return the requests to models (not of lists and the like), of one protocol if wanted."""
        with self._lock:
            return [r for r in self.requests if (r.protocol == protocol if protocol else r.protocol != "other")]

    def came(self, request: Callable[[int], Request]) -> Request:
        """Keep and count the request that is made with its number."""
        with self._lock:
            kept = request(len(self.requests) + 1)
            self.requests.append(kept)
            self.tokens_sent += kept.tokens if kept.protocol != "other" else 0
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        return kept

    def went(self, tokens: int) -> None:
        """Count an answer."""
        with self._lock:
            self._at_once -= 1
            self.tokens_answered += tokens


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def handle_error(self, request: object, client_address: object) -> None:
        """Keep quiet of clients that go away."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    model_server: ModelServer
    timeout = 3600

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""

    def do_GET(self) -> None:
        self._serve({})

    def do_POST(self) -> None:
        try:
            body = json.loads(self._body() or b"{}")
        except ValueError:
            return self._send_json({"error": {"message": "the request is no JSON"}}, 400)
        return self._serve(body if isinstance(body, dict) else {})

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        blocks = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            blocks.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(blocks)

    def _serve(self, body: Json) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = self.model_server.came(lambda n: read_request(n, self.command, self.path, body, headers))
        answered = 0
        try:
            answered = self._answer(request)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True
        finally:
            self.model_server.went(answered)

    def _answer(self, request: Request) -> int:
        if request.protocol == "other":
            self._send_json(*_other(request, self.model_server.models))
            return 0
        try:
            reply = self.model_server.reply(request)
        except Exception as problem:
            self.model_server.problems.append(problem)
            reply = Status(400, "the script failed")
        self.model_server.closing.wait(self.model_server.delay_seconds)
        match reply:
            case Status():
                wait = {} if reply.retry_after is None else {"Retry-After": str(reply.retry_after)}
                error = {"message": reply.message, "type": "scripted", "code": reply.code, "status": "SCRIPTED"}
                self._send_json({"type": "error", "error": error}, reply.code, {**wait, **reply.headers})
            case Hang():
                self.model_server.closing.wait(reply.seconds)
                self.close_connection = True
            case Cut(midway=False):
                self.close_connection = True
            case Malformed():
                text = f"data: {reply.text}\n\n" if request.stream else reply.text
                self._send(text.encode(), "text/event-stream" if request.stream else "application/json")
            case _:
                return self._send_answer(request, reply)
        return 0

    def _send_answer(self, request: Request, reply: str | Answer | ToolCall | Cut) -> int:
        cut = isinstance(reply, Cut)
        spoken = Answer(reply.text) if isinstance(reply, Cut) else Answer(reply) if isinstance(reply, str) else reply
        wire = WIRES[request.protocol](request, spoken)
        if not request.stream:
            self._send(json.dumps(wire.whole).encode(), "application/json", missing_bytes=20 if cut else 0)
        else:
            self._send_stream(list(wire.events), cut=cut)
        return wire.output_tokens

    def _send_stream(self, events: list[bytes], *, cut: bool) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for event in events[: len(events) // 2] if cut else events:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(event), event))
            self.wfile.flush()
        if cut:
            self.close_connection = True
        else:
            self.wfile.write(b"0\r\n\r\n")

    def _send_json(self, value: Json, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        self._send(json.dumps(value).encode(), "application/json", status=status, headers=headers or {})

    def _send(
        self,
        block: bytes,
        media: str,
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        missing_bytes: int = 0,
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", media)
        self.send_header("Content-Length", str(len(block)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(block[: len(block) - missing_bytes])
        if missing_bytes:
            self.close_connection = True


def _other(request: Request, models: tuple[str, ...]) -> tuple[Json, int]:
    bare = request.path.split("?", maxsplit=1)[0]
    if bare.endswith("/models"):
        data = [
            {"id": m, "object": "model", "type": "model", "display_name": m, "created": 0, "owned_by": "nobody"}
            for m in models
        ]
        return {"object": "list", "data": data, "has_more": False}, 200
    if bare.endswith("/count_tokens"):
        return {"input_tokens": request.tokens}, 200
    return {"type": "error", "error": {"type": "not_found_error", "message": f"no {bare} here"}}, 404


def scripted(rules: list[Json], otherwise: str = "ok") -> Callable[[Request], Reply]:
    """Return the replies that `rules` give, in the form told at the top of this module."""
    used = [0] * len(rules)
    lock = threading.Lock()

    def reply(request: Request) -> Reply:
        with lock:
            for number, rule in enumerate(rules):
                if used[number] < rule.get("times", sys.maxsize) and _fits(rule, request):
                    used[number] += 1
                    return _scripted_reply(rule["reply"], request)
        return otherwise

    return reply


def _fits(rule: Json, request: Request) -> bool:
    wanted = {
        "protocol": request.protocol,
        "tools": bool(request.tools),
        "after_tool": request.after_tool,
    }
    if any(rule[name] != value for name, value in wanted.items() if name in rule):
        return False
    return re.search(rule.get("match", ""), request.text) is not None


def _scripted_reply(value: object, request: Request) -> Reply:
    if not isinstance(value, dict):
        return str(value)
    if "tool" in value:
        names = value["tool"] if isinstance(value["tool"], list) else [value["tool"]]
        name = next((n for n in names if n in request.tools), names[0])
        return ToolCall(name, value.get("arguments", {}), value.get("text", ""))
    if "status" in value:
        return Status(value["status"], value.get("message", "scripted error"), value.get("retry_after"))
    if "hang" in value:
        return Hang(float(value["hang"]))
    if "cut" in value:
        return Cut(midway=value["cut"] == "midway")
    if "malformed" in value:
        return Malformed()
    return Answer(value["text"], value.get("stop", "stop"), value.get("thinking", ""))


def main() -> None:
    """Serve the script that the command line names until interrupted, one line of standard error a request."""
    parser = argparse.ArgumentParser(description="A scripted model server on loopback.")
    parser.add_argument("--port", type=int, default=0, help="0 is any free one")
    parser.add_argument("--script", type=Path, help="JSON Lines, one rule each")
    parser.add_argument("--port-file", type=Path, help="write the port there once it listens")
    options = parser.parse_args()
    lines = options.script.read_text(encoding="utf-8").split("\n") if options.script else []
    reply = scripted([json.loads(line) for line in lines if line.strip()])

    def told(request: Request) -> Reply:
        answer = reply(request)
        sys.stderr.write(f"{request.number} {request.path} {request.tokens} tokens -> {str(answer)[:100]!r}\n")
        return answer

    with ModelServer(told, port=options.port) as server, suppress(KeyboardInterrupt):
        if options.port_file:
            options.port_file.write_text(str(server.port), encoding="utf-8")
        sys.stdout.write(f"{server.url}\n")
        sys.stdout.flush()
        threading.Event().wait()


if __name__ == "__main__":
    main()
