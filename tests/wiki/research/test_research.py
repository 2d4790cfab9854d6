"""Research that is interrupted, and sources that it must not take."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pytest

from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.base.settings import Settings
from nightdesk.base.stages import silent
from nightdesk.wiki.answering.replies import shown_body
from nightdesk.wiki.compile import compile_desk
from nightdesk.wiki.new import make_desk as new_desk
from nightdesk.wiki.research.research import Terms, research
from nightdesk.wiki.research.temporary_desk import copy_sources, is_raw_file, open_temporary_desk
from tests.desks import ADAM, MUON

TODAY = date(2026, 11, 23)
SETTINGS = Settings(jobs=1)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    made = new_desk(tmp_path_factory.mktemp("research") / "desk").desk
    (made.raw / "muon.md").write_text(MUON, encoding="utf-8")
    (made.raw / "adam.md").write_text(ADAM, encoding="utf-8")
    compile_desk(made, SETTINGS, stage=silent, today=TODAY)
    return made


@contextmanager
def interrupted_while_asking(label: str, total: int) -> Iterator[Callable[[], None]]:
    steps = 0

    def step() -> None:
        nonlocal steps
        steps += 1
        if label == "asking" and steps == 2:
            raise KeyboardInterrupt

    yield step


def test_what_was_found_before_ctrl_c_is_told(desk: Desk) -> None:
    terms = Terms(SETTINGS)
    whole = research(desk, "Compare Muon and AdamW", terms, stage=silent, today=TODAY)
    part = research(desk, "Compare Muon and AdamW", terms, stage=interrupted_while_asking, today=TODAY)
    assert part.interrupted
    assert part.reply.knows
    assert "What is Muon?" in part.reply.body
    assert "the work ended before it was asked" in part.reply.body
    assert 0 < len(part.reply.references) < len(whole.reply.references)


def test_nothing_is_found_before_anything_is_read(desk: Desk) -> None:
    @contextmanager
    def at_once(label: str, total: int) -> Iterator[Callable[[], None]]:
        raise KeyboardInterrupt
        yield lambda: None

    found = research(desk, "What is Muon?", Terms(SETTINGS), stage=at_once, today=TODAY)
    assert found.interrupted
    assert not found.reply.knows


def test_the_same_question_gives_the_same_report(desk: Desk) -> None:
    one, other = (
        research(desk, "Muon or AdamW?", Terms(SETTINGS), stage=silent, today=TODAY).reply.body for _ in range(2)
    )
    assert one == other
    assert shown_body(one)


@pytest.mark.parametrize(
    "raw",
    ["raw/../nightdesk.toml", "/etc/hostname", "nightdesk.toml", "raw/link.md", "raw/none.md", "raw", "raw/a\0b", ""],
)
def test_only_files_of_raw_are_taken(desk: Desk, raw: str) -> None:
    link = desk.raw / "link.md"
    if not link.is_symlink():
        link.symlink_to(desk.root / "nightdesk.toml")
    assert not is_raw_file(desk, raw)
    with open_temporary_desk(None, beside=desk) as temporary:
        assert copy_sources(desk, temporary, [raw]) == ()
        assert not [path for path in temporary.raw.rglob("*") if path.name != ".gitkeep"]


def test_a_changed_text_is_not_cited_by_its_old_words(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a person changes while the research runs must not be cited as it was."""
    raw = desk.raw / "muon.md"
    before = raw.read_text(encoding="utf-8")

    @contextmanager
    def changing(label: str, total: int) -> Iterator[Callable[[], None]]:
        if label == "asking":
            raw.write_text("\n\n" + before, encoding="utf-8")
        yield lambda: None

    try:
        found = research(desk, "Compare Muon and AdamW", Terms(SETTINGS), stage=changing, today=TODAY)
    finally:
        raw.write_text(before, encoding="utf-8")
    assert all(reference.claim or reference.source != "raw/muon.md" for reference in found.reply.references)


def test_a_kept_desk_does_not_lie_in_the_other(desk: Desk) -> None:
    inside = desk.root / "wiki" / "kept"
    with pytest.raises(DeskError, match="lies in the desk"):
        research(desk, "What is Muon?", Terms(SETTINGS, keep=inside), stage=silent, today=TODAY)
    assert not inside.exists()


def test_the_folder_of_a_research_is_gone_after_an_error(desk: Desk) -> None:
    seen: list[Path] = []

    def fail() -> None:
        with open_temporary_desk(None, beside=desk) as temporary:
            seen.append(temporary.root)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert not seen[0].exists()
