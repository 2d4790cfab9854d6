"""The tokens that the sealed judge scores on: read from what prepare.py wrote, and checked before they are used."""

import base64
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nightdesk.base.errors import DeskError
from nightdesk.lab.jobs import Split

MAX_VOCAB = 65_536  # tokens are 16 bits
MAX_SEQUENCE = 1 << 20
MAX_WINDOW = 1 << 28  # logits of one window: 1 GB
MAX_TOKENIZER = 64 << 20  # bytes of tokenizer.json
MAX_TRAINING = 4_000_000  # tokens of the training data that the judge looks at
Tokens = NDArray[np.uint16]


@dataclass(frozen=True, slots=True, eq=False)
class Vocabulary:
    """What the judge knows of the tokenizer."""

    token_bytes: NDArray[np.int64]  # (vocab,): how many bytes each token stands for, 0 for BOS
    bos: int
    sequence: int  # tokens that a model may look back on at most

    @property
    def size(self) -> int:
        """How many different tokens there are."""
        return len(self.token_bytes)


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """All that scoring needs besides the model."""

    vocabulary: Vocabulary
    split: Tokens  # the text to be scored
    training: Tokens  # some of the training data: no secret to the model


def read_material(data: Path, sealed: Path, split: Split) -> Material:
    """Return the material of a lab's folders for one split. Raises DeskError where it is missing or damaged."""
    fix = f"rm -r '{data}' '{sealed}', and nightdesk lab run makes it again"
    try:
        vocabulary = parse_vocabulary(_bounded(data / "tokenizer.json"))
        scored = np.fromfile(sealed / f"{split}.bin", dtype="<u2")
        training = np.fromfile(data / "train.bin", dtype="<u2", count=MAX_TRAINING)
    except (OSError, ValueError) as error:
        raise DeskError(f"the lab's data cannot be used: {error}", fix=fix) from error
    for name, tokens in ((f"{split}.bin", scored), ("train.bin", training)):
        if problem := _against(tokens, vocabulary):
            raise DeskError(f"the lab's data cannot be used: {name} {problem}", fix=fix)
    return Material(vocabulary, scored, training)


def parse_vocabulary(text: bytes) -> Vocabulary:
    """Return the vocabulary of a tokenizer.json. Raises ValueError that says what is wrong with it."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError("tokenizer.json is no JSON") from error
    if not isinstance(found, dict):
        raise ValueError("tokenizer.json is no JSON object")
    vocab, sequence = _number(found, "vocab", 2, MAX_VOCAB), _number(found, "sequence", 2, MAX_SEQUENCE)
    if sequence * vocab > MAX_WINDOW:
        raise ValueError(f"tokenizer.json: sequence times vocab may be {MAX_WINDOW:,} at most")
    bos = _number(found, "bos", 0, vocab - 1)
    tokens = found.get("tokens")
    if not isinstance(tokens, list) or not len(tokens) <= vocab or not all(isinstance(t, str) for t in tokens):
        raise ValueError("tokenizer.json has no list of at most `vocab` tokens")
    sizes = np.zeros(vocab, dtype=np.int64)
    sizes[: len(tokens)] = [len(base64.b64decode(token, validate=True)) for token in tokens]
    sizes[bos] = 0
    return Vocabulary(sizes, bos, sequence)


def _number(found: dict[str, Any], key: str, least: int, most: int) -> int:
    value = found.get(key)
    if type(value) is not int or not least <= value <= most:
        raise ValueError(f"tokenizer.json: {key} must be a number from {least} to {most:,}")
    return value


def _bounded(path: Path) -> bytes:
    with path.open("rb") as file:
        text = file.read(MAX_TOKENIZER + 1)
    if len(text) > MAX_TOKENIZER:
        raise ValueError(f"{path.name} is larger than {MAX_TOKENIZER >> 20} MB")
    return text


def _against(tokens: Tokens, vocabulary: Vocabulary) -> str:
    if len(tokens) <= vocabulary.sequence:
        return f"has {len(tokens):,} tokens, at least {vocabulary.sequence + 1:,} are needed"
    if int(tokens.max()) >= vocabulary.size:
        return f"holds the token {int(tokens.max())}, and the vocabulary has {vocabulary.size:,}"
    if int(tokens[0]) != vocabulary.bos:
        return "does not begin with the token of a document's beginning"
    return "" if vocabulary.token_bytes[tokens].any() else "stands for no text"
