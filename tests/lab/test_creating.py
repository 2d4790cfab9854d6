"""Making a lab: from templates that hold, overwriting nothing."""

from collections.abc import Collection
from pathlib import Path

import pytest

from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.lab.constants import find_constants
from nightdesk.lab.creating import TEMPLATES, data_for, make_lab
from nightdesk.lab.gpu_size import GPU_CONSTANTS
from nightdesk.lab.labs import open_lab
from nightdesk.wiki.new import make_desk
from tests.desks import git


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return make_desk(tmp_path / "desk").desk


@pytest.mark.parametrize("template", TEMPLATES)
def test_each_template_is_a_lab_that_opens_and_is_committed(desk: Desk, template: str) -> None:
    made = make_lab(desk, "tiny", template=template, gpu=False)
    lab = open_lab("tiny", desk=desk, here=desk.root)
    assert made.folder == lab.folder
    assert not lab.program.self_reported
    assert sum(len(find_constants((lab.folder / name).read_text())) for name in lab.program.edit) >= 3
    committed = git(desk.root, "show", "--name-only", "--format=", "HEAD").split()
    assert sorted(committed) == sorted(f"lab/tiny/{path}" for path in made.made)
    assert git(desk.root, "status", "--porcelain") == ""
    assert not [path for path in made.made if "__pycache__" in path]


def test_what_the_person_names_goes_into_program_md_and_nothing_else_changes(desk: Desk, tmp_path: Path) -> None:
    make_lab(desk, "plain", gpu=False)
    make_lab(desk, "own", data=str(tmp_path), budget="20s cpu", gpu=False)
    texts = [(desk.root / "lab" / name / "program.md").read_text() for name in ("plain", "own")]
    lines = [text.splitlines() for text in texts]
    assert "budget: 20s cpu" in lines[1]
    assert f"data: {tmp_path}" in lines[1]
    others = [[line for line in text if not line.startswith(("budget:", "data:"))] for text in lines]
    assert others[0] == others[1]
    assert str(open_lab("own", desk=desk, here=desk.root).program.budget) == "20 s of CPU time"


def test_a_lab_for_a_graphics_card_has_the_originals_size_and_what_the_person_names_all_the_same(desk: Desk) -> None:
    make_lab(desk, "plain", gpu=False)
    make_lab(desk, "big", gpu=True)
    make_lab(desk, "own", data="shakespeare", budget="10m", gpu=True)
    make_lab(desk, "other", template="command", gpu=True)
    program = open_lab("big", desk=desk, here=desk.root).program
    assert (str(program.budget), program.data, program.memory_bytes) == ("300 s", "hf:climbmix", 16 * 10**9)
    own = open_lab("own", desk=desk, here=desk.root).program
    assert (str(own.budget), own.data) == ("600 s", "shakespeare")
    assert open_lab("other", desk=desk, here=desk.root).program.data is None
    for path, constants in GPU_CONSTANTS.items():
        plain, big = ((desk.root / "lab" / name / path).read_text().splitlines() for name in ("plain", "big"))
        changed = [after for before, after in zip(plain, big, strict=True) if before != after]
        assert [line.split(" = ")[0] for line in changed] == constants_in_order(plain, constants)
        assert all(line.split(" = ")[1].startswith(constants[line.split(" = ")[0]][0]) for line in changed)
    knobs = {knob.name: knob for knob in find_constants((desk.root / "lab/big/train.py").read_text())}
    for knob in knobs.values():
        if knob.low is not None and knob.high is not None:
            assert knob.low <= float(knob.value) <= knob.high, knob.name
    assert (knobs["TRAIN_LENGTH"].low, knobs["TRAIN_LENGTH"].high) == (256, 2048)
    assert not {"CLASSES", "COUNT_STEPS", "COUNT_LR", "COUNT_PARTS", "COUNT_SHARE"} & set(knobs)


def constants_in_order(lines: list[str], names: Collection[str]) -> list[str]:
    return [name for line in lines if (name := line.split(" = ")[0]) in names]


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", ".hidden", "a/b", "a b", "ä", "con", "a..b", "a.lock", "a.", "-x", "a~1", "x" * 61, "a\n"],
)
def test_a_name_that_cannot_be_a_folder_and_a_branch_everywhere_is_refused(desk: Desk, name: str) -> None:
    with pytest.raises(DeskError, match="cannot be a lab's name"):
        make_lab(desk, name, gpu=False)
    assert not (desk.root / "lab").exists()


def test_what_is_there_stays(desk: Desk) -> None:
    mine = desk.root / "lab" / "Tiny" / "notes.txt"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    for name in ("Tiny", "tiny"):  # one folder on many systems
        with pytest.raises(DeskError, match="there already"):
            make_lab(desk, name, gpu=False)
    assert [path.name for path in mine.parent.iterdir()] == ["notes.txt"]
    make_lab(desk, "other", gpu=False)
    with pytest.raises(DeskError, match="there already"):
        make_lab(desk, "other", gpu=False)


def test_an_empty_folder_is_no_lab_and_may_become_one(desk: Desk) -> None:
    (desk.root / "lab" / "tiny").mkdir(parents=True)
    assert make_lab(desk, "tiny", template="command", gpu=False).commit is not None


def test_a_link_out_of_the_desk_is_refused(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (desk.root / "lab").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DeskError, match="is a link"):
        make_lab(desk, "tiny", gpu=False)
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_the_branches_of_a_lab_that_was_deleted_are_not_taken_over(desk: Desk) -> None:
    git(desk.root, "branch", "lab/tiny/2026-11-22")
    with pytest.raises(DeskError, match="keeps its branches"):
        make_lab(desk, "tiny", gpu=False)
    make_lab(desk, "tiny2", template="command", gpu=False)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"budget": "much"}, "is no budget"),
        ({"budget": "200 steps"}, "needs a timeout"),
        ({"template": "nothing"}, "no template"),
        ({"template": "command", "data": "desk"}, "takes no data"),
    ],
)
def test_values_that_mean_nothing_are_refused_before_anything_is_made(
    desk: Desk, options: dict[str, str], words: str
) -> None:
    with pytest.raises(DeskError, match=words):
        make_lab(desk, "tiny", gpu=False, **options)
    assert not (desk.root / "lab" / "tiny").exists()


def test_data_are_a_known_name_or_something_that_is_there(tmp_path: Path) -> None:
    (tmp_path / "corpus").mkdir()
    assert data_for("stdlib", folder=tmp_path, here=tmp_path) == "stdlib"
    assert data_for("hf:roneneldan/TinyStories", folder=tmp_path, here=tmp_path) == "hf:roneneldan/TinyStories"
    assert data_for("corpus", folder=tmp_path, here=tmp_path) == str(tmp_path / "corpus")
    with pytest.raises(DeskError, match="there is no data 'shakespear'"):
        data_for("shakespear", folder=tmp_path, here=tmp_path)
