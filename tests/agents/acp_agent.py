"""A small agent that speaks the Agent Client Protocol through the library: what it does is its first argument.

`python acp_agent.py WHAT`: see `Agent.prompt`. It stands for the good and the bad ones in the tests.
"""

import asyncio
import os
import sys
import time
from typing import Any

import acp
from acp.schema import FileEditToolCallContent, PermissionOption, ToolCallLocation, ToolCallUpdate, Usage

GOOD = '{"claims": []}'
OPTIONS = [
    PermissionOption(option_id="yes", name="Allow", kind="allow_once"),
    PermissionOption(option_id="no", name="Reject", kind="reject_once"),
]


class Agent:
    """The agent's side of the protocol."""

    def __init__(self) -> None:
        self.client: Any = None
        self.folder = ""
        self.capabilities: Any = None

    def on_connect(self, connection: Any) -> None:
        """Keep the way to the client."""
        self.client = connection

    async def initialize(self, protocol_version: int, client_capabilities: Any = None, **_: Any) -> Any:
        """Agree on the version."""
        self.capabilities = client_capabilities
        return acp.InitializeResponse(protocol_version=protocol_version)

    async def new_session(self, cwd: str, **_: Any) -> Any:
        """Begin."""
        if sys.argv[1] == "no login":
            raise acp.RequestError.auth_required()
        self.folder = cwd
        return acp.NewSessionResponse(session_id="s")

    async def prompt(self, prompt: Any, session_id: str, **_: Any) -> Any:
        """Do what the first argument says."""
        what, target = sys.argv[1], f"{self.folder}/hand-in.json"
        usage = None
        if what == "writes":
            brief = await self.client.read_text_file(session_id=session_id, path=f"{self.folder}/BRIEF.md")
            assert "Do it" in brief.content
            await self.client.write_text_file(session_id=session_id, path=target, content=GOOD)
            usage = Usage(total_tokens=12, input_tokens=10, output_tokens=2)
        elif what == "itself":
            with open(target, "w", encoding="utf-8") as file:
                file.write(GOOD)
        elif what == "answers":
            await self.client.session_update(session_id="s", update=acp.update_agent_message_text("thinking about {}"))
            await self.client.session_update(session_id="s", update=acp.start_tool_call("t", "a tool"))
            for part in ("Here: ", GOOD):
                await self.client.session_update(session_id="s", update=acp.update_agent_message_text(part))
        elif what == "asks":
            answers = [await self._asks(*question) for question in self._questions()]
            with open(target, "w", encoding="utf-8") as file:
                file.write(" ".join(answers))
        elif what == "escapes":
            with open(target, "w", encoding="utf-8") as file:
                file.write("\n".join([await self._escapes(path) for path in self._ways_out()]))
        elif what == "terminal":
            try:
                await self.client.create_terminal(session_id="s", command="sh", args=["-c", "id"])
            except (acp.RequestError, ValueError):
                await self.client.write_text_file(session_id="s", path=target, content="no terminal")
        else:
            await self._misbehave(what, target)
        return acp.PromptResponse(stop_reason="refusal" if what == "refuses" else "end_turn", usage=usage)

    async def _misbehave(self, what: str, target: str) -> None:
        if what == "floods":
            os.set_blocking(1, True)
            for _ in range(40):
                os.write(1, b"x" * 1_000_000)
        elif what == "noise":
            sys.stdout.write('no JSON\n{"jsonrpc": "2.0", "method": "session/update", "params": 5}\n[]\n')
            sys.stdout.flush()
            await self.client.write_text_file(session_id="s", path=target, content=GOOD)
        elif what == "dies":
            sys.stderr.write("out of memory\n")
            sys.stderr.flush()
            os._exit(9)
        elif what == "hangs":
            time.sleep(600)

    def _questions(self) -> list[tuple[str, str | None]]:
        own = f"{self.folder}/hand-in.json"
        return [
            ("edit", own),  # yes
            ("read", f"{self.folder}/BRIEF.md"),  # yes
            ("edit", "/etc/passwd"),
            ("edit", f"{self.folder}/../../elsewhere"),
            ("edit", None),  # who knows what
            ("execute", own),
            ("fetch", own),
            ("delete", own),
        ]

    async def _asks(self, kind: Any, path: str | None) -> str:
        places = [ToolCallLocation(path=path)] if path else []
        content: Any = [FileEditToolCallContent(type="diff", path=path, new_text="x")] if path else None
        call = ToolCallUpdate(tool_call_id="t", kind=kind, locations=places, content=content)
        answer = await self.client.request_permission(session_id="s", tool_call=call, options=OPTIONS)
        return str(getattr(answer.outcome, "option_id", "cancelled"))

    def _ways_out(self) -> list[str]:
        outside = sys.argv[2]
        os.symlink(outside, f"{self.folder}/link")
        os.symlink(os.path.dirname(outside), f"{self.folder}/folder")
        os.mkfifo(f"{self.folder}/pipe")
        up = f"{self.folder}/../../../outside"
        return [outside, up, "../../../outside", "link", f"{self.folder}/folder/outside", "pipe", ".", "", "a\0b"]

    async def _escapes(self, path: str) -> str:
        said = []
        for attempt in (
            self.client.read_text_file(session_id="s", path=path),
            self.client.write_text_file(session_id="s", path=path, content="overwritten"),
        ):
            try:
                await attempt
                said.append(f"{path} was let through")
            except acp.RequestError:
                said.append("refused")
        return " ".join(said)


if __name__ == "__main__":
    agent: Any = Agent()
    asyncio.run(acp.run_agent(agent))
