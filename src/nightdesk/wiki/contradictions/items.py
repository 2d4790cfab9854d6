"""What a contradiction is: two claims, how they were found, and what somebody decided about them."""

from dataclasses import dataclass
from typing import Literal

from nightdesk.base.pages import short_hash

Name = Literal["open", "resolved", "not a contradiction"]
Other = Literal["", "wrong", "superseded"]
BY_CODE = "nightdesk/builtin"  # who found it, where nobody had to read for it
BY_FRONTMATTER = "nightdesk, by what the sources' frontmatter says"  # who resolved it: withdrawn with that frontmatter
HOW = {
    "value": "Another value for the same",
    "number": "Another value for the same",
    "polarity": "Affirmed and denied",
    "order": "More and less the other way round",
    "other": "Not true together",
}


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two claims."""

    claim: str  # its id
    page: str  # base name of its source page
    statement: str  # plain text
    published: str = ""  # as the source says it: a date, year and month, or year
    there: bool = True  # False: no source makes the claim any more


@dataclass(frozen=True, slots=True)
class State:
    """What was decided. An open item with `by` is held open by somebody: no frontmatter resolves it."""

    name: Name = "open"
    keep: str = ""  # of a resolved one: the id of the claim that holds
    other: Other = ""  # what the other one is
    because: str = ""
    by: str = ""
    on: str = ""  # ISO date

    @property
    def is_decided(self) -> bool:
        """Whether somebody said so: what nobody decided is made anew by each compile."""
        return (self.name != "open" or bool(self.by or self.because)) and self.by != BY_FRONTMATTER


OPEN = State()


@dataclass(frozen=True, slots=True)
class Item:
    """One contradiction."""

    id: str
    one: Side
    other: Side
    how: str  # a key of HOW
    found_by: str = BY_CODE
    reason: str = ""  # of a worker who found it
    state: State = OPEN
    suggested: str = ""  # the id of the claim that seems to supersede the other
    suggested_why: str = ""
    held: tuple[str, ...] = ()  # lines about the state that could not be read, as they stand
    notes: tuple[str, ...] = ()  # other lines of a person's

    @property
    def sides(self) -> tuple[Side, Side]:
        """Both claims."""
        return self.one, self.other

    @property
    def is_open(self) -> bool:
        """Whether it waits for a decision: both claims are there, and nobody resolved or dismissed it."""
        return self.state.name == "open" and self.one.there and self.other.there

    @property
    def loser(self) -> Side | None:
        """The side that does not hold, None where it is not resolved."""
        if self.state.name != "resolved":
            return None
        return self.other if self.state.keep == self.one.claim else self.one

    @property
    def stays(self) -> bool:
        """Whether it stays on the page although code does not find it (any more)."""
        return self.state.is_decided or bool(self.held or self.notes) or self.found_by != BY_CODE


def item_id(one: str, other: str) -> str:
    """Return the block id of the contradiction between two claims, whichever is named first."""
    return "k" + short_hash("\n".join(sorted((one, other))))[:10]
