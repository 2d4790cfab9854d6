"""Cuts that change what a quote says: through a word, through a number, or right after a negation."""

import re

from nightdesk.wiki.proof.folding import HYPHENS, INVISIBLE, UNSPACED

_WINDOW = 120  # characters looked at on each side

_UNSPACED = re.compile(f"[{UNSPACED}]")
_INVISIBLE = re.compile(f"[{INVISIBLE}]+")
_CLITIC = re.compile(r"(?:t|s|re|ve|ll|d|m)\b", re.IGNORECASE)  # don't, it's: one word; l'optimiseur: two
_MAGNITUDE = (
    r"(?:hundred|thousand|million|billion|trillion|dozen|percent|per cent|bn|mn|Mio|Mrd|Millionen?"
    r"|Milliarden?|Prozent"
    r"|milli(?:on|ard)s?|pour cent|mil|mill(?:ón|ones)|por ciento|mil(?:a|ione|ioni)|miliard[oi]|mil(?:hão|hões)"
    r"|por cento|duizend|miljoen|miljard|procent)\b"
)
_NUMBER_GOES_ON = re.compile(
    rf"[.,:/'’]\d|[ \u00a0\u202f\u2009]?[%‰°º²³¹⁰-⁹^]|\*\*\d|\s?[×x*·]\s?10\b|\s{_MAGNITUDE}|[ \u00a0]?[万亿億萬千百]"
    r"|\s?\\times"
)
_GROUP_FOLLOWS = re.compile(r"[ \u00a0\u202f\u2009]\d{3}(?!\d)")
_ENDS_WITH_GROUP = re.compile(r"(?<![\d.,])\d{1,3}(?:[ \u00a0\u202f\u2009]\d{3})*\Z")
_NUMBER_BEFORE = re.compile(r"(?:\d[.,:/'’]|\d[-–—−]|\d\*\*|(?:^|[^\w>)\]])[-−+±~≈≤≥$€£¥]|[(\s]<|[^\s]\s>|\^\{?-?)\Z")
_GROUP_BEFORE = re.compile(r"(?<![\d.,])\d{1,3}[ \u00a0\u202f\u2009]\Z")
_MAGNITUDE_FIRST = re.compile(rf"(?:{_MAGNITUDE}|[%‰°²³¹⁰-⁹^])")

_NOT = (
    r"(?:not|no|never|cannot|\w+n['’]t|without|neither|nor|none|hardly|barely|scarcely|rarely|seldom"
    r"|unable to|fail(?:s|ed|ing)? to"
    r"|lack(?:s|ed|ing)?(?: of)?|instead of|rather than|nicht|kein\w{0,2}|nie|niemals|ohne|weder|ne|pas"
    r"|jamais|sans|sin"
    r"|nunca|non|senza|mai|não|sem|nem|niet|geen|nooit|zonder|ни|не|нет|без)"
)
_FILLER = (
    r"(?:an?|the|any|very|really|always|necessarily|yet|to|be|been|being|ha(?:s|ve|d)|longer|of|such|even|directly"
    r"|actually|fully|quite|so|too|all|every|ever|in)"
)
_NOT_BEFORE = re.compile(rf"(?:^|[^\w.-]){_NOT}\s+(?:{_FILLER}\s+){{0,3}}\Z", re.IGNORECASE)
_DENIED_BEFORE = re.compile(
    r"\b(?:(?:not|\w+n['’]t) (?:true|clear|known|the case|certain|proven|shown)|false|untrue|unlikely|unclear|doubtful"
    r"|den(?:y|ies|ied)"
    r"|doubts?|doubted|wrong|incorrect(?:ly)?|myth|refute[sd]?|disprove[sd]?)\s+(?:\w+\s+){0,2}that\s+\Z",
    re.IGNORECASE,
)
_ELIDED_NOT = re.compile(r"(?:^|\W)n['’]\Z", re.IGNORECASE)
_NOT_AFTER = re.compile(r"\s+(?:nicht|keineswegs|niet|nooit)\b", re.IGNORECASE)  # these stand behind the verb
_UNSPACED_NOT = re.compile(r"[不没沒无無未]\Z")
_UNSPACED_NOT_AFTER = re.compile(r"(?:ない|なかった|なく|ません|ず)")
_ANY_NOT = re.compile(rf"\b{_NOT}\b|[不没沒无無未]|ない|ません", re.IGNORECASE)
_STOP = re.compile(r"[.!?。！？](?=\W|$)|\n\s*\n")
_BLANK_LINE = re.compile(r"\n[^\S\n]*\n")


