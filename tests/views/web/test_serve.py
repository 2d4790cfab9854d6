"""`nightdesk serve` as a program: what it says, what it refuses, and how it ends."""

import json
import os
import signal
import stat
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from nightdesk.views.cli.vault_cache import cache_file_of
from nightdesk.views.loopback import listen
from tests.desks import environment, make_desk, run


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_desk(tmp_path_factory.mktemp("serve"), {})


def _start(folder: Path, *args: str, home: Path | None = None) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "nightdesk", "serve", *args],
        cwd=folder,
        env=environment(home or folder.parent / "home"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_says_its_address_and_ends_although_a_page_is_open(desk: Path, number: signal.Signals) -> None:
    server = _start(desk, "--port", "0", "--json")
    try:
        assert server.stdout
        told = json.loads(_document(server))
        assert told["desk"] is True
        assert told["root"] == str(desk.resolve())
        with urllib.request.urlopen(told["url"] + "api/events", timeout=30) as events:  # noqa: S310  (ours)
            assert events.readline() == b"retry: 1000\n"
            server.send_signal(number)
            server.wait(timeout=30)
    finally:
        server.kill()
        rest = server.communicate()[1]
    assert server.returncode == 130
    assert "Traceback" not in rest


def _document(server: "subprocess.Popen[str]") -> str:
    assert server.stdout
    lines = ""
    for line in server.stdout:
        lines += line
        if line.startswith("}"):
            break
    return lines


def test_a_desk_has_the_same_port_each_time_unless_it_is_taken(desk: Path) -> None:
    addresses = []
    for _ in range(2):
        server = _start(desk)
        assert server.stdout
        addresses.append(server.stdout.readline().strip())
        if len(addresses) == 1:
            server.terminate()
            server.communicate()
    other = _start(desk)
    try:
        assert other.stdout
        assert addresses[0] == addresses[1] != other.stdout.readline().strip()
    finally:
        for one in (server, other):
            one.terminate()
            one.communicate()


ANYWHERE = "0.0.0.0"  # noqa: S104  # refused below


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("nowhere",), "nowhere is no folder"),
        (("--host", ANYWHERE), "needs a password"),
        (("--host", ANYWHERE, "--password-file", "missing"), "cannot be read as a password"),
        (("--host", ANYWHERE, "--password-file", "short"), "needs a password of 8 characters"),
        (("--password-file", "short"), "go with --host"),
        (("--name", "desk.example"), "go with --host"),
        (("--port", "70000"), "70000"),
        (("--host", "no.such.host.invalid", "--password-file", "long"), "cannot be used"),
        ((".", "--desk", "."), "either PATH or --desk"),
    ],
)
def test_what_cannot_be_is_said_in_a_line(desk: Path, args: tuple[str, ...], said: str) -> None:
    (desk / "short").write_text("secret\n", encoding="utf-8")
    (desk / "long").write_text("a long enough one\n", encoding="utf-8")
    ran = run(desk, "serve", *args)
    assert ran.code == 2
    assert said in ran.err
    assert "Traceback" not in ran.err
    assert not ran.out


def test_a_port_in_use_is_said(desk: Path) -> None:
    with listen(0) as taken:
        ran = run(desk, "serve", "--port", str(taken.getsockname()[1]))
    assert ran.code == 2
    assert "cannot be used" in ran.err
    assert "--port" in ran.err


def test_nothing_is_written_into_a_folder_that_is_no_desk(tmp_path: Path) -> None:
    vault = tmp_path / "vault"
    vault.mkdir()
    (vault / "a.md").write_text("# A\n\n[[b]]\n", encoding="utf-8")
    server = _start(tmp_path, "vault", "--port", "0", home=tmp_path / "home")
    try:
        assert server.stdout
        address = server.stdout.readline().strip()
        with urllib.request.urlopen(address + "p/a", timeout=30) as page:  # noqa: S310  (ours)
            assert b"<h1" in page.read()
    finally:
        server.terminate()
        server.communicate()
    assert [file.name for file in vault.rglob("*")] == ["a.md"]


def test_the_cache_of_a_vault_never_lies_in_it(tmp_path: Path) -> None:
    home = tmp_path / "home"
    outside = cache_file_of(tmp_path / "vault", {"XDG_CACHE_HOME": str(home)}, folder="viewer")
    assert outside is not None
    assert outside.is_relative_to(home)
    assert stat.S_ISDIR(os.stat(outside.parent).st_mode)
    assert cache_file_of(home, {"XDG_CACHE_HOME": str(home / "caches")}, folder="viewer") is None
