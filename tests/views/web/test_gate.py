"""Who is let in: by host, by origin, by what browsers tell of a request, and by password."""

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from nightdesk.views.web.gate import MAX_BODY, Gate

PORT = 8123
OWN = f"127.0.0.1:{PORT}"


def _app() -> Starlette:
    def page(request: Request) -> PlainTextResponse:
        return PlainTextResponse("the desk")

    return Starlette(routes=[Route("/{path:path}", page, methods=["GET", "POST", "PUT"])])


def _client(**options: object) -> TestClient:
    gate = Gate(_app(), port=PORT, **options)  # type: ignore[arg-type]
    return TestClient(gate, base_url=f"http://{OWN}", follow_redirects=False)


@pytest.mark.parametrize(
    ("host", "status"),
    [
        (OWN, 200),
        (f"localhost:{PORT}", 200),
        (f"LOCALHOST:{PORT}", 200),  # names of hosts have no case
        (f"[::1]:{PORT}", 200),
        ("127.0.0.1", 421),  # another port's page
        (f"evil.example:{PORT}", 421),  # a name that an attacker lets lead here: DNS rebinding
        (f"127.0.0.1.evil.example:{PORT}", 421),
        (f"192.168.1.5:{PORT}", 421),  # not on loopback: it does not listen there
        ("", 421),
        (f"{OWN}@evil.example", 421),
    ],
)
def test_only_its_own_names_are_answered(host: str, status: int) -> None:
    assert _client().get("/", headers={"Host": host}).status_code == status


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({}, 200),  # a program, not a browser
        ({"Origin": f"http://{OWN}"}, 200),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),  # a sandboxed frame, a file on disk
        ({"Origin": "http://127.0.0.1:9999"}, 403),  # another program of this machine
        ({"Origin": f"http://localhost:{PORT}"}, 403),  # the host of the request is another
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),  # typed by the person
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "script"}, 403),
        ({"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}, 200),  # a link
    ],
)
def test_no_other_web_page_gets_an_answer(given: dict[str, str], status: int) -> None:
    assert _client().get("/p/x", headers=given).status_code == status


def test_a_link_from_elsewhere_may_not_post() -> None:
    given = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    assert _client().post("/", headers=given).status_code == 403


def test_nightdesks_own_scripts_are_no_secret() -> None:  # the frame of diagrams has no origin and loads one
    given = {"Origin": "null", "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "script"}
    assert _client().get("/static/1/js/x.js", headers=given).status_code == 200
    assert _client().post("/static/1/js/x.js", headers=given).status_code == 403


def test_what_no_page_sends_is_refused() -> None:
    assert _client().put("/").status_code == 405
    assert _client().post("/", content=b"x" * (MAX_BODY + 1)).status_code == 413
    assert _client().get("/", headers={"Content-Length": "many"}).status_code == 413


def test_with_a_password_nothing_is_shown_before_it_was_given() -> None:
    client = _client(host="0.0.0.0", password="correct horse")  # noqa: S104, S106
    there = {"Host": f"192.168.1.5:{PORT}"}
    assert client.get("/p/x", headers=there).headers["location"] == "/login"
    assert client.get("/api/x", headers=there).status_code == 401
    assert client.get("/login", headers=there).status_code == 200
    assert client.post("/login", data={"password": "wrong"}, headers=there).status_code == 401
    assert "the desk" not in client.get("/", headers=there | {"Cookie": "nightdesk=guess"}).text
    entered = client.post("/login", data={"password": "correct horse"}, headers=there)
    cookie = entered.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "samesite=strict" in cookie.lower()
    given = there | {"Cookie": cookie.split(";")[0]}
    assert client.get("/", headers=given).text == "the desk"


@pytest.mark.parametrize(
    ("host", "status"),
    [
        (f"192.168.1.5:{PORT}", 303),  # digits: no name that could be made to lead here
        (f"[fe80::1]:{PORT}", 303),
        (f"desk.example:{PORT}", 303),  # a name that the person gave
        (f"evil.example:{PORT}", 421),
    ],
)
def test_elsewhere_it_answers_to_addresses_and_to_names_that_were_given(host: str, status: int) -> None:
    client = _client(host="0.0.0.0", names=("desk.example",), password="correct horse")  # noqa: S104, S106
    assert client.get("/", headers={"Host": host}).status_code == status
