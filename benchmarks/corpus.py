"""Makes sources of lifelike prose for the benchmarks, from the documentation that every Python brings along.

Each document is about one matter and touches others; how often a matter comes up follows Zipf's law, and there are more
of them the more documents there are (Heaps' law), as in what people collect. Sentences come from the standard library's
docstrings and language reference, with the document's own terms, names and numbers set in, so that few are the same
twice. The same Python, seed and sizes give the same bytes.

    python benchmarks/corpus.py FOLDER --sources 100 --words 4000
"""

import argparse
import ast
import bisect
import itertools
import random
import re
import sysconfig
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from pydoc_data.topics import topics

_LEFT_OUT = {"site-packages", "test", "tests", "lib2to3", "idlelib", "turtledemo", "ensurepip", "__phello__"}
_SENTENCE = re.compile(r"[A-Z][a-z]*[ ,][^<>{}|\\*=\[\]$]+[a-z)]\.")
_PLAIN_NOUNS = re.compile(
    r"\b([Tt]he|[Aa]n?|[Tt]his|[Ee]ach|[Ee]very) (?:object|file|method|function|value|class|string|module|argument|name"
    r"|type|list|instance|result|attribute|exception|process|message|server|thread|parameter|element|sequence|line)\b"
)
_NUMBER = re.compile(r"(?<![\w.])\d+(?![\w.])")


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_MODIFIERS = _words(
    """
    adaptive ambient annual binary bounded bulk causal circular coastal coarse cold composite conditional
    constant coupled critical cyclic damped deferred dense dielectric diffuse digital direct discrete
    distributed dynamic elastic embedded external federated finite floating fluid fractional frozen global
    graded gradual harmonic hierarchical hybrid idle implicit incremental indexed inertial inverse isotropic
    iterative kinetic latent lateral layered lazy linear local logical magnetic marginal masked mechanical modal
    modular mutual nested neural nominal optical ordered parallel passive periodic persistent planar polar
    primary radial random recurrent redundant relative residual robust rotary sampled scalar seasonal secondary
    segmented serial shallow shared sparse spatial spectral stable stacked static stochastic structural
    symmetric synthetic tabular temporal thermal tidal transient uniform urban variable vertical virtual
    weighted
    """
)
_HEADS = _words(
    """
    aperture array attention aquifer balance barrier basin beacon bearing boundary bridge buffer cache canal
    carrier catalyst cell channel circuit clock cluster coil collector compiler compressor condenser controller
    converter corridor counter coupling current decoder detector diode display drainage drift embedding encoder
    engine estimator exchange fault field filter flow forest frame gate gauge gradient graph grid harvest
    horizon index inference injector journal junction kernel lattice layer ledger lens levee loop market
    membrane memory mesh meter migration mirror model monitor network node optimizer orbit oscillator packet
    panel parser partition pipeline plateau polymer pressure prior processor profile protocol pump queue ratio
    reactor receiver recorder regulator relay reservoir resonance rotor router sampler scanner schedule sensor
    shaft shard signal spindle stream surface switch table tensor terrace threshold tokenizer tracker
    transformer transmitter treaty turbine valve vector vessel voltage watershed wave window
    """
)
_SYLLABLES = _words(
    """
    al bor cor dan el fen gar hol il jor kan lum mer nor os pel quin ras sel tor ul van wes yar zen
    """
)
_ASPECTS = (
    "an introduction",
    "design notes",
    "field report",
    "a comparison",
    "what we measured",
    "history",
    "frequent questions",
    "limits and remedies",
    "maintenance",
    "a second look",
    "theory",
    "practice",
    "case study",
    "survey of the year",
)
_HEADINGS = (
    "Background",
    "How it works",
    "Measurements",
    "Method",
    "Results",
    "Limits",
    "Cost",
    "Operation",
    "Related work",
    "Notes",
    "Why it matters",
    "Failure modes",
    "History",
    "Materials",
    "Outlook",
    "Setting up",
    "Discussion",
)
_DEFINITIONS = (
    "A {t} is a {u} that keeps its {h} within fixed bounds.",
    "A {t} is any {h} whose state depends on the {u}.",
    "The term {t} refers to a {u} with more than {n} parts.",
    "{T}s are {u}s that work without a {v}.",
    "By a {t} we mean the part of the {u} that the {v} does not reach.",
)
_STATEMENTS = (
    "The {t} reduced losses by {p} percent compared with the {u} in a trial of {n} runs.",
    "With a {t} of {n} units, the {u} reached {p} percent of its rated output.",
    "{P} introduced the {t} in {y}, and the {u} followed three years later.",
    "When the {u} fails, the {t} takes over within {p} milliseconds.",
    "Unlike the {u}, the {t} does not need a separate {v}.",
    "In {y} about {n} sites relied on the {t}, most of them together with a {u}.",
    "{P} showed that the {t} is limited by the {u} rather than by the {v}.",
    "The {t} should be inspected every {p} days because the {u} wears out faster than expected.",
    "Doubling the {u} raised the cost of the {t} by {p} percent but left the {v} unchanged.",
    "The {v} connects the {t} to the {u} and carries up to {n} requests per second.",
    "The option `{i}` sets how many entries the {t} holds; its default is {n}.",
    "Most failures of the {t} were traced to the {u}, according to {P}.",
    "A larger {u} makes the {t} slower, which matters for systems with fewer than {n} nodes.",
    "The {t} was tested by {P} at {p} degrees and kept working for {n} hours.",
    "If the {v} is missing, the {t} falls back to the {u}.",
    "Between {y} and 2024 the share of the {t} grew from {q} to {p} percent.",
)
_OPENINGS = (
    "In practice, ",
    "In version {q}, ",
    "By default, ",
    "According to {P}, ",
    "Since {y}, ",
    "For the {u}, ",
    "Here, ",
    "As of {y}, ",
    "In most cases, ",
    "During the {v} phase, ",
    "With more than {n} entries, ",
    "",
)
_BOILERPLATE = (
    "Subscribe to our newsletter to receive the latest posts in your inbox.",
    "© {y} {P} Press. All rights reserved.",
    "Share this page | Print | Back to top",
    "Last updated on {p} March {y}. Cookie settings",
)


