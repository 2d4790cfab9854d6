import json
import random

import pytest

from nightdesk.base.names import name_key
from nightdesk.wiki.prose.sentences import split_sentences
from nightdesk.wiki.terms.vocabulary import Concept, SourceTerms, Vocabulary, build_vocabulary, survey_terms

SCHEDULES = """# Learning-rate schedules

The learning rate is the factor that scales each update of an optimizer. A learning rate that is too high
makes the loss diverge. A learning-rate schedule changes the learning rate during training. The cosine
schedule lowers the learning rate along half a wave. Learning-rate schedules often start with a warm-up.
During the warm-up the learning rate rises. The cosine schedule needs a known number of steps. The language
model is judged by bits per byte (BPB).
"""
OPTIMIZERS = """# Optimizers for language models

Adam is an optimizer that keeps two running means for each weight. AdamW is an optimizer that separates the
weight decay from the update of Adam. Weight decay shrinks the weights. Weight decay and the learning rate
belong together: an optimizer with a high learning rate needs less weight decay. Muon is an optimizer for
weight matrices. With Muon the warm-up can be short. Large language models (LLMs) are trained with AdamW. An
LLM is a language model with many weights.
"""
TOKENS = """# Tokenizers

A tokenizer is a program that turns text into tokens. Byte-pair encoding (BPE) merges the most frequent pair
of bytes. BPE was first a method of compression. A tokenizer with byte-pair encodings has a fixed vocabulary
size. The vocabulary size of GPT-2 is 50,257 and that of GPT-3 is the same. The language model predicts one
token after another. Bits per byte does not depend on the tokenizer. BPB is the loss in bits, divided by the
bytes of the text. GPT-2 and GPT-3 share a tokenizer. Some LLMs use a larger vocabulary size.
"""
RUNS = """# Night runs

Each run trains a language model for five minutes. The learning-rate schedule is a cosine schedule with a
warm-up. AdamW and Muon are compared. GPT-2 is the baseline. The tokenizer uses byte-pair encoding. We
report bits per byte. The weight decay is 0.1. GPT-3 is too large for this machine. The LLM is judged by
BPB. Muon beats AdamW. The vocabulary size is small.
"""
TEXTS = {"Schedules": SCHEDULES, "Optimizers": OPTIMIZERS, "Tokenizers": TOKENS, "Runs": RUNS}


def survey(text: str, title: str, language: str = "en") -> SourceTerms:
    return survey_terms(split_sentences(text, language=language), language=language, title=title)


@pytest.fixture(scope="module")
def sources() -> list[SourceTerms]:
    return [survey(text, title) for title, text in TEXTS.items()]


@pytest.fixture(scope="module")
def vocabulary(sources: list[SourceTerms]) -> Vocabulary:
    return build_vocabulary(sources)


def by_title(vocabulary: Vocabulary) -> dict[str, Concept]:
    return {concept.title: concept for concept in vocabulary.concepts}


def test_real_terms_become_concepts(vocabulary: Vocabulary) -> None:
    expected = {"Learning rate", "AdamW", "Muon", "Weight decay", "Byte-pair encoding", "Tokenizer", "Bits per byte"}
    assert expected <= set(by_title(vocabulary))
    assert 8 <= len(vocabulary.concepts) <= 24


def test_general_words_do_not(vocabulary: Vocabulary) -> None:
    assert not {"Text", "Number", "Machine", "Program", "Method", "Run", "Steps"} & set(by_title(vocabulary))


def test_an_acronym_is_an_alias_of_its_long_form(vocabulary: Vocabulary) -> None:
    assert "BPE" in by_title(vocabulary)["Byte-pair encoding"].aliases
    assert "BPB" in by_title(vocabulary)["Bits per byte"].aliases
    assert not {"BPE", "BPB"} & set(by_title(vocabulary))


def test_an_acronym_that_dominates_is_the_title() -> None:
    text = "The graphics processing unit (GPU) is fast. " + "The GPU is busy. A GPU has its own memory. " * 4
    other = "Every GPU was used. The GPU is warm. Two GPUs are better. The GPU and its memory are idle. " * 2
    found = by_title(build_vocabulary([survey(text, "Machines"), survey(other, "Heat")]))
    assert "Graphics processing unit" in [alias.capitalize() for alias in found["GPU"].aliases]


@pytest.mark.parametrize(
    ("one", "other"), [("GPT-2", "GPT-3"), ("Adam", "AdamW"), ("product-10", "product-11"), ("L1", "L2")]
)
def test_likeness_alone_never_merges(one: str, other: str) -> None:
    text = " ".join(f"{name} is a thing of its own. We like {name}. We use {name} here." for name in (one, other))
    vocabulary = build_vocabulary([survey(text, f"{one} and {other}"), survey(text + " Indeed.", "Again")])
    keys = {vocabulary.concept_of.get(key) for key in (one.casefold(), other.casefold(), one, other)} - {None}
    assert len(keys) == 2


