"""A process that answers for a candidate's model, as the judge talks to it: the protocol of answering.py."""

import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nightdesk.lab import answering
from nightdesk.lab.confined import Answering, start_answering
from nightdesk.lab.jobs import Stopped, Use
from nightdesk.lab.measurements import printable
from nightdesk.lab.sealed import Logits, RefusedError
from nightdesk.lab.split_tokens import Vocabulary

SHARED_BYTES = 16 << 20  # of logits that one process answers with at a time; larger blocks are mapped anew each time
_MEMORY = Path("/dev/shm")  # noqa: S108  # files in memory, where a system has them; names in it are random


def rows_at_a_time(vocabulary: Vocabulary) -> int:
    """Return how many windows one process is asked at a time."""
    return max(2, min(64, SHARED_BYTES // _row_bytes(vocabulary)))  # 2: one for each process


@dataclass(frozen=True, slots=True)
class Terms:
    """Under which a candidate's model answers."""

    confined: bool
    hidden: tuple[Path, ...]
    seconds: float  # of wall time, from its start to the last answer
    cpu_seconds: float
    memory_bytes: int
    gpu: str  # of the place
    variables: Mapping[str, str]
    stopped: Stopped


class ModelProcess:
    """An `Answerer` whose model runs confined, in a process of its own, until `end`."""

    def __init__(self, folder: Path, vocabulary: Vocabulary, terms: Terms) -> None:
        """Start it on the candidate's files in `folder`; `start` says when it has loaded the model."""
        self._vocabulary, self._seconds, self._rows = vocabulary, terms.seconds, 0
        script = folder.parent / "answering.py"
        if not script.exists():  # a copy, since nightdesk's own package is not shown to it
            shutil.copyfile(answering.__file__, script)
        size = rows_at_a_time(vocabulary) * _row_bytes(vocabulary)
        self._block, self._shared = _new_block(size, otherwise=folder.parent)
        try:
            self._process: Answering = start_answering(
                ["python", "-B", str(script), str(self._shared), str(vocabulary.sequence), str(vocabulary.size)],
                folder=folder,
                confined=terms.confined,
                seconds=terms.seconds,
                shared=self._shared,
                readable=(script,),
                hidden=terms.hidden,
                memory_bytes=terms.memory_bytes,
                cpu_seconds=terms.cpu_seconds,
                gpu=terms.gpu,
                variables=terms.variables,
                stopped=terms.stopped,
            )
        except BaseException:
            self._free()
            raise

    def start(self) -> None:
        """Wait until the model is loaded. Raises RefusedError, NoAnswerError, StoppedError."""
        self._told()
        self._shared.unlink(missing_ok=True)  # both sides have it open: a kill -9 leaves nothing in memory

    def ask(self, tokens: NDArray[np.int32]) -> None:
        """Give it tokens, (rows, time). Raises NoAnswerError, StoppedError."""
        self._rows = len(tokens)
        self._process.send(self._rows.to_bytes(4, "little") + tokens.astype("<i4").tobytes())

    def answer(self) -> Logits:
        """Return a copy of its logits, (rows, time, vocab). Raises RefusedError, NoAnswerError, StoppedError."""
        self._told()
        logits = np.empty((self._rows, self._vocabulary.sequence, self._vocabulary.size), dtype=np.float32)
        into, place = logits.data.cast("B"), 0
        while place < len(into):  # read, not mapped: a mapping of a file that the candidate shortens would kill us
            read = os.preadv(self._block, [into[place:]], place)
            if not read:
                raise RefusedError("the model's process cut off the memory that its logits lie in")
            place += read
        return logits

    def end(self) -> Use:
        """End it and return what it used."""
        try:
            return self._process.end()
        finally:
            self._free()

    def _told(self) -> None:
        """Read its next answer; a fault that it tells is raised."""
        head = self._process.receive(3, seconds=self._seconds)
        length = int.from_bytes(head[1:], "little")
        said = self._process.receive(length, seconds=self._seconds) if length else b""
        if head[:1] != b".":
            line = " ".join(printable(said.decode("utf-8", "replace")).split())[: answering.MOST_TEXT]
            raise RefusedError(line or "the model's process said something that is no answer")

    def _free(self) -> None:
        self._shared.unlink(missing_ok=True)
        if self._block >= 0:
            os.close(self._block)
            self._block = -1


def _row_bytes(vocabulary: Vocabulary) -> int:
    return vocabulary.sequence * vocabulary.size * 4


def _new_block(size: int, *, otherwise: Path) -> tuple[int, Path]:
    """Return a new file of `size` bytes, open, and its path: in memory if there is room for it, and for the other."""
    roomy = _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free > 4 * size
    block, path = tempfile.mkstemp(prefix="nightdesk-", dir=_MEMORY if roomy else otherwise)
    try:
        os.ftruncate(block, size)
    except OSError:
        os.close(block)
        Path(path).unlink()
        raise
    return block, Path(path)
