"""Quantities: what a text counts and measures, as values."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightdesk.wiki.proof.quantities import quantities

# (text, [(value, unit)], why)
ENGLISH = [
    ("1,000 rows", [("1000", None)], "thousands, comma"),
    ("1,234,567 rows", [("1234567", None)], "thousands, two commas"),
    ("1 000 rows", [("1000", None)], "thousands, space"),
    ("1\u202f000 rows", [("1000", None)], "thousands, narrow space"),
    ("12,34,567 rows", [("1234567", None)], "Indian groups"),
    ("1'000 rows", [("1000", None)], "Swiss groups"),
    ("1_000_000 rows", [("1000000", None)], "groups as in code"),
    ("$41,049,390,08", [("41049390", "USD"), ("8", None)], "a point misprinted as a comma"),
    ("1,5 rows", [("1.5", None)], "a decimal comma in English text"),
    ("1,234.5 rows", [("1234.5", None)], "thousands and decimals"),
    ("2.5 rows.", [("2.5", None)], "a decimal, then a stop"),
    ("It is 5.", [("5", None)], "a whole number, then a stop"),
    ("It is .5.", [("0.5", None)], "a decimal without its zero"),
    ("-5 and +3", [("-5", None), ("3", None)], "signs"),
    ("−2.5", [("-2.5", None)], "a typographic minus"),
    ("10-15 rows", [("10", None), ("15", None)], "a range is no minus"),
    ("1e-3", [("0.001", None)], "scientific"),
    ("3×10^-4", [("0.0003", None)], "scientific, times ten"),
    ("3 × 10⁻⁴", [("0.0003", None)], "scientific, raised digits"),
    ("$3\\times 10^{-4}$", [("0.0003", None)], "scientific, LaTeX"),
    ("10^6", [("1000000", None)], "a power"),
    ("10⁶", [("1000000", None)], "a power, raised"),
    ("2^19", [("524288", None)], "a power of two"),
    ("2**10", [("1024", None)], "a power as in code"),
    ("1/2", [("0.5", None)], "a fraction"),
    ("½", [("0.5", None)], "a fraction sign"),
    ("2½ rows", [("2.5", None)], "a mixed number"),
    ("half of it", [("0.5", None)], "half"),
    ("a quarter of it", [("0.25", None)], "a quarter"),
    ("three quarters", [("0.75", None)], "three quarters"),
    ("50 %", [("50", "%")], "percent"),
    ("50%", [("50", "%")], "percent, no space"),
    ("fifty percent", [("50", "%")], "percent in words"),
    ("5 per cent", [("5", "%")], "per cent"),
    ("5 percentage points", [("5", "point")], "percentage points"),
    ("2-3 days", [("2", "day"), ("3", "day")], "a range shares its unit"),
    ("2–3 GB", [("2", "GB"), ("3", "GB")], "a range with a dash"),
    ("from 2 to 3 million tokens", [("2000000", "token"), ("3000000", "token")], "a range shares its magnitude"),
    ("from 500 to 2 million", [("500", None), ("2000000", None)], "unless that turns the range round"),
    ("256, 512 and 1024 tokens", [("256", "token"), ("512", "token"), ("1024", "token")], "a list shares its unit"),
    ("5k steps", [("5000", "step")], "k"),
    ("10M parameters", [("10000000", "parameter")], "M"),
    ("1.5B params", [("1500000000", "parameter")], "B"),
    ("15T tokens", [("15000000000000", "token")], "T"),
    ("3 bn", [("3000000000", None)], "bn"),
    ("two million", [("2000000", None)], "a magnitude word"),
    ("1.5 million", [("1500000", None)], "a decimal with a magnitude word"),
    ("a hundred rows", [("100", None)], "a hundred"),
    ("a dozen", [("12", None)], "a dozen"),
    ("twenty-five rows", [("25", None)], "a compound with a hyphen"),
    ("one hundred and five rows", [("105", None)], "a compound with and"),
    ("three hundred thousand", [("300000", None)], "a compound with two magnitudes"),
    ("two and three", [("2", None), ("3", None)], "two numbers, not one"),
    ("one of the best", [], "the pronoun"),
    ("the one that", [], "the pronoun"),
    ("one can see", [], "the pronoun"),
    ("one epoch", [("1", "epoch")], "one of something counted"),
    ("once it ends", [], "the conjunction"),
    ("once per day", [("1", "times")], "once, counted"),
    ("10x", [("10", "times")], "a factor"),
    ("2.5 times", [("2.5", "times")], "a factor in words"),
    ("ten times", [("10", "times")], "a factor in number words"),
    ("tenfold", [("10", "times")], "-fold"),
    ("10-fold", [("10", "times")], "-fold behind a hyphen"),
    ("twice", [("2", "times")], "twice"),
    ("doubled", [("2", "times")], "doubled"),
    ("double precision", [], "a term"),
    ("1.5-2x", [("1.5", "times"), ("2", "times")], "a range of factors"),
    ("a 3 x 4 grid", [("3", None), ("4", None)], "a size is no factor"),
    ("$5", [("5", "USD")], "dollars"),
    ("$5 million", [("5000000", "USD")], "dollars with a magnitude"),
    ("US$3.50 per hour", [("3.50", "USD/h")], "dollars per hour"),
    ("10 euros", [("10", "EUR")], "euros"),
    ("5 GB", [("5", "GB")], "gigabytes"),
    ("5 GiB", [("5", "GiB")], "gibibytes"),
    ("300s", [("300", "s")], "seconds"),
    ("20 °C", [("20", "°C")], "degrees"),
    ("16px", [("16", "pixel")], "pixels"),
    ("300 tokens per second", [("300", "token/s")], "a rate"),
    ("5 GB/s", [("5", "GB/s")], "a rate, signs"),
    ("0.97 bits per byte", [("0.97", "bit/byte")], "bits per byte"),
    ("8-bit", [("8", "bit")], "a unit behind a hyphen"),
    ("12 layers", [("12", "layer")], "something counted"),
    ("the 22nd layer", [("22", None)], "an ordinal"),
    ("2026-11-22", [("20261122", "day")], "ISO date"),
    ("22 November 2026", [("20261122", "day")], "British date"),
    ("Nov 22, 2026", [("20261122", "day")], "American date"),
    ("November 22nd, 2026", [("20261122", "day")], "an ordinal day"),
    ("22/11/2026", [("20261122", "day")], "a day that can be no month"),
    ("November 2026", [("202611", "month")], "a month"),
    ("the 1990s", [("1990", "decade")], "a decade"),
    ("in 2017", [("2017", "year")], "a year"),
    ("(2017)", [("2017", "year")], "a year in brackets"),
    ("2048 tokens", [("2048", "token")], "four digits that are no year"),
    ("22 November", [("1122", "day of year")], "a day without its year"),
]
NAMES = [
    "GPT-2", "GPT2", "Llama 3.1", "version v1.2.3", "1.2.3", "Figure 2", "Fig. 2", "Table 3", "section 3.1", "Eq. (3)",
    "[12]", "[1, 2]", "[3-5]", "A100", "H100s", "RFC 2119", "Python 3.11", "top-5", "int8", "fp16", "3D", "0x1F", "#12",
    "p. 4", "page 7", "mw-3", "val_2", "signal(2)", "argv[0]", "12:30", "https://x.org/2026/11/22", "Qwen2.5-7B", "4o",
]  # fmt: skip
OTHERS = [
    ("de", "1.000 Zeilen", [("1000", None)], "Tausenderpunkt"),
    ("de", "2,5 Prozent", [("2.5", "%")], "Komma"),
    ("de", "1.234,5", [("1234.5", None)], "beides"),
    ("de", "zehnmal", [("10", "times")], "ein Vielfaches"),
    ("de", "doppelt so groß", [("2", "times")], "doppelt"),
    ("de", "22. November 2026", [("20261122", "day")], "Datum"),
    ("de", "22.11.2026", [("20261122", "day")], "Datum in Ziffern"),
    ("de", "3. März 2020", [("20200303", "day")], "Datum mit Umlaut"),
    ("fr", "1 000 lignes", [("1000", None)], "milliers"),
    ("fr", "2,5 millions", [("2500000", None)], "millions"),
    ("fr", "deux fois", [("2", "times")], "fois"),
    ("fr", "le 1er mars 2020", [("20200301", "day")], "date"),
    ("es", "3 de marzo de 2020", [("20200303", "day")], "fecha"),
    ("es", "dos millones", [("2000000", None)], "millones"),
    ("it", "la metà", [("0.5", None)], "metà"),
    ("pt", "2,5 milhões", [("2500000", None)], "milhões"),
    ("nl", "2,5 miljoen", [("2500000", None)], "miljoen"),
    ("zh", "2026年11月22日", [("20261122", "day")], "date"),
    ("zh", "两倍", [("2", "times")], "times"),
    ("zh", "三百万个", [("3000000", None)], "numerals"),
    ("zh", "10万", [("100000", None)], "magnitude"),
    ("zh", "模型有12层", [("12", None)], "digits between ideographs"),
    ("zh", "十分重要", [], "very"),
    ("ja", "3億", [("300000000", None)], "magnitude"),
]


def _read(text: str, language: str) -> list[tuple[Decimal, str | None]]:
    return [(quantity.value, quantity.unit) for quantity in quantities(text, language=language)]


def _expected(pairs: list[tuple[str, str | None]]) -> list[tuple[Decimal, str | None]]:
    return [(Decimal(value), unit) for value, unit in pairs]


@pytest.mark.parametrize(("text", "expected", "why"), ENGLISH)
def test_english(text: str, expected: list[tuple[str, str | None]], why: str) -> None:
    assert _read(text, "en") == _expected(expected), why


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_no_quantity(name: str) -> None:
    assert _read(f"They compare {name} here.", "en") == []


@pytest.mark.parametrize(("language", "text", "expected", "why"), OTHERS)
def test_other_languages(language: str, text: str, expected: list[tuple[str, str | None]], why: str) -> None:
    assert _read(text, language) == _expected(expected), why


@pytest.mark.parametrize(
    ("one", "other"),
    [("2 kB", "2000 bytes"), ("50 %", "0.5"), ("5 minutes", "300 s"), ("1 GiB", "1024 MiB"), ("2 years", "24 months")],
)
def test_units_convert_to_one_base(one: str, other: str) -> None:
    assert quantities(one)[0].base == quantities(other)[0].base


@pytest.mark.parametrize("text", ["5 GB for 3 days", "It cost $5 million in 2017.", "two thirds, 3×10⁻⁴ and 1/2"])
def test_the_place_is_that_of_the_text(text: str) -> None:
    for quantity in quantities(text):
        assert text[quantity.start : quantity.end] == quantity.text


@pytest.mark.parametrize(
    "text",
    [
        *(
            "9" * 5000,
            "1e999999999",
            "10^999999999",
            "9^999",
            "0^-5",
            "1/0",
            "1,000," * 2000,
            "1.1" * 3000,
            "two " * 5000,
        ),
        *(
            "½" * 5000,
            "万" * 5000 + "个",
            "$" * 5000,
            "1 to " * 3000,
            "a" * 50000 + "1",
            "-" * 50000,
            "٣ ১ ３",
            "²" * 999,
        ),
        *("99/99/2026", "31.13.2026"),
    ],
)
def test_hostile_numbers_end(text: str) -> None:
    for language in ("en", "de", "zh"):
        quantities(text, language=language)


@given(st.text(max_size=60), st.sampled_from(["en", "de", "fr", "zh", "ja", "xx"]))
def test_never_fails_and_keeps_its_places(text: str, language: str) -> None:
    found = quantities(text, language=language)
    assert all(text[q.start : q.end] == q.text for q in found)
    assert [q.start for q in found] == sorted(q.start for q in found)


@given(st.integers(min_value=0, max_value=10**12))
def test_separators_do_not_change_a_number(number: int) -> None:
    assert _read(f"{number:,} rows", "en") == [(Decimal(number), None)]
    assert _read(f"{number:,}".replace(",", ".") + " Zeilen", "de") == [(Decimal(number), None)]
