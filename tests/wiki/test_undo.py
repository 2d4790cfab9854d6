"""A change is taken back file by file; nothing that a person wrote is ever lost, and records and sources stay."""

import itertools
import shutil
import tempfile
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.base.files import write_atomically
from nightdesk.base.git import BY_HAND, commit_paths, init_repository, one_change, run_git
from nightdesk.base.pages import make_page, short_hash
from nightdesk.base.trees import PastCommit
from nightdesk.wiki import log
from nightdesk.wiki import undo as undo_module
from nightdesk.wiki.changes import find_change, gather, read_changes, with_states
from nightdesk.wiki.publish import publish
from nightdesk.wiki.undo import undo

PAGE = "wiki/concepts/Muon.md"
OTHER = "wiki/concepts/AdamW.md"


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path_factory.mktemp("home")))  # a machine where git knows no person


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return new_desk(tmp_path / "desk")


def new_desk(root: Path) -> Desk:
    root.mkdir()
    init_repository(root)
    (root / "nightdesk.toml").touch()
    (root / ".gitignore").write_text(".nightdesk/\n")
    commit_paths(root, ["nightdesk.toml", ".gitignore"], "new: make this folder a desk")
    return Desk(root)


def put(desk: Desk, files: dict[str, str | None], message: str = "compile: pages", *, by_person: bool = False) -> None:
    """Write (None: delete) files and commit them as nightdesk's change, or as the person's."""
    for path, text in files.items():
        file = desk.root / path
        if text is None:
            file.unlink()
        else:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(text.encode())
    commit_paths(desk.root, files, message, **({"author": "Ada <ada@example.org>"} if by_person else {}))


def read(desk: Desk, path: str) -> str | None:
    file = desk.root / path
    return file.read_bytes().decode() if file.exists() else None


def lines(*changed: str, count: int = 9) -> str:
    """Return a page of numbered lines; `changed` are lines in place of those with their first word."""
    own = {line.split()[0]: line for line in changed}
    return "".join(f"{own.get(str(n), f'{n} line')}\n\n" for n in range(1, count + 1))


def deeds(desk: Desk, **options: object) -> dict[str, str]:
    return {step.path: step.deed for step in undo(desk, **options).steps}  # type: ignore[arg-type]


def test_files_that_nobody_touched_go_back_and_redo_brings_them_again(desk: Desk) -> None:
    put(desk, {PAGE: "one\n", OTHER: "gone later\n"})
    put(desk, {PAGE: "two\n", OTHER: None, "wiki/new/Sub.md": "new\n"}, "mend: things")
    assert deeds(desk) == {PAGE: "restored", OTHER: "restored", "wiki/new/Sub.md": "removed"}
    assert (read(desk, PAGE), read(desk, OTHER)) == ("one\n", "gone later\n")
    assert not (desk.root / "wiki/new").exists()  # nor an empty folder
    assert not run_git(desk.root, "status", "--porcelain")
    assert deeds(desk, redo=True) == {PAGE: "restored", OTHER: "removed", "wiki/new/Sub.md": "restored"}
    assert (read(desk, PAGE), read(desk, OTHER)) == ("two\n", None)
    assert deeds(desk)[PAGE] == "restored"  # what was brought back is the last change again
    assert deeds(desk) == {PAGE: "removed", OTHER: "removed"}  # and then the one before
    with pytest.raises(DeskError, match="yours since then"):
        undo(desk)


@pytest.mark.parametrize("committed", [True, False])
def test_an_edit_elsewhere_on_the_page_is_merged(committed: bool, desk: Desk) -> None:
    put(desk, {PAGE: lines()})
    put(desk, {PAGE: lines("2 changed")})
    (desk.root / PAGE).write_text(lines("2 changed", "8 mine"))
    if committed:
        put(desk, {}, by_person=True)
    assert deeds(desk) == {PAGE: "merged"}
    assert read(desk, PAGE) == lines("8 mine")
    titles = run_git(desk.root, "log", "--format=%s").splitlines()
    assert titles[:2] == ["undo: compile: pages", f"{BY_HAND}: Muon"]  # what was merged is in git as it was


