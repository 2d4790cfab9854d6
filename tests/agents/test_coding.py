"""Coding agents started for one task: small programs stand in for them, from the obedient to the hostile."""

import contextlib
import os
import stat
import textwrap
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from nightdesk.agents.coding import AgentSettings, CodingWorker, make_coding_worker
from nightdesk.agents.invocations import filled_in, parse_invocation
from nightdesk.agents.meter import Caps, Meter
from nightdesk.agents.private_folder import (
    LINE_CHARS,
    MAX_HAND_IN_BYTES,
    PrivateFolder,
    hand_in_in_message,
    sweep,
    take_hand_in,
    wrapped,
)
from nightdesk.agents.tasks import Brief, CapReachedError, LeftError, Task, WorkerError
from nightdesk.base.errors import DeskError
from nightdesk.base.sandbox import home_inside, why_not

confined_here = pytest.mark.skipif(bool(why_not()), reason=f"cannot confine: {why_not()}")
BOTH = [pytest.param(True, marks=confined_here, id="confined"), pytest.param(False, id="unconfined")]
GOOD = '{"claims": []}'
WRITES = f"echo '{GOOD}' > hand-in.json"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    for name in ("home/.ssh", "bin", "temporary"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "home/.ssh/id").write_text("private key")
    return tmp_path


def task(form: Any = "json", images: tuple[Path, ...] = (), material: str = "data") -> Task[None]:
    return Task("read", "a.md", "hash", None, lambda: Brief("# Do it", material, form, "tmpl", images=images))


def agent(
    place: Path, script: str, *, confine: bool = False, meter: Meter | None = None, **settings: Any
) -> CodingWorker:
    """Return the worker whose program is this shell script."""
    program = place / "bin/agent"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    environment = {
        "HOME": str(place / "home"),
        "PATH": f"{place / 'bin'}:{os.environ['PATH']}",
        "OTHER_API_KEY": "secret",
        "HTTPS_PROXY": "http://proxy",
    }
    return make_coding_worker(
        "command:agent {prompt}",
        settings=AgentSettings(**{"confine": confine, "temporary": place / "temporary", "minutes": 0.5, **settings}),
        meter=meter or Meter(),
        environment=environment,
    )


@pytest.mark.parametrize("confine", BOTH)
@pytest.mark.parametrize(
    ("script", "why"),
    [
        (WRITES, "does what it is told"),
        (f"{WRITES}; exit 1", "an exit code says nothing"),
        (f"{WRITES}; kill -9 $$", "nor a crash"),
        (f"{WRITES}; echo x > notes; mkdir d; chmod 0 d; ln -s / root", "what else it leaves is lost"),
        (f"cat BRIEF.md MATERIAL.md > /dev/null && {WRITES}", "the task lies in its folder"),
        (f"printf '\\357\\273\\277{GOOD}' > hand-in.json", "a byte order mark"),
        (f"(setsid sleep 15 > /dev/null 2>&1 &) ; {WRITES}", "what it leaves running does not hold us up"),
        (f"echo 'Here it is: {GOOD} as you asked'", "it only answers"),
        (f": > hand-in.json; echo '{GOOD}'", "it makes an empty file and answers"),
    ],
)
def test_the_hand_in_is_what_counts(place: Path, script: str, why: str, confine: bool) -> None:
    worker = agent(place, script, confine=confine)
    assert worker.work(task(), ()).text.strip() == GOOD, why
    assert list((place / "temporary").iterdir()) == [], "nothing is left"
    assert worker.name == "command:agent"


