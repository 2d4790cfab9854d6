"""One mail taken apart: who wrote what to whom and when, and what is attached, whatever its MIME says of itself."""

import email
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.header import decode_header
from email.message import Message as Part
from email.policy import compat32
from email.utils import getaddresses, parsedate_to_datetime

from nightdesk.base.errors import DeskError
from nightdesk.sources.formats.converted import clean_text, one_line
from nightdesk.sources.formats.html import from_html
from nightdesk.sources.formats.html_rewriting import FindImage
from nightdesk.sources.formats.images import Images
from nightdesk.sources.formats.text import decode

MAX_PARTS = 1000
MAX_DEPTH = 50  # parts within parts; real mail has up to six
MAX_FORWARDED_DEPTH = 4  # mails within mails that are shown
MAX_RECIPIENTS = 20
_MAX_HEADER = 5000  # characters of one that are read: decoding takes time with the square of them
_STATEFUL = re.compile(r"iso-?2022|hz|utf-?7", re.IGNORECASE)  # seven-bit encodings, all of them valid ASCII as well
_LEAST_PLAIN = 3  # a plain text with less than this part of the HTML's words is a stub: "view this in a browser"


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file in a mail, by what the mail says of it; `link` leads to it where it is an image that was saved."""

    name: str
    type: str
    size: int  # bytes
    link: str | None


@dataclass(frozen=True, slots=True)
class Message:
    """One mail; times are UTC."""

    subject: str
    sender: str  # the name, else the address
    sender_address: str
    recipients: tuple[str, ...]
    date: datetime | None
    identity: str  # its Message-ID
    text: str  # Markdown, or plain text that reads as such
    attachments: tuple[Attachment, ...]
    forwarded: tuple["Message", ...]

    @property
    def time(self) -> str | None:
        """The time as it stands in headings."""
        return self.date.strftime("%Y-%m-%d %H:%M UTC") if self.date else None

    @property
    def day(self) -> str | None:
        """The date, ISO 8601."""
        return self.date.strftime("%Y-%m-%d") if self.date else None


@dataclass(slots=True)
class _Found:
    """What the walk over a mail's parts collects."""

    plain: list[str] = field(default_factory=list)
    html: list[str] = field(default_factory=list)
    pictures: dict[str, bytes] = field(default_factory=dict)  # by content id
    files: list[tuple[str, str, bytes]] = field(default_factory=list)
    mails: list[Part] = field(default_factory=list)
    parts: int = 0


def parse(content: bytes) -> Part:
    """Return the MIME tree of a mail. Raises DeskError where it is nested without end.

    The old policy on purpose: the new one parses headers with a grammar that takes minutes, or fails, on hostile ones.
    """
    try:
        return email.message_from_bytes(content.lstrip(b"\r\n\t "), policy=compat32)
    except RecursionError as error:
        raise DeskError("is nested too deep") from error


def read_message(content: bytes, *, images: Images) -> Message:
    """Return the mail in `content`; its pictures go to `images`."""
    return _message(parse(content), images, 0)


