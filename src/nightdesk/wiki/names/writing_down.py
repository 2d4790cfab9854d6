"""names.md with one more decision: rules about the same page are joined, all else stays as it is, to the character."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from nightdesk.base.names import name_key, safe_name
from nightdesk.wiki.names.rules import Called, Rule, SourceCalled, Taken, parse_decisions

_NOTE = re.compile(r"  - \d{4}-\d\d-\d\d: page (?:rename|merge|split)\b")
HEAD = """---
type: names
title: Names
---
# Names

What was decided about the names of pages; each compile obeys it. One decision is one line; what is indented below it is
for you. `nightdesk page rename`, `merge` and `split` write here, and so may you.

"""


def with_called(text: str, title: str, also: Iterable[str], *, why: str) -> str:
    """Return names.md where one concept has this title and these other names; rules that it joins become one.

    The order of the names says which concept it was first: names of a rule that has the title come before the others.
    """
    decided = parse_decisions(text)
    wanted = [title, *also]
    keys = set(map(name_key, wanted))
    joined = [rule for rule in decided.called if not keys.isdisjoint(map(name_key, rule.names))]
    order = [*wanted]
    for rule in joined:
        at = next(n for n, name in enumerate(order) if name_key(name) in set(map(name_key, rule.names)))
        order[at + 1 : at + 1] = list(rule.names)
    names = _distinct(order)
    return _with_rule(text, Called(names[0], tuple(names[1:]), 0), joined, why)


def with_source_called(text: str, rule: SourceCalled, *, why: str) -> str:
    """Return names.md where a source's page has this name; a name that it was given before becomes another name."""
    before = [old for old in parse_decisions(text).sources if old.raw == rule.raw]
    also = _distinct([rule.title, *rule.also, *(name for old in before for name in (old.title, *old.also))])[1:]
    return _with_rule(text, replace(rule, also=tuple(also)), before, why)


def with_taken(text: str, rule: Taken, *, why: str) -> str:
    """Return names.md where these claims go from one page to another."""
    same = [
        old
        for old in parse_decisions(text).taken
        if (name_key(old.title), name_key(old.source)) == (name_key(rule.title), name_key(rule.source))
    ]
    claims = tuple(dict.fromkeys([*(claim for old in same for claim in old.claims), *rule.claims]))
    return _with_rule(text, replace(rule, claims=claims), same, why)


def with_pages_renamed(text: str, old: str, new: str) -> str:
    """Return names.md where claims that went from or to the page `old` do so with the page `new` (a title).

    A decision that would let a page take from itself is taken back.
    """
    key = name_key(old)
    edits: dict[int, Rule | None] = {}
    for rule in parse_decisions(text).taken:
        takes, gives = name_key(safe_name(rule.title)) == key, name_key(rule.source) == key
        if takes or gives:
            changed = replace(rule, title=new if takes else rule.title, source=safe_name(new) if gives else rule.source)
            same = name_key(safe_name(changed.title)) == name_key(changed.source)
            edits[rule.line] = None if same else changed
    return _with_lines(text, edits)


def _distinct(names: Iterable[str]) -> list[str]:
    """Return the names in their order, each once; a name that differs in case only is another."""
    return list(dict.fromkeys(names))


def _with_rule(text: str, rule: Rule, replaced: Sequence[Rule], why: str) -> str:
    """Put a rule in the place of the first that it replaces, else at the end; the other lines go, their notes stay."""
    if replaced:
        edits: dict[int, Rule | None] = {old.line: None for old in replaced[1:]}
        return _with_lines(text, edits | {replaced[0].line: rule}, note=f"  - {why}")
    text = text if text.strip() else HEAD
    newline = "\r\n" if "\r\n" in text else "\n"
    gap = "" if text.endswith("\n") else newline
    return f"{text}{gap}- {rule.text}{newline}  - {why}{newline}"


def _with_lines(text: str, edits: Mapping[int, Rule | None], *, note: str = "") -> str:
    """Return the text with other rules in these lines; None takes one away with what a command noted below it."""
    lines: list[str] = []
    dropping = False
    for number, line in enumerate(text.split("\n"), 1):
        dropping = dropping and _NOTE.match(line) is not None
        if number not in edits:
            lines += [] if dropping else [line]
            continue
        rule, end = edits[number], "\r" if line.endswith("\r") else ""
        dropping = rule is None
        if rule is not None:
            marker = line[: len(line) - len(line.lstrip("-*+ \t"))]
            lines += [f"{marker}{rule.text}{end}", *([note + end] if note else [])]
    return "\n".join(lines)
