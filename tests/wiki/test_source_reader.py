"""Readings by an AI: made once, kept on their pages, given back by them, and never at the cost of the desk."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from nightdesk.agents.tasks import CapReachedError, WorkerError
from nightdesk.base.pages import parse_page
from nightdesk.wiki.claims import parse_claims
from tests.desks import MUON, git, make_desk, snapshot
from tests.player import Asked, Player, broken, compile_here, pieces, play

PAGE = "wiki/sources/Muon, explained.md"
READ = ["raw/adam.md", "raw/muon.md", "raw/notes.txt"]


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a desk that is not compiled yet."""
    return make_desk(tmp_path_factory.mktemp("fresh"))


@pytest.fixture(scope="module")
def compiled(fresh: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    desk = Path(shutil.copytree(fresh, tmp_path_factory.mktemp("compiled") / "desk"))
    report = compile_here(desk, Player())
    assert not report.problems
    return desk


@pytest.fixture
def desk(compiled: Path, tmp_path: Path) -> Path:
    """Return a desk whose sources and pages are an AI's work."""
    return Path(shutil.copytree(compiled, tmp_path / "desk"))


@pytest.fixture
def new_desk(fresh: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(fresh, tmp_path / "desk"))


def by(desk: Path, path: str) -> str:
    return str(parse_page((desk / path).read_text(encoding="utf-8")).value("generated")["by"])


def edit(desk: Path, path: str, old: str, new: str) -> None:
    text = (desk / path).read_text(encoding="utf-8")
    assert old in text
    (desk / path).write_text(text.replace(old, new, 1), encoding="utf-8")


def commit(desk: Path) -> None:
    git(desk, "-c", "user.name=me", "-c", "user.email=me@example.org", "commit", "-qam", "by hand")


def statements(desk: Path, path: str = PAGE) -> list[str]:
    return [claim.statement for claim in parse_claims((desk / path).read_text(encoding="utf-8"))]


def test_each_source_is_read_once(new_desk: Path) -> None:
    player = Player()
    report = compile_here(new_desk, player)
    assert player.subjects("read") == READ
    assert sorted(report.read) == READ
    assert by(new_desk, PAGE) == "openai:stub", "without the address"
    assert broken(new_desk) == []
    assert git(new_desk, "status", "--porcelain") == ""
    before = snapshot(new_desk, but=())
    player.forget()
    assert compile_here(new_desk, player).read == []
    assert not player.asked
    assert snapshot(new_desk, but=()) == before


@pytest.mark.parametrize("worker", ["player", "builtin"])
@pytest.mark.parametrize("committed", [False, True], ids=["uncommitted", "committed"])
def test_without_the_cache_pages_give_their_readings_back(desk: Path, worker: str, committed: bool) -> None:
    edit(desk, PAGE, "## Claims", "A remark of my own.\n\n## Claims")
    edit(desk, PAGE, "tags:", "rating: 5\ntags:")
    edit(desk, "wiki/concepts/Muon.md", "\n## Sources", "\nI must try this.\n\n## Sources")
    if committed:
        commit(desk)
    before = snapshot(desk, but=())
    shutil.rmtree(desk / ".nightdesk")
    player = Player()
    compile_here(desk, player if worker == "player" else None)
    assert not player.asked
    assert snapshot(desk, but=()) == before


def test_a_claim_that_a_person_changed_on_the_page_is_not_the_readers(desk: Path) -> None:
    edit(desk, PAGE, "Muon runs five", "Muon runs nine")
    shutil.rmtree(desk / ".nightdesk")
    player = Player()
    compile_here(desk, player)
    assert not player.asked, "the version that nightdesk wrote is in git"
    concepts = "".join(path.read_text(encoding="utf-8") for path in (desk / "wiki/concepts").glob("*.md"))
    assert "nine" not in concepts, "a person's sentence is no evidence"


def test_a_page_that_claims_to_be_ours_with_a_quote_that_is_not_there_is_read_anew(desk: Path) -> None:
    page = parse_page((desk / PAGE).read_text(encoding="utf-8"))
    body = page.body.replace("runs five", "runs nine")
    forged = type(page)(page.front, body)
    text = forged.text.replace(str(page.written), forged.content_hash)
    (desk / PAGE).write_text(text, encoding="utf-8")
    shutil.rmtree(desk / ".nightdesk")
    player = Player()
    compile_here(desk, player)
    assert player.subjects("read") == ["raw/muon.md"]
    concepts = "".join(path.read_text(encoding="utf-8") for path in (desk / "wiki/concepts").glob("*.md"))
    assert "nine" not in concepts


@pytest.mark.parametrize("cached", [True, False])
def test_the_built_in_worker_leaves_an_ais_reading_alone(desk: Path, cached: bool) -> None:
    before = snapshot(desk, but=())
    if not cached:
        shutil.rmtree(desk / ".nightdesk")
    assert not compile_here(desk, None).changed
    assert snapshot(desk, but=()) == before


def test_a_changed_text_is_read_anew_and_a_built_in_reading_stands_in_until_then(desk: Path) -> None:
    (desk / "raw/muon.md").write_text(MUON.replace("five", "six"), encoding="utf-8")
    compile_here(desk, None)
    assert by(desk, PAGE) == "nightdesk/builtin"
    assert broken(desk) == []
    player = Player()
    compile_here(desk, player)
    assert player.subjects("read") == ["raw/muon.md"]
    assert by(desk, PAGE) == "openai:stub"
    assert "Muon runs six Newton-Schulz steps per update." in statements(desk)
    assert broken(desk) == []


def test_a_new_source_costs_one_reading_and_is_offered_the_names_in_use(desk: Path) -> None:
    text = "# Lion\n\nLion needs a Newton-Schulz iteration as much as AdamW. Lion is small.\n"
    (desk / "raw/a-new.md").write_text(text, encoding="utf-8")
    player = Player()
    compile_here(desk, player)
    assert player.subjects("read") == ["raw/a-new.md"]
    (asked,) = (asked for asked in player.asked if asked.kind == "read")
    names = pieces(asked.text)["names in use"].split(" | ")
    assert "AdamW" in names, "it is named in the text and used by other readings"
    assert "Warm-up" not in names, "in use, but not in this text"


def test_a_source_on_its_own(new_desk: Path) -> None:
    player = Player()
    report = compile_here(new_desk, player, only=("raw/adam.md",))
    assert player.subjects("read") == ["raw/adam.md"]
    assert by(new_desk, PAGE) == "nightdesk/builtin"
    assert by(new_desk, "wiki/sources/Adam and warm-up.md") == "openai:stub"
    assert not report.problems
    assert broken(new_desk) == []


def test_a_source_read_again_on_request(desk: Path) -> None:
    def one_claim(asked: Asked) -> str:
        if asked.kind == "write":
            return play(asked.text)
        hand_in = json.loads(play(asked.text))
        return json.dumps(hand_in | {"claims": hand_in["claims"][:1], "summary": [0], "pages": []})

    player = Player(one_claim)
    compile_here(desk, player, again=("raw/muon.md",))
    assert player.subjects("read") == ["raw/muon.md"]
    assert len(statements(desk)) == 1
    assert broken(desk) == []
    player.forget()
    compile_here(desk, player)
    assert not player.asked


def stop(asked: Asked) -> str:
    raise CapReachedError("the cap of 10 tokens")


def fail(asked: Asked) -> str:
    raise WorkerError("no network")


@pytest.mark.parametrize("cached", [True, False])
@pytest.mark.parametrize("reply", [stop, fail, lambda asked: "No."])
def test_a_reading_stays_when_it_cannot_be_done_again(desk: Path, reply: Any, cached: bool) -> None:
    before = snapshot(desk)
    if not cached:
        shutil.rmtree(desk / ".nightdesk")
    report = compile_here(desk, Player(reply), again=("raw/muon.md",))
    assert report.left or report.problems
    assert snapshot(desk) == before
    player = Player()
    compile_here(desk, player)
    assert not player.asked, "there is one"


def test_an_image_is_not_for_readers_of_text(tmp_path: Path) -> None:
    desk = make_desk(tmp_path, {"muon.md": MUON})
    (desk / "raw/plot.png").write_bytes(
        bytes.fromhex(
            "89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b55"
            "0000000a49444154789c6360000000020001e221bc330000000049454e44ae426082"
        )
    )
    player = Player()
    compile_here(desk, player)
    assert player.subjects("read") == ["raw/muon.md"]


# hand-ins that are not good


def half_right(asked: Asked) -> str:
    hand_in = json.loads(play(asked.text)) if asked.kind == "read" else None
    if hand_in is None or "Muon" not in pieces(asked.text)["about the source"]:
        return play(asked.text)
    wrong = {"statement": "Muon is the best.", "quote": "Muon is the best of them all.", "concepts": ["Muon"]}
    return json.dumps(hand_in | {"claims": [wrong, *hand_in["claims"]], "summary": [1]})


def test_of_a_reading_that_is_half_right_the_good_claims_are_kept_and_the_rest_is_reported(new_desk: Path) -> None:
    player = Player(half_right)
    report = compile_here(new_desk, player)
    assert player.subjects("read").count("raw/muon.md") == 2, "the same mistakes again: not asked a third time"
    assert any("does not stand in the text" in reason for asked in player.asked for reason in asked.reasons)
    assert not report.problems
    (note,) = (note for note in report.notes if "raw/muon.md" in note)
    assert "accepted in part" in note
    assert "does not stand in the text" in note
    found = statements(new_desk)
    assert len(found) == 4
    assert "Muon is the best." not in found
    assert by(new_desk, PAGE) == "openai:stub"
    player.forget()
    compile_here(new_desk, player)
    assert not player.asked


def test_a_reader_that_hands_in_rubbish_leaves_the_built_in_wiki(new_desk: Path, tmp_path: Path) -> None:
    other = Path(shutil.copytree(new_desk, tmp_path / "other"))
    compile_here(other, None)
    player = Player(lambda asked: "I am sorry, I cannot do that.")
    report = compile_here(new_desk, player)
    assert snapshot(new_desk) == snapshot(other)
    assert set(READ) < set(report.problems)
    assert all("\n" not in problem for problem in report.problems.values())
    player.forget()
    again = compile_here(new_desk, player)
    assert not player.asked, "it would fail again"
    assert again.problems == report.problems, "but it is told"
    assert compile_here(new_desk, Player(), retry=True).problems == {}
    assert by(new_desk, PAGE) == "openai:stub"


def test_a_server_that_is_down_is_no_failure_to_remember(new_desk: Path) -> None:
    def down(asked: Asked) -> str:
        raise WorkerError("cannot reach the server")

    player = Player(down)
    report = compile_here(new_desk, player)
    assert len(player.asked) == 3, "given up, for the pages too"
    assert report.problems
    assert "cannot reach the server" in next(iter(report.left.values()))
    assert by(new_desk, PAGE) == "nightdesk/builtin"
    up = Player()
    assert compile_here(new_desk, up).problems == {}
    assert up.subjects("read") == READ


# sources that are read in parts


def long_text() -> str:
    sections = []
    for n in range(6):
        lines = [f"The learning rate of AdamW in run {n}{k} was {n}{k} percent of its peak." for k in range(1, 5)]
        sections.append(f"## Run {n}\n\n" + " ".join(lines) + "\n")
    return "# Long\n\n" + "\n".join(sections)


@pytest.fixture(scope="module")
def long_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_desk(tmp_path_factory.mktemp("long"), {"long.md": long_text()})


@pytest.fixture
def long_desk(long_base: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(long_base, tmp_path / "desk"))


LONG = "wiki/sources/Long.md"
PARTS = [f"raw/long.md (part {n} of 3)" for n in (1, 2, 3)]


def in_parts(**how: Any) -> Player:
    return Player(part_chars=650, **how)


def test_a_long_source_is_read_in_parts_and_joined(long_desk: Path) -> None:
    player = in_parts()
    compile_here(long_desk, player)
    assert player.subjects("read") == PARTS
    texts = [pieces(asked.text)["the text"] for asked in player.asked if asked.kind == "read"]
    assert all(len(text) <= 650 for text in texts)
    assert len(statements(long_desk, LONG)) == 24, "each once"
    assert [int(s.split("run ")[1].split()[0]) for s in statements(long_desk, LONG)] == sorted(
        int(s.split("run ")[1].split()[0]) for s in statements(long_desk, LONG)
    ), "in the order of the text"
    assert broken(long_desk) == []
    player.forget()
    before = snapshot(long_desk, but=())
    shutil.rmtree(long_desk / ".nightdesk")
    compile_here(long_desk, player)
    assert not player.asked
    assert snapshot(long_desk, but=()) == before


def test_a_part_that_fails_costs_only_itself(long_desk: Path) -> None:
    player = in_parts(reply=lambda asked: "no" if "part 2" in asked.subject else play(asked.text))
    report = compile_here(long_desk, player)
    assert by(long_desk, LONG) == "openai:stub"
    assert len(statements(long_desk, LONG)) == 16
    assert set(report.problems) == {PARTS[1]}
    player.forget()
    compile_here(long_desk, player)
    assert not player.asked


def stop_at_part_2(asked: Asked) -> str:
    if "part 2" in asked.subject:
        raise CapReachedError("the cap of 10 tokens")
    return play(asked.text)


def down_at_part_2(asked: Asked) -> str:
    if "part 2" in asked.subject:
        raise WorkerError("no network")
    return play(asked.text)


@pytest.mark.parametrize(
    ("reply", "todo"),
    [
        (stop_at_part_2, PARTS[1:]),  # a cap ends the work
        (down_at_part_2, PARTS[1:2]),  # a fault does not
    ],
)
def test_a_part_that_is_left_is_read_the_next_time_and_the_others_are_not(
    long_desk: Path, reply: Any, todo: list[str]
) -> None:
    report = compile_here(long_desk, in_parts(reply=reply))
    assert by(long_desk, LONG) == "nightdesk/builtin", "half a reading is none"
    assert broken(long_desk) == []
    assert report.left or report.problems
    player = in_parts()
    compile_here(long_desk, player)
    assert player.subjects("read") == todo
    assert len(statements(long_desk, LONG)) == 24


def test_of_two_pages_suggested_under_one_name_it_is_always_the_same_one(new_desk: Path) -> None:
    def suggest(asked: Asked) -> str:
        if asked.kind == "write":
            return play(asked.text)
        hand_in = json.loads(play(asked.text))
        used = sorted({name for claim in hand_in["claims"] for name in claim["concepts"]})
        idea = {"name": "How they differ", "type": "comparison", "of": used[:2], "why": ""}
        return json.dumps(hand_in | {"pages": [idea]})

    player = Player(suggest)
    compile_here(new_desk, player, only=("raw/muon.md", "raw/notes.txt"))
    compile_here(new_desk, player)
    before = snapshot(new_desk)
    player.forget()
    compile_here(new_desk, player)
    assert not player.asked
    assert snapshot(new_desk) == before


# rules and briefs


def test_the_desks_rules_and_its_own_briefs_are_sent(desk: Path) -> None:
    (desk / "AGENTS.md").write_text("# Rules\n\nWrite like a pirate.\n", encoding="utf-8")
    player = Player()
    compile_here(desk, player)
    assert not player.asked, "new rules do nothing anew by themselves"
    (desk / "briefs").mkdir()
    (desk / "briefs/read.md").write_text("Read it, matey: {{ part }} {{ least }} {{ most }}\n", encoding="utf-8")
    compile_here(desk, player)
    assert not player.asked
    compile_here(desk, player, again=("raw/muon.md",))
    (asked,) = (asked for asked in player.asked if asked.kind == "read")
    assert asked.text.startswith("Read it, matey: You have the whole text.")
    assert "Write like a pirate." in asked.text


def test_a_mistake_in_the_desks_own_brief_is_told_and_costs_nothing(new_desk: Path) -> None:
    (new_desk / "briefs").mkdir()
    (new_desk / "briefs/read.md").write_text("Read {{ everything }}.\n", encoding="utf-8")
    player = Player()
    report = compile_here(new_desk, player)
    assert player.subjects("read") == []
    assert "briefs/read.md" in report.problems["raw/adam.md"]
    assert by(new_desk, PAGE) == "nightdesk/builtin"
    (new_desk / "briefs/read.md").unlink()
    assert compile_here(new_desk, player).problems == {}
    assert player.subjects("read") == READ


def test_different_workers_for_different_kinds(new_desk: Path) -> None:
    reader, writer = Player(name="google:r"), Player(name="anthropic:w")
    compile_here(new_desk, reader, write=writer)
    assert set(reader.forget()) == {"read"}
    assert set(writer.forget()) == {"write"}
    assert (by(new_desk, PAGE), by(new_desk, "wiki/concepts/Muon.md")) == ("google:r", "anthropic:w")