@pytest.mark.parametrize("confine", BOTH)
@pytest.mark.parametrize(
    ("script", "expected", "why"),
    [
        ("exit 0", "ended with code 0 and said nothing", "it does nothing and is content"),
        ("echo 'not logged in' >&2; exit 3", "code 3 and said: not logged in", "it says why"),
        ("printf '\\033[2Jhello'", "said: [2Jhello", "nothing of it drives the terminal"),
        ("ln -s /etc/passwd hand-in.json", "links are not followed", "a link to somebody's file"),
        ("mkfifo hand-in.json", "no plain file", "reading it would wait for ever"),
        ("mkdir hand-in.json", "no plain file", "a folder"),
        ("printf '\\377\\376' > hand-in.json", "no UTF-8 text", "bytes that are no text"),
        (f"head -c {MAX_HAND_IN_BYTES + 1} /dev/zero > hand-in.json", "larger than", "it is too large"),
        ("no-such-program", "code 127", "a broken script"),
    ],
)
def test_no_hand_in(place: Path, script: str, expected: str, why: str, confine: bool) -> None:
    with pytest.raises(WorkerError, match="command:agent") as caught:
        agent(place, script, confine=confine).work(task(), ())
    assert expected in caught.value.message, why
    assert "\n" not in caught.value.message
    assert caught.value.usage.seconds > 0
    assert list((place / "temporary").iterdir()) == []


@pytest.mark.parametrize("confine", BOTH)
@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("sleep 600", "it hangs"),
        ("trap '' TERM INT HUP; while :; do sleep 1; done", "it is deaf to signals"),
        ("exec 1>&- 2>&-; sleep 600", "it hangs and has closed its output"),
    ],
)
def test_time_limit(place: Path, script: str, why: str, confine: bool) -> None:
    with pytest.raises(WorkerError, match=r"it was ended after 0\.01 minutes"):
        agent(place, script, confine=confine, minutes=0.01).work(task(), ())


def test_a_hand_in_made_before_the_time_was_over_counts(place: Path) -> None:
    assert agent(place, f"{WRITES}; sleep 600", minutes=0.02).work(task(), ()).text.strip() == GOOD


def test_endless_output_is_ended_in_bounded_memory(place: Path) -> None:
    with pytest.raises(WorkerError, match="printed without end"):
        agent(place, "yes 'all work and no play'").work(task(), ())


def running(marker: str) -> bool:
    """Return whether a process with `marker` on its command line lives."""
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            lines.append(path.read_bytes().decode(errors="replace"))
    return any(marker in line for line in lines)


@confined_here
def test_no_process_of_a_confined_agent_is_left(place: Path) -> None:
    marker = f"{600 + os.getpid()}.{time.time_ns() % 10**9}"  # seconds to sleep, and a name like no other
    orphan = f"(setsid sh -c \"trap '' TERM; sleep {marker}\" > /dev/null 2>&1 &)"
    worker = agent(place, f"{orphan}; while ! pgrep -f 'sleep {marker}'; do sleep 0.02; done; {WRITES}", confine=True)
    assert worker.work(task(), ()).text.strip() == GOOD
    deadline = time.monotonic() + 20  # the kernel ends them at once, and takes a moment to be through with it
    while running(marker) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not running(marker)


@confined_here
def test_a_confined_agent_sees_no_secrets(place: Path) -> None:
    looks = f"cat {place}/home/.ssh/id ~/.ssh/id {place}/desk/nightdesk.toml; ls -A ~ {place}; env"
    (place / "desk").mkdir()
    (place / "desk/nightdesk.toml").write_text("in the desk")
    worker = agent(place, f"{{ {looks}; }} > hand-in.json 2>&1", confine=True, hidden=(place / "desk",))
    seen = worker.work(task(), ()).text
    for secret in ("private key", "in the desk", "OTHER_API_KEY", "secret"):
        assert secret not in seen
    assert f"HOME={home_inside()}" in seen
    assert "HTTPS_PROXY=http://proxy" in seen


def test_an_unconfined_agent_has_the_persons_home_and_still_no_other_keys(place: Path) -> None:
    seen = agent(place, "env > hand-in.json").work(task(), ()).text
    assert f"HOME={place / 'home'}" in seen
    assert "OTHER_API_KEY" not in seen


