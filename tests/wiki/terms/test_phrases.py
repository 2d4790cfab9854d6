import json

import pytest

from nightdesk.wiki.prose.sentences import Sentence, split_sentences
from nightdesk.wiki.terms.phrases import SourcePhrases, is_reference, survey_phrases, term_key, title_keys


def survey(text: str, language: str = "en") -> tuple[tuple[Sentence, ...], SourcePhrases]:
    sentences = split_sentences(text, language=language)
    return sentences, survey_phrases(sentences, language=language)


def keys(text: str, language: str = "en") -> set[str]:
    return set(survey(text, language)[1].keys)


@pytest.mark.parametrize(
    ("phrase", "key"),
    [
        ("learning rates", "learning rate"),  # plural of the last word
        ("Learning-rate", "learning rate"),  # hyphen and case
        ("queries", "query"),
        ("matrices", "matrix"),
        ("batches", "batch"),
        ("caches", "cache"),  # -ches, yet not "cach"
        ("losses", "loss"),
        ("loss", "loss"),  # not "los"
        ("bias", "bias"),
        ("analysis", "analysis"),
        ("axis", "axis"),
        ("chess", "chess"),
        ("LLMs", "LLM"),  # an acronym keeps its case
        ("GPU memory", "GPU memory"),
        ("pre-training", "pretraining"),  # prefixes are written together
        ("warm-ups", "warm up"),
        ("byte-pair encodings", "byte pair encoding"),
        ("mixtures of experts", "mixture of experts"),  # the head takes the plural
        ("mixture-of-experts", "mixture of experts"),
        ("bits per byte", "bits per byte"),
        ("sequence to sequence models", "sequence to sequence model"),
        ("PyTorch", "pytorch"),
        ("TCP/IP", "TCP/IP"),
        ("Node.js", "node.js"),
        ("C++", "c++"),
        ("2D convolutions", "2D convolution"),
    ],
)
def test_a_key_folds_case_hyphens_and_plural(phrase: str, key: str) -> None:
    assert term_key(phrase, language="en") == key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("product-10", "product-11"),
        ("GPT-2", "GPT-3"),
        ("GPT-3.5", "GPT-35"),
        ("top-1 accuracy", "top-5 accuracy"),
        ("L1", "L2"),
        ("BLEU-1", "BLEU-4"),
        ("Adam", "AdamW"),
        ("RAM", "ram"),  # an acronym is not the word
    ],
)
def test_names_that_differ_in_a_figure_or_a_letter_stay_apart(one: str, other: str) -> None:
    assert term_key(one, language="en") != term_key(other, language="en")


@pytest.mark.parametrize(
    "text",
    [
        "train.py",  # file
        "val_bpb",  # identifier
        "getElementById",
        "compute()",
        "https://example.org/some/page",
        "someone@example.org",
        "2024-11-05",
        "12,000",
        "Adam's",
        "the",
        "quickly",
        "",
        "x" * 5000,
    ],
)
def test_what_is_no_noun_phrase_has_no_key(text: str) -> None:
    assert term_key(text, language="en") is None


def test_candidates_stop_at_punctuation_verbs_and_function_words() -> None:
    found = keys("The optimizer updates the weights, batches of tokens quickly reduce the validation loss.")
    assert {"optimizer", "weight", "validation loss", "token"} <= found
    assert not any("reduce" in key or "quickly" in key or "weight batch" in key for key in found)


def test_a_verb_is_told_from_a_noun_by_its_neighbours() -> None:
    assert "schedule" in keys("We change the schedule of the run.")
    assert "schedule" not in keys("They schedule the job.")
    assert not any("train" in key.split() for key in keys("We train the network to schedule a run."))


@pytest.mark.parametrize("word", ["paper", "figure", "section", "example", "way", "important", "number"])
def test_words_about_the_text_are_no_candidates(word: str) -> None:
    assert not any(word in key.split() for key in keys(f"The {word} of the network is in the {word}."))


