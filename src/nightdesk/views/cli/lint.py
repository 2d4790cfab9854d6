"""`nightdesk lint`: what is wrong with a desk or any folder of Markdown, found by code."""

import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, replace
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Any

import click

from nightdesk.base.cache import Cache, open_cache
from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.views.cli.comparing import compare, worker_options
from nightdesk.views.cli.options import (
    CAPPED,
    DONE,
    IN_PART,
    chosen_folder,
    desk_option,
    json_option,
    print_json,
    shown,
)
from nightdesk.views.cli.progress import show_stage
from nightdesk.views.cli.vault_cache import cache_file_of
from nightdesk.wiki.lint.findings import RULES, Finding
from nightdesk.wiki.lint.lint import Linted, chosen_rules, lint_desk, lint_vault, no_stage

MAX_LISTED = 20  # findings of one rule that are shown without --all
CACHE_NAME = "lint.db"
_COLOURS = {"error": "red", "warning": "yellow", "note": "blue"}


@click.command("lint", epilog="Example: nightdesk lint ~/Notes --rule broken-link --rule orphan")
@click.argument("path", required=False)
@click.option("--since", metavar="REV|DATE", help="Only findings in files that changed since a commit or a date.")
@click.option("--rule", "only", multiple=True, metavar="RULE", help="Only this rule; may be given several times.")
@click.option("--not-rule", "without", multiple=True, metavar="RULE", help="All rules but this one; likewise.")
@click.option(
    "--wiki", is_flag=True, help="Apply the rules for wikis, though PATH seems to be the documents of a program."
)
@click.option("--rules", "list_rules", is_flag=True, help="List the rules, and stop.")
@click.option("--all", "show_all", is_flag=True, help=f"Show every finding, not the first {MAX_LISTED} of each rule.")
@click.option("--no-cache", is_flag=True, help="Read every page, and keep nothing of it.")
@worker_options
@json_option
@desk_option
def command(  # noqa: PLR0913, PLR0917  # an argument for each option
    path: str | None,
    since: str | None,
    only: Sequence[str],
    without: Sequence[str],
    wiki: bool,
    list_rules: bool,
    show_all: bool,
    no_cache: bool,
    as_json: bool,
    desk_folder: str | None,
    **asked: Any,
) -> int:
    """Find what is wrong in the wiki, or in PATH: any folder of Markdown.

    Of a folder that is no desk nothing is changed, and nothing is written into it. Exit code 1 says that there are
    findings. With --worker an AI first compares the claims of a desk; what it finds comes on wiki/contradictions.md.
    """
    rules = chosen_rules(only, without)
    if list_rules:
        _list_rules(rules, as_json=as_json)
        return DONE
    root, desk = chosen_folder(path, desk_folder)
    capped = _compare(desk, asked, quiet=as_json)
    with _cache(root, desk, os.environ, none=no_cache) as cache:
        stage = show_stage if sys.stderr.isatty() else no_stage
        if desk:
            linted = lint_desk(desk, rules=rules, today=date.today(), cache=cache, stage=stage)
        else:
            wanted = frozenset(RULES if wiki else only)
            linted = lint_vault(root, rules=rules, asked=wanted, today=date.today(), cache=cache, stage=stage)
    if not linted.pages:
        raise DeskError(f"{root} holds no Markdown page", fix="name the folder that the pages are in")
    if since is not None:
        linted = _only_changed(linted, root, since)
    if as_json:
        _print_json(linted, root, is_desk=desk is not None)
    else:
        _tell(linted, root, limit=None if show_all else MAX_LISTED)
    return CAPPED if capped else IN_PART if linted.findings else DONE


def _compare(desk: Desk | None, asked: Mapping[str, Any], *, quiet: bool) -> bool:
    """Let a worker compare claims if one is named, and say whether a cap ended its work."""
    if asked["worker"] is None:
        if any(value is not None for value in asked.values()):
            raise click.UsageError("--max-usd, --max-tokens and --max-minutes go with --worker")
        return False
    if desk is None:
        raise click.UsageError("--worker compares the claims of a desk, and this is none")
    return bool(compare(desk, quiet=quiet, **asked).capped)


def _cache(
    root: Path, desk: Desk | None, environment: Mapping[str, str], *, none: bool
) -> AbstractContextManager[Cache | None]:
    """Return the cache: a desk's own, else one in the person's cache folder; none where that cannot be."""
    if none or not root.is_dir():
        return nullcontext()
    file = desk.cache / CACHE_NAME if desk else cache_file_of(root, environment, folder="lint")
    return open_cache(file) if file else nullcontext()


def _only_changed(linted: Linted, root: Path, since: str) -> Linted:
    # imported here: nothing else of a lint needs git
    from nightdesk.wiki.lint.since import changed_since  # noqa: PLC0415

    changed = changed_since(root, since, {finding.file for finding in linted.findings})
    kept = tuple(finding for finding in linted.findings if finding.file in changed)
    return replace(linted, findings=kept)


def _print_json(linted: Linted, root: Path, *, is_desk: bool) -> None:
    findings = [
        {key: _as_text(value) for key, value in asdict(f).items()} | {"severity": f.severity} for f in linted.findings
    ]
    print_json(
        {
            "root": str(root.resolve()),
            "desk": is_desk,
            "pages": linted.pages,
            "words": linted.words,
            "links": linted.links,
            "counts": linted.counts,
            "left_out": linted.left_out,
            "findings": findings,
        }
    )


def _as_text(value: object) -> object:
    """Return a value as JSON can hold it: the name of a file may be any bytes."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


def _tell(linted: Linted, root: Path, *, limit: int | None) -> None:
    for rule, group in groupby(linted.findings, key=lambda finding: finding.rule):
        findings = list(group)
        severity = RULES[rule].severity
        head = f"{severity} {rule}: {RULES[rule].what} ({len(findings):,})"
        click.echo(click.style(head, fg=_COLOURS[severity], bold=True))
        for finding in findings[:limit]:
            click.echo(_line(finding, root))
        if limit is not None and len(findings) > limit:
            click.echo(f"  … and {len(findings) - limit:,} more: --all, or --rule {rule}")
        click.echo("")
    size = f"{_count(linted.pages, 'page')}, {_count(linted.words, 'word')}, {_count(linted.links, 'link')}"
    if linted.findings:
        files = len({finding.file for finding in linted.findings})
        click.echo(f"{_count(len(linted.findings), 'finding')} in {_count(files, 'file')} ({size})")
    else:
        click.echo(f"nothing found ({size})")
    if linted.left_out:
        click.echo(
            f"the documents of a program, it seems, and no wiki: {len(linted.left_out)} rules are left out; see --wiki"
        )


def _line(finding: Finding, root: Path) -> str:
    """Return a finding with its place first, in the form that terminals and editors follow on a click."""
    place = os.path.relpath(root / finding.file)
    place = place if not place.startswith("..") else str(root.resolve() / finding.file)
    return shown(f"  {place}:{finding.line}:{finding.column}: {finding.message}; {finding.mend}")


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def _list_rules(rules: frozenset[str], *, as_json: bool) -> None:
    listed = [rule for rule in RULES.values() if rule.id in rules]
    if as_json:
        print_json([asdict(rule) for rule in listed])
        return
    for rule in listed:
        click.echo(f"{rule.id:<22} {rule.severity:<8} {rule.what}{' (desks only)' if rule.on_desk_only else ''}")
