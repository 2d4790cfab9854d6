"""The weights that a run left: what is taken, and what is refused before anything loads it."""

import json
import os
import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightdesk.lab.artifact import NAME, ArtifactError, check_artifact, take_artifact
from tests.lab.scored_labs import save_tensors, write_tensors


def tensor(begin: int, end: int, shape: list[int], dtype: str = "F32") -> dict[str, object]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


def test_what_a_good_file_holds(tmp_path: Path) -> None:
    tensors = {"a": np.zeros((3, 4), np.float32), "b": np.ones(5, np.float32), "empty": np.zeros((0, 2), np.float32)}
    save_tensors(tmp_path / NAME, tensors)
    found = take_artifact(tmp_path, tmp_path / "copy")
    assert (found.tensors, found.parameters) == (3, 17)
    assert (tmp_path / "copy").read_bytes() == (tmp_path / NAME).read_bytes()


def test_what_the_library_writes_is_taken(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    safetensors = pytest.importorskip("safetensors.torch")
    tensors = {
        "w": torch.zeros(4, 6, dtype=torch.bfloat16),
        "n": torch.tensor(3),
        "s": torch.zeros(()),
        "b": torch.ones(3) > 0,
    }
    safetensors.save_file(tensors, tmp_path / NAME, metadata={"format": "pt"})
    assert check_artifact(tmp_path / NAME).parameters == 24 + 1 + 1 + 3


HEADERS = {
    "two tensors in one place": ({"a": tensor(0, 8, [2]), "b": tensor(0, 8, [2])}, 8, "overlap"),
    "a gap": ({"a": tensor(0, 8, [2]), "b": tensor(12, 16, [1])}, 16, "gaps"),
    "more data than tensors": ({"a": tensor(0, 8, [2])}, 9, "fill"),
    "less data than tensors": ({"a": tensor(0, 8, [2])}, 7, "fill"),
    "a shape that is not its size": ({"a": tensor(0, 8, [3])}, 8, "agree"),
    "a shape that overflows": ({"a": tensor(0, 8, [2**40, 2**40])}, 8, "agree"),
    "a negative place": ({"a": tensor(-8, 0, [2])}, 8, "agree"),
    "backwards": ({"a": tensor(8, 0, [0])}, 8, "agree"),
    "True as a number": ({"a": tensor(0, 4, [True])}, 4, "agree"),
    "an unknown type": ({"a": tensor(0, 8, [1], dtype="OBJECT")}, 8, "agree"),
    "a key too many": ({"a": tensor(0, 8, [2]) | {"code": "import os"}}, 8, "agree"),
    "no tensor": ({"__metadata__": {}}, 0, "0 tensors"),
    "a list": ([], 0, "names no tensors"),
    "twice the same name": (b'{"a":{"dtype":"F32"},"a":{"dtype":"F32"}}', 0, "twice"),
    "no JSON": (b"{", 0, "no JSON"),
    "no UTF-8": (b'{"\xff":1}', 0, "no JSON"),
    "deep": (b"[" * 100_000, 0, "no JSON"),
    "a number without end": (b'{"a":' + b"9" * 6000 + b"}", 0, "no JSON"),
}


@pytest.mark.parametrize("case", HEADERS)
def test_a_header_that_lies_is_refused(tmp_path: Path, case: str) -> None:
    header, size, expected = HEADERS[case]
    write_tensors(tmp_path / NAME, header, bytes(size))
    with pytest.raises(ArtifactError, match=expected):
        check_artifact(tmp_path / NAME)


def test_a_header_without_end_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / NAME).open("wb") as file:
        file.write((2**33).to_bytes(8, "little"))
        file.truncate(2**33 + 8)  # takes no place on the disk
    with pytest.raises(ArtifactError, match=r"header of 8,589,934,592 bytes"):
        check_artifact(tmp_path / NAME)


@given(st.binary(max_size=200))
def test_no_bytes_do_more_than_be_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.mktemp("a") / NAME
    path.write_bytes(content)
    with pytest.raises(ArtifactError):
        check_artifact(path)


def test_a_pickle_is_refused_unread(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return (os.mkdir, (str(tmp_path / "trapped"),))

    (tmp_path / NAME).write_bytes(pickle.dumps(Trap()))
    with pytest.raises(ArtifactError, match="no safetensors file"):
        take_artifact(tmp_path, tmp_path / "copy")
    assert not (tmp_path / "trapped").exists()


def test_only_a_plain_file_is_taken(tmp_path: Path) -> None:
    secret, left = tmp_path / "secret", tmp_path / "left"
    save_tensors(secret, {"a": np.zeros(2, np.float32)})
    left.mkdir()
    with pytest.raises(ArtifactError, match=f"left no {NAME}"):
        take_artifact(left, tmp_path / "copy")
    (left / NAME).symlink_to(secret)
    with pytest.raises(ArtifactError, match="not a plain file"):
        take_artifact(left, tmp_path / "copy")
    (left / NAME).unlink()
    os.mkfifo(left / NAME)  # who opens it waits for ever
    with pytest.raises(ArtifactError, match="not a plain file"):
        take_artifact(left, tmp_path / "copy")
    (left / NAME).unlink()
    (left / NAME).mkdir()
    with pytest.raises(ArtifactError, match="not a plain file"):
        take_artifact(left, tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


def test_a_file_too_large_is_not_copied(tmp_path: Path) -> None:
    with (tmp_path / NAME).open("wb") as file:
        file.truncate(5_000_000_000)
    with pytest.raises(ArtifactError, match=r"5,000 MB, 4,295 are allowed"):
        take_artifact(tmp_path, tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


def test_truncated_is_refused(tmp_path: Path) -> None:
    save_tensors(tmp_path / NAME, {"a": np.zeros(100, np.float32)})
    whole = (tmp_path / NAME).read_bytes()
    for size in (0, 4, 8, 20, len(whole) - 1):
        (tmp_path / NAME).write_bytes(whole[:size])
        with pytest.raises(ArtifactError):
            check_artifact(tmp_path / NAME)
    assert json.loads(whole[8 : 8 + int.from_bytes(whole[:8], "little")])
