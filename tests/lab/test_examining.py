"""What `nightdesk doctor` says of the labs of a desk."""

from pathlib import Path

from nightdesk.base.desk import Desk
from nightdesk.base.git import init_repository
from nightdesk.lab.examining import examine_labs

EXTRA = "pip install it"


def lab(desk: Desk, name: str, program: str) -> None:
    folder = desk.root / "lab" / name
    folder.mkdir(parents=True)
    (folder / "train.py").write_text("X = 1\n", encoding="utf-8")
    (folder / "program.md").write_text(program, encoding="utf-8")


def test_a_desk_without_labs_is_told_nothing_of_them(tmp_path: Path) -> None:
    assert list(examine_labs(Desk(tmp_path), ["torch"], extra=EXTRA)) == []


def test_labs(tmp_path: Path) -> None:
    init_repository(tmp_path)
    desk = Desk(tmp_path)
    lab(desk, "good", "---\nrun: python train.py\nedit: [train.py]\nmetric: loss\nbudget: 60s cpu\n---\nGo.\n")
    lab(desk, "odd", "---\nrun: python train.py\nedit: [trian.py]\nmetric: loss\n---\nGo.\n")
    good, odd, extra, isolated = examine_labs(desk, ["torch"], extra=EXTRA)
    assert (good.good, good.found) == (True, "good: loss, self-reported, 60 s of CPU time a run")
    assert not odd.good
    assert "program.md, line 3: there is no file 'trian.py', did you mean \"train.py\"?" in odd.found
    assert odd.mend is not None
    assert (extra.good, extra.found, extra.mend) == (False, "not installed: torch", EXTRA)
    assert isolated.good or isolated.mend is not None
    assert next(iter(examine_labs(desk, [], extra=EXTRA))).good
    assert [check.good for check in examine_labs(desk, [], extra=EXTRA) if check.name == "lab extra"] == [True]
