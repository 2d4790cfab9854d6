"""What a suggestion is: what to do, why, what on the desk says so, and the command that does it."""

import shlex
from dataclasses import dataclass
from typing import Any

from nightdesk.base.pages import short_hash

KINDS = ("question", "source", "page", "connection")
MAX_EVIDENCE = 5  # that is shown of one suggestion


@dataclass(frozen=True, slots=True)
class Evidence:
    """A place on the desk that a suggestion rests on."""

    claim: str  # id, "" where it is no claim
    place: str  # "wiki/sources/Muon.md:12", or a file with its line


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One thing that is worth doing."""

    kind: str  # of KINDS
    what: str
    why: str
    evidence: tuple[Evidence, ...]  # the first MAX_EVIDENCE of it
    act: str  # a command, or what to write where; "": to look for a source
    weight: float  # within its kind; more is better
    query: str = ""  # what to look for on the web, "" for nothing
    url: str = ""  # of a source that is known

    @property
    def id(self) -> str:
        """What it is called: the same as long as it is the same suggestion."""
        return "s" + short_hash(f"{self.kind}\n{self.what}")[:8]

    @property
    def to_do(self) -> str:
        """What does it: a command, or what to write where."""
        return self.act or command_line("suggest", "--fill", "--only", self.id)

    def to_json(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        return {
            "id": self.id,
            "kind": self.kind,
            "what": self.what,
            "why": self.why,
            "evidence": [{"claim": one.claim or None, "place": one.place} for one in self.evidence],
            "act": self.to_do,
            "query": self.query or None,
            "url": self.url or None,
        }


def command_line(*words: str) -> str:
    """Return a command as it can be given to a shell, in one line, whatever stands in its words."""
    return shlex.join(" ".join(word.split()) for word in ("nightdesk", *words))
