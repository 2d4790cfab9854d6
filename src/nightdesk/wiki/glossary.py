"""Definitions, acronyms and other names that a text itself gives for its terms."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from nightdesk.wiki.lexicon import EVERYDAY, GENERIC, VERB, english_flags
from nightdesk.wiki.nounphrases import noun_runs
from nightdesk.wiki.phrases import is_reference, term_key
from nightdesk.wiki.sentences import Sentence


@dataclass(frozen=True, slots=True)
class Definition:
    """A sentence that says what a term means. `strength`: 3 "X is a …", "By X we mean …"; 2 "X: …"; 1 "X is the …"."""

    key: str
    sentence: int
    strength: int
    kind: str = ""  # key of the wider term, if the sentence gives one: "optimizer" of "Muon is an optimizer for …"


@dataclass(frozen=True, slots=True)
class SameTerm:
    """Two names that a text ties together: `short` is an acronym of `long`, or another name for it."""

    short: str  # key
    long: str  # key
    short_form: str  # as written
    long_form: str
    sentence: int
    acronym: bool


MAX_SUBJECT = 70  # characters
_ARTICLE = re.compile(r"(?:an?|the)\s+", re.IGNORECASE)
_PAREN = re.compile(r"\s*\([^()]{1,60}\)")
_FILLER = re.compile(r"^(?:in [\w -]{3,40},|here,|formally,|briefly,|intuitively,|informally,)\s+", re.IGNORECASE)

# What stands between a term and its meaning, by language: (strength, pattern). Bounded, anchored, no nested repeats.
_COPULA = {
    "en": (
        (
            3,
            r"\s+(?:is|are|was)\s+(?:also\s+|simply\s+|essentially\s+|basically\s+|usually\s+)?(?:an?|one of the|any|a kind of)\s+",
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
_CHINESE = re.compile(
    r"^(?:所谓)?[“「《]?([㐀-鿿A-Za-z0-9]{2,10})[”」》]?(?:（[^（）]{1,40}）)?(?:是一种|是指|是一个|指的是|是)"
)
_JAPANESE = re.compile(r"^[「『]?([㐀-鿿ァ-ヺーA-Za-z0-9]{2,14})[」』]?(?:（[^（）]{1,40}）)?(?:とは|は)、?")
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
    if language == "zh":
        match = _CHINESE.match(text[:80])
        return (
            Definition(match[1], index, 1 if match[0].endswith("是") and not match[0].endswith("指的是") else 3)
            if match
            else None
        )
    if language == "ja":
        match = _JAPANESE.match(text[:80])
        certain = match is not None and ("とは" in match[0] or _JAPANESE_END.search(text[-12:]) is not None)
        return Definition(match[1], index, 3 if "とは" in match[0] else 1) if match and certain else None
    return _by_verb(text, index, language) or _by_layout(sentence, index, language) or _by_name(text, index, language)


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
            if strength == 1 and _SAYS_WHICH.match(meaning) and not _too_general(key, language):
                strength = 2  # "the factor that scales each update", not "the same as before"
            return Definition(key, index, strength, _kind(meaning[:90], key, language))
    return None


_SAYS_WHICH = re.compile(r"(?:[\w'’-]+ ){1,5}?(?:that|which|of|between|by which|in which|at which|used|where|divided|whose)\b")


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
    key = _phrase_after(text, match.end(), language)
    return Definition(key[0], index, 2) if key else None


def _phrase_after(text: str, at: int, language: str) -> tuple[str, str] | None:
    """Return key and spelling of the noun phrase that starts at `at`."""
    piece = text[at : at + 90].lstrip("\"“'‘*_`")
    for run in noun_runs("the " + piece, language=language)[:1]:
        if run.tokens[0].start == 4:
            form = piece[: run.tokens[-1].end - 4]
            key = term_key(form, language=language)
            return (key, form) if key else None
    return None


def _phrase_before(text: str, at: int, language: str) -> tuple[str, str] | None:
    """Return key and spelling of the noun phrase that ends at `at`."""
    start = max(0, at - 90)
    piece = text[start:at].rstrip("\"”'’*_` ,")
    runs = noun_runs(piece, language=language)
    if not runs or runs[-1].tokens[-1].end != len(piece):
        return None
    form = piece[runs[-1].tokens[0].start :]
    key = term_key(form, language=language)
    return (key, form) if key else None


_BRACKET = re.compile(r"\(([^()]{2,70})\)")
_SHORT = re.compile(r"[A-Za-z][A-Za-z0-9&/.-]{0,9}s?")
_LEADING = re.compile(r"(?:also\s+)?(?:or|i\.e\.,?|aka|a\.k\.a\.|short:|abbreviated(?: as)?|abbr\.)\s+", re.IGNORECASE)


def acronyms(sentences: Sequence[Sentence], *, language: str) -> tuple[SameTerm, ...]:
    """Return the acronyms that the text explains, "bits per byte (BPB)" or "BPE (byte-pair encoding)".

    After Schwartz and Hearst, "A simple algorithm for identifying abbreviation definitions" (2003), but stricter: the first
    letter must open the long form, and most of the others a word of it.
    """
    found: list[SameTerm] = []
    for index, sentence in enumerate(sentences):
        text = sentence.text
        if "(" not in text or is_reference(sentence):
            continue
        for match in _BRACKET.finditer(text[:4000]):
            pair = _pair(text[max(0, match.start() - 120) : match.start()].rstrip(), match[1].strip())
            if pair is None:
                continue
            short, long = pair
            long_key = _long_key(long, language)
            if long_key is not None:
                singular_short = short[:-1] if short.endswith("s") and short[:-1].isupper() else short
                short_key = (
                    singular_short
                    if singular_short.isupper()
                    else (term_key(short, language=language) or short.casefold())
                )
                found.append(SameTerm(short_key, long_key, singular_short, long, index, acronym=True))
    return tuple(found)


def _long_key(long: str, language: str) -> str | None:
    key = term_key(long, language=language)
    if key is None and long[:1].isupper():
        key = term_key(long[0].lower() + long[1:], language=language) or term_key(long.lower(), language=language)
    return key


def _pair(before: str, inside: str) -> tuple[str, str] | None:
    """Return (short, long) if one of the two texts is an acronym of the other's words."""
    inside = _LEADING.sub("", inside).strip("\"“”'‘’*_ ")
    if _is_short(inside):
        words = before.split()
        long = _long_form(inside, words[-min(len(inside) + 5, 2 * len(inside)) :])
        return (inside, long) if long else None
    shared = inside.split(" ")
    if len(shared) == 2 and _is_short(shared[0]) and before.casefold().endswith(" " + shared[1].casefold()):
        words = before[: -len(shared[1])].split()  # "key-value cache (KV cache)"
        long = _long_form(shared[0], words[-2 * len(shared[0]) :])
        return (inside, f"{long} {shared[1]}") if long else None
    last = before.rsplit(None, 1)[-1].strip("\"“”'‘’*_([,") if before else ""
    if _is_short(last) and (" " in inside or "-" in inside):
        inside = re.split(r"[,;:]", inside)[0].strip()
        long = _long_form(last, inside.split())
        return (last, inside) if long is not None and long == inside else None
    return None


