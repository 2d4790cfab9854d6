"""Pages by an AI: written from their claims alone, kept while they are true, mended where claims change."""

import random
import re
import shutil
from pathlib import Path

import pytest

from nightdesk.base.pages import parse_page
from nightdesk.wiki.claims import find_citations
from tests.desks import ADAM, MUON, make_desk, snapshot
from tests.player import Asked, Player, broken, compile_here, pieces, play

MUON_PAGE = "wiki/concepts/Muon.md"
NEW = (
    "# Lion\n\nLion is an optimiser that uses the sign of the momentum. Lion needs a lower learning rate than AdamW.\n"
)


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    desk = make_desk(tmp_path_factory.mktemp("compiled"))
    assert not compile_here(desk, Player()).problems
    return desk


@pytest.fixture
def desk(compiled: Path, tmp_path: Path) -> Path:
    """Return a desk whose sources and pages are an AI's work."""
    return Path(shutil.copytree(compiled, tmp_path / "desk"))


def body(desk: Path, name: str) -> str:
    return (desk / "wiki/concepts" / f"{name}.md").read_text(encoding="utf-8")


def by(desk: Path) -> dict[str, str]:
    pages = {path.stem: parse_page(path.read_text(encoding="utf-8")) for path in (desk / "wiki/concepts").glob("*.md")}
    return {name: page.value("generated")["by"] for name, page in pages.items()}


def test_every_page_is_written_by_the_ai_and_by_type(desk: Path) -> None:
    assert set(by(desk).values()) == {"openai:stub"}
    types = {name: parse_page(body(desk, name)).value("type") for name in by(desk)}
    assert types["Muon"] == "concept"
    assert types["Optimiser (overview)"] == "overview"
    assert types["AdamW and Muon"] == "comparison"
    index = (desk / "wiki/index.md").read_text(encoding="utf-8")
    assert "- [[AdamW and Muon]]: " in index.partition("## Comparisons and themes")[2]


def test_a_brief_holds_its_claims_and_not_the_wiki(desk: Path) -> None:
    player = Player()
    compile_here(desk, player, again=(MUON_PAGE,))
    (asked,) = player.asked
    assert asked.subject == "Muon"
    assert "Muon tolerates a short warm-up." in asked.text
    assert "Weight decay shrinks" not in asked.text


def test_a_new_source_rewrites_only_the_pages_that_its_claims_reach(desk: Path) -> None:
    before = snapshot(desk)
    (desk / "raw/lion.md").write_text(NEW, encoding="utf-8")
    player = Player()
    compile_here(desk, player)
    rewritten = player.subjects("write")
    assert "Muon" not in rewritten, "it says nothing of Muon"
    assert "Learning rate" in rewritten
    asked = next(asked for asked in player.asked if asked.subject == "Learning rate")
    data = pieces(asked.text)
    assert "The learning rate scales each update." in data["the page as it is"]
    assert "Lion needs a lower learning rate than AdamW." in data["new claims"]
    assert "The learning rate scales each update." in data["the other claims"]
    assert data["withdrawn claims"] == "(none)"
    assert "Lion needs a lower learning rate than AdamW." in body(desk, "Learning rate")
    changed = {path for path, content in snapshot(desk).items() if before.get(path) != content}
    assert {f"wiki/concepts/{name}.md" for name in rewritten} | {"wiki/sources/Lion.md", "wiki/index.md"} == changed
    assert broken(desk) == []


def test_what_was_withdrawn_is_told(desk: Path) -> None:
    (desk / "raw/muon.md").write_text(MUON.replace("Muon runs five", "Muon runs six"), encoding="utf-8")
    player = Player()
    compile_here(desk, player)
    data = pieces(next(asked for asked in player.asked if asked.subject == "Muon").text)
    assert "Muon runs six" in data["new claims"]
    assert "Muon runs five" in data["the page as it is"]
    (gone,) = find_citations(data["withdrawn claims"])
    assert gone.page == "Muon, explained"
    assert "five" not in body(desk, "Muon")


@pytest.mark.parametrize("worker", ["player", "builtin"])
@pytest.mark.parametrize("name", ["adam.md", "muon.md", "notes.txt"])
def test_after_a_source_is_removed_nothing_is_broken(desk: Path, name: str, worker: str) -> None:
    (desk / "raw" / name).unlink()
    compile_here(desk, Player() if worker == "player" else None)
    assert broken(desk) == []
    shutil.rmtree(desk / ".nightdesk")
    before = snapshot(desk)
    player = Player()
    compile_here(desk, player if worker == "player" else None)
    assert not player.asked
    assert snapshot(desk) == before


