"""Fetching over real sockets on this machine: limits, redirects, TLS, compression, proxies and address checks."""

import gzip
import socket
import socketserver
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from nightdesk import __version__
from nightdesk.base.errors import DeskError
from nightdesk.sources.fetch import FetchPolicy, fetch

LOCAL = FetchPolicy(allow_private=True)

# A key and a certificate for desk.test, signed by itself, valid until 2120: secret to nobody, used nowhere else.
KEY_AND_CERTIFICATE = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgzKhsXhnY79dKYe6g
mBHer4jSaJjhcFj/1Bsuz9Rv74uhRANCAARHjmONH11jkQuM0wnVVc8RiOu0nNvY
rVUERsbLPBpbkFxvpS+SCTubUGUtjgwtBCN4LtMkI5tbd3WnO1ITSpZ6
-----END PRIVATE KEY-----
-----BEGIN CERTIFICATE-----
MIIBfDCCASGgAwIBAgIBATAKBggqhkjOPQQDAjAZMRcwFQYDVQQDDA5uaWdodGRl
c2sgdGVzdDAgFw0yMDAxMDEwMDAwMDBaGA8yMTIwMDEwMTAwMDAwMFowGTEXMBUG
A1UEAwwObmlnaHRkZXNrIHRlc3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARH
jmONH11jkQuM0wnVVc8RiOu0nNvYrVUERsbLPBpbkFxvpS+SCTubUGUtjgwtBCN4
LtMkI5tbd3WnO1ITSpZ6o1gwVjAUBgNVHREEDTALgglkZXNrLnRlc3QwDwYDVR0T
AQH/BAUwAwEB/zAOBgNVHQ8BAf8EBAMCAoQwHQYDVR0OBBYEFC+dHx2wIlPR1lw5
spa0WRw/3Y9EMAoGCCqGSM49BAMCA0kAMEYCIQDdVyEDF1Jy4KmVO7KDNGGd4Fey
s1S5rdmONOKcVJbasQIhAMqaNhC4kyRc/mfG9jRPmd3YmgG8IRh192jsmmO5VsYl
-----END CERTIFICATE-----
"""

Answer = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    """Answers by the table below; what came in is kept for the tests to look at."""

    protocol_version = "HTTP/1.1"
    server: "Server"

    def do_GET(self) -> None:
        self.server.seen.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
        path = self.path.removeprefix("http://name.test") or "/"
        ANSWERS.get(path.split("?")[0], not_found)(self)

    def do_CONNECT(self) -> None:
        """Be a proxy: join the client with the server that was named (always the one on this machine)."""
        self.server.seen.append((self.path, {}))
        self.send_response(200)
        self.end_headers()
        self.close_connection = True
        port = int(self.path.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)) as upstream:
            threading.Thread(target=pump, args=(upstream, self.connection), daemon=True).start()
            pump(self.connection, upstream)

    def log_message(self, format: str, *args: object) -> None:
        """Keep the test output clean."""


def pump(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            target.sendall(data)
    except OSError:
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.seen: list[tuple[str, dict[str, str]]] = []

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up in the middle is what several tests are about."""

    def url(self, path: str, *, scheme: str = "http", host: str = "127.0.0.1") -> str:
        return f"{scheme}://{host}:{self.server_address[1]}{path}"


