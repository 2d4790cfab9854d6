"""Whether a sentence can stand as a claim: whole, declarative, understood without its neighbours, no boilerplate."""

import re
import unicodedata
from functools import lru_cache

from nightdesk.wiki.prose.english import has_finite_verb, is_command, leans, points_back
from nightdesk.wiki.prose.language import has_spaces, stopwords
from nightdesk.wiki.prose.sentences import Sentence
from nightdesk.wiki.prose.wording import listed, phrases, phrases_of_all_languages, words_of

MIN_WORDS, MAX_WORDS = 6, 45
MIN_CHARACTERS, MAX_CHARACTERS = 12, 150  # where no spaces part the words
_MIN_TOLD = 3  # different words that are no function words: fewer say nothing
_MAX_WORD = 40  # characters: longer ones are glued together or no words

_CLOSERS = "\"'”’»)]*_ "
_CITATIONS = re.compile(r"(?:\s*\[[\w\s,;–-]{1,40}\])+$")
_STOPS = (".", "。", "．", "।", "॥", "։", "።", "။", "།", "។", "۔")
_NO_STOPS = frozenset({"th", "lo", "km"})  # these languages end a sentence with a space
_PAIRS = (("(", ")"), ("[", "]"), ("{", "}"), ("“", "”"), ("«", "»"), ("「", "」"), ("『", "』"), ("（", "）"))
_MAY_BE_MARKUP = re.compile(r"[<|\\{}\]`=#>&:\ufffd]")  # rare in prose, and quicker to look for than what follows
_MARKUP = re.compile(
    r"</?[a-zA-Z][^<>]*>|^\S+ \{|: \{|\|[-:\s]*\||\|.*\||\\(?:begin|end|[a-z]+\{)|\{\{|\}\}|\{%|\]\(|!\[|```|=="
    r"|^[#>|]|&[a-z]{2,8};|&#\d+;|::|\\\\|\ufffd"
)
_CAPITAL = re.compile(r"[A-ZÀ-ÖØ-Þ\u0391-\u03a9\u0410-\u042f]")
_DIGIT = re.compile(r"\d")
_CODED = re.compile(r"[_=/\\<>$@^~{}]|\(\)")
_ADDRESS = re.compile(r"\w+://\S{30,}|(?:\w+://\S+.*){2}|\S+@\S+\.\w|www\.\S{30,}")
_CUT_WORD = re.compile(r"[a-zß-ÿ]- (?!(?:and|or|to|und|oder|bis|et|ou|y|o|e|en|of|bzw|as)\b)[a-zß-ÿ]")
_REFERENCE = re.compile(
    r"\b(?:doi|arXiv|DOI|ISBN|ISSN)\b|\b[pP]p?\. ?\d|\b[Vv]ol\. ?\d|\(\d{4}[a-z]?\)\.|(?:\b[A-Z]\.,? ?){3}"
)
_OBJECT = (
    r"(?:Fig(?:ure|s)?|Table|Tab|Listing|Section|Sec|Chapter|Eq(?:uation|s)?|Appendix|Algorithm|Step|Lines?|Example"
    r"|Exercise|Part|Note)"
)
_POINTS_AT = re.compile(
    rf"\b(?=[A-Zlfs])(?:{_OBJECT}s?\.? ?\(?[\dIVX]|(?:The )?{_OBJECT}s? [\dA-Z]\b|lines? \d|section \d"
    r"|Abb(?:ildung|\.) ?\d|Tabelle \d|[Ff]igura \d|Abschnitt \d)|[图圖表図]\s?\d|第\s?\d+\s?[章节節]"
)
_ASIDE = re.compile(r"\s?[(（][^()（）]{0,200}[)）]")
_TITLE_NUMBER = re.compile(r"^(?:\d{1,3}\.){1,4}\d{0,3}\.? ?\D|^[A-Z]\.\d")
_TERM_OPENS = re.compile(
    r"\S+ (?:A|An|The|Array|String|Boolean|Number|Object|Function|Use|Whether|If|Returns?|Specifies|Set|Get)\b"
)
_EXPLETIVE = {  # "it" that stands for the clause after it
    "en": re.compile(r"it (?:is|was|has been|can be|turns out|remains) (?:\w+ ){0,3}(?:that|to|whether|how|why)\b"),
    "de": re.compile(r"es (?:ist|war|wird|bleibt|gibt|gilt) .*?\b(?:dass|ob|zu|wie|warum|welche[rs]?)\b|es gibt\b"),
    "fr": re.compile(r"il (?:est|reste|faut|convient|existe|y a)\b"),
    "nl": re.compile(r"het (?:is|was|blijft|wordt) .*?\b(?:dat|of|om|te|hoe|waarom)\b|er (?:is|zijn|was|waren)\b"),
}
_INVISIBLE = re.compile("[\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\x00-\x08\x0e-\x1f\x7f]")
_NUMBERING = re.compile(r"^[\W\d]*(?:[ivx]+\.\s)?")
_ENGLISH = frozenset({"the", "of", "and", "is", "are", "that", "with", "this", "which", "when", "not"})
_KINDS = frozenset({"paragraph", "item", "quote"})


def claimable(sentence: Sentence, *, language: str) -> bool:
    """Return whether a sentence is fit to be a claim."""
    return is_claim(sentence, words_of(sentence.text), language=language)


