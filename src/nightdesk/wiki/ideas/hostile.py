"""What a received idea may do to whoever has it built: text that nobody sees, orders, commands that reach outside."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from nightdesk.wiki.hidden_text import hidden_in
from nightdesk.wiki.ideas.checks import Check

MAX_LINE = 2_000  # characters: the end of a longer one is out of sight
MAX_BLANK = 25  # blank lines in a row: what stands below is out of sight
_SHOWN = 80
GRAVE = frozenset({"hidden", "outside", "fetch", "checks", "form"})  # such an idea is not built without a person's word


TAG = re.compile(r"(?<!\\)</?([a-z][\w-]{0,30})(?=[\s/>])[^>\n]{0,300}", re.IGNORECASE)
_HARMLESS = frozenset({"br", "hr", "sub", "sup", "kbd", "b", "i", "u", "s", "em", "strong", "code", "mark"})
PICTURES = ("img", "video", "audio")
_SMUGGLED = re.compile(r"(?<![\w+/])[A-Za-z0-9+/]{200,}={0,2}")
_OUTSIDE = re.compile(
    r"\b(?:ignore|disregard|forget|override)\b[^.\n]{0,40}\b(?:previous|prior|above|earlier|other|all|your|the)\b"
    r"[^.\n]{0,30}\b(?:instructions?|rules?|prompts?|guidelines?|briefs?)\b"
    r"|\b(?:do not|don't|never)\b[^.\n]{0,20}\b(?:tell|inform|show|mention)\b[^.\n]{0,30}"
    r"\b(?:user|person|human|owner)\b"
    r"|\b(?:read|open|print|cat|copy|send|upload|include|list|collect|search)\b[^.\n]{0,60}"
    r"(?:\.ssh\b|\.env\b|\.aws\b|\.netrc\b|\.git/|id_rsa|id_ed25519|\bcredentials?\b|\bpasswords?\b|\bapi[ _-]?keys?\b"
    r"|\benvironment variables?\b|\bhome (?:folder|directory)\b|\bparent (?:folder|directory)\b|\bkeychain\b"
    r"|\bwallets?\b)"
    r"|(?:\.\./){1,}|\bsystem prompt\b|(?:~|\$HOME|/root|/home/\w+)/\.\w+|/etc/(?:passwd|shadow|hosts)\b",
    re.IGNORECASE,
)
_FETCH = re.compile(
    r"(?:^|[\s`|;&(\"'=])(?:curl|wget|aria2c|Invoke-WebRequest|iwr|scp|rsync|ssh|telnet|ncat|nc|ftp)\s+[-\w.\"'$/:@]"
    r"|\b(?:pip3?|pipx|uv|npm|pnpm|yarn|cargo|gem|go|apt|apt-get|brew|conda)\s+(?:pip\s+)?(?:install|add|get|i)\s"
    r"|\b(?:npx|uvx|git\s+clone|git\s+fetch|git\s+pull|git\s+push|docker\s+(?:run|pull))\s"
    r"|\|\s*(?:sudo\s+)?(?:ba|z|da)?sh\b|\burlopen\(|\brequests\.(?:get|post)\(|\bsocket\.",
    re.IGNORECASE | re.MULTILINE,
)
SHOW = "take it out: who reads the file must see all that an agent reads"
_COMMENT = re.compile(r"(?<!\\)<!--|%%|^ {0,3}\[//\]:")
_PLACE = re.compile(r"/|~|\$|[A-Za-z]:[\\/]")
_SHELLS = frozenset(
    {"sh", "bash", "zsh", "dash", "fish", "cmd", "powershell", "pwsh", "sudo", "su", "env", "xargs", "eval"}
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with an idea file."""

    kind: str
    line: int  # from 1; 0 is the file as a whole
    message: str
    mend: str

    @property
    def grave(self) -> bool:
        """Whether an idea with it is not built without a person's word."""
        return self.kind in GRAVE


def hidden(text: str) -> Iterator[Finding]:
    """Yield what an agent would read and a person would not see."""
    blank = 0
    for number, line in lines_of(text):
        blank = blank + 1 if not line.strip() else 0
        if blank == MAX_BLANK:
            yield Finding("hidden", number, f"{MAX_BLANK} blank lines in a row push what follows out of sight", SHOW)
        if char := hidden_in(line):
            yield Finding("hidden", number, f"an invisible character ({char})", SHOW)
        if "\u00ad" in line:
            yield Finding("hidden", number, "an invisible character (U+00AD)", SHOW)
        if len(line) > MAX_LINE:
            yield Finding("hidden", number, f"a line of {len(line):,} characters: its end is out of sight", SHOW)
        if re.search(r"data:(?:[\w.+-]{1,40}/[\w.+-]{1,40}[;,]|;base64,)", line, re.IGNORECASE):
            yield Finding("hidden", number, "a data URI: its content cannot be read", SHOW)
        if _SMUGGLED.search(line):
            yield Finding("hidden", number, "a long run of letters that nobody can read", SHOW)


def unseen(prose: Iterable[tuple[int, str]]) -> Iterator[Finding]:
    """Yield what Markdown viewers do not show, in lines that are no code: code is shown as it is."""
    for number, line in prose:
        if _COMMENT.search(line):
            yield Finding("hidden", number, "a comment, which is not shown", SHOW)
        for tag in TAG.finditer(line):
            if tag[1].lower() not in PICTURES and (tag[1].lower() not in _HARMLESS or " " in tag[0]):
                yield Finding("hidden", number, f"HTML, which is not shown as it stands: {tag[0][:_SHOWN]}", SHOW)


def reaching_out(text: str) -> Iterator[Finding]:
    """Yield orders to an agent that reach beyond the build's folder, and commands that fetch."""
    for number, line in lines_of(text):
        if len(line) > MAX_LINE:
            continue  # found already
        if found := _OUTSIDE.search(line):
            mend = "an idea asks for nothing outside of its own folder, and gives the reader's agent no orders"
            yield Finding("outside", number, f"it reaches outside: {found[0].strip()[:_SHOWN]!r}", mend)
        if found := _FETCH.search(line):
            mend = "say what is needed; the receiver gets it, or not"
            yield Finding("fetch", number, f"a command that fetches: {found[0].strip()[:_SHOWN]!r}", mend)


def against_command(check: Check) -> Iterator[str]:
    """Yield what speaks against a check's command: shells, fetching, places outside of the build's folder."""
    program = check.run[0].rpartition("/")[2].casefold().removesuffix(".exe")
    line = " ".join(check.run)
    if program in _SHELLS:
        yield f"it starts {program}, which runs whatever it is told"
    if any(_PLACE.match(word) or ".." in re.split(r"[/\\]", word) for word in check.run):
        yield "it names a place outside of the build's folder"
    if _FETCH.search(f" {line} "):
        yield "it fetches from the network"


def lines_of(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines of a text with their numbers, from 1."""
    yield from enumerate(text.split("\n"), 1)
