"""Small labs for the tests of scoring: a text drawn from a table of bigrams, and candidates that answer with it."""

import base64
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from nightdesk.base.sandbox import why_not
from nightdesk.lab.artifact import NAME
from nightdesk.lab.budgets import Budget
from nightdesk.lab.jobs import Finished, Job, Use
from nightdesk.lab.labs import Lab
from nightdesk.lab.measurements import Measurements
from nightdesk.lab.programs import Program
from tests.lab.answerers import SEQUENCE, TABLE, VOCAB, make_material

CONFINED = why_not(network=False) is None
LOADS = """
import torch
from safetensors.torch import load_file

def load_table(device):
    return load_file("model.safetensors")["table"].to(device)
"""
HONEST = f"""{LOADS}
def load_model(device):
    table = load_table(device)
    return lambda tokens: table[tokens]
"""
PROGRAM = Program(
    run="python train.py", edit=("train.py",), metric="val_bpb", budget=Budget(20.0, "cpu"), timeout_seconds=60.0
)


def make_lab(
    root: Path, *, judge: str | None = "nightdesk", files: dict[str, bytes] | None = None, **program: Any
) -> Lab:
    """Return a lab with its data, as prepare.py would have written it."""
    folder, state = root / "lab", root / "state"
    folder.mkdir(parents=True)
    for name, content in (files or {}).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    lab = Lab("small", folder, root, state, replace(PROGRAM, judge=judge, **program))
    lab.data.mkdir(parents=True)
    lab.sealed.mkdir()
    tokens = [base64.b64encode(b"x" * (token + 1)).decode() for token in range(VOCAB - 1)]
    described = {"pattern": "", "tokens": tokens, "bos": VOCAB - 1, "vocab": VOCAB, "sequence": SEQUENCE}
    (lab.data / "tokenizer.json").write_text(json.dumps(described))
    val, test = make_material(), make_material(seed=2)
    val.training.astype("<u2").tofile(lab.data / "train.bin")
    val.split.astype("<u2").tofile(lab.sealed / "val.bin")
    test.split.astype("<u2").tofile(lab.sealed / "test.bin")
    return lab


def make_job(files: dict[str, bytes], **changes: Any) -> Job:
    job = Job("0001-1", files, ("train.py",), "python train.py", 7, Budget(20.0, "cpu"), 60.0, 5.0)
    return replace(job, **changes)


def finish(root: Path, *, numbers: dict[str, float] | None = None, failure: str = "") -> Finished:
    """Return a finished run that left the table as its weights."""
    folder = root / "left"
    folder.mkdir(exist_ok=True)
    if not failure:
        save_tensors(folder / NAME, {"table": TABLE})
    printed = Measurements(numbers or {}, {}, "" if numbers else "nothing was printed")
    use = Use(wall_seconds=3.0, cpu_seconds=2.0, peak_memory_bytes=100 << 20)
    return Finished("0001-1", 7, 0 if not failure else 1, failure, use, printed, "", folder)


def save_tensors(path: Path, tensors: dict[str, np.ndarray[Any, np.dtype[np.float32]]]) -> None:
    """Write float32 tensors in the safetensors format."""
    header, data = {}, b""
    for name, tensor in tensors.items():
        raw = tensor.astype("<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    write_tensors(path, header, data)


def write_tensors(path: Path, header: object, data: bytes) -> None:
    """Write a safetensors file, whatever its header says."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)


def running() -> bool:
    """Nobody asks to stop."""
    return False
