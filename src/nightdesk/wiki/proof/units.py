"""Words and signs of measure: units and what they convert to, magnitudes, number words and months, by language."""

from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache


def _listed(words: str) -> tuple[str, ...]:
    return tuple(words.split())


# canonical unit -> (base unit, factor). Units with one base convert into each other; months and years do not become
# days.
_SCALES: dict[str, dict[str, str]] = {
    "s": {
        "ns": "1e-9",
        "µs": "1e-6",
        "ms": "1e-3",
        "s": "1",
        "min": "60",
        "h": "3600",
        "day": "86400",
        "week": "604800",
    },
    "month": {"month": "1", "year": "12", "decade": "120", "century": "1200"},
    "byte": {
        **{"byte": "1", "kB": "1e3", "MB": "1e6", "GB": "1e9", "TB": "1e12", "PB": "1e15"},
        **{"KiB": "1024", "MiB": "1048576", "GiB": "1073741824", "TiB": "1099511627776"},
    },
    "bit": {"bit": "1", "kbit": "1e3", "Mbit": "1e6", "Gbit": "1e9"},
    "m": {
        "nm": "1e-9",
        "µm": "1e-6",
        "mm": "1e-3",
        "cm": "1e-2",
        "m": "1",
        "km": "1e3",
        "inch": "0.0254",
        "mile": "1609.344",
        "ft": "0.3048",
    },
    "g": {"µg": "1e-6", "mg": "1e-3", "g": "1", "kg": "1e3", "tonne": "1e6", "lb": "453.59237"},
    "Hz": {"Hz": "1", "kHz": "1e3", "MHz": "1e6", "GHz": "1e9"},
    "W": {"mW": "1e-3", "W": "1", "kW": "1e3", "MW": "1e6", "GW": "1e9"},
    "Wh": {"Wh": "1", "kWh": "1e3", "MWh": "1e6", "GWh": "1e9", "TWh": "1e12"},
    "J": {"J": "1", "kJ": "1e3", "MJ": "1e6"},
    "V": {"mV": "1e-3", "V": "1", "kV": "1e3"},
    "A": {"mA": "1e-3", "A": "1"},
    "l": {"ml": "1e-3", "l": "1"},
    "flop": {"flop": "1", "GFLOP": "1e9", "TFLOP": "1e12", "PFLOP": "1e15"},
    "%": {"%": "0.01", "‰": "0.001"},
}
BASES: Mapping[str, tuple[str, Decimal]] = {
    unit: (base, Decimal(factor)) for base, units in _SCALES.items() for unit, factor in units.items()
}

