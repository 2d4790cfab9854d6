"""What `nightdesk probe` shows: retention, what was lost, and the scores of an evaluation."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import click

from nightdesk.base.desk import Desk
from nightdesk.views.cli.options import shown
from nightdesk.wiki.probe.evaluation import Evaluation, Scored
from nightdesk.wiki.probe.intervals import Share
from nightdesk.wiki.probe.probing import Asked, Probe

MAX_LISTED = 10  # lost facts of one source
MAX_SOURCES = 50
_WIDE = 160  # characters of a question or statement that are shown


@dataclass(frozen=True, slots=True)
class Result:
    """A probe, and the one after mending where something was mended."""

    desk: Desk
    scope: str
    seed: int
    before: Probe
    after: Probe | None
    mended: set[str]  # raw paths

    def tell(self, *, table: bool, mends: bool) -> None:
        """Print it for a person."""
        now = self.after or self.before
        sources = len(now.by_source())
        click.echo(
            f"asked      {_count(len(now.asked), 'question')} on {_count(sources, 'source')}, by {shown(now.made_by)}"
        )
        if self.after is not None:
            click.echo(f"mended     {_count(len(self.mended), 'source')}, read again and more densely")
            click.echo("           questions that mending saw")
            click.echo(f"  before   {self.before.seen}")
            click.echo(f"  after    {self.after.seen}")
            click.echo("           questions held out, which it never saw")
            click.echo(f"  before   {self.before.held_out}")
            click.echo(f"  after    {self.after.held_out}")
        else:
            click.echo(f"retention  {now.retained}")
            if mends:
                click.echo("mended     nothing: no question that mending may see was lost")
        click.echo(f"answered   {now.answered}, by the statements that the wiki gives as its answer")
        _tell_facts(now, table=table, held_out=not mends)
        if not mends and now.lost:
            click.echo("next       nightdesk probe --mend")

    def to_json(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        document = {"desk": str(self.desk.root), "scope": self.scope, "seed": self.seed, **_probe_json(self.before)}
        if self.after is not None:
            document |= {"mended": sorted(self.mended), "after": _probe_json(self.after)}
        return document


def _tell_facts(probe: Probe, *, table: bool, held_out: bool) -> None:
    """List what was lost, or with `table` every fact; what is held out only where nothing was mended."""
    listed = 0
    for raw, asked in probe.by_source().items():
        facts = [one for one in asked if (table or not one.retained) and (held_out or not one.held_out)]
        if not facts:
            continue
        listed += 1
        if listed > MAX_SOURCES and not table:
            continue
        lost = sum(not one.retained for one in asked)
        click.echo(click.style(f"{shown(raw)}: {lost} of {len(asked)} lost", bold=True))
        for one in facts[: None if table else MAX_LISTED]:
            click.echo(_fact(one, table=table))
        if len(facts) > MAX_LISTED and not table:
            click.echo(f"  … and {len(facts) - MAX_LISTED} more: --table")
    if listed > MAX_SOURCES and not table:
        click.echo(f"… and {listed - MAX_SOURCES:,} more sources: --table")


def _fact(one: Asked, *, table: bool) -> str:
    state = ("lost  " if not one.retained else "kept  ") if table else ""
    return f"  {state}{_short(one.question.text)} [{_short(' | '.join(one.question.answers))}]"


def _probe_json(probe: Probe) -> dict[str, Any]:
    return {
        "made_by": probe.made_by,
        "questions": len(probe.asked),
        "retention": probe.retained.to_json(),
        "seen": probe.seen.to_json(),
        "held_out": probe.held_out.to_json(),
        "answered": probe.answered.to_json(),
        "facts": [_fact_json(one) for one in probe.asked],
    }


def _fact_json(one: Asked) -> dict[str, Any]:
    place = None if one.passage is None else {"path": one.passage.path, "line": one.passage.line}
    return {
        "source": one.question.source,
        "question": one.question.text,
        "expected": list(one.question.answers),
        "kind": one.question.kind,
        "quote": one.question.quote,
        "held_out": one.held_out,
        "retained": one.retained,
        "answered": one.answered,
        "found": place,
    }


def evaluation_json(desk: Desk, scope: str, own: Evaluation, plain: Evaluation | None) -> dict[str, Any]:
    """Return an evaluation as a JSON object, with every question."""
    document = {"desk": str(desk.root), "scope": scope, **own.to_json(), "asked": [_scored_json(s) for s in own.scored]}
    return document | ({"baseline": plain.to_json()} if plain else {})


def _scored_json(one: Scored) -> dict[str, Any]:
    return {
        "line": one.item.line,
        "question": one.item.question,
        "expected": list(one.item.expected),
        "source": one.item.source,
        "said": list(one.said),
        "confidence": one.confidence,
        "right": one.right,
        "exact": one.exact,
        "f1": round(one.f1, 4),
        "contained": one.contained,
        "right_source": one.source,
        "citations": one.cited.to_json(),
    }


def tell_evaluation(own: Evaluation, plain: Evaluation | None, *, table: bool) -> None:
    """Print an evaluation for a person, the baseline beside it."""
    if table:
        for one in own.scored:
            mark = "right" if one.right else "wrong"
            said = _short(one.said[0]) if one.said else "(does not know)"
            expected = _short(" | ".join(one.item.expected)) or "(does not know)"
            click.echo(f"{mark}  {_short(one.item.question)}\n       expected {expected}\n       said     {said}")
        click.echo("")
    click.echo(f"{_count(len(own.scored), 'question')}, {own.abstention_recall.of:,} of them without an answer")
    rows: list[tuple[str, list[str]]] = []
    columns: Sequence[Evaluation] = (own, plain) if plain else (own,)
    for label, figures in _figures(columns):
        rows.append((label, figures))
    widths = [max(len(row[1][n]) for row in rows) for n in range(len(columns))]
    names = ["nightdesk", "BM25 passages"]
    widths = [max(width, len(name)) for width, name in zip(widths, names, strict=False)]
    head = [name.ljust(width) for name, width in zip(names, widths, strict=False)]
    click.echo("  ".join([" " * 34, *head]).rstrip())
    for label, cells in rows:
        click.echo("  ".join([label.ljust(34), *(c.ljust(w) for c, w in zip(cells, widths, strict=True))]).rstrip())


def _figures(columns: Sequence[Evaluation]) -> list[tuple[str, list[str]]]:
    return [
        ("answered or abstained rightly", [_share(one.right) for one in columns]),
        ("answer in the statements", [_share(one.contained) for one in columns]),
        ("exact match", [_share(one.exact) for one in columns]),
        ("token F1 (mean)", ["–" if one.f1 is None else f"{one.f1:.2f}" for one in columns]),
        ("right source", [_share(one.source) for one in columns]),
        ("citations that hold", [_share(one.cited) for one in columns]),
        ("abstained, and rightly (precision)", [_share(one.abstention_precision) for one in columns]),
        ("unknown, and abstained (recall)", [_share(one.abstention_recall) for one in columns]),
    ]


def _share(share: Share) -> str:
    if share.value is None or share.interval is None:
        return "–"
    return f"{share.value:.0%} of {share.of:,} ({share.interval[0]:.0%} to {share.interval[1]:.0%})"


def _short(text: str) -> str:
    line = " ".join(shown(text).split())
    return line if len(line) <= _WIDE else line[: _WIDE - 1] + "…"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")
