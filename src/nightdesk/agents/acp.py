"""Agents that speak the Agent Client Protocol: we are the client, and serve them files of the private folder alone.

What an agent asks permission for is its own choice, so permissions are no boundary: the confinement is. The library is
asynchronous; all of that stays in this module.
"""

import asyncio
import contextlib
import json
import logging
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from nightdesk.agents.coding import CodingWorker
from nightdesk.agents.presets import Said
from nightdesk.agents.private_folder import PrivateFolder, read_flat, return_logins, write_flat
from nightdesk.base.errors import DeskError
from nightdesk.base.processes import KEPT_BYTES, MOST_OUTPUT_BYTES, PIPE, Child, Ended, kill, wait_at_most

MAX_LINE_BYTES = 32_000_000  # of one message
MAX_MESSAGE = 8_000_000  # characters
_ALLOWED_KINDS = frozenset({"read", "edit", "search", "think"})
_LOOK_SECONDS = 0.2
_END_SECONDS = 2.0


class AcpWorker(CodingWorker):
    """An agent that is started, spoken to over its standard streams, and ended."""

    def _attempt(self, folder: PrivateFolder) -> tuple[Ended, Said]:
        _require_library()
        child, lent = self._launch(self._invocation.arguments, folder, stdin=PIPE)
        conversation = _Conversation(folder, serve_files=self._invocation.preset.serve_files)
        try:
            cause, complaint = asyncio.run(self._within_time(child, conversation))
            if complaint:  # it may be about to end, and its code says more
                wait_at_most(child, seconds=_END_SECONDS)
        finally:
            ended_itself = child.poll() is not None
            code = kill(child)
            for stream in (child.stdin, child.stdout, child.stderr):
                with contextlib.suppress(OSError):
                    if stream:
                        stream.close()
        return_logins(lent, self._home(), folder)
        said = conversation.said
        said.message = said.message or complaint
        cause = "turn" if cause == "itself" and not ended_itself else cause  # it waits for another task
        return Ended(code, cause, b"", bytes(conversation.complaints)), said

    async def _within_time(self, child: Child, conversation: "_Conversation") -> tuple[str, str]:
        """Hold the conversation; return who ended it, and what went wrong in it."""
        talk = asyncio.create_task(conversation.hold(child))
        deadline = time.monotonic() + self._seconds()
        while not talk.done():
            if self._stop.is_set() or time.monotonic() > deadline:
                talk.cancel()
                await asyncio.wait([talk], timeout=_LOOK_SECONDS)
                return ("stopped" if self._stop.is_set() else "time"), ""
            await asyncio.wait([talk], timeout=_LOOK_SECONDS)
        error = ConnectionError("it was cut off") if talk.cancelled() else talk.exception()
        if error is None:
            return "itself", talk.result()
        if isinstance(error, _expected_errors()):
            return "itself", f"{type(error).__name__}: {error}"
        raise error


class _Conversation:
    """One session with an agent, and what it said."""

    def __init__(self, folder: PrivateFolder, *, serve_files: bool) -> None:
        self.folder = folder
        self.serve_files = serve_files
        self.said = Said()
        self.complaints = bytearray()  # the end of its standard error

    async def hold(self, child: Child) -> str:
        """Give the agent the task and wait until its turn ends; return why it ended, "" if as it should."""
        import acp  # noqa: PLC0415  # an extra, and slow to load
        from acp.schema import ClientCapabilities, FileSystemCapabilities, Implementation  # noqa: PLC0415

        wire = await _wire(child)
        listening = asyncio.create_task(self._listen(child.stderr))
        client: Any = _Client(self)  # the library's protocol names methods that we do not offer
        connection = acp.connect_to_agent(client, wire)
        try:
            await connection.initialize(
                protocol_version=acp.PROTOCOL_VERSION,
                client_capabilities=ClientCapabilities(
                    fs=FileSystemCapabilities(read_text_file=self.serve_files, write_text_file=self.serve_files),
                    terminal=False,
                ),
                client_info=Implementation(name="nightdesk", version="1"),
            )
            session = await connection.new_session(cwd=str(self.folder.work), mcp_servers=[])
            answer = await connection.prompt(session_id=session.session_id, prompt=[acp.text_block(self.folder.prompt)])
        finally:
            listening.cancel()
            await connection.close()
        if answer.usage:
            used = answer.usage
            self.said.count(sent=used.input_tokens, cached=used.cached_read_tokens, written=used.output_tokens)
        return "" if answer.stop_reason == "end_turn" else f"its turn ended with {answer.stop_reason}"

    async def _listen(self, stderr: IO[bytes] | None) -> None:
        reader = asyncio.StreamReader()
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), stderr
        )
        try:
            while chunk := await reader.read(65_536):
                self.complaints += chunk
                del self.complaints[:-KEPT_BYTES]
        finally:
            transport.close()

    def add_message(self, text: str) -> None:
        """Add to the last message."""
        self.said.message = (self.said.message + text)[-MAX_MESSAGE:]


