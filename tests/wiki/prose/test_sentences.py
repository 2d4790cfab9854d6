"""Sentences: where they end, what they quote, and their place."""

import random

import pytest

from nightdesk.wiki.prose.sentences import Sentence, sentence_ranges, split_sentences


def texts(plain: str, language: str = "en") -> list[str]:
    return [plain[start:end] for start, end in sentence_ranges(plain, language=language)]


@pytest.mark.parametrize(
    ("expected", "reason"),
    [
        (["We follow Smith et al. (2010) closely.", "Next one."], "et al. before a year"),
        (["It was found by Smith et al.", "The rest is new."], "et al. before a function word"),
        (["As shown in Fig. 3 the loss falls.", "See Eq. 4 for it."], "abbreviations before a number"),
        (["Use tools, e.g. Python, i.e. the language.", "Done."], "e.g. and i.e."),
        (["No. 5 is alive.", "The answer is no.", "We left."], "No. before a number only"),
        (["J. R. R. Tolkien wrote it.", "John F. Kennedy won.", "S. Brin came."], "initials"),
        (["We need vitamin C.", "The next one is D."], "a letter that ends a sentence"),
        (["He lived in the U.S.", "He died.", "The U.S. Army is big."], "U.S. at an end and before a name"),
        (["The value is 3.14 and v1.2.3 is out.", "Version 2.0.", "Next."], "decimals and versions"),
        (["See https://foo.bar/x.html.", "Then edit train.py.", "It runs."], "addresses and file names at an end"),
        (
            ["It is known [12].", "Others agree [3, 4].", "It was shown.[5]", "Then it ended. [6]", "So it is."],
            "citations",
        ),
        (['He said "It works." and left.', 'She said "yes."', "Then they left."], "quotation marks"),
        (["It is so (see there).", "(A whole one.)", "Next."], "brackets"),
        (["Well... it is.", "So… then it was.", "Wait...", "Then go."], "an ellipsis before a small letter"),
        (["Smith vs. Jones was tried.", "Approx. 5 km lay between them."], "vs. and approx."),
        (["At 5 p.m. we left.", "The Ph.D. student came at 3 p.m.", "The rest stayed."], "stops inside and at the end"),
        (["Yahoo! is fun.", "Is it?", "It is!", "Yes."], "a mark within a name"),
        (["It used the local CA.", "This CA is new."], "an acronym that looks like an abbreviation"),
        (["1. First item.", "2. Second item."], "numbering stays with its sentence"),
        (["A line that breaks.", "Then another"], "the last one may have no stop"),
        (['The 5" disk is big.', "It (was never closed.", "So it goes."], "marks that never close"),
        (["“Quoted. Twice.”", "Then he left."], "a quotation of two sentences stays whole"),
    ],
)
def test_english(expected: list[str], reason: str) -> None:
    assert texts(" ".join(expected)) == expected, reason


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("de", ["Das ist z. B. ein Test.", "Am 3. Oktober war es.", "Das war 1999.", "Dr. Müller kam."]),
        ("de", ["Im 19. Jahrhundert auch.", "Es gab ca. 5 Stück (vgl. Abb. 3).", "Siehe S. 5."]),
        ("fr", ["M. Dupont est là.", "Il y a p. ex. un chat.", "C'est fini."]),
        ("es", ["El Sr. López llegó.", "¿Qué es?", "¡Hola!", "Véase la pág. 5.", "Fin."]),
        ("it", ["Il sig. Rossi è qui.", "Vedi pag. 5.", "Fine."]),
        ("pt", ["O Sr. Silva chegou.", "Ver pág. 5.", "Fim."]),
        ("nl", ["Dhr. Jansen kwam.", "Zie blz. 5.", "Einde."]),
        ("ko", ["이것은 문장이다.", "다음 문장이다."]),
        ("hi", ["यह वाक्य है।", "दूसरा वाक्य।"]),
        ("ru", ["Это предложение.", "Это второе, т. е. новое."]),
    ],
)
def test_other_languages(language: str, expected: list[str]) -> None:
    assert texts(" ".join(expected), language) == expected


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("zh", ["这是第一句。", "这是第二句！", "第三句？", "价格是3.5元。"]),
        ("ja", ["これは文です。", "「はい。」と言った。", "次の文です。"]),
    ],
)
def test_languages_without_spaces(language: str, expected: list[str]) -> None:
    assert texts("".join(expected), language) == expected


