"""A person's own sentences on a page that nightdesk keeps: found in the Markdown, marked in its HTML."""

import re

from nightdesk.wiki.cited_sentences import PageText
from nightdesk.wiki.concept_page import written_part

# A space, so that markup before it still ends there, and a character that Unicode leaves to private use
_SIGN = "\u2005\uf0a7"
_MOST = 500  # sentences that are marked
_TITLE = "Your own words: no claim stands behind this sentence, and it is evidence for no other page."
_TAG_OR_SIGN = re.compile(rf'<[^<>"]*(?:"[^"]*"[^<>"]*)*>|{_SIGN}')
_HTML = f'<span class="own-words" title="{_TITLE}"><span class="visually-hidden"> (your own words)</span></span>'


def sign_own_words(body: str, *, language: str) -> tuple[str, int]:
    """Return a page's body with a sign behind each sentence that cites no claim, and how many there are."""
    if _SIGN[1] in body:  # somebody's own use of it; nothing is marked rather than the wrong thing
        return body, 0
    written = written_part(body)
    pieces, at, count = [], 0, 0
    for sentence in PageText(written, language=language).sentences:
        if sentence.kind != "prose" or sentence.cited or count == _MOST:
            continue
        words = written[sentence.start : sentence.end].rstrip()
        found = body.find(words, at)
        if found < 0 or not words:
            continue
        end = found + len(words)
        pieces += [body[at:end], _SIGN]
        at, count = end, count + 1
    return "".join([*pieces, body[at:]]), count


def show_own_words(html: str) -> str:
    """Return a rendered page with its signs as marks that a person sees, and a screen reader reads.

    A sign within a tag is dropped: markup in an attribute would end it.
    """

    def shown(match: re.Match[str]) -> str:
        return _HTML if match[0] == _SIGN else match[0].replace(_SIGN, "")

    return _TAG_OR_SIGN.sub(shown, html) if _SIGN in html else html