def test_no_two_titles_differ_in_case_or_plural_only(vocabulary: Vocabulary) -> None:
    names = [name_key(concept.title).rstrip("s") for concept in vocabulary.concepts]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("one", "other"),
    [("data set", "dataset"), ("fine-tuning", "finetuning"), ("GPT2", "GPT-2"), ("learning rate", "learning rates")],
)
def test_blanks_hyphens_and_plural_make_no_second_concept(one: str, other: str) -> None:
    def text(word: str) -> str:
        return f"The {word} of the network is good. We look at the {word} again. The {word} has changed."

    vocabulary = build_vocabulary([survey(text(word), word.title()) for word in (one, other, one, other)])
    spellings = {*_keys(one), *_keys(other)}
    concepts = {chief for key, chief in vocabulary.concept_of.items() if key.replace(" ", "") in spellings}
    assert len(concepts) == 1


def _keys(word: str) -> set[str]:
    low = word.casefold().replace(" ", "").rstrip("s")
    return {low, low.replace("-", ""), word, low.upper()}


def test_mentions_are_in_order_and_do_not_overlap(vocabulary: Vocabulary, sources: list[SourceTerms]) -> None:
    for source, text in zip(sources, TEXTS.values(), strict=True):
        for index, sentence in enumerate(split_sentences(text, language="en")):
            end = 0
            for mention in vocabulary.mentions(source, index):
                assert mention.start >= end
                end = mention.end
                assert sentence.text[mention.start : mention.end].strip()


def test_the_longest_concept_is_mentioned(vocabulary: Vocabulary, sources: list[SourceTerms]) -> None:
    sentences = split_sentences(SCHEDULES, language="en")
    index = next(i for i, s in enumerate(sentences) if s.text.startswith("A learning-rate schedule changes"))
    assert [mention.key for mention in vocabulary.mentions(sources[0], index)][:2] == [
        "learning rate schedule",
        "learning rate",
    ]
    assert vocabulary.mentions(sources[0], 10_000) == ()


def test_related_are_concepts_and_never_the_concept_itself(vocabulary: Vocabulary) -> None:
    keys = {concept.key for concept in vocabulary.concepts}
    for concept in vocabulary.concepts:
        assert set(concept.related) <= keys - {concept.key}
        assert len(concept.related) <= 8
    assert "adamw" in by_title(vocabulary)["Muon"].related or "adamw" in by_title(vocabulary)["Weight decay"].related


def test_a_category_is_general_or_the_title_of_a_concept_with_company(vocabulary: Vocabulary) -> None:
    titles = {concept.title for concept in vocabulary.concepts}
    sizes: dict[str, int] = {}
    for concept in vocabulary.concepts:
        sizes[concept.category] = sizes.get(concept.category, 0) + 1
    assert all(category == "General" or (category in titles and size >= 3) for category, size in sizes.items())
    assert by_title(vocabulary)["Muon"].category == "Optimizer"  # "Muon is an optimizer"


def test_the_order_of_the_sources_changes_nothing(vocabulary: Vocabulary, sources: list[SourceTerms]) -> None:
    shuffled = list(sources)
    random.Random(3).shuffle(shuffled)
    again = build_vocabulary(shuffled)
    assert again.concepts == vocabulary.concepts
    assert dict(again.concept_of) == dict(vocabulary.concept_of)


def test_a_source_that_shares_no_term_moves_no_concept(vocabulary: Vocabulary, sources: list[SourceTerms]) -> None:
    stranger = survey("# Bread\n\nRye bread needs a sour starter. The crust of rye bread is dark.\n", "Bread")
    again = by_title(build_vocabulary([*sources, stranger]))
    for concept in vocabulary.concepts:
        assert again[concept.title] == concept


def test_records_survive_json(sources: list[SourceTerms]) -> None:
    for source in sources:
        assert SourceTerms.from_json(json.loads(json.dumps(source.to_json()))) == source


def test_a_term_of_one_source_needs_a_definition_or_the_title() -> None:
    defined = "A flux capacitor is a device that stores charge. " + "The flux capacitor is full. " * 5
    undefined = "We saw the garden gnome. " + "The garden gnome was gone. " * 5
    titles = set(by_title(build_vocabulary([survey(defined, "Charge"), survey(undefined, "Walks")])))
    assert "Flux capacitor" in titles
    assert "Garden gnome" not in titles


@pytest.mark.parametrize(
    ("language", "text", "title"),
    [
        ("de", "Die Lernrate ist ein Faktor. Wir senken die Lernrate. Die Lernrate ist klein.", "Lernrate"),
        ("fr", "Le taux d'apprentissage est un facteur. On baisse le taux d'apprentissage.", "Taux d'apprentissage"),
        ("es", "La tasa de aprendizaje es un factor. Se baja la tasa de aprendizaje.", "Tasa de aprendizaje"),
        ("zh", "学习率是一种超参数。学习率过大会发散。较小的学习率更稳定。", "学习率"),
        ("ja", "学習率とは、係数である。学習率を下げる。学習率は小さい。", "学習率"),
    ],
)
def test_other_languages(language: str, text: str, title: str) -> None:
    found = by_title(build_vocabulary([survey(text, "A", language), survey(text, "B", language)]))
    assert found[title].language == language


@pytest.mark.parametrize("count", [0, 1])
def test_an_empty_desk_and_an_empty_source(count: int) -> None:
    assert build_vocabulary([survey("", "Nothing")] * count).concepts == ()