class _Client:
    """What the agent may ask of us; for methods that are not here (terminals, for one) it gets nothing."""

    def __init__(self, conversation: _Conversation) -> None:
        self._conversation = conversation
        self._work = conversation.folder.work

    async def session_update(self, session_id: str, update: Any, **kwargs: Any) -> None:
        """Keep the last message and the price."""
        kind = getattr(update, "session_update", "")
        if kind == "agent_message_chunk" and update.content.type == "text":
            self._conversation.add_message(update.content.text)
        elif kind == "tool_call":
            self._conversation.said.message = ""  # what is said before a tool is used is no last message
        elif kind == "usage_update" and update.cost and update.cost.currency == "USD":
            self._conversation.said.usd = update.cost.amount or None  # of the whole session; 0 is "unknown"

    async def request_permission(self, session_id: str, tool_call: Any, options: Any, **kwargs: Any) -> Any:
        """Allow reading and editing within the private folder, refuse all else."""
        from acp.schema import AllowedOutcome, DeniedOutcome, RequestPermissionResponse  # noqa: PLC0415

        allowed = permitted(tool_call.model_dump(exclude_none=True), self._work)
        wanted = ("allow_once",) if allowed else ("reject_once", "reject_always")
        for kind in wanted:
            for option in options:
                if option.kind == kind:
                    chosen = AllowedOutcome(outcome="selected", option_id=option.option_id)
                    return RequestPermissionResponse(outcome=chosen)
        return RequestPermissionResponse(outcome=DeniedOutcome(outcome="cancelled"))

    async def read_text_file(
        self, session_id: str, path: str, line: int | None = None, limit: int | None = None, **kwargs: Any
    ) -> Any:
        """Return a file of the private folder, or `limit` lines of it from `line` on (from 1)."""
        from acp.schema import ReadTextFileResponse  # noqa: PLC0415

        with _refusing():
            text = read_flat(self._work, path)
        if line is not None or limit is not None:
            first = max(0, (line or 1) - 1)
            lines = text.splitlines(keepends=True)[first:]
            text = "".join(lines if limit is None else lines[: max(0, limit)])
        return ReadTextFileResponse(content=text)

    async def write_text_file(self, session_id: str, path: str, content: str, **kwargs: Any) -> Any:
        """Write a file of the private folder."""
        from acp.schema import WriteTextFileResponse  # noqa: PLC0415

        with _refusing():
            write_flat(self._work, path, content)
        return WriteTextFileResponse()


def permitted(call: Mapping[str, Any], work: Path) -> bool:
    """Whether a tool call only reads or edits files of the private folder, all of which it names."""
    if call.get("kind") not in _ALLOWED_KINDS:
        return False
    paths = [place.get("path") for place in call.get("locations") or []]
    paths += [part.get("path") for part in call.get("content") or [] if part.get("type") == "diff"]
    return bool(paths) and all(isinstance(path, str) and _lies_in(path, work) for path in paths)


def _lies_in(path: str, work: Path) -> bool:
    with contextlib.suppress(OSError, ValueError):
        return (work / path).resolve().is_relative_to(work)
    return False


@contextlib.contextmanager
def _refusing() -> Any:
    """Turn what speaks against a file into an answer to the agent."""
    from acp import RequestError  # noqa: PLC0415

    try:
        yield
    except FileNotFoundError as error:  # agents ask whether a file is there before they write it
        raise RequestError.resource_not_found(str(error)) from error
    except (OSError, ValueError) as error:
        raise RequestError.invalid_params({"details": str(error)}) from error


class _Wire:
    """Messages as lines of JSON over the agent's standard streams; the library's own would keep a line without end."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._sending = asyncio.Lock()
        self._left_bytes = MOST_OUTPUT_BYTES

    async def send(self, message: dict[str, Any]) -> None:
        """Send one message."""
        async with self._sending:
            self._writer.write(json.dumps(message, separators=(",", ":")).encode("utf-8") + b"\n")
            await self._writer.drain()

    async def receive(self) -> dict[str, Any] | None:
        """Return the next message, None at the end; lines that are none are skipped."""
        while True:
            try:
                line = await self._reader.readline()
            except ValueError:  # longer than the reader's limit
                return None
            self._left_bytes -= len(line)
            if not line or self._left_bytes < 0:
                return None
            with contextlib.suppress(ValueError, RecursionError):
                message = json.loads(line)
                if isinstance(message, dict):
                    return message

    async def close(self) -> None:
        """Send no more."""
        self._writer.close()


async def _wire(child: Child) -> _Wire:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=MAX_LINE_BYTES)
    protocol = asyncio.StreamReaderProtocol(reader)
    await loop.connect_read_pipe(lambda: protocol, child.stdout)
    transport, writing = await loop.connect_write_pipe(lambda: asyncio.streams.FlowControlMixin(loop), child.stdin)
    return _Wire(reader, asyncio.StreamWriter(transport, writing, None, loop))


def _require_library() -> None:
    try:
        import acp  # noqa: F401, PLC0415  # an extra
    except ImportError as error:
        raise DeskError(
            "acp: needs the agent-client-protocol package", fix="pip install 'nightdesk[agents]'"
        ) from error
    # The library logs what a broken agent sends; without a handler that would be printed. What counts is the hand-in.
    logger = logging.getLogger()
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())


def _expected_errors() -> tuple[type[BaseException], ...]:
    """Return what an agent that does not speak the protocol well leads to."""
    from acp import RequestError  # noqa: PLC0415

    return (RequestError, ConnectionError, OSError, ValueError)
