"""Quotes: found where they stand and nowhere else; written on a page and read back as they were."""

import re

import pyromark
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from nightdesk.wiki.proof.quotes import QuoteIndex, parse_quote, render_quote

TEXT = """\
---
title: Notes
---
# Warm-up and **Muon**

The update is replaced by its nearest semi-orthogonal matrix. Training opti-
misation with byte-
pair encoding is “stable”, as byte-pair merges are — the authors’ words — “free”.
It took 2.5 hours and 1,500 steps; the loss fell by −0.25 to 10⁶ units, or 5 % of 10-20 layers.
Adam does not need any warm-up in these runs. It isn't true that larger batches diverge.
The start of art is here, in the 175 billion parameters of GPT-3 and $5 of cost.
Its eﬃcient ﬁrst layer uses na\u00adïve code\u200bbooks and cafe\u0301s.

The [Muon optimizer](http://example.org/a_(b)) uses `val_bpb` as the *metric* of [[GPT-2|the model]].[^1]
A __strong__ claim with <b>tags</b>, 10<sup>6</sup> steps, A&nbsp;&amp;&nbsp;B, and $d_k$ in a formula.

> quoted lines are
> continued over here and
> there again.

Same words here. Same words here.

We tested ten optimisers on small models. The results were mixed and noisy. In the end Adam won the whole comparison.

该模型不需要预热，因为学习率很低，
而且训练过程非常稳定。

<!-- page 2 -->

The sentence goes on at the

<!-- page 3 -->

top of the next page.
"""

