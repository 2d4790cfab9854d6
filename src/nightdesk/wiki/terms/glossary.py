"""Definitions that a text gives for its terms: which sentence says what a term means."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from nightdesk.wiki.prose.sentences import Sentence
from nightdesk.wiki.terms.acronyms import phrase_after
from nightdesk.wiki.terms.lexicon import EVERYDAY, GENERIC, VERB, english_flags
from nightdesk.wiki.terms.nounphrases import noun_runs
from nightdesk.wiki.terms.phrases import is_reference, term_key


@dataclass(frozen=True, slots=True)
class Definition:
    """A sentence that says what a term means. `strength`: 3 "X is a …", "By X we mean …"; 2 "X: …"; 1 "X is the …"."""

    key: str
    sentence: int
    strength: int
    kind: str = ""  # key of the wider term, if the sentence gives one: "optimizer" of "Muon is an optimizer for …"


MAX_SUBJECT = 70  # characters
_ARTICLE = re.compile(r"(?:an?|the)\s+", re.IGNORECASE)
_PAREN = re.compile(r"\s*\([^()]{1,60}\)")
_FILLER = re.compile(r"^(?:in [\w -]{3,40},|here,|formally,|briefly,|intuitively,|informally,)\s+", re.IGNORECASE)

# What stands between a term and its meaning, by language: (strength, pattern). Bounded, anchored, no nested repeats.
_COPULA = {
    "en": (
        (
            3,
            r"\s+(?:is|are|was)\s+(?:(?:also|simply|essentially|basically|usually)\s+)?(?:an?|one of the|any)\s+",
        ),
        (3, r",?\s+(?:refers? to|means|denotes|stands for|is defined as|are defined as|is short for|describes)\s+"),
        (3, r",\s+which\s+(?:is|are)\s+(?:an?|the)\s+"),
        (1, r"\s+(?:is|are|was)\s+the\s+"),
    ),
    "de": (
        (3, r"\s+(?:ist|sind|war)\s+(?:also\s+)?(?:ein|eine|einer|eines)\s+"),
        (3, r"\s+(?:bezeichnet|bezeichnen|bedeutet|heißt|beschreibt)\s+"),
        (1, r"\s+(?:ist|sind)\s+(?:der|die|das)\s+"),
    ),
    "fr": (
        (3, r"\s+(?:est|sont|était)\s+(?:donc\s+)?(?:une?|l'une? des)\s+"),
        (3, r"\s+(?:désigne|désignent|signifie|se définit comme)\s+"),
        (1, r"\s+(?:est|sont)\s+(?:la |le |l['’]|les )"),
    ),
    "es": (
        (3, r"\s+(?:es|son|era)\s+(?:una?|uno de los)\s+"),
        (3, r"\s+(?:se refiere a|significa|designa|se define como|consiste en)\s+"),
        (1, r"\s+(?:es|son)\s+(?:el|la|los|las)\s+"),
    ),
}
_VERBS = {
    language: tuple((strength, re.compile(pattern)) for strength, pattern in patterns)
    for language, patterns in _COPULA.items()
}
_FIRST_VERB = {
    "en": re.compile(r",?\s(?:is|are|was|which|refers?|means|denotes|stands|describes)\s"),
    "de": re.compile(r"\s(?:ist|sind|war|bezeichnet|bezeichnen|bedeutet|heißt|beschreibt)\s"),
    "fr": re.compile(r"\s(?:est|sont|était|désigne|désignent|signifie|se)\s"),
    "es": re.compile(r"\s(?:es|son|era|se|significa|designa|consiste)\s"),
}
_ARTICLES = {
    "en": _ARTICLE,
    "de": re.compile(r"(?:eine?|der|die|das|unter)\s+", re.IGNORECASE),
    "fr": re.compile(r"(?:une?\s+|les?\s+|la\s+|l['’])", re.IGNORECASE),
    "es": re.compile(r"(?:una?|el|la|los|las)\s+", re.IGNORECASE),
}
_BY_WE_MEAN = re.compile(r"^By\s+(.{2,60}?),?\s+we\s+(?:mean|understand)\b")
_LISTED = re.compile(r"^(?:\*\*)?([^:.;!?—–]{2,50}?)(?:\*\*)?\s?(?::|\s[—–]|\s-{1,2})\s+(?=\S.{12})")
_CALLED = re.compile(r"\b(?:is|are) (?:called|known as|termed|referred to as)\s+(?:an?\s+|the\s+)?")
_HAN = r"\u3400-\u9fffA-Za-z0-9"
_CHINESE = re.compile(  # no 的, 和, 与, 是 inside: they join several words
    rf"(?:所谓)?[“「《]?((?:(?![的和与是])[{_HAN}]){{2,12}})[”」》]?(?:（[^（）]{{1,40}}）)?(是一种|是指|是一个|指的是|是)"
)
_JAPANESE = re.compile(rf"[「『]?([{_HAN}ァ-ヺー]{{2,14}})[」』]?(?:（[^（）]{{1,40}}）)?(とは|は)、?")
_JAPANESE_END = re.compile(r"(?:のことである|のことです|を指す|を指します|という|である|です|手法|方法)[。.]?$")


def definitions(sentences: Sequence[Sentence], *, language: str) -> tuple[Definition, ...]:
    """Return which sentence defines which term, in the order of the sentences; at most one for a sentence."""
    found: list[Definition] = []
    for index, sentence in enumerate(sentences):
        if sentence.kind in ("heading", "cell") or is_reference(sentence):
            continue
        definition = _defined(sentence, index, language)
        if definition is not None:
            found.append(definition)
    return tuple(found)


def _defined(sentence: Sentence, index: int, language: str) -> Definition | None:
    text = sentence.text
    if language in ("zh", "ja"):
        return _defined_in_characters(text[:80], text[-12:], index, language)
    return _by_verb(text, index, language) or _by_layout(sentence, index, language) or _by_name(text, index, language)


def _defined_in_characters(opening: str, closing: str, index: int, language: str) -> Definition | None:
    match = (_CHINESE if language == "zh" else _JAPANESE).match(opening)
    if match is None:
        return None
    key = term_key(match[1], language=language)
    clear = match[2] in ("是一种", "是指", "是一个", "指的是", "とは")
    if key is None or not (clear or language == "zh" or _JAPANESE_END.search(closing)):
        return None
    return Definition(key, index, 3 if clear else 1)


def _by_verb(text: str, index: int, language: str) -> Definition | None:
    """Return the definition of the sentence's subject: "X is a …", "By X we mean …"."""
    if language == "en":
        meant = _BY_WE_MEAN.match(text[:100])
        if meant:
            key = _subject_key(meant[1], language)
            return Definition(key, index, 3) if key else None
        text = _FILLER.sub("", text[:300])
    first = _FIRST_VERB.get(language, _FIRST_VERB["en"]).search(text, 0, MAX_SUBJECT + 40)
    if first is None:
        return None
    key = _subject_key(text[: first.start()], language)
    if key is None:
        return None
    for strength, pattern in _VERBS.get(language, ()):
        verb = pattern.match(text, first.start())
        if verb:
            meaning = text[verb.end() : verb.end() + 120]
            # "the factor that scales each update", not "the same as before"
            clear = strength == 1 and _SAYS_WHICH.match(meaning) is not None and not _too_general(key, language)
            return Definition(key, index, 2 if clear else strength, _kind(meaning[:90], key, language))
    return None