def from_muon_alone(asked: Asked) -> str:
    """Write Muon's page from one source, with a link; all else as usual."""
    if asked.subject != "Muon":
        return play(asked.text)
    lines = [line for line in play(asked.text).splitlines() if "[[Muon, explained#" in line]
    return "\n".join(lines).replace("long warm-up", "long [[Warm-up|warm-up]]")


def test_a_page_that_waits_for_a_writer_stays_as_long_as_it_is_true(desk: Path) -> None:
    compile_here(desk, Player(from_muon_alone), again=(MUON_PAGE,))
    text = body(desk, "Muon")
    (desk / "raw/muon2.md").write_text("# Muon again\n\nMuon needs two hours on a laptop.\n", encoding="utf-8")
    report = compile_here(desk, None)
    assert by(desk)["Muon"] == "openai:stub", "it lacks a claim, and all it says is true"
    assert body(desk, "Muon").partition("# Muon")[2] == text.partition("# Muon")[2]
    assert any(MUON_PAGE in note and "waits for an AI worker" in note for note in report.notes)


@pytest.mark.parametrize("cached", [True, False])
def test_a_link_to_a_page_that_is_gone_becomes_plain_words(desk: Path, cached: bool) -> None:
    compile_here(desk, Player(from_muon_alone), again=(MUON_PAGE,))
    assert "long [[Warm-up|warm-up]] when" in body(desk, "Muon")
    for name in ("adam.md", "notes.txt"):
        (desk / "raw" / name).unlink()
    if not cached:
        shutil.rmtree(desk / ".nightdesk")
    compile_here(desk, None)
    assert "Warm-up" not in by(desk)
    assert broken(desk) == []
    assert by(desk)["Muon"] == "openai:stub", "all that it says rests on claims that there are"
    assert "does not need a long warm-up when" in body(desk, "Muon")


def test_a_page_that_is_no_longer_true_is_the_built_in_workers_until_it_is_written_anew(desk: Path) -> None:
    (desk / "raw/muon.md").write_text(MUON.replace("Muon runs five", "Muon runs six"), encoding="utf-8")
    compile_here(desk, None)
    assert by(desk)["Muon"] == "nightdesk/builtin"
    assert broken(desk) == []
    compile_here(desk, Player())
    assert by(desk)["Muon"] == "openai:stub"


def test_of_a_page_that_is_half_right_the_good_half_is_kept(desk: Path) -> None:
    def half(asked: Asked) -> str:
        (first, *_) = find_citations(play(asked.text))
        return play(asked.text) + f"\nMuon was found by 77 people. [[{first.page}#^{first.id}|1]]"

    report = compile_here(desk, Player(half), again=(MUON_PAGE,))
    assert "77 people" not in body(desk, "Muon")
    assert by(desk)["Muon"] == "openai:stub"
    assert any("accepted in part" in note and "77" in note for note in report.notes)
    assert broken(desk) == []


def test_a_page_that_cannot_be_mended_keeps_its_old_text_where_that_is_true(desk: Path) -> None:
    text = body(desk, "Muon")
    report = compile_here(desk, Player(lambda asked: "No."), again=(MUON_PAGE,))
    assert set(report.problems) == {"Muon"}
    assert body(desk, "Muon") == text


def test_a_persons_edit_and_the_new_text_are_merged(desk: Path) -> None:
    page = desk / "wiki/concepts/Learning rate.md"
    text = page.read_text(encoding="utf-8")
    page.write_text(text.replace("## Related\n", "Try 3 of them.\n\n## Related\n"), encoding="utf-8")
    (desk / "raw/lion.md").write_text(NEW, encoding="utf-8")
    player = Player()
    compile_here(desk, player)
    asked = next(asked for asked in player.asked if asked.subject == "Learning rate")
    assert "Try 3 of them." not in asked.text, "a person's sentences are never sent as the page's text"
    assert "Try 3 of them." in body(desk, "Learning rate")
    assert "Lion needs a lower" in body(desk, "Learning rate")
    before = snapshot(desk)
    shutil.rmtree(desk / ".nightdesk")
    player.forget()
    compile_here(desk, player)
    assert not player.asked
    assert snapshot(desk) == before


def test_citations_have_the_numbers_of_the_sources_below_in_whatever_order_they_are_written(desk: Path) -> None:
    def backwards(asked: Asked) -> str:
        return "\n".join(reversed(play(asked.text).splitlines()))

    compile_here(desk, Player(backwards), again=(MUON_PAGE,))
    text = body(desk, "Muon")
    assert text.index("[[Notes on schedules#") < text.index("[[Adam and warm-up#")
    check_numbers(text)