# (quote, what stands at the place found, why)
FOUND = [
    ("The update is replaced by its nearest", "The update is replaced by its nearest", "as it is"),
    ("  The update\n is   replaced\tby its ", "The update is replaced by its", "white space collapsed"),
    ("Training optimisation with", "Training opti-\nmisation with", "a word broken at a line's end"),
    ("Training opti- misation with", "Training opti-\nmisation with", "the raw slice, collapsed"),
    ("Training opti-\nmisation with", "Training opti-\nmisation with", "the raw slice"),
    ("with byte-pair encoding is", "with byte-\npair encoding is", "a hyphen kept at a line's end"),
    ("with bytepair encoding is", "with byte-\npair encoding is", "a hyphen at a line's end dropped"),
    ("as byte-pair merges are", "as byte-pair merges are", "a hyphen within a line"),
    ('encoding is "stable", as', "encoding is “stable”, as", "plain quotation marks"),
    ("encoding is „stable‟, as", "encoding is “stable”, as", "other quotation marks"),
    ("merges are - the authors' words", "merges are — the authors’ words", "a dash and an apostrophe"),
    ("the loss fell by -0.25 to", "the loss fell by −0.25 to", "a minus sign"),
    ("Its efficient first layer", "Its eﬃcient ﬁrst layer", "ligatures"),
    (
        "uses naïve codebooks and cafés",
        "uses na\u00adïve code\u200bbooks and cafe\u0301s",
        "invisible characters, accents",
    ),
    ("The Muon optimizer uses val_bpb as the metric of the model.", None, "the rendered words"),
    ("[Muon optimizer](http://example.org/a_(b)) uses `val_bpb`", None, "raw Markdown"),
    ("A strong claim with tags", "A __strong__ claim with <b>tags", "marks and tags dropped"),
    ("tags, 10^6 steps, A & B", None, "a raised number and entities"),
    ("and d_k in a formula.", "and $d_k$ in a formula.", "the signs of a formula dropped"),
    ("quoted lines are continued over here and there again.", None, "block-quote signs dropped"),
    ("quoted lines are\n> continued over here", None, "block-quote signs kept"),
    ("Same words here. Same", "Same words here. Same", "the first of two places"),
    ("for 2.5 hours … nowhere", None, None),
    ("It took 2.5 hours … The start of art", None, "words left out"),
    ("It took 2.5 hours [...] The start of art", None, "words left out, in brackets"),
    ("We tested ten optimisers ... In the end Adam won", None, "a whole sentence left out"),
    ("… The results were mixed …", "The results were mixed", "an omission mark at each end"),
    ("该模型不需要预热，因为学习率很低", "该模型不需要预热，因为学习率很低", "a script without spaces"),
    ("学习率很低，而且训练过程非常稳定", "学习率很低，\n而且训练过程非常稳定", "a line end in such a script"),
    ("goes on at the top of the next page", None, "over a page break"),
    ("Adam does not need any warm-up", "Adam does not need any warm-up", "a negation inside"),
    ("It isn't true that larger batches diverge.", None, "a negation inside, in full"),
    ("of 10-20 layers.", "of 10-20 layers.", "a whole range"),
    ("175 billion parameters of GPT-3", "175 billion parameters of GPT-3", "a whole number and a whole name"),
]
NOT_FOUND = [
    ("", "empty"),
    ("   \n ", "only white space"),
    ("…", "only an omission"),
    ("the of", "too short"),
    ("optimisers", "one word"),
    ("学习率很低", "too short in a script without spaces"),
    ("the update is replaced by its nearest", "another case"),
    ("The update was replaced by its", "another word"),
    ("The update is replaced its nearest", "a word left out and not marked"),
    ("replaced by its nearest The update is", "another order"),
    ("as bytepair merges are", "a hyphen within a line dropped"),
    ("with byte pair encoding is", "a space for the hyphen"),
    ("tart of art is", "the middle of a word"),
    ("is here, in th", "the end of a word cut"),
    ("pair merges are — the", "half of a compound"),
    ("nearest semi-orthogonal mat", "a word cut"),
    ("misation with byte-pair encoding", "the second half of a broken word"),
    ("5 hours and 1,500 steps", "the decimals of a number"),
    ("It took 2", "too short and a number cut"),
    ("The time: It took 2", "not there"),
    ("Training took It took 2.5 hours and 1", "not there"),
    ("2.5 hours and 1", "a number cut at its thousands"),
    ("500 steps; the loss", "the end of a number"),
    ("0.25 to 10⁶ units", "the sign of a number cut"),
    ("−0.25 to 10", "the power of a number cut"),
    ("−0.25 to 106 units", "a power read as digits"),
    ("⁶ units, or 5", "the percent sign cut"),
    ("20 layers. Adam does", "the end of a range"),
    ("% of 10-20 layers", "a percent sign without its number"),
    ("here, in the 175", "the magnitude of a number cut"),
    ("billion parameters of GPT-3 and", "a magnitude without its number"),
    ("parameters of GPT", "a name cut"),
    ("5 of cost. Its", "the currency cut"),
    ("need any warm-up in these runs.", "right after not"),
    ("any warm-up. It took", "not there"),
    ("true that larger batches diverge.", "right after isn't"),
    ("larger batches diverge. The start", "right after isn't true that"),
    ("需要预热，因为学习率很低", "right after a negation"),
    ("10 6 steps, A & B", "a raised number read as two"),
    ("106 steps, A & B", "a raised number read as digits"),
    ("The … Muon … uses", "single words put together"),
    ("Adam does … need any warm-up in", "the negation left out"),
    ("In the end Adam won … We tested ten optimisers", "pieces in another order"),
    ("The update is replaced … top of the next page", "pieces too far apart"),
    ("x" * 100_000, "long and not there"),
]


@pytest.mark.parametrize(("quote", "words", "why"), [case for case in FOUND if case[2]])
def test_finds(quote: str, words: str | None, why: str) -> None:
    place = QuoteIndex(TEXT).locate(quote)
    assert place is not None, why
    if words is not None:
        assert TEXT[place.start : place.end] == words
    assert place.line == TEXT.count("\n", 0, place.start) + 1


@pytest.mark.parametrize(("quote", "why"), NOT_FOUND)
def test_does_not_find(quote: str, why: str) -> None:
    assert QuoteIndex(TEXT).locate(quote) is None, why