def test_code_in_backticks_is_no_candidate_unless_it_is_a_name() -> None:
    found = keys("Call `optimizer` with `AdamW` as the class.")
    assert "optimizer" not in found
    assert "adamw" in found


def test_a_list_of_references_gives_no_candidates() -> None:
    text = "# Work\n\nThe network is small.\n\n# References\n\nSmith, A. B., Jones, C. D. A study of turtles. 2019.\n"
    assert not any("turtle" in key for key in keys(text))
    entry = "[3] A. Smith, B. C. Jones and D. Wu. A study of turtles. 2019."
    assert is_reference(Sentence(entry, entry, 0, len(entry), 1, 0, "paragraph", (), None))


def test_matches_lead_to_the_words() -> None:
    sentences, phrases = survey("Learning rates matter. A learning-rate schedule lowers them.")
    for index, sentence in enumerate(sentences):
        for match in phrases.matches(index):
            assert term_key(sentence.text[match.start : match.end], language="en") == match.key
    assert [m.key for m in phrases.matches(1)][:2] == ["learning rate schedule", "learning rate"]  # longer first
    assert phrases.matches(99) == ()
    assert phrases.matches(-1) == ()


def test_counts_say_how_often_and_how_often_alone() -> None:
    _, phrases = survey("The learning rate falls. The learning rate schedule helps. The learning rate is low.")
    at = phrases.keys.index("learning rate")
    assert (phrases.counts[at], phrases.alone[at]) == (3, 2)
    assert phrases.count("learning rate") == 3
    assert phrases.count("absent") == 0


def test_a_capital_that_opens_a_sentence_is_marked() -> None:
    _, phrases = survey("Muon is new. We like Muon.\n\n# Muon Results\n")
    forms = phrases.forms[phrases.keys.index("muon")]
    assert forms == {"Muon": 1, "^Muon": 2}  # one at a start, one in a heading
    assert phrases.keys.index("muon") in phrases.titled


def test_the_record_survives_json() -> None:
    _, phrases = survey("# Adam\n\nThe Adam optimizer keeps two moments. Adam's moments are running means.")
    assert SourcePhrases.from_json(json.loads(json.dumps(phrases.to_json()))) == phrases


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("de", "Die Lernrate sinkt. Wir messen die Verlustfunktion.", {"lernrate", "verlustfunktion"}),
        ("fr", "Le taux d'apprentissage baisse pendant la descente de gradient.", {"taux d' apprentissage"}),
        ("es", "La tasa de aprendizaje baja.", {"tasa de aprendizaje"}),
        ("zh", "学习率过大会使训练发散。较小的学习率更稳定。", {"学习率"}),
        ("ja", "ニューラルネットワークの学習率を下げる。", {"ニューラルネットワーク", "学習率"}),
        ("th", "ภาษาไทยไม่มีช่องว่าง", set()),  # no rules for it: nothing, but no crash
    ],
)
def test_other_languages(language: str, text: str, expected: set[str]) -> None:
    assert expected <= keys(text, language)


def test_german_candidates_are_nouns() -> None:
    assert "sinkt" not in keys("Die Lernrate sinkt langsam.", "de")


@pytest.mark.parametrize(
    "text",
    [
        "a" * 200_000,
        "- " * 20_000,
        "the " * 20_000,
        "data " * 20_000,  # one endless noun phrase
        "((((" * 5_000,
        "x-" * 20_000,
        "A. " * 5_000,
        "\u202e\u0000\ud83d\ude00 \u200b" * 500,
    ],
)
def test_hostile_text_ends_soon(text: str) -> None:
    sentence = Sentence(text, text, 0, len(text), 1, 0, "paragraph", (), None)
    phrases = survey_phrases([sentence], language="en")
    assert len(phrases.keys) < 2000


def test_title_keys() -> None:
    found = title_keys("Learning Rate Schedules for Small Models", language="en")
    assert {"learning rate", "learning rate schedule", "small model"} <= set(found)
    assert list(found) == sorted(found)
    assert "学习率" in title_keys("学习率", language="zh")
