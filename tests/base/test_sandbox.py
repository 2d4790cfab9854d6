"""Confinement: what a confined program sees, may write and reaches, and that none of its processes outlives it."""

import os
import shlex
import socket
import sys
import time
from pathlib import Path

import pytest

from nightdesk.base.processes import PIPE, Ended, Limits, attend, kill
from nightdesk.base.sandbox import (
    Confinement,
    bubblewrap_command,
    home_inside,
    program_folders,
    start_confined,
    why_not,
)

confined_here = pytest.mark.skipif(bool(why_not(network=False)), reason=f"cannot confine: {why_not(network=False)}")
BWRAP = Path("/usr/bin/bwrap")
NO_LIMITS = Limits()
# one's own processes are one's own, and anybody may ask to be told of pressure
WRITABLE = (
    "find /proc /sys '(' -path '/proc/[0-9]*' -o -path /proc/self ')' -prune -o -type f -writable -print"
    " | grep -v ^/proc/pressure"
)


@pytest.fixture
def work(tmp_path: Path) -> Path:
    (tmp_path / "work").mkdir()
    return tmp_path / "work"


def run(script: str, confinement: Confinement, limits: Limits = NO_LIMITS, seconds: float = 30) -> Ended:
    """Return how a confined shell script ended."""
    child = start_confined(["/bin/sh", "-c", script], confinement, limits=limits, stdout=PIPE, stderr=PIPE)
    return attend(child, seconds=seconds)


def said(script: str, confinement: Confinement) -> str:
    ended = run(script, confinement)
    return (ended.stdout + ended.stderr).decode()


@confined_here
def test_works_in_its_folder_and_home(work: Path) -> None:
    ended = run('pwd; echo "$HOME"; echo made > made; echo home > ~/home; cat ~/home', Confinement(work))
    assert ended.stdout.decode().split() == [str(work), str(home_inside()), "home"]
    assert (work / "made").read_text() == "made\n"


@confined_here
@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("touch /usr/x", "the system is read-only"),
        ("touch /etc/x", "its settings too"),
        ("touch {outside}/x", "a folder of somebody's"),
        ("echo x >> {outside}/secret", "a file of somebody's"),
        ("touch /new", "nothing new in /"),
        ("mount -o remount,rw /", "no capabilities, even for root"),
        ("test -w /proc/sys/kernel/core_pattern", "root's number is enough to set what the kernel runs on the host"),
        (f"{WRITABLE} | grep .", "no other setting of the kernel"),
    ],
)
def test_cannot_write_elsewhere(script: str, why: str, work: Path) -> None:
    outside = work.parent / "outside"
    outside.mkdir()
    (outside / "secret").write_text("mine")
    assert run(script.format(outside=outside), Confinement(work)).code != 0, why
    assert [path.name for path in outside.iterdir()] == ["secret"]
    assert (outside / "secret").read_text() == "mine"


@confined_here
def test_sees_nothing_of_the_persons(work: Path) -> None:
    (work.parent / "secret").write_text("mine")
    home = home_inside()
    assert said(f"ls -A {work.parent} {home} /tmp/.X11-unix", Confinement(work)).count("mine") == 0
    assert "secret" not in said(f"ls -A {work.parent}", Confinement(work))
    assert said(f"ls -A {home}", Confinement(work)).strip() == ""
    assert said("ls -A /run", Confinement(work)).strip() == "", "sockets of docker, D-Bus and agents for keys lie there"
    assert "root:" not in said("cat /etc/shadow", Confinement(work))


@confined_here
def test_the_nearest_wish_counts(work: Path) -> None:
    desk = work.parent / "desk"
    for name in ("shown/inner", "open"):
        (desk / name).mkdir(parents=True)
    (desk / "shown/inner/hidden").write_text("a")
    (desk / "shown/file").write_text("b")
    (desk / "hidden file").write_text("c")
    confinement = Confinement(
        work,
        readable=(desk / "shown",),
        writable=(desk / "open",),
        hidden=(desk, desk / "shown/inner", desk / "hidden file"),
    )
    script = f"cd {desk}; ls . shown; cat shown/file; touch open/new; touch shown/new; touch new; cat 'hidden file'"
    words = run(script, confinement).stdout.decode().split()
    assert words == [".:", "open", "shown", "shown:", "file", "inner", "b"]
    assert (desk / "open/new").exists()
    assert not (desk / "shown/new").exists()
    assert not (desk / "new").exists()


