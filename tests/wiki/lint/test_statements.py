import pytest

from nightdesk.wiki.contradictions.finding import find_pairs
from nightdesk.wiki.lint.statements import keys_of


def clash(one: str, other: str, language: str = "en") -> bool:
    said = [("one", keys_of(one, language)), ("other", keys_of(other, language))]
    return bool(find_pairs(said))


@pytest.mark.parametrize(
    ("one", "other", "why"),
    [
        ("The learning rate of Muon is 0.02.", "A common learning rate for Muon is 0.2.", "another value"),
        ("Muon runs five steps per update.", "Muon runs six steps per update.", "a number in words"),
        ("GPT-2 has 124 million parameters.", "GPT-2 has 117M parameters.", "another form of number"),
        ("The warm-up of Adam takes 4,000 steps.", "The warm-up of Adam takes 4,500 steps.", "digits grouped"),
        ("The model was released in 2019.", "The model was released in 2020.", "another year"),
        ("Muon needs momentum buffers.", "Muon does not need momentum buffers.", "denied"),
        ("The training of the net is stable.", "The training of the net is unstable.", "a contrary by its prefix"),
        ("Dropout improves small models.", "Dropout never improves small models.", "never"),
        ("The file weighs 2 kB on disk.", "The file weighs 3,000 bytes on disk.", "another unit, another value"),
    ],
)
def test_these_contradict_each_other(one: str, other: str, why: str) -> None:
    assert clash(one, other), why
    assert clash(other, one), why


@pytest.mark.parametrize(
    ("one", "other", "why"),
    [
        ("The learning rate of Muon is 0.02.", "The learning rate of AdamW is 0.001.", "another subject"),
        ("The learning rate of Muon is 0.02.", "The weight decay of Muon is 0.1.", "another attribute"),
        ("The learning rate of Muon is 0.02.", "Muon's learning rate is 2e-2.", "the same value"),
        ("The file weighs 2 kB on disk.", "The file weighs 2,000 bytes on disk.", "the same value in another unit"),
        ("Muon runs five steps per update.", "Muon runs 5 steps per update.", "the same number in digits"),
        ("The batch size is 32 if memory is short.", "The batch size is 64.", "only on a condition"),
        (
            "The loss of the net is 3.2 after 100 steps.",
            "The loss of the net is 2.9 after 500 steps.",
            "at other times",
        ),
        ("The first layer has 64 channels.", "The second layer has 128 channels.", "one of several"),
        ("The rate is at most 0.1 in all runs.", "The rate is at most 0.2 in all runs.", "bounds may both hold"),
        ("Muon does not need a warm-up.", "AdamW needs a warm-up.", "another subject, denied"),
        ("Muon needs no long warm-up.", "Muon needs a short warm-up.", "long is not short"),
        ("Adam keeps 2 buffers.", "Adam keeps 2 buffers per weight matrix.", "said more fully"),
        ("Is the rate 0.1?", "The rate is 0.2.", "a question says nothing"),
        ("The model has 12 layers and 8 heads.", "The model has 12 layers and 768 dimensions.", "other things counted"),
    ],
)
def test_these_do_not(one: str, other: str, why: str) -> None:
    assert not clash(one, other), why
    assert not clash(other, one), why
