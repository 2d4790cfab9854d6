"""A client of the MCP server that is not ours, the official one, and the server in a process of its own."""

import json
import re
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
from anyio.from_thread import BlockingPortal, start_blocking_portal
from mcp import Client, StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp_types import CallToolResult

from tests.desks import environment

MARKED = re.compile(r"<<<DATA (\w+): [^\n]*>>>\n(.*)\n<<<END \1>>>\n\Z", re.DOTALL)
HELLO = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}},
}


@dataclass(frozen=True, slots=True)
class Speaker:
    """A connected client, used from plain functions."""

    portal: BlockingPortal
    client: Client

    def tool(self, name: str, /, **arguments: Any) -> Any:
        """Call a tool; return its structured content, which its text says as well."""
        result = self.raw(name, arguments)
        assert not result.is_error, result.content
        assert json.loads(text_of(result)) == result.structured_content
        return result.structured_content

    def refusal(self, name: str, /, **arguments: Any) -> str:
        """Call a tool that must refuse; return what it says."""
        result = self.raw(name, arguments)
        assert result.is_error, result.structured_content
        return text_of(result)

    def raw(self, name: str, arguments: dict[str, Any]) -> CallToolResult:
        """Call a tool; return the answer as it came."""
        result: CallToolResult = self.portal.call(self.client.call_tool, name, arguments)
        return result

    def ask(self, question: Callable[..., Awaitable[Any]], *arguments: Any) -> Any:
        return self.portal.call(question, *arguments)

    def read(self, uri: str) -> str:
        """Read a resource."""
        (content,) = self.ask(self.client.read_resource, uri).contents
        return str(content.text)


def text_of(result: CallToolResult) -> str:
    (content,) = result.content
    assert content.type == "text"
    return content.text


def data_in(text: str) -> str:
    """Return what stands between the marks."""
    marked = MARKED.search(text)
    assert marked, text
    return marked[2]


@contextmanager
def serving(desk: Path, *args: str) -> Iterator[tuple["subprocess.Popen[str]", str, str]]:
    """Start `nightdesk mcp --http`; give the process, its address and the second line that it says."""
    server = start(desk, "--http", "--port", "0", *args)
    try:
        assert server.stderr
        address = server.stderr.readline().split()[-1]
        yield server, address, server.stderr.readline().strip()
    finally:
        stop(server)


def start(desk: Path, *args: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "nightdesk", "mcp", *args],
        cwd=desk,
        env=environment(desk.parent / "home"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def stop(server: "subprocess.Popen[str]") -> None:
    server.kill()
    server.communicate()


@contextmanager
def connected(desk: Path, transport: str) -> Iterator[Speaker]:
    with start_blocking_portal() as portal:
        if transport == "stdio":
            parameters = StdioServerParameters(
                command=sys.executable,
                args=["-m", "nightdesk", "mcp", "--desk", str(desk)],
                env=environment(desk.parent / "home"),
            )
            with portal.wrap_async_context_manager(Client(stdio_client(parameters))) as client:
                yield Speaker(portal, client)
        else:
            with serving(desk) as (_, address, said):
                key, _, token = said.partition(": ")
                http = httpx2.AsyncClient(headers={key: token}, timeout=60)
                streams = streamable_http_client(address, http_client=http)
                with (
                    portal.wrap_async_context_manager(http),
                    portal.wrap_async_context_manager(Client(streams)) as client,
                ):
                    yield Speaker(portal, client)