EDGES = [
    ("Weights use 3 x 10^-4 as rate.", "Weights use 3", "a power of ten cut"),
    ("The rate is 3e-4 in all runs.", "The rate is 3e", "an exponent cut"),
    ("Use a 1/2 share of it.", "2 share of it.", "a fraction cut"),
    ("At 12:30 the run ends.", "30 the run ends.", "a time cut"),
    ("It has 1 000 rows in all.", "000 rows in all.", "spaced thousands cut"),
    ("In all it has 1 000 rows.", "In all it has 1", "spaced thousands cut at the end"),
    ("The non-linear map is cheap.", "linear map is cheap.", "a prefix of negation cut"),
    ("It is set in train.py by hand.", "It is set in train", "a file name cut"),
    ("We can't use it at all.", "t use it at all.", "a contraction cut"),
    ("We don't use it at all.", "We don", "a contraction cut at the end"),
    ("The model's weights are kept.", "It is the model", "not there"),
    ("There is no clear winner among them.", "clear winner among them.", "right after no"),
    ("It works without warm-up or decay.", "warm-up or decay.", "right after without, and too short"),
    ("It works without any warm-up or decay.", "any warm-up or decay.", "right after without"),
    ("It never was a problem for us.", "was a problem for us.", "right after never"),
    ("It fails to converge on small data.", "converge on small data.", "right after fails to"),
    ("It uses this instead of layer norm here.", "layer norm here.", "right after instead of"),
    ("Das Modell braucht das Aufwärmen nicht.", "Das Modell braucht das Aufwärmen", "before nicht"),
    ("Es ist kein gutes Maß für Güte.", "gutes Maß für Güte.", "right after kein"),
    ("Il n'utilise pas la couche finale.", "utilise pas la couche finale.", "right after n'"),
    ("It costs $5 per run on average.", "5 per run on average.", "the currency cut"),
    ("Errors of ±5 units are common.", "5 units are common.", "a plus-minus cut"),
    ("Use values <5 in these runs.", "5 in these runs.", "a comparison cut"),
    ("The gain is 1.5 million tokens.", "The gain is 1.5", "a magnitude cut"),
    ("The gain is 15 percent here.", "The gain is 15", "percent cut"),
    ("収束しないモデルもあります。", "収束し", "too short"),
    ("このモデルは全く収束しない。", "このモデルは全く収束し", "before ない"),
]
KEPT = [
    ("Is it so? No. The model diverges here.", "The model diverges here.", "the No is another sentence"),
    ("What not to do\n\nUse large batches here.", "Use large batches here.", "the not is in another block"),
    ("It is not only fast but cheap too.", "fast but cheap too.", "not only is no negation"),
    ("L'optimiseur et l'état du modèle.", "état du modèle.", "an elided article is a word"),
    ("It stands—we think—for the best.", "we think—for the best.", "a dash is no hyphen"),
    ("There are pre- and post-norm models.", "and post-norm models.", "a hanging hyphen"),
    ("Rates rose in 2019. 300 runs failed.", "300 runs failed.", "a number after a stop"),
    ("> 5 layers are used here.", "5 layers are used here.", "a block-quote sign is no comparison"),
    ("- 5 layers are used here.", "5 layers are used here.", "a list sign is no minus"),
    ("the sentence ends.Then another starts here.", "Then another starts here.", "a space lost by a converter"),
    ("It converges.\\ It is stable too.", "It is stable too.", "a backslash before"),
    ("**Bold opens** the line here.", "Bold opens the line", "emphasis dropped"),
    ("Python's f(x) = 2*x is simple.", "f(x) = 2*x is", "a star that is no emphasis"),
    ("See foo_bar and `baz qux` there.", "foo_bar and baz qux there", "code dropped"),
    ("He said: “We win.”", "“We win.” He", None),
]


@pytest.mark.parametrize(("text", "quote", "why"), EDGES)
def test_does_not_cut(text: str, quote: str, why: str) -> None:
    assert QuoteIndex(text).locate(quote) is None, why


@pytest.mark.parametrize(("text", "quote", "why"), [case for case in KEPT if case[2]])
def test_does_not_refuse(text: str, quote: str, why: str) -> None:
    assert QuoteIndex(text).locate(quote) is not None, why


