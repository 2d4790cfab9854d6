"""Makes vaults of Markdown pages to search in: sentences of the standard library, invented words by Zipf's law.

    python benchmarks/search_vault.py FOLDER --pages 10000

The same Python, seed and size give the same bytes.
"""

import argparse
import bisect
import functools
import itertools
import random
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))
from benchmarks.corpus import make_matters, sentence_pool

PAGES_IN_FOLDER = 1_000
_SYLLABLES = [
    "ba",
    "co",
    "di",
    "fe",
    "gu",
    "ha",
    "ki",
    "lo",
    "mu",
    "ne",
    "pa",
    "qui",
    "ro",
    "su",
    "ta",
    "ve",
    "wi",
    "xo",
    "yu",
    "za",
    "bri",
    "cla",
    "dro",
    "fle",
    "gri",
    "pla",
    "sto",
    "tru",
]
_TAGS = ("method", "result", "history", "ml/optimisation", "ml/data", "tool", "person", "idea")
_TYPES = ("concept", "concept", "concept", "entity", "overview")


@dataclass(frozen=True)
class Vault:
    """What pages are made of."""

    sentences: Sequence[str]
    terms: Sequence[str]  # what pages are about
    words: Sequence[str]  # invented, the commonest first
    weights: Sequence[float]  # running sums of 1/rank of `words`

    @functools.cached_property
    def places(self) -> Mapping[str, int]:
        """Return how common each invented word is: 0 for the commonest."""
        return {word: place for place, word in enumerate(self.words)}

    def word(self, chance: random.Random) -> str:
        """Return an invented word by Zipf's law."""
        return self.words[bisect.bisect(self.weights, chance.random() * self.weights[-1])]


def make_vault(pages: int, *, seed: int = 0) -> Vault:
    """Return the stuff that a vault of so many pages is made of; its vocabulary grows with the size (Heaps' law)."""
    chance = random.Random(f"vault {seed}")
    count = max(2_000, round(30 * (pages * 400) ** 0.5))
    words = list(dict.fromkeys("".join(chance.choices(_SYLLABLES, k=chance.randint(2, 5))) for _ in range(count)))
    weights = list(itertools.accumulate(1 / rank for rank in range(1, len(words) + 1)))
    matters = make_matters(pages, 400, seed=seed)
    return Vault(sentence_pool(), matters.terms, words, weights)


def make_page(number: int, vault: Vault, *, seed: int = 0) -> tuple[str, str]:
    """Return the path and the text of a page of about 400 words."""
    chance = random.Random(f"page {seed} {number}")
    term, other = chance.choice(vault.terms), chance.choice(vault.terms)
    name = f"{term.capitalize()} {vault.word(chance)} {number}"
    parts = [
        f"---\ntype: {chance.choice(_TYPES)}\ntitle: {name}\naliases:\n- {vault.word(chance)} {number}\n"
        f"tags:\n- {chance.choice(_TAGS)}\ndate: {chance.randint(2015, 2026)}-{chance.randint(1, 12):02}-15\n---\n"
        f"# {name}\n"
    ]
    for _ in range(chance.randint(3, 6)):
        start = chance.randrange(len(vault.sentences) - 8)
        sentences = list(vault.sentences[start : start + chance.randint(3, 6)])
        invented = " ".join(vault.word(chance) for _ in range(10))
        sentences.append(f"The {term} needs {invented} beside the [[{other.capitalize()}]].")
        heading = f"## {chance.choice(vault.terms).capitalize()}\n\n" if chance.random() < 0.6 else ""
        parts.append(heading + " ".join(sentences) + "\n")
    return f"{number // PAGES_IN_FOLDER:04}/{name}.md", "\n".join(parts)


def write_vault(folder: Path, pages: int, *, seed: int = 0) -> int:
    """Write a vault into `folder`; return how many words it holds."""
    vault, total = make_vault(pages, seed=seed), 0
    for number in range(pages):
        path, text = make_page(number, vault, seed=seed)
        file = folder / path
        if number % PAGES_IN_FOLDER == 0:
            file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8", newline="\n")
        total += len(text.split())
    return total


FORMS = (  # t: what a page is about, w and v: invented words by Zipf's law, s: words of its sentences, p: a beginning
    "{t}", "{t}", "{t}", "{t} {w}", "{w}", "{w}", "{w} {v}", "{s} {s2}", "{s} {s2} {w}", '"{t}"', "{p}*",
    "{w} OR {v}", "{t} -{s}", "{s}",
)  # fmt: skip


def queries(vault: Vault, count: int, *, seed: int = 0) -> Iterator[tuple[str, str]]:
    """Yield forms and queries as people ask: one to three words, phrases, prefixes, alternatives and exclusions."""
    chance = random.Random(f"queries {seed}")
    for _ in range(count):
        term = chance.choice(vault.terms)
        spoken = [word for word in chance.choice(vault.sentences).replace(".", "").split() if word.isalpha()]
        word = vault.word(chance)
        form = chance.choice(FORMS)
        yield (
            form,
            form.format(
                t=term,
                w=word,
                v=vault.word(chance),
                p=word[:5],
                s=chance.choice(spoken or [word]),
                s2=chance.choice(spoken or [word]),
            ),
        )


def known_items(vault: Vault, pages: int, count: int, *, seed: int = 0) -> Iterator[tuple[str, str, str]]:
    """Yield what a person remembers of a page, the query and the page's path: its name, or some words of its text."""
    chance = random.Random(f"items {seed}")
    for _ in range(count):
        path, text = make_page(chance.randrange(pages), vault)
        name = path.rpartition("/")[2].removesuffix(".md")
        yield "words of the title", " ".join(name.split()[:-1]), path
        invented = [word for line in text.split("The ")[1:] for word in line.split() if word in vault.places]
        rare = sorted(set(invented), key=lambda word: -vault.places[word])[:8]
        yield "three words of the text", " ".join(chance.sample(rare, min(3, len(rare)))), path
        common = sorted(set(invented), key=lambda word: vault.places[word])[:8]
        asked = [*chance.sample(common, min(3, len(common))), *rare[:1]]
        yield "a rare and three common words", " ".join(asked), path


def main() -> None:
    """Write a vault and print how many words it holds."""
    parser = argparse.ArgumentParser(description="Make a vault of Markdown pages.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pages", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    print(write_vault(options.folder, options.pages, seed=options.seed))


if __name__ == "__main__":
    main()