@dataclass(frozen=True, slots=True)
class Matters:
    """What documents are about: the commonest first."""

    terms: tuple[str, ...]
    names: tuple[str, ...]
    identifiers: tuple[str, ...]
    weights: tuple[float, ...]  # running sums of 1/rank, of the terms

    def pick(self, chance: random.Random) -> str:
        """Return a term by Zipf's law."""
        return self.terms[bisect.bisect(self.weights, chance.random() * self.weights[-1])]


def sentence_pool() -> tuple[str, ...]:
    """Return every plain English sentence of the standard library's documentation once, in its order."""
    found: dict[str, None] = {}
    for text in itertools.chain(_docstrings(), topics.values()):
        for paragraph in re.split(r"\n\s*\n", text):
            for sentence in re.split(r"(?<=[.!?])\s+(?=[A-Z])", " ".join(paragraph.split())):
                if 8 <= len(sentence.split()) <= 40 and _SENTENCE.fullmatch(sentence):
                    found[sentence] = None
    return tuple(found)


def _docstrings() -> Iterator[str]:
    library = Path(sysconfig.get_path("stdlib"))
    for path in sorted(library.rglob("*.py")):
        if not _LEFT_OUT.intersection(path.relative_to(library).parts):
            for node in ast.walk(ast.parse(path.read_bytes())):
                if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
                    yield ast.get_docstring(node) or ""