# Spellings whose case matters (a sign: GB is no Gb, m no M) and those in which it does not (a word, any number).
SIGNS: Mapping[str, str] = {
    **{
        unit: unit
        for unit in BASES
        if unit not in ("inch", "mile", "tonne", "day", "week", "month", "year", "decade", "century", "flop")
    },
    **{
        "us": "µs",
        "μs": "µs",
        "μm": "µm",
        "μg": "µg",
        "sec": "s",
        "secs": "s",
        "mins": "min",
        "hr": "h",
        "hrs": "h",
        "d": "day",
    },
    **{
        "B/s": "byte/s",
        "KB": "kB",
        "K": "K",
        "Mb": "Mbit",
        "Gb": "Gbit",
        "kb": "kbit",
        "MiBs": "MiB",
        "kbps": "kbit/s",
    },
    **{"Mbps": "Mbit/s", "Gbps": "Gbit/s", "FLOPs": "flop", "FLOPS": "flop/s", "TFLOPs": "TFLOP", "TFLOPS": "TFLOP/s"},
    **{
        "PFLOPs": "PFLOP",
        "PFLOPS": "PFLOP/s",
        "GFLOPs": "GFLOP",
        "GFLOPS": "GFLOP/s",
        "°C": "°C",
        "°F": "°F",
        "℃": "°C",
    },
    **{
        "°": "°",
        "px": "pixel",
        "dpi": "dpi",
        "fps": "frame/s",
        "rpm": "rpm",
        "dB": "dB",
        "bpb": "bit/byte",
        "pp": "point",
    },
    **{
        "eV": "eV",
        "mol": "mol",
        "Pa": "Pa",
        "kPa": "kPa",
        "N": "N",
        "%": "%",
        "％": "%",
        "‰": "‰",
        "km/h": "km/h",
        "mph": "mph",
    },
    **{
        "$": "USD",
        "€": "EUR",
        "£": "GBP",
        "¥": "JPY",
        "USD": "USD",
        "EUR": "EUR",
        "GBP": "GBP",
        "JPY": "JPY",
        "CHF": "CHF",
        "US$": "USD",
    },
    **{
        "x": "times",
        "×": "times",
        "X": "times",
        "倍": "times",
        "年": "year",
        "个月": "month",
        "天": "day",
        "日間": "day",
        "小时": "h",
    },
    **{"時間": "h", "分钟": "min", "分": "min", "秒": "s", "％ポイント": "point"},
}
_WORDS: dict[str, str] = {
    "percent": "%", "per cent": "%", "pct": "%", "prozent": "%", "pour cent": "%", "por ciento": "%",
        "por cento": "%", "per cento": "%", "procent": "%",
    "percentage point": "point", "prozentpunkt": "point", "per mille": "‰", "permille": "‰",
    "nanosecond": "ns", "microsecond": "µs", "millisecond": "ms", "second": "s", "minute": "min", "hour": "h",
        "day": "day", "week": "week",
    "month": "month", "year": "year", "decade": "decade", "century": "century", "centurie": "century",
    "sekunde": "s", "minuten": "min", "stunde": "h", "stunden": "h", "tag": "day", "tage": "day", "woche": "week",
        "wochen": "week",
    "monat": "month", "monate": "month", "jahr": "year", "jahre": "year", "jahren": "year", "tagen": "day",
        "monaten": "month", "sekunden": "s",
    "seconde": "s", "heure": "h", "jour": "day", "semaine": "week", "moi": "month", "mois": "month", "an": "year",
        "année": "year",
    "segundo": "s", "minuto": "min", "hora": "h", "día": "day", "semana": "week", "mes": "month", "mese": "month",
        "año": "year",
    "secondi": "s", "minuti": "min", "ore": "h", "ora": "h", "giorni": "day", "giorno": "day", "settimane": "week",
        "mesi": "month", "anni": "year", "anno": "year",
    "dia": "day", "mês": "month", "ano": "year", "seconden": "s", "uur": "h", "uren": "h", "dag": "day",
        "dagen": "day", "weken": "week", "maanden": "month", "jaar": "year",
    "byte": "byte", "kilobyte": "kB", "megabyte": "MB", "gigabyte": "GB", "terabyte": "TB", "petabyte": "PB",
        "kibibyte": "KiB", "mebibyte": "MiB",
    "gibibyte": "GiB", "octet": "byte", "gb": "GB", "mb": "MB", "tb": "TB", "bit": "bit", "kilobit": "kbit",
        "megabit": "Mbit", "gigabit": "Gbit",
    "metre": "m", "meter": "m", "kilometre": "km", "kilometer": "km", "centimetre": "cm", "centimeter": "cm",
        "millimetre": "mm", "millimeter": "mm",
    "nanometre": "nm", "nanometer": "nm", "mile": "mile", "inch": "inch", "inche": "inch", "foot": "ft",
        "feet": "ft", "pixel": "pixel",
    "gram": "g", "gramm": "g", "kilogram": "kg", "kilogramm": "kg", "milligram": "mg", "tonne": "tonne",
        "pound": "lb",
    "hertz": "Hz", "kilohertz": "kHz", "megahertz": "MHz", "gigahertz": "GHz", "watt": "W", "kilowatt": "kW",
        "megawatt": "MW", "gigawatt": "GW",
    "watt-hour": "Wh", "kilowatt-hour": "kWh", "kilowatt hour": "kWh", "joule": "J", "volt": "V", "ampere": "A",
        "litre": "l", "liter": "l", "degree": "°",
    "degrees celsius": "°C", "degrees fahrenheit": "°F", "kelvin": "K", "decibel": "dB",
    "dollar": "USD", "euro": "EUR", "yen": "JPY", "franc": "CHF",
    "time": "times", "fold": "times", "mal": "times", "fach": "times", "fache": "times", "fois": "times",
        "vece": "times", "veces": "times", "volte": "times", "volta": "times",
    "vez": "times", "vezes": "times", "keer": "times", "maal": "times",
    "token": "token", "parameter": "parameter", "param": "parameter", "paramètre": "parameter",
        "parámetro": "parameter", "flop": "flop",
}  # fmt: skip
WORDS: Mapping[str, str] = {**_WORDS, **{f"{word}s": unit for word, unit in _WORDS.items() if not word.endswith("s")}}
# Counted things that are units in our field, though no scale converts them.
COUNTED = _listed(
    "layer head step epoch sample example run experiment image page document word sentence gpu cpu core thread node"
    " user language task model dataset batch iteration update character vocabulary dimension channel question"
    " paper article file"
    " worker shard expert block neuron"
)

