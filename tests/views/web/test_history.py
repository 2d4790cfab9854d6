"""Histories, differences and undo, of real desks with real commits."""

import os
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest

from nightdesk.base.history import changes_of, commits_of, in_repository, versions_of
from nightdesk.views.web.acting.deeds import deeds_of
from nightdesk.views.web.acting.diffs import Fold, Row, diff_of
from tests.desks import git
from tests.views.web.acting_desks import MUON, Client, acting_desk, commit, open_client

PAGE = (
    "---\ntitle: A\nnightdesk:\n  made_from: {mark}\n---\n# A\n\nOne is here. [[S#^c0123456789|{n}]]\n\nTwo follows.\n"
)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return acting_desk(tmp_path_factory.mktemp("history"))


@pytest.fixture(scope="module")
def client(desk: Path) -> Iterator[Client]:
    with open_client(desk) as client:
        yield client


def told(before: str, after: str) -> list[str]:
    """Return the rows of a difference in a short form: its kind, then the text with [-gone-] and [+new+]."""
    rows = []
    for row in diff_of(before, after).body:
        if isinstance(row, Fold):
            rows.append(f"fold {row.count}")
            continue
        signs = {"same": "{}", "gone": "[-{}-]", "new": "[+{}+]"}
        rows.append(f"{row.kind}: " + "".join(signs[piece.kind].format(piece.text) for piece in row.merged))
    return rows


@pytest.mark.parametrize(
    ("before", "after", "rows"),
    [
        ("It runs five steps.", "It runs six steps.", ["changed: It runs [-five-][+six+] steps."]),
        ("a rate of 0.001 now", "a rate of 0.003 now", ["changed: a rate of [-0.001-][+0.003+] now"]),
        # a run of words reads as one, not as islands between blanks
        ("the old grey fox ran off", "the new red fox ran off", ["changed: the [-old grey-][+new red+] fox ran off"]),
        ("One.\n\nTwo.", "Two.\n\nOne.", ["same: Two.", "moved: One."]),
        # another number on a citation is no change; another claim is
        ("So. [[S#^c0123456789|1]]", "So. [[S#^c0123456789|2]]", ["same: So. 2"]),
        ("So it is. [[S#^c0123456789|1]]", "So it is. [[S#^c9876543210|1]]", ["changed: So it is. [-1-][+1+]"]),
        # where a link leads may be all that changed
        ("See [[Old|it]] there.", "See [[New|it]] there.", ["changed: See [-[[Old|it]]-][+[[New|it]]+] there."]),
        ("alpha beta", "gamma delta", ["gone: [-alpha beta-]", "new: [+gamma delta+]"]),
        ("学習率は高い。", "学習率は低い。", ["changed: 学習率は[-高-][+低+]い。"]),
        ("", "", []),
        ("a\n\n\nb", "a\nb", ["fold 2"]),  # blank lines
        ("a\nb\nc\nd\ne", "a\nb\nc\nd\nf", ["fold 3", "same: d", "gone: [-e-]", "new: [+f+]"]),
    ],
)
def test_what_differs_is_told_in_words(before: str, after: str, rows: list[str]) -> None:
    assert told(before, after) == rows


def test_hashes_and_marks_are_no_part_of_what_is_read() -> None:
    found = diff_of(PAGE.format(mark="aa", n=1), PAGE.format(mark="bb", n=2).replace("title: A", "title: B"))
    assert [row.kind for row in found.properties] == ["changed"]
    assert [row.merged[-1].text for row in found.marks] == ["bb"]
    assert not any(isinstance(row, Row) and row.kind != "same" for row in found.body)
    assert (found.added, found.removed) == (0, 0)


def test_a_hostile_pair_is_compared_within_bounds() -> None:
    one, other = ("\n".join(f"{word} x" * (n % 7 + 1) for n in range(3_000)) for word in ("ab", "ba"))
    found = diff_of(one, other)
    assert len(found.body) + found.cut > len(found.body) == 1_000


