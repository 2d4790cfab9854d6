"""Coding agents that are started for one task at a time, confined, with a private folder; what counts is the hand-in.

What an agent says of itself does not count: it may end with 0 and have done nothing, or with 1 and a good hand-in.
"""

import shlex
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from nightdesk.agents.invocations import Invocation, filled_in, parse_invocation
from nightdesk.agents.meter import Meter
from nightdesk.agents.presets import NETWORK_VARIABLES, Listener, Said
from nightdesk.agents.private_folder import (
    PrivateFolder,
    hand_in_in_message,
    lend_config,
    private_folder,
    return_logins,
    sweep,
    take_hand_in,
)
from nightdesk.agents.tasks import Brief, CapReachedError, HandIn, LeftError, M, Task, Usage, WorkerError
from nightdesk.base.errors import DeskError
from nightdesk.base.processes import NOTHING, PIPE, Child, Ended, Limits, attend, start
from nightdesk.base.sandbox import Confinement, program_folders, start_confined, why_not

MAX_FILE_BYTES = 2_000_000_000  # of each file that an agent writes
CHARS_PER_TOKEN = 2  # of the context that a source may fill; the rest is the agent's own
MIN_PART_CHARS = 4_000
_KEPT_HAND_INS = 64
_UNSAFE = "set confine_agents = false, which is unsafe: the agent may then read and write whatever you may"


@dataclass(frozen=True, slots=True)
class AgentSettings:
    """What a person decides of coding agents."""

    minutes: float = 20.0  # that one attempt may take
    confine: bool = True
    at_once: int = 4
    context_tokens: int = 32_000
    send_images: bool = False
    hidden: tuple[Path, ...] = ()  # from a confined agent, beside homes and the like: the desk
    temporary: Path | None = None  # where private folders are made; None: where the system has such


class CodingWorker:
    """What coding agents have in common; how one is spoken to is up to `_attempt` of the two kinds below it."""

    def __init__(
        self,
        name: str,
        invocation: Invocation,
        *,
        settings: AgentSettings,
        meter: Meter,
        environment: Mapping[str, str],
    ) -> None:
        self.name = name
        self.at_once = settings.at_once
        self.part_chars = max(MIN_PART_CHARS, settings.context_tokens * CHARS_PER_TOKEN)
        self._invocation = invocation
        self._settings = settings
        self._meter = meter
        self._environment = dict(environment)
        self._earlier: OrderedDict[str, str] = OrderedDict()  # task id -> its last hand-in
        self._stop = threading.Event()
        self._lock = threading.Lock()

    def work(self, task: Task[M], reasons: tuple[str, ...]) -> HandIn:
        """Return the hand-in that the agent left. Raises WorkerError where it left none, LeftError at a cap."""
        self._may_start()
        brief = task.brief()
        began = time.monotonic()
        with self._lock:
            earlier = self._earlier.get(task.id)
        settings = self._settings
        with private_folder(
            brief, reasons, earlier=earlier, images=settings.send_images, temporary=settings.temporary
        ) as folder:
            ended, said = self._attempt(folder)
            usage = said.usage(time.monotonic() - began)
            self._meter.add(usage)
            text = self._hand_in(folder, brief, ended, said, usage)
        with self._lock:
            self._earlier[task.id] = text
            self._earlier.move_to_end(task.id)
            while len(self._earlier) > _KEPT_HAND_INS:
                self._earlier.popitem(last=False)
        return HandIn(text, usage)

    def close(self) -> None:
        """End what runs; `work` then raises LeftError."""
        self._stop.set()

    def _attempt(self, folder: PrivateFolder) -> tuple[Ended, Said]:
        raise NotImplementedError

    def _may_start(self) -> None:
        """Raise CapReachedError where a cap is used up, or could be without anybody seeing it."""
        self._meter.check()
        caps, tells = self._meter.caps, self._invocation.preset.tells
        for cap, what, in_words in (
            (caps.usd, "usd", "what it costs"),
            (caps.tokens, "tokens", "how many tokens it uses"),
        ):
            if cap is not None and what not in tells:
                raise CapReachedError(
                    f"{self.name} does not say {in_words}, so that cannot be capped; cap minutes instead"
                )

    def _seconds(self) -> float:
        left = self._meter.seconds_left()
        own = self._settings.minutes * 60
        return own if left is None else min(own, left)

    def _hand_in(self, folder: PrivateFolder, brief: Brief, ended: Ended, said: Said, usage: Usage) -> str:
        try:
            text = take_hand_in(folder)
        except WorkerError as error:
            raise WorkerError(f"{self.name}: {error.message}", usage=usage) from error
        text = text if text and text.strip() else hand_in_in_message(said.message, brief.form)
        if text is not None:
            return text
        if ended.cause == "stopped":
            raise LeftError(f"{self.name} was stopped")
        if ended.cause == "time" and self._meter.seconds_left() == 0.0:
            raise CapReachedError(f"the cap of {self._meter.caps.minutes:g} minutes ended {self.name}")
        raise WorkerError(f"{self.name} handed in nothing: {self._last_words(ended, said)}", usage=usage)

    def _last_words(self, ended: Ended, said: Said) -> str:
        how = {
            "time": f"it was ended after {self._settings.minutes:g} minutes",
            "output": "it was ended since it printed without end",
            "turn": "its turn ended",
        }.get(ended.cause, f"it ended with code {ended.code}")
        for words in (said.message, ended.stderr.decode("utf-8", "replace"), ended.stdout.decode("utf-8", "replace")):
            printable = "".join(char if char.isprintable() else " " for char in words)
            if printable.strip():
                return f"{how} and said: {' '.join(printable.split())[-300:]}"
        return f"{how} and said nothing"

    def _launch(
        self, arguments: Sequence[str], folder: PrivateFolder, *, stdin: int = NOTHING
    ) -> tuple[Child, dict[str, bytes]]:
        """Start the agent; return it with the logins that it got."""
        invocation, preset = self._invocation, self._invocation.preset
        command = [str(invocation.program), *arguments]
        limits = Limits(file_bytes=MAX_FILE_BYTES)
        variables = {
            name: self._environment[name]
            for name in ("PATH", *NETWORK_VARIABLES, *preset.variables)
            if name in self._environment
        } | dict(preset.set)
        home = self._home()
        if not self._settings.confine:
            child = start(command, folder=folder.work, limits=limits, variables=variables | {"HOME": str(home)},
                          stdin=stdin, stdout=PIPE, stderr=PIPE)  # fmt: skip
            return child, {}
        lent = lend_config(preset, home, folder)
        confinement = Confinement(
            work=folder.work,
            home=folder.home,
            readable=(*program_folders(invocation.program), *invocation.files),
            hidden=self._settings.hidden,
            network=True,  # it has to reach its model
            variables=variables,
        )
        return start_confined(command, confinement, limits=limits, stdin=stdin, stdout=PIPE, stderr=PIPE), lent

    def _home(self) -> Path:
        return Path(self._environment.get("HOME") or "/nonexistent")


