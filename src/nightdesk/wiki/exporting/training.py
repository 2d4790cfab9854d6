"""Questions, answers and chats to train and test a model on, split by source so that nothing leaks."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from nightdesk.wiki.claims import Claim
from nightdesk.wiki.exporting.collected import Collected, Entry
from nightdesk.wiki.exporting.questions import Asked, questions_of

SPLITS = ("train", "val", "test")
HELD_OUT = 0.1  # of the sources, for val and for test each
RUN = 8  # words in a row that a held-out claim must not share with the training split
_WORD = re.compile(r"\w+")


_CARD_HEAD = """\
# Questions, answers and chats from a desk

Made by `nightdesk export jsonl` from the claims of a desk: statements whose quotes were found in their sources. The
same wiki gives the same bytes.

| split | sources | qa | chat | text |
| --- | --- | --- | --- | --- |"""

_CARD_BODY = """
## What is in it

- `qa/`: `question`, `answer`, `citations` (each claim's id, statement, exact quote and place), `source`, `form`.
- `chat/`: the same as `messages` of a user and an assistant, for finetuning.
- `text/`: for each source one `text` of its statements, questions and answers, for pretraining:
  `nightdesk lab new NAME --data .../text`.

Forms: `definition` (what something is), `figure` (the one number of a statement left out), `about` (what a source says
of a concept). All are made by code; none was written or checked by a person.

## How it was split

By source, by a hash of its content: no source is in two splits. Pages that mix sources are not used. Left out of val
and test is what a split before them holds: questions that are asked there too, and claims that share {run} words in a
row with one there. {dropped} questions were left out for that, or because they were asked twice.

## Licence

The words are those of the sources, and so are their licences; nightdesk gives none and takes none. Look at each source
before you share the data or a model that learnt it:
"""


def training_files(collected: Collected) -> dict[str, bytes]:
    """Return path -> content: qa/, chat/ and text/, each with a file for each split, and a data card."""
    splits = split_sources([entry for entry in collected.sources if entry.claims])
    seen_runs: set[str] = set()
    seen_questions: set[str] = set()
    records: dict[str, list[dict[str, Any]]] = {
        f"{kind}/{split}": [] for kind in ("qa", "chat", "text") for split in SPLITS
    }
    dropped = 0
    for split in SPLITS:  # train first: what it holds is left out of the others, what val holds out of test
        runs: set[str] = set()
        for entry in splits[split]:
            leaking = {claim.id for claim in entry.claims if not seen_runs.isdisjoint(_claim_runs(claim))}
            kept: list[Asked] = []
            for asked in questions_of(entry):
                key = _folded(asked.question)
                if key in seen_questions or any(claim.id in leaking for claim in asked.claims):
                    dropped += 1
                    continue
                seen_questions.add(key)
                kept.append(asked)
                records[f"qa/{split}"].append(_question(entry, asked))
                records[f"chat/{split}"].append(_chat(entry, asked))
            statements = [claim.statement for claim in entry.claims if claim.id not in leaking]
            if statements:
                records[f"text/{split}"].append(_text(entry, statements, kept))
            for claim in entry.claims:
                runs |= _claim_runs(claim)
        seen_runs |= runs
    files = {f"{name}.jsonl": _lines(listed) for name, listed in records.items()}
    files["README.md"] = _card(collected, splits, records, dropped).encode("utf-8", "replace")
    return dict(sorted(files.items()))


def split_sources(entries: Sequence[Entry]) -> dict[str, list[Entry]]:
    """Deal sources to the splits by a hash of their content: each whole to one of them, each split at least one.

    With fewer than three sources there is only the training split. The same content is always dealt together.
    """
    groups: dict[str, list[Entry]] = {}
    for entry in entries:
        groups.setdefault(entry.source.sha256 or entry.path if entry.source else entry.path, []).append(entry)
    ordered = sorted(groups, key=lambda key: hashlib.sha256(f"split {key}".encode()).hexdigest())
    size = max(round(HELD_OUT * len(ordered)), 1) if len(ordered) >= len(SPLITS) else 0
    dealt = {"test": ordered[:size], "val": ordered[size : 2 * size], "train": ordered[2 * size :]}
    found = {split: [entry for key in dealt[split] for entry in groups[key]] for split in SPLITS}
    return {split: sorted(listed, key=lambda entry: entry.path) for split, listed in found.items()}


def _claim_runs(claim: Claim) -> set[str]:
    """Return what two claims share where one says what the other does: runs of words, or all of a short one."""
    found: set[str] = set()
    for text in (claim.statement, claim.quote):
        words = _WORD.findall(text.casefold())
        found |= {" ".join(words[n : n + RUN]) for n in range(max(len(words) - RUN + 1, 1))}
    return found


def _folded(text: str) -> str:
    return " ".join(_WORD.findall(text.casefold()))


def _question(entry: Entry, asked: Asked) -> dict[str, Any]:
    return {
        "id": hashlib.sha256(f"{entry.name}\n{asked.question}".encode("utf-8", "replace")).hexdigest()[:16],
        "form": asked.form,
        "question": asked.question,
        "answer": asked.answer,
        "citations": [
            {"claim": claim.id, "statement": claim.statement, "quote": claim.quote, "place": claim.place}
            for claim in asked.claims
        ],
        "source": _source(entry),
    }


def _chat(entry: Entry, asked: Asked) -> dict[str, Any]:
    places = "; ".join(f"“{entry.title}”" + (f", {claim.place}" if claim.place else "") for claim in asked.claims[:1])
    return {
        "messages": [
            {"role": "user", "content": asked.question},
            {"role": "assistant", "content": f"{asked.answer}\n\nSource: {places}"},
        ],
        "source": entry.title,
    }


def _text(entry: Entry, statements: Sequence[str], asked: Sequence[Asked]) -> dict[str, Any]:
    questions = [f"Question: {one.question}\nAnswer: {one.answer}" for one in asked]
    return {"text": "\n\n".join([entry.title, "\n".join(statements), *questions]) + "\n", "source": entry.title}


def _source(entry: Entry) -> dict[str, str]:
    values = {"title": entry.title, "url": entry.line("url"), "sha256": entry.source.sha256 if entry.source else ""}
    return {key: value for key, value in values.items() if value}


def _lines(records: Iterable[Mapping[str, Any]]) -> bytes:
    text = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
    return text.encode("utf-8", "replace")


def _card(
    collected: Collected, splits: Mapping[str, list[Entry]], records: Mapping[str, list[Any]], dropped: int
) -> str:
    rows = [
        f"| {split} | {len(splits[split])} | {len(records[f'qa/{split}'])} | {len(records[f'chat/{split}'])} "
        f"| {len(records[f'text/{split}'])} |"
        for split in SPLITS
    ]
    sources = [
        f"- {entry.title}: {entry.line('url') or 'a file of the desk'}" for entry in collected.sources if entry.claims
    ]
    return "\n".join([_CARD_HEAD, *rows, _CARD_BODY.format(dropped=dropped, run=RUN), *sources]) + "\n"
