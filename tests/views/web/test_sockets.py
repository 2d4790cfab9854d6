"""Requests that no browser would send, on a bare socket: other names, ways out of the desk, forged actions, sizes."""

import re
import socket
from collections.abc import Callable, Iterator, Mapping

import pytest

from nightdesk.base.desk import Desk
from nightdesk.views.web.serving import open_viewer
from tests.desks import git, make_desk
from tests.views.web.serving import Served, every_route

SECRET = "the secret of another folder"  # noqa: S105  (a text)
HTML = "<!doctype html><script>alert(1)</script>"
STATUS = re.compile(rb"HTTP/1\.1 (\d{3}) ")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, serve: Callable[..., Served]) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("sockets")
    desk = make_desk(folder, {"evil.html": HTML, "evil.svg": "<svg onload='alert(1)'/>", ".hidden": SECRET})
    outside = folder / "outside"
    outside.mkdir()
    (outside / "secret.txt").write_text(SECRET, encoding="utf-8")
    (desk / "raw/link.txt").symlink_to(outside / "secret.txt")
    (desk / "raw/linked").symlink_to(outside)
    (desk / "exports").symlink_to(outside)
    (desk / "raw/to-git").symlink_to(desk / ".git/config")
    (desk / "raw/utf16.html").write_bytes(HTML.encode("utf-16"))
    (desk / "raw/page.pdf").write_text(HTML, encoding="utf-8")
    (desk / "wiki/concepts").mkdir(parents=True, exist_ok=True)
    (desk / "wiki/concepts/linked.md").symlink_to(outside / "secret.txt")
    served = serve(desk)
    yield served
    assert served.stop() == 130
    assert "Traceback" not in served.said


def sent(served: Served, request: bytes) -> tuple[int, bytes]:
    """Return the status and all that is answered to these bytes; 0 where the line is closed without an answer."""
    answer = b""
    with socket.create_connection(("127.0.0.1", served.port), timeout=30) as line:
        try:
            line.sendall(request)
            while part := line.recv(65_536):
                answer += part
        except ConnectionError:
            pass  # closed while too much was sent
    found = STATUS.match(answer)
    return int(found[1]) if found else 0, answer


def asked(
    served: Served, target: str | bytes, *, method: str = "GET", given: Mapping[str, str] | None = None, body: str = ""
) -> tuple[int, bytes]:
    """Send a request for a path as it is written, nothing escaped."""
    path = target.encode() if isinstance(target, str) else target
    own = {"Host": f"127.0.0.1:{served.port}", "Connection": "close", "Content-Length": str(len(body))}
    lines = {**own, **(given or {})}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return sent(served, method.encode() + b" " + path + b" HTTP/1.1\r\n" + head.encode() + b"\r\n" + body.encode())


@pytest.mark.parametrize(
    "host",
    ["evil.example:PORT", "127.0.0.1.evil.example:PORT", "evil.example", "127.0.0.1", "127.0.0.1:1", "", "[::1"],
)
def test_another_name_is_not_answered(served: Served, host: str) -> None:  # DNS rebinding
    status, answer = asked(served, "/", given={"Host": host.replace("PORT", str(served.port))})
    assert status in (400, 421)
    assert b"<main" not in answer


@pytest.mark.parametrize(
    "request_",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.0\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nHost: evil.example\r\n\r\n",
        b"GET http://evil.example:PORT/ HTTP/1.1\r\nHost: evil.example:PORT\r\nConnection: close\r\n\r\n",
    ],
    ids=["no host", "no host, HTTP/1.0", "two hosts", "another server's whole address"],
)
def test_no_name_and_two_names_are_not_answered(served: Served, request_: bytes) -> None:
    status, answer = sent(served, request_.replace(b"PORT", str(served.port).encode()))
    assert status in (400, 421)
    assert b"<main" not in answer


@pytest.mark.parametrize(
    "path",
    [
        "../../../../../../../../etc/passwd",
        "wiki/../../outside/secret.txt",
        "wiki/%2e%2e/%2e%2e/outside/secret.txt",
        "wiki/..%2f..%2foutside%2fsecret.txt",
        "..%5c..%5coutside%5csecret.txt",
        "%252e%252e/outside/secret.txt",
        "wiki/..%00/secret.txt",
        "raw/link.txt",
        "raw/linked/secret.txt",
        "raw/to-git",
        "raw/.hidden",
        "raw/%2ehidden",
        "exports/secret.txt",
        "wiki/concepts/linked.md",
        "wiki/concepts/linked",
        ".git/config",
        "raw/../.git/config",
        ".nightdesk/viewer.db",
        "nightdesk.toml",
        "/etc/passwd",
        "//etc/passwd",
        "file:///etc/passwd",
        "raw/" + "x" * 300,
        "raw/%ff%fe",
        "raw/%0d%0aSet-Cookie:%20a=b",
        "%",
        "~root/.bashrc",
    ],
)
def test_no_path_leads_out_of_the_desk(served: Served, path: str) -> None:
    for prefix in ("/f/", "/p/", "/s/", "/h/", "/api/preview/", "/static/1/", "/lab/", ""):
        status, answer = asked(served, prefix + path)
        assert status in (400, 404, 421), prefix
        for leak in (SECRET.encode(), b"root:", b"[core]", b"\r\nset-cookie"):
            assert leak not in answer, prefix


