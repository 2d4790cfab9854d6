"""Sealed scoring with real processes: an honest model gets its score, all else gets one line and no number."""

import os
import re
import time
from pathlib import Path

import pytest

from nightdesk.lab import scoring
from nightdesk.lab.jobs import Scored
from nightdesk.lab.scoring import scorer_of
from nightdesk.lab.surroundings import hidden_packages
from tests.lab.answerers import direct, make_material
from tests.lab.scored_labs import CONFINED, HONEST, LOADS, finish, make_job, make_lab, running

pytest.importorskip("torch")
pytest.importorskip("safetensors")


def score(tmp_path: Path, train: str, *, split: str = "val") -> Scored:
    files = {"train.py": train.encode(), "program.md": b"", "judge/secret": b"42"}
    lab = make_lab(tmp_path, files=files)
    found = scorer_of(lab, confined=CONFINED).score(make_job(files, split=split), finish(tmp_path), stopped=running)
    assert found is not None
    assert not (lab.state / "scoring").exists() or not list((lab.state / "scoring").iterdir()), "nothing is left behind"
    return found


def test_an_honest_model_is_scored_and_sees_nothing_else(tmp_path: Path) -> None:
    """What it prints is no answer; it has its code, its weights and the tokenizer, and can write nowhere near them."""
    secrets = [tmp_path / "state" / "sealed" / "val.bin", tmp_path / "lab", Path.home() / ".ssh"]
    watchful = f"""{HONEST}
import os, sys
print("." * 100_000)
os.write(1, b"!\\x05\\x00hello")
if {CONFINED}:
    seen = [path for path in {[str(path) for path in secrets]!r} if os.path.exists(path)]
    assert not seen, seen
    assert set(os.listdir("/dev/shm")) <= {{os.path.basename(sys.argv[1])}}, "the other process's answers are seen"
    for package in {[str(path) for path in hidden_packages()]!r}:
        assert not os.path.isdir(package) or not os.listdir(package), package + " can be read"
    names = {{os.path.join(folder, name)[2:] for folder, _, files in os.walk(".") for name in files}}
    assert names <= {{"train.py", "program.md", "model.safetensors", "data/tokenizer.json"}}, names
    assert not [name for name in os.environ if "KEY" in name], list(os.environ)
    for path in ("train.py", "new", "model.safetensors"):
        try:
            open(path, "a")
        except OSError:
            pass
        else:
            raise AssertionError(path + " can be written")
"""
    os.environ["A_TEST_API_KEY"] = "secret"
    try:
        found = score(tmp_path, watchful)
    finally:
        del os.environ["A_TEST_API_KEY"]
    assert found.failure == ""
    assert found.score == pytest.approx(direct(make_material()), abs=1e-6)
    assert found.measured["val_bpb"] == found.score
    assert 0 < found.measured["val_bpb_se"] < 0.5
    assert found.measured["causality_checks"] == 4 * 40
    assert found.measured["artifact_mb"] > 0
    assert found.measured["cpu_seconds"] == 2.0, "of the run, not of the judge"
    assert found.use.cpu_seconds > 0


def test_the_test_split_is_another_text(tmp_path: Path) -> None:
    rounded = f"""{LOADS}
def load_model(device):
    table = load_table(device)
    one_hot = torch.eye(len(table), device=device)

    def model(tokens):  # products in bf16, as training on a fast machine has them
        with torch.autocast(device.type, dtype=torch.bfloat16):
            return one_hot[tokens] @ table

    return model
"""
    found = score(tmp_path, rounded, split="test")
    assert found.failure == ""
    assert found.score == pytest.approx(direct(make_material(seed=2)), abs=0.01)


SAYS_IT_IS_FINE = """
import os
for n in range(3, 30):
    try:
        os.write(n, bytes([46, 0, 0]) * 9)
    except OSError:
        pass
os._exit(0)
"""
RAISES = f"""{LOADS}
def load_model(device):
    def model(tokens):
        raise ValueError("\\x1b[31mno\\nmore")
    return model
"""
SHORTENS = f"""{LOADS}
import os, sys
def load_model(device):
    table = load_table(device)
    os.pwrite = lambda fd, data, place: len(data)

    def model(tokens):
        os.truncate(sys.argv[1], 0)
        return table[tokens]

    return model
"""
PEEKS = f"""{LOADS}
def load_model(device):
    table = load_table(device)

    def model(tokens):
        logits = table[tokens]
        peek = torch.nn.functional.one_hot(tokens[:, 1:], len(table)) * 5.0
        peek[(tokens[:, :-1] * 7 + torch.arange(tokens.size(1) - 1)) % 20 != 0] = 0  # at one place in twenty
        logits[:, :-1] += peek
        return logits

    return model
"""
FAULTS = {
    "it raises when loaded": ("raise KeyError('w')", r"could not be loaded: KeyError: 'w' \(train.py, line 1\)"),
    "no load_model": ("", "could not be loaded: AttributeError: .*load_model"),
    "it ends when loaded": ("import os; os._exit(0)", "gave no answer: "),
    "SystemExit": ("import sys; sys.exit(0)", "could not be loaded: SystemExit"),
    "it says that it is fine": (SAYS_IT_IS_FINE, "gave no answer|cut off|depend|looks ahead"),
    "wrong shape": (
        f"{LOADS}\ndef load_model(device): return lambda tokens: torch.zeros(3, 4)",
        r"logits have the shape \(3, 4\), not \(",
    ),
    "it fails when asked": (RAISES, r"failed while it was scored: ValueError: no \(train.py, line 10\)"),
    "it ends when asked": (
        f"{LOADS}\nimport os\ndef load_model(device): return lambda tokens: os._exit(3)",
        "gave no answer: .*3",
    ),
    "it shortens the shared memory": (SHORTENS, "cut off the memory|failed while"),
    "it reads the next token now and then": (PEEKS, "looks ahead|more than the tokens before"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_told_in_one_line(tmp_path: Path, fault: str) -> None:
    train, expected = FAULTS[fault]
    found = score(tmp_path, train)
    assert found.score is None
    assert "\n" not in found.failure
    assert "\x1b" not in found.failure
    assert len(found.failure) < 400
    assert re.search(expected, found.failure), found.failure
    assert "val_bpb" not in found.measured


@pytest.mark.parametrize("hang", ["while True: pass", "import time; time.sleep(1000)"])
def test_a_model_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hang: str) -> None:
    monkeypatch.setattr(scoring, "LEAST_SECONDS", 0.5)
    monkeypatch.setattr(scoring, "WAIT", 4)
    files = {"train.py": f"import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n{hang}".encode()}
    lab, began = make_lab(tmp_path, files=files), time.monotonic()
    found = scorer_of(lab, confined=CONFINED).score(
        make_job(files, budget=make_job(files).budget.__class__(0.2, "cpu")),
        finish(tmp_path),
        stopped=running,
    )
    assert found is not None
    assert found.score is None
    assert "gave no answer: killed" in found.failure
    assert time.monotonic() - began < 60


def test_who_asks_to_stop_waits_for_no_model(tmp_path: Path) -> None:
    files = {"train.py": b"import time; time.sleep(1000)"}
    asked = time.monotonic() + 1.0
    found = scorer_of(make_lab(tmp_path, files=files), confined=CONFINED).score(
        make_job(files), finish(tmp_path), stopped=lambda: time.monotonic() > asked
    )
    assert found is None
