"""Whether a sentence can stand as a claim: whole, declarative, understood without its neighbours, no boilerplate."""

import re
import unicodedata
from functools import cache, lru_cache
from importlib.resources import files

from nightdesk.wiki.language import has_spaces, stopwords
from nightdesk.wiki.lexicon import BE, DETERMINER, MODAL, NOUN, PRONOUN, VERB, english_flags
from nightdesk.wiki.sentences import Sentence

MIN_WORDS, MAX_WORDS = 6, 45
MIN_CHARACTERS, MAX_CHARACTERS = 12, 150  # where no spaces part the words
_MIN_TOLD = 3  # different words that are no function words: fewer say nothing
_MAX_WORD = 40  # characters: longer ones are glued together or no words

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_CLOSERS = "\"'”’»)]*_ "
_CITATIONS = re.compile(r"(?:\s*\[[\w\s,;–-]{1,40}\])+$")
_STOPS = (".", "。", "．", "।", "॥", "։", "።", "။", "།", "។", "۔")
_NO_STOPS = frozenset({"th", "lo", "km"})  # these languages end a sentence with a space
_PAIRS = (("(", ")"), ("[", "]"), ("{", "}"), ("“", "”"), ("«", "»"), ("「", "」"), ("『", "』"), ("（", "）"))
_MARKUP = re.compile(
    r"</?[a-zA-Z][^<>]*>|\|[-:\s]*\||\|.*\||\\(?:begin|end|[a-z]+\{)|\{\{|\}\}|\{%|\]\(|!\[|```|==|^[#>|]|&[a-z]{2,8};|&#\d+;|::|\\\\|\ufffd"
)
_ADDRESS = re.compile(r"\w+://\S{30,}|(?:\w+://\S+.*){2}|\S+@\S+\.\w|www\.\S{30,}")
_CUT_WORD = re.compile(r"[a-zß-ÿ]- (?!(?:and|or|to|und|oder|bis|et|ou|y|o|e|en|of|bzw|as)\b)[a-zß-ÿ]")
_REFERENCE = re.compile(
    r"\b(?:doi|arxiv|isbn|issn)\b|\bpp?\. ?\d|\bvol\. ?\d|\(\d{4}[a-z]?\)\.|(?:\b[A-Z]\.,? ?){3}|\bet al\.?,? \d{4}\b.*\bet al\.",
    re.IGNORECASE,
)
_OBJECT = r"(?:Fig(?:ure|s)?|Table|Tab|Listing|Section|Sec|Chapter|Eq(?:uation|s)?|Appendix|Algorithm|Step|Line|Example|Exercise|Part|Note)"
_POINTS_AT = re.compile(
    rf"^(?:The )?{_OBJECT}s?\.? ?[\dA-Z]|\b{_OBJECT}s?\.? ?\(?[\dIVX]|\b[Ll]ines? \d|^(?:For|In|On|At|By|With|Under|From|As|After|Before) "
    r"[^,]{1,80}, (?:it|they|this|these|that|those|he|she)\b|^(?:For|In|On|With) [^,]{1,60} (?:it|they) (?:is|are|must|can|will|was|were|has|have|should|may)\b"
    r"|^(?:Because|If|When|Since|As|While|Although|Though|Once|After|Before) [^,]{1,120}, (?:this|these|those) \w"
    r"|\b(?:is|are|was|were) even \w+\.$|^To \w+ (?:it|them|this|that|these|those)\b|\b(?:instead|too|either|as well|though|likewise)\.$|^The [a-z]+ also\b|\b(?:above|below)[.,;:)]|\bon the (?:left|right)\b|\bAbb(?:ildung|\.) ?\d|\bTabelle \d|\b[Ff]igura \d|\bAbschnitt \d"
)
_ASIDE = re.compile(r"\s?[(（][^()（）]{0,200}[)）]")
_SUBJECTLESS = re.compile(  # "Added support for", "Returns the number of"
    r"^(?:Added|Fixed|Removed|Changed|Updated|Deprecated|Renamed|Moved|Improved|Replaced|Dropped|Introduced|Based|Defaults?)\b(?! by)"
)
_TITLE_NUMBER = re.compile(r"^(?:\d{1,3}\.){1,4}\d{0,3}\.? ?\D|^[A-Z]\.\d")
_FRAGMENT = re.compile(
    r"^(?:[\w'’-]+ ?){1,4}, (?:if|when|where|which|because|whose|that|so that|as long as)\b[^,]*\.$"
)  # "Tuples, if they …"
_EXPLETIVE = {  # "it" that stands for the clause after it
    "en": re.compile(r"it (?:is|was|has been|can be|turns out|remains) (?:\w+ ){0,3}(?:that|to|whether|how|why)\b"),
    "de": re.compile(r"es (?:ist|war|wird|bleibt|gibt|gilt) .*?\b(?:dass|ob|zu|wie|warum|welche[rs]?)\b|es gibt\b"),
    "fr": re.compile(r"il (?:est|reste|faut|convient|existe|y a)\b"),
    "nl": re.compile(r"het (?:is|was|blijft|wordt) .*?\b(?:dat|of|om|te|hoe|waarom)\b|er (?:is|zijn|was|waren)\b"),
}
_INVISIBLE = re.compile("[\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\x00-\x08\x0e-\x1f\x7f]")
_NUMBERING = re.compile(r"^[\W\d]*(?:[ivx]+\.\s)?")
_LANGUAGES_OF_PHRASES = ("en", "de", "fr", "es", "it", "pt", "nl", "zh", "ja")


