"""Characters that nobody sees, by which text is smuggled past the eyes of a reader."""

import re

_HIDDEN = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f"
    "\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\U000e0000-\U000e0fff]"
    # Joiners shape letters of many scripts and emoji: one, between two characters that are not ASCII, is no secret.
    "|[\u200c\u200d\ufe00-\ufe0f]{2,}|(?<![^\x00-\x7f])[\u200c\u200d]|[\u200c\u200d](?![^\x00-\x7f])"
)


def hidden_in(text: str) -> str | None:
    """Return the first hidden character of `text` by its number ("U+200B"), None where all can be seen.

    Hidden are control characters, those without width or that turn the direction of writing, and tags. Tabs and line
    ends are not, nor is the soft hyphen.
    """
    found = _HIDDEN.search(text)
    return f"U+{ord(found[0][0]):04X}" if found else None
