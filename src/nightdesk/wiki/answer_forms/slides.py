"""An answer as slides for Marp: Markdown, a few statements on each slide, what they rest on at its foot.

Text of sources and models must not act there. Marp takes `---` for a new slide, comments for directives or notes, and
leading YAML for settings: so what comes from outside is one line, behind a list mark or a heading mark and escaped, or
within a comment with an HTML entity in place of each character that is no letter, digit or blank.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from nightdesk.base.pages import dump_yaml
from nightdesk.wiki.answer_forms.stated import Stated, name_of, one_line, quote_of, shortened, target_of, used, where_of
from nightdesk.wiki.answering.replies import Reference
from nightdesk.wiki.escaping import escape_line

MAX_STATEMENTS = 6  # on one slide
MAX_CHARS = 400  # of the statements of one slide: more does not fit above its foot
MAX_STATEMENT = 320
MAX_NOTES = 6  # at the foot of one slide; the slides of sources have all
_MAX_TITLE, _MAX_HEADING, _MAX_NOTE = 120, 60, 105
_SOURCES = 3  # of the list at the end, on one slide
_MAX_QUOTE = 220
_STYLE = """\
section { font-size: 26px; place-content: start; }
section.lead { place-content: center; }
section h1 { font-size: 44px; }
section h2 { font-size: 34px; }
section footer { font-size: 18px; line-height: 1.35; left: 78px; right: 90px; }
section a { text-decoration: none; }
section blockquote { font-size: 20px; margin: 0 0 0 1em; }
section.sources li { font-size: 20px; }
"""
# what would become a link although it is no Markdown, and the middle of any link
_BEYOND = re.compile(r"(?P<address>://|www\.)|\](?=[(\[])", re.IGNORECASE)


def render_slides(title: str, question: str, stated: Sequence[Stated], references: Sequence[Reference]) -> str:
    """Return the deck: a title slide, a slide for each page or part (more where it is long), and the sources."""
    front = {"marp": True, "type": "slides", "title": one_line(title)[:_MAX_TITLE], "paginate": True}
    style = "style: |\n" + "".join(f"  {line}\n" for line in _STYLE.splitlines())
    cited = used(references, stated)
    sources = len({name_of(reference) for reference in cited})
    counts = f"{_many(len(stated), 'statement')} from {_many(sources, 'source')}"
    heading = plain(shortened(one_line(question), 200))
    slides = [f"<!-- _class: lead -->\n<!-- _paginate: false -->\n\n# {heading}\n\n{counts}\n"]
    by_number = {reference.number: reference for reference in references}
    slides += [_slide(part, by_number) for part in _parts(stated)]
    slides += list(_source_slides(cited))
    return f"---\n{dump_yaml(front)}{style}---\n\n" + "\n---\n\n".join(slides)


def _parts(stated: Sequence[Stated]) -> Iterator[tuple[Stated, ...]]:
    """Yield what fits on one slide; a group is never joined with another."""
    for _, members in groupby(stated, key=lambda one: one.group):
        part: list[Stated] = []
        room = MAX_CHARS
        for one in members:
            length = min(len(one.text), MAX_STATEMENT)
            notes = {n for other in (*part, one) for n in other.references}
            if part and (len(part) == MAX_STATEMENTS or length > room or len(notes) > MAX_NOTES):
                yield tuple(part)
                part, room = [], MAX_CHARS
            part.append(one)
            room -= length
        yield tuple(part)


def _slide(part: Sequence[Stated], by_number: dict[int, Reference]) -> str:
    heading = f"## {plain(shortened(part[0].group, _MAX_HEADING))}\n\n" if part[0].group else ""
    lines = []
    for one in part:
        marks = "".join(f" [\\[{n}\\]]({target_of(by_number[n])})" for n in one.references)
        lines.append(f"- {plain(shortened(one.text, MAX_STATEMENT))}{marks}\n")
    cited = [by_number[n] for n in sorted({n for one in part for n in one.references})]
    return f"<!-- _footer: {_foot(cited)} -->\n\n{heading}{''.join(lines)}"


def _foot(cited: Sequence[Reference]) -> str:
    """Return the foot of a slide as YAML in a comment: entities leave nothing in it that could end either."""
    notes = [f"[{r.number}] {shortened(where_of(r), _MAX_NOTE)}" for r in cited[:MAX_NOTES]]
    if len(cited) > MAX_NOTES:
        notes[-1] += f" … and {len(cited) - MAX_NOTES} more"
    return '"' + "<br>".join(map(entities, notes)) + '"'


def _source_slides(cited: Sequence[Reference]) -> Iterator[str]:
    for start in range(0, len(cited), _SOURCES):
        rows = "".join(map(_source, cited[start : start + _SOURCES]))
        more = " (continued)" if start else ""
        yield f"<!-- _class: sources -->\n\n## Sources{more}\n\n{rows}"


def _source(reference: Reference) -> str:
    claim = f" ^{reference.claim}" if reference.claim else ""
    link = f"[\\[{reference.number}\\]]({target_of(reference)})"
    quote = f"\n  > &quot;{plain(shortened(quote_of(reference), _MAX_QUOTE))}&quot;" if reference.quote else ""
    return f"- {link} {plain(shortened(where_of(reference), 160))}{entities(claim)}{quote}\n"


def plain(text: str) -> str:
    """Return a line of text that Marp shows as it is, whatever stands in it."""
    return _BEYOND.sub(lambda found: "".join(map(_entity, found[0])), escape_line(text))


def entities(text: str) -> str:
    """Return a text in which all that is no letter, digit or blank stands as an entity."""
    return "".join(c if c.isalnum() or c == " " else _entity(c) for c in text)


def _entity(char: str) -> str:
    return f"&#{ord(char)};"


def _many(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")


def slide_count(text: str) -> int:
    """Return how many slides a deck has that `render_slides` made."""
    return text.count("\n---\n\n")
