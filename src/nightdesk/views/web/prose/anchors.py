"""The ids of headings and blocks: what a link's fragment becomes in an address."""

import re

_DROPPED = re.compile(r"[^\w\- ]+")
_BLOCK = re.compile(r"\^[A-Za-z0-9-]+")
_IS_ID = re.compile(r"h-[\w-]{1,110}")
_MAX = 100  # characters of an id


def anchor(fragment: str) -> str:
    """Return the id of the element that a link's fragment names: `^id` of a block, else that of a heading.

    Of headings joined by `#` it is the last. Each heading's id begins with `h-`: no heading, whatever it says,
    can take the id of an element of the viewer, or the name of a global of its scripts. "" where nothing is left.
    """
    fragment = fragment.strip()
    if fragment.startswith("#^"):
        fragment = fragment[1:]
    if _BLOCK.fullmatch(fragment):
        return fragment.lower()
    last = fragment.rstrip("#").rpartition("#")[2]
    if _IS_ID.fullmatch(last):
        return last
    slug = _DROPPED.sub("", last.lower()).strip().replace(" ", "-")[:_MAX]
    return f"h-{slug}" if slug else ""