class PhraseList:
    """Phrases of one language, found in a sentence's words (or, without spaces, in its characters)."""

    def __init__(self, phrases: tuple[str, ...], *, spaces: bool) -> None:
        self._spaces = spaces
        self._whole = phrases
        self._by_first: dict[str, list[tuple[str, ...]]] = {}
        for phrase in phrases:
            words = tuple(words_of(phrase))
            if words:
                self._by_first.setdefault(words[0], []).append(words)
        for same_first in self._by_first.values():
            same_first.sort(key=len, reverse=True)

    def opens(self, text: str, words: list[str]) -> int:
        """Return how many words (or characters) of the longest phrase open the sentence; 0 if none does."""
        if self._spaces:
            return self._length_at(words, 0)
        return max((len(phrase) for phrase in self._whole if text.startswith(phrase)), default=0)

    def occurs(self, text: str, words: list[str]) -> bool:
        """Return whether a phrase stands anywhere in the sentence."""
        if self._spaces:
            return any(word in self._by_first and self._length_at(words, at) > 0 for at, word in enumerate(words))
        return any(phrase in text for phrase in self._whole)

    def count(self, text: str, words: list[str]) -> int:
        """Return how many places of the sentence hold a phrase."""
        if self._spaces:
            return sum(1 for at, word in enumerate(words) if word in self._by_first and self._length_at(words, at) > 0)
        return sum(1 for phrase in self._whole if phrase in text)

    def _length_at(self, words: list[str], at: int) -> int:
        for phrase in self._by_first.get(words[at], ()) if at < len(words) else ():
            if len(phrase) == 1 or tuple(words[at : at + len(phrase)]) == phrase:
                return len(phrase)
        return 0


def claimable(sentence: Sentence, *, language: str) -> bool:
    """Return whether a sentence is fit to be a claim."""
    if sentence.kind not in {"paragraph", "item", "quote"} or _in_idle_section(sentence.headings, language):
        return False
    text = sentence.text
    if not MIN_CHARACTERS <= len(text) <= 8 * MAX_WORDS + 60 or not _is_whole(sentence, language):
        return False
    words = words_of(text)
    if not _has_fit_length(text, words, language) or not _is_prose(text, words):
        return False
    if is_addressed_to_models(text):
        return False
    if phrases("boilerplate", language).occurs(text, words) or not _opens_alone(text, words, language):
        return False
    core = _ASIDE.sub("", text)  # "(see Table 3)" may be left out: what is left decides
    if _POINTS_AT.search(core) or phrases("pointers", language).occurs(core, words_of(core)):
        return False
    return language != "en" or (not _is_command(text, words) and _has_finite_verb(words))


def words_of(text: str) -> list[str]:
    """Return the words of a text in lower case, apostrophes straight; "e.g." is two, "bit-wise" too."""
    return [word.replace("’", "'").lower() for word in _WORD.findall(text)]


@cache
def phrases(name: str, language: str) -> PhraseList:
    """Return the phrases of words/salience-NAME.txt for a language; the list is empty for one it does not know."""
    found = _phrases_by_language(name).get(language, ())
    return PhraseList(found, spaces=has_spaces(language))


def is_addressed_to_models(text: str) -> bool:
    """Return whether a text speaks to a language model ("ignore previous instructions"), in any language known here."""
    bare = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text)).lower()
    words = words_of(bare)
    return any(phrases("injection", language).occurs(bare, words) for language in _LANGUAGES_OF_PHRASES)


@cache
def finite_verbs() -> frozenset[str]:
    """Return English finite verbs that the word list does not class as such."""
    return frozenset(_phrases_by_language("verbs")["en"])


@cache
def _phrases_by_language(name: str) -> dict[str, tuple[str, ...]]:
    text = files("nightdesk.wiki").joinpath("words", f"salience-{name}.txt").read_text(encoding="utf-8")
    found: dict[str, list[str]] = {}
    language = "en"
    for line in text.splitlines():
        if line.startswith("["):
            language = line.strip("[] ")
        elif line and not line.startswith("#"):
            found.setdefault(language, []).extend(part.strip().lower() for part in line.split(",") if part.strip())
    return {language: tuple(listed) for language, listed in found.items()}


