import pytest

from nightdesk.wiki.prose.sentences import split_sentences
from nightdesk.wiki.terms.acronyms import acronyms, other_names
from nightdesk.wiki.terms.glossary import Definition, definitions


def defined(text: str, language: str = "en") -> list[Definition]:
    return list(definitions(split_sentences(text, language=language), language=language))


def pairs(text: str) -> set[tuple[str, str]]:
    return {(pair.short, pair.long) for pair in acronyms(split_sentences(text, language="en"), language="en")}


def names(text: str) -> set[tuple[str, str]]:
    return {(pair.short, pair.long) for pair in other_names(split_sentences(text, language="en"), language="en")}


@pytest.mark.parametrize(
    ("text", "key", "strength"),
    [
        ("Muon is an optimizer for the hidden weight matrices of a network.", "muon", 3),
        ("The learning rate is a factor that scales each update.", "learning rate", 3),
        ("Learning rates are one of the most important settings of a run.", "learning rate", 3),
        ("Bits per byte (BPB) is a measure of the loss of a language model.", "bits per byte", 3),
        ("Weight decay, which is a form of regularization, shrinks the weights.", "weight decay", 3),
        ("Perplexity refers to the exponential of the cross-entropy of a model.", "perplexity", 3),
        ("By gradient clipping we mean the scaling down of a large gradient.", "gradient clipping", 3),
        ("In machine learning, overfitting is a state in which a model repeats its data.", "overfitting", 3),
        ("The residual stream is the running sum of the outputs of the layers.", "residual stream", 2),
        ("**Tokeniser**: a program that turns text into whole numbers and back.", "tokeniser", 2),
        ("- Softmax: turns scores into shares that add up to one.", "softmax", 2),
        ("- Dropout — leaves out random units while a network is trained.", "dropout", 2),
        ("The factor that scales each update is called the learning rate.", "learning rate", 2),
    ],
)
def test_definitions(text: str, key: str, strength: int) -> None:
    assert [(d.key, d.strength) for d in defined(text)] == [(key, strength)]


@pytest.mark.parametrize(
    "text",
    [
        "It is a good idea to start with a small model.",  # a pronoun defines nothing
        "This is an example of a long run.",
        "There is a way to train faster.",
        "The difference is the number of steps that we take.",  # too general a subject
        "We found that Muon is a good choice for matrices.",
        "What the optimizer does to the weights is a mystery.",
        "Note: the run takes an hour on one machine.",
        "# Muon is an optimizer",  # a heading says nothing yet
        "- Returns: {number} The unique identifier of the resource.",
    ],
)
def test_no_definitions(text: str) -> None:
    assert [d for d in defined(text) if d.strength >= 2] == []


def test_a_definition_gives_the_wider_term() -> None:
    assert defined("AdamW is a variant of Adam that decays the weights.")[0].kind == "adam"
    assert defined("Muon is an optimizer for matrices.")[0].kind == "optimizer"


@pytest.mark.parametrize(
    ("language", "text", "key"),
    [
        ("de", "Die Lernrate ist ein Faktor, der die Schritte skaliert.", "lernrate"),
        ("fr", "Le taux d'apprentissage est un facteur qui règle les pas.", "taux d' apprentissage"),
        ("es", "La tasa de aprendizaje es un factor que regula los pasos.", "tasa de aprendizaje"),
        ("zh", "学习率是一种控制步长的超参数。", "学习率"),
        ("ja", "学習率とは、一歩の大きさを決める係数である。", "学習率"),
    ],
)
def test_definitions_in_other_languages(language: str, text: str, key: str) -> None:
    assert [(d.key, d.strength) for d in defined(text, language)] == [(key, 3)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("We report bits per byte (BPB).", {("BPB", "bits per byte")}),
        ("BPE (byte-pair encoding) merges pairs.", {("BPE", "byte pair encoding")}),
        ("Large language models (LLMs) are costly.", {("LLM", "large language model")}),
        ("Stochastic gradient descent (SGD) is old.", {("SGD", "stochastic gradient descent")}),
        ("The warmup-stable-decay schedule (WSD) is not the words before.", set()),  # the s of schedule is over
        ("The key-value cache (KV cache) grows.", {("KV cache", "key value cache")}),
        ("The graphics processing unit (GPU) is busy.", {("GPU", "graphics processing unit")}),
        ("Rotary position embeddings (RoPE) rotate.", {("rope", "rotary position embedding")}),
        ("We ran it on the cluster (AWS).", set()),  # no initials match
        ("The loss fell (see NLL).", set()),
        ("It was shown in Paris (USA).", set()),
        ("The result (A) is good.", set()),
    ],
)
def test_acronyms_need_matching_initials(text: str, expected: set[tuple[str, str]]) -> None:
    assert pairs(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "The trapezoidal schedule, also known as warmup-stable-decay, is simple.",
            {("warmup stable decay", "trapezoidal schedule")},
        ),
        ("Semantic versioning (sometimes called SemVer) is a standard.", {("semver", "semantic versioning")}),
        ("Weight decay is also called shrinkage in statistics.", {("shrinkage", "weight decay")}),
        ("The end of the lifetime of an item is sometimes called release.", set()),  # which noun is meant?
        ("A portion of the address, also called userinfo, is dropped.", set()),
        ("The schedule is called twice.", set()),
    ],
)
def test_other_names(text: str, expected: set[tuple[str, str]]) -> None:
    assert names(text) == expected


def test_hostile_brackets_end_soon() -> None:
    assert pairs("(" * 3000 + "A" * 3000 + ")" * 3000 + " x (ABCDEFGHIJ) " * 200) == set()