def reply(body: bytes, *, status: int = 200, **headers: str) -> Answer:
    def answer(handler: Handler) -> None:
        handler.send_response(status)
        for name, value in {"Content_Length": str(len(body)), **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def redirect(location: str, status: int = 302) -> Answer:
    return reply(b"", status=status, Location=location)


def not_found(handler: Handler) -> None:
    reply(b"\x1b[31mno", status=404)(handler)


def endless(handler: Handler) -> None:
    handler.send_response(200)
    handler.end_headers()
    while True:
        handler.wfile.write(b"x" * 65536)


def endless_chunks(handler: Handler) -> None:
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    while True:
        handler.wfile.write(b"10000\r\n" + b"x" * 65536 + b"\r\n")


def slow_body(handler: Handler) -> None:
    handler.send_response(200)
    handler.end_headers()
    while True:
        handler.wfile.write(b"x")
        time.sleep(0.05)


def slow_headers(handler: Handler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while True:
        handler.wfile.write(b"x")
        time.sleep(0.05)


def short_body(handler: Handler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b"half")
    handler.close_connection = True


def garbage(handler: Handler) -> None:
    handler.wfile.write(b"\x00\x01 this is not http\r\n\r\n")
    handler.close_connection = True


def chunked(handler: Handler) -> None:
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    handler.wfile.write(b"3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n")


def bomb() -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join(packer.compress(bytes(1_000_000)) for _ in range(200)) + packer.flush()


ANSWERS: dict[str, Answer] = {
    "/": reply(b"<p>root", Content_Type="text/html; charset=UTF-8"),
    "/page": reply("<p>Grüße".encode("latin-1"), Content_Type="Text/HTML; Charset=ISO-8859-1"),
    "/untyped": reply(b"plain"),
    "/caf%C3%A9": reply(b"coffee"),
    "/gzip": reply(gzip.compress(b"packed " * 100), Content_Encoding="gzip"),
    "/deflate": reply(zlib.compress(b"packed " * 100), Content_Encoding="deflate"),
    "/chunked": chunked,
    "/named": reply(b"%PDF-", Content_Disposition="attachment; filename*=UTF-8''..%2F..%2Fr%C3%A9sum%C3%A9.pdf"),
    "/named-badly": reply(b"x", Content_Disposition='attachment; filename="C:\\\\evil\\\\a.txt"'),
    "/to-page": redirect("/page"),
    "/to-page-308": redirect("page", 308),
    "/loop": redirect("/loop"),
    "/to-file": redirect("file:///etc/passwd"),
    "/to-login": redirect("http://user:secret@127.0.0.1/"),
    "/to-broken": redirect("http://[::1/"),
    "/to-rebound": redirect("http://rebound.test/"),
    "/500": reply(b"", status=500),
    "/403": reply(b"", status=403),
    "/999": reply(b"", status=999),
    "/endless": endless,
    "/endless-chunks": endless_chunks,
    "/lying": reply(b"x", Content_Length="99999999999"),
    "/bomb": reply(bomb(), Content_Encoding="gzip"),
    "/bad-gzip": reply(b"\x1f\x8b\x08 not gzip at all", Content_Encoding="gzip"),
    "/brotli": reply(b"\x0b\x02\x80hello\x03", Content_Encoding="br"),
    "/slow-body": slow_body,
    "/slow-headers": slow_headers,
    "/short": short_body,
    "/garbage": garbage,
}


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True).start()
        yield running
        running.shutdown()


@pytest.fixture
def certificates(tmp_path: Path) -> Path:
    path = tmp_path / "desk.test.pem"
    path.write_text(KEY_AND_CERTIFICATE)
    return path


@pytest.fixture
def tls_server(server: Server, certificates: Path) -> Server:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    return server


def to_this_machine(_host: str, _port: int) -> tuple[str, ...]:
    return ("127.0.0.1",)


def test_content_and_its_description(server: Server) -> None:
    page = fetch(server.url("/page?q=1#part"), policy=LOCAL)

    assert page.content == "<p>Grüße".encode("latin-1")
    assert (page.status, page.media_type, page.charset) == (200, "text/html", "iso-8859-1")
    assert page.url == server.url("/page?q=1"), "a fragment is not sent and not kept"
    path, headers = server.seen[0]
    assert path == "/page?q=1"
    assert headers["user-agent"] == f"nightdesk/{__version__}"
    assert "cookie" not in headers


@pytest.mark.parametrize(
    ("path", "content", "why"),
    [
        ("/untyped", b"plain", "a server need not name the type"),
        ("/café", b"coffee", "a path that a person typed is percent-encoded"),
        ("/gzip", b"packed " * 100, "compressed content is undone"),
        ("/deflate", b"packed " * 100, "the other compression that is asked for"),
        ("/chunked", b"onetwo", "content of unannounced length"),
        ("/to-page", "<p>Grüße".encode("latin-1"), "a redirect on the same host"),
        ("/to-page-308", "<p>Grüße".encode("latin-1"), "a relative, permanent redirect"),
    ],
)
def test_content(server: Server, path: str, content: bytes, why: str) -> None:
    assert fetch(server.url(path), policy=LOCAL).content == content, why


@pytest.mark.parametrize(
    ("path", "filename", "why"),
    [
        ("/named", "résumé.pdf", "the folders in a server's file name are dropped"),
        ("/named-badly", "a.txt", "those of Windows too"),
        ("/page", None, "most servers give none"),
    ],
)
def test_file_name_of_the_server(server: Server, path: str, filename: str | None, why: str) -> None:
    assert fetch(server.url(path), policy=LOCAL).filename == filename, why


@pytest.mark.parametrize(
    ("path", "message", "why"),
    [
        ("/nowhere", "404 Not Found", "the standard's words, not the server's"),
        ("/500", "500 Internal Server Error", "a failing server"),
        ("/403", "403 Forbidden", "a page behind a login"),
        ("/999", "999 unknown status", "a status that no standard knows"),
        ("/loop", "more than 5 redirects", "a loop ends"),
        (
            "/to-file",
            "only http and https URLs are fetched, not file",
            "a redirect is checked like a URL that was given",
        ),
        ("/to-login", "the URL holds a user name or password", "a redirect with credentials"),
        ("/to-broken", "redirected to something that is no URL", "a malformed redirect"),
        ("/endless", "larger than the limit of 1 MB", "content without an end"),
        ("/endless-chunks", "larger than the limit of 1 MB", "content without an end, in chunks"),
        ("/lying", "larger than the limit of 1 MB", "refused by its announced length already"),
        ("/bomb", "larger than the limit of 1 MB", "200 MB packed in 0.2 MB: the unpacked size counts"),
        ("/bad-gzip", "the compressed content is damaged", "says gzip and is none"),
        ("/brotli", "the server compressed the content in a way that was not asked for", "would be kept unreadable"),
        ("/short", "the connection failed or broke off", "half a file is no file"),
        ("/garbage", "the connection failed or broke off", "not HTTP at all"),
    ],
)
def test_refusals(server: Server, path: str, message: str, why: str) -> None:
    with pytest.raises(DeskError) as refused:
        fetch(server.url(path), policy=FetchPolicy(allow_private=True, max_bytes=1_000_000))
    assert refused.value.message == message, why


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("/slow-body", "a byte now and then keeps every single read within its limit"),
        ("/slow-headers", "the same before the content starts"),
    ],
)
def test_the_time_limit_is_for_all(server: Server, path: str, why: str) -> None:
    with pytest.raises(DeskError) as refused:
        fetch(server.url(path), policy=FetchPolicy(allow_private=True, timeout_seconds=0.5))
    assert refused.value.message.startswith("timed out"), why