@pytest.mark.parametrize(
    ("now", "deed", "stands", "aside"),
    [
        (lines("2 mine"), "kept", lines("2 mine"), lines()),  # in the same line
        (None, "kept", None, lines()),  # deleted by the person: it stays so
    ],
)
def test_what_meets_an_edit_is_left_and_put_aside(
    now: str | None, deed: str, stands: str | None, aside: str, desk: Desk
) -> None:
    put(desk, {PAGE: lines(), OTHER: "a\n"})
    put(desk, {PAGE: lines("2 changed"), OTHER: "b\n"})
    if now is None:
        (desk.root / PAGE).unlink()
    else:
        (desk.root / PAGE).write_text(now)
    done = undo(desk)
    [step] = done.conflicts
    assert (step.path, step.deed, read(desk, PAGE), read(desk, step.aside)) == (PAGE, deed, stands, aside)
    assert read(desk, OTHER) == "a\n"
    with pytest.raises(DeskError):  # it counts as taken back: the one before is the first
        deeds(desk, wanted=done.change.id)


def test_a_new_page_that_was_edited_stays(desk: Desk) -> None:
    put(desk, {PAGE: "new\n"})
    (desk.root / PAGE).write_text("new\nmine\n")
    done = undo(desk)
    assert [step.why for step in done.conflicts] == [undo_module.NEW]
    assert read(desk, PAGE) == "new\nmine\n"


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("raw/note.md", "a source"),  # added sources stay
        ("lab/gpt/results.tsv", "a record"),
        ("lab/gpt/experiments/0001.md", "a record"),
        ("costs.tsv", "a record"),
        ("AGENTS.md", "yours"),
        ("text/raw.pdf.edited.md", "yours"),  # what a person corrected, kept beside the new text
    ],
)
def test_what_is_never_taken_back(path: str, why: str, desk: Desk) -> None:
    put(desk, {path: "kept\n", PAGE: "page\n"})
    done = undo(desk)
    assert {step.path: step.why for step in done.steps if step.deed == "stays"} == {path: why}
    assert (read(desk, path), read(desk, PAGE)) == ("kept\n", None)


def test_results_of_a_lab_are_passed_over_and_added_sources_stop(desk: Desk) -> None:
    put(desk, {PAGE: "one\n"})
    put(desk, {"lab/gpt/results.tsv": "row\n"}, "lab gpt: results")
    done = undo(desk)
    assert [change.title for change in done.passed] == ["lab gpt: results"]
    assert read(desk, PAGE) is None
    put(desk, {"raw/a.md": "a\n"}, "add: raw/a.md")
    with pytest.raises(DeskError, match="brought sources: they stay"):
        undo(desk)


def test_what_forget_removed_comes_back_and_what_a_person_removed_does_not(desk: Desk) -> None:
    put(desk, {"raw/a.md": "a\n", "raw/b.md": "b\n", PAGE: "page\n"})
    with one_change():
        put(desk, {"raw/a.md": None}, "forget: raw/a.md")
        put(desk, {"raw/b.md": None, PAGE: None}, "compile: 1 withdrawn, 1 removed")
    assert undo(desk).change.title == "forget: raw/a.md"
    assert (read(desk, "raw/a.md"), read(desk, "raw/b.md"), read(desk, PAGE)) == ("a\n", None, "page\n")


def test_the_commits_of_one_command_are_one_change_and_a_persons_between_them_stays(desk: Desk) -> None:
    put(desk, {PAGE: lines()})
    with one_change():
        put(desk, {PAGE: lines("2 first")}, "mend: a")
        commit = ["-c", "user.name=Ada", "-c", "user.email=a@b.c", "commit", "-qam"]
        (desk.root / PAGE).write_text(lines("2 first", "8 mine"))
        run_git(desk.root, *commit, "mine")
        put(desk, {PAGE: lines("2 first", "5 second", "8 mine")}, "compile: b")
    assert len(read_changes(desk)[0].commits) == 2
    undo(desk)
    assert "8 mine" in str(read(desk, PAGE))
    assert "5 second" not in str(read(desk, PAGE))