@confined_here
def test_a_folder_stands_in_for_the_home(work: Path) -> None:
    home = work.parent / "home"
    home.mkdir()
    (home / "login").write_text("token")
    assert said("cat ~/login; echo new > ~/renewed", Confinement(work, home=home)) == "token"
    assert (home / "renewed").read_text() == "new\n"


@confined_here
def test_environment(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTHER_API_KEY", "secret")
    seen = said("env; tr '\\0' '\\n' < /proc/1/cmdline", Confinement(work, variables={"OWN_KEY": "its own"}))
    assert "OWN_KEY=its own" in seen
    assert seen.count("its own") == 1, "not on a command line, which every user of the machine may read"
    assert "OTHER_API_KEY" not in seen


@confined_here
@pytest.mark.parametrize("network", [True, False])
def test_network(work: Path, network: bool) -> None:
    if network and (reason := why_not(network=True)):
        pytest.skip(reason)
    with socket.create_server(("127.0.0.1", 0)) as server:
        code = f"import socket; socket.create_connection(('127.0.0.1', {server.getsockname()[1]}), 5); print('there')"
        python = Path(sys.executable)
        confinement = Confinement(work, network=network, readable=program_folders(python))
        assert ("there" in said(f"{shlex.quote(str(python))} -c {shlex.quote(code)}", confinement)) is network


@confined_here
def test_limits_hold(work: Path) -> None:
    assert run("head -c 9000 /dev/zero > big", Confinement(work), Limits(file_bytes=1024)).code != 0
    assert (work / "big").stat().st_size <= 1024


@confined_here
def test_no_process_outlives_it(work: Path) -> None:
    # a child in a session of its own, orphaned, deaf to signals: it writes the time as long as it lives
    immortal = "trap '' TERM HUP INT; while :; do date +%s%N > alive; sleep 0.05; done"
    script = f"(setsid sh -c {shlex.quote(immortal)} </dev/null >/dev/null 2>&1 &) ; sleep 600"
    child = start_confined(["/bin/sh", "-c", script], Confinement(work), limits=Limits())
    while not (work / "alive").exists():
        assert child.poll() is None
        time.sleep(0.02)
    kill(child)
    before = _settled(work / "alive")
    time.sleep(0.5)
    assert (work / "alive").read_text() == before


def _settled(path: Path) -> str:
    """Return what the file holds, once a write that was under way when its writer was killed has ended."""
    time.sleep(0.3)
    return path.read_text()


@confined_here
def test_is_ended_when_its_time_is_over(work: Path) -> None:
    ended = run("trap '' TERM; while :; do sleep 0.1; done", Confinement(work), seconds=0.5)
    assert (ended.code, ended.cause) == (-9, "time")


def test_command_line(tmp_path: Path) -> None:
    command = bubblewrap_command(
        ["prog", "--flag"], Confinement(tmp_path, variables={"KEY": "secret"}), bubblewrap=BWRAP
    )
    assert command[0] == str(BWRAP)
    assert command[-3:] == ["--", "prog", "--flag"]
    assert "--unshare-net" in command
    assert "--die-with-parent" in command
    assert "secret" not in " ".join(command)
    assert "--unshare-net" not in bubblewrap_command(["prog"], Confinement(tmp_path, network=True), bubblewrap=BWRAP)


@pytest.mark.parametrize(
    ("made", "link", "wanted", "why"),
    [
        ("lib/node_modules/agent/cli.js", "bin/agent", {"bin", "lib/node_modules"}, "installed by npm"),
        ("tool/agent", None, {"tool"}, "a folder of its own"),
        ("env/bin/agent", None, {"env/bin", "env/lib", "env/pyvenv.cfg"}, "a virtual environment"),
        (".pyenv/shims/agent", None, {".pyenv"}, "a script that looks for the program elsewhere"),
        ("nowhere/agent", None, set(), "not there"),
    ],
)
def test_what_a_program_needs(tmp_path: Path, made: str, link: str | None, wanted: set[str], why: str) -> None:
    program = tmp_path / made
    if wanted:
        program.parent.mkdir(parents=True)
        program.write_text("#!/bin/sh\n")
    if made.startswith("env"):
        (tmp_path / "env/lib").mkdir()
        (tmp_path / "env/pyvenv.cfg").write_text("home = /usr/bin\n")
    if link:
        (tmp_path / link).parent.mkdir()
        (tmp_path / link).symlink_to(program)
    found = program_folders(tmp_path / link if link else program)
    assert {os.path.relpath(path, tmp_path) for path in found} == wanted, why


def test_a_programs_interpreter_is_needed_too(tmp_path: Path) -> None:
    for name, first in (("app/run", f"#!{tmp_path}/python/bin/python3 -E"), ("python/bin/python3", "")):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(first + "\n")
    (tmp_path / "python/lib").mkdir()
    assert set(program_folders(tmp_path / "app/run")) == {
        tmp_path / "app",
        tmp_path / "python/bin",
        tmp_path / "python/lib",
    }


def test_a_home_is_never_shown_whole() -> None:
    assert home_inside() not in program_folders(home_inside() / "agent")
    assert not any(home_inside().is_relative_to(path) for path in program_folders(Path("/agent")))


def test_a_machine_that_cannot_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    import nightdesk.base.sandbox as module  # noqa: PLC0415  # its cache is to be cleared

    monkeypatch.setattr(sys, "platform", "darwin")
    module._working_bubblewrap.cache_clear()
    try:
        assert why_not() == "there is bubblewrap for Linux only"
    finally:
        module._working_bubblewrap.cache_clear()


@confined_here
@pytest.mark.parametrize("place", ["/dev/shm", "/tmp", "~"])  # noqa: S108  # its own
def test_scratch_is_bounded(place: str, work: Path) -> None:
    ended = run(f"head -c 9000000 /dev/zero > {place}/big; wc -c < {place}/big", Confinement(work, scratch_bytes=10**6))
    assert b"No space left" in ended.stderr
    assert int(ended.stdout) <= 2**20


@confined_here
def test_devices_are_a_few_and_no_more_can_be_made(work: Path) -> None:
    assert said("echo x > /dev/null && touch /dev/x", Confinement(work)).count("Read-only") == 1
    assert said("ls /dev/kmsg /dev/mem 2>/dev/null", Confinement(work)) == ""
    assert "/dev/full" in said(
        "ls /dev/full", Confinement(work, devices=(Path("/dev/full"), Path("/dev/no-such-card")))
    )


@confined_here
def test_something_is_shown_in_another_place(work: Path) -> None:
    data = work.parent / "data"
    data.mkdir()
    (data / "train").write_text("learn")
    confinement = Confinement(work, places={work / "data": data})
    assert said("cat data/train", confinement) == "learn"
    assert run("touch data/new || rm data/train", confinement).code != 0
    assert [path.name for path in data.iterdir()] == ["train"]


@confined_here
def test_a_working_folder_may_be_read_only(work: Path) -> None:
    (work / "here").write_text("here")
    shared = work.parent / "shared"
    shared.write_text("")
    confinement = Confinement(work, read_only=True, writable=(shared,))
    assert run(f"cat here && echo told > {shared} && touch new", confinement).stdout == b"here"
    assert shared.read_text() == "told\n"
    assert [path.name for path in work.iterdir()] == ["here"]


@confined_here
def test_the_first_process_of_the_namespace_is_told(work: Path) -> None:
    read, write = os.pipe()
    child = start_confined(["/bin/sh", "-c", "exit 0"], Confinement(work), limits=Limits(), told=write)
    os.close(write)
    with os.fdopen(read) as file:
        assert '"child-pid"' in file.read()
    assert child.wait() == 0
