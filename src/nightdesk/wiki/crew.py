"""The built-in worker on one source or one page, as functions that run in a process of their own."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nightdesk.agents.tasks import Task, perform
from nightdesk.base.pages import short_hash
from nightdesk.wiki.builtin import BuiltinWorker
from nightdesk.wiki.claims import Claim
from nightdesk.wiki.cover import NO_COVER, Cover
from nightdesk.wiki.reading import Reading, ReadMaterial, verify_reading
from nightdesk.wiki.survey import Survey, survey_text
from nightdesk.wiki.writing import WriteMaterial, Written, verify_page


@dataclass(frozen=True, slots=True)
class SurveyJob:
    """A text to be surveyed."""

    path: str  # absolute
    fallback_title: str
    kind: str  # of the raw file
    cover: Cover = NO_COVER


@dataclass(frozen=True, slots=True)
class ReadJob:
    """A source to be read."""

    subject: str  # the raw file's path on the desk
    path: str  # of its text, absolute
    title: str
    survey: Survey
    mentions: tuple[tuple[tuple[str, int, int], ...], ...]  # for each candidate: page name, start, end
    known_names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Read:
    """How a reading ended. `spans` say where each claim's statement names its concepts."""

    reading: Reading | None
    spans: tuple[tuple[tuple[str, int, int], ...], ...]
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WriteJob:
    """A page to be written."""

    path: str
    material: WriteMaterial
    made_from: str


@dataclass(frozen=True, slots=True)
class Wrote:
    """How the writing of a page ended."""

    written: Written | None
    reasons: tuple[str, ...]


def read_text(path: str | Path) -> str:
    """Return a source's text as it stands, line ends included; bytes that are no UTF-8 are replaced."""
    with open(path, encoding="utf-8", errors="replace", newline="") as file:
        return file.read()


def survey_one(job: SurveyJob) -> tuple[dict[str, Any], dict[str, Any]]:
    """Survey a text; return its two records. A text of another encoding is read as far as it goes."""
    text = read_text(job.path)
    return survey_text(text, fallback_title=job.fallback_title, kind=job.kind, cover=job.cover).to_json()


def read_one(job: ReadJob) -> Read:
    """Read a source, and verify what is handed in."""
    text = read_text(job.path)
    mentioned = tuple(tuple(dict.fromkeys(name for name, _, _ in spans)) for spans in job.mentions)
    material = ReadMaterial(
        title=job.title,
        text=text,
        survey=job.survey,
        mentions=mentioned,
        names=tuple(sorted({name for names in mentioned for name in names})),
        known_names=job.known_names,
    )
    task = Task("read", job.subject, short_hash(repr((text, mentioned, job.known_names))), material)
    outcome = perform(task, BuiltinWorker(), lambda hand_in: verify_reading(task, hand_in))
    if outcome.result is None or outcome.reasons:
        return Read(None, (), outcome.reasons)
    return Read(outcome.result, _spans(outcome.result.claims, job), ())


def _spans(claims: Sequence[Claim], job: ReadJob) -> tuple[tuple[tuple[str, int, int], ...], ...]:
    """Return where each claim names concepts, as far as it repeats a sentence that code has looked at."""
    known = {c.text: spans for c, spans in zip(job.survey.candidates, job.mentions, strict=True)}
    return tuple(tuple(known.get(claim.statement, ())) for claim in claims)


def write_one(job: WriteJob) -> Wrote:
    """Write a page, and verify what is handed in."""
    task = Task("write", job.material.title, job.made_from, job.material)
    outcome = perform(task, BuiltinWorker(), lambda hand_in: verify_page(task, hand_in))
    return Wrote(None if outcome.reasons else outcome.result, outcome.reasons)