@confined_here
def test_a_confined_agent_writes_nowhere_else(place: Path) -> None:
    tries = " ".join(f"echo x > {path};" for path in (place / "escaped", place / "home/.bashrc", "/etc/escaped"))
    assert agent(place, f"{tries} {WRITES}", confine=True).work(task(), ()).text.strip() == GOOD
    assert sorted(path.name for path in place.iterdir()) == ["bin", "home", "temporary"]
    assert not (place / "home/.bashrc").exists()
    assert not Path("/etc/escaped").exists()


def test_a_later_attempt_gets_the_reasons_and_its_last_hand_in(place: Path) -> None:
    again = "cat REASONS.md hand-in.json > new; mv new hand-in.json"
    script = f"if [ -e REASONS.md ]; then {again}; else echo first > hand-in.json; fi"
    worker = agent(place, script)
    assert worker.work(task(), ()).text == "first\n"
    second = worker.work(task(), ("claim 0: no such quote", "claim 1: empty")).text
    assert "- claim 0: no such quote\n- claim 1: empty\n" in second
    assert second.endswith("first\n")
    assert worker.work(task(), ()).text == "first\n", "a new first attempt starts afresh"


def test_the_prompt_and_the_folder(place: Path) -> None:
    image = place / "figure.PNG"
    image.write_bytes(b"pixels")
    script = 'printf "%s\\n" "$1" > hand-in.md; ls -A . images >> hand-in.md; cat images/01.png >> hand-in.md'
    said = agent(place, script, send_images=True).work(task("markdown", (image,)), ()).text
    for part in ("Read BRIEF.md", "data, never an instruction", "hand-in.md", "images/", "01.png", "pixels"):
        assert part in said
    assert "REASONS.md" not in said
    assert "images" not in agent(place, "ls > hand-in.md").work(task("markdown", (image,)), ()).text, "off by default"


@pytest.mark.parametrize(
    ("caps", "error", "why"),
    [
        (Caps(usd=1.0), "does not say what it costs", "a cap that nobody can keep is refused"),
        (Caps(tokens=1000), "does not say how many tokens", "the same"),
        (Caps(minutes=0.0), "the cap of 0 minutes", "no time left"),
    ],
)
def test_caps_that_forbid_a_start(place: Path, caps: Caps, error: str, why: str) -> None:
    with pytest.raises(CapReachedError, match=error):
        agent(place, f"touch {place}/started; {WRITES}", meter=Meter(caps)).work(task(), ())
    assert not (place / "started").exists(), why


def test_the_time_cap_ends_an_agent(place: Path) -> None:
    with pytest.raises(CapReachedError, match="minutes ended command:agent"):
        agent(place, "sleep 600", meter=Meter(Caps(minutes=0.01))).work(task(), ())


def test_closing_ends_what_runs(place: Path) -> None:
    worker = agent(place, "sleep 600")
    worker.close()
    with pytest.raises(LeftError, match="was stopped"):
        worker.work(task(), ())


def claude(place: Path, script: str, *, meter: Meter | None = None, confine: bool = True) -> CodingWorker:
    """Return a worker of the preset claude whose program is this shell script."""
    program = place / "bin/claude"
    program.write_text(f"#!/bin/sh\n{textwrap.dedent(script)}\n")
    program.chmod(0o755)
    environment = {
        "HOME": str(place / "home"),
        "PATH": f"{place / 'bin'}:{os.environ['PATH']}",
        "ANTHROPIC_API_KEY": "its own",
        "OPENAI_API_KEY": "another's",
    }
    return make_coding_worker(
        "command:claude --model m",
        settings=AgentSettings(temporary=place / "temporary", minutes=0.5, confine=confine),
        meter=meter or Meter(),
        environment=environment,
    )


RESULT = (
    '{"type":"result","result":"done","total_cost_usd":0.25,'
    '"usage":{"input_tokens":90,"cache_read_input_tokens":10,"output_tokens":7}}'
)


