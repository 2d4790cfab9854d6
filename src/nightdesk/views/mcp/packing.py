"""The tool that packs what the desk knows of a question, or of itself, into one text."""

from datetime import date
from typing import Annotated

from pydantic import BaseModel, Field

from nightdesk.agents.boundary import as_data
from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.wiki.answering.question import MAX_QUESTION
from nightdesk.wiki.packing.orientation import MIN_TOKENS, orient
from nightdesk.wiki.packing.pack import make_pack

MAX_TOKENS = 32_000


class Packed(BaseModel):
    """A context pack, or an orientation."""

    markdown: str
    tokens: int
    statements: int


def pack(
    desk: Desk,
    question: Annotated[str, Field(max_length=MAX_QUESTION, description="What it is for; empty for all.")] = "",
    tokens: Annotated[int, Field(ge=MIN_TOKENS, le=MAX_TOKENS, description="What it may have at most.")] = 4_000,
) -> Packed:
    """Get what the desk knows of a question in one text: statements, claims with quotes, words of sources.

    Without a question it is an orientation of the whole desk: read that first when you do not know the desk.
    """
    if not question.strip():
        about = orient(desk, tokens=tokens, today=date.today())
        markdown, count, statements = about.markdown, about.tokens, sum(map(len, about.sections.values()))
    else:
        made = make_pack(desk, question, tokens=tokens, today=date.today())
        if not made.items:
            raise DeskError("nothing on the desk fits the question", fix="find_pages with other words")
        markdown, count, statements = made.markdown, made.tokens, len(made.items)
    return Packed(markdown=as_data("a pack of the desk", markdown), tokens=count, statements=statements)