def test_a_server_that_never_answers() -> None:
    with socketserver.TCPServer(("127.0.0.1", 0), socketserver.BaseRequestHandler) as silent:  # accepts, says nothing
        url = f"http://127.0.0.1:{silent.server_address[1]}/"
        with pytest.raises(DeskError, match="timed out"):
            fetch(url, policy=FetchPolicy(allow_private=True, timeout_seconds=0.3))


def test_a_tls_handshake_that_never_ends() -> None:
    with socketserver.TCPServer(("127.0.0.1", 0), socketserver.BaseRequestHandler) as silent:
        url = f"https://127.0.0.1:{silent.server_address[1]}/"
        with pytest.raises(DeskError, match="timed out"):
            fetch(url, policy=FetchPolicy(allow_private=True, timeout_seconds=0.3))


def test_a_name_server_that_never_answers() -> None:
    never = threading.Event()

    def hanging(_host: str, _port: int) -> tuple[str, ...]:
        never.wait(20)
        return ()

    with pytest.raises(DeskError, match=r"timed out while looking up slow\.test"):
        fetch("http://slow.test/", policy=FetchPolicy(timeout_seconds=0.2), resolve=hanging)
    never.set()


def test_nobody_listens() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/"
        with pytest.raises(DeskError, match="the server refused the connection"):
            fetch(url, policy=LOCAL)


def test_the_next_address_is_tried(server: Server) -> None:
    page = fetch(
        server.url("/page", host="two.test"), policy=LOCAL, resolve=lambda _host, _port: ("127.0.0.2", "127.0.0.1")
    )
    assert page.status == 200
    assert server.seen[0][1]["host"] == f"two.test:{server.server_address[1]}", "the name is asked for, not the address"


def test_tls_is_checked_against_the_name(tls_server: Server, certificates: Path) -> None:
    policy = FetchPolicy(allow_private=True, certificates=certificates)
    page = fetch(tls_server.url("/page", scheme="https", host="desk.test"), policy=policy, resolve=to_this_machine)
    assert page.status == 200


