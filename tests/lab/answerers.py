"""Models for the judge's tests, in this process: each answers like a bigram model, and some cheat."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from nightdesk.lab.sealed import Logits
from nightdesk.lab.split_tokens import Material, Vocabulary

VOCAB, SEQUENCE = 16, 32
Asked = NDArray[np.int32]
Model = Callable[["Process", Asked], Logits]  # tokens (rows, time) -> logits (rows, time, vocab)
TABLE = np.random.default_rng(5).normal(size=(VOCAB, VOCAB)).astype(np.float32)


@dataclass
class Process:
    """An `Answerer` that runs `model`, which may keep things here, and remembers all that it was shown."""

    model: Model
    shown: list[Asked] = field(default_factory=list)
    kept: dict[str, float] = field(default_factory=dict)
    random: np.random.Generator = field(default_factory=np.random.default_rng)

    def ask(self, tokens: Asked) -> None:
        self.shown.append(tokens)

    def answer(self) -> Logits:
        return self.model(self, self.shown[-1])


def honest(process: Process, tokens: Asked) -> Logits:
    return TABLE[tokens]


def looks_ahead(share: float, nats: float = 5.0) -> Model:
    """Return a model that reads the next token at a share of the places, which only their context decides."""

    def model(process: Process, tokens: Asked) -> Logits:
        logits = TABLE[tokens]
        context = (
            tokens[:, :-1].astype(np.int64) * 7919 + np.pad(tokens, ((0, 0), (3, 0)))[:, :-4].astype(np.int64) * 104729
        )
        rows, times = np.nonzero(context % 1000 < share * 1000)
        logits[rows, times, tokens[rows, times + 1]] += nats
        return logits

    return model


def leaks_a_little(process: Process, tokens: Asked) -> Logits:
    """Looks ahead everywhere, by less than two answers may differ at any one place."""
    return looks_ahead(1.0, nats=0.05)(process, tokens)


def without_mask(process: Process, tokens: Asked) -> Logits:
    logits = TABLE[tokens]
    mixed: Logits = np.add(logits, logits.mean(axis=1, keepdims=True), dtype=np.float32)
    return mixed


def mixes_rows(process: Process, tokens: Asked) -> Logits:
    logits = TABLE[tokens]
    mixed: Logits = np.subtract(logits, logits.mean(axis=(0, 1), keepdims=True), dtype=np.float32)
    return mixed


def remembers(process: Process, tokens: Asked) -> Logits:
    """Learns the frequencies of the tokens from what it was asked before."""
    logits = TABLE[tokens] + np.log1p([process.kept.get(str(token), 0.0) for token in range(VOCAB)]).astype(np.float32)
    for token in tokens.ravel():
        process.kept[str(token)] = process.kept.get(str(token), 0.0) + 1
    return np.asarray(logits, dtype=np.float32)


def by_chance(process: Process, tokens: Asked) -> Logits:
    return TABLE[tokens] + process.random.normal(size=(*tokens.shape, VOCAB)).astype(np.float32)


def broken(value: float) -> Model:
    def model(process: Process, tokens: Asked) -> Logits:
        logits = TABLE[tokens]
        logits[-1, -1, 3] = value
        return logits

    return model


def make_material(*, tokens: int = 40 * SEQUENCE + 5, seed: int = 1) -> Material:
    """Return a text drawn from the bigram model itself, so that it predicts it as well as anything can."""
    random = np.random.default_rng(seed)
    vocabulary = Vocabulary(np.array([*range(1, VOCAB), 0], dtype=np.int64), VOCAB - 1, SEQUENCE)
    return Material(vocabulary, _text(random, tokens), _text(random, 4 * tokens))


def _text(random: np.random.Generator, length: int) -> NDArray[np.uint16]:
    chances = np.exp(TABLE.astype(np.float64))
    limits = np.cumsum(chances / chances.sum(axis=1, keepdims=True), axis=1)
    text, drawn = [VOCAB - 1], random.random(length)
    while len(text) < length:
        text.append(min(int(np.searchsorted(limits[text[-1]], drawn[len(text)])), VOCAB - 1))
    return np.array(text, dtype=np.uint16)


def direct(material: Material, model: Model = honest) -> float:
    """Return bits per byte computed plainly in float64, window by window."""
    sequence, nats, size = material.vocabulary.sequence, 0.0, 0
    for start in range(0, (len(material.split) - 1) // sequence * sequence, sequence):
        window = material.split[start : start + sequence + 1].astype(np.int32)
        logits = model(Process(model), window[None, :-1])[0].astype(np.float64)
        losses = np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(sequence), window[1:]]
        weight = material.vocabulary.token_bytes[window[1:]]
        nats, size = nats + float(losses[weight > 0].sum()), size + int(weight.sum())
    return nats / float(np.log(2)) / size
