"""Presets of coding agents: how each is started, what of the person's it may have, and how to read what it prints."""

import functools
import importlib.resources
import json
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from nightdesk.agents.tasks import Usage

# Every agent that talks to a network needs to know of proxies and of certificates that the system trusts.
NETWORK_VARIABLES = (
    *("ALL_PROXY", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "all_proxy", "http_proxy", "https_proxy", "no_proxy"),
    *("CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE", "SSL_CERT_DIR", "SSL_CERT_FILE"),
)
MAX_LINE_BYTES = 4_000_000  # a longer line of output is no message and no count
MAX_MESSAGE = 8_000_000  # characters
_TEXT_BYTES = 2_000_000  # of an output without a form, so much of its end may be the message

Event = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Preset:
    """How one coding agent is started without a person; the keys are explained in presets.toml."""

    name: str
    program: str
    install: str = ""
    arguments: tuple[str, ...] = ("{prompt}",)
    confined: tuple[str, ...] = ()
    unconfined: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    set: Mapping[str, str] = field(default_factory=dict)
    config: tuple[str, ...] = ()
    logins: tuple[str, ...] = ()
    output: str = "text"
    tells: tuple[str, ...] = ()
    serve_files: bool = True


@functools.cache
def presets() -> Mapping[str, Preset]:
    """Return the presets by name."""
    text = importlib.resources.files("nightdesk.agents").joinpath("presets.toml").read_text(encoding="utf-8")
    return {name: _preset(name, table) for name, table in tomllib.loads(text).items()}


def _preset(name: str, table: Mapping[str, Any]) -> Preset:
    values: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in table.items()}
    return Preset(name, **values)


@dataclass(slots=True)
class Said:
    """What an agent said: its last message, and what it told of its use. None is "unknown"."""

    message: str = ""
    model: str = ""
    input_tokens: int | None = None
    cached_tokens: int | None = None
    output_tokens: int | None = None
    usd: float | None = None

    def usage(self, seconds: float) -> Usage:
        """Return it as the ledger keeps it."""
        return Usage(self.model, self.input_tokens, self.cached_tokens, self.output_tokens, self.usd, seconds)

    def count(self, *, sent: object = None, cached: object = None, written: object = None, usd: object = None) -> None:
        """Add to the counts what are whole numbers, and a price above 0: agents say 0 where they know none."""
        if isinstance(sent, int) and isinstance(written, int) and sent >= 0 and written >= 0:
            self.input_tokens = (self.input_tokens or 0) + sent
            self.output_tokens = (self.output_tokens or 0) + written
            if isinstance(cached, int) and cached >= 0:
                self.cached_tokens = (self.cached_tokens or 0) + cached
        if isinstance(usd, (int, float)) and 0 < usd < float("inf"):
            self.usd = (self.usd or 0.0) + float(usd)


class Listener:
    """Reads the output of one agent as it comes, in bounded memory."""

    def __init__(self, output: str) -> None:
        self.said = Said()
        self._read = EVENT_READERS.get(output)
        self._finish = TEXT_READERS.get(output, _plain)
        self._open = bytearray()  # the line that has not ended, or the end of an output without a form
        self._skipping = False

    def take(self, chunk: bytes) -> None:
        """Take the next bytes."""
        self._open += chunk
        if self._read is None:
            del self._open[:-_TEXT_BYTES]
            return
        *lines, rest = self._open.split(b"\n")
        self._open = rest
        for line in lines:
            if not self._skipping and len(line) <= MAX_LINE_BYTES:
                self._event(bytes(line))
            self._skipping = False
        if len(self._open) > MAX_LINE_BYTES:
            self._open.clear()
            self._skipping = True

    def close(self) -> Said:
        """Return all that was said, once there is no more."""
        if self._read is None:
            self._finish(self._open.decode("utf-8", errors="replace"), self.said)
        elif not self._skipping:
            self._event(bytes(self._open))
        self.said.message = self.said.message[-MAX_MESSAGE:]
        return self.said

    def _event(self, line: bytes) -> None:
        if self._read is None or not line.lstrip().startswith(b"{"):
            return
        try:
            self._read(json.loads(line), self.said)
        except (ValueError, TypeError, AttributeError, KeyError, RecursionError):
            return  # what it prints is its own affair; what counts is the hand-in