def test_a_page_is_followed_through_its_names(desk: Path) -> None:
    versions = versions_of(desk, "wiki/concepts/New thoughts.md", most=9)
    assert [(version.path, version.before_path) for version in versions] == [
        ("wiki/concepts/New thoughts.md", "wiki/concepts/Old thoughts.md"),
        ("wiki/concepts/Old thoughts.md", "wiki/concepts/Old thoughts.md"),
    ]
    assert [deed.kind for deed in deeds_of(versions)] == ["renamed", "new"]
    assert not versions_of(desk, "wiki/none.md", most=9)
    assert [deed.author.name for deed in deeds_of(versions_of(desk, MUON, most=9))] == [
        "Vera & Co",
        "nightdesk",
        "nightdesk",
    ]


def test_a_folder_within_a_repository_has_its_own_history(tmp_path: Path) -> None:
    for name in ("notes/a.md", "other/b.md"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(name)
    assert not in_repository(tmp_path)
    git(tmp_path, "init", "--quiet")
    assert not in_repository(tmp_path / "notes")
    commit(tmp_path, "both")
    (tmp_path / "other/b.md").write_text("again")
    commit(tmp_path, "the other")
    (first,) = commits_of(tmp_path / "notes", most=9)
    assert list(changes_of(tmp_path / "notes", [first.id])[first.id]) == ["a.md"]
    assert versions_of(tmp_path / "notes", "a.md", most=9)[0].path == "a.md"


def test_a_history_tells_who_changed_what(client: Client) -> None:
    html = client.get("/h/wiki/concepts/Muon")
    assert "Vera &amp; Co" in html
    assert "My &lt;script&gt;own&lt;/script&gt; words" in html
    assert "<ins>" in html
    assert "I like it." in html
    older = unescape(re.findall(r'href="(/h/wiki/concepts/Muon\?v=[^"]*)"', html)[1])
    shown = client.get(older)
    assert re.search(r"<del>.*?five.*?</del>", shown, re.DOTALL)
    assert 'diff-new" dir' in client.get(older + "&layout=side")
    both = client.get("/h/wiki/concepts/Muon?from=start&to=now")
    assert "unchanged" not in both.partition('class="diff"')[2].partition("diff-properties")[0]


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/h/wiki/concepts/Old%20thoughts", 200),  # gone, but it was there
        ("/h/wiki/concepts/Never", 404),
        ("/h/nightdesk.toml", 404),  # the settings are no page
        ("/h/.gitignore", 404),
        ("/h/../secret", 404),
        ("/h/a%00b", 404),
        ("/h/wiki/concepts/Muon?v=deadbeef", 409),
        ("/h/wiki/concepts/Muon?v=--output=/tmp/x", 409),
        ("/h/wiki/concepts/Muon?page=99999999999999", 200),
        ("/changes?id=nothing", 409),
        ("/changes?page=7", 200),
        ("/api/undo?change=abcdef", 409),
        ("/api/work/none", 404),
    ],
)
def test_what_is_not_there_is_said(client: Client, address: str, status: int) -> None:
    client.get(address, status)


def test_what_is_not_committed_is_shown_as_such(tmp_path: Path) -> None:
    desk = acting_desk(tmp_path)
    (desk / MUON).write_text((desk / MUON).read_text() + "\nNot saved in git.\n")
    (desk / "wiki/concepts/Fresh.md").write_text("# Fresh\n")
    with open_client(desk) as client:
        assert "Not committed yet" in client.get("/h/wiki/concepts/Muon")
        assert "This page is not committed yet" in client.get("/h/wiki/concepts/Fresh")


