"""Checks an idea file: it stands alone, gives nothing of its sender away, hides nothing, and can be tried."""

import re
from bisect import bisect_right
from collections.abc import Iterator

from nightdesk.base.errors import DeskError
from nightdesk.base.pages import MARK
from nightdesk.wiki.ideas.checks import checks_of
from nightdesk.wiki.ideas.form import (
    ADAPT,
    CHECKS,
    EVIDENCE,
    LANGUAGE,
    MAX_TITLE,
    SECTIONS,
    TODO,
    TYPE,
    Idea,
    parse_idea,
)
from nightdesk.wiki.ideas.hostile import (
    PICTURES,
    SHOW,
    TAG,
    Finding,
    against_command,
    hidden,
    lines_of,
    reaching_out,
    unseen,
)
from nightdesk.wiki.ideas.private import Known, Private

_SHOWN = 80

_MENDS = {
    "path": "name no place of your machine; say what kind of file it is",
    "name": "leave out names of people and machines that the reader does not need",
    "mail": "leave the address out",
    "key": "take it out, and make the key invalid: it has been in a file",
    "address": "leave out addresses that only your network has",
    "file": "the receiver has not that file: say what it holds",
    "desk": "ids and files of a desk mean nothing elsewhere: quote the words instead",
    "link": "the receiver has not that file: write what it says, or link to a public address",
    "image": "say in words what it shows",
}
_FRONT = frozenset({"type", "title", "summary", "tags", "made_from", "license", "author", "generated", MARK})
MAX_FRONT = 200  # characters of a key that ideas have not
_WIKILINK = re.compile(r"(?<!\\)!?(?<!\\)\[\[[^\[\]\n]{1,300}\]\]")
_LINK = re.compile(r"(!?)\[[^\[\]\n]{0,300}\]\([ \t]*<?([^\s()<>]{1,2000})")
_REFERENCE = re.compile(r"^ {0,3}\[[^\]\n]{1,100}\]:[ \t]*<?(\S{1,2000})", re.MULTILINE)
_PUBLIC = re.compile(r"https?://|mailto:|#", re.IGNORECASE)
_CODE = re.compile(r"(?<![`\\])`(?!`)[^`\n]{1,1000}`(?!`)|(?<![`\\])``(?!`)[^\n]{1,1000}?``(?!`)")
_HARDWARE = re.compile(
    r"\b(?:GPUs?|TPUs?|CUDA|ROCm|[AHB][12]00|RTX ?\d{4}|Apple M\d|\d+ ?G(?:i?B) (?:of )?V?RAM)\b", re.I
)
_REFERRED = re.compile(r"(?<!\[)\[(\d{1,3})\](?![(\[:])")
_LISTED = re.compile(r"^[ \t]*(?:[-*+][ \t]+)?(?:\*\*)?\[?(\d{1,3})[\].)]", re.MULTILINE)


def check_idea(text: str, known: Known) -> tuple[Finding, ...]:
    """Return what is wrong with the text of an idea file, by line; () for a clean one."""
    try:
        idea = parse_idea(text)
    except DeskError as error:
        return (Finding("form", 0, error.message, error.fix or "mend it"),)
    found = [
        *_form(idea),
        *_checks(idea),
        *_evidence(idea),
        *hidden(idea.text),
        *unseen(_prose(idea)),
        *_front(idea),
        *reaching_out(idea.text),
        *_links(idea),
        *_leaks(idea, known),
    ]
    return tuple(sorted(dict.fromkeys(found), key=lambda one: (one.line, one.kind, one.message)))


def _form(idea: Idea) -> Iterator[Finding]:
    if not idea.title or len(idea.title) > MAX_TITLE:
        yield Finding("form", 1, f"it has no title of 1 to {MAX_TITLE} characters", "write title: in the frontmatter")
    if idea.page.value("type") != TYPE:
        yield Finding("section", 1, f"its type is not {TYPE}", f"write type: {TYPE} in the frontmatter")
    for name in SECTIONS:
        section = idea.sections.get(name.casefold())
        if section is None:
            yield Finding("section", 0, f"there is no section {name!r}", f"write it below a heading: ## {name}")
        elif not section.text.strip():
            yield Finding("section", section.line, f"the section {name!r} is empty", "write it, in a few sentences")
    for line, words in lines_of(idea.text):
        if TODO in words.casefold():
            yield Finding("unfinished", line, "a place that waits for you", "write what it asks for; take the mark out")


