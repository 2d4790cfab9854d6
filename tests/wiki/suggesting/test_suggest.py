"""Suggestions of a real desk, each with its evidence; and gaps filled from a real server."""

import threading
from collections.abc import Iterator
from datetime import date
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.sources.fetch import FetchPolicy
from nightdesk.wiki.suggesting.filling import Filling, add_found, find_fillings
from nightdesk.wiki.suggesting.searching import Found
from nightdesk.wiki.suggesting.suggest import suggest
from nightdesk.wiki.suggesting.suggestions import Evidence, Suggestion, command_line
from tests.desks import MUON, git, make_desk, run

PAPER = """# A survey of optimisers

Muon is an optimiser for weight matrices (arXiv:2502.16982). AdamW is older, see
[Decoupled weight decay](https://openreview.net/forum?id=Bkg6RiCqY7). Muon and AdamW are compared in many papers.

## Open questions

How well do Muon and AdamW scale to very large batch sizes in long runs?

## References

- Ilya L.: "Decoupled Weight Decay Regularization". ICLR 2019.
- The desk's own paper: "Muon, explained". 2025.
"""
BLOG = """---
url: https://blog.dev/a
---
# A blog

Muon is described at https://openreview.net/forum?id=Bkg6RiCqY7 and at https://arxiv.org/abs/2502.16982v3 as well.
More is on https://blog.dev/b and on https://blog.dev/b again, and on https://once.dev/only alone.
"""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    root = make_desk(tmp_path_factory.mktemp("suggested"), {"muon.md": MUON, "survey.md": PAPER, "blog.md": BLOG})
    assert run(root, "compile").code == 0
    for number in range(3):
        (root / f"wiki/note {number}.md").write_text("Of [[Lion optimiser]] and ![[Embedded]].\n", encoding="utf-8")
    return Desk(root)


def of(desk: Desk, kind: str, limit: int = 50) -> dict[str, Suggestion]:
    return {one.what: one for one in suggest(desk, kinds=[kind], limit=limit).suggestions}


def test_sources_that_are_referred_to_and_not_there(desk: Desk) -> None:
    found = list(of(desk, "source").values())
    assert [one.url for one in found] == [
        "https://openreview.net/forum?id=Bkg6RiCqY7",
        "https://arxiv.org/abs/2502.16982",
        "",
    ], "not its own site, not what is mentioned once, not what is on the desk"
    assert found[1].why.startswith("2 sources refer to it, 2 times")
    assert [one.place for one in found[1].evidence] == ["raw/blog.md:6", "raw/survey.md:3"]
    assert found[0].what.startswith("Decoupled weight decay (https://")
    assert found[1].to_do == "nightdesk add https://arxiv.org/abs/2502.16982"
    assert found[2].query == "Decoupled Weight Decay Regularization"


def test_conflicts_come_first_and_an_open_question_goes_when_a_claim_answers_it(tmp_path: Path) -> None:
    one, other = ("The dropout of Muon-1 is 0.1.", "The dropout of Muon-1 is 0.3.")
    root = make_desk(tmp_path, {"survey.md": PAPER, "a.md": f"# A\n\n{one}\n", "b.md": f"# B\n\n{other}\n"})
    assert run(root, "compile").code == 0
    asked = "How well do Muon and AdamW scale to very large batch sizes in long runs?"
    found = list(of(Desk(root), "question").values())
    assert found[0].what in (f"Which holds: {one} Or: {other}", f"Which holds: {other} Or: {one}")
    assert [evidence.claim[0] for evidence in found[0].evidence] == ["c", "c"]
    assert found[0].to_do == "nightdesk contradictions"
    assert found[1].what == asked
    answer = "# Scaling\n\nMuon and AdamW scale well to very large batch sizes in long runs of 10,000 steps.\n"
    (root / "raw/scaling.md").write_text(answer, encoding="utf-8")
    assert run(root, "compile").code == 0
    assert asked not in of(Desk(root), "question")


def test_missing_pages_are_those_that_lint_finds(desk: Desk) -> None:
    linted = run(desk.root, "lint", "--rule", "missing-page", "--json").document["findings"]
    assert [finding["message"] for finding in linted] == ['3 pages name "Lion optimiser", which has no page']
    found = of(desk, "page")["Lion optimiser"]
    assert found.why == "3 pages link to it, and it is not there"