HOSTILE = [
    *(
        opening * 50_000
        for opening in ("<!--", "[", "[[", "](", "`[", "*", "- ", "a-\n", "$", "$a", "&a", "<a ", "\n>")
    ),
    *("\u200b" * 100_000, " \u00a0" * 50_000, "not " * 50_000, "1 000 " * 30_000, "the cat sat. " * 20_000),
    *("\u0301" * 50_000, "不" * 50_000, "(" * 50_000, "![a](b" * 30_000, "~~" * 50_000),
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_end(text: str) -> None:
    index = QuoteIndex(text)
    for quote in ("words that are not there", "the cat sat ... the cat sat ... the dog sat", text[:3000]):
        index.locate(quote)


_SAMPLES = [
    "alpha",
    "gamma-delta",
    "ε",
    "ﬁn",
    "2.5",
    "1,000",
    "“x”",
    "(y)",
    "naïve",
    "2026",
    "A&B",
    "**b**",
    "`c`",
    "x_y",
    "—",
]
_WORDS = st.lists(st.sampled_from(_SAMPLES), min_size=3)


@given(_WORDS, _WORDS, _WORDS)
def test_a_slice_of_whole_words_is_found(before: list[str], words: list[str], after: list[str]) -> None:
    assume(sum(any(c.isalnum() for c in word) for word in words) >= 3)
    text = "\n".join((" ".join(before) + ".", " ".join(words), " ".join(after)))
    place = QuoteIndex(text).locate(" ".join(words))
    assert place is not None
    assert place.start <= len(" ".join(before)) + 2


@given(
    st.text(alphabet="ab cd.\n", min_size=5, max_size=80),
    st.integers(0, 9),
    st.text(alphabet="ef gh", max_size=20),
    st.data(),
)
def test_a_changed_digit_is_not_found(before: str, digit: int, after: str, data: st.DataObject) -> None:
    text = f"{before} and then {digit} runs of it {after}"
    other = data.draw(st.integers(0, 9).filter(lambda n: n != digit))
    index = QuoteIndex(text)
    assert index.locate(f"and then {digit} runs of it") is not None
    assert index.locate(f"and then {other} runs of it") is None


@given(st.text(max_size=200), st.text(max_size=60))
def test_never_fails(text: str, quote: str) -> None:
    place = QuoteIndex(text).locate(quote)
    assert place is None or 0 <= place.start < place.end <= len(text)


RENDERED = [
    ("plain prose, with 5 < 6 and 50 % of it; C# is #1!", "plain prose, with 5 < 6 and 50 % of it; C# is \\#1!"),
    ("snake_case and a * b = c", "snake_case and a * b = c"),
    ("*emphasis* and _more_", "\\*emphasis\\* and \\_more\\_"),
    ("`code` and [[link]]", "\\`code\\` and \\[\\[link]]"),
    ("[text](url) and [12]", "\\[text](url) and [12]"),
    ("it costs $5", "it costs $5"),
    ("==mark== %%hidden%%", "\\=\\=mark\\=\\= \\%\\%hidden\\%\\%"),
    ("ends in \\", "ends in \\\\"),
    ('says "yes" (p. 4)', 'says "yes" (p. 4)'),
    ("C:\\temp and \\alpha", "C:\\temp and \\alpha"),
    ("<b>x</b> &amp; y", "\\<b>x\\</b> \\&amp; y"),
]


@pytest.mark.parametrize(("quote", "written"), RENDERED)
def test_escapes_only_what_would_act(quote: str, written: str) -> None:
    assert render_quote(quote) == f'"{written}"'


_MARKUP = st.text(alphabet="ab \\*_`[]()<>#^|$~=%{}!&\"'.-+1:;\n", max_size=40)


@given(st.text(max_size=80) | _MARKUP)
def test_a_written_quote_is_read_back(quote: str) -> None:
    collapsed = " ".join(quote.split())
    assert parse_quote(f"  > {render_quote(quote)} (Method, p. 4)") == collapsed
    assert parse_quote(render_quote(quote)) == collapsed


@given(_MARKUP)
def test_a_written_quote_shows_its_characters(quote: str) -> None:
    assume(not re.search(r"https?:|www\.", quote))
    line = f"- claim\n  > {render_quote(quote)} (p. 4)"
    shown = pyromark.html(line, options=pyromark.Options.ENABLE_STRIKETHROUGH | pyromark.Options.ENABLE_TABLES)
    plain = re.sub(r"<[^>]+>", "", shown)
    for entity, char in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&amp;", "&")):
        plain = plain.replace(entity, char)
    assert f'"{" ".join(quote.split())}"' in " ".join(plain.split())


@pytest.mark.parametrize("line", ["no quote here", 'only "one', ""])
def test_a_line_without_a_quote(line: str) -> None:
    assert parse_quote(line) is None