@lru_cache(maxsize=4096)
def _in_idle_section(headings: tuple[str, ...], language: str) -> bool:
    """Return whether one of the headings above names a section without claims: references, licence, contents …"""
    for heading in headings:
        title = " ".join(_NUMBERING.sub("", heading).lower().rstrip(" .:").split())
        if any(title in _phrases_by_language("sections").get(known, ()) for known in {language, "en"}):
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
    if first.islower() and not _is_lower_name(sentence):
        return False
    if any(text.count(opening) != text.count(closing) for opening, closing in _PAIRS):
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
    letters = sum(map(len, words)) - sum(c.isdecimal() for c in text)
    shown = len(text) - text.count(" ")
    if letters < 0.7 * shown or _MARKUP.search(text) or _INVISIBLE.search(text):
        return False
    capitals = sum(c.isupper() for c in text)
    if capitals > 0.4 * letters or any(len(word) > _MAX_WORD for word in words):
        return False
    single = sum(1 for word in words if len(word) == 1)
    if single > 0.3 * len(words) and len(words) > 3:
        return False
    if _ADDRESS.search(text) or _CUT_WORD.search(text) or _REFERENCE.search(text):
        return False
    tokens = text.split()
    long_words = [token for token in tokens if len(token) > 3 and token[0].isalpha()]
    titled = sum(1 for token in long_words if token[0].isupper())
    if titled > 0.8 * len(long_words) and len(long_words) > 3:  # a title or a list of names
        return False
    coded = sum(1 for token in tokens if any(c in "_=/\\<>$@^~{}" for c in token) or "()" in token)
    return coded <= 0.34 * len(tokens)


def _opens_alone(text: str, words: list[str], language: str) -> bool:
    """Return whether the sentence's opening needs nothing that stands before it."""
    openers = phrases("openers", language)
    if not has_spaces(language):
        return not openers.opens(text, words)
    if language in _EXPLETIVE and _EXPLETIVE[language].match(" ".join(words[:10])):
        return True
    joined = phrases("connectors", language).opens(text, words)
    if openers.opens(text, words) > joined:
        return False
    rest = words[joined:]
    if language in _EXPLETIVE and _EXPLETIVE[language].match(" ".join(rest[:10])):
        return True
    if language == "en":
        if any(_points_back(rest, at) for at in range(1, min(7, len(rest) - 1))):
            return False
    return bool(rest) and not openers.opens(text, rest)


def _points_back(words: list[str], at: int) -> bool:
    """Return whether a word near the start leans on an earlier sentence: "this" before a noun not named yet, "then" …"""
    if words[at] in {"then", "thus", "therefore", "hence", "instead", "again"}:
        return at < 5 and words[0] in {"the", "a", "an"}
    if words[at] == "such":
        return words[at + 1] != "as"
    if words[at] not in {"this", "these", "those"}:
        return False
    noun = words[at + 1].rstrip("s")
    return not any(word.rstrip("s") == noun for word in words[:at])


def _is_command(text: str, words: list[str]) -> bool:
    """Return whether an English sentence tells the reader what to do, or has no subject: "Returns the list"."""
    rest = words[phrases("connectors", "en").opens(text, words) :]
    if len(rest) < 2 or _SUBJECTLESS.match(text) or _FRAGMENT.match(text):
        return True
    first, second = rest[0], english_flags(rest[1])
    if first == "to" and "," in text:  # "To list the files, run ls -l": a command with its purpose before it
        after = words_of(text.split(",", 1)[1])
        return bool(after) and (
            after[0] in {"you", "we", "simply", "just", "first"} or bool(phrases("commands", "en").opens("", after))
        )
    if first in {"if", "when", "for", "once", "after", "before"} and "," in text:
        after = words_of(text.split(",", 1)[1])
        if (
            len(after) > 1
            and phrases("commands", "en").opens("", after)
            and english_flags(after[1]) & (DETERMINER | PRONOUN)
        ):
            return True
    if phrases("commands", "en").opens("", rest):
        return rest[1] != "of" and not second & (BE | MODAL) and not (second & VERB and rest[1].endswith("s"))
    flags = english_flags(first)
    if flags & VERB and not flags & NOUN and not first.endswith(("ing", "ed")) and second & (DETERMINER | PRONOUN):
        return True
    if first.endswith("s") and phrases("commands", "en").opens("", [first[:-1]]) and second & DETERMINER:
        return rest[1] != "that"
    return (
        first.endswith("s")
        and bool(english_flags(first[:-1]) & VERB)
        and bool(second & DETERMINER)
        and rest[1] != "that"
    )


def _has_finite_verb(words: list[str]) -> bool:
    """Return whether an English sentence shows evidence of a verb that has a subject."""
    known = finite_verbs()
    for word in words[1:]:
        flags = english_flags(word)
        if word in known:
            return True
        if flags & (BE | MODAL):
            return True
        if flags & VERB and not word.endswith("ing") and (not flags & NOUN or word.endswith(("s", "ed"))):
            return True
        if word.endswith("ed") and len(word) > 4:
            return True
    return False