SUFFIXES: Mapping[str, Decimal] = {
    "k": Decimal("1e3"), "K": Decimal("1e3"), "M": Decimal("1e6"), "m": Decimal("1e6"), "mn": Decimal("1e6"),
        "Mio": Decimal("1e6"),
    "B": Decimal("1e9"), "b": Decimal("1e9"), "bn": Decimal("1e9"), "Bn": Decimal("1e9"), "Mrd": Decimal("1e9"),
        "G": Decimal("1e9"),
    "T": Decimal("1e12"), "tn": Decimal("1e12"),
}  # fmt: skip
CJK_MAGNITUDES: Mapping[str, Decimal] = {
    "十": Decimal(10), "百": Decimal(100), "千": Decimal(1000), "万": Decimal("1e4"), "萬": Decimal("1e4"),
        "亿": Decimal("1e8"),
    "億": Decimal("1e8"), "兆": Decimal("1e12"),
}  # fmt: skip
CJK_DIGITS: Mapping[str, int] = {
    c: n for n, s in enumerate(["〇零", "一", "二两兩", "三", "四", "五", "六", "七", "八", "九"]) for c in s
}

FRACTIONS: Mapping[str, str] = {
    "½": "1/2", "⅓": "1/3", "⅔": "2/3", "¼": "1/4", "¾": "3/4", "⅕": "1/5", "⅖": "2/5", "⅗": "3/5", "⅘": "4/5",
    "⅙": "1/6", "⅛": "1/8", "⅜": "3/8", "⅝": "5/8", "⅞": "7/8",
}  # fmt: skip


def _numbered(words: str, first: int = 0) -> dict[str, str]:
    return {word: str(n) for n, entry in enumerate(words.split(), first) for word in entry.split("/")}


# Per language: number words (small), magnitudes, multiples ("twice"), fractions, and the twelve months.
_EN_SMALL = {
    **_numbered(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
        " seventeen eighteen nineteen twenty"
    ),
    **{"thirty": "30", "forty": "40", "fifty": "50", "sixty": "60", "seventy": "70", "eighty": "80", "ninety": "90"},
}
_SMALL: dict[str, dict[str, str]] = {
    "en": _EN_SMALL,
    "de": {
        **_numbered(
            "null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn"
            " siebzehn achtzehn neunzehn zwanzig"
        ),
        **{"dreißig": "30", "vierzig": "40", "fünfzig": "50", "sechzig": "60", "siebzig": "70", "achtzig": "80",
            "neunzig": "90"},
    },
    "fr": {
        **_numbered("deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize", 2),
        **{"zéro": "0", "vingt": "20", "trente": "30", "quarante": "40", "cinquante": "50", "soixante": "60"},
    },
    "es": {
        **_numbered("dos tres cuatro cinco seis siete ocho nueve diez", 2),
        **_numbered("doce trece catorce quince", 12),  # "once" is English too
        **{"cero": "0", "veinte": "20", "treinta": "30", "cuarenta": "40", "cincuenta": "50", "sesenta": "60",
            "setenta": "70", "ochenta": "80", "noventa": "90"},
    },
    "it": {**_numbered("due tre quattro cinque", 2), **_numbered("sette otto nove dieci undici dodici", 7),
        "zero": "0", "venti": "20", "trenta": "30", "cinquanta": "50"},
    "pt": {**_numbered("dois/duas três quatro cinco seis sete oito nove dez onze doze", 2), "zero": "0",
        "vinte": "20", "trinta": "30", "cinquenta": "50"},
    "nl": {**_numbered("twee drie vier vijf zes zeven acht negen tien elf twaalf", 2), "nul": "0", "twintig": "20",
        "dertig": "30", "vijftig": "50"},
}  # fmt: skip
_MAGNITUDES: dict[str, dict[str, str]] = {
    "en": {"hundred": "1e2", "dozen": "12", "thousand": "1e3", "million": "1e6", "billion": "1e9",
        "trillion": "1e12"},
    "de": {"hundert": "1e2", "tausend": "1e3", "million": "1e6", "millionen": "1e6", "milliarde": "1e9",
        "milliarden": "1e9", "billionen": "1e12"},
    "fr": {"cent": "1e2", "mille": "1e3", "million": "1e6", "millions": "1e6", "milliard": "1e9", "milliards": "1e9"},
    "es": {"cien": "1e2", "ciento": "1e2", "mil": "1e3", "millón": "1e6", "millones": "1e6"},
    "it": {"cento": "1e2", "mille": "1e3", "mila": "1e3", "milione": "1e6", "milioni": "1e6", "miliardo": "1e9",
        "miliardi": "1e9"},
    "pt": {"cem": "1e2", "mil": "1e3", "milhão": "1e6", "milhões": "1e6", "bilhão": "1e9", "bilhões": "1e9"},
    "nl": {"honderd": "1e2", "duizend": "1e3", "miljoen": "1e6", "miljard": "1e9"},
}  # fmt: skip
_MULTIPLES: dict[str, dict[str, str]] = {
    "en": {"twice": "2", "thrice": "3", "double": "2", "doubled": "2", "doubles": "2", "doubling": "2",
        "triple": "3", "tripled": "3", "triples": "3",
           "tripling": "3", "quadruple": "4", "quadrupled": "4", "quadruples": "4"},
    "de": {"doppelt": "2", "doppelte": "2", "zweimal": "2", "zweifach": "2", "dreimal": "3", "dreifach": "3",
        "zehnmal": "10", "zehnfach": "10", "fünfmal": "5",
           "verdoppelt": "2", "verdreifacht": "3", "viermal": "4", "hundertmal": "100"},
    "fr": {"double": "2", "doubler": "2", "triple": "3", "quadruple": "4"},
    "es": {"doble": "2", "duplica": "2", "triple": "3", "triplica": "3"},
    "it": {"doppio": "2", "raddoppia": "2", "triplo": "3"},
    "pt": {"dobro": "2", "duplica": "2", "triplo": "3"},
    "nl": {"dubbel": "2", "dubbele": "2", "tweemaal": "2", "verdubbelt": "2"},
}  # fmt: skip
_PARTS: dict[str, dict[str, str]] = {
    "en": {"half": "1/2", "halve": "1/2", "halves": "1/2", "halved": "1/2", "halving": "1/2", "third": "1/3",
        "quarter": "1/4", "fifth": "1/5",
           "sixth": "1/6", "eighth": "1/8", "tenth": "1/10", "hundredth": "1/100", "thousandth": "1/1000"},
    "de": {"halb": "1/2", "halbe": "1/2", "halben": "1/2", "hälfte": "1/2", "drittel": "1/3", "viertel": "1/4",
        "halbiert": "1/2"},
    "fr": {"moitié": "1/2", "demi": "1/2", "tiers": "1/3", "quart": "1/4"},
    "es": {"mitad": "1/2", "medio": "1/2", "tercio": "1/3"},
    "it": {"metà": "1/2", "mezzo": "1/2", "terzo": "1/3"},
    "pt": {"metade": "1/2", "terço": "1/3"},
    "nl": {"helft": "1/2", "half": "1/2", "kwart": "1/4"},
}  # fmt: skip
_MONTHS: dict[str, str] = {
    "en": "january/jan february/feb march/mar april/apr may june/jun july/jul august/aug september/sep/sept"
    " october/oct"
    " november/nov december/dec",
    "de": "januar februar märz april mai juni juli august september oktober november dezember",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre/setiembre octubre noviembre diciembre",
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "pt": "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    "nl": "januari februari maart april mei juni juli augustus september oktober november december",
}
ORDINALS: Mapping[str, int] = {
    word: n
    for n, word in enumerate(
        _listed("first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth"), 1
    )
}