class CommandWorker(CodingWorker):
    """An agent that is started with its instruction on the command line and ends when it is done."""

    def _attempt(self, folder: PrivateFolder) -> tuple[Ended, Said]:
        listener = Listener(self._invocation.preset.output)
        child, lent = self._launch(filled_in(self._invocation.arguments, folder), folder)
        ended = attend(child, seconds=self._seconds(), take=listener.take, stopped=self._stop.is_set)
        return_logins(lent, self._home(), folder)
        return ended, listener.close()


def make_coding_worker(
    name: str, *, settings: AgentSettings, meter: Meter, environment: Mapping[str, str]
) -> CodingWorker:
    """Return the worker called `command:…` or `acp:…`.

    Raises DeskError for a program that is missing, or that cannot be confined although it is to be.
    """
    kind, _, line = name.partition(":")
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise DeskError(f"{name}: {error}", fix="write it as on a command line, quotes in pairs") from error
    if kind not in ("command", "acp") or not words:
        raise DeskError(
            f"{name!r} names no agent", fix='write "command:PRESET", "command:PROGRAM …" or "acp:PROGRAM …"'
        )
    if settings.confine and (reason := why_not()):
        raise DeskError(
            f"{words[0]} cannot be confined here: {reason}", fix=f"pip install 'nightdesk[agents]', or {_UNSAFE}"
        )
    headless = kind == "command"
    invocation = parse_invocation(words, confine=settings.confine, headless=headless, environment=environment)
    sweep(settings.temporary)
    short = f"{kind}:{invocation.preset.name}"
    if headless:
        return CommandWorker(short, invocation, settings=settings, meter=meter, environment=environment)
    # imported here: it is an extra, and slow to load
    from nightdesk.agents.acp import AcpWorker  # noqa: PLC0415

    invocation = replace(invocation, preset=replace(invocation.preset, tells=()))  # the protocol has no word for it yet
    return AcpWorker(short, invocation, settings=settings, meter=meter, environment=environment)
