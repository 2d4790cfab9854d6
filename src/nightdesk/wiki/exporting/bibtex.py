"""The sources of a desk as BibTeX: keys that stay the same whatever is added, texts that TeX takes as they are."""

import re
import unicodedata
from urllib.parse import quote

from nightdesk.base.pages import short_hash
from nightdesk.wiki.exporting.collected import Collected, Entry

_ESCAPES = {
    "\\": r"\textbackslash{}",
    "{": r"\textbraceleft{}",  # not \{: BibTeX counts braces whatever stands before them
    "}": r"\textbraceright{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{char: f"\\{char}" for char in "&%$#_"},
}
_TABLE = str.maketrans(_ESCAPES)
_SMALL_WORDS = re.compile(r"a|an|and|das|de|der|des|die|do|does|el|for|how|in|is|la|le|les|of|on|the|to|what|when|why")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def bibliography(collected: Collected) -> str:
    """Return an entry for each source page, sorted by key; "" where there are none."""
    entries = sorted((key_of(entry), entry) for entry in collected.sources)
    return "\n".join(_rendered(key, entry) for key, entry in entries)


def key_of(entry: Entry) -> str:
    """Return a source's key: name, year and a word of its title, then four digits that its file's path gives.

    It is made of the source alone, so that no other source ever changes it.
    """
    people = authors(entry.line("author"))
    last = (people[0].partition(",")[0] if "," in people[0] else people[0].split()[-1]) if people else ""
    words = [word for word in re.findall(r"\w+", entry.title.lower()) if not _SMALL_WORDS.fullmatch(word)]
    year = entry.line("published")[:4]
    parts = (_ascii(last) or "anon", year if year.isdigit() else "", _ascii(words[0]) if words else "")
    digits = short_hash(entry.source.raw if entry.source else entry.path)[:4]
    return f"{''.join(parts)}-{digits}"


def authors(text: str) -> tuple[str, ...]:
    """Return the people that a source's line of authors names; a name with a comma of its own stays whole.

    "Ada Lovelace, Alan Turing" are two, "Lovelace, Ada" is one.
    """
    parts = [part.strip() for part in re.split(r"\s*;\s*|\s+(?:and|und|et|y)\s+|\s*&\s*", text) if part.strip()]
    people: list[str] = []
    for part in parts:
        names = [name.strip() for name in part.split(",") if name.strip()]
        several = len(names) > 1 and all(" " in name for name in names)
        people += names if several else [", ".join(names)] if names else []
    return tuple(people)


def escape(text: str) -> str:
    """Return `text` as it can stand in a field."""
    return text.translate(_TABLE)


def _rendered(key: str, entry: Entry) -> str:
    published = entry.line("published")
    date = re.match(r"(\d{4})(?:-(\d\d))?(?:-(\d\d))?", published)
    month = int(date[2]) if date and date[2] else 0
    people = [
        f"{{{escape(person)}}}" if "," not in person and " " not in person else escape(person)
        for person in authors(entry.line("author"))
    ]
    fields = {
        "title": f"{{{escape(entry.title)}}}",  # the inner braces keep its capitals
        "author": " and ".join(people),
        "year": date[1] if date else "",
        "month": _MONTHS[month - 1] if 1 <= month <= 12 else "",
        "url": quote(entry.line("url"), safe=":/?#[]@!$&'()*+,;=%-._~"),
        "howpublished": ""
        if entry.line("url")
        else escape(entry.source.raw.rpartition("/")[2] if entry.source else ""),
        "language": escape(entry.line("language")),
        "note": f"SHA-256 {entry.source.sha256}" if entry.source and entry.source.sha256 else "",
    }
    lines = [f"  {name} = {value if name == 'month' else f'{{{value}}}'}," for name, value in fields.items() if value]
    return "\n".join([f"@misc{{{key},", *lines, "}"]) + "\n"


def _ascii(word: str) -> str:
    """Return a word's letters without accents, those of other scripts spelt by their code; "" for nothing."""
    folded = unicodedata.normalize("NFKD", word.replace("ß", "ss").replace("ø", "o").replace("ł", "l")).lower()
    plain = re.sub(r"[^a-z0-9]", "", folded.encode("ascii", "ignore").decode())
    return plain or (f"u{ord(word[0]):x}" if word else "")
