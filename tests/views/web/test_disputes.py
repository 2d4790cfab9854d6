"""Contradictions shown with both quotes, and decided by requests, on real desks."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from nightdesk.base.desk import Desk
from nightdesk.base.lock import hold_lock
from nightdesk.views.web.acting import disputes
from nightdesk.wiki.contradictions.items import Item
from nightdesk.wiki.contradictions.page import PATH, read_kept
from tests.desks import git, run
from tests.views.web.acting_desks import Client, acting_desk, open_client


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    return acting_desk(tmp_path)


@pytest.fixture
def client(desk: Path) -> Iterator[Client]:
    with open_client(desk) as client:
        yield client


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A desk that no test changes."""
    return acting_desk(tmp_path_factory.mktemp("disputes"))


@pytest.fixture(scope="module")
def reader(still: Path) -> Iterator[Client]:
    with open_client(still) as client:
        yield client


def items(desk: Path) -> dict[str, Item]:
    return read_kept(Desk(desk)).items


def one(desk: Path) -> Item:
    """The contradiction about the number of steps."""
    return next(item for item in items(desk).values() if "steps" in item.one.statement)


def test_both_sides_are_shown_with_their_quotes(reader: Client, still: Path) -> None:
    html = reader.get("/contradictions")
    assert html.count('<article class="dispute"') == len(items(still)) == 2
    for shown in ("<mark>five</mark>", "<mark>six</mark>", "Ada Example", "2026-02-01", "read it in place"):
        assert shown in html
    assert 'href="/s/wiki/sources/Notes%20on%20Muon?claim=' in html
    assert "There is none." in reader.get("/contradictions?state=resolved")
    assert reader.get("/contradictions?state=nonsense&page=x") == html


def test_a_decision_is_written_and_compiled_as_one_change(client: Client, desk: Path) -> None:
    item = one(desk)
    before = git(desk, "rev-parse", "HEAD").strip()
    holds = next(side.claim for side in item.sides if "six" in side.statement)
    given = {"id": item.id, "verdict": "resolve", "claim": holds, "other": "superseded", "because": "measured <b>anew"}
    done = client.act("/api/contradictions", given)
    assert done["state"] == "done", done
    assert done["result"] | {"written": 0} == {"id": item.id, "state": "resolved", "written": 0}
    after = one(desk)
    assert (after.state.keep, after.state.other, after.state.because) == (holds, "superseded", "measured <b>anew")
    (made,) = {line for line in git(desk, "log", f"{before}..HEAD").split("\n") if "Nightdesk-Change" in line}
    assert made
    assert not git(desk, "status", "--porcelain")
    html = client.get("/contradictions?state=resolved")
    assert "Measured &lt;b&gt;anew." in html
    assert 'data-mark="superseded"' in html
    again = client.act("/api/contradictions", {"id": item.id, "verdict": "reopen"})
    assert again["result"]["state"] == "open"
    assert one(desk).is_open
    assert client.act("/api/contradictions", {"id": item.id, "verdict": "dismiss"})["result"]["state"] == "none"


def test_the_same_decision_twice_is_one(client: Client, desk: Path) -> None:
    given = {"id": one(desk).id, "verdict": "dismiss", "because": "other models"}
    first, second = (client.post("/api/contradictions", given) for _ in range(2))
    assert first["work"] == second["work"]
    assert client.act("/api/contradictions", given)["state"] == "done"
    assert git(desk, "log", "--oneline", "--grep=contradictions dismiss").count("\n") == 1


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"verdict": "resolve", "claim": "one"}, "no contradiction is called"),
        ({"id": "ID", "verdict": "resolve", "claim": "c0000000000"}, "neither of its claims"),
        ({"id": "ID", "verdict": "resolve", "claim": "one", "other": "funny"}, "wrong or superseded"),
        ({"id": "ID", "verdict": "burn"}, "no decision"),
        ({"id": "ID", "verdict": 7}, "no text"),
        ({"id": "ID", "verdict": "dismiss", "because": "x" * 601}, "at most"),
    ],
)
def test_what_cannot_be_decided_is_said_at_once(
    reader: Client, still: Path, given: dict[str, object], told: str
) -> None:
    before = (still / PATH).read_bytes()
    identity = one(still).id
    answer = reader.post("/api/contradictions", given | ({"id": identity} if "id" in given else {}), 409)
    assert told in answer["error"]
    assert (still / PATH).read_bytes() == before


def test_a_desk_in_use_is_said_and_nothing_is_lost(client: Client, desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disputes, "WAIT_SECONDS", 0.0)
    before, given = (desk / PATH).read_bytes(), {"id": one(desk).id, "verdict": "dismiss"}
    with hold_lock(Desk(desk).cache / "lock", doing="compiling"):
        ended = client.act("/api/contradictions", given)
    assert ended["state"] == "failed"
    assert "in use: compiling" in ended["error"]
    assert (desk / PATH).read_bytes() == before
    assert client.act("/api/contradictions", given)["state"] == "done"


def test_what_a_person_wrote_on_the_page_is_kept(client: Client, desk: Path) -> None:
    page = desk / PATH
    page.write_text(page.read_text(encoding="utf-8") + "\nA line of mine.\n", encoding="utf-8")
    assert client.act("/api/contradictions", {"id": one(desk).id, "verdict": "dismiss"})["state"] == "done"
    assert "A line of mine." in page.read_text(encoding="utf-8")


def test_a_page_that_is_no_list_and_a_folder_that_is_no_desk_are_told(tmp_path: Path) -> None:
    assert run(tmp_path, "new", "desk").code == 0
    with open_client(tmp_path / "desk") as client:
        assert "Nothing is open." in client.get("/contradictions")
        (tmp_path / "desk" / PATH).write_bytes(b"\xff\xfe")
        assert "cannot be read" in client.get("/contradictions")
    (tmp_path / "vault").mkdir()
    with open_client(tmp_path / "vault", is_desk=False) as client:
        client.get("/contradictions", 409)