def make_matters(sources: int, words: int, *, seed: int) -> Matters:
    """Return the matters of a corpus: as many terms as the square root of its words, which is Heaps' law."""
    chance = random.Random(f"matters {seed}")
    pairs = [f"{modifier} {head}" for modifier in _MODIFIERS for head in _HEADS]
    chance.shuffle(pairs)
    count = min(len(pairs), max(20, round((sources * words) ** 0.5)))
    names = ["".join(chance.sample(_SYLLABLES, 2)).capitalize() for _ in range(max(10, count // 5))]
    identifiers = [
        f"{a}_{b}" for a, b in zip(*(chance.choices(words, k=count) for words in (_MODIFIERS, _HEADS)), strict=True)
    ]
    weights = itertools.accumulate(1 / rank for rank in range(1, count + 1))
    return Matters(tuple(pairs[:count]), tuple(names), tuple(identifiers), tuple(weights))


def make_document(number: int, words: int, pool: Sequence[str], matters: Matters, *, seed: int) -> tuple[str, str]:
    """Return the file name and the Markdown text of a document of about `words` words."""
    writer = _Writer(random.Random(f"{seed} {number}"), pool, matters)
    title = f"{_upper(writer.own[0])}: {writer.chance.choice(_ASPECTS)} ({number})"
    parts = [f"# {title}", writer.paragraph(first=True)]
    left = words - 150  # the first paragraph, and half a part too much at the end
    while left > 0:
        part = writer.part()
        parts.append(part)
        left -= len(part.split())
    parts.append(writer.fill(writer.chance.choice(_BOILERPLATE)))
    text = "\n\n".join(parts) + "\n"
    if writer.chance.random() < 0.3:
        link = f"https://example.org/{number}"
        text = f'---\ntitle: "{title}"\nsource: {link}\npublished: {writer.fill("{y}")}-03-01\n---\n{text}'
    return f"{number:05}-{writer.own[0].replace(' ', '-')}.md", text


class _Writer:
    """Writes the parts of one document."""

    def __init__(self, chance: random.Random, pool: Sequence[str], matters: Matters) -> None:
        self.chance = chance
        self.matters = matters
        self.own = list(dict.fromkeys([matters.pick(chance) for _ in range(12)] + chance.sample(matters.terms, 3)))
        start = chance.randrange(len(pool))
        self._sentences = [pool[(start + n) % len(pool)] for n in range(200)]  # neighbours speak of the same things

    def fill(self, template: str) -> str:
        """Return `template` with terms (t, u, v), a head (h), a name (P), an identifier (i) and numbers set in."""
        chance = self.chance
        t = self._term()
        u, v = chance.sample([term for term in self.own if term != t], 2)
        return template.format(
            t=t,
            T=_upper(t),
            u=u,
            v=v,
            h=u.split()[-1],
            P=chance.choice(self.matters.names),
            y=chance.randint(1990, 2024),
            i=chance.choice(self.matters.identifiers),
            n=chance.randint(4, 9000),
            p=chance.randint(2, 99),
            q=f"{chance.randint(1, 9)}.{chance.randint(0, 9)}",
        )

    def _term(self) -> str:
        return self.own[0] if self.chance.random() < 0.3 else self.chance.choice(self.own)

    def sentence(self) -> str:
        """Return a sentence: three in five from the library, with the document's terms in it."""
        chance = self.chance
        if chance.random() < 0.4:
            return self.fill(chance.choice(_STATEMENTS))
        sentence = chance.choice(self._sentences)
        sentence = _PLAIN_NOUNS.sub(
            lambda m: f"{'a' if m[1] == 'an' else 'A' if m[1] == 'An' else m[1]} {self._term()}", sentence, count=2
        )
        sentence = _NUMBER.sub(lambda m: str(chance.randint(2, 500)), sentence)
        opening = self.fill(chance.choice(_OPENINGS))
        return opening + sentence[0].lower() + sentence[1:] if opening else sentence

    def paragraph(self, *, first: bool = False) -> str:
        """Return a paragraph of three to seven sentences; the first of a document defines what it is about."""
        sentences = [self.sentence() for _ in range(self.chance.randint(3, 7))]
        if first or self.chance.random() < 0.15:
            template = self.chance.choice(_DEFINITIONS)
            sentences.insert(0, self.fill(template.replace("{t}", self.own[0])) if first else self.fill(template))
        return " ".join(sentences)

    def part(self) -> str:
        """Return a paragraph, or now and then a heading, a list, a table, code or a link."""
        draw = self.chance.random()
        if draw < 0.2:
            return f"## {self.chance.choice(_HEADINGS)}\n\n{self.paragraph()}"
        if draw < 0.27:
            return "\n".join(f"- {self.sentence()}" for _ in range(self.chance.randint(3, 6)))
        if draw < 0.3:
            rows = "".join(self.fill("| {t} | {n} | {p} |\n") for _ in range(self.chance.randint(3, 8)))
            return f"| part | count | share |\n| --- | ---: | ---: |\n{rows}".rstrip()
        if draw < 0.33:
            return self.fill("```python\n{i} = {n}\nif {i} > {p}:\n    raise ValueError({i})\n```")
        if draw < 0.38:
            return self.fill("See also [the {u}](https://example.org/{n}) and the notes on the {v}.")
        return self.paragraph()


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def make_corpus(folder: Path, *, sources: int, words: int, seed: int = 0) -> int:
    """Write `sources` documents of about `words` words into `folder`; return how many words they hold together."""
    pool, matters = sentence_pool(), make_matters(sources, words, seed=seed)
    folder.mkdir(parents=True, exist_ok=True)
    total = 0
    for number in range(sources):
        name, text = make_document(number, words, pool, matters, seed=seed)
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
        total += len(text.split())
    return total


def main() -> None:
    """Write a corpus and print how many words it holds."""
    parser = argparse.ArgumentParser(description="Make sources of lifelike prose.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--sources", type=int, default=100)
    parser.add_argument("--words", type=int, default=4000, help="in each source, about")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    print(make_corpus(options.folder, **{k: v for k, v in vars(options).items() if k != "folder"}))


if __name__ == "__main__":
    main()
