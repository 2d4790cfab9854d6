"""The sealed judge: bits per byte from a model's logits, and proof that they do not rest on the tokens they predict.

Two processes answer for the same model; neither holds a target. Each window of the text goes as it is to one of them,
whose answer is scored, and then, up to a secret cut only, to the other: after the cut follows other text. What both say
of the tokens before the cut must be the same. So whatever was scored could be said by a process that has never seen
the token in question: looking ahead, learning from earlier windows, mixing the rows of a batch and chance all make
a difference. The whole argument, and what remains: docs/decisions/0007-sealed-scores.md.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from statistics import fmean
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from nightdesk.lab.split_tokens import Material

MAX_LOGITS = 2_000_000_000  # numbers that one process answers with for a split: 8 GB through shared memory
LEAST_CHECKS = 256  # secret cuts for one score: one for each window, for a short text more
MOST_CHECKS_OF_A_WINDOW = 4
LEAST_ROUNDS = 8  # batches, so that neighbouring windows are never in one batch
MAX_DIFFERENCE = 0.1  # of one logit, in nats: rounding of bf16 where a device does not repeat itself exactly
MEAN_DIFFERENCE = 1e-3  # nats a token: what could be gained at most below MAX_DIFFERENCE; twice the effect on val_bpb
_CHUNK = 64  # rows of logits that are exponentiated at a time: they stay in the processor's cache

Logits = NDArray[np.float32]
Floats = NDArray[np.float64]


class RefusedError(Exception):
    """The model's answers are no score; the text is one line for the ledger."""


class Answerer(Protocol):
    """A process that answers for the model."""

    def ask(self, tokens: NDArray[np.int32]) -> None:
        """Give it tokens, (rows, time)."""

    def answer(self) -> Logits:
        """Return a copy of its logits for what it was asked last, (rows, time, vocab)."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A score and what it rests on."""

    bits_per_byte: float
    standard_error: float  # of it as a figure for more text of this kind, from the spread between windows
    tokens: int  # scored ones
    bytes: int
    windows: int
    checks: int  # secret cuts that were compared


@dataclass(frozen=True, slots=True)
class Row:
    """One window in one batch."""

    window: int
    scorer: int  # which of the two processes gets it as it is