def test_the_diary_loses_its_entry_and_keeps_what_was_written_since(desk: Desk) -> None:
    today = date(2026, 11, 23)
    for n in (1, 2):
        log.append_log(desk, "compile", f"number {n}", [f"line {n}"], today=today)
        commit_paths(desk.root, [log.PATH], f"compile: {n}")
    with (desk.root / log.PATH).open("a") as file:
        file.write("\nMy own remark.\n")
    assert deeds(desk) == {log.PATH: "merged"}
    text = str(read(desk, log.PATH))
    assert ("number 1" in text, "number 2" in text, text.endswith("My own remark.\n")) == (True, False, True)
    assert deeds(desk, redo=True) == {log.PATH: "restored"}
    assert all(words in str(read(desk, log.PATH)) for words in ("number 1", "number 2", "My own remark."))


def test_a_link_or_a_folder_that_leads_out_is_never_written_through(desk: Desk, tmp_path: Path) -> None:
    put(desk, {"wiki/concepts/A.md": "one\n", "wiki/deep/B.md": "one\n"})
    put(desk, {"wiki/concepts/A.md": "two\n", "wiki/deep/B.md": "two\n"})
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "B.md").write_text("two\n")
    (outside / "secret").write_text("two\n")
    shutil.rmtree(desk.root / "wiki/deep")
    (desk.root / "wiki/deep").symlink_to(outside)
    (desk.root / "wiki/concepts/A.md").unlink()
    (desk.root / "wiki/concepts/A.md").symlink_to(outside / "secret")
    assert {step.why for step in undo(desk).conflicts} == {undo_module.NO_FILE}
    assert (outside / "B.md").read_text() == (outside / "secret").read_text() == "two\n"