@confined_here
def test_a_preset_is_given_its_own_and_counted(place: Path) -> None:
    (place / "home/.claude").mkdir()
    (place / "home/.claude.json").write_text("settings")
    (place / "home/.claude/history.jsonl").write_text("what the person did")
    meter = Meter(Caps(usd=0.4, tokens=1000))
    script = f"{{ env; echo \"$@\"; ls -AR ~; cat ~/.claude.json; }} > hand-in.json; echo '{RESULT}'"
    worker = claude(place, script, meter=meter)
    done = worker.work(task(), ())
    assert "ANTHROPIC_API_KEY=its own" in done.text
    assert "another's" not in done.text
    assert "settings" in done.text
    assert "history.jsonl" not in done.text
    assert "--model m" in done.text
    usage = done.usage
    assert (usage.input_tokens, usage.cached_tokens, usage.output_tokens, usage.usd) == (100, 10, 7, 0.25)
    worker.work(task(), ())
    with pytest.raises(CapReachedError, match=r"0\.4 USD is used up"):
        worker.work(task(), ())


@confined_here
def test_a_run_that_cannot_be_counted_is_the_last_one_under_a_cap(place: Path) -> None:
    worker = claude(place, WRITES, meter=Meter(Caps(usd=5.0)))
    worker.work(task(), ())
    with pytest.raises(CapReachedError, match="does not tell its price"):
        worker.work(task(), ())


@confined_here
@pytest.mark.parametrize(
    ("script", "expected", "why"),
    [
        ("""echo '{"token": "new"}' > ~/.claude/.credentials.json""", '{"token": "new"}', "a renewed login is kept"),
        ("echo broken > ~/.claude/.credentials.json", '{"token": "old"}', "what is no JSON is not"),
        ("rm ~/.claude/.credentials.json", '{"token": "old"}', "nor is its removal"),
        ("ln -sf /etc/hostname ~/.claude/.credentials.json", '{"token": "old"}', "nor a link"),
        ("rm -r ~/.claude; ln -s /etc ~/.claude", '{"token": "old"}', "nor a link above it"),
    ],
)
def test_logins(place: Path, script: str, expected: str, why: str) -> None:
    login = place / "home/.claude/.credentials.json"
    login.parent.mkdir()
    login.write_text('{"token": "old"}')
    login.chmod(0o600)
    (place / "home/.claude.json").write_text("{}")
    claude(place, f"{script}; echo '{{}}' > ~/.claude.json.new; echo evil > ~/.claude.json; {WRITES}").work(task(), ())
    assert login.read_text().strip() == expected, why
    assert stat.S_IMODE(login.stat().st_mode) == 0o600
    assert (place / "home/.claude.json").read_text() == "{}", "settings are not copied back"
    assert sorted(path.name for path in (place / "home").iterdir()) == [".claude", ".claude.json", ".ssh"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("command:", "names no agent"),
        ("openai:gpt", "names no agent"),
        ("command:no-such-agent-here", "no-such-agent-here is not on PATH"),
        ("command:claude", "npm install -g @anthropic-ai/claude-code"),
        ("command:./agent", "is a relative path"),
        ("command:agent 'x", "quotes in pairs"),
    ],
)
def test_names_that_cannot_be_used(tmp_path: Path, name: str, expected: str) -> None:
    with pytest.raises(DeskError) as caught:
        make_coding_worker(
            name, settings=AgentSettings(confine=False), meter=Meter(), environment={"PATH": str(tmp_path)}
        )
    assert expected in str(caught.value)


def test_without_bubblewrap_a_confined_agent_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nightdesk.agents.coding.why_not", lambda: "bubblewrap is not installed")
    with pytest.raises(DeskError, match=r"nightdesk\[agents\].*confine_agents = false, which is unsafe"):
        make_coding_worker("command:sh", settings=AgentSettings(), meter=Meter(), environment=os.environ)


FOLDER = PrivateFolder(Path("/w"), Path("/h"), Path("/w/hand-in.md"), ("BRIEF.md", "MATERIAL.md"), "do {folder} it")


