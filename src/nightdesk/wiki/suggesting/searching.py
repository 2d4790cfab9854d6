"""Looking on the web with a program of the person's own: a query goes in, addresses come out, all of it hostile."""

import json
import re
import shlex
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nightdesk.agents.boundary import visible
from nightdesk.base.errors import DeskError
from nightdesk.base.processes import PIPE, Limits, attend, start
from nightdesk.sources.urls import parse_url

SLOT = "{query}"
MAX_QUERY = 300  # characters
MAX_FOUND = 50  # results of one search that are looked at
_SECONDS = 60.0
_CPU_SECONDS = 60
_MAX_BYTES = 2_000_000
_MAX_TITLE, _MAX_ABOUT = 200, 300
_PASSED = ("HOME", "http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "all_proxy", "no_proxy")
_PASSED_PREFIXES = ("NIGHTDESK_SEARCH_", "XDG_")
_URL = re.compile(r"https?://[^\s<>\"'`]{3,2000}", re.IGNORECASE)
_URL_KEYS, _TITLE_KEYS, _ABOUT_KEYS = ("url", "link", "href"), ("title", "name"), ("snippet", "description", "content")


@dataclass(frozen=True, slots=True)
class Found:
    """One result of a search, as far as it is to be trusted: an http(s) address; the rest is what somebody says."""

    url: str
    title: str = ""
    about: str = ""


def parse_command(command: str) -> tuple[str, ...]:
    """Return the words of a search command, which no shell ever sees. Raises DeskError where it cannot be one."""
    fix = f"write it like this: search_command = 'my-search --json {SLOT}'"
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise DeskError(f"the search command cannot be read: {error}", fix=fix) from error
    if not words or SLOT in words[0]:
        raise DeskError("the search command names no program", fix=fix)
    if not any(SLOT in word for word in words):
        raise DeskError(f"the search command has no {SLOT}", fix=fix)
    return tuple(words)


def query_of(text: str) -> str:
    """Return a text as a query: one short line that no program takes for an option."""
    line = " ".join("".join(c if c.isprintable() else " " for c in visible(text)).split())
    return line.lstrip("-@ ")[:MAX_QUERY].strip()


def run_search(command: str, query: str, environment: Mapping[str, str]) -> tuple[Found, ...]:
    """Return what the program finds for a query: none twice, at most MAX_FOUND.

    It gets PATH, HOME, the proxies and what begins with NIGHTDESK_SEARCH_ or XDG_ of the environment. Raises DeskError
    where it fails, takes too long or says too much.
    """
    asked = query_of(query)
    if not asked:
        return ()
    words = [word.replace(SLOT, asked) for word in parse_command(command)]
    variables = {
        name: value for name, value in environment.items() if name in _PASSED or name.startswith(_PASSED_PREFIXES)
    }
    said = bytearray()
    with tempfile.TemporaryDirectory(prefix="nightdesk-search-") as folder:
        limits = Limits(cpu_seconds=_CPU_SECONDS)
        child = start(words, folder=Path(folder), limits=limits, variables=variables, stdout=PIPE, stderr=PIPE)
        ended = attend(child, seconds=_SECONDS, most_bytes=_MAX_BYTES, take=said.extend)
    if ended.cause != "itself":
        why = {"time": f"took longer than {_SECONDS:.0f} s", "output": f"said more than {_MAX_BYTES:,} bytes"}
        raise DeskError(f"{words[0]} {why.get(ended.cause, 'was stopped')}")
    if ended.code:
        last = ended.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2][:200]
        raise DeskError(f"{words[0]} ended with code {ended.code}{f': {last}' if last else ''}")
    return parse_results(said.decode("utf-8", "replace"))


def parse_results(text: str) -> tuple[Found, ...]:
    """Return the results in what a program printed: a JSON list, JSON lines, or lines with an address in each."""
    found: dict[str, Found] = {}
    for entry in _entries(text):
        try:
            url = parse_url(entry.url).url
        except DeskError:
            continue
        found.setdefault(url, Found(url, _line(entry.title, _MAX_TITLE), _line(entry.about, _MAX_ABOUT)))
        if len(found) == MAX_FOUND:
            break
    return tuple(found.values())


def _entries(text: str) -> Iterator[Found]:
    whole = _loaded(text)
    if isinstance(whole, dict):
        whole = next(
            (whole[key] for key in ("results", "items", "organic") if isinstance(whole.get(key), list)), [whole]
        )
    if isinstance(whole, list):
        for entry in whole:
            yield from _entry(entry)
        return
    for line in text.splitlines():
        entry = _loaded(line) if line.lstrip().startswith("{") else None
        if entry is not None:
            yield from _entry(entry)
        elif plain := _URL.search(line):
            yield Found(plain[0].rstrip(".,;)"), line[: plain.start()].strip(" -:\t"))


def _entry(entry: object) -> Iterator[Found]:
    if isinstance(entry, str):
        yield Found(entry)
    elif isinstance(entry, dict):
        yield Found(*(_first(entry, keys) for keys in (_URL_KEYS, _TITLE_KEYS, _ABOUT_KEYS)))


def _first(entry: Mapping[str, Any], keys: tuple[str, ...]) -> str:
    return next((value for key in keys if isinstance(value := entry.get(key), str)), "")


def _loaded(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _line(text: str, most: int) -> str:
    return " ".join(visible(text[: 4 * most]).split())[:most]
