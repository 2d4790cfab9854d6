"""What code mends on a real desk: only where one mend is certain, at its place, and nothing of a person's words."""

import shutil
from datetime import date
from pathlib import Path

import pytest

from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.base.settings import Settings
from nightdesk.wiki.mend.leftovers import original_of
from nightdesk.wiki.mend.mend import Mended, checked_scope, mend_desk
from nightdesk.wiki.undo import undo
from tests.desks import git, make_desk, run

TODAY = date(2026, 11, 23)
NOTES = "wiki/concepts/Notes.md"
FRONT = "---\ntype: concept\ntitle: Notes\n---\n"


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    desk = make_desk(tmp_path_factory.mktemp("mend"))
    assert run(desk, "compile").code == 0
    put(
        desk,
        "wiki/concepts/Old name.md",
        "---\ntype: concept\ntitle: Other title\n---\n# Old name\n\n## Part one\n\nx\n",
    )
    put(
        desk, "wiki/concepts/Twin.md", "---\ntype: concept\ntitle: Twin one\n---\n# Twin\n\n## Same\n\n## Some-thing!\n"
    )
    put(desk, "wiki/img/my picture.PNG", "not really")
    commit(desk)
    (desk / "wiki/moved").mkdir()
    (desk / "wiki/concepts/Old name.md").rename(desk / "wiki/moved/New name.md")
    commit(desk)
    put(
        desk,
        "wiki/concepts/Twin.md",
        "---\ntype: concept\ntitle: Twin one\n---\n# Twin\n\n## Other\n\n## Some-thing!\n",
    )
    return desk


