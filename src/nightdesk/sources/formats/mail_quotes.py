"""What a mail says itself: what it quotes at its end and its signature are left out, a forwarded text is kept apart."""

import re
from dataclasses import dataclass

MAX_SIGNATURE = 15  # lines; more than that after "-- " is no signature
_ATTRIBUTION_LINES = 4  # that "On … wrote:" may run over

_SIGNATURE = re.compile(r"--[ \u00a0]?$")
_QUOTED = re.compile(r"[ ]{0,3}>")
_ATTRIBUTION = re.compile(
    r"(?:wrote|writes|schrieb|schreef|skrev|escribió|escreveu|scrisse|ha scritto|a écrit|napisał\(?a?\)?"
    r"|写道|書きました)"
    r"[^\n]{0,40}[:：]\**\s*$",
    re.IGNORECASE,
)
_ATTRIBUTION_OPENS = re.compile(r"[\s*_]*(?:On|Am|Le|El|Il|Op|Em|Den|Dnia|W dniu|\d|在)\b", re.IGNORECASE)
_FORWARDED = re.compile(
    r"[\s>*]*(?:-{5,} ?(?:Forwarded|Weitergeleitete|Message transféré|Mensaje reenviado)[^-\n]{0,60}-{2,}"
    r"|(?:Begin forwarded message|Anfang der weitergeleiteten Nachricht|Début du message réexpédié) ?:)[\s*]*$",
    re.IGNORECASE,
)
_ORIGINAL = re.compile(
    r"[\s>*\\]*-{3,} ?(?:Original Message|Original Appointment|Ursprüngliche Nachricht|Message d'origine"
    r"|Mensaje original|Messaggio originale|Oorspronkelijk bericht) ?-{3,}[\s*]*$",
    re.IGNORECASE,
)
_OUTLOOK_FROM = re.compile(r"[\s*_]*(?:From|Von|De|Da|Van)[\s*_]*:[\s*_]*\S", re.IGNORECASE)
_OUTLOOK_SENT = re.compile(
    r"[\s*_]*(?:Sent|Date|Gesendet|Datum|Envoyé|Enviado|Inviato|Verzonden)[\s*_]*:", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Said:
    """A mail's text: the sender's own words, and what they forward."""

    own: str
    forwarded: str


def without_quotes(text: str) -> Said:
    """Return what the sender wrote: no quote at the end (its message was another's), no signature.

    Quotes between the sender's lines stay, marked as such: the answers make no sense without them. A mail that is
    nothing but a quote stays whole.
    """
    lines = text.replace("\r\n", "\n").split("\n")
    start = next((n for n, line in enumerate(lines) if _FORWARDED.match(line)), None)
    if start is not None:
        own = _without_signature(lines[:start])
        return Said("\n".join(own).strip(), "\n".join(_unquoted(lines[start + 1 :])).strip())
    kept = _without_signature(_without_trailing_quote(_before_original(lines)))
    own_words = "\n".join(kept).strip()
    return Said(own_words or text.strip(), "")


def _before_original(lines: list[str]) -> list[str]:
    """Return the lines above a copy of the message that is answered, as Outlook puts it."""
    for n, line in enumerate(lines):
        if _ORIGINAL.match(line) or (
            _OUTLOOK_FROM.match(line) and any(_OUTLOOK_SENT.match(after) for after in lines[n + 1 : n + 4])
        ):
            return lines[:n] if any(above.strip() for above in lines[:n]) else lines
    return lines


def _without_trailing_quote(lines: list[str]) -> list[str]:
    end = len(lines)
    last = end
    while end and (not lines[end - 1].strip() or _QUOTED.match(lines[end - 1])):
        end -= 1
    if not any(_QUOTED.match(line) for line in lines[end:last]):
        signature = _signature_at(lines)  # a signature below the quote
        if signature is None:
            return lines
        above = _without_trailing_quote(lines[:signature])
        return above if len(above) < signature else lines
    for size in range(1, min(_ATTRIBUTION_LINES, end) + 1):
        opens = lines[end - size]
        before = lines[end - size - 1] if end > size else ""
        whole = not before.strip() or _ATTRIBUTION_OPENS.match(opens) or size == _ATTRIBUTION_LINES
        if whole and _ATTRIBUTION.search(" ".join(line.strip() for line in lines[end - size : end])):
            return lines[: end - size]
    return lines[:end]


def _without_signature(lines: list[str]) -> list[str]:
    at = _signature_at(lines)
    return lines if at is None else lines[:at]


def _signature_at(lines: list[str]) -> int | None:
    """Return where the signature starts: the last "-- " with a few lines below it."""
    for n in range(len(lines) - 1, max(len(lines) - MAX_SIGNATURE - 2, -1), -1):
        if _SIGNATURE.match(lines[n]):
            return n
    return None


def _unquoted(lines: list[str]) -> list[str]:
    """Return forwarded lines without the marks of a quote, where all of them have one."""
    if all(_QUOTED.match(line) or not line.strip() for line in lines):
        return [re.sub(r"^[ ]{0,3}>[ ]?", "", line) for line in lines]
    return lines