def test_pages_that_share_claims_and_no_link(tmp_path: Path) -> None:
    root = make_desk(tmp_path)
    claims = "".join(
        f'- Alpha and Beta meet {n} times. [[Alpha]] [[Beta]] ^c{n:010x}\n  > "Alpha and Beta meet {n} times."\n'
        for n in range(5)
    )
    pages = {
        "sources/S.md": f"---\ntype: source\ntitle: S\n---\n# S\n\n## Claims\n\n{claims}",
        "concepts/Alpha.md": "---\ntype: concept\ntitle: Alpha\n---\n# Alpha\n\nIt is. [[S#^c0000000001|1]]\n",
        "concepts/Beta.md": "---\ntype: concept\ntitle: Beta\naliases: [B]\n---\n# Beta\n",
    }
    for path, text in pages.items():
        (root / "wiki" / path).parent.mkdir(parents=True, exist_ok=True)
        (root / "wiki" / path).write_text(text, encoding="utf-8")
    desk = Desk(root)
    found = of(desk, "connection")["Alpha and Beta"]
    assert found.evidence[0].place == "wiki/sources/S.md:9"
    assert found.to_do == "write [[Beta]] on wiki/concepts/Alpha.md"
    assert "Alpha and Beta" in of(desk, "page")
    (root / "wiki/concepts/Alpha.md").write_text(
        "---\ntype: concept\ntitle: Alpha\n---\nSee [[b]].\n", encoding="utf-8"
    )
    assert of(desk, "connection") == {}, "a link by an alias is one"
    together = "---\ntype: comparison\ntitle: Both\n---\n[[Alpha]] and [[Beta]]\n"
    (root / "wiki/concepts/Both.md").write_text(together, encoding="utf-8")
    assert of(desk, "page") == {}


def test_it_is_bounded_and_the_same_each_time(desk: Desk) -> None:
    first = suggest(desk, limit=1)
    assert first == suggest(desk, limit=1)
    assert len({one.kind for one in first.suggestions}) == len(first.suggestions)
    assert first.more["source"] == 2


def test_only_one_is_found_by_its_id(desk: Desk) -> None:
    one = next(iter(of(desk, "source").values()))
    assert suggest(desk, only=[one.id]).suggestions == (one,)
    with pytest.raises(DeskError, match="no suggestion s00000000"):
        suggest(desk, only=["s00000000"])


def test_a_command_is_one_line_whatever_its_words_are() -> None:
    assert command_line("ask", "a\nb'; rm -rf $HOME") == "nightdesk ask 'a b'\"'\"'; rm -rf $HOME'"


class Quiet(SimpleHTTPRequestHandler):
    """Serves a folder and says nothing."""

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[str]:
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "lion.md").write_text("# Lion\n\nLion is an optimiser that keeps one moment only.\n", encoding="utf-8")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_what_is_found_enters_raw_with_who_asked_for_it(tmp_path: Path, served: str) -> None:
    root = make_desk(tmp_path, {})
    desk = Desk(root)
    one = Suggestion(
        "question", "How?", "it is open", (Evidence("c0123456789", "wiki/sources/S.md:3"),), "", 1.0, "How?"
    )
    before = sorted(path for path in (root / "wiki").rglob("*.md") if path.name != "log.md")
    filling = Filling(one, (Found(f"{served}/lion.md"), Found(f"{served}/none.md"), Found("http://10.0.0.1:1/x")))
    report = add_found(desk, [filling], policy=FetchPolicy(allow_private=True, timeout_seconds=2), today=date.today())
    assert [(added.path, added.suggestion.id) for added in report.added] == [("raw/lion.md", one.id)]
    assert len(report.refused) == 2
    assert sorted(path for path in (root / "wiki").rglob("*.md") if path.name != "log.md") == before
    message = git(root, "log", "-1", "--format=%B")
    assert f"raw/lion.md: asked for by question {one.id}: {one.what}" in message
    assert one.evidence[0].claim in message
    assert f"asked for by question {one.id}" in (root / "wiki/log.md").read_text(encoding="utf-8")
    assert served in (root / "raw/sources.tsv").read_text(encoding="utf-8")
    assert git(root, "status", "--porcelain") == ""


def test_one_address_stands_once(desk: Desk) -> None:
    found = list(of(desk, "source").values())[:1] * 2
    fillings = find_fillings(found, command="", environment={}, results=3)
    assert [len(filling.found) for filling in fillings] == [1, 0]