def is_claim(sentence: Sentence, words: list[str], *, language: str) -> bool:
    """Return what `claimable` does, for a sentence whose words are known."""
    text = sentence.text
    if language != "en" and (len(_ENGLISH.intersection(words)) > 1 if has_spaces(language) else text.isascii()):
        language = "en"  # an English sentence in a text of another language
    if sentence.kind not in _KINDS or not MIN_CHARACTERS <= len(text) <= 8 * MAX_WORDS + 60:
        return False
    if not _has_fit_length(text, words, language) or not _is_whole(sentence, language) or not _is_prose(text, words):
        return False
    if _in_idle_section(sentence.headings, language) or is_addressed_to_models(text, words):
        return False
    if phrases("boilerplate", language).occurs(text, words) or not _opens_alone(text, words, language):
        return False
    if "(" in text or "（" in text:  # "(see Table 3)" may be left out: what is left decides
        text = _ASIDE.sub("", text)
        words = words_of(text)
    if _POINTS_AT.search(text) or phrases("pointers", language).occurs(text, words):
        return False
    if language != "en":
        return True
    main = words[phrases("connectors", "en").opens(text, words) :]
    return not leans(text) and not is_command(text, words) and has_finite_verb(main)


def is_addressed_to_models(text: str, words: list[str]) -> bool:
    """Return whether a text speaks to a language model ("ignore previous instructions"), in any language known here."""
    spaced, unspaced = phrases_of_all_languages("injection")
    if text.isascii():
        return spaced.occurs(text, words)
    bare = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text)).lower()
    return spaced.occurs(bare, words_of(bare)) or unspaced.occurs(bare, [])


@lru_cache(maxsize=4096)
def _in_idle_section(headings: tuple[str, ...], language: str) -> bool:
    """Return whether one of the headings above names a section without claims: references, licence, contents …"""
    for heading in headings:
        title = " ".join(_NUMBERING.sub("", heading).lower().rstrip(" .:").split())
        if title in listed("sections", "en") or title in listed("sections", language):
            return True
    return False


def _is_whole(sentence: Sentence, language: str) -> bool:
    """Return whether the sentence starts and ends as one, with brackets and quotation marks in pairs."""
    text = sentence.text
    bare = _CITATIONS.sub("", text.rstrip(_CLOSERS)) if text.endswith("]") else text
    bare = bare.rstrip(_CLOSERS)
    if language not in _NO_STOPS and (not bare.endswith(_STOPS) or bare.endswith(("...", " ."))):
        return False
    first = text[0]
    if first in "([{":
        return False
    first = text.lstrip("\"'“‘«„「『¿¡")[:1]
    if not first.isalnum() or _TITLE_NUMBER.match(text):
        return False
    if first.islower() and (not _is_lower_name(sentence) or _TERM_OPENS.match(text)):
        return False
    pairs = _PAIRS[:3] if text.isascii() else _PAIRS
    if any(text.count(opening) != text.count(closing) for opening, closing in pairs):
        return False
    return text.count('"') % 2 == 0 and "?" not in text and "？" not in text and "!" not in text and "！" not in text


def _is_lower_name(sentence: Sentence) -> bool:
    """Return whether a sentence that starts with a small letter starts with a name: `numpy`, train.py, iPhone, mw-3."""
    if sentence.quote.startswith(("`", "**", "[`")):
        return True
    word = sentence.text.split(" ", 1)[0]
    return any(c.isupper() or c.isdigit() or c in "._" for c in word.rstrip(".,:;"))


def _has_fit_length(text: str, words: list[str], language: str) -> bool:
    if has_spaces(language):
        idle = stopwords(language)
        told = {word for word in words if word not in idle and (len(word) > 2 or word.isdecimal())}
        return MIN_WORDS <= len(words) <= MAX_WORDS and len(told) >= _MIN_TOLD
    return MIN_CHARACTERS <= len(text) <= MAX_CHARACTERS


def _is_prose(text: str, words: list[str]) -> bool:
    """Return whether the text is words rather than symbols, numbers, markup, addresses or a bibliography entry."""
    letters = sum(map(len, words)) - len(_DIGIT.findall(text))
    shown = len(text) - text.count(" ")
    if letters < 0.7 * shown or (_MAY_BE_MARKUP.search(text) and _MARKUP.search(text)) or _INVISIBLE.search(text):
        return False
    capitals = len(_CAPITAL.findall(text))
    if capitals > 0.4 * letters or any(len(word) > _MAX_WORD for word in words):
        return False
    single = sum(1 for word in words if len(word) == 1 and word.isalpha())  # "t h e" from a badly read PDF
    if single > 0.3 * len(words) and len(words) > 3:
        return False
    if ("- " in text and _CUT_WORD.search(text)) or ("." in text[:-1] and _REFERENCE.search(text)):
        return False
    if ("://" in text or "@" in text or "www." in text) and _ADDRESS.search(text):
        return False
    tokens = text.split()
    long_words = [token for token in tokens if len(token) > 3 and token[0].isalpha()]
    titled = sum(1 for token in long_words if token[0].isupper())
    if titled > 0.8 * len(long_words) and len(long_words) > 3:  # a title or a list of names
        return False
    return sum(1 for token in tokens if _CODED.search(token)) <= 0.34 * len(tokens)


def _opens_alone(text: str, words: list[str], language: str) -> bool:
    """Return whether the sentence's opening needs nothing that stands before it."""
    openers = phrases("openers", language)
    if not has_spaces(language):
        return not openers.opens(text, words)
    if language in _EXPLETIVE and _EXPLETIVE[language].match(" ".join(words[:10])):
        return True
    words = [word.split("'", 1)[0] for word in words[:12]] if language == "en" else words  # "it's" leans as "it" does
    joined = phrases("connectors", language).opens(text, words)
    if openers.opens(text, words) > joined:
        return False
    rest = words[joined:]
    if language in _EXPLETIVE and _EXPLETIVE[language].match(" ".join(rest[:10])):
        return True
    if language == "en" and any(points_back(rest, at) for at in range(1, min(7, len(rest) - 1))):
        return False
    return bool(rest) and not openers.opens(text, rest)
