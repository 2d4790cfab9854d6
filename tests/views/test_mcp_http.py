"""`nightdesk mcp` as a program: what ends it, what it prints, and whom it lets in over HTTP."""

import json
import os
import signal
import stat
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from email.message import Message
from pathlib import Path

import pytest

from nightdesk.base.errors import DeskError
from nightdesk.views.mcp.http import read_token
from tests.desks import make_desk, run
from tests.views.speakers import HELLO, serving, start, stop


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_desk(tmp_path_factory.mktemp("mcp"), {})


# --- standard input and output ---


def test_standard_output_is_the_protocol_alone_and_its_end_ends_the_server(desk: Path) -> None:
    server = start(desk)
    call = {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": "status", "arguments": {}}}
    ready = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    assert server.stdin
    assert server.stdout
    for message in (HELLO, ready, call):
        server.stdin.write(json.dumps(message) + "\n")
    server.stdin.write("this is no JSON\n")
    server.stdin.flush()
    answers = [json.loads(server.stdout.readline()) for _ in range(2)]
    out, err = server.communicate(timeout=60)
    assert {answer["id"] for answer in answers} == {1, 2}
    assert all(json.loads(line)["jsonrpc"] == "2.0" for line in out.splitlines())
    assert server.returncode == 0
    assert "Traceback" not in err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_server_although_the_client_says_nothing(desk: Path, number: signal.Signals) -> None:
    server = start(desk)
    assert server.stdin
    assert server.stdout
    server.stdin.write(json.dumps(HELLO) + "\n")
    server.stdin.flush()
    assert json.loads(server.stdout.readline())["id"] == 1
    server.send_signal(number)
    try:
        assert server.wait(timeout=60) == 130
    finally:
        stop(server)


@pytest.mark.parametrize("args", [(), ("--http", "--port", "0")])
def test_outside_of_a_desk_it_says_so(tmp_path: Path, args: tuple[str, ...]) -> None:
    ran = run(tmp_path, "mcp", *args)
    assert (ran.code, ran.out) == (2, "")
    assert "not in a desk" in ran.err


def test_without_the_library_it_names_the_extra(desk: Path) -> None:
    code = "import sys; sys.modules['mcp'] = None; sys.argv = ['nightdesk', 'mcp']; import nightdesk.__main__"
    ran = subprocess.run([sys.executable, "-c", code], cwd=desk, capture_output=True, text=True, check=False)
    assert ran.returncode == 2
    assert "pip install 'nightdesk[mcp]'" in ran.stderr
    assert ran.stdout == ""


# --- HTTP ---


@pytest.fixture(scope="module")
def address(desk: Path) -> Iterator[tuple[str, str]]:
    with serving(desk) as (_, address, said):
        yield address, said.removeprefix("Authorization: Bearer ")


def knock(address: str, *, method: str = "POST", headers: dict[str, str]) -> tuple[int, dict[str, str], str]:
    """Send one request; return status, headers and body of the answer."""
    own = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
    data = json.dumps(HELLO).encode() if method == "POST" else None
    request = urllib.request.Request(address, data, own | headers, method=method)  # noqa: S310 - our own server
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=60) as answer:
            return answer.status, _lower(answer.headers), answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, _lower(error.headers), error.read().decode()


def _lower(headers: Message) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


