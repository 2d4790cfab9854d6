"""The task "idea": a worker writes the sections; code holds each sentence to the evidence that it refers to."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from nightdesk.agents.boundary import mark_data
from nightdesk.agents.briefs import Briefs
from nightdesk.agents.tasks import Brief, Task, Verified
from nightdesk.base.markdown import plain_text
from nightdesk.base.pages import short_hash
from nightdesk.base.settings import IDEA
from nightdesk.wiki.ideas.checking import check_idea
from nightdesk.wiki.ideas.drafting import REFERENCE
from nightdesk.wiki.ideas.form import ADAPT, CHECKS, EVIDENCE, OPEN, SECTIONS, STEPS, WHAT, WHY, parse_idea
from nightdesk.wiki.ideas.material import Material
from nightdesk.wiki.ideas.private import Known
from nightdesk.wiki.proof.support import unsupported
from nightdesk.wiki.prose.sentences import split_sentences

MAX_HAND_IN = 60_000  # characters
_WRITTEN = tuple(name for name in SECTIONS if name != EVIDENCE)
_HELD = (WHAT, WHY)  # sections in which every sentence refers to evidence
_FENCED = re.compile(r"\A\s*(`{3,}|~{3,})(?:markdown|md)?[ \t]*\n(.*)\n\1\s*\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class IdeaTask:
    """What a worker has to write, and how the file is put together from it."""

    title: str
    material: Material
    known: Known
    compose: Callable[[Mapping[str, str]], str]  # sections -> text of the file


@dataclass(frozen=True, slots=True)
class WrittenIdea:
    """An accepted idea."""

    text: str  # of the file
    sections: Mapping[str, str]


def idea_task(asked: IdeaTask, briefs: Briefs) -> Task[IdeaTask]:
    """Return the task of writing one idea file."""
    inputs = short_hash(repr((IDEA, asked.title, asked.material.evidence)))
    return Task(IDEA, asked.title, inputs, asked, lambda: idea_brief(asked, briefs))


def idea_brief(asked: IdeaTask, briefs: Briefs) -> Brief:
    """Return the brief: titles and evidence are data."""
    lines = [f"[{n}] {' '.join(text.split())}" for n, text in enumerate(asked.material.evidence, 1)]
    pieces = {"the title": asked.title, "the evidence": "\n".join(lines) or "(none)"}
    changes = "\n\n".join(one.diff for one in asked.material.measured if one.diff)
    if changes:
        pieces["the changes that were measured"] = changes
    return briefs.render("idea", {"language": _language(asked.material)}, material=mark_data(pieces), form="markdown")


def _language(material: Material) -> str:
    language = material.language
    return language if language.isascii() and language.replace("-", "").isalpha() else "en"


def verify_idea(asked: IdeaTask, hand_in: str) -> Verified[WrittenIdea]:
    """Prove an idea: its sections are there, its sentences say what their evidence says, and `idea check` is clean.

    The section Evidence is put in by code, so that nothing in it can be made up. All reasons are told at once.
    """
    if len(hand_in) > MAX_HAND_IN:
        return Verified(None, (f"the idea is longer than {MAX_HAND_IN:,} characters",))
    fenced = _FENCED.match(hand_in)
    body = (fenced[2] if fenced else hand_in).replace("\r\n", "\n")
    parsed = parse_idea(f"---\ntype: idea\n---\n{body.lstrip()}")
    allowed = {name.casefold(): name for name in (*_WRITTEN, STEPS, OPEN)}
    sections = {allowed[key]: section.text for key, section in parsed.sections.items() if key in allowed}
    reasons = [f"the section {name!r} is missing or empty" for name in _WRITTEN if not sections.get(name, "").strip()]
    strange = [s.name for key, s in parsed.sections.items() if key not in allowed]
    reasons += [f"there is no place for a section {name[:60]!r}" for name in strange]
    for name in (*_WRITTEN, STEPS, OPEN):
        if name in sections and name not in (CHECKS, STEPS):
            reasons += _unsupported(asked.material, sections[name], name)
    if reasons:
        return Verified(None, tuple(reasons))
    text = asked.compose(sections)
    findings = check_idea(text, asked.known)
    if findings:
        return Verified(None, tuple(f"{one.message} (line {one.line}): {one.mend}" for one in findings))
    return Verified(WrittenIdea(text, sections), ())


def _unsupported(material: Material, text: str, name: str) -> list[str]:
    """Return what the sentences of a section say beyond the evidence; those of What and Why each refer to some."""
    reasons = []
    evidence, language = material.evidence, _language(material)
    for sentence in split_sentences(_behind_stops(text), language=language):
        numbers = [int(number) for number in REFERENCE.findall(sentence.text)]
        said = " ".join(REFERENCE.sub("", sentence.text).split())
        if sentence.kind == "heading" or not any(char.isalnum() for char in said):
            continue
        short = said if len(said) <= 80 else said[:79] + "…"
        if gone := [number for number in numbers if not 1 <= number <= len(evidence)]:
            reasons.append(f'"{short}": there is no evidence [{gone[0]}]')
            continue
        if not numbers:
            if name in _HELD:
                reasons.append(f'"{short}": a sentence under {name} refers to its evidence, as [1]')
                continue
            if name == ADAPT:
                continue  # advice is the writer's own; what it names is not evidence
        given = [evidence[number - 1] for number in numbers] or list(evidence)
        found = unsupported(said, given, known_names=material.names, language=language)
        reasons += [f'"{short}": {reason.detail}' for reason in found]
    return reasons


def _behind_stops(text: str) -> str:
    """Return a text with references before the stop of their sentence, so that they stay with it."""
    return re.sub(r"([.!?])((?:[ \t]*\[\d{1,3}\])+)", r"\2\1", text)


def plain_summary(section: str) -> str:
    """Return the first sentence of a section as plain text, without references."""
    sentences = split_sentences(_behind_stops(section), language="en")
    said = (" ".join(REFERENCE.sub("", s.text).split()) for s in sentences if s.kind != "heading")
    first = next((text for text in said if any(char.isalnum() for char in text)), "")
    return re.sub(r"\s+([.!?])$", r"\1", plain_text(first))