def test_nothing_that_a_foreign_repository_configures_is_run(tmp_path: Path) -> None:
    desk, trap = acting_desk(tmp_path), tmp_path / "ran"
    program = f"touch {trap}"
    for key in (
        "diff.external",
        "core.fsmonitor",
        "gpg.program",
        "diff.evil.textconv",
        "filter.evil.clean",
        "core.pager",
    ):
        git(desk, "config", key, program)
    git(desk, "config", "log.showSignature", "true")
    (desk / ".git/info").mkdir(exist_ok=True)
    (desk / ".git/info/attributes").write_text("* diff=evil filter=evil\n")
    (desk / MUON).write_text((desk / MUON).read_text() + "\nMore.\n")
    with open_client(desk) as client:
        client.get("/h/wiki/concepts/Muon")
        client.get("/h/wiki/concepts/Muon?from=start&to=now")
        client.get("/changes")
        client.get("/changes?id=" + git(desk, "rev-list", "HEAD", "--max-count=1").strip())
    assert not trap.exists()


def test_a_vault_without_git_shows_what_changed_last(tmp_path: Path) -> None:
    (tmp_path / "Note.md").write_text("# A note\n")
    with open_client(tmp_path, is_desk=False) as client:
        assert "A note" in client.get("/changes")
        assert "no git repository" in client.get("/h/Note")
        client.get("/api/undo?change=abcdef", 409)


def test_all_changes_are_listed_with_their_files(client: Client, desk: Path) -> None:
    html = client.get("/changes")
    assert html.index("A better name.") < html.index("2 sources read")
    assert "data-undo=" in html
    (address,) = set(re.findall(r'href="(/changes\?id=[^"&]*)"[^>]*>2 sources read', html))
    shown = client.get(address)
    assert "raw/new.md" in shown
    assert "&lt;img src=x onerror" in client.get(address + "&file=raw%2Fnew.md")
    assert "<img" not in client.get(address + "&file=raw%2Fnew.md")
    first = git(desk, "rev-list", "HEAD").split()[-1]
    assert "no part of what the viewer shows" not in client.get(f"/changes?id={first}")
    assert "worker" not in client.get(f"/changes?id={first}&file=nightdesk.toml")


def test_undo_names_what_it_touches_and_is_done_once(tmp_path: Path) -> None:
    desk = acting_desk(tmp_path)
    before = (desk / MUON).read_text()
    with open_client(desk) as client:
        html = client.get("/changes")
        (change,) = re.findall(r'data-undo="([^"]*)"', html)
        plan = client.client.get(f"/api/undo?change={change}").json()
        assert {"path": "wiki/concepts/Learning rate.md", "deed": "removed", "why": "", "aside": ""} in plan["steps"]
        assert (desk / MUON).read_text() == before, "a plan writes nothing"
        refused = client.client.post("/api/undo", json={"change": change})
        assert refused.status_code == 403
        done = client.act("/api/undo", {"change": change})
        assert done["state"] == "done", done
        assert done["result"]["conflicts"] == 1, "what a person wrote since, in the same lines, stays"
        assert (desk / MUON).read_text() == before
        assert not (desk / "wiki/concepts/Learning rate.md").exists()
        again = client.act("/api/undo", {"change": change})
        assert "taken back already" in again["error"]
        assert "taken back" in client.get("/changes")
        (back,) = re.findall(r'data-undo="([^"]*)"', client.get(f"/changes?id={change}"))
        assert client.act("/api/undo", {"change": back})["result"]["brings_back"]
        assert (desk / "wiki/concepts/Learning rate.md").exists()


def test_a_name_of_any_bytes_is_listed_and_told(tmp_path: Path) -> None:
    desk = acting_desk(tmp_path)
    name = os.fsdecode(b"wiki/concepts/caf\xe9.md")
    (desk / name).write_text("# Odd\n")
    commit(desk, "an odd name")
    with open_client(desk) as client:
        html = client.get("/changes")
        assert "caf%E9" in html
        (address,) = set(re.findall(r'href="(/changes\?id=[^"&]*)"[^>]*>An odd name', html))
        assert "Odd" in client.get(address)
        assert client.client.get("/api/undo?change=caf%E9").status_code == 409
