"""Pairs of statements that contradict each other, and pairs that only look as if they did."""

import pytest

from nightdesk.wiki.contradictions.finding import MAX_SIDES, find_pairs
from nightdesk.wiki.lint.statements import keys_of


def clash(one: str, other: str, language: str = "en") -> bool:
    return bool(find_pairs([("one", keys_of(one, language)), ("other", keys_of(other, language))]))


CONTRADICT = [
    ("The learning rate of Muon is 0.02.", "A common learning rate for Muon is 0.2.", "en", "another value"),
    ("Muon runs five steps per update.", "Muon runs six steps per update.", "en", "numbers in words"),
    ("GPT-2 has 124 million parameters.", "GPT-2 has 117M parameters.", "en", "another form of number"),
    ("A Redis request takes 900 ms.", "A Redis request takes 2 s.", "en", "another unit, another value"),
    ("The index of Lucene takes 2 GB on disk.", "The index of Lucene takes 500 MB on disk.", "en", "bytes"),
    ("The reactor at Kinn weighs 2 tonnes.", "The reactor at Kinn weighs 3,000 kg.", "en", "mass"),
    ("The accuracy of BERT is 84.6 %.", "The accuracy of BERT is 0.72.", "en", "a share and a percentage"),
    ("The warm-up of Muon takes 100 to 200 steps.", "The warm-up of Muon takes 400 steps.", "en", "out of a range"),
    ("The warm-up of Muon takes 100-200 steps.", "The warm-up of Muon takes 300-400 steps.", "en", "ranges apart"),
    ("BERT was released in 2018.", "BERT was released in 2019.", "en", "years"),
    (
        "BERT, published in 2018, used 10,000 warm-up steps out of 1,000,000.",
        "BERT, published in 2018, used 20,000 warm-up steps out of 1,000,000.",
        "en",
        "other numbers stand before and behind",
    ),
    ("Google released BERT in October 2018.", "Google released BERT in November 2018.", "en", "months"),
    ("Acme Corp was founded in March 2017.", "Acme Corp was founded in 2018.", "en", "a month of another year"),
    ("Acme Corp was founded on 3 March 2017.", "Acme Corp was founded on 4 March 2017.", "en", "days"),
    ("Acme Corp was founded in the 1990s.", "Acme Corp was founded in 2004.", "en", "a year of another decade"),
    ("Acme Corp has about 100 employees.", "Acme Corp has 160 employees.", "en", "far from about"),
    ("The licence of Acme costs $20 a month.", "The licence of Acme costs $30 a month.", "en", "money"),
    ("Muon needs a long warm-up phase.", "Muon does not need a long warm-up phase.", "en", "denied"),
    ("Muon needs momentum buffers.", "Muon needs no momentum buffers.", "en", "denied by no"),
    ("Dropout improves small models.", "Dropout never improves small models.", "en", "never"),
    ("The training of the net is stable.", "The training of the net is unstable.", "en", "a contrary by its prefix"),
    ("Redis supports nested transactions.", "Redis doesn't support nested transactions.", "en", "doesn't"),
    ("Redis still supports Lua scripts.", "Redis no longer supports Lua scripts.", "en", "no longer"),
    ("Muon is larger than AdamW.", "AdamW is larger than Muon.", "en", "the other way round"),
    ("Muon is faster than AdamW.", "Muon is slower than AdamW.", "en", "the contrary of an order"),
    ("Muon is more stable than AdamW.", "AdamW is more stable than Muon.", "en", "more than"),
    ("Muon is less stable than AdamW.", "Muon is more stable than AdamW.", "en", "more and less"),
    ("Rust is much faster than Python.", "Python is faster than Rust.", "en", "how much is no matter"),
    ("Berlin is older than Munich.", "Berlin is younger than Munich.", "en", "age"),
    ("Das Modell Falke hat 12 Schichten.", "Das Modell Falke hat 24 Schichten.", "de", "German"),
    ("Muon braucht ein langes Warmup.", "Muon braucht kein langes Warmup.", "de", "kein"),
    ("Die Firma Acme wurde 2017 gegründet.", "Die Firma Acme wurde 2018 gegründet.", "de", "a bare year"),
    ("Le modèle Faucon compte 12 couches.", "Le modèle Faucon compte 24 couches.", "fr", "French"),
    ("Muon utilise la quantification rapide.", "Muon n'utilise pas la quantification rapide.", "fr", "ne pas"),
]
AGREE = [
    (
        "The model with 4 layers reached 1.45 bits per byte.",
        "The model with 6 layers reached 1.52 bits per byte.",
        "en",
        "another model, told by a number before the verb",
    ),
    ("The learning rate of Muon is 0.02.", "The learning rate of AdamW is 0.001.", "en", "another subject"),
    ("The learning rate of Muon is 0.02.", "The weight decay of Muon is 0.1.", "en", "another attribute"),
    ("The learning rate of Muon is 0.02.", "Muon's learning rate is 2e-2.", "en", "the same value"),
    ("A Redis request takes 1,000 ms.", "A Redis request takes 1 s.", "en", "the same in another unit"),
    ("The index of Lucene takes 2 kB on disk.", "The index of Lucene takes 2,000 bytes on disk.", "en", "bytes"),
    ("The accuracy of BERT is 84 %.", "The accuracy of BERT is 0.84.", "en", "a share is a percentage"),
    ("Half of the users of Acme pay.", "50% of the users of Acme pay.", "en", "half"),
    ("Muon runs five steps per update.", "Muon runs 5 steps per update.", "en", "the same in digits"),
    ("GPT-2 has 124 million parameters.", "GPT-2 has 124.4 million parameters.", "en", "only more exact"),
    ("GPT-2 has 124M parameters.", "GPT-2 has 124,439,808 parameters.", "en", "rounded"),
    ("Acme Corp has about 100 employees.", "Acme Corp has 104 employees.", "en", "near enough for about"),
    ("The warm-up of Muon takes 100 to 200 steps.", "The warm-up of Muon takes 150 steps.", "en", "within a range"),
    ("The warm-up of Muon takes 100-200 steps.", "The warm-up of Muon takes 150-300 steps.", "en", "ranges overlap"),
    ("Acme Corp was founded in March 2017.", "Acme Corp was founded in 2017.", "en", "a month of that year"),
    ("Acme Corp was founded in the 1990s.", "Acme Corp was founded in 1994.", "en", "a year of that decade"),
    ("The small Falcon has 12 layers.", "The large Falcon has 24 layers.", "en", "sizes of a model"),
    ("Falcon 7B has 32 layers.", "Falcon 40B has 60 layers.", "en", "sizes in the name"),
    ("Falcon reaches 76% on ImageNet.", "Falcon reaches 91% on CIFAR-10.", "en", "data sets"),
    ("The error rate of Whisper is 5% for English.", "The error rate of Whisper is 12% for Thai.", "en", "languages"),
    ("Python 3.11 supports pattern matching well.", "Python 3.12 does not support pattern matching well.", "en", "one"),
    ("Python 3.11 was released in 2022.", "Python 3.12 was released in 2023.", "en", "versions"),
    ("The learning rate is 0.02 for matrices.", "The learning rate is 0.001 for embeddings.", "en", "what it is for"),
    ("Acme stores up to 10 files per user.", "Acme stores up to 20 files per user.", "en", "up to"),
    ("The rate is at most 0.1 in all runs.", "The rate is at most 0.2 in all runs.", "en", "bounds"),
    ("The batch size of Muon is 32 if memory is short.", "The batch size of Muon is 64.", "en", "a condition"),
    ("The loss of Muon is 3.2 after 100 steps.", "The loss of Muon is 2.9 after 500 steps.", "en", "other times"),
    ("The first layer of Falcon has 64 units.", "The second layer of Falcon has 128 units.", "en", "one of several"),
    ("Falcon has 12 layers and 8 heads.", "Falcon has 12 layers and 768 dimensions.", "en", "other things counted"),
    ("Falcon has 12 layers.", "Falcon has 8 heads.", "en", "another thing counted"),
    ("The function returns 3 values.", "The function returns 4 values.", "en", "another function on each page"),
    ("This option takes two arguments.", "This option takes three arguments.", "en", "this is what stands there"),
    ("arrays: a list of five arrays.", "arrays: a list of four arrays.", "en", "a label: its owner stands elsewhere"),
    ("Muon works well if the batch is large.", "Muon does not work well unless the batch is large.", "en", "unless"),
    ("Some users of Acme pay.", "Some users of Acme do not pay.", "en", "some do and some do not"),
    ("Not all users of Acme pay.", "All users of Acme who stay pay.", "en", "not all"),
    ("Muon may need a long warm-up phase.", "Muon does not need a long warm-up phase.", "en", "may"),
    ("When a box is checked, its child is checked.", "When a box is unchecked, its child is unchecked.", "en", "cases"),
    ("AdamW is not faster than Muon.", "Muon is faster than AdamW.", "en", "one and the same"),
    ("Muon is faster than AdamW.", "AdamW is slower than Muon.", "en", "one and the same, by the contrary"),
    ("Muon is faster than AdamW.", "Muon is simpler than AdamW.", "en", "another scale"),
    ("Muon does not need a warm-up phase.", "AdamW needs a warm-up phase.", "en", "another subject, denied"),
    ("Muon needs no long warm-up phase.", "Muon needs a short warm-up phase.", "en", "long is not short"),
    ("Adam keeps 2 buffers.", "Adam keeps 2 buffers per weight matrix.", "en", "said more fully"),
    ("Is the rate of Muon 0.1?", "The rate of Muon is 0.2.", "en", "a question says nothing"),
    ("Das Modell Falke hat 1,5 Mio. Parameter.", "Das Modell Falke hat 1.500.000 Parameter.", "de", "decimal comma"),
    ("Das Modell Falke hat bis zu 12 Schichten.", "Das Modell Falke hat bis zu 24 Schichten.", "de", "bis zu"),
    ("Le modèle Faucon compte 12 couches.", "Le modèle Aigle compte 24 couches.", "fr", "another subject"),
    ("モデルは12層を持つ。", "モデルは24層を持つ。", "ja", "a language that is not compared"),
]


