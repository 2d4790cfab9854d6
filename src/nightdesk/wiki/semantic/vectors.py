"""Vectors on disk: one file of records that is only added to, read through memory mapping, and may be deleted."""

import os
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nightdesk.base.lock import hold_lock

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

KEY_BYTES = 16
_RESCORED = 500  # records at least whose vectors are compared in full
_RESCORED_FACTOR = 20  # of what is asked for
_WAIT_SECONDS = 30.0
_SPARE = 1_000  # records that nothing asks for any more, before they are cleared away


class Vectors:
    """Records of key, signs and vector; without a path they are in memory."""

    def __init__(self, path: Path | None, dimensions: int) -> None:
        import numpy as np  # noqa: PLC0415  # a part of the extra, and 0.1 s to load

        self._np = np
        self._path = path
        # the signs of a vector's numbers, a bit each, tell roughly who is near: a sixteenth of the bytes
        fields = [("key", f"V{KEY_BYTES}"), ("signs", "u1", (dimensions // 8,)), ("vector", "<f2", (dimensions,))]
        self._form: np.dtype[Any] = np.dtype(fields)
        self._records: NDArray[Any] = np.zeros(0, self._form)
        self._load()

    def __len__(self) -> int:
        return len(self._records)

    def keys(self) -> list[bytes]:
        """Return the key of each record."""
        joined = self._np.ascontiguousarray(self._records["key"]).tobytes()
        return [joined[at : at + KEY_BYTES] for at in range(0, len(joined), KEY_BYTES)]

    def add(self, keys: Sequence[bytes], rows: "NDArray[np.float32]") -> None:
        """Add a record for each key that has none yet; killed in between, the last one is cut off and made again."""
        if self._path is None:
            self._records = self._np.concatenate([self._records, self._made(keys, rows)])
            return
        with hold_lock(self._path.with_suffix(".lock"), doing="adding vectors", wait_seconds=_WAIT_SECONDS):
            self._load()  # another process may have been quicker
            known = set(self.keys())
            new = [at for at, key in enumerate(keys) if key not in known]
            content = self._made([keys[at] for at in new], rows[new]).tobytes()
            with self._path.open("ab") as file:
                file.truncate(len(self._records) * self._form.itemsize)
                file.write(content)
        self._load()

    def keep_only(self, keys: Collection[bytes]) -> None:
        """Clear away the records of other keys where they are the greater part."""
        if self._path is None or len(self) <= 2 * len(keys) + _SPARE:
            return
        with hold_lock(self._path.with_suffix(".lock"), doing="clearing vectors", wait_seconds=_WAIT_SECONDS):
            self._load()
            kept = self._records[[key in keys for key in self.keys()]]
            new = self._path.with_suffix(".new")
            new.write_bytes(kept.tobytes())
            os.replace(new, self._path)  # who has the old file open keeps it as it was
        self._load()

    def nearest(
        self, vector: "NDArray[np.float32]", count: int, *, among: Collection[bytes] | None = None
    ) -> list[tuple[bytes, float]]:
        """Return the keys of the `count` records nearest to a vector of length 1, each with its cosine, nearest first.

        `among` leaves out all other keys. Of many records those with the most equal signs are compared.
        """
        np = self._np
        records = self._records
        if among is not None:
            records = records[[key in among for key in self.keys()]]
        most = max(_RESCORED, count * _RESCORED_FACTOR)
        if len(records) > most:
            differing = np.bitwise_count(records["signs"] ^ np.packbits(vector > 0)).sum(axis=1, dtype=np.uint16)
            records = records[np.sort(np.argpartition(differing, most)[:most])]
        cosines = np.nan_to_num(records["vector"].astype(np.float32) @ vector)
        order = np.argsort(-cosines, kind="stable")[:count]
        return [(records["key"][at].tobytes(), float(cosines[at])) for at in order]

    def _made(self, keys: Sequence[bytes], rows: "NDArray[np.float32]") -> "NDArray[Any]":
        np = self._np
        made: NDArray[Any] = np.zeros(len(keys), self._form)
        made["key"] = np.frombuffer(b"".join(keys), dtype=f"V{KEY_BYTES}") if keys else made["key"]
        made["signs"] = np.packbits(rows > 0, axis=1)
        made["vector"] = rows
        return made

    def _load(self) -> None:
        """See the whole records of the file as it is now."""
        np = self._np
        if self._path is None:
            return
        count = self._path.stat().st_size // self._form.itemsize if self._path.is_file() else 0
        empty = np.zeros(0, self._form)
        self._records = np.memmap(self._path, self._form, "r", shape=(count,)) if count else empty