@pytest.mark.parametrize("name", ["evil.html", "evil.svg", "utf16.html", "page.pdf"])
def test_a_source_runs_nowhere(served: Served, name: str) -> None:
    status, answer = asked(served, f"/f/raw/{name}")
    head = answer.split(b"\r\n\r\n")[0].decode("latin-1").lower()
    assert status == 200
    assert "x-content-type-options: nosniff" in head
    if name == "page.pdf":
        assert "content-type: application/pdf" in head
    else:
        assert "content-security-policy: sandbox; default-src 'none'" in head
        assert "content-type: text/html" not in head or "content-disposition: attachment" in head


# --- actions ---


@pytest.fixture(scope="module")
def actions(served: Served) -> list[str]:
    """The addresses of all that changes something."""
    viewer = open_viewer(served.root, Desk(served.root), cache_file=None)
    return [route.path for route in every_route(viewer) if "POST" in (route.methods or ())]


def token_of(served: Served) -> str:
    found = re.search(r'<meta name="nightdesk-token" content="([^"]+)"', served.get(""))
    assert found
    return found[1]


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({}, 403),
        ({"X-Nightdesk-Token": ""}, 403),
        ({"X-Nightdesk-Token": "guess"}, 403),
        ({"X-Nightdesk-Token": "tök\u0000en"}, 400),
        ({"X-Nightdesk-Token": "TOKEN", "Origin": "https://evil.example"}, 403),
        ({"X-Nightdesk-Token": "TOKEN", "Origin": "null"}, 403),
        ({"X-Nightdesk-Token": "TOKEN", "Sec-Fetch-Site": "cross-site"}, 403),
        ({"X-Nightdesk-Token": "TOKEN", "Host": "evil.example"}, 421),
        ({"X-Nightdesk-Token": "TOKEN", "Content-Length": "2000000"}, 413),
    ],
)
def test_an_action_needs_the_token_and_the_own_page(
    served: Served, actions: list[str], given: dict[str, str], status: int
) -> None:
    token = token_of(served)
    filled = {name: value.replace("TOKEN", token) for name, value in given.items()}
    got = {path: asked(served, path, method="POST", given=filled, body="{}")[0] for path in actions}
    assert got == dict.fromkeys(actions, status)
    assert len(actions) > 3


@pytest.mark.parametrize("body", ["", "{", "[]", '"x"', "{}", '{"id": 1, "commit": [], "page": {}}', "[" * 100_000])
def test_a_body_that_is_no_request_changes_nothing_and_is_no_failure_of_ours(
    served: Served, actions: list[str], body: str
) -> None:
    before = git(served.root, "rev-parse", "HEAD")
    given = {"X-Nightdesk-Token": token_of(served)}
    for path in actions:
        status, _ = asked(served, path, method="POST", given=given, body=body)
        assert status in (200, 400, 409), path  # 200: what would be mended is only told
    assert git(served.root, "rev-parse", "HEAD") == before


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PATCH", "HEAD", "POST"])
def test_other_methods_do_nothing(served: Served, method: str) -> None:
    status, answer = asked(served, "/", method=method)
    assert status == (200 if method == "HEAD" else 405)
    assert b"access-control-allow" not in answer.lower()


# --- sizes ---


@pytest.mark.parametrize(
    "request_",
    [
        b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nX-A: " + b"a" * 200_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n" + b"X-A: a\r\n" * 20_000 + b"\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00" + b"\0" * 100,
        b"not http\r\n\r\n",
    ],
    ids=["address", "header", "headers", "TLS", "no HTTP"],
)
def test_what_is_too_large_or_no_http_is_refused_and_the_next_is_answered(served: Served, request_: bytes) -> None:
    status, _ = sent(served, request_.replace(b"PORT", str(served.port).encode()))
    assert status in (0, 400, 414, 431)
    assert asked(served, "/")[0] == 200


def test_a_long_query_is_a_query(served: Served) -> None:
    assert asked(served, "/tags?name=" + "%3Cb%3E" * 5_000)[0] in (200, 404)
