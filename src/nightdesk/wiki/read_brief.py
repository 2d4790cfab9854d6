"""The brief of the task "read a source": what a reader is told, and the text that it is given."""

from collections.abc import Sequence
from importlib import resources
from importlib.resources.abc import Traversable
from itertools import islice

from nightdesk.agents.boundary import mark_data
from nightdesk.agents.briefs import Briefs
from nightdesk.agents.tasks import Brief
from nightdesk.base.markdown import frontmatter_end
from nightdesk.wiki.prose.language import has_spaces
from nightdesk.wiki.reading import SCHEMA, ReadMaterial

PACKAGE: Traversable = resources.files("nightdesk.wiki") / "briefs"  # the templates that ship with nightdesk
CLAIMS_PER_1000_WORDS = (10, 15)
MAX_CLAIMS = 60  # of one hand-in: about 100 tokens each, as JSON
MAX_NAMES = 80  # concept names offered with one text
_CHARACTERS_PER_WORD = 2  # where no spaces part the words
_MAX_FACT = 300  # characters of a title, author, address


def read_brief(material: ReadMaterial, briefs: Briefs, *, part: tuple[int, int] | None = None) -> Brief:
    """Return the brief for reading a source, or the k-th of n parts of one that is too long for one task."""
    least, most = claims_asked(material)
    pieces = {
        "about the source": _facts(material),
        "names in use": " | ".join(offered_names(material)) or "(none yet)",
        "the text": material.text[frontmatter_end(material.text) :],  # nothing in it can be quoted
    }
    if material.must_cover:
        pieces = {"must be covered": "\n\n".join(material.must_cover), **pieces}
        least, most = max(least, len(material.must_cover)), most + len(material.must_cover)
    return briefs.render(
        "read",
        {"part": _part(part) + _again(material), "least": str(least), "most": str(most)},
        material=mark_data(pieces),
        form="json",
        schema=SCHEMA,
        images=material.images,
    )


def claims_asked(material: ReadMaterial) -> tuple[int, int]:
    """Return how many claims a reader is asked for, at least and at most: by the number of words, never too many."""
    spaced = has_spaces(material.survey.language)
    words = (
        material.text.count(" ") + material.text.count("\n") if spaced else len(material.text) // _CHARACTERS_PER_WORD
    )
    least, most = (round(words * rate / 1000) for rate in CLAIMS_PER_1000_WORDS)
    most = min(max(most, 3), MAX_CLAIMS)
    return max(1, min(least, most // 2)), most


def offered_names(material: ReadMaterial) -> Sequence[str]:
    """Return the names that claims should use where they fit: what the desk uses already, then what code found."""
    return tuple(islice(dict.fromkeys((*material.offered, *material.names)), MAX_NAMES))


def _facts(material: ReadMaterial) -> str:
    facts = (
        ("title", material.title),
        ("author", material.author),
        ("published", material.published),
        ("address", material.url),
    )
    return "\n".join(f"{name}: {' '.join(fact.split())[:_MAX_FACT]}" for name, fact in facts if fact)


def _again(material: ReadMaterial) -> str:
    """Return what a second reading is told: it stands in a slot that templates of a desk's own have as well."""
    if not material.must_cover:
        return ""
    return (
        "\n\nThis source was read before, and questions put to the wiki since then found no answer in it. The piece"
        ' "must be covered" holds sentences of the text, one a paragraph, that were left out: for each of them hand in'
        " a claim whose quote is that sentence or the better part of it. Choose the other claims anew, as fully as you"
        " can: questions will be asked about the rest of the text, too."
    )


def _part(part: tuple[int, int] | None) -> str:
    if part is None:
        return "You have the whole text."
    number, parts = part
    return (
        f"The text is long: you have part {number} of {parts}. The others are read apart from this one and joined with"
        " it, so treat this part alone, as fully as if it were the whole."
    )
