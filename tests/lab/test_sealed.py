"""The sealed judge: what it counts, and what it finds out, of models in this process."""

from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightdesk.lab import sealed
from nightdesk.lab.sealed import (
    Judged,
    RefusedError,
    checks_of_a_window,
    choose_cuts,
    choose_windows,
    plan_batches,
    score_model,
    token_losses,
)
from nightdesk.lab.split_tokens import Material
from tests.lab import answerers
from tests.lab.answerers import SEQUENCE, VOCAB, Model, Process, direct, make_material


def judge(model: Model, *, material: Material | None = None, seed: int = 3, rows: int = 8) -> Judged:
    material = material or make_material()
    return score_model((Process(model), Process(model)), material, rows=rows, random=Random(seed))


def test_an_honest_model_gets_what_a_plain_computation_gives() -> None:
    material = make_material()
    found = judge(answerers.honest, material=material)
    assert found.bits_per_byte == pytest.approx(direct(material), abs=1e-6)
    assert (found.windows, found.tokens) == (40, 40 * SEQUENCE)
    assert found.bytes == int(material.vocabulary.token_bytes[material.split[1 : 40 * SEQUENCE + 1]].sum())


def test_the_token_of_a_documents_beginning_is_no_target() -> None:
    material = make_material()
    without = material.vocabulary.token_bytes[material.split[1 : 40 * SEQUENCE + 1]] > 0
    assert not without.all()  # there are some

    def against_bos(process: Process, tokens: answerers.Asked) -> sealed.Logits:
        logits = answerers.TABLE[tokens]
        logits[..., VOCAB - 1] = -50.0  # costs 50 nats wherever it would count
        return logits

    assert judge(against_bos, material=material).bits_per_byte < direct(material)


@pytest.mark.parametrize("rows", [1, 2, 3, 7, 64])
def test_the_score_does_not_depend_on_how_windows_are_dealt(rows: int) -> None:
    assert judge(answerers.honest, rows=rows).bits_per_byte == pytest.approx(direct(make_material()), abs=1e-6)


def test_the_error_is_that_of_text_drawn_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealed, "LEAST_CHECKS", 1)
    found = [judge(answerers.honest, material=make_material(seed=seed)) for seed in range(30)]
    spread = np.std([one.bits_per_byte for one in found], ddof=1)
    assert np.mean([one.standard_error for one in found]) == pytest.approx(spread, rel=0.4)


CHEATS = {
    "at one place in twenty it reads the next token": (answerers.looks_ahead(0.05), "looks ahead|later ones"),
    "everywhere it reads a little of the next token": (answerers.leaks_a_little, "looks ahead: it knows 0.0"),
    "attention without a mask": (answerers.without_mask, "more than the tokens before"),
    "batch norm": (answerers.mixes_rows, "more than the tokens before"),
    "it learns from what it was asked": (answerers.remembers, "more than the tokens before"),
    "noise": (answerers.by_chance, "more than the tokens before"),
    "NaN": (answerers.broken(np.nan), "not finite"),
    "infinite": (answerers.broken(np.inf), "not finite"),
    "minus infinity": (answerers.broken(-np.inf), "not finite"),
}


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("cheat", CHEATS)
def test_a_cheat_gets_no_score(cheat: str, seed: int) -> None:
    model, expected = CHEATS[cheat]
    with pytest.raises(RefusedError, match=expected):
        judge(model, seed=seed)


def test_rounding_that_does_not_repeat_itself_is_no_cheat() -> None:
    def rounds(process: Process, tokens: answerers.Asked) -> sealed.Logits:
        logits = answerers.TABLE[tokens]
        flipped = process.random.random(logits.shape) < 1e-3  # single bits of bf16, now and then
        return np.where(flipped, logits * np.float32(1 + 2**-8), logits)

    assert judge(rounds).bits_per_byte == pytest.approx(direct(make_material()), abs=1e-3)


def test_a_cheat_at_few_places_is_missed_as_rarely_as_the_documentation_says() -> None:
    """A share f of the places is missed with (1 - f/2)^n at most; here f = 1 %, and n = 160 cuts."""
    share, caught, nights = 0.01, 0, 60
    material = make_material()
    for seed in range(nights):
        try:
            judge(answerers.looks_ahead(share), material=material, seed=seed)
        except RefusedError:
            caught += 1
    assert caught / nights > 1 - (1 - share / 2) ** 160 - 0.15