@pytest.mark.parametrize("at", range(1, 5))
def test_killed_in_the_middle_the_same_undo_goes_on(at: int, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [f"wiki/concepts/{n}.md" for n in range(4)]
    put(desk, {PAGE: "before\n"})
    put(desk, dict.fromkeys(paths, "old\n"))
    put(desk, dict.fromkeys(paths, "new\n"))
    count = itertools.count(1)
    real = write_atomically

    def dies(path: Path, content: bytes) -> None:
        real(path, content)
        if next(count) == at:
            raise KeyboardInterrupt

    monkeypatch.setattr(undo_module, "write_atomically", dies)
    with pytest.raises(KeyboardInterrupt):
        undo(desk)
    monkeypatch.undo()
    monkeypatch.setenv("HOME", str(desk.root.parent))
    undo(desk)
    assert [read(desk, path) for path in (*paths, PAGE)] == ["old\n"] * 4 + ["before\n"]
    assert not run_git(desk.root, "status", "--porcelain")


def test_a_change_is_named_by_the_beginning_of_its_id_or_commit(desk: Desk) -> None:
    put(desk, {PAGE: "one\n"})
    put(desk, {OTHER: "two\n"})
    changes = read_changes(desk)
    assert find_change(changes, changes[1].id[:6]) == changes[1]
    assert find_change(changes, changes[0].commits[0][:8].upper()) == changes[0]
    for wrong in ("", "n", "nffffffffffff", "--all"):
        with pytest.raises(DeskError):
            find_change(changes, wrong)
    assert deeds(desk, wanted=changes[1].id) == {PAGE: "removed"}
    with pytest.raises(DeskError, match="taken back already"):
        undo(desk, wanted=changes[1].id)


def test_dry_changes_nothing(desk: Desk) -> None:
    put(desk, {PAGE: "one\n"})
    head = run_git(desk.root, "rev-parse", "HEAD")
    assert deeds(desk, dry=True) == {PAGE: "removed"}
    assert (read(desk, PAGE), run_git(desk.root, "rev-parse", "HEAD")) == ("one\n", head)


def commit(number: int, message: str, author: str = "nightdesk <nightdesk@localhost>") -> PastCommit:
    return PastCommit(f"{number:040x}", author, datetime(2026, 11, 23, tzinfo=UTC), message)


@pytest.mark.parametrize(
    ("commits", "expected"),
    [
        ([commit(2, "mine", "Ada <a@b.c>"), commit(1, "compile: a")], [("0000000000", "compile: a", False)]),
        ([commit(1, f"{BY_HAND}: Muon")], []),  # a person without a name in git
        (
            [commit(2, "compile: b\n\nNightdesk-Change: nb"), commit(1, "back from: x\n\nNightdesk-Change: nb")],
            [("nb", "compile: b", False)],
        ),
        (  # a name of a file that looks like our line is not at the end
            [commit(1, "compile: a\n\nread raw/\nNightdesk-Change: nx\nmore\nmore\n\nNightdesk-Change: na")],
            [("na", "compile: a", False)],
        ),
        (
            [
                commit(2, "undo: compile: a\n\nNightdesk-Undo: na\n\nNightdesk-Change: nu"),
                commit(1, "compile: a\n\nNightdesk-Change: na"),
            ],
            [("nu", "undo: compile: a", False), ("na", "compile: a", True)],
        ),
        (
            [
                commit(3, "redo: compile: a\n\nNightdesk-Undo: nu\n\nNightdesk-Change: nr"),
                commit(2, "undo: compile: a\n\nNightdesk-Undo: na\n\nNightdesk-Change: nu"),
                commit(1, "compile: a\n\nNightdesk-Change: na"),
            ],
            [("nr", "redo: compile: a", False), ("nu", "undo: compile: a", True), ("na", "compile: a", False)],
        ),
    ],
)
def test_changes_are_told_from_commits(commits: list[PastCommit], expected: list[tuple[str, str, bool]]) -> None:
    assert [(c.id, c.title, c.undone) for c in with_states(gather(commits))] == expected


NAMES = ("A", "B", "C")
OPERATIONS = st.lists(
    st.one_of(
        st.tuples(st.just("compile"), st.sets(st.sampled_from(NAMES)), st.integers(0, 2)),
        st.tuples(st.just("edit"), st.sampled_from(NAMES), st.integers(0, 8)),
        st.tuples(st.just("save"), st.none(), st.none()),
        st.tuples(st.just("undo"), st.none(), st.none()),
        st.tuples(st.just("redo"), st.none(), st.none()),
    ),
    min_size=3,
    max_size=9,
)


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(operations=OPERATIONS)
def test_nothing_that_a_person_wrote_is_ever_lost(operations: list[tuple[str, object, object]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        desk = new_desk(Path(folder) / "desk")
        number = itertools.count(1)
        written: set[str] = set()
        before: dict[str, bytes] | None = None  # as it was before the last change, if nobody wrote since
        for kind, what, how in operations:
            if kind == "compile":
                before = _tree(desk)
                _compile(desk, what, next(number) * 10 + int(str(how)))  # type: ignore[arg-type]
            elif kind == "edit":
                token = _edit(desk, str(what), int(str(how)), next(number))
                written |= {token} if token else set()
                before = None if token else before
            elif kind == "save":
                run_git(desk.root, "add", "-A")
                run_git(desk.root, "-c", "user.name=A", "-c", "user.email=a@b", "commit", "-qm", "mine", check=False)
            else:
                try:
                    undo(desk, redo=kind == "redo")
                except DeskError:
                    continue
                if kind == "undo" and before is not None:
                    assert _tree(desk) == before
                before = None
            everything = b"".join(_tree(desk).values())
            assert {token for token in written if token.encode() not in everything} == set()
        run_git(desk.root, "fsck", "--strict")


def _tree(desk: Desk) -> dict[str, bytes]:
    files = (file for file in desk.wiki.rglob("*") if file.is_file()) if desk.wiki.exists() else ()
    return {desk.relative(file): file.read_bytes() for file in files}


def _compile(desk: Desk, wanted: set[str], version: int) -> None:
    """Publish these pages in a version of their own, and withdraw the others."""
    with one_change():
        planned = []
        for name in sorted(wanted):
            body = f"# {name}\n\n" + "".join(f"{n} line{version if n % 4 == version % 4 else ''}\n\n" for n in range(9))
            page = make_page({"title": name}, body, made_from=short_hash(f"{version}{name}"))
            planned.append((f"wiki/concepts/{name}.md", page))
        standing = [path for path in _tree(desk) if path.startswith("wiki/concepts/")]
        done = publish(desk, planned, [path for path in standing if Path(path).stem not in wanted])
        commit_paths(desk.root, done.touched, f"compile: {version}")


def _edit(desk: Desk, name: str, line: int, number: int) -> str | None:
    file = desk.root / f"wiki/concepts/{name}.md"
    if not file.exists():
        return None
    parts = file.read_text().split("\n")
    token = f"Mine number {number}."
    parts.insert(len(parts) - 1 - min(line, 8), token)
    file.write_text("\n".join(parts))
    return token
