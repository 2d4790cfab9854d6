"""The whole compile with a model behind a real server, through the command line: caps, kills, and no call twice."""

import json
import random
import shutil
import signal
import socket
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nightdesk.views.cli import group
from tests.agents.model_server import Hang, ModelServer, Reply, Request, Status
from tests.desks import git, make_desk, snapshot, start
from tests.player import Player, broken, pieces, play
from tests.player import compile_here as in_process

DIARY = ("wiki/log.md",)


@pytest.fixture(autouse=True)
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give this process the home of a fresh machine, without any key."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a desk that is not compiled yet."""
    return make_desk(tmp_path_factory.mktemp("fresh"))


@pytest.fixture(scope="module")
def compiled(fresh: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """Return a desk compiled without disturbance, and the tasks that it took."""
    desk = Path(shutil.copytree(fresh, tmp_path_factory.mktemp("compiled") / "desk"))
    with ModelServer(well) as server:
        assert compile_here(desk, server) == 0
        return desk, sorted(map(task_of, server.asked()))


@pytest.fixture
def desk(fresh: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(fresh, tmp_path / "desk"))


def well(request: Request) -> Reply:
    """Play a model that does its work well."""
    return play(request.text)


def worker(server: ModelServer) -> str:
    return f"openai:stub@{server.openai_url}"


def compile_here(desk: Path, server: ModelServer | None, *args: str) -> int:
    """Run `nightdesk compile` in this process, which has loaded all that it needs; return its exit code."""
    named = ["--worker", worker(server)] if server else []
    code = group.main(["--desk", str(desk), "compile", "--jobs", "1", *named, *args], standalone_mode=False)
    assert isinstance(code, int)
    return code


def task_of(request: Request) -> str:
    """Return which task a request is about: the facts of its source, or the title of its page."""
    data = pieces(request.text)
    return data["about the source"] if "about the source" in data else data["the page"].partition("\n")[0]


def document(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


def test_nothing_is_sent_twice(compiled: tuple[Path, list[str]], tmp_path: Path) -> None:
    desk = Path(shutil.copytree(compiled[0], tmp_path / "desk"))
    assert broken(desk) == []
    assert git(desk, "status", "--porcelain") == ""
    assert git(desk, "log", "--format=%s", "-1").startswith("compile: 3 sources read")
    assert "costs.tsv" in git(desk, "show", "--stat", "HEAD")
    before = snapshot(desk, but=())
    with ModelServer(well) as server:
        assert compile_here(desk, server) == 0
        shutil.rmtree(desk / ".nightdesk")
        assert compile_here(desk, server) == 0
        assert compile_here(desk, None) == 0
    assert server.requests == []
    assert snapshot(desk, but=()) == before
    assert git(desk, "status", "--porcelain") == ""


def test_each_call_is_in_the_ledger(compiled: tuple[Path, list[str]]) -> None:
    desk, tasks = compiled
    rows = [line.split("\t") for line in (desk / "costs.tsv").read_text(encoding="utf-8").splitlines()]
    assert len(rows) == 1 + len(tasks)
    outcome = rows[0].index("outcome")
    assert {row[outcome] for row in rows[1:]} == {"accepted"}


def test_workers_by_kind_from_the_settings(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with ModelServer(well) as reader, ModelServer(well) as writer:
        (desk / "nightdesk.toml").write_text(
            f'[workers]\nread = "openai:r@{reader.openai_url}"\nwrite = "openai:w@{writer.openai_url}"\n',
            encoding="utf-8",
        )
        assert group.main(["--desk", str(desk), "trust", "--yes"], standalone_mode=False) in (0, None)
        assert compile_here(desk, None) == 0
    assert {"about the source" in pieces(request.text) for request in reader.asked()} == {True}
    assert {"about the source" in pieces(request.text) for request in writer.asked()} == {False}
    assert "by: openai:r\n" in (desk / "wiki/sources/Muon, explained.md").read_text(encoding="utf-8")
    assert "by: openai:w\n" in (desk / "wiki/concepts/Muon.md").read_text(encoding="utf-8")


# caps


def test_a_cap_on_tokens_holds_with_four_threads_and_the_next_run_goes_on(
    desk: Path, compiled: tuple[Path, list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    sent: Counter[str] = Counter()
    cap, runs, code = 40_000, 0, 3
    while code == 3:
        with ModelServer(well, delay_seconds=0.05) as server:
            code = compile_here(desk, server, "--max-tokens", str(cap), "--json")
            assert server.tokens_sent + server.tokens_answered <= cap
            sent.update(map(task_of, server.asked()))
        told = document(capsys)
        runs += 1
        assert runs < 20
        assert (code == 3) == bool(told["left"]) == bool(told["capped"])
        if code == 3:
            assert f"the cap of {cap:,} tokens" in told["capped"]
            assert len(server.asked()) >= 1, "each run goes on"
        assert git(desk, "status", "--porcelain", "--", "wiki", "raw", "text") == "", "what is done is committed"
        assert broken(desk) == []
    assert code == 0
    assert runs >= 3
    assert sorted(sent.elements()) == compiled[1], "each task once"
    assert snapshot(desk) == snapshot(compiled[0])


def test_a_cap_in_dollars_on_a_model_without_a_price_sends_nothing(
    desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with ModelServer(well) as server:
        assert compile_here(desk, server, "--max-usd", "1") == 3
    assert server.requests == []
    (line,) = (line for line in capsys.readouterr().err.splitlines() if "price" in line)
    assert "is not known" in line
    assert (desk / "wiki/index.md").exists(), "the built-in worker did what it could"


def test_a_cap_on_time_begins_nothing_after_it(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with ModelServer(well) as server:
        assert compile_here(desk, server, "--max-minutes", "0.00001", "--json") == 3
    assert server.asked() == []
    assert "minutes" in document(capsys)["capped"]


def test_a_cap_on_time_ends_a_call_that_hangs(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with ModelServer(lambda request: Hang()) as server:
        assert compile_here(desk, server, "--max-minutes", "0.02", "--json") in (1, 3)
        assert 1 <= len(server.asked()) <= 4
    told = document(capsys)
    assert told["left"] or told["problems"]
    with ModelServer(well) as server:
        assert compile_here(desk, server) == 0, "it is not remembered as a failure"


# servers and models that fail


def test_a_server_that_is_down_costs_nothing_but_a_word(
    desk: Path, compiled: tuple[Path, list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # nobody listens there
        port = taken.getsockname()[1]
        assert compile_here(desk, ModelServer(well, port=port), "--json") == 1
    told = document(capsys)
    assert told["problems"]
    assert told["commit"], "the built-in worker did it all"
    assert broken(desk) == []
    with ModelServer(well) as server:
        assert compile_here(desk, server) == 0
        assert sorted(map(task_of, server.asked())) == compiled[1]
    assert snapshot(desk) == snapshot(compiled[0])


def test_a_wrong_key_is_found_out_once(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with ModelServer(lambda request: Status(401, "no such key")) as server:
        assert compile_here(desk, server, "--json") == 1
        assert len(server.asked()) <= 4, "one for each thread"
    assert any("401" in why or "key" in why for why in document(capsys)["problems"].values())


def test_rubbish_is_asked_for_so_often_and_not_again_until_it_is_wanted(
    desk: Path, compiled: tuple[Path, list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    with ModelServer(lambda request: "I would rather talk of something else.") as server:
        assert compile_here(desk, server, "--json") == 1
        first = document(capsys)["problems"]
        sent = len(server.asked())
        assert sent <= 2 * len(first), "the same mistakes twice end it"
        assert compile_here(desk, server, "--json") == 1
        assert document(capsys)["problems"] == first
        assert len(server.asked()) == sent
    with ModelServer(well) as server:
        assert compile_here(desk, server) == 1
        assert server.asked() == [], "the same model would fail again"
        assert compile_here(desk, server, "--retry") == 0
    assert snapshot(desk) == snapshot(compiled[0])


# processes that end in the middle


def run_until(desk: Path, reply: Callable[[Request], Reply], when: threading.Event, how: signal.Signals) -> int:
    """Run a compile as a process of its own and send it a signal when the event has come; return its exit code."""
    with ModelServer(reply) as server:
        running = start(desk, "compile", "--worker", worker(server))
        try:
            assert when.wait(60)
            running.send_signal(how)
            return running.wait(timeout=60)
        finally:
            running.kill()
            running.wait()


@pytest.mark.parametrize("number", [2, 6, 11])  # of the request at which it is killed: readings, pages, pages of pages
def test_after_kill_9_only_what_was_not_accepted_is_sent_again(
    desk: Path, compiled: tuple[Path, list[str]], number: int
) -> None:
    came = threading.Event()
    answered: list[str] = []
    lock = threading.Lock()

    def slow(request: Request) -> Reply:
        with lock:
            if len(answered) == number:
                came.set()
                return Hang()
            answered.append(task_of(request))
        return play(request.text)

    (desk / "nightdesk.toml").write_text("parallel = 1\n", encoding="utf-8")
    assert run_until(desk, slow, came, signal.SIGKILL) == -signal.SIGKILL
    with ModelServer(well) as server:
        assert compile_here(desk, server) == 0
        again = sorted(map(task_of, server.asked()))
    left = list(compiled[1])
    for task in answered:
        left.remove(task)
    assert again == left, "with one thread all that was answered had been accepted"
    assert snapshot(desk) == snapshot(compiled[0])
    assert broken(desk) == []
    assert git(desk, "status", "--porcelain", "--", "wiki", "raw", "text", "costs.tsv") == ""


def test_ctrl_c_ends_it_although_the_server_hangs(desk: Path) -> None:
    came = threading.Event()

    def hang(request: Request) -> Reply:
        if "Adam" not in pieces(request.text)["about the source"]:
            came.set()
            return Hang()
        return play(request.text)

    assert run_until(desk, hang, came, signal.SIGINT) == 130
    assert not list(desk.rglob(".*.tmp"))
    with ModelServer(well) as server:
        assert compile_here(desk, server) == 0


# anything in any order


SENTENCES = (
    "Muon is an optimiser that orthogonalises the momentum of each weight matrix.",
    "AdamW is an optimiser that decouples weight decay from the gradient.",
    "The learning rate of AdamW is usually low.",
    "Warm-up raises the learning rate from zero to its peak in 100 steps.",
    "Weight decay shrinks all weights a little at each step.",
    "Muon tolerates a short warm-up.",
)


@pytest.mark.parametrize("seed", [1, 2])
def test_whatever_comes_and_goes_the_wiki_is_whole_and_nothing_is_asked_twice(desk: Path, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(7):
        raw = sorted((desk / "raw").iterdir())
        match chance.choice(["add", "add", "remove", "change", "forget"]):
            case "add":
                text = " ".join(chance.sample(SENTENCES, 4))
                name = f"raw/source-{chance.randrange(100)}.md"
                (desk / name).write_text(f"# Source {chance.randrange(5)}\n\n{text}\n", encoding="utf-8")
            case "remove" if len(raw) > 1:
                chance.choice(raw).unlink()
            case "change":
                file = chance.choice(raw)
                more = f"\nMuon takes {chance.randrange(100)} days.\n"
                file.write_text(file.read_text(encoding="utf-8") + more, encoding="utf-8")
            case _:
                shutil.rmtree(desk / ".nightdesk", ignore_errors=True)
        with_ai = chance.random() < 0.7
        in_process(desk, Player(at_once=4) if with_ai else None, parallel=4)
        assert broken(desk) == []
        before, player = snapshot(desk, but=()), Player()
        if chance.random() < 0.5:
            shutil.rmtree(desk / ".nightdesk")
        in_process(desk, player if with_ai else None)
        assert not player.asked
        assert snapshot(desk, but=()) == before
