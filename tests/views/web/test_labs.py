"""The labs in the browser, asked for page by page: what they tell, and that nothing hostile gets through."""

import asyncio
import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from nightdesk.base.desk import Desk
from nightdesk.lab.experiments import FOLDER, file_name, write_experiment
from nightdesk.lab.labs import Lab, open_lab
from nightdesk.lab.live import live_file
from nightdesk.lab.night import AtWork, Running, running_file, tell_running
from nightdesk.lab.noise import Noise
from nightdesk.views.web.lab.diff import read_diff
from nightdesk.views.web.lab.labs import lab_events
from nightdesk.views.web.lab.pages import experiment_page, lab_page
from nightdesk.views.web.lab.shelf import Shelf, read_experiment
from nightdesk.views.web.lab.state import MOST_POINTS, MOST_RUNS, now_of, state_of
from nightdesk.views.web.lab.table import rows_of, wish_of
from nightdesk.views.web.lab.words import compared_words
from tests.lab.nights import baseline, better, discarded
from tests.views.web.lab_desks import DIFF, EVIL, client_of, lab_desk, make_lab, night, runs_at_work, viewer_of


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return lab_desk(tmp_path_factory.mktemp("labs"))


@pytest.fixture(scope="module")
def client(desk: Path) -> TestClient:
    return client_of(desk)


@pytest.fixture
def own(desk: Path, tmp_path: Path) -> Path:
    """A copy of the desk, to be changed."""
    return shutil.copytree(desk, tmp_path / "desk", symlinks=True)


def lab_of(desk: Path, name: str) -> Lab:
    return open_lab(name, desk=Desk(desk.resolve()), here=desk.resolve())


