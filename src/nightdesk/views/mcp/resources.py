"""The resources of the MCP server: the index, each page, and the rules of the desk, as Markdown."""

from typing import Any

from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ResourceError, ResourceNotFoundError
from mcp_types import Completion, CompletionArgument, CompletionContext, PromptReference, ResourceTemplateReference

from nightdesk.agents.boundary import as_data, visible
from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.views.mcp.pages import page_names
from nightdesk.wiki.library import find_page

MAX_CHARS = 100_000  # of one resource
MAX_COMPLETIONS = 100  # as the protocol has it
MARKDOWN = "text/markdown"
PAGE = "desk://page/{name}"


def add_resources(server: MCPServer[Any], desk: Desk) -> None:
    """Give the server its resources, and the completion of page names."""

    @server.resource("desk://index", name="index", title="Index of the wiki", mime_type=MARKDOWN)
    def index() -> str:
        """Every page with its one-line summary, by category."""
        return read_as_resource(desk, "wiki/index.md")

    @server.resource("desk://rules", name="AGENTS.md", title="Rules of this desk", mime_type=MARKDOWN)
    def rules() -> str:
        """What the person wants agents to do here and how: follow it."""
        return read_rules(desk)

    @server.resource(PAGE, name="page", title="A page of the wiki", mime_type=MARKDOWN)
    def page(name: str) -> str:
        """A page by its title, alias or base name."""
        return read_as_resource(desk, name)

    @server.completion()  # type: ignore[no-untyped-call, untyped-decorator]
    async def complete(
        ref: PromptReference | ResourceTemplateReference,
        argument: CompletionArgument,
        context: CompletionContext | None,
    ) -> Completion | None:
        if not isinstance(ref, ResourceTemplateReference) or ref.uri != PAGE or argument.name != "name":
            return None
        names = list(page_names(desk, argument.value, limit=MAX_COMPLETIONS + 1))
        return Completion(values=names[:MAX_COMPLETIONS], has_more=len(names) > MAX_COMPLETIONS)


def read_as_resource(desk: Desk, name: str) -> str:
    """Return a page as data. Raises ResourceNotFoundError where there is none of that name."""
    try:
        page = find_page(desk, name)
    except DeskError as error:
        raise ResourceNotFoundError(str(error)) from error
    return as_data("a page of the wiki", _bounded(page.page.body, "read_page reads all of it, part by part"))


def read_rules(desk: Desk) -> str:
    """Return the desk's AGENTS.md. Raises ResourceError where it cannot be read, or is a link out of the desk."""
    file = desk.root / "AGENTS.md"
    if not file.resolve().is_relative_to(desk.root.resolve()):
        raise ResourceError("AGENTS.md is a link that leads out of the desk (put the file itself there)")
    try:
        text = file.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise ResourceNotFoundError("this desk has no AGENTS.md (nightdesk new . adds it)") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ResourceError("AGENTS.md cannot be read (save it as UTF-8)") from error
    return visible(_bounded(text, "the rest was left out"))


def _bounded(text: str, rest: str) -> str:
    return (
        text
        if len(text) <= MAX_CHARS
        else f"{text[:MAX_CHARS]}\n\n… {len(text) - MAX_CHARS:,} characters more: {rest}."
    )
