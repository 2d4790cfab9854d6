"""Mail as Markdown: one message (.eml) or a mailbox (.mbox), each message under its sender and its time."""

import re
from collections.abc import Iterator
from pathlib import Path

from nightdesk.base.errors import DeskError
from nightdesk.sources.formats.contained import contain, plain_line, spoken_heading
from nightdesk.sources.formats.converted import Converted
from nightdesk.sources.formats.images import Images
from nightdesk.sources.formats.mail_message import Attachment, Message, read_message
from nightdesk.sources.formats.mail_quotes import without_quotes

MAX_MESSAGES = 50_000
MAX_MESSAGE_BYTES = 60_000_000

_SEPARATOR = re.compile(rb"(?:\A|\r?\n\r?\n)From [^\n]{0,500}\n(?=[!-9;-~]{1,80}:|>?From )")
_MANGLED = re.compile(rb"^>(?=>*From )", re.MULTILINE)
_ANSWERS = re.compile(r"^(?:(?:re|aw|sv|fw|fwd|wg|tr|rv|antw)(?:\[\d+\])?\s?:\s*)+", re.IGNORECASE)


def convert(path: Path, assets: Path, *, assets_link: str) -> Converted:
    """Return the mail at `path`: a section for each message, with what was quoted and signed left out."""
    content = path.read_bytes()
    images = Images(assets, assets_link)
    if is_mailbox(content):
        return _mailbox(path, content, images)
    message = read_message(content, images=images)
    if not message.sender and not message.subject and not message.date:
        raise DeskError("is no mail: it has no header")
    title = message.subject or "(no subject)"
    parts = [f"# {plain_line(title, 300) or '(no subject)'}", *_section(message, 2)]
    return Converted(
        "\n\n".join(parts), title=title, author=message.sender, published=message.day, notes=images.notes()
    )


def is_mailbox(content: bytes) -> bool:
    """Say whether mail starts with a mailbox's separator; one message has headers only."""
    return content.startswith(b"From ")


def split_mailbox(content: bytes) -> Iterator[bytes]:
    """Yield the messages of a mailbox: cut where "From " opens a line after an empty one and a header follows."""
    cuts = [(found.start(), found.end()) for found in _SEPARATOR.finditer(content)]
    ends = [start for start, _ in cuts[1:]] + [len(content)]
    for (_, start), end in zip(cuts, ends, strict=True):
        yield _MANGLED.sub(b"", content[start:end])


def _mailbox(path: Path, content: bytes, images: Images) -> Converted:
    messages: list[Message] = []
    seen: set[str] = set()
    repeated = unreadable = 0
    for number, one in enumerate(split_mailbox(content)):
        if number >= MAX_MESSAGES:
            raise DeskError(f"holds more than {MAX_MESSAGES:,} messages")
        try:
            message = read_message(one[:MAX_MESSAGE_BYTES], images=images)
        except (DeskError, RecursionError):  # one bad message does not cost the others
            unreadable += 1
            continue
        if message.identity and message.identity in seen:  # a mailbox by labels keeps one message several times
            repeated += 1
            continue
        seen.add(message.identity)
        messages.append(message)
    if not messages:
        raise DeskError("holds no message that can be read")
    topics = {_topic(message.subject) for message in messages}
    title = messages[0].subject if len(topics) == 1 else ""
    title = title or path.stem.replace("_", " ").strip() or "Mail"
    notes = [f"{unreadable} messages cannot be read"] if unreadable else []
    notes += [f"{repeated} messages stand there more than once; read once"] if repeated else []
    days = {message.day for message in messages}
    return Converted(
        "\n\n".join([f"# {plain_line(title)}", *_threads(messages, one=len(topics) == 1)]),
        title=title,
        author=messages[0].sender if len({message.sender for message in messages}) == 1 else None,
        published=days.pop() if len(days) == 1 else None,
        notes=(*notes, *images.notes()),
    )


def _topic(subject: str) -> str:
    return _ANSWERS.sub("", subject).casefold().strip()


def _threads(messages: list[Message], *, one: bool) -> Iterator[str]:
    """Yield the sections; where the subject changes, a heading says it (none if the whole mailbox has `one`)."""
    before: str | None = None
    for message in messages:
        topic = _topic(message.subject)
        if not one and topic != before:
            yield f"## {plain_line(message.subject) or '(no subject)'}"
        before = topic
        yield from _section(message, 2 if one else 3)


def _section(message: Message, level: int) -> Iterator[str]:
    """Yield a message: its heading, the rest of its header, what it says, what is attached, what it forwards."""
    yield spoken_heading(level, message.sender or "unknown sender", message.time)
    header = [
        ("From", message.sender_address),
        ("To", ", ".join(message.recipients)),
        ("Subject", message.subject),
    ]
    yield "\n".join(f"- {name}: {plain_line(value)}" for name, value in header if plain_line(value))
    said = without_quotes(message.text)
    if said.forwarded:
        yield contain(said.own) if said.own.strip() else ""
        yield spoken_heading(min(level + 1, 6), f"Forwarded by {message.sender or 'unknown sender'}", message.time)
        yield contain(said.forwarded)
    else:
        yield contain(said.own)
    if message.attachments:
        yield "\n".join(_attachment(attachment) for attachment in message.attachments)
    for inner in message.forwarded:
        yield from _section(inner, min(level + 1, 6))


def _attachment(attachment: Attachment) -> str:
    shown = f" ![]({attachment.link})" if attachment.link else ""
    about = f"{plain_line(attachment.type, 60)}, {max(round(attachment.size / 1000), 1)} kB"
    return f"- Attached: {plain_line(attachment.name, 120) or 'unnamed'} ({about}){shown}"