def attached_files(content: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of each file that is attached to a mail, mails within it included."""
    waiting = [parse(content)]
    for _ in range(MAX_PARTS):
        if not waiting:
            return
        found = _walk(waiting.pop())
        yield from ((name, data) for name, _, data in found.files)
        waiting += found.mails


def _message(part: Part, images: Images, depth: int) -> Message:
    found = _walk(part)
    senders = _addresses(part, "From") or _addresses(part, "Sender")
    name, address = senders[0] if senders else ("", "")
    attachments = tuple(
        Attachment(name, kind, len(data), images.save(data) if kind.startswith("image/") else None)
        for name, kind, data in found.files
    )
    inner = tuple(_message(mail, images, depth + 1) for mail in found.mails) if depth < MAX_FORWARDED_DEPTH else ()
    people = [*_addresses(part, "To"), *_addresses(part, "Cc")]
    more = (f"and {len(people) - MAX_RECIPIENTS} more",) if len(people) > MAX_RECIPIENTS else ()
    return Message(
        subject=_header(part, "Subject"),
        sender=name or address,
        sender_address=f"{name} ({address})" if name and address else "",
        recipients=(*(name or address for name, address in people[:MAX_RECIPIENTS]), *more),
        date=_date(part),
        identity=_header(part, "Message-ID"),
        text=_text(found, images),
        attachments=attachments,
        forwarded=inner,
    )


def _walk(root: Part) -> _Found:
    """Return the texts and files of a mail, in order; a mail within it is taken as a whole."""
    found = _Found()
    waiting = [(root, 0)]
    while waiting:
        part, depth = waiting.pop()
        found.parts += 1
        if found.parts > MAX_PARTS or depth > MAX_DEPTH:
            raise DeskError(f"holds more than {MAX_PARTS} parts, or parts nested more than {MAX_DEPTH} deep")
        inner = part.get_payload()
        if isinstance(inner, list):
            if part.get_content_type() == "message/rfc822" and part is not root:
                found.mails += [one for one in inner if isinstance(one, Part)][:1]
            else:
                waiting += [(one, depth + 1) for one in reversed(inner) if isinstance(one, Part)]
        else:
            _take(part, found)
    return found


def _take(part: Part, found: _Found) -> None:
    kind = part.get_content_type()
    data = _content(part)
    identity = _header(part, "Content-ID").strip("<> ")
    name = _file_name(part)
    attached = str(part.get("Content-Disposition", "")).lower().startswith("attachment")
    if kind in ("text/plain", "text/html") and not attached and not name:
        (found.plain if kind == "text/plain" else found.html).append(_decoded(part, data))
    elif kind.startswith("image/") and identity and not attached:
        found.pictures[identity] = data
    elif data and kind not in ("application/pgp-signature", "application/pkcs7-signature"):
        found.files.append((name or kind.replace("/", "."), kind, data))


def _content(part: Part) -> bytes:
    try:
        data = part.get_payload(decode=True)
    except (ValueError, LookupError, AssertionError):  # a transfer encoding that is none
        data = None
    return data if isinstance(data, bytes) else b""


def _decoded(part: Part, data: bytes) -> str:
    charset = str(part.get_param("charset", "") or "")
    if _STATEFUL.match(charset):
        try:
            return data.decode(charset, "replace")
        except LookupError:
            pass
    return decode(data, charset or None)


def _text(found: _Found, images: Images) -> str:
    plain = "\n\n".join(text.strip() for text in found.plain if text.strip())
    if not found.html:
        return plain
    try:
        converted = from_html("\n".join(found.html), images=images, find_image=_finder(found.pictures), whole=True)
    except DeskError:
        return plain  # HTML that holds no text
    return plain if len(plain.split()) * _LEAST_PLAIN >= len(converted.markdown.split()) else converted.markdown


def _finder(pictures: dict[str, bytes]) -> FindImage:
    def find(source: str) -> bytes | None:
        return pictures.get(source[4:]) if source.lower().startswith("cid:") else None

    return find


def _file_name(part: Part) -> str:
    """Return the name that a mail gives a file: its last part, so that no path is ever made of it."""
    try:
        name = part.get_filename() or ""
    except (ValueError, LookupError, TypeError, IndexError, AttributeError):  # a parameter that cannot be decoded
        name = ""
    return re.split(r"[/\\]", _unfolded(name))[-1]


def _header(part: Part, name: str) -> str:
    return _unfolded(next(_raw_headers(part, name), ""))


def _raw_headers(part: Part, name: str) -> Iterator[str]:
    """Yield a header's values with raw bytes as surrogates; `get` would make marks of damage of them."""
    wanted = name.lower()
    yield from (str(value) for key, value in part.raw_items() if key.lower() == wanted)


def _unfolded(raw: str) -> str:
    """Return a header's words: encoded words decoded, line breaks and unseen characters gone."""
    try:
        pieces = [
            decode(word, charset) if isinstance(word, bytes) else word
            for word, charset in decode_header(raw[:_MAX_HEADER])
        ]
        text = "".join(_surrogates(piece) for piece in pieces)
    except (ValueError, LookupError):  # HeaderParseError is a ValueError; base64 that is none
        text = _surrogates(raw[:_MAX_HEADER])
    return one_line(clean_text(text), 1000) or ""


def _surrogates(text: str) -> str:
    """Return `text` with the raw bytes that the parser keeps as surrogates decoded."""
    return decode(text.encode("ascii", "surrogateescape")) if re.search("[\udc80-\udcff]", text) else text


def _addresses(part: Part, name: str) -> list[tuple[str, str]]:
    try:
        found = getaddresses([_surrogates(value[:_MAX_HEADER]) for value in _raw_headers(part, name)])
    except (ValueError, IndexError):
        return []
    return [(_unfolded(person), _unfolded(address)) for person, address in found if person or address]


def _date(part: Part) -> datetime | None:
    try:
        stated = parsedate_to_datetime(str(part.get("Date", ""))[:200])
        return stated.astimezone(UTC) if stated.tzinfo else stated.replace(tzinfo=UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
