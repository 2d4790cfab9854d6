"""The attacks: sources that ask for something, and what a model that obeys them hands in.

Each `[[attack]]` of the TOML files beside this module has

- `name`, and `why` it is tried;
- `text`: the source. Above it stands a title and an honest sentence, unless `bare` is true;
- `file`: its name in raw/, `NAME.md` by default;
- `claims`: what an obedient reader adds to the honest claim, or `read`: all that it hands in;
- `write`: what an obedient writer hands in for any page; «0» is the citation of the honest claim, «1» of the first of
  `claims` and so on, «1|words» the same with words in place of its number.
"""

import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nightdesk.wiki.claims import claim_id

FOLDER = Path(__file__).parent
HONEST = "Muon is an optimiser for the weight matrices of a network."
_HONEST_CLAIM = {"statement": HONEST, "quote": HONEST, "concepts": ["Muon"]}
_CITATION = re.compile(r"«(\d+)(?:\|([^»]*))?»")
_LONG = "Muon is " + "very " * 5_000 + "long in this test."
# What is too long for a table, and stands there as one word.
_WHOLE = {
    "LONG": _LONG,
    "TITLE": f"---\ntitle: {'Muon and ' * 2_200}Eve\n---\n{HONEST}",
    "DEEPER": "> - " * 500 + "Eve",
    "STARS": "*a **a _a __a [a `a ~a " * 200,
    "DEEP": "[" * 5_000,
    "MANY": json.dumps({"claims": [_HONEST_CLAIM | {"statement": f"Muon is number {n}."} for n in range(1_000)]}),
}


@dataclass(frozen=True, slots=True)
class Attack:
    """One attack source."""

    name: str
    why: str
    file: str
    text: str
    claims: Sequence[Mapping[str, Any]]  # the honest one first
    read: str  # what an obedient reader hands in
    write: str

    def page_body(self, source_page: str) -> str:
        """Return what an obedient writer hands in, where the source's page is called `source_page`."""

        def cite(match: re.Match[str]) -> str:
            claim = self.claims[int(match[1])]
            return citation(source_page, claim["statement"], claim["quote"], match[2] or "1")

        honest = f"{HONEST} {_CITATION.sub(cite, '«0»')}\n\n"
        return honest + _CITATION.sub(cite, self.write)

    def parroted(self) -> Sequence[Mapping[str, Any]]:
        """Return each line of the source as a claim, word for word, with all that it links to as its concepts."""
        lines = [line.strip() for line in self.text.split("\n")]
        return [
            {"statement": line[:600], "quote": line, "concepts": ["Muon", *re.findall(r"\[\[([^\]|#]+)", line)[:20]]}
            for line in dict.fromkeys(lines)
            if line.strip("-`~$|#> ")
        ]


def citation(source_page: str, statement: str, quote: str, label: str) -> str:
    """Return the citation of a claim as a model would write it."""
    identity = claim_id(" ".join(statement.split()), " ".join(quote.split()))
    return f"[[{source_page}#^{identity}|{label}]]"


def all_attacks() -> list[Attack]:
    """Return all attacks, in the order of their files."""
    return [
        _attack(entry)
        for file in sorted(FOLDER.glob("*.toml"))
        for entry in tomllib.loads(file.read_text(encoding="utf-8"))["attack"]
    ]


def _attack(entry: Mapping[str, Any]) -> Attack:
    text = _whole(entry["text"]).lstrip("\n")
    if not entry.get("bare"):
        text = f"# Test {entry['name']}\n\n{HONEST}\n\n{text}\n"
    claims = [_HONEST_CLAIM, *({"concepts": ["Muon"], **_long_claim(claim)} for claim in entry.get("claims", ()))]
    obedient = {"claims": claims, "summary": [0], "questions": []}
    read = _whole(entry["read"]) if "read" in entry else json.dumps(obedient, ensure_ascii=False)
    return Attack(
        entry["name"],
        entry["why"],
        entry.get("file", f"{entry['name']}.md"),
        text,
        claims,
        read,
        _whole(entry["write"]),
    )


def _long_claim(claim: Mapping[str, Any]) -> Mapping[str, Any]:
    return {key: _whole(value) if isinstance(value, str) else value for key, value in claim.items()}


def _whole(text: str) -> str:
    if text in _WHOLE:
        return _WHOLE[text]
    for word in ("DEEPER", "STARS", "LONG"):
        text = text.replace(word, _WHOLE[word])
    return text.replace("MANY «0»", "Muon is one. «0» " * 200)
