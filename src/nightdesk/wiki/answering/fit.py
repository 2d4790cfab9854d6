"""How well a statement fits a question: what it shares with it, and whether it holds the kind of thing asked for."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from nightdesk.wiki.answering.question import Question, is_frame, keys_of, words_of

_KIN = 0.85  # what another form of a word counts: "passes" for "pass"
_BESIDE = 0.65  # what a word counts that stands only near the statement: in its heading, title or the sentence before
_NUMBER = re.compile(
    r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty|hundreds?|thousands?"
    r"|millions?|billions?|half|third|quarter|twice|once|dozen|zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn|zwölf|hundert"
    r"|tausend)\b|[一二三四五六七八九十百千万亿]",
    re.I,
)
_DATE = re.compile(
    r"\b(?:1[4-9]|20)\d\d\b|\b(?:January|February|March|April|June|July|August|September|October|November|December|Januar|"
    r"Februar|März|Juni|Juli|Oktober|Dezember)\b|\d{1,2}月|\d{4}年"
)
_PERSON = re.compile(
    r"(?<![\w.-])(?:[A-ZÀ-Þ][\w'’-]*[a-zß-ÿ][\w'’-]*|[A-Z]\.)(?:\s+(?:[A-ZÀ-Þ][\w'’-]+|de|van|von|der))*"
)
_REASON = re.compile(
    r"\b(?:because|since|so that|therefore|reason|due to|hence|thus|as it|in order to|weil|damit|denn)\b|因为|ため",
    re.I,
)
_IS = r"\s+(?:\([^()]{1,60}\)\s+)?(?:is|are|was|were|means|denotes|refers to|stands for|ist|sind)\b"
_YES_OR_NO = re.compile(r"\s*(?:is|are|was|were|do|does|did|can|could|should|will|has|have|ist|sind|hat|kann)\b", re.I)
_NEGATION = re.compile(r"\b(?:not|no|never|without|cannot|nicht|kein\w*|ohne)\b|n[’']t\b|不|没", re.I)
_LONG = 45  # words
_UNIT_REACH = 4  # words between a number and what it counts


@dataclass(frozen=True, slots=True)
class Fit:
    """What speaks for a statement. All numbers are shares from 0 to 1 but `score`."""

    direct: float  # of the question's words, weighed by rarity, those in the statement
    beside: float  # those in it or near it, the latter counted less
    names: float  # of its names and numbers, those in it or near it; 1 where it has none
    typed: float  # 1: what is asked for is there, and not in the question already; 0.5: nothing special is asked for
    paired: float  # of its words that stand side by side, those that do so in the statement; 0.5 where there are none
    counted: float  # 1: a number stands beside the word for what is counted
    defines: float  # 1: it says what the subject of the question is
    turned: float  # 1: one of question and statement denies, the other does not
    length: float  # how much longer than usual it is

    @property
    def score(self) -> float:
        """How well it fits, for the order of statements: about 1 for a good answer."""
        return max(
            0.0,
            0.55 * self.direct
            + 0.45 * self.beside
            + 0.2 * self.typed
            + 0.15 * self.paired
            + 0.15 * self.counted
            + 0.25 * self.defines
            - 0.06 * self.turned
            - 0.1 * self.length,
        )


NOTHING = Fit(0, 0, 0, 0, 0, 0, 0, 0, 0)


def fit(question: Question, text: str, near: str) -> Fit:
    """Return how the statement `text` fits; `near` is what stands around it: heading, title, the sentence before."""
    own, spelt = keys_of(text), frozenset(words_of(text))
    if all(word in question.words or is_frame(word) for word in spelt) and not _YES_OR_NO.match(question.text):
        return NOTHING  # it says no more than the question: a heading
    here, around = set(own), set(keys_of(near))
    total = question.weight or 1.0
    direct = sum(t.weight * (1 if t.shown in spelt else _KIN) for t in question.terms if t.key in here)
    beside = direct + _BESIDE * sum(t.weight for t in question.terms if t.key not in here and t.key in around)
    names = [term for term in question.terms if term.is_name]
    apart = _apart(question, own, keys_of(near))
    named = sum(t.weight for t in names if t.key not in apart and (t.key in here or t.key in around))
    return Fit(
        direct=direct / total,
        beside=beside / total,
        names=named / (sum(term.weight for term in names) or 1.0) if names else 1.0,
        typed=_typed(question, text),
        paired=_paired(question, own),
        counted=_counted(question, own, text),
        defines=_defines(question, text),
        turned=float(question.negated != bool(_NEGATION.search(text))),
        length=min(1.0, max(0, len(own) - _LONG) / _LONG),
    )


def _apart(question: Question, own: Sequence[str], near: Sequence[str]) -> frozenset[str]:
    """Return the keys of names of several words that do not stand side by side: GPT-2 and 4 tokens are not GPT-4."""
    texts = [f" {' '.join(keys)} " for keys in (own, near)]
    missing = [compound for compound in question.compounds if not any(f" {' '.join(compound)} " in t for t in texts)]
    return frozenset(key for compound in missing for key in compound)


def _typed(question: Question, text: str) -> float:
    if question.kind == "number":
        return float(
            any(_is_new(question, found[0]) for found in re.finditer(rf"\w*(?:{_NUMBER.pattern})[\w.,]*", text, re.I))
        )
    if question.kind == "date":
        return float(any(_is_new(question, found[0]) for found in _DATE.finditer(text)))
    if question.kind == "person":
        return float(any(_is_new(question, f[0]) and (f.start() or " " in f[0]) for f in _PERSON.finditer(text)))
    if question.kind == "reason":
        return float(bool(_REASON.search(text)))
    if question.kind == "definition" and _asks_what_it_is(question):
        return _defines(question, text)
    return 0.5


def _asks_what_it_is(question: Question) -> bool:
    return len(question.terms) <= 4 and not re.search(r"\b(?:of|for|in|with|von|für)\b", question.text)


def _paired(question: Question, own: Sequence[str]) -> float:
    if not question.pairs:
        return 0.5
    beside = {pair for gap in (1, 2) for pair in zip(own, own[gap:], strict=False)}
    return sum(pair in beside for pair in question.pairs) / len(question.pairs)


def _is_new(question: Question, words: str) -> bool:
    return not set(keys_of(words)) <= question.keys


def _counted(question: Question, own: Sequence[str], text: str) -> float:
    if not question.unit:
        return 0.0
    places = [at for at, key in enumerate(own) if key == question.unit]
    numbers = [at for at, key in enumerate(own) if _NUMBER.fullmatch(key) or any(c.isdigit() for c in key)]
    return float(any(0 < place - at <= _UNIT_REACH for place in places for at in numbers))


def _defines(question: Question, text: str) -> float:
    if question.kind != "definition" or not question.terms or not _asks_what_it_is(question):
        return 0.0
    opening = re.match(rf"(?:(?:An?|The|Ein|Eine|Der|Die|Das)\s+)?([^,.;:]{{1,80}}?){_IS}", text)
    if opening is None:
        return 0.0
    return float(set(keys_of(opening[1])) >= question.keys and len(keys_of(opening[1])) <= len(question.terms) + 1)