@pytest.mark.parametrize(("one", "other", "language", "why"), CONTRADICT)
def test_these_contradict_each_other(one: str, other: str, language: str, why: str) -> None:
    assert clash(one, other, language), why
    assert clash(other, one, language), why


@pytest.mark.parametrize(("one", "other", "language", "why"), AGREE)
def test_these_only_look_alike(one: str, other: str, language: str, why: str) -> None:
    assert not clash(one, other, language), why
    assert not clash(other, one, language), why


def test_many_values_of_one_thing_are_held_against_the_first_alone() -> None:
    said = [(f"c{n}", keys_of(f"The learning rate of Muon is 0.{n}.", "en")) for n in range(1, 400)]
    pairs = find_pairs(said)
    assert {pair.one for pair in pairs} == {"c1"}
    assert len(pairs) == MAX_SIDES - 1


def test_what_is_settled_between_two_values_is_not_told_again() -> None:
    texts = {"a": "Muon has 5 inner steps.", "b": "Muon has 6 inner steps.", "c": "Muon has 6 inner steps!"}
    said = [(name, keys_of(text, "en")) for name, text in texts.items()]
    assert [pair[:2] for pair in find_pairs(said)] == [("a", "b")]
    assert find_pairs(said, settled={"a": {"c"}, "c": {"a"}}) == []