def cuts_meaning(source: str, start: int, end: int) -> bool:
    """Say whether source[start:end] cuts a word or a number, or leaves out a negation right at its edge."""
    before = _INVISIBLE.sub("", source[max(0, start - _WINDOW) : start])
    after = _INVISIBLE.sub("", source[end : end + _WINDOW])
    slice_ = source[start:end]
    return (
        _cuts_start(before, slice_)
        or _cuts_end(slice_, after)
        or _cuts_number_start(before, slice_)
        or _cuts_number_end(slice_[-_WINDOW:], after)
        or _is_denied(before, slice_, after)
    )


def _is_word(char: str) -> bool:
    return char.isalnum() or char == "_"


def _cuts_start(before: str, slice_: str) -> bool:
    first, last = slice_[0], before[-1:]
    if not last or not _is_word(first):
        return bool(last) and first in "'’" and _is_word(last) and _CLITIC.match(slice_[1:4]) is not None
    if _is_word(last):
        return not (_UNSPACED.match(first) or _UNSPACED.match(last)) or (first.isdigit() and last.isdigit())
    inner = before[-2:-1]
    if last in "'’":
        return inner.isalpha() and _CLITIC.match(slice_[:4]) is not None
    if last in HYPHENS:
        return _is_word(inner)  # "linear" of "non-linear"
    broken = before.rstrip()
    return "\n" in before[len(broken) :] and broken[-1:] in HYPHENS and broken[-2:-1].isalpha() and first.islower()


def _cuts_end(slice_: str, after: str) -> bool:
    last, first = slice_[-1], after[:1]
    if not first:
        return False
    if last in HYPHENS and len(slice_) > 1:
        return _is_word(slice_[-2]) and _is_word(first)
    if not _is_word(last):
        return False
    if _is_word(first):
        return not (_UNSPACED.match(first) or _UNSPACED.match(last)) or (first.isdigit() and last.isdigit())
    follows = after[1:2]
    if first in "'’":
        return _CLITIC.match(after[1:4]) is not None
    if first in HYPHENS:
        rest = after[1:].lstrip()
        return _is_word(follows) or ("\n" in after[1 : len(after) - len(rest)] and rest[:1].islower())
    return first == "." and last.isalpha() and follows.isalpha() and follows.islower()  # "train" of "train.py"


def _cuts_number_start(before: str, slice_: str) -> bool:
    if slice_[0] in ".," and before[-1:].isdigit() and slice_[1:2].isdigit():
        return True
    if re.search(r"\d\s?\Z", before) and _MAGNITUDE_FIRST.match(slice_):
        return True
    if not slice_[0].isdigit():
        return False
    grouped = _GROUP_BEFORE.search(before) and re.match(r"\d{3}(?!\d)", slice_)
    return bool(grouped or _NUMBER_BEFORE.search(before))


def _cuts_number_end(tail: str, after: str) -> bool:
    if tail[-1] in ".,:/" and tail[-2:-1].isdigit() and after[:1].isdigit():
        return True
    if not tail[-1].isdigit():
        return False
    grouped = _GROUP_FOLLOWS.match(after) and _ENDS_WITH_GROUP.search(tail)
    ranged = after[:1] in ("–", "—", "−") and after[1:2].isdigit()
    return bool(grouped or ranged or _NUMBER_GOES_ON.match(after))


def _is_denied(before: str, slice_: str, after: str) -> bool:
    if _UNSPACED.match(slice_[0]) and _UNSPACED_NOT.search(before):
        return True
    if _UNSPACED.match(slice_[-1]) and _UNSPACED_NOT_AFTER.match(after):
        return True
    if _NOT_AFTER.match(after) and not _BLANK_LINE.match(after):
        return True
    gap = before[len(before.rstrip()) :]
    if gap.count("\n") > 1:
        return False
    return any(pattern.search(before) for pattern in (_NOT_BEFORE, _DENIED_BEFORE, _ELIDED_NOT))


def drops_negation(before: str, gap: str) -> bool:
    """Say whether the words left out after `before` hold a negation that belongs to what is kept.

    Whole sentences may be left out, whatever they say; a negation between two pieces of sentences may not.
    """
    stops = list(_STOP.finditer(gap))
    if not stops:
        return _ANY_NOT.search(gap) is not None
    whole = before.rstrip().endswith((".", "!", "?", "。", "！", "？"))
    head = "" if whole else gap[: stops[0].start()]
    return _ANY_NOT.search(head) is not None or _ANY_NOT.search(gap[stops[-1].end() :]) is not None