@lru_cache(maxsize=16)
def small_numbers(language: str) -> dict[str, Decimal]:
    """Return the words for numbers below 100 of `language` (English if it is not known), in lower case."""
    return {word: Decimal(n) for word, n in _of(_SMALL, language).items()}


@lru_cache(maxsize=16)
def magnitudes(language: str) -> dict[str, Decimal]:
    """Return the words for hundred, thousand, million and so on; English ones are understood everywhere."""
    english = {f"{word}s": n for word, n in _MAGNITUDES["en"].items()} if language in ("en", "nl") else {}
    return {word: Decimal(n) for word, n in {**english, **_of(_MAGNITUDES, language)}.items()}


@lru_cache(maxsize=16)
def multiples(language: str) -> dict[str, Decimal]:
    """Return the words for "twice", "doubled" and so on."""
    return {word: Decimal(n) for word, n in _of(_MULTIPLES, language).items()}


@lru_cache(maxsize=16)
def parts(language: str) -> dict[str, Decimal]:
    """Return the words for parts of a whole: half, third …"""
    return {word: _ratio(n) for word, n in _of(_PARTS, language).items()}


@lru_cache(maxsize=16)
def months(language: str) -> dict[str, int]:
    """Return the names of the months of `language` and of English, in lower case, with their numbers."""
    names = f"{_MONTHS['en']}|{_MONTHS.get(language, _MONTHS['en'])}"
    return {
        name: n for year in names.split("|") for n, month in enumerate(year.split(), 1) for name in month.split("/")
    }


def _of(table: dict[str, dict[str, str]], language: str) -> dict[str, str]:
    return table.get(language, table["en"])


def _ratio(text: str) -> Decimal:
    above, below = text.split("/")
    return Decimal(above) / Decimal(below)


def ratio(sign: str) -> Decimal:
    """Return the value of a fraction sign such as ½."""
    return _ratio(FRACTIONS[sign])