_SAYS_WHICH = re.compile(
    r"(?:[\w'’-]+ ){1,5}?(?:that|which|of|between|by which|in which|at which|used|where|divided|whose)\b"
)


def _too_general(key: str, language: str) -> bool:
    """Return whether a key is one everyday English word, of which most sentences with "is the" say no meaning."""
    return language == "en" and bool(english_flags(key) & (EVERYDAY | GENERIC | VERB))


def _subject_key(subject: str, language: str) -> str | None:
    subject = _PAREN.sub("", subject).strip(" *_\"“”'‘’«»`")
    article = _ARTICLES.get(language, _ARTICLE).match(subject)
    if article:
        subject = subject[article.end() :]
    if len(subject) > MAX_SUBJECT:
        return None
    if subject[:1].isupper() and len(subject) > 1 and subject[1].islower():
        # a sentence opens with a capital: "Learning rates are …"; whether it is a name, other places tell
        return term_key(subject, language=language) or term_key(subject[0].lower() + subject[1:], language=language)
    return term_key(subject, language=language)


_KIND_OF = re.compile(
    r"^(?:kind|type|form|sort|class|family|variant|special case|method|way|set|member) of (?:an?\s+|the\s+)?"
)


def _kind(text: str, key: str, language: str) -> str:
    """Return the key of the first noun phrase of a definition's right side, "" if there is none."""
    if language != "en":
        return ""
    text = _KIND_OF.sub("", text)
    for run in noun_runs(text, language=language)[:1]:
        if text[: run.tokens[0].start].count(" ") > 2:
            break
        word = run.tokens[-1].word
        keys = [t.word.key for t in run.tokens if t.word]
        kind = " ".join([*keys[:-1], word.last]) if word else ""
        return kind if kind != key else ""
    return ""


def _by_layout(sentence: Sentence, index: int, language: str) -> Definition | None:
    """Return the definition of an entry in a list of terms: "**X**: …", "X — …"."""
    match = _LISTED.match(sentence.text[:120])
    if match is None:
        return None
    bold = sentence.quote.lstrip("-*+ \t0123456789.)").startswith(("**", "__", "`")) or sentence.quote.startswith("**")
    if sentence.kind != "item" and not bold:
        return None
    key = _subject_key(match[1], language)
    if key is None or not sentence.text[match.end()].isalpha():
        return None
    return Definition(key, index, 1 if _too_general(key, language) else 2)


def _by_name(text: str, index: int, language: str) -> Definition | None:
    """Return the definition that ends in its term: "The rate at which … is called the learning rate"."""
    if language != "en":
        return None
    match = _CALLED.search(text, 0, 400)
    if match is None or match.start() < 12:
        return None
    key = phrase_after(text, match.end(), language)
    return Definition(key[0], index, 2) if key else None
