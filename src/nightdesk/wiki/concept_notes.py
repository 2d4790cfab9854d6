"""What a reader notes of concepts beside the claims: what kind they are, their other names, and which pages to make."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from nightdesk.base.names import name_key, safe_name
from nightdesk.wiki.hidden_text import hidden_in
from nightdesk.wiki.naming import RESERVED
from nightdesk.wiki.proof.folding import fold
from nightdesk.wiki.reading_form import NoteEntry

MAX_NAME = 80  # characters of a name that the desk does not know yet
MAX_CATEGORY = 60
MAX_ALIASES = 10  # of one concept
MAX_IDEAS = 5
MAX_SUBJECTS = 12  # of one page that is suggested
MAX_WHY = 300
_ACTS = re.compile(r"[`$~<>]|==|%%|<%|\{\{|\}\}|&#?\w{1,32};")  # within the brackets of a link too
NOTE_TYPES = ("concept", "entity")
IDEA_TYPES = ("comparison", "theme")


@dataclass(frozen=True, slots=True)
class ConceptNote:
    """What a source tells of a concept that its claims name."""

    name: str
    type: str  # "concept" or "entity"
    aliases: tuple[str, ...]  # as they stand in the source
    category: str | None

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "ConceptNote":
        """Return the note that a reading's JSON holds."""
        return cls(stored["name"], stored["type"], tuple(stored["aliases"]), stored["category"])


@dataclass(frozen=True, slots=True)
class PageIdea:
    """A page that a reader suggests: it compares concepts, or follows a theme through them."""

    name: str
    type: str  # "comparison" or "theme"
    of: tuple[str, ...]  # concept names, at least two
    why: str

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "PageIdea":
        """Return the idea that a reading's JSON holds."""
        return cls(stored["name"], stored["type"], tuple(stored["of"]), stored["why"])


class Names:
    """The names that concepts have on this desk, by what two names must not share."""

    def __init__(self, offered: Iterable[str]) -> None:
        self._canonical: dict[str, str] = {}
        for name in offered:
            self._canonical.setdefault(name_key(name), name)

    def __contains__(self, name: str) -> bool:
        return name_key(name) in self._canonical

    def canonical(self, name: str) -> str:
        """Return the name as the desk spells it, as it is where the desk does not know it."""
        return self._canonical.get(name_key(name), name)

    def objection(self, name: str) -> str | None:
        """Return what speaks against a name that the desk does not know."""
        if name in self:
            return None
        if hidden := hidden_in(name):
            return f"the name {name[:MAX_NAME]!a} holds the hidden character {hidden}"
        if safe_name(name) != name:
            return f'"{name[:MAX_NAME]}" cannot be a page name; write "{safe_name(name)}"'
        if _ACTS.search(name):
            return f'the name "{name[:MAX_NAME]}" holds signs that act as markup'
        if len(name) > MAX_NAME:
            return f'the name "{name[:40]}…" is longer than {MAX_NAME} characters'
        if name_key(name) in RESERVED:
            return f'"{name}" is the name of a page that nightdesk itself makes'
        if not any(c.isalpha() for c in name):
            return f'"{name}" is no name'
        return None


class SourceWords:
    """A source's text for the question whether a name stands in it; folded once, when it is first asked."""

    def __init__(self, text: str) -> None:
        self._text = text

    @cached_property
    def _folded(self) -> str:
        return fold(self._text).text.casefold()

    def has(self, name: str) -> bool:
        """Return whether `name` stands in the text as whole words, whatever its case."""
        key = fold(name).text.casefold().strip()
        place = self._folded.find(key) if key else -1
        while place >= 0:
            before, after = self._folded[place - 1 : place], self._folded[place + len(key) : place + len(key) + 1]
            if not (_joins(before, key[0]) or _joins(key[-1], after)):
                return True
            place = self._folded.find(key, place + len(key))
        return False


_SPACED_LETTER = re.compile(r"[^\W_\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff\uf900-\ufaff]")


def _joins(left: str, right: str) -> bool:
    """Return whether two neighbouring characters belong to one word of a script with spaces."""
    return bool(_SPACED_LETTER.match(left) and _SPACED_LETTER.match(right))


def check_notes(
    entries: Sequence[NoteEntry],
    *,
    names: Names,
    named: Mapping[str, str],
    lost: frozenset[str],
    words: SourceWords,
    reasons: list[str],
) -> tuple[ConceptNote, ...]:
    """Return the notes on concepts that claims name, adding to `reasons` what is wrong with them.

    `named` maps the name_key of each concept that a good claim names to its name; `lost` are the keys of those that
    only rejected claims name: notes on them go without a word.
    """
    own = {name_key(names.canonical(entry.name)) for entry in entries}
    notes: list[ConceptNote] = []
    for entry in entries:
        label, key = f"concept {entry.number}", name_key(entry.name)
        if key not in named:
            if key not in lost:
                reasons.append(f'{label}: no claim names "{entry.name[:MAX_NAME]}"')
            continue
        if entry.type not in NOTE_TYPES:
            reasons.append(f'{label}: the type is "concept" or "entity", not "{entry.type[:20]}"')
        notes.append(
            ConceptNote(
                named[key],
                entry.type if entry.type in NOTE_TYPES else "concept",
                _aliases(entry, label, lambda alias: alias in names or name_key(alias) in own, words, reasons),
                _category(entry.remark, label, reasons),
            )
        )
    return join_notes(notes)


