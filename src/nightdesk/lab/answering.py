"""Runs where a candidate's code runs: loads its model and answers batches of tokens with logits.

It is started by itself, copied beside the candidate's files, and imports nothing of nightdesk: what is in this
process belongs to the candidate, so the judge believes nothing that comes out of it.

    python answering.py SHARED SEQUENCE VOCAB          working folder: the candidate's files and its weights

asked:    rows (4 bytes, little-endian), then rows * SEQUENCE tokens of 4 bytes; the end of the input ends it
answered: ".", or "!" for a fault; the length of a text (2 bytes); the text. Logits lie in the file SHARED as float32,
          (rows, SEQUENCE, VOCAB). The first answer comes unasked: the model is loaded.
"""

import importlib
import os
import sys
import traceback
from collections.abc import Callable
from typing import Any, BinaryIO

MOST_TEXT = 500  # characters of an answer's text


class UnfitError(Exception):
    """The model answers with something that is no logits."""


def main(shared: str, sequence: int, vocab: int) -> None:
    """Answer until the input ends, or a fault was told."""
    # What the candidate prints must not be taken for an answer: standard output leads to standard error from here on.
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    block = os.open(shared, os.O_RDWR)  # before it says that it is ready: the name may be gone then
    try:
        sys.path[0] = os.getcwd()  # not the folder of this file
        train = importlib.import_module("train")
        import torch  # noqa: PLC0415  # after the candidate: what fails in its first line need not wait for it

        device = torch.device(_device(torch))
        model = train.load_model(device)
        _tell(answers, b".", str(device))
    except BaseException as error:  # SystemExit too: all that it raises is its fault, to be told
        _tell(answers, b"!", f"the model could not be loaded: {_described(error)}")
        return
    try:
        while asked := sys.stdin.buffer.read(4):
            _answer(torch, model, int.from_bytes(asked, "little"), (sequence, vocab, device, block))
            _tell(answers, b".", "")
    except UnfitError as error:
        _tell(answers, b"!", str(error))
    except BaseException as error:
        _tell(answers, b"!", f"the model failed while it was scored: {_described(error)}")


def _answer(torch: Any, model: Callable[[Any], Any], rows: int, to: tuple[int, int, Any, int]) -> None:
    sequence, vocab, device, block = to
    asked = bytearray(sys.stdin.buffer.read(rows * sequence * 4))
    tokens = torch.frombuffer(asked, dtype=torch.int32).long().view(rows, sequence).to(device)  # (rows, time)
    with torch.no_grad():
        logits = model(tokens)  # (rows, time, vocab)
    if not isinstance(logits, torch.Tensor) or not logits.is_floating_point():
        raise UnfitError(f"the model answers with {type(logits).__name__}, not with a tensor of logits")
    if tuple(logits.shape) != (rows, sequence, vocab):
        raise UnfitError(f"the model's logits have the shape {tuple(logits.shape)}, not {(rows, sequence, vocab)}")
    rest = memoryview(logits.to("cpu", torch.float32).contiguous().numpy()).cast("B")
    place = 0
    while place < len(rest):
        place += os.pwrite(block, rest[place : place + (1 << 30)], place)


def _device(torch: Any) -> str:
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _tell(answers: BinaryIO, sign: bytes, text: str) -> None:
    said = text[:MOST_TEXT].encode("utf-8", "replace")
    answers.write(sign + len(said).to_bytes(2, "little") + said)


def _described(error: BaseException) -> str:
    own = [
        frame for frame in traceback.extract_tb(error.__traceback__) if os.path.dirname(frame.filename) == os.getcwd()
    ]
    place = f" ({os.path.basename(own[-1].filename)}, line {own[-1].lineno})" if own else ""
    said = (str(error).strip().splitlines() or [""])[0]
    return f"{type(error).__name__}: {said[:300]}{place}" if said else f"{type(error).__name__}{place}"


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