@pytest.mark.parametrize(
    ("host", "trusted", "message", "why"),
    [
        ("desk.test", False, "TLS failure: self-signed certificate", "nobody vouches for it"),
        ("other.test", True, "TLS failure: Hostname mismatch", "a good certificate of another host"),
        ("127.0.0.1", True, "TLS failure: IP address mismatch", "the address is not the name"),
    ],
)
def test_tls_refusals(tls_server: Server, certificates: Path, host: str, trusted: bool, message: str, why: str) -> None:
    policy = FetchPolicy(allow_private=True, certificates=certificates if trusted else None)
    with pytest.raises(DeskError) as refused:
        fetch(tls_server.url("/page", scheme="https", host=host), policy=policy, resolve=to_this_machine)
    assert refused.value.message.startswith(message), why
    assert tls_server.seen == [], "nothing was asked of a server that is not trusted"


def test_plain_http_where_tls_is_asked_for(server: Server) -> None:
    with pytest.raises(DeskError, match="TLS failure"):
        fetch(server.url("/", scheme="https"), policy=LOCAL)


def test_a_redirect_down_to_http_is_refused(
    tls_server: Server, certificates: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ANSWERS, "/down", redirect("http://desk.test/"))
    policy = FetchPolicy(allow_private=True, certificates=certificates)
    with pytest.raises(DeskError, match="redirected from https to http"):
        fetch(tls_server.url("/down", scheme="https", host="desk.test"), policy=policy, resolve=to_this_machine)


def test_private_addresses_need_leave(server: Server) -> None:
    with pytest.raises(DeskError, match=r"the address of 127\.0\.0\.1 is private .*--allow-private"):
        fetch(server.url("/page"), policy=FetchPolicy())
    assert server.seen == []


def test_a_redirect_to_a_private_address_is_refused(server: Server) -> None:
    def resolve(host: str, _port: int) -> tuple[str, ...]:
        if host == "name.test":
            raise OSError("only the proxy knows it")  # the one way to a public name where there is no internet
        return ("127.0.0.1",)

    with pytest.raises(DeskError, match=r"the address of rebound\.test is private"):
        fetch("http://name.test/to-rebound", policy=FetchPolicy(proxy=server.url("")), resolve=resolve)
    assert [path for path, _ in server.seen] == ["http://name.test/to-rebound"]


def test_a_name_is_looked_up_once_for_each_connection(server: Server) -> None:
    asked: list[str] = []

    def resolve(host: str, _port: int) -> tuple[str, ...]:
        asked.append(host)
        return ("127.0.0.1",) if len(asked) == 1 else ("10.255.255.1",)

    fetch(server.url("/page", host="rebound.test"), policy=LOCAL, resolve=resolve)
    assert asked == ["rebound.test"], "a second answer could be another one than was checked"


def test_one_private_address_among_public_ones_is_refused() -> None:
    with pytest.raises(DeskError, match=r"the address of mixed\.test is private"):
        fetch("http://mixed.test/", policy=FetchPolicy(), resolve=lambda _host, _port: ("8.8.8.8", "10.0.0.1"))


def test_an_unknown_host() -> None:
    def unknown(_host: str, _port: int) -> tuple[str, ...]:
        raise OSError(-2, "Name or service not known")

    with pytest.raises(DeskError, match=r"the host no\.test is unknown"):
        fetch("http://no.test/", policy=FetchPolicy(), resolve=unknown)


def test_http_by_a_proxy(server: Server) -> None:
    policy = FetchPolicy(allow_private=True, proxy=server.url(""))
    page = fetch("http://name.test/page", policy=policy, resolve=to_this_machine)
    assert page.status == 200
    assert server.seen[0][0] == "http://name.test/page", "a proxy is asked for the whole URL"


def test_https_by_a_proxy(tls_server: Server, certificates: Path) -> None:
    with Server() as proxy:
        threading.Thread(target=proxy.serve_forever, args=(0.01,), daemon=True).start()
        policy = FetchPolicy(allow_private=True, proxy=proxy.url(""), certificates=certificates)
        url = tls_server.url("/page", scheme="https", host="desk.test")
        page = fetch(url, policy=policy, resolve=to_this_machine)
        proxy.shutdown()
    assert page.status == 200
    assert proxy.seen[0][0] == f"desk.test:{tls_server.server_address[1]}"


def test_a_proxy_does_not_open_private_addresses(server: Server) -> None:
    with pytest.raises(DeskError, match=r"the address of inner\.test is private"):
        fetch("http://inner.test/", policy=FetchPolicy(proxy=server.url("")), resolve=to_this_machine)
