"""The lines that say what was decided about a contradiction: written by commands, and by people in their editor."""

import re
from collections.abc import Mapping

from nightdesk.base.errors import DeskError
from nightdesk.wiki.contradictions.items import BY_FRONTMATTER, OPEN, Name, Other, State

FIELDS = ("state", "keep", "other is", "because", "by", "on")
MAX_TEXT = 500  # characters of a reason or a name
_NAMES: Mapping[str, Name] = {
    "open": "open",
    "resolved": "resolved",
    "not a contradiction": "not a contradiction",
    "dismissed": "not a contradiction",
}
_OTHERS: Mapping[str, Other] = {"wrong": "wrong", "superseded": "superseded"}
_CLAIM = re.compile(r"\^?(c[0-9a-f]{10,64})")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")


def read_state(fields: Mapping[str, str], one: str, other: str) -> State:
    """Return the state that these lines say of the contradiction between two claims (ids).

    Raises DeskError that says in one line what cannot be read.
    """
    said = fields.get("state", "open").strip().rstrip(".").lower()
    if said not in _NAMES:
        raise DeskError(f'state "{said[:60]}" is none of: open, resolved, not a contradiction')
    name = _NAMES[said]
    because, by, on = (one_line(fields.get(key, "")) for key in ("because", "by", "on"))
    if on and not _DATE.fullmatch(on):
        raise DeskError(f'on "{on[:60]}" is no date such as 2026-11-23')
    if name == "open":
        return State(because=because, by="hand" if by == BY_FRONTMATTER else by, on=on) if because or by else OPEN
    if name == "not a contradiction":
        return State(name, because=because, by=by, on=on)
    keep = chosen_claim(fields.get("keep", ""), one, other)
    given = fields.get("other is", "").strip().rstrip(".").lower()
    if given and given not in _OTHERS:
        raise DeskError(f'other is "{given[:60]}": it can be wrong or superseded')
    return State(name, keep, _OTHERS.get(given, "wrong"), because, by, on)


def chosen_claim(given: str, one: str, other: str) -> str:
    """Return the claim that `given` names: its id, a link, "one" or "other". Raises DeskError for anything else."""
    text = given.strip()
    words = {"one": one, "1": one, "other": other, "2": other}
    if text.lower() in words:
        return words[text.lower()]
    named = {claim for claim in (one, other) if claim in _CLAIM.findall(text)}
    if len(named) == 1:
        return named.pop()
    raise DeskError(f'keep "{text[:60]}" names neither of its claims', fix=f"name ^{one} or ^{other}")


def state_lines(state: State) -> list[str]:
    """Return the lines of a state, without indentation."""
    values = (state.name, f"^{state.keep}" if state.keep else "", state.other, state.because, state.by, state.on)
    return [f"{field}: {value}" for field, value in zip(FIELDS, values, strict=True) if value]


def one_line(text: str) -> str:
    """Return a text of a person's as one line of bounded length."""
    return " ".join(text.split())[:MAX_TEXT]