def test_pages_written_again_and_again_do_not_grow(desk: Path) -> None:
    before = snapshot(desk)
    for _ in range(3):
        compile_here(desk, Player(), again=(MUON_PAGE,))
    assert snapshot(desk) == before


def test_without_a_writer_readings_are_an_ais_and_pages_are_not(tmp_path: Path) -> None:
    desk = make_desk(tmp_path, {"muon.md": MUON, "adam.md": ADAM})
    writer = Player()
    compile_here(desk, None, write=writer)
    assert set(writer.forget()) == {"write"}
    assert "openai:stub" in by(desk).values()
    sources = "".join(path.read_text(encoding="utf-8") for path in (desk / "wiki/sources").glob("*.md"))
    assert "by: openai" not in sources


# pages of very many claims

WORDS = [
    "batch",
    "layer",
    "kernel",
    "gradient",
    "tensor",
    "matrix",
    "vector",
    "token",
    "epoch",
    "shard",
    "cache",
    "buffer",
    "schedule",
    "weight",
]


def hot_source(number: int) -> str:
    chosen = random.Random(number)
    lines = []
    for n in range(14):
        verb, one, two = chosen.choice(["improves", "limits", "changes"]), *chosen.choices(WORDS, k=2)
        lines.append(f"Muon {verb} the {one} {two} speed by {1000 + 100 * number + n} percent.")
    return f"# Report {chr(65 + number)}\n\n{' '.join(lines)}\n"


@pytest.fixture(scope="module")
def hot_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    sources = {f"report-{number:02}.md": hot_source(number) for number in range(16)}
    desk = make_desk(tmp_path_factory.mktemp("hot"), sources)
    player = Player()
    assert not compile_here(desk, player).problems
    sections = [subject for subject in player.subjects("write") if subject.startswith("Muon (section")]
    assert len(sections) >= 5
    assert max(len(asked.text) for asked in player.asked) < 25_000, "each brief is small, however many claims there are"
    return desk


@pytest.fixture
def hot(hot_base: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(hot_base, tmp_path / "desk"))


def test_a_hot_page_is_written_in_sections(hot: Path) -> None:
    text = body(hot, "Muon")
    assert by(hot)["Muon"] == "openai:stub"
    cited = {citation.id for citation in find_citations(text)}
    assert len(cited) == 14 * 16, "no claim is lost"
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert len(headings) == len(set(headings)) >= 3
    assert broken(hot) == []


def test_on_a_hot_page_a_source_has_one_number_and_it_is_the_one_below(hot: Path) -> None:
    check_numbers(body(hot, "Muon"))


def check_numbers(text: str) -> None:
    numbers: dict[str, set[str]] = {}
    for citation in find_citations(text):
        numbers.setdefault(citation.page, set()).add(citation.label)
    listed = dict(re.findall(r"^(\d+)\. \[\[([^\]]+)\]\]", text.partition("\n## Sources\n")[2], re.MULTILINE))
    assert {page: {number} for number, page in listed.items()} == numbers


@pytest.mark.parametrize("name", ["report-00a.md", "report-07a.md", "report-15a.md"])
def test_one_more_claim_rewrites_few_sections(hot: Path, name: str) -> None:
    text = "# One more\n\nMuon improves the batch kernel speed by 99000 percent.\n"
    (hot / "raw" / name).write_text(text, encoding="utf-8")
    player = Player()
    compile_here(hot, player)
    sections = [subject for subject in player.subjects("write") if subject.startswith("Muon (section")]
    assert 1 <= len(sections) <= 2
    assert player.subjects("write").count("Muon (lead)") <= 1
    assert "99000" in body(hot, "Muon")
    assert broken(hot) == []


def test_without_the_cache_a_hot_page_is_not_written_again(hot: Path) -> None:
    before = snapshot(hot)
    shutil.rmtree(hot / ".nightdesk")
    player = Player()
    compile_here(hot, player)
    assert not player.asked
    assert snapshot(hot) == before


def test_a_section_that_fails_is_missing_and_reported(hot: Path) -> None:
    def fail_one(asked: Asked) -> str:
        return "No." if "(section 2" in asked.subject else play(asked.text)

    report = compile_here(hot, Player(fail_one), again=(MUON_PAGE,))
    (subject,) = report.problems
    assert subject.startswith("Muon (section 2 of ")
    assert by(hot)["Muon"] == "openai:stub"
    cited = {citation.id for citation in find_citations(body(hot, "Muon"))}
    assert 14 * 16 - 50 <= len(cited) < 14 * 16
    assert broken(hot) == []
