"""The weights that a run left: copied and checked without believing them, and without running anything of theirs."""

import json
import math
import os
import stat
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

NAME = "model.safetensors"
MAX_BYTES = 4 << 30
MAX_HEADER = 8 << 20  # bytes of JSON; a tensor takes about 100
MAX_TENSORS = 100_000
MAX_DIMENSIONS = 16
_BITS = {"BOOL": 8, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8, "I16": 16, "U16": 16, "F16": 16,
         "BF16": 16, "I32": 32, "U32": 32, "F32": 32, "I64": 64, "U64": 64, "F64": 64, "C64": 64}  # fmt: skip
_CHUNK = 1 << 20


class ArtifactError(Exception):
    """The artifact is none that may be loaded; its text is one line for the ledger."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """What a checked file holds."""

    size_bytes: int
    tensors: int
    parameters: int  # numbers in all tensors


def take_artifact(folder: Path, into: Path, *, most_bytes: int = MAX_BYTES) -> Artifact:
    """Copy the weights that lie in `folder` to the new file `into`, check the copy, and return what it holds.

    Only a plain file is opened: a link might lead to what the run could not read itself, a pipe would never end.
    Raises ArtifactError, and OSError where the copy cannot be written.
    """
    _copy(folder / NAME, into, most_bytes)
    return check_artifact(into)


def check_artifact(path: Path) -> Artifact:
    """Return what a safetensors file holds if its header is exact: every byte of the file is one tensor's.

    The format has no code in it, but its readers have been fooled by headers: so numbers are bounded, names unique,
    and the tensors lie side by side without gap or overlap. Raises ArtifactError.
    """
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        length = int.from_bytes(file.read(8), "little")
        if size < 8 or length > size - 8:
            raise ArtifactError(f"{NAME} is no safetensors file, or cut short")
        if length > MAX_HEADER:
            raise ArtifactError(f"{NAME} has a header of {length:,} bytes, {MAX_HEADER:,} are allowed")
        header = _header(file.read(length))
    tensors = [_tensor(name, entry) for name, entry in header.items() if name != "__metadata__"]
    if not 0 < len(tensors) <= MAX_TENSORS:
        raise ArtifactError(f"{NAME} holds {len(tensors):,} tensors, 1 to {MAX_TENSORS:,} are allowed")
    spans = sorted((begin, end) for begin, end, _ in tensors)
    if spans[0][0] != 0 or spans[-1][1] != size - 8 - length or any(a[1] != b[0] for a, b in pairwise(spans)):
        raise ArtifactError(f"{NAME} is damaged: its tensors overlap, leave gaps, or do not fill the file")
    return Artifact(size, len(tensors), sum(count for _, _, count in tensors))


def _copy(path: Path, into: Path, most_bytes: int) -> None:
    try:
        source = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise ArtifactError(f"the run left no {NAME}") from error
    except OSError as error:
        raise ArtifactError(f"{NAME} is not a plain file that can be read") from error
    try:
        about = os.fstat(source)
        if not stat.S_ISREG(about.st_mode):
            raise ArtifactError(f"{NAME} is not a plain file")
        if about.st_size > most_bytes:
            raise ArtifactError(f"{NAME} has {about.st_size / 1e6:,.0f} MB, {most_bytes / 1e6:,.0f} are allowed")
        with into.open("xb") as copy:
            left = about.st_size
            while left > 0 and (chunk := os.read(source, min(left, _CHUNK))):
                copy.write(chunk)
                left -= len(chunk)
    finally:
        os.close(source)


def _header(text: bytes) -> dict[str, Any]:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({name for name, _ in pairs}) != len(pairs):
            raise ArtifactError(f"{NAME} names a tensor twice")
        return dict(pairs)

    try:
        header = json.loads(text.decode("utf-8"), object_pairs_hook=once)
    except (ValueError, RecursionError) as error:  # UnicodeDecodeError, JSONDecodeError, numbers of 5,000 digits
        raise ArtifactError(f"{NAME} is no safetensors file: its header is no JSON") from error
    if not isinstance(header, dict):
        raise ArtifactError(f"{NAME} is no safetensors file: its header names no tensors")
    return header


def _tensor(name: str, entry: Any) -> tuple[int, int, int]:
    """Return where a tensor begins and ends in the data, in bytes, and how many numbers it has."""
    wrong = ArtifactError(f"{NAME} is damaged: a tensor's type, shape and place do not agree")
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        raise wrong
    shape, offsets, bits = entry["shape"], entry["data_offsets"], _BITS.get(str(entry["dtype"]))
    if not (_sizes(shape) and len(shape) <= MAX_DIMENSIONS and _sizes(offsets) and len(offsets) == 2 and bits):
        raise wrong
    count = math.prod(shape)
    if offsets[1] - offsets[0] != count * bits // 8:
        raise wrong
    return offsets[0], offsets[1], count


def _sizes(value: Any) -> bool:
    return isinstance(value, list) and all(type(n) is int and 0 <= n < 2**48 for n in value)