PAGE = """---
title: T
---
# Head

**One is bold. Two is too.** Three has a [link](http://x/y.z) at
its end [here](http://q). **Four** opens bold.

<!-- page 7 -->

> A quote runs
> over lines. And ends.

- An item goes
  on here.

| cell one | cell two. Still two |
|---|---|

```
Not a sentence. At all.
```
"""


def test_quotes_are_source_slices_with_markup_in_pairs() -> None:
    found = split_sentences(PAGE, language="en")
    assert [(s.kind, s.quote, s.line, s.page) for s in found] == [
        ("heading", "Head", 4, None),
        ("paragraph", "One is bold.", 6, None),
        ("paragraph", "Two is too.", 6, None),
        ("paragraph", "Three has a [link](http://x/y.z) at its end [here](http://q).", 6, None),
        ("paragraph", "**Four** opens bold.", 7, None),
        ("quote", "A quote runs > over lines.", 11, 7),
        ("quote", "And ends.", 12, 7),
        ("item", "An item goes on here.", 14, 7),
        ("cell", "cell one", 17, 7),
        ("cell", "cell two. Still two", 17, 7),
    ]
    assert found[3].text == "Three has a link at its end here."
    assert found[5].text == "A quote runs over lines."
    assert {s.headings for s in found[1:]} == {("Head",)}
    for sentence in found:
        assert_exact(sentence, PAGE)


def assert_exact(sentence: Sentence, source: str) -> None:
    assert sentence.quote == " ".join(source[sentence.start : sentence.end].split())
    assert sentence.quote in " ".join(source.split())
    assert sentence.line == source.count("\n", 0, sentence.start) + 1


@pytest.mark.parametrize("seed", range(10))
def test_every_quote_stands_in_any_source(seed: int) -> None:
    chance = random.Random(seed)
    pieces = [
        "The cat sat. ",
        "**Bold. ",
        "on** ",
        "[a](b) ",
        "\n",
        "\n\n",
        "> ",
        "- ",
        "e.g. ",
        "“Yes.” ",
        "中文。",
        "😀 ",
        "`x. y` ",
        "Dr. A. B. ",
        "... ",
        "&amp; ",
        "| a | b |\n|---|---|\n",
        "\r\n",
        "[1] ",
        "(",
        ")",
        "!? ",
        "\u200b",
        "# ",
    ]
    for _ in range(60):
        source = "".join(chance.choice(pieces) for _ in range(chance.randrange(1, 50)))
        for sentence in split_sentences(source, language=chance.choice(["en", "de", "zh", "ja", "xx"])):
            assert sentence.text
            assert sentence.quote == " ".join(source[sentence.start : sentence.end].split()), repr(source)


@pytest.mark.parametrize(
    "plain",
    [
        "." * 50_000,
        "a. " * 20_000,
        "A." * 20_000,
        '"' * 50_000,
        "(" * 50_000,
        "[1]" * 20_000,
        "e.g. " * 20_000,
        " " * 50_000 + "x",
        "A. B. " * 20_000,
        "“. " * 20_000,
    ],
)
def test_hostile_text_is_split_and_nothing_is_lost(plain: str) -> None:
    ranges = sentence_ranges(plain, language="en")
    kept = "".join("".join(plain[start:end].split()) for start, end in ranges)
    assert kept == "".join(plain.split())