def test_the_cuts_go_where_a_model_gains() -> None:
    gained = np.zeros(31)
    gained[7] = 10.0
    cuts = [cut for seed in range(300) for cut in choose_cuts(gained, 1, Random(seed))]
    assert 0.4 < cuts.count(8) / 300 < 0.65  # half, and what even chance adds
    assert set(cuts) <= set(range(1, 32))
    assert len(set(cuts)) > 20
    assert choose_cuts(np.zeros(4), 4, Random(1)) == [1, 2, 3, 4]


@given(st.integers(1, 400), st.integers(1, 40), st.integers(0, 10**6))
def test_no_process_saw_what_it_is_to_predict(windows: int, rows: int, seed: int) -> None:
    coin = Random(seed)
    batches = plan_batches(windows, rows=rows, coin=lambda: coin.getrandbits(1))
    assert sorted(row.window for batch in batches for row in batch) == list(range(windows))
    begun: tuple[set[int], set[int]] = (set(), set())  # windows whose first token each process was shown
    for number, batch in enumerate(batches):
        assert len(batch) <= rows
        for row in batch:
            begun[row.scorer].add(row.window)
        for row in batch:
            assert row.window + 1 not in begun[row.scorer], "the next window's first token is this one's last target"
        if number:  # the first batch is compared last
            for row in batch:
                begun[1 - row.scorer].add(row.window)


def test_no_process_is_shown_the_truth_beyond_a_cut() -> None:
    material = make_material()
    pair = (Process(answerers.honest), Process(answerers.honest))
    score_model(pair, material, rows=8, random=Random(11))
    true = {tuple(material.split[start : start + SEQUENCE]): start for start in range(0, 40 * SEQUENCE, SEQUENCE)}
    whole = [{true[tuple(row)] for asked in process.shown for row in asked if tuple(row) in true} for process in pair]
    assert whole[0] | whole[1] == set(true.values())
    assert not whole[0] & whole[1], "a window goes whole to one process only"


def test_every_window_is_compared_and_the_first_ones_no_less(monkeypatch: pytest.MonkeyPatch) -> None:
    def at_first(process: Process, tokens: answerers.Asked) -> sealed.Logits:
        cheats = len(process.shown) == 1  # of its first batch it believes that nobody compares it
        return (answerers.looks_ahead(1.0) if cheats else answerers.honest)(process, tokens)

    for seed in range(5):
        with pytest.raises(RefusedError):
            judge(at_first, seed=seed)
        assert judge(answerers.honest, seed=seed).checks == 4 * 40
    monkeypatch.setattr(sealed, "LEAST_CHECKS", 10)
    assert judge(answerers.honest).checks == 40


def test_a_claim_is_checked_more_often_than_a_search() -> None:
    assert checks_of_a_window(374, strict=False) == 1
    assert checks_of_a_window(100, strict=False) == 3
    assert checks_of_a_window(1, strict=False) == 4
    assert checks_of_a_window(374, strict=True) == 4


def test_all_windows_or_as_many_as_fit_evenly(monkeypatch: pytest.MonkeyPatch) -> None:
    assert choose_windows(101, sequence=10, vocab=7) == list(range(0, 100, 10))
    assert choose_windows(100, sequence=10, vocab=7) == list(range(0, 90, 10))  # the last token would have no target
    monkeypatch.setattr(sealed, "MAX_LOGITS", 4 * 10 * 7)
    assert choose_windows(101, sequence=10, vocab=7) == [0, 20, 50, 70]


def test_losses_are_exact_for_large_and_small_logits() -> None:
    random = np.random.default_rng(2)
    for scale in (1e-3, 1.0, 30.0, 1e4):
        logits = (random.normal(size=(200, 50)) * scale).astype(np.float32)
        targets = random.integers(50, size=200).astype(np.int32)
        wide = logits.astype(np.float64)
        most = wide.max(axis=1)
        expected = most + np.log(np.exp(wide - most[:, None]).sum(axis=1)) - wide[np.arange(200), targets]
        assert np.allclose(token_losses(logits, targets), expected, rtol=1e-6, atol=1e-6)
    assert token_losses(np.array([[3e38, -3e38]], dtype=np.float32), np.array([0], dtype=np.int32))[0] == 0.0