def _front(idea: Idea) -> Iterator[Finding]:
    """Yield what stands in the frontmatter, which many viewers do not show, beyond what an idea has there."""
    for number, line in enumerate(idea.text.split("\n")[: idea.front_lines], 1):
        if line.lstrip().startswith("#"):
            yield Finding("hidden", number, "a comment in the frontmatter, which is not shown", SHOW)
    for key, lines in idea.page.front.items():
        if key not in _FRONT and len(lines) > MAX_FRONT:
            yield Finding("hidden", 1, f"much text in the frontmatter, under {key[:40]!r}: it may not be shown", SHOW)


def _checks(idea: Idea) -> Iterator[Finding]:
    block = next((fence for fence in idea.fences if fence.language == LANGUAGE), None)
    section = idea.sections.get(CHECKS.casefold())
    line = block.line if block else section.line if section else 0
    try:
        checks = checks_of(idea)
    except DeskError as error:
        yield Finding("checks", line, error.message, error.fix or "mend it")
        return
    for check in checks:
        for reason in against_command(check):
            yield Finding("checks", line, f"check {check.name!r}: {reason}", "run a program of the build itself")
    if section is not None and (found := _HARDWARE.search(section.text)):
        adapt = idea.sections.get(ADAPT.casefold())
        if adapt is None or found[0].casefold() not in adapt.text.casefold():
            said = f"the checks speak of {found[0]}"
            yield Finding(
                "machine", section.line, said, f"say under {ADAPT!r} what is needed, and what does without it"
            )


def _evidence(idea: Idea) -> Iterator[Finding]:
    """Yield references `[3]` to evidence that is not listed."""
    section = idea.sections.get(EVIDENCE.casefold())
    listed = set(_LISTED.findall(section.text)) if section else set()
    for line, words in _prose(idea):
        for found in _REFERRED.finditer(words):
            if listed and found[1] not in listed:
                yield Finding(
                    "evidence", line, f"[{found[1]}] is not listed under {EVIDENCE!r}", "list it, or take it out"
                )


def _links(idea: Idea) -> Iterator[Finding]:
    for number, line in _prose(idea):
        for found in _WIKILINK.finditer(line):
            yield Finding("link", number, f"a link within a wiki: {found[0][:_SHOWN]}", _MENDS["link"])
        for found in _LINK.finditer(line):
            if found[1] or not _PUBLIC.match(found[2]):
                kind = "image" if found[1] else "link"
                yield Finding(kind, number, f"{kind} to {found[2][:_SHOWN]}", _MENDS[kind])
        for found in _REFERENCE.finditer(line):
            if not _PUBLIC.match(found[1]) and not line.lstrip().startswith("[//]"):
                yield Finding("link", number, f"link to {found[1][:_SHOWN]}", _MENDS["link"])
        if (tag := TAG.search(line)) and tag[1].lower() in PICTURES:
            yield Finding("image", number, f"{tag[0][:_SHOWN]}", _MENDS["image"])


def _leaks(idea: Idea, known: Known) -> Iterator[Finding]:
    author = idea.page.front.get("author", "")  # who signs an idea wants to be named
    text = idea.text.replace(author, "\n" * author.count("\n"), 1) if author else idea.text
    starts = [0, *(found.end() for found in re.finditer("\n", text))]  # of the lines
    for leak in Private(known).leaks(text):
        line = bisect_right(starts, leak.start)
        yield Finding(leak.kind, line, f"{_SAID[leak.kind]}: {leak.words[:_SHOWN]}", _MENDS[leak.kind])


_SAID = {
    "path": "a place on somebody's machine",
    "name": "a name of the sender or their machine",
    "mail": "an e-mail address",
    "key": "what looks like a key or a password",
    "address": "an address in a private network",
    "file": "a file of the sender's that is not public",
    "desk": "something of the sender's desk",
}


def _prose(idea: Idea) -> Iterator[tuple[int, str]]:
    """Yield the lines of the body outside of fenced code, with code in them blanked out."""
    inside = {
        n
        for block in idea.fences
        if block.is_plain
        for n in range(block.line - 1, block.line + block.text.count("\n") + 2)
    }
    for number, line in enumerate(idea.page.body.split("\n"), idea.front_lines + 1):
        if number not in inside:
            yield number, _CODE.sub(lambda found: " " * len(found[0]), line)