def _is_short(text: str) -> bool:
    if not 2 <= len(text) <= 10 or not _SHORT.fullmatch(text):
        return False
    return sum(c.isupper() for c in text) >= 2 or (len(text) <= 5 and text[0].isupper() and text[1:].isupper())


def _long_form(short: str, words: list[str]) -> str | None:
    """Return the shortest end of `words` whose initials give `short`, None if there is none."""
    letters = [c.casefold() for c in short.rstrip("s") if c.isalnum()]
    for start in range(len(words) - 1, -1, -1):
        tail = words[start:]
        first = tail[0].lstrip("\"“'‘(*_")
        if not first or first[0].casefold() != letters[0]:
            continue
        if len(tail) == 1 and "-" not in tail[0]:
            continue
        if any(word.endswith((",", ";", ":", ".", ")")) for word in tail[:-1]):
            return None
        if _initials_match(letters, tail):
            return " ".join(tail).strip("\"“”'‘’*_ ,")
    return None


def _initials_match(letters: list[str], words: list[str]) -> bool:
    """Return whether the letters are found in order in the words, opening each content word and most letters an opening."""
    parts = [part.casefold() for word in words for part in re.split(r"[-‐‑–/]", word.strip("\"“”'‘’*_,")) if part]
    content = [
        part
        for part in parts
        if part not in ("of", "the", "and", "for", "to", "in", "a", "an", "on", "per", "by", "with")
    ]
    if len(content) > len(letters):
        return False
    return _match_from(letters, parts, 0, 0) >= 0.6 * len(letters)


def _match_from(letters: list[str], parts: list[str], at: int, used: int) -> int:
    """Return how many letters open a word in the best way through `parts`, -99 if they cannot all be found in order."""
    if at == len(letters):
        return 0 if used == len(parts) else -99
    if used == len(parts):
        return -99
    part = parts[used]
    best = -99
    if part in ("of", "the", "and", "for", "to", "in", "a", "an", "on", "per", "by", "with"):
        best = _match_from(letters, parts, at, used + 1)  # small words may be left out
    if part[0] == letters[at]:
        place, taken = 0, 1
        best = max(best, 1 + _match_from(letters, parts, at + 1, used + 1))
        while at + taken < len(letters):  # further letters inside the same word: "LayerNorm", "PPL" of perplexity
            place = part.find(letters[at + taken], place + 1)
            if place < 0:
                break
            taken += 1
            best = max(best, 1 + _match_from(letters, parts, at + taken, used + 1))
    return best


_SAID = r"(?:also|sometimes|often|otherwise) (?:called|known as|referred to as|termed|abbreviated as)"
_BESIDE = re.compile(  # "X, also called Y", "X (or simply Y)"
    rf"\s?[,(]\s?(?:which (?:is|are) )?(?:{_SAID}|known as|a\.k\.a\.|aka|or simply|or just)\s+(?:just |simply |an? |the )?"
)
_SUBJECT = re.compile(rf" (?:is|are) {_SAID}\s+(?:just |simply |an? |the )?")  # "X is also known as Y"


def other_names(sentences: Sequence[Sentence], *, language: str) -> tuple[SameTerm, ...]:
    """Return the pairs that a text calls by two names: "X (also known as Y)", "X, or simply Y"."""
    if language != "en":
        return ()
    found: list[SameTerm] = []
    for index, sentence in enumerate(sentences):
        if is_reference(sentence):
            continue
        text = sentence.text[:1000]
        for match in [*_BESIDE.finditer(text), *_SUBJECT.finditer(text)]:
            before = _phrase_before(text, match.start(), language)
            after = _phrase_after(text, match.end(), language)
            if before is None or after is None or before[0] == after[0]:
                continue
            lead = text[: match.start() - len(before[1])].rstrip()
            if match.re is _SUBJECT and lead not in ("", "The", "A", "An"):
                continue  # the subject is more than the words before the verb
            if re.search(r"\bof(?: the| an?)?$", lead):
                continue  # "a portion of the URL, also called …": the portion may be meant
            if after[0].startswith(before[0] + " ") or before[0].startswith(after[0] + " "):
                continue  # "a schedule, also called a schedule function": a part of the name, not another
            found.append(SameTerm(after[0], before[0], after[1], before[1], index, acronym=False))
    return tuple(found)
