"""`nightdesk search` on the command line: options, output, exit codes."""

from pathlib import Path

import pytest

from tests.desks import make_desk, run, snapshot


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    desk = make_desk(tmp_path_factory.mktemp("search"))
    assert run(desk, "compile").code == 0
    return desk


def test_results_are_told_with_their_place_and_what_fits_marked(desk: Path) -> None:
    ran = run(desk, "search", "cosine", "schedule", "in:text")
    assert ran.code == 0
    first, second = ran.out.splitlines()[:2]
    assert first == "1. notes.txt  raw/notes.txt:3  (text)"
    assert "A **cosine** **schedule** lowers the learning rate" in second


def test_a_claim_comes_with_its_id_for_show(desk: Path) -> None:
    found = run(desk, "search", "--json", "newton-schulz in:claims").document
    claim = found["results"][0]["claim"]
    assert "Newton-Schulz" in claim["quote"]
    assert run(desk, "show", f"^{claim['id']}").code == 0


def test_json_is_one_document_with_marks_that_fit(desk: Path) -> None:
    ran = run(desk, "search", "--json", "--limit", "2", "warm-up")
    document = ran.document
    assert set(document) == {"query", "results", "more", "corrected", "missing", "complete"}
    assert (document["query"], document["more"], len(document["results"])) == ("warm-up", True, 2)
    for hit in document["results"]:
        assert all(hit["snippet"][a:b].lower().startswith("warm") for a, b in hit["marks"])
        assert (desk / hit["path"]).is_file()


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("zebra",), 1, '"zebra" stands nowhere'),
        (('"open',), 2, "at character 1"),
        (("(a",), 2, "never closed"),
        (("tags:x",), 2, "is it tag:"),
        (("learnign",), 0, 'looked for "learning"'),
        (("--", "--json"), 1, "stands nowhere"),
        (("muon", "--limit", "0"), 2, "--limit"),
        (("-hessian", "muon"), 0, ""),
        (("--any", "what does muon replace?"), 0, ""),
    ],
)
def test_exit_codes_and_messages(desk: Path, words: tuple[str, ...], code: int, said: str) -> None:
    ran = run(desk, "search", *words)
    assert (ran.code, said in ran.err) == (code, True), ran.err
    assert "Traceback" not in ran.err


def test_a_hyphen_excludes(desk: Path) -> None:
    paths = {hit["path"] for hit in run(desk, "search", "--json", "muon", "-adamw", "in:wiki,text").document["results"]}
    assert "raw/notes.txt" in paths
    assert "raw/adam.md" not in paths


def test_the_wiki_stays_as_it_is_and_the_index_may_go(desk: Path) -> None:
    before = snapshot(desk)
    first = run(desk, "search", "--json", "learning rate").document
    for file in (desk / ".nightdesk").glob("search*"):
        file.unlink()
    assert run(desk, "search", "--json", "learning rate").document == first
    assert snapshot(desk) == before


def test_a_vault_is_searched_and_nothing_written_into_it(tmp_path: Path) -> None:
    folder = tmp_path / "vault"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub/Note.md").write_text("# Note\n\nA word from a vault.\n", encoding="utf-8")
    ran = run(tmp_path, "search", "--json", "--vault", str(folder), "vaults")
    assert [hit["path"] for hit in ran.document["results"]] == ["sub/Note.md"]
    assert sorted(path.name for path in folder.rglob("*")) == ["Note.md", "sub"]
    assert run(tmp_path, "search", "--vault", str(tmp_path / "none"), "x").code == 2