def _aliases(
    entry: NoteEntry, label: str, is_taken: Callable[[str], bool], words: SourceWords, reasons: list[str]
) -> tuple[str, ...]:
    good: dict[str, str] = {}
    if len(entry.names) > MAX_ALIASES:
        reasons.append(f"{label}: more than {MAX_ALIASES} aliases")
    for alias in entry.names[:MAX_ALIASES]:
        if name_key(alias) == name_key(entry.name):
            continue
        if hidden_in(alias) or len(alias) > MAX_NAME or not any(c.isalpha() for c in alias):
            reasons.append(f"{label}: {alias[:40]!a} is no alias")
        elif is_taken(alias):
            reasons.append(f'{label}: the alias "{alias}" is the name of another concept')
        elif not words.has(alias):
            reasons.append(f'{label}: the alias "{alias}" does not stand in the text')
        else:
            good.setdefault(name_key(alias), alias)
    return tuple(good.values())


def _category(given: str, label: str, reasons: list[str]) -> str | None:
    if not given:
        return None
    if safe_name(given) == given and len(given) <= MAX_CATEGORY and not hidden_in(given):
        return given
    reasons.append(f'{label}: "{given[:MAX_CATEGORY]}" cannot be a category: a short name without / # [ ] | : is')
    return None


def check_ideas(
    entries: Sequence[NoteEntry],
    *,
    names: Names,
    named: Mapping[str, str],
    lost: frozenset[str],
    reasons: list[str],
) -> tuple[PageIdea, ...]:
    """Return the pages that are suggested of concepts which are known, adding to `reasons` what is wrong with them."""
    if len(entries) > MAX_IDEAS:
        reasons.append(f"{len(entries)} pages are too many to suggest; at most {MAX_IDEAS}")
    ideas: list[PageIdea] = []
    for entry in entries[:MAX_IDEAS]:
        label = f"page {entry.number}"
        keys = dict.fromkeys(map(name_key, entry.names[:MAX_SUBJECTS]))
        known = tuple(names.canonical(named.get(key, key)) for key in keys if key in named or key in names)
        faults = [
            f'"{name[:MAX_NAME]}" is named by no claim and was not offered'
            for name in entry.names[:MAX_SUBJECTS]
            if name_key(name) not in named and name not in names and name_key(name) not in lost
        ]
        if len(known) < 2 and not any(key in lost for key in keys):
            faults.append("it needs at least two concepts")
        if entry.type not in IDEA_TYPES:
            faults.append(f'the type is "comparison" or "theme", not "{entry.type[:20]}"')
        if entry.name in names or name_key(entry.name) in named:
            faults.append(f'"{entry.name[:MAX_NAME]}" is the name of a concept')
        elif objection := names.objection(entry.name):
            faults.append(objection)
        if len(entry.remark) > MAX_WHY or hidden_in(entry.remark):
            faults.append(f"why: at most {MAX_WHY} characters that can be seen")
        reasons += [f"{label}: {fault}" for fault in faults]
        if not faults and len(known) >= 2:
            ideas.append(PageIdea(entry.name, entry.type, known, entry.remark))
    return join_ideas(ideas)


def join_notes(notes: Iterable[ConceptNote]) -> tuple[ConceptNote, ...]:
    """Return one note for each name: the first type and category that are given, all aliases."""
    joined: dict[str, ConceptNote] = {}
    for note in notes:
        first = joined.setdefault(name_key(note.name), note)
        if first is not note:
            aliases = {name_key(alias): alias for alias in (*note.aliases, *first.aliases)}
            ordered = dict.fromkeys(aliases[name_key(alias)] for alias in (*first.aliases, *note.aliases))
            joined[name_key(note.name)] = replace(
                first, aliases=tuple(ordered), category=first.category or note.category
            )
    taken = set(joined)
    told: list[ConceptNote] = []
    for note in joined.values():
        free = tuple(alias for alias in note.aliases if name_key(alias) not in taken)
        taken.update(map(name_key, free))  # one alias means one concept: the first that has it
        told.append(replace(note, aliases=free))
    return tuple(told)


def join_ideas(ideas: Iterable[PageIdea]) -> tuple[PageIdea, ...]:
    """Return the first idea of each name, and of each set of concepts that pages of one type are about."""
    joined: list[PageIdea] = []
    for idea in ideas:
        about = (idea.type, frozenset(map(name_key, idea.of)))
        if all(
            name_key(idea.name) != name_key(other.name) and about != (other.type, frozenset(map(name_key, other.of)))
            for other in joined
        ):
            joined.append(idea)
    return tuple(joined)