def choose_windows(tokens: int, *, sequence: int, vocab: int) -> list[int]:
    """Return the starts of the windows to score: all that fit into the text, else as many as fit MAX_LOGITS, evenly.

    They do not overlap, and each token but the first and those after the last window is a target once.
    """
    count = (tokens - 1) // sequence
    most = max(1, MAX_LOGITS // (sequence * vocab))
    return [index * sequence for index in range(count)] if count <= most else [
        index * count // most * sequence for index in range(most)
    ]  # fmt: skip


def plan_batches(windows: int, *, rows: int, coin: Callable[[], int]) -> list[list[Row]]:
    """Return the batches, of at most `rows` rows, in which windows are asked.

    No process has seen the token after a window's end, which is the next window's first, when it answers for that
    window: windows run on from batch to batch in the same row; and where a row ends, the window that follows was
    the other process's. So that this one has seen nothing of it, the first batch is compared after all the others.
    """
    streams = min(rows, max(1, windows // LEAST_ROUNDS))
    base, longer = divmod(windows, streams)
    starts = [stream * base + min(stream, longer) for stream in range(streams + 1)]
    first = [coin() for _ in range(streams)]
    batches: list[list[Row]] = [[] for _ in range(base + (longer > 0))]
    for stream in range(streams):
        last = starts[stream + 1] - starts[stream] - 1
        for place in range(last + 1):
            scorer = first[stream] if place == 0 else coin()
            if place == last and last > 0 and stream + 1 < streams:
                scorer = 1 - first[stream + 1]
            batches[place].append(Row(starts[stream] + place, scorer))
    return batches


def checks_of_a_window(windows: int, *, strict: bool) -> int:
    """Return how many cuts each window gets: few while searching, where scoring must be cheap; many for a claim."""
    return MOST_CHECKS_OF_A_WINDOW if strict else min(MOST_CHECKS_OF_A_WINDOW, -(-LEAST_CHECKS // windows))


def score_model(
    pair: tuple[Answerer, Answerer], material: Material, *, rows: int, random: Random, strict: bool = False
) -> Judged:
    """Return the model's bits per byte on a split, asking at most `rows` windows at a time.

    Raises RefusedError where the answers are not finite or not honest, and what the answerers raise. `random` must
    be secret: it decides who is asked what, and where the cuts are.
    """
    return _Scoring(pair, material, random).score(rows, strict=strict)


@dataclass(slots=True)
class _Answered:
    """What the processes said of one batch: for each that had windows of it, these, its logits and their cuts."""

    parts: list[tuple[int, list[Row], Logits, list[list[int]]]] = field(default_factory=list)


@dataclass(slots=True)
class _Scoring:
    pair: tuple[Answerer, Answerer]
    material: Material
    random: Random
    surprise: Floats = field(init=False)  # (vocab,): nats of each token by its frequency in the training data
    starts: list[int] = field(init=False)
    nats: dict[int, float] = field(default_factory=dict)  # by window
    sizes: dict[int, int] = field(default_factory=dict)  # bytes of its targets
    gaps: list[float] = field(default_factory=list)  # at each cut, in nats of the true token

    def __post_init__(self) -> None:
        vocabulary = self.material.vocabulary
        counts = np.bincount(self.material.training, minlength=vocabulary.size) + 1.0
        self.surprise = np.log(counts.sum()) - np.log(counts)
        self.starts = choose_windows(len(self.material.split), sequence=vocabulary.sequence, vocab=vocabulary.size)

    def score(self, rows: int, *, strict: bool) -> Judged:
        checks = min(checks_of_a_window(len(self.starts), strict=strict), self.material.vocabulary.sequence - 1)
        first: _Answered | None = None
        for batch in plan_batches(len(self.starts), rows=rows, coin=lambda: self.random.getrandbits(1)):
            answered = self._score_batch(batch, checks)
            if first is None:
                first = answered  # `plan_batches` says why
            else:
                self._check_batch(answered, checks)
        if first is not None:
            self._check_batch(first, checks)
        if self.gaps and fmean(self.gaps) > MEAN_DIFFERENCE:
            raise RefusedError(
                f"the model looks ahead: it knows {fmean(self.gaps):.4f} nats more of a token when that token is shown"
            )
        return self._judged()

    def _score_batch(self, batch: Sequence[Row], checks: int) -> _Answered:
        """Ask each process for its windows as they are, and score them."""
        groups = [[row for row in batch if row.scorer == process] for process in (0, 1)]
        for process, rows in enumerate(groups):
            if rows:
                self.pair[process].ask(np.stack([self._window(row)[:-1] for row in rows]))
        answered = _Answered()
        for process, rows in enumerate(groups):
            if rows:
                logits = self.pair[process].answer()
                cuts = [self._take(row, said, checks) for row, said in zip(rows, logits, strict=True)]
                answered.parts.append((process, rows, logits, cuts))
        return answered

    def _check_batch(self, answered: _Answered, checks: int) -> None:
        """Ask each process for the other's windows up to the cuts, in batches laid out alike, and compare."""
        for check in range(checks):
            for process, rows, _, cuts in answered.parts:
                spliced = [self._spliced(row, at[check]) for row, at in zip(rows, cuts, strict=True)]
                self.pair[1 - process].ask(np.stack(spliced))
            for process, rows, logits, cuts in answered.parts:
                for row, at, scored, said in zip(rows, cuts, logits, self.pair[1 - process].answer(), strict=True):
                    self._compare(row, at[check], scored, said)

    def _window(self, row: Row) -> NDArray[np.int32]:
        start = self.starts[row.window]
        return self.material.split[start : start + self.material.vocabulary.sequence + 1].astype(np.int32)

    def _take(self, row: Row, logits: Logits, checks: int) -> list[int]:
        """Score a window and return where it is to be cut, in ascending order."""
        targets = self._window(row)[1:]
        losses = token_losses(logits, targets)
        weight = self.material.vocabulary.token_bytes[targets]
        self.nats[row.window] = float(losses[weight > 0].sum())
        self.sizes[row.window] = int(weight.sum())
        gained = np.clip(self.surprise[targets] - losses, 0.0, None)
        return choose_cuts(gained[:-1], checks, self.random)

    def _spliced(self, row: Row, cut: int) -> NDArray[np.int32]:
        """Return a window up to `cut`; then other text, whose first token is not the window's."""
        window, training = self._window(row), self.material.training
        length = len(window) - 1 - cut
        other = window
        for _ in range(100):
            start = self.random.randrange(len(training) - length + 1)
            other = training[start : start + length].astype(np.int32)
            if other[0] != window[cut]:
                break
        else:
            other[0] = (window[cut] + 1) % self.material.vocabulary.size
        return np.concatenate((window[:cut], other))

    def _compare(self, row: Row, cut: int, scored: Logits, said: Logits) -> None:
        """Compare what both processes say of a window's tokens up to the one at `cut`."""
        difference = np.abs(scored[:cut] - said[:cut]).max(axis=1)  # (cut,)
        if not np.isfinite(difference).all():
            raise RefusedError("the model's logits are not finite")
        wrong = np.flatnonzero(difference > MAX_DIFFERENCE)
        if len(wrong):
            place = f"window {row.window + 1}, token {wrong[0] + 1} of {len(scored)}"
            if max(1, cut - 8) <= wrong[0]:  # only near what was changed
                raise RefusedError(f"the model looks ahead: what it says of a token depends on what follows ({place})")
            more = "later ones, other rows, earlier batches, or chance"
            raise RefusedError(f"the model's answers depend on more than the tokens before: {more} ({place})")
        target = self._window(row)[cut : cut + 1]
        knew, would = token_losses(scored[cut - 1 : cut], target), token_losses(said[cut - 1 : cut], target)
        self.gaps.append(float(np.abs(would - knew)[0]))

    def _judged(self) -> Judged:
        nats = np.array([self.nats[window] for window in range(len(self.starts))])
        sizes = np.array([self.sizes[window] for window in range(len(self.starts))], dtype=np.float64)
        total = float(sizes.sum())
        if not total:
            raise RefusedError("the windows that are scored stand for no text")
        ratio, count = float(nats.sum()) / total, len(nats)
        # Of a ratio of two sums over windows (Cochran, Sampling Techniques, 6.4), without the finite correction.
        spread = float(np.square(nats - ratio * sizes).sum())
        error = math.sqrt(count / (count - 1) * spread) / total if count > 1 else 0.0
        tokens = count * self.material.vocabulary.sequence
        return Judged(ratio / math.log(2), error / math.log(2), tokens, int(total), count, len(self.gaps))


def token_losses(logits: Logits, targets: NDArray[np.int32]) -> Floats:
    """Return the cross-entropy of each target in nats, (time,), from logits (time, vocab).

    Exponentials in float32, since they lie between 0 and 1; sums and logarithms in float64: exact to 1e-6. Raises
    RefusedError where a logit is NaN or infinite.
    """
    losses = np.empty(len(targets))
    for start in range(0, len(targets), _CHUNK):
        part = logits[start : start + _CHUNK]
        most = part.max(axis=1, keepdims=True)
        if not (np.isfinite(most).all() and np.isfinite(part.min())):  # NaN is the maximum of what holds it
            raise RefusedError("the model's logits are not finite")
        with np.errstate(over="ignore"):  # a difference of two finite numbers; its exponential is 0 then
            below = part - most
        chosen = below[np.arange(len(part)), targets[start : start + _CHUNK]].astype(np.float64)
        np.exp(below, out=below)
        losses[start : start + _CHUNK] = np.log(below.sum(axis=1, dtype=np.float64)) - chosen
    return losses


def choose_cuts(gained: Floats, count: int, random: Random) -> list[int]:
    """Return `count` different cuts of a window, from 1, ascending; the place before a cut is the one that is tested.

    Half of the chance is even, half goes where the model gains most over token frequencies: who looks ahead at few
    places does so where it pays. Ascending, so that no cut shows to a process what a later one asks it about.
    """
    total = float(gained.sum())
    even = np.full(len(gained), 1.0 / len(gained))
    chances = np.cumsum((even + gained / total) / 2 if total > 0 else even)
    cuts: set[int] = set()
    while len(cuts) < count:
        cuts.add(1 + min(int(np.searchsorted(chances, random.random(), side="right")), len(gained) - 1))
    return sorted(cuts)