@pytest.fixture
def desk(compiled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    return Path(shutil.copytree(compiled, tmp_path / "desk", symlinks=True))


def put(desk: Path, path: str, text: str) -> None:
    (desk / path).parent.mkdir(parents=True, exist_ok=True)
    (desk / path).write_bytes(text.encode())


def commit(desk: Path) -> None:
    git(desk, "add", "-A")
    git(desk, "-c", "user.name=Ada", "-c", "user.email=a@b.c", "commit", "-qm", "mine")


def mend(desk: Path, *paths: str, rules: tuple[str, ...] = (), dry: bool = False) -> Mended:
    place = Desk(desk)
    return mend_desk(place, Settings(), checked_scope(place, paths, rules), dry=dry, today=TODAY)


@pytest.mark.parametrize(
    ("written", "mended"),
    [
        ("[[Old name]]", "[[New name|Old name]]"),  # renamed and moved: what is shown stays
        ("[[concepts/Old name#Part one|words]]", "[[New name#Part one|words]]"),
        ("![[Old name]]", "![[New name]]"),
        ("[see](Old%20name.md)", "[see](../moved/New%20name.md)"),
        ("[see](<Old name.md#part-one>)", "[see](../moved/New%20name.md#part-one)"),
        ("[[warm_up]]", "[[Warm-up]]"),  # one file has that name, written otherwise
        ("[[Weight%20decay|it]]", "[[Weight decay|it]]"),
        ("[[weight decay.md.md]]", "[[Weight decay]]"),
        ("[[gone/folder/Weight decay]]", "[[Weight decay]]"),
        ("![[my_picture.png]]", "![[my picture.PNG]]"),
        ("![alt](pics/my-picture.png)", "![alt](../img/my%20picture.PNG)"),
        ("[[Other title]]", "[[New name|Other title]]"),  # another name of one page
        ("[[Twin#some thing]]", "[[Twin#Some-thing!]]"),  # the same letters
        ("[[Twin#Same]]", "[[Twin#Other]]"),  # git knows the heading that stood there
        ("x\n\n| a |\n| --- |\n| [[Old name]] |", "x\n\n| a |\n| --- |\n| [[New name\\|Old name]] |"),
        ("[[Nowhere]]", None),  # nothing has that name
        ("[[Twin#Nothing]]", None),
        ("`[[Old name]]`", None),  # no link
        ("[[Old name\n]]", None),
    ],
)
def test_links_that_are_certain(written: str, mended: str | None, desk: Path) -> None:
    text = f"{FRONT}# Notes\n\nA person's words, and {{}} among them: [[Muon]] [[New name]].\n"
    put(desk, NOTES, text.replace("{}", written))
    done = mend(desk, NOTES)
    assert (desk / NOTES).read_bytes().decode() == text.replace("{}", mended or written)
    assert done.mended == (mended is not None), done.left
    assert mend(desk, NOTES).mended == 0


@pytest.mark.parametrize("windows", [False, True])
def test_line_ends_and_all_else_stay_to_the_byte(windows: bool, desk: Path) -> None:
    text = f"\ufeff{FRONT}# Notes\n\nÄ [[Old name]] 大 `x`\t \n\n\n- [[warm_up|w]]  \n%% [[Old name]] %%"
    text = text.replace("\n", "\r\n") if windows else text
    put(desk, NOTES, text)
    assert mend(desk, NOTES).mended == 2
    wanted = text.replace("Ä [[Old name]]", "Ä [[New name|Old name]]").replace("[[warm_up|w]]", "[[Warm-up|w]]")
    assert (desk / NOTES).read_bytes().decode() == wanted


def test_a_rename_that_nobody_committed_is_known_too(desk: Path) -> None:
    commit(desk)
    (desk / "wiki/concepts/Twin.md").rename(desk / "wiki/concepts/Pair.md")
    commit(desk)
    (desk / "wiki/concepts/Pair.md").rename(desk / "wiki/concepts/Couple.md")
    put(desk, NOTES, f"{FRONT}[[Twin]] [[Pair]] [[Muon]]\n")
    assert mend(desk, NOTES).mended == 2
    assert "[[Couple|Twin]] [[Couple|Pair]]" in (desk / NOTES).read_text()


def test_two_files_that_may_be_meant_are_named_and_left(desk: Path) -> None:
    for folder in ("a", "b"):
        put(desk, f"wiki/{folder}/Same-thing.md", FRONT)
    put(desk, NOTES, f"{FRONT}[[same thing]] [[Muon]]\n")
    done = mend(desk, NOTES)
    assert [why for f, why in done.left.items() if f.rule == "broken-link"] == [
        "it may be wiki/a/Same-thing.md or wiki/b/Same-thing.md"
    ]
    assert done.commit is None


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("# My title\n\n[[Muon]]\n", "---\ntype: concept\ntitle: My title\n---\n# My title\n\n[[Muon]]\n"),
        ("[[Muon]]\r\n", "---\r\ntype: concept\r\ntitle: Notes\r\n---\r\n[[Muon]]\r\n"),  # the file's name
        (
            "---\ntags: [a] # mine\n---\n[[Muon]]\n",
            "---\ntags: [a] # mine\ntype: concept\ntitle: Notes\n---\n[[Muon]]\n",
        ),
        (
            "---\ntitle: X\ntype: concept\ntitle: X\n---\n[[Muon]]\n",
            "---\ntitle: X\ntype: concept\n---\n[[Muon]]\n",
        ),  # twice the same
        ("---\ntitle: X\ntype: concept\ntitle: Y\n---\n[[Muon]]\n", None),  # which one is for a person to say
        ("---\ntitle: [\n---\n[[Muon]]\n", None),
        ("---\ntype:\ntitle: X\n---\n[[Muon]]\n", None),  # empty is what a person wrote
    ],
)
def test_frontmatter_whose_values_are_known(before: str, after: str | None, desk: Path) -> None:
    put(desk, NOTES, before)
    mend(desk, NOTES, rules=("frontmatter-missing", "frontmatter-malformed"))
    assert (desk / NOTES).read_bytes().decode() == (after or before)


def test_a_key_that_an_own_page_lost_comes_from_its_own_version(desk: Path) -> None:
    page = desk / "wiki/concepts/Muon.md"
    text = page.read_text()
    page.write_text(text.replace("type: concept\n", "", 1))
    assert mend(desk, rules=("frontmatter-missing",)).mended == 1
    assert "type: concept\n" in page.read_text()


def test_a_citation_follows_its_claim_to_the_page_that_makes_it(desk: Path) -> None:
    page = desk / "wiki/concepts/Muon.md"
    text = page.read_text()
    page.write_text(text.replace("[[Notes on schedules#^", "[[Gone source#^", 1) + "\nMine.\n")
    assert mend(desk, rules=("broken-citation",)).mended == 1
    assert page.read_text() == text + "\nMine.\n"


