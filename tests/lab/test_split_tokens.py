"""The judge's own data: read as prepare.py wrote it, refused with a way out where it is damaged."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from nightdesk.base.errors import DeskError
from nightdesk.lab.labs import Lab
from nightdesk.lab.split_tokens import read_material
from tests.lab.answerers import SEQUENCE, VOCAB, make_material
from tests.lab.scored_labs import make_lab


def test_each_split_with_the_bytes_of_its_tokens(tmp_path: Path) -> None:
    lab = make_lab(tmp_path)
    found = read_material(lab.data, lab.sealed, "test")
    assert np.array_equal(found.split, make_material(seed=2).split)
    assert found.vocabulary.token_bytes.tolist() == [*range(1, VOCAB), 0]
    assert (found.vocabulary.bos, found.vocabulary.sequence) == (VOCAB - 1, SEQUENCE)


def described(lab: Lab, **changes: object) -> None:
    path = lab.data / "tokenizer.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


DAMAGES: dict[str, tuple[Callable[[Lab], object], str]] = {
    "no validation data": (lambda lab: (lab.sealed / "val.bin").unlink(), "No such file"),
    "no tokenizer": (lambda lab: (lab.data / "tokenizer.json").unlink(), "No such file"),
    "no training data": (lambda lab: (lab.data / "train.bin").unlink(), "No such file"),
    "cut short": (lambda lab: (lab.sealed / "val.bin").write_bytes(b"\x0f\x00\x01"), "has 1 tokens"),
    "another vocabulary": (
        lambda lab: (lab.sealed / "val.bin").write_bytes(b"\x0f\x00" + b"\x10\x00" * 99), "holds the token 16"
    ),
    "something else": (lambda lab: (lab.sealed / "val.bin").write_bytes(b"\x01\x00" * 99), "does not begin"),
    "no text": (lambda lab: (lab.sealed / "val.bin").write_bytes(b"\x0f\x00" * 99), "stands for no text"),
    "no JSON": (lambda lab: (lab.data / "tokenizer.json").write_text("{"), "no JSON"),
    "no object": (lambda lab: (lab.data / "tokenizer.json").write_text("[]"), "no JSON object"),
    "a vocabulary too large": (lambda lab: described(lab, vocab=70_000), "vocab must be"),
    "no whole number": (lambda lab: described(lab, sequence=True), "sequence must be"),
    "BOS outside": (lambda lab: described(lab, bos=99), "bos must be"),
    "too many tokens": (lambda lab: described(lab, tokens=["eA=="] * 17), "no list of at most"),
    "tokens that are no base64": (lambda lab: described(lab, tokens=["?"]), "cannot be used"),
    "no tokens": (lambda lab: described(lab, tokens=None), "no list of at most"),
}  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_data_is_said_with_the_way_out(tmp_path: Path, damage: str) -> None:
    lab = make_lab(tmp_path)
    make, expected = DAMAGES[damage]
    make(lab)
    with pytest.raises(DeskError, match=expected) as caught:
        read_material(lab.data, lab.sealed, "val")
    assert "rm -r" in (caught.value.fix or "")
