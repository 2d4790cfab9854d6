"""The tools of the MCP server: one tuple of plain functions of a desk, and how each becomes a tool."""

import functools
import inspect
import keyword
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import ToolAnnotations

from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.views.mcp.evidence import show_claim, source_text
from nightdesk.views.mcp.packing import pack
from nightdesk.views.mcp.pages import find_pages, line, list_pages, read_page
from nightdesk.views.mcp.status import status
from nightdesk.views.mcp.work import next_task, submit


@dataclass(frozen=True, slots=True)
class DeskTool:
    """A function whose first argument is the desk; its docstring and annotations are what an agent reads."""

    call: Callable[..., Any]
    title: str
    writes: bool = False


TOOLS = (  # a later command adds its line here
    DeskTool(list_pages, "List pages"),
    DeskTool(find_pages, "Find pages"),
    DeskTool(read_page, "Read a page"),
    DeskTool(pack, "What the desk knows of a question, in one text"),
    DeskTool(show_claim, "Follow a claim to its source"),
    DeskTool(source_text, "Read a source's text"),
    DeskTool(status, "What is on the desk and what waits"),
    DeskTool(next_task, "Take the next task", writes=True),
    DeskTool(submit, "Hand in a task's work", writes=True),
)


def add_tools(server: MCPServer[Any], desk: Desk) -> None:
    """Give the server every tool, each for this desk."""
    for tool in TOOLS:
        server.add_tool(
            bound(tool.call, desk),
            name=tool.call.__name__,
            title=tool.title,
            description=inspect.getdoc(tool.call),
            annotations=ToolAnnotations(
                read_only_hint=not tool.writes,
                destructive_hint=False,  # git keeps what was there before
                idempotent_hint=not tool.writes,
                open_world_hint=False,  # no tool talks to the network
            ),
            structured_output=True,
        )


def bound(call: Callable[..., Any], desk: Desk) -> Callable[..., Any]:
    """Return `call` for one desk. What a person or an agent can mend becomes a tool's error, with the way out."""
    signature = inspect.signature(call, eval_str=True)
    _, *others = signature.parameters.values()

    @functools.wraps(call)
    def tool(**arguments: Any) -> Any:
        # an argument called "as" reaches a parameter called "as_"
        named = {f"{key}_" if keyword.iskeyword(key) else key: value for key, value in arguments.items()}
        try:
            return call(desk, **named)
        except DeskError as error:
            raise ToolError(line(str(error))) from error

    tool.__signature__ = signature.replace(parameters=others)  # type: ignore[attr-defined]
    return tool
