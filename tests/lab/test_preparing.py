"""Preparing data: once, confined, what runs see apart from what they never see."""

import json
from pathlib import Path

import pytest

from nightdesk.base.errors import DeskError
from nightdesk.base.lock import hold_lock
from nightdesk.base.sandbox import why_not
from nightdesk.lab.labs import Lab
from nightdesk.lab.preparing import SCRIPT, STAMP, is_prepared, prepare_data
from nightdesk.lab.programs import Program, parse_program

SCRIPT_TEXT = """
import sys, pathlib
data, out, sealed = sys.argv[3], pathlib.Path(sys.argv[5]), pathlib.Path(sys.argv[7])
for path in (out / "train.bin", out / "tokenizer.json", sealed / "val.bin", sealed / "test.bin"):
    path.write_text(data)
print("3 documents")
"""
CONFINED = why_not(network=False) is None
needs_sandbox = pytest.mark.skipif(not CONFINED, reason="programs cannot be confined here")


def lab_with(root: Path, script: str = SCRIPT_TEXT, *, data: str = "stdlib", judge: str = "nightdesk") -> Lab:
    folder = root / "lab"
    folder.mkdir(exist_ok=True)
    (folder / "train.py").write_text("A = 1\n")
    (folder / SCRIPT).write_text(script)
    return Lab("tiny", folder, root, root / "state", program(data, judge))


def program(data: str, judge: str = "nightdesk") -> Program:
    text = f"---\nrun: python train.py\nedit: [train.py]\nmetric: m\njudge: {judge}\ndata: {data}\n---\n"
    return parse_program(text, files={"train.py", SCRIPT})


def test_it_is_done_once_and_again_where_script_or_source_changed(tmp_path: Path) -> None:
    lab = lab_with(tmp_path)
    assert not is_prepared(lab)
    first = prepare_data(lab, confined=CONFINED)
    assert first is not None
    assert (first.fresh, first.said) == (True, ("3 documents",))
    assert (lab.sealed / "val.bin").read_text() == "stdlib"
    assert sorted(path.name for path in lab.data.iterdir()) == ["tokenizer.json", "train.bin"]
    second = prepare_data(lab, confined=CONFINED)
    assert second is not None
    assert (second.fresh, second.said, second.version) == (False, first.said, first.version)
    other = prepare_data(lab_with(tmp_path, data="shakespeare"), confined=CONFINED)
    assert other is not None
    assert other.fresh
    assert other.version != first.version
    lab_with(tmp_path, SCRIPT_TEXT + "#\n")
    assert not is_prepared(lab)
    assert not list(lab.state.glob("preparing-*"))


def test_data_that_went_missing_are_made_again(tmp_path: Path) -> None:
    lab = lab_with(tmp_path)
    prepare_data(lab, confined=CONFINED)
    (lab.sealed / "test.bin").unlink()
    again = prepare_data(lab, confined=CONFINED)
    assert again is not None
    assert again.fresh
    (lab.state / STAMP).write_text("[1]")
    assert not is_prepared(lab)


def test_a_file_of_the_person_is_handed_over_by_its_path(tmp_path: Path) -> None:
    (tmp_path / "lab").mkdir()
    (tmp_path / "lab" / "corpus.txt").write_text("words")
    script = SCRIPT_TEXT.replace("write_text(data)", "write_text(pathlib.Path(data).read_text())")
    lab = lab_with(tmp_path, script, data="corpus.txt")
    prepare_data(lab, confined=CONFINED)
    assert (lab.data / "train.bin").read_text() == "words"


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("import sys; sys.exit('too little text: 12 bytes')", "too little text: 12 bytes"),
        ("import no_such_thing", 'No module named .*pip install "nightdesk'),
        ("pass", "left no data/train.bin, data/tokenizer.json"),
        ("import os; os._exit(3)", "ended with code 3 and said nothing"),
        (SCRIPT_TEXT + "\n(sealed / 'x').symlink_to('/etc/passwd')", "no plain file"),
        ("print('\\x1b[31mred'); raise SystemExit(1)", ": red$|: red "),
    ],
)
def test_what_goes_wrong_is_said_in_one_line_and_the_old_data_stay(tmp_path: Path, script: str, words: str) -> None:
    prepare_data(lab_with(tmp_path), confined=CONFINED)
    lab = lab_with(tmp_path, script)
    with pytest.raises(DeskError, match=words) as raised:
        prepare_data(lab, confined=CONFINED)
    assert "\n" not in raised.value.message
    assert "\x1b" not in raised.value.message
    assert (lab.sealed / "val.bin").read_text() == "stdlib"
    assert not list(lab.state.glob("preparing-*"))


def test_no_script_and_no_data_are_said(tmp_path: Path) -> None:
    lab = lab_with(tmp_path)
    (lab.folder / SCRIPT).unlink()
    with pytest.raises(DeskError, match=r"has data: stdlib, and no prepare\.py"):
        prepare_data(lab, confined=CONFINED)
    missing = lab_with(tmp_path, data="../gone.txt")
    with pytest.raises(DeskError, match="there is no data"):
        prepare_data(missing, confined=CONFINED)


def test_a_lab_without_data_needs_no_preparing(tmp_path: Path) -> None:
    lab = lab_with(tmp_path)
    text = "---\nrun: a\nedit: [train.py]\nmetric: m\n---\n"
    bare = Lab("tiny", lab.folder, tmp_path, lab.state, parse_program(text, files={"train.py"}))
    assert is_prepared(bare)
    assert prepare_data(bare, confined=CONFINED) is None


def test_a_lab_at_work_keeps_its_data(tmp_path: Path) -> None:
    lab = lab_with(tmp_path)
    with hold_lock(lab.lock, doing="running"), pytest.raises(DeskError, match="in use"):
        prepare_data(lab, confined=CONFINED)


def test_stopping_ends_it_at_once(tmp_path: Path) -> None:
    lab = lab_with(tmp_path, "import time; time.sleep(600)")
    with pytest.raises(KeyboardInterrupt):
        prepare_data(lab, confined=CONFINED, stopped=lambda: True)
    assert not is_prepared(lab)


@needs_sandbox
def test_it_sees_neither_the_person_nor_the_network(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("mine")
    script = SCRIPT_TEXT + (
        "\nimport json, os, socket\n"
        "def reach():\n"
        "    try:\n        socket.create_connection(('1.1.1.1', 53), 2)\n        return True\n"
        "    except OSError:\n        return False\n"
        f"seen = {{'secret': os.path.exists({str(tmp_path / 'secret.txt')!r}), 'network': reach(),"
        " 'keys': [k for k in os.environ if 'KEY' in k]}\n"
        "print(json.dumps(seen))\n"
    )
    prepared = prepare_data(lab_with(tmp_path, script), confined=True)
    assert prepared is not None
    assert json.loads(prepared.said[-1]) == {"secret": False, "network": False, "keys": []}
