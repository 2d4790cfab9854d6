"""Which of two things a sentence says is more: "X is larger than Y", and so Y is smaller than X."""

import re

from nightdesk.wiki.proof.polarity import read_polarity

MAX_WORDS = 8  # of each side: a longer one says more than a name
# what is more -> what is less: each pair is one scale
_SCALES = {
    "larger": "smaller",
    "bigger": "smaller",
    "greater": "smaller",
    "faster": "slower",
    "quicker": "slower",
    "higher": "lower",
    "better": "worse",
    "longer": "shorter",
    "older": "younger",
    "heavier": "lighter",
    "stronger": "weaker",
    "deeper": "shallower",
    "wider": "narrower",
    "cheaper": "dearer",
    "safer": "riskier",
    "easier": "harder",
    "simpler": "harder",
    "earlier": "later",
}
_MORE = {word: (least, True) for word, least in _SCALES.items()} | {word: (word, False) for word in _SCALES.values()}
_MORE["newer"] = _MORE["younger"]
_COMPARED = re.compile(
    r"(?P<one>[^,;:()]+?)\s+(?:is|are|was|were|runs|trains|performs|works|converges|learns)"
    r"\s+(?:(?:much|far|slightly|significantly|considerably|clearly|also|always|a lot|even)\s+)*"
    rf"(?P<how>{'|'.join(_MORE)}|(?:more|less)\s+[a-z]+)\s+than\s+(?P<other>[^,;:()]+?)[.!]?",
    re.IGNORECASE,
)


def order_of(statement: str) -> tuple[str, str] | None:
    """Return the two things and the scale that a statement compares them on, and which of them is more.

    None for any other statement, and for one that denies something.
    """
    match = _COMPARED.fullmatch(statement.strip())
    if match is None or any(len(match[side].split()) > MAX_WORDS for side in ("one", "other")):
        return None
    one, other = (read_polarity(match[side]) for side in ("one", "other"))
    if one.cues or other.cues or not one.content or not other.content or one.content == other.content:
        return None
    scale, more = _scale(match["how"].lower())
    names = [" ".join(sorted(side.content)) for side in (one, other)]
    least, most = sorted(names)
    return f"{scale}: {least} / {most}", "first" if (names[0] == least) == more else "second"


def _scale(how: str) -> tuple[str, bool]:
    if how in _MORE:
        return _MORE[how]
    amount, word = how.split()
    return word, amount == "more"