class Elements(HTMLParser):
    """The elements of a page, with what a browser would run."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.runs: list[str] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        events = [name for name in given if name.startswith("on") or name == "style"]
        bare = tag == "script" and not given.get("src") and given.get("type") != "application/json"
        if events or bare or (given.get("src") or "").startswith("x"):
            self.runs.append(self.get_starttag_text() or tag)

    def handle_data(self, data: str) -> None:
        self.text += data


ADDRESSES = ("", "/0000", "/0001", "/0003", "/compare?a=0&b=1", "?text=A&status=keep&sort=gain&up=1")


def test_all_labs_are_told_and_one_that_is_broken_hides_no_other(client: TestClient) -> None:
    page = client.get("/lab").text
    assert [name in page for name in (">calm<", ">empty<", ">broken<")] == [True] * 3
    assert 'the key "edit" is missing' in Elements(page).text
    assert "gain held" in page
    assert "self-reported" in page


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("name", ["calm", "evil"])
def test_every_page_stands_and_nothing_of_it_runs(client: TestClient, name: str, address: str) -> None:
    answer = client.get(f"/lab/{name}{address}")
    assert answer.status_code == 200
    found = Elements(answer.text)
    assert found.runs == []
    assert "self-reported" in found.text
    assert "{{" not in answer.text.replace("{{ 7*7 }}", "")
    assert "49 }}" not in found.text
    if name == "evil" and address in ("", "/0001", "/compare?a=0&b=1"):
        assert EVIL in found.text, "it is shown as what it is"


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/lab/none", 404),
        ("/lab/..%2F..%2Fetc", 404),
        ("/lab/%00", 404),
        ("/lab/calm/0099", 404),
        ("/lab/calm/99999999999999999999", 404),
        ("/lab/calm/compare", 409),
        ("/lab/calm/compare?a=0&b=99", 409),
        ("/lab/calm/compare?a=0&b=../../x", 409),
        ("/lab/calm?tag=none", 409),
        ("/lab/broken", 409),
        ("/lab/calm?page=99999&sort=x&status=x", 200),
        ("/api/lab/none/state", 404),
        ("/api/lab/calm/state?tag=none", 409),
    ],
)
def test_bad_addresses_get_one_clear_line(client: TestClient, address: str, status: int) -> None:
    answer = client.get(address)
    assert answer.status_code == status
    assert "Traceback" not in answer.text


def test_an_experiment_tells_why(client: TestClient) -> None:
    kept = Elements(client.get("/lab/calm/0001").text).text
    for part in ("it may help", "A 4.0 -> 3.0", "work.py", "Kept", "picked", "wall_seconds", "builtin", "Compare with"):
        assert part in kept, part
    assert "Crashed, so that there is no loss: exit code 1." in Elements(client.get("/lab/calm/0003").text).text


def test_a_pair_is_compared_in_words(client: TestClient) -> None:
    text = Elements(client.get("/lab/calm/compare?a=0&b=1").text).text
    assert "0001 is better than 0000 by 7, over 1 run against 3 runs" in text
    assert "does not hold 0" in text
    assert "no longer has their commits" in text, "the commits of this night are made up"


def test_the_report_leads_to_the_experiments(client: TestClient) -> None:
    page = client.get("/lab/calm").text
    assert 'href="/lab/calm/0001"' in page.partition("The morning report")[2]


def test_state_has_a_column_for_each_thing_the_plot_shows(client: TestClient) -> None:
    state = client.get("/api/lab/calm/state").json()
    assert state["number"] == [0, 1, 2, 3, 4, 5, 6]
    assert state["status"] == "bkdcsdk"
    assert state["score"] == [16.1, 9.1, 17.0, None, 9.0, 9.4, 8.2]
    assert state["confirmed"]["held"] == "held"
    low, high = state["range"]
    assert low < 8.2
    assert high > 16.1
    assert len({len(state[name]) for name in ("number", "status", "score", "time", "title")}) == 1


def test_the_state_of_a_long_night_is_small(desk: Path) -> None:
    reading = Shelf(desk, Desk(desk)).read(lab_of(desk, "calm"))
    one = next(e for e in reading.experiments if e.number == 2)
    many = [replace(one, number=n, title="名前 " * 60) for n in range(7, 7 + MOST_POINTS + 500)]
    state = state_of(replace(reading, experiments=(*reading.experiments, *many), summaries={}))
    assert len(json.dumps(state, ensure_ascii=False).encode()) < 300_000
    assert (len(state["number"]), state["number"][0], state["left_off"]) == (MOST_POINTS + 1, 0, 506)


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ({}, [6, 5, 4, 3, 2, 1, 0]),
        ({"status": "keep"}, [6, 4, 1, 0]),
        ({"worker": "acp:claude"}, [5, 4]),
        ({"text": "UNLIKE others"}, [5]),
        ({"text": "worse by 1"}, [2]),
        ({"text": "nothing at all"}, []),
        ({"sort": "score", "up": "1"}, [6, 4, 1, 5, 0, 2, 3]),  # no score comes last, either way
        ({"sort": "score"}, [2, 0, 5, 1, 4, 6, 3]),
        ({"sort": "gain"}, [1, 6, 4, 5, 2, 0, 3]),
        ({"sort": "worker", "up": "1", "status": "discard"}, [5, 2]),
    ],
)
def test_the_table_shows_what_is_asked_for(desk: Path, query: dict[str, str], numbers: list[int]) -> None:
    reading = Shelf(desk, Desk(desk)).read(lab_of(desk, "calm"))
    rows = rows_of(reading.experiments, reading.summary(), wish_of(query))
    assert [row.number for row in rows.rows] == numbers


def test_pages_of_the_table(desk: Path) -> None:
    reading = Shelf(desk, Desk(desk)).read(lab_of(desk, "calm"))
    pages = [rows_of(reading.experiments, reading.summary(), wish_of({"page": str(n)}), size=3) for n in (1, 3, 99)]
    assert [[row.number for row in page.rows] for page in pages] == [[6, 5, 4], [0], [0]]
    assert pages[0].pages == 3


def test_the_ledger_is_read_again_where_it_changed_and_damage_hides_nothing(own: Path) -> None:
    lab, folder = lab_of(own, "calm"), own / "lab/calm" / FOLDER
    shelf = Shelf(own, Desk(own))
    first = shelf.read(lab)
    assert shelf.read(lab) is first
    write_experiment(folder, discarded(7, 12.0))
    second = shelf.read(lab)
    assert second.rev != first.rev
    assert [e is f for e, f in zip(first.experiments, second.experiments, strict=False)] == [True] * 7, "parsed once"
    (folder / "0008.md").write_bytes(b"\xff\xfe")
    (folder / "0009.md").write_text("---\nnumber: 9\n---\n")
    (folder / "0010.md").symlink_to("/etc/passwd")
    (folder / "0011.md").write_text((folder / file_name(7)).read_text())
    os.mkfifo(folder / "0012.md")
    (folder / file_name(7)).unlink()
    third = shelf.read(lab)
    assert [e.number for e in third.experiments] == [0, 1, 2, 3, 4, 5, 6]
    assert len(third.faults) == 4
    assert not any("root:" in fault for fault in third.faults)
    page = client_of(own).get("/lab/calm")
    assert page.status_code == 200
    assert "experiments/0009.md cannot be read" in page.text


def test_a_lab_that_is_a_link_out_of_the_desk_is_none(own: Path) -> None:
    elsewhere = own.parent / "elsewhere"
    (own / "lab/calm").rename(elsewhere)
    (own / "lab/calm").symlink_to(elsewhere)
    answer = client_of(own).get("/lab/calm")
    assert answer.status_code == 409
    assert "link out of the desk" in answer.text


def test_what_runs_now_is_told_in_words(own: Path) -> None:
    lab = lab_of(own, "calm")
    assert now_of(lab) is None
    work = AtWork("0007-2", 7, EVIL, 2, "this machine", "running", "")
    until = "2026-11-24T06:30:00Z"
    running = Running("2026-11-23", os.getpid(), "", "running", "", works=(work,), judged=6, count=30, until=until)
    tell_running(lab, running)
    now = now_of(lab)
    assert now is not None
    assert (now["doing"], now["session"]) == (
        "running, run 2",
        "6 of 30 judged in this session, begins none after 06:30 UTC",
    )
    told = {
        "process": os.getpid(), "key": "0007-2", "wall_seconds": 15, "cpu_seconds": 1, "memory_bytes": 2**20,
        "line": EVIL, "name": "loss", "axis": "step", "points": [[1, 3], [2, 2]],
    }  # fmt: skip
    live_file(lab, "0007-2").parent.mkdir()
    live_file(lab, "0007-2").write_text(json.dumps(told))
    now = now_of(lab)
    assert now is not None
    assert (now["used"], now["left"], now["share"], now["memory"]) == ("15 s of 20 s", "5 s left", 0.75, "1 MB")
    page = client_of(own).get("/lab/calm")
    assert Elements(page.text).runs == []
    running_file(lab).write_text('{"process": "x"}')
    assert now_of(lab) is None


def test_several_runs_are_told_and_what_somebody_wrote_into_their_file_breaks_nothing(own: Path) -> None:
    lab = lab_of(own, "calm")
    works = runs_at_work(lab, places=MOST_RUNS + 2)
    running = Running("2026-11-23", os.getpid(), "", "running", "", works=works, drafts=1, busy_share=0.5)
    tell_running(lab, running)
    now = now_of(lab)
    assert now is not None
    assert (now["number"], now["doing"], now["used"]) == (20, "running, run 1, core 0", "5 s of 20 s")
    assert [run["number"] for run in now["others"]] == list(range(21, 20 + MOST_RUNS))
    assert (now["more"], now["session"]) == (
        "and 2 more runs",
        "0 judged in this session; 1 proposal waits, busy 50 % of the time",
    )
    written = json.loads(running_file(lab).read_text())
    spoilt = {"title": 5, "place": None, "run": "x", "key": ["../../passwd"], "expected_seconds": "soon"}
    for name, value in spoilt.items():
        told = written | {"works": [written["works"][0] | {name: value}, written["works"][1]], "busy_share": "much"}
        running_file(lab).write_text(json.dumps(told))
        now = now_of(lab)
        assert now is not None
        assert now["number"] == 21
        assert client_of(own).get("/lab/calm").status_code == 200
    written["works"][1]["key"] = "../../../0021-1"  # a path is no key
    running_file(lab).write_text(json.dumps(written | {"works": written["works"][1:2]}))
    now = now_of(lab)
    assert now is not None
    assert (now["title"], now["used"]) == ("change 1", "")
    running_file(lab).write_text(json.dumps(written | {"works": 5}))
    assert now_of(lab) is None


def test_events_tell_only_what_changed_and_end_with_the_server(own: Path) -> None:
    lab = lab_of(own, "calm")
    steps: Iterator[Callable[[], object]] = iter(
        [
            lambda: None,
            lambda: write_experiment(lab.folder / FOLDER, better(7, 7.0, 7.1)),
            lambda: tell_running(
                lab,
                Running(
                    "t", os.getpid(), "", "running", "", works=(AtWork("0008-1", 8, "next", 1, "", "running", ""),)
                ),
            ),
            lambda: running_file(lab).unlink(),
        ]
    )

    async def listen() -> list[str]:
        ended = False
        told = []

        def closed() -> bool:
            nonlocal ended
            step = next(steps, None)
            ended = step is None
            if step is not None:
                step()
            return ended

        async for message in lab_events(lab, lambda: "7", closed, pause=0.0):
            told.append(message)
        return told

    told = "".join(asyncio.run(listen()))
    kinds = [line.removeprefix("event: ") for line in told.split("\n") if line.startswith("event")]
    assert kinds == ["hello", "now", "ledger", "now", "now"]
    assert '"title": "next"' in told
    assert told.count("data: null") == 2


@pytest.mark.parametrize(
    ("diff", "told"),
    [
        ("", []),
        (DIFF, [("work.py", 2, 1)]),
        ("diff --git a/x b/x\nindex 1..2\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n", [("x", 1, 1)]),
        ("--- a/x\n+++ b/x\n@@ -1 +1 @@\n--- b\n+++ a\n", [("x", 1, 1)]),  # lines that look like a head
        ("--- /dev/null\n+++ b/new.py\n@@ -0,0 +1 @@\n+a", [("new.py", 1, 0)]),
        ("no diff at all", []),
        ("+a\n-b", [("", 1, 1)]),  # a piece of one
    ],
)
def test_diffs_are_read(diff: str, told: list[tuple[str, int, int]]) -> None:
    assert [(file.path, file.added, file.removed) for file in read_diff(diff)] == told


def test_words_that_changed_are_marked_and_a_huge_diff_is_cut() -> None:
    lines = read_diff(DIFF.replace("+B = 2\n", ""))[0].lines
    marked = [text for line in lines for text, changed in line.spans if changed]
    assert marked == ["4.0", "3.0"]
    assert [(line.old, line.new) for line in lines if line.kind == " "] == [(1, 1), (3, 3)]
    huge = read_diff("--- a/x\n+++ b/x\n@@ -1 +1 @@\n" + "+a\n" * 9_000)
    assert len(huge[0].lines) < 2_100
    assert "more lines are not shown" in huge[0].lines[-1].spans[0][0]


@pytest.mark.parametrize(
    ("a", "b", "part"),
    [
        ([1.0], [], "0002 gave no score"),
        ([1.0], [1.0], "the same score"),
        ([1.0, 1.0], [0.9, 0.9], "That interval does not hold 0"),
        ([1.0], [0.99], "luck may explain all of it"),
    ],
)
def test_two_scores_are_told_apart_from_luck(a: list[float], b: list[float], part: str) -> None:
    told = compared_words(a, b, noise=Noise(0.01, 4), lower_is_better=True, names=("0001", "0002"))
    assert part in " ".join(told)


def test_a_lab_of_one_branch_after_another(own: Path) -> None:
    folder = make_lab(own, "two")
    night(folder)
    write_experiment(folder / FOLDER, baseline((4.0, 4.1, 4.2), number=8, tag="later"))
    client = client_of(own)
    page = client.get("/lab/two").text
    assert 'aria-current="true">later<' in page
    assert client.get("/api/lab/two/state").json()["number"] == [8]
    assert client.get("/api/lab/two/state?tag=2026-11-23").json()["number"][-1] == 6
    told = Elements(client.get("/lab/two/compare?a=1&b=8").text).text
    assert "different branches" in told


def test_the_static_site_has_the_state_in_the_page(desk: Path) -> None:
    viewer = replace(viewer_of(desk), served=False)
    shelf = Shelf(desk, Desk(desk))
    page = viewer.render("lab.html", **lab_page(viewer, shelf, lab_of(desk, "evil"), {}))
    held = page.partition('id="lab-state">')[2].partition("</script>")[0]
    assert json.loads(held)["number"] == [0, 1, 2, 3, 4, 5, 6]
    assert "<" not in held
    for gone in ("/api/lab", "Compare", 'id="now"'):
        assert gone not in page
    experiment = read_experiment(lab_of(desk, "evil"), 1)
    assert experiment is not None
    told = viewer.render("lab_experiment.html", **experiment_page(shelf, lab_of(desk, "evil"), experiment))
    assert Elements(page).runs == Elements(told).runs == []