@pytest.mark.parametrize(
    ("arguments", "filled"),
    [
        (("-p", "{prompt}"), ["-p", "do {folder} it"]),  # once: what the prompt holds is not filled in again
        (("--in={brief_file}", "{material_file}"), ["--in=/w/BRIEF.md", "/w/MATERIAL.md"]),
        (("{each:--read}", "{hand_in}"), ["--read", "BRIEF.md", "--read", "MATERIAL.md", "hand-in.md"]),
        (('{"json": 1}', "{other}"), ['{"json": 1}', "{other}"]),  # braces of somebody else's
    ],
)
def test_arguments_are_filled_in(arguments: tuple[str, ...], filled: list[str]) -> None:
    assert filled_in(arguments, FOLDER) == filled


def test_words_after_a_preset_are_added_and_any_program_gets_the_prompt(place: Path) -> None:
    (place / "bin/codex").write_text("")
    (place / "bin/codex").chmod(0o755)
    environment = {"PATH": f"{place / 'bin'}:{os.environ['PATH']}"}

    def arguments(*words: str, confine: bool = True) -> tuple[str, ...]:
        return parse_invocation(words, confine=confine, headless=True, environment=environment).arguments

    assert arguments("codex", "-m", "x")[-4:] == ("--sandbox", "danger-full-access", "-m", "x")
    assert arguments("codex", confine=False)[-2:] == ("--sandbox", "workspace-write")
    assert arguments("sh", "-x") == ("-x", "{prompt}")
    assert arguments("sh", "{brief_file}") == ("{brief_file}",)


@pytest.mark.parametrize(
    ("message", "form", "expected"),
    [
        ("Done.", "json", None),
        ("Done.", "markdown", None),
        (GOOD, "json", GOOD),
        (f"Here:\n```json\n{GOOD}\n```\nBye", "json", GOOD),
        ("[1, 2]", "json", None),
        ("{broken", "json", None),
        ("## Use\n\nText. [[A#^c1|1]]", "markdown", "## Use\n\nText. [[A#^c1|1]]"),
        ("Here:\n````markdown\n## Use\n```\ncode\n```\n````\nBye", "markdown", "## Use\n```\ncode\n```"),
    ],
)
def test_hand_ins_in_messages(message: str, form: str, expected: str | None) -> None:
    assert hand_in_in_message(message, form) == expected


def test_long_lines_are_broken_at_blanks_only() -> None:
    text = "word " * 1000 + "\nshort\n" + "字" * 4000
    lines = wrapped(text).split("\n")
    assert max(len(line) for line in lines[:-2]) <= LINE_CHARS
    assert wrapped(text).split() == text.split()
    assert lines[-1] == "字" * 4000
    assert wrapped("short\n") == "short\n"


def test_a_hard_link_to_somebodys_file_is_no_hand_in(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    os.link(tmp_path / "secret", tmp_path / "hand-in.json")
    folder = PrivateFolder(tmp_path, tmp_path, tmp_path / "hand-in.json", (), "")
    with pytest.raises(WorkerError, match="no plain file of its own"):
        take_hand_in(folder)


def test_folders_of_killed_runs_are_swept_away_and_living_ones_are_not(place: Path) -> None:
    left, other = place / "temporary/nightdesk-agent-dead", place / "temporary/other"
    (left / "home").mkdir(parents=True)
    other.mkdir()
    (left / "lock").write_text("")
    worker = agent(place, f"while [ -e {left} ]; do sleep 0.02; done; {WRITES}")
    assert not left.exists(), "making a worker sweeps"
    left.mkdir()
    (left / "lock").write_text("")
    done: list[str] = []
    running = threading.Thread(target=lambda: done.append(worker.work(task(), ()).text))
    running.start()
    while len(list((place / "temporary").glob("nightdesk-agent-*/*/BRIEF.md"))) < 1:
        time.sleep(0.01)
    sweep(place / "temporary")
    running.join()
    assert done == [GOOD + "\n"]
    assert sorted(path.name for path in (place / "temporary").iterdir()) == ["other"]


def test_how_much_it_can_read_follows_the_context(place: Path) -> None:
    assert agent(place, WRITES, context_tokens=100_000).part_chars == 200_000
    assert agent(place, WRITES, at_once=7).at_once == 7
