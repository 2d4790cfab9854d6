"""Vectors are found again, kept once, and survive a torn end."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from nightdesk.wiki.semantic import vectors as vectors_module
from nightdesk.wiki.semantic.vectors import Vectors

SIZE = 64


def some(count: int, *, seed: int = 0) -> tuple[list[bytes], NDArray[np.float32]]:
    rows = np.random.default_rng(seed).normal(size=(count, SIZE)).astype(np.float32)
    keys = [hashlib.sha256(f"{seed} {number}".encode()).digest()[:16] for number in range(count)]
    return keys, rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.mark.parametrize("in_file", [True, False])
def test_the_nearest_are_found_by_signs_and_then_in_full(tmp_path: Path, in_file: bool) -> None:
    keys, rows = some(3_000)
    vectors = Vectors(tmp_path / "a.vectors" if in_file else None, SIZE)
    vectors.add(keys, rows)
    for number in (0, 1, 2_999):
        wanted = rows[number] + 0.02 * rows[7]
        wanted /= np.linalg.norm(wanted)
        (key, cosine), *_ = vectors.nearest(wanted, 5)
        assert key == keys[number]
        assert cosine == pytest.approx(float(rows[number] @ wanted), abs=1e-3)
    assert [key for key, _ in vectors.nearest(rows[3], 5, among={keys[8]})] == [keys[8]]


def test_a_key_is_kept_once_and_a_torn_end_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "a.vectors"
    keys, rows = some(3)
    Vectors(path, SIZE).add(keys, rows)
    Vectors(path, SIZE).add(keys[:2], rows[:2])
    whole = path.read_bytes()
    path.write_bytes(whole + whole[:50])  # killed while it wrote
    vectors = Vectors(path, SIZE)
    assert vectors.keys() == keys
    more, others = some(2, seed=1)
    vectors.add(more, others)
    assert Vectors(path, SIZE).keys() == [*keys, *more]
    assert vectors.nearest(others[1], 1)[0][0] == more[1]


def test_what_nothing_asks_for_is_cleared_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vectors_module, "_SPARE", 0)
    keys, rows = some(10)
    vectors = Vectors(tmp_path / "a.vectors", SIZE)
    vectors.add(keys, rows)
    vectors.keep_only(keys[:6])
    assert len(vectors) == 10
    vectors.keep_only(keys[:2])
    assert Vectors(tmp_path / "a.vectors", SIZE).keys() == vectors.keys() == keys[:2]


def test_a_file_of_anything_is_no_error(tmp_path: Path) -> None:
    path = tmp_path / "a.vectors"
    path.write_bytes(b"\xff" * 100_000)
    (_, cosine), *_ = Vectors(path, SIZE).nearest(some(1)[1][0], 3)
    assert cosine == 0.0