def _claude(event: Event, said: Said) -> None:
    if event.get("type") == "system":
        said.model = str(event.get("model") or said.model)[:200]
    if event.get("type") == "result":
        said.message = str(event.get("result") or "")
        usage = event["usage"]
        cached = usage.get("cache_read_input_tokens") or 0
        sent = usage["input_tokens"] + cached + (usage.get("cache_creation_input_tokens") or 0)
        said.count(sent=sent, cached=cached, written=usage["output_tokens"], usd=event.get("total_cost_usd"))


def _qwen(event: Event, said: Said) -> None:
    if event.get("type") == "system":
        said.model = str(event.get("model") or said.model)[:200]
    if event.get("type") == "result":
        said.message = str(event.get("result") or "")
        usage = event["usage"]  # cached tokens are within those of the input
        said.count(
            sent=usage["input_tokens"], cached=usage.get("cache_read_input_tokens"), written=usage["output_tokens"]
        )


def _codex(event: Event, said: Said) -> None:
    if event.get("type") == "item.completed" and event["item"].get("type") == "agent_message":
        said.message = str(event["item"].get("text") or "")
    if event.get("type") == "turn.completed":
        usage = event["usage"]
        said.count(sent=usage["input_tokens"], cached=usage.get("cached_input_tokens"), written=usage["output_tokens"])


def _opencode(event: Event, said: Said) -> None:
    if event.get("type") == "text":
        said.message = str(event["part"].get("text") or "")
    if event.get("type") == "step_finish":
        tokens = event["part"]["tokens"]
        cached = tokens["cache"]["read"]
        sent = tokens["input"] + cached + tokens["cache"]["write"]
        said.count(sent=sent, cached=cached, written=tokens["output"] + tokens["reasoning"], usd=event["part"]["cost"])


def _gemini(event: Event, said: Said) -> None:
    if event.get("type") == "init":
        said.model = str(event.get("model") or "")[:200]
    if event.get("type") == "message" and event.get("role") == "assistant":
        part = str(event.get("content") or "")
        said.message = said.message[-MAX_MESSAGE:] + part if event.get("delta") else part
    if event.get("type") == "result":
        stats = event["stats"]
        said.count(sent=stats["input_tokens"], cached=stats.get("cached"), written=stats["output_tokens"])


def _pi(event: Event, said: Said) -> None:
    if event.get("type") == "message_end" and event["message"].get("role") == "assistant":
        message = event["message"]
        said.message = "".join(part["text"] for part in message["content"] if part.get("type") == "text")
        said.model = str(message.get("model") or said.model)[:200]
        usage = message["usage"]
        sent = usage["input"] + usage["cacheRead"] + usage["cacheWrite"]
        said.count(sent=sent, cached=usage["cacheRead"], written=usage["output"], usd=usage["cost"]["total"])


def _plain(text: str, said: Said) -> None:
    said.message = text


# "Tokens: 2.1k sent, 1.0k cache hit, 15 received. Cost: $0.0020 message, $0.0032 session."
_AIDER = re.compile(r"^Tokens: ([\d.,]+)(k|M)? sent, .*?([\d.,]+)(k|M)? received\.", re.MULTILINE)
_AIDER_COST = re.compile(r"Cost: \$([\d.]+) message")


def _aider(text: str, said: Said) -> None:
    said.message = text
    for number, unit, number_written, unit_written in _AIDER.findall(text):
        said.count(sent=_rounded(number, unit), written=_rounded(number_written, unit_written))
    for usd in _AIDER_COST.findall(text):
        said.count(usd=float(usd))


def _rounded(number: str, unit: str) -> int:
    return round(float(number.replace(",", "")) * {"k": 1_000, "M": 1_000_000}.get(unit, 1))


EVENT_READERS: Mapping[str, Callable[[Event, Said], None]] = {
    "claude": _claude,
    "codex": _codex,
    "gemini": _gemini,
    "opencode": _opencode,
    "pi": _pi,
    "qwen": _qwen,
}
TEXT_READERS: Mapping[str, Callable[[str, Said], None]] = {"aider": _aider, "text": _plain}