@pytest.mark.parametrize(
    ("headers", "status", "why"),
    [
        ({}, 200, "as it should be"),
        ({"Host": "localhost:PORT"}, 200, "the other name of this machine"),
        ({"Origin": "http://127.0.0.1:PORT"}, 200, "the server's own page"),
        ({"Authorization": "bearer TOKEN"}, 200, "the scheme ignores case"),
        ({"Authorization": ""}, 401, "no token"),
        ({"Authorization": "Bearer"}, 401, "an empty token"),
        ({"Authorization": "Bearer wrong"}, 401, "another token"),
        ({"Authorization": "Bearer TOKENx"}, 401, "a longer token"),
        ({"Authorization": "Basic TOKEN"}, 401, "another scheme"),
        ({"Authorization": "TOKEN"}, 401, "no scheme"),
        ({"Host": "evil.example"}, 421, "a name that somebody points to 127.0.0.1"),
        ({"Host": "evil.example:PORT"}, 421, "the same with the port"),
        ({"Host": "127.0.0.1"}, 421, "without the port"),
        ({"Host": "127.0.0.1:PORT.evil.example"}, 421, "a name that begins like ours"),
        ({"Origin": "http://evil.example"}, 403, "a web page"),
        ({"Origin": "https://127.0.0.1:PORT"}, 403, "another scheme"),
        ({"Origin": "http://127.0.0.1:1"}, 403, "another server on this machine"),
        ({"Origin": "null"}, 403, "a page from a file"),
        ({"Host": "evil.example:PORT", "Authorization": ""}, 421, "who calls is looked at before the token"),
        ({"Origin": "http://evil.example", "Authorization": ""}, 403, "the same for a web page"),
    ],
)
def test_only_callers_with_the_token_and_no_web_pages(
    address: tuple[str, str], headers: dict[str, str], status: int, why: str
) -> None:
    url, token = address
    port = url.split(":")[2].split("/")[0]
    sent = {"Authorization": f"Bearer {token}"} | headers
    found, answered, body = knock(
        url, headers={name: value.replace("PORT", port).replace("TOKEN", token) for name, value in sent.items()}
    )
    assert found == status, why
    assert not [name for name in answered if name.startswith("access-control")]
    assert ("serverInfo" in body) is (status == 200)
    if status == 401:
        assert answered["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("path", ["/", "/mcp", "/.well-known/oauth-protected-resource", "/docs"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "OPTIONS", "PUT"])
def test_nothing_at_all_is_there_without_the_token(address: tuple[str, str], path: str, method: str) -> None:
    assert knock(address[0].removesuffix("/mcp") + path, method=method, headers={})[0] == 401


@pytest.mark.skipif(not Path("/proc/net/tcp").is_file(), reason="only Linux lists open ports in a file")
def test_the_server_listens_on_this_machine_only(address: tuple[str, str]) -> None:
    assert address[0].startswith("http://127.0.0.1:")
    port = int(address[0].split(":")[2].split("/")[0])
    listening = [line.split() for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]]
    places = [line[1] for line in listening if line[3] == "0A" and line[1].endswith(f":{port:04X}")]
    assert places == [f"0100007F:{port:04X}"]


def test_each_start_has_another_token(desk: Path, address: tuple[str, str]) -> None:
    with serving(desk) as (server, url, said):
        assert said.removeprefix("Authorization: Bearer ") != address[1]
        assert knock(url, headers={"Authorization": f"Bearer {address[1]}"})[0] == 401
        server.send_signal(signal.SIGINT)
        out, err = server.communicate(timeout=60)
    assert (server.returncode, out) == (130, "")
    assert "Traceback" not in err


def test_the_token_can_be_kept_in_a_file_and_is_not_printed(desk: Path, tmp_path: Path) -> None:
    file = tmp_path / "token"
    tokens = set()
    for _ in range(2):
        with serving(desk, "--token-file", str(file)) as (_, url, said):
            token = file.read_text(encoding="ascii").strip()
            tokens.add(token)
            assert token not in said
            assert knock(url, headers={"Authorization": f"Bearer {token}"})[0] == 200
    assert len(tokens) == 1
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_port_in_use_is_told(desk: Path, address: tuple[str, str]) -> None:
    port = address[0].split(":")[2].split("/")[0]
    ran = run(desk, "mcp", "--http", "--port", port)
    assert ran.code == 2
    assert "choose another with --port" in ran.err
    assert run(desk, "mcp", "--token-file", "x").code == 2


@pytest.mark.parametrize(
    ("content", "mode", "words"),
    [
        (b"a" * 40, 0o644, "can be read by others"),
        (b"a" * 40, 0o660, "can be read by others"),
        (b"short", 0o600, "holds no token"),
        (b"", 0o600, "holds no token"),
        (b"two words that are long enough", 0o600, "holds no token"),
        (b"line\n" + b"a" * 40, 0o600, "holds no token"),
        (b"\xff" * 40, 0o600, "cannot be read"),
    ],
)
def test_a_token_file_that_is_none_is_refused(tmp_path: Path, content: bytes, mode: int, words: str) -> None:
    file = tmp_path / "token"
    file.write_bytes(content)
    file.chmod(mode)
    with pytest.raises(DeskError, match=words):
        read_token(file)
    assert file.read_bytes() == content


def test_a_token_file_that_is_a_folder_is_refused(tmp_path: Path) -> None:
    os.chmod(tmp_path, 0o700)
    with pytest.raises(DeskError, match="cannot be read"):
        read_token(tmp_path)
