"""Findings by rule with their places, and mends that are shown before they are made."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from nightdesk.wiki.lint.findings import RULES
from tests.desks import git
from tests.views.web.acting_desks import IDEA, Client, acting_desk, commit, open_client


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    return acting_desk(tmp_path)


@pytest.fixture
def client(desk: Path) -> Iterator[Client]:
    with open_client(desk) as client:
        yield client


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A client of a desk that no test changes."""
    with open_client(acting_desk(tmp_path_factory.mktemp("findings"))) as client:
        yield client


def looked(client: Client, address: str = "/lint") -> str:
    """Return the page when it has been looked through."""
    for _ in range(200):
        html = client.get(address)
        if "data-looking" not in html:
            return html
    raise AssertionError("it is looked through for ever")


def test_findings_stand_with_their_lines(reader: Client) -> None:
    html = looked(reader)
    assert "Links that lead nowhere" in html
    assert "<mark>[[Old thoughts]]</mark>" in html
    assert 'href="/p/wiki/concepts/My%20idea"' in html
    assert "line 7" in html
    assert 'href="/contradictions"' in html


def test_findings_are_chosen_by_rule_severity_and_file(reader: Client) -> None:
    looked(reader)
    by_rule = looked(reader, "/lint?rule=broken-link")
    assert re.findall(r'class="lint-rule" id="([^"]*)"', by_rule) == ["broken-link"]
    errors = re.findall(r'class="lint-rule" id="([^"]*)"', looked(reader, "/lint?severity=error"))
    assert errors
    assert {RULES[rule].severity for rule in errors} == {"error"}
    by_file = looked(reader, "/lint?file=wiki%2Fconcepts%2FNew+thoughts.md")
    assert "[[Old thoughts]]" not in by_file
    for odd in ("?rule=none", "?severity=<b>", "?page=9999999&rule=broken-link", "?file=../../etc/passwd"):
        looked(reader, f"/lint{odd}")


def test_a_mend_is_shown_then_made_and_can_be_taken_back(client: Client, desk: Path) -> None:
    before = (desk / IDEA).read_text()
    plan = client.act("/api/mend", {"rule": "broken-link"})["result"]
    assert plan["can"]
    assert "<ins>" in plan["html"]
    assert (desk / IDEA).read_text() == before, "a plan writes nothing"
    done = client.act("/api/mend", {"rule": "broken-link", "digest": plan["digest"]})
    assert (done["result"]["mended"], done["result"]["files"]) == (1, 1)
    assert "[[New thoughts" in (desk / IDEA).read_text()
    assert not git(desk, "status", "--porcelain")
    assert "broken-link" not in looked(client)
    (change,) = re.findall(r'data-undo="([^"]*)"', client.get("/changes"))
    client.act("/api/undo", {"change": change})
    assert (desk / IDEA).read_text() == before


def test_a_plan_that_is_out_of_date_is_not_made(client: Client, desk: Path) -> None:
    plan = client.act("/api/mend", {"rule": "broken-link"})["result"]
    (desk / IDEA).write_text((desk / IDEA).read_text() + "\nAnd [[old thoughts]] again.\n")
    commit(desk, "more")
    ended = client.act("/api/mend", {"rule": "broken-link", "digest": plan["digest"]})
    assert "changed since" in ended["error"]
    assert "[[Old thoughts]]" in (desk / IDEA).read_text()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"rule": "none"}, "no rule is called"),
        ({"rule": "orphan"}, "for a person to mend"),
        ({"file": "raw/old.md"}, "no page or folder in wiki/"),
        ({"file": "../x"}, "no page or folder in wiki/"),
    ],
)
def test_what_cannot_be_mended_is_said(reader: Client, given: dict[str, str], told: str) -> None:
    assert told in reader.post("/api/mend", given, 409)["error"]


def test_a_vault_is_looked_through_and_never_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    vault = tmp_path / "vault"
    vault.mkdir()
    (vault / "A.md").write_text("# A\n\n" + "[[gone <i>away]] " * 30 + "[[B]]\n")
    (vault / "B.md").write_text("# B\n\n[[A]]\n")
    with open_client(vault, is_desk=False) as client:
        html = looked(client)
        assert "[[gone &lt;i&gt;away]]" in html
        assert "All 30 of this rule" in html
        assert "data-mend " not in html
        assert looked(client, "/lint?rule=broken-link").count("<li>") > 29
        client.post("/api/mend", {}, 409)
    assert sorted(path.name for path in vault.rglob("*")) == ["A.md", "B.md"]


def test_a_change_on_disk_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nightdesk.views.web.acting.looking._LEAST_SECONDS", 0.0)
    monkeypatch.setattr("nightdesk.views.web.acting.looking._TIMES", 0)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "vault").mkdir()
    page = tmp_path / "vault/A.md"
    page.write_text("# A\n")
    with open_client(tmp_path / "vault", is_desk=False) as client:
        assert "broken-link" not in looked(client)
        page.write_text("# A\n\n[[Nowhere]]\n")
        assert "[[Nowhere]] leads nowhere" in looked(client)