@pytest.mark.parametrize(
    ("copy", "original"),
    [
        ("a/Page.sync-conflict-20260101-101010-ABC1234.md", "a/Page.md"),
        ("Page (conflicted copy 2026-01-01).md", "Page.md"),
        ("Page (Ada's conflicted copy 2026-01-01).md", "Page.md"),
        ("Page.md.orig", "Page.md"),
    ],
)
def test_the_original_of_a_copy(copy: str, original: str) -> None:
    assert original_of(copy) == original


def test_a_mere_copy_is_deleted_and_one_that_differs_stays(desk: Path) -> None:
    same, other = "wiki/concepts/Twin.sync-conflict-20260101-101010-ABC.md", "wiki/concepts/Twin (conflicted copy 1).md"
    twin = (desk / "wiki/concepts/Twin.md").read_text()
    put(desk, same, twin)
    put(desk, other, twin + "more\n")
    done = mend(desk, rules=("sync-conflict",))
    assert (done.removed, [f.file for f in done.left]) == ([same], [other])
    assert not (desk / same).exists()
    assert git(desk, "log", "--format=%s", "--", same).count("\n") == 2  # it was in git before it went
    undo(Desk(desk))
    assert (desk / same).read_text() == twin


def test_mentions_become_links_only_where_they_are_asked_for(desk: Path) -> None:
    put(desk, NOTES, f"{FRONT}[[New name]]. With weight decay it works; `weight decay` and Weight decay too.\n")
    assert mend(desk).mended == 0
    assert mend(desk, NOTES, rules=("unlinked-mention",)).mended == 1
    assert "With [[Weight decay|weight decay]] it works; `weight decay` and Weight" in (desk / NOTES).read_text()


def test_what_a_person_has_not_committed_is_theirs_in_git_and_undo_leaves_it(desk: Path) -> None:
    put(desk, NOTES, f"{FRONT}[[Old name]] [[Muon]]\n\nMine.\n")
    assert mend(desk).commit
    assert git(desk, "log", "-2", "--format=%s").splitlines()[1] == "edits by hand: Notes"
    with (desk / NOTES).open("a") as file:
        file.write("\nWritten since.\n")
    undo(Desk(desk))
    assert (desk / NOTES).read_text() == f"{FRONT}[[Old name]] [[Muon]]\n\nMine.\n\nWritten since.\n"


def test_index_drift_is_mended_by_a_compile(desk: Path) -> None:
    index = desk / "wiki/index.md"
    text = index.read_text()
    (desk / "wiki/index.md").unlink()
    (desk / "raw/adam.md").write_text("# Adam\n\nAdam is an optimiser. Adam needs a warm-up of 200 steps.\n")
    planned = mend(desk, dry=True)
    assert planned.compiled
    assert not index.exists()
    done = mend(desk)
    assert "wiki/index.md" in done.compiled
    assert "Adam" in index.read_text() != text


def test_the_dry_run_prints_what_is_done_then(desk: Path) -> None:
    put(desk, NOTES, f"{FRONT}[[Old name]] [[Muon]] [[warm_up]]")
    told = run(desk, "mend", "--dry-run")
    assert told.code == 1
    assert (desk / NOTES).read_text().count("[[Old name]]") == 1
    commit(desk)
    (desk.parent / "a.patch").write_text(told.out)
    git(desk, "apply", str(desk.parent / "a.patch"))
    patched = (desk / NOTES).read_bytes()
    git(desk, "checkout", "-q", ".")
    assert run(desk, "mend", NOTES).code == 0
    assert (desk / NOTES).read_bytes() == patched
    document = run(desk, "mend", "--json", NOTES).document
    assert (document["mended"], document["left"], document["commit"]) == (0, [], None)


@pytest.mark.parametrize(
    ("paths", "rules"), [(["/etc/passwd"], []), (["raw/muon.md"], []), ([], ["nonsense"]), ([], ["orphan"])]
)
def test_wrong_use(paths: list[str], rules: list[str], desk: Path) -> None:
    with pytest.raises(DeskError):
        checked_scope(Desk(desk), paths, rules)
