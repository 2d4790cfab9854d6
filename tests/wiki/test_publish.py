"""Pages on disk: what a person wrote is merged or set aside, and no crash loses it."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from nightdesk.base import files
from nightdesk.base.desk import Desk
from nightdesk.base.git import commit_paths, init_repository, old_versions, run_git
from nightdesk.base.pages import Page, make_page, parse_page, short_hash
from nightdesk.wiki import publish as publish_module
from nightdesk.wiki.publish import publish
from nightdesk.wiki.report import Published

PATH = "wiki/concepts/Muon.md"
ASIDE = "wiki/set-aside/Muon (new version).md"
LINES = ["First line.", "Second line.", "Third line.", "Fourth line.", "Fifth line."]
MINE = "My own line, written at night."


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    root = tmp_path / "desk"
    root.mkdir()
    init_repository(root)
    (root / "nightdesk.toml").touch()
    commit_paths(root, ["nightdesk.toml"], "new")
    return Desk(root)


def version(*lines: str, tags: tuple[str, ...] = ("concept",)) -> Page:
    """Nightdesk's own version of the page with these lines, a blank line between."""
    body = "# Muon\n\n" + "".join(f"{line}\n\n" for line in lines)
    return make_page({"title": "Muon", "tags": list(tags)}, body, made_from=short_hash(repr((lines, tags))))


def compile_to(desk: Desk, page: Page, path: str = PATH) -> Published:
    """Publish a page and commit what was touched, as a compile does."""
    done = publish(desk, [(path, page)], [])
    commit_paths(desk.root, done.touched, "compile")
    return done


def read(desk: Desk, path: str = PATH) -> str:
    return (desk.root / path).read_bytes().decode()


def edit(desk: Desk, old: str, new: str, path: str = PATH) -> None:
    text = read(desk, path)
    assert old in text
    (desk.root / path).write_bytes(text.replace(old, new, 1).encode())


def without_mark(text: str) -> str:
    return text.partition("nightdesk:\n")[0] + text.partition("\n---\n")[2]


def everything(desk: Desk) -> str:
    """All that stands on disk or in git's history."""
    on_disk = [path.read_bytes().decode() for path in desk.wiki.rglob("*.md")]
    kept = [content.decode() for content in old_versions(desk.root, PATH)]
    return "\n".join([*on_disk, *kept])


def test_a_page_that_nobody_edited_is_replaced(desk: Desk) -> None:
    assert compile_to(desk, version("one")).written == [PATH]
    assert compile_to(desk, version("two")).written == [PATH]
    assert read(desk) == version("two").text
    assert compile_to(desk, version("two")).touched == [], "the same again writes nothing"


def test_line_ends_are_no_edit(desk: Desk) -> None:
    compile_to(desk, version("one"))
    (desk.root / PATH).write_bytes(version("one").text.replace("\n", "\r\n").encode())
    assert compile_to(desk, version("one")).touched == []
    assert compile_to(desk, version("two")).written == [PATH]


@pytest.mark.parametrize("committed", [True, False])
def test_edits_and_the_new_version_are_merged(desk: Desk, committed: bool) -> None:
    compile_to(desk, version(*LINES))
    edit(desk, LINES[0], f"{LINES[0]} {MINE}")
    edit(desk, "title: Muon\n", "title: Muon\n# mine\nrating: 5\n")
    edit(desk, "- concept\n", "- concept\n- favourite\n")
    if committed:
        commit_paths(desk.root, [PATH], "by hand", author=None)
    done = compile_to(desk, version(*LINES[:4], "The new fifth line.", tags=("concept", "new")))
    assert (done.merged, done.set_aside, done.written) == ([PATH], [], [])
    page = parse_page(read(desk))
    assert f"{LINES[0]} {MINE}" in page.body
    assert "The new fifth line." in page.body
    assert LINES[4] not in page.body
    assert (page.value("rating"), page.value("tags")) == (5, ["concept", "new", "favourite"])
    assert "# mine\n" in page.text
    assert page.edited
    assert run_git(desk.root, "status", "--porcelain") == ""


def test_the_next_merge_starts_from_the_version_that_was_merged_last(desk: Desk) -> None:
    compile_to(desk, version(*LINES))
    edit(desk, LINES[0], MINE)
    for number in range(3):
        done = compile_to(desk, version(*LINES[:4], f"Fifth line, version {number}."))
        assert done.merged == [PATH]
        assert MINE in read(desk)
        assert f"Fifth line, version {number}." in read(desk)
        assert "version" not in read(desk).replace(f"version {number}", "")
    assert compile_to(desk, version(*LINES[:4], "Fifth line, version 2.")).touched == [], "it was offered already"


def test_a_person_who_writes_what_the_new_version_says_has_no_edit_left(desk: Desk) -> None:
    compile_to(desk, version(*LINES))
    edit(desk, LINES[0], "The new first line.")
    new = version("The new first line.", *LINES[1:])
    compile_to(desk, new)
    assert read(desk) == new.text
    assert compile_to(desk, version("anything")).written == [PATH]


def test_changes_that_meet_are_set_aside_and_the_persons_page_stays(desk: Desk) -> None:
    compile_to(desk, version(*LINES))
    edit(desk, LINES[2], MINE)
    before = read(desk)
    new = version(*LINES[:2], "The new third line.", *LINES[3:])
    done = compile_to(desk, new)
    assert (done.set_aside, done.merged, done.written) == ([ASIDE, PATH], [], [])
    assert without_mark(read(desk)) == without_mark(before)
    assert read(desk, ASIDE) == new.text
    assert compile_to(desk, new).touched == [], "it is offered once"
    newer = version(*LINES[:2], "The new third line.", LINES[3], "The new fifth line.")
    done = compile_to(desk, newer)
    assert done.merged == [PATH], "merged from the version that was set aside"
    assert MINE in read(desk)
    assert "The new fifth line." in read(desk)
    assert "The new third line." not in read(desk), "the person decided about that one"


@pytest.mark.parametrize("form", ["\r\n", "\ufeff", "\ufeff\r\n"])
def test_a_page_that_stays_keeps_its_line_ends(desk: Desk, form: str) -> None:
    compile_to(desk, version(*LINES))
    edit(desk, LINES[2], MINE)
    text = read(desk)
    mark, ends = form.removesuffix("\r\n"), "\r\n" if form.endswith("\r\n") else "\n"
    (desk.root / PATH).write_bytes((mark + text.replace("\n", ends)).encode())
    compile_to(desk, version("Something else altogether."))
    now = read(desk)
    assert now.startswith(f"{mark}---{ends}")
    assert without_mark(now.removeprefix(mark).replace(ends, "\n")) == without_mark(text)
    assert now.count("\n") == now.count(ends)


def test_a_set_aside_version_that_a_person_works_on_is_not_overwritten(desk: Desk) -> None:
    compile_to(desk, version(*LINES))
    edit(desk, LINES[2], MINE)
    compile_to(desk, version("Second version."))
    edit(desk, "Second version.", "Second version, and my notes on it.", ASIDE)
    done = compile_to(desk, version("Third version."))
    assert done.set_aside == ["wiki/set-aside/Muon (new version) 2.md", PATH]
    assert "my notes on it" in read(desk, ASIDE)
    done = compile_to(desk, version("Fourth version."))
    assert done.set_aside[0] == "wiki/set-aside/Muon (new version) 2.md", "one that nobody edited is replaced"


def test_without_a_base_in_the_history_both_are_kept(desk: Desk) -> None:
    publish(desk, [(PATH, version(*LINES))], [])  # not committed: the compile was killed
    edit(desk, LINES[0], MINE)
    done = compile_to(desk, version(*LINES[:4], "new"))
    assert done.set_aside == [ASIDE, PATH]
    assert MINE in read(desk)


def test_a_page_that_git_takes_for_binary_is_kept(desk: Desk) -> None:
    compile_to(desk, version(*LINES))
    edit(desk, LINES[0], f"{MINE}\0")
    assert compile_to(desk, version(*LINES[:4], "new")).set_aside == [ASIDE, PATH]
    assert MINE in read(desk)


def test_a_page_that_a_person_deleted_comes_back_with_the_next_version(desk: Desk) -> None:
    compile_to(desk, version("one"))
    (desk.root / PATH).unlink()
    assert compile_to(desk, version("two")).written == [PATH]


@pytest.mark.parametrize(
    "text", ["# My own page\n", "---\ntitle: Mine\r\n---\nx", "", "\ufeffx\r", "---\nnightdesk: mine\n---\n"]
)
def test_a_page_that_nightdesk_did_not_make_is_never_touched(desk: Desk, text: str) -> None:
    (desk.root / PATH).parent.mkdir(parents=True)
    (desk.root / PATH).write_bytes(text.encode())
    done = compile_to(desk, version("one"))
    assert (done.written, done.merged, done.set_aside) == ([], [], [ASIDE])
    assert read(desk) == text
    assert read(desk, ASIDE) == version("one").text
    assert run_git(desk.root, "status", "--porcelain").split("\n")[0].startswith("??"), "nor committed"
    assert compile_to(desk, version("one")).touched == []
    assert publish(desk, [], [PATH]).touched == [], "nor withdrawn"
    assert read(desk) == text


@pytest.mark.parametrize(
    "content", [b"---\ntitle: [\n---\nMine\n", b"---\nnightdesk: {\n---\n", b"\xff\xfe", b"---\na: 1\na: 2\n---\n"]
)
def test_a_page_that_cannot_be_read_is_left_alone(desk: Desk, content: bytes) -> None:
    compile_to(desk, version("one"))
    (desk.root / PATH).write_bytes(content)
    done = publish(desk, [(PATH, version("two"))], [])
    assert (done.unreadable, done.touched) == ([PATH], [])
    assert publish(desk, [], [PATH]).touched == []
    assert (desk.root / PATH).read_bytes() == content


def test_a_folder_in_the_way_is_left_alone(desk: Desk) -> None:
    (desk.root / PATH).mkdir(parents=True)
    assert publish(desk, [(PATH, version("two"))], []).unreadable == [PATH]


def test_an_obsolete_page_goes_and_an_edited_one_is_moved(desk: Desk) -> None:
    compile_to(desk, version("one"))
    assert publish(desk, [], [PATH]).removed == [PATH]
    assert not (desk.root / PATH).exists()
    for aside in ("wiki/set-aside/Muon (withdrawn).md", "wiki/set-aside/Muon (withdrawn) 2.md"):
        compile_to(desk, version("one"))
        edit(desk, "one", f"{MINE}\r")
        before = read(desk)
        done = publish(desk, [], [PATH])
        assert (done.removed, done.set_aside) == ([PATH], [aside])
        assert read(desk, aside) == before
    assert publish(desk, [], [PATH]).touched == []


def edit_far(desk: Desk) -> None:
    edit(desk, LINES[0], MINE)


def edit_near(desk: Desk) -> None:
    edit(desk, LINES[4], MINE)


@pytest.mark.parametrize("make_edit", [edit_far, edit_near])
@pytest.mark.parametrize("fails_at", [1, 2, 3])
@pytest.mark.parametrize("half", [False, True])
def test_a_crash_between_the_steps_loses_nothing_that_a_person_wrote(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, make_edit: Callable[[Desk], None], fails_at: int, half: bool
) -> None:
    """Whatever was written before the crash, the person's line is there, and the next compile finishes."""
    other = "wiki/concepts/Other.md"
    compile_to(desk, version(*LINES))
    compile_to(desk, version("other"), other)
    make_edit(desk)
    calls = 0

    def fail(path: Path, content: str | bytes, *, durable: bool = True) -> None:
        nonlocal calls
        calls += 1
        if calls == fails_at and not half:
            raise KeyboardInterrupt
        files.write_atomically(path, content, durable=durable)
        if calls == fails_at:
            raise KeyboardInterrupt

    new = version(*LINES[:4], "The new fifth line.")
    planned = [(PATH, new), (other, version("other, new"))]
    with monkeypatch.context() as patch:
        patch.setattr(publish_module, "write_atomically", fail)
        try:
            publish(desk, planned, [])
            crashed = False
        except KeyboardInterrupt:
            crashed = True
    assert crashed == (fails_at < 3 or make_edit is edit_near)
    assert MINE in everything(desk)
    assert MINE in read(desk), "the page itself never loses it"
    user = ["git", "-c", "user.name=U", "-c", "user.email=u@example.org", "commit", "-qam", "in between"]
    subprocess.run(user, cwd=desk.root, check=False, capture_output=True)
    done = publish(desk, planned, [])
    commit_paths(desk.root, done.touched, "compile")
    assert MINE in read(desk)
    assert "The new fifth line." in everything(desk)
    assert read(desk, other) == version("other, new").text
    on_disk = [path for path in desk.wiki.rglob("*.md") if "The new fifth line." in path.read_text()]
    assert on_disk, "the new version is on disk, merged or set aside"


def test_a_crash_while_a_page_is_withdrawn_loses_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    compile_to(desk, version(*LINES))
    edit(desk, LINES[0], MINE)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", lambda self: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            publish(desk, [], [PATH])
    assert MINE in read(desk)
    assert publish(desk, [], [PATH]).removed == [PATH]
    assert MINE in everything(desk)


def test_what_a_person_has_staged_stays_staged(desk: Desk) -> None:
    compile_to(desk, version(*LINES))
    edit(desk, LINES[0], MINE)
    (desk.root / "notes.md").write_text("mine")
    run_git(desk.root, "add", "notes.md")
    compile_to(desk, version(*LINES[:4], "new"))
    assert run_git(desk.root, "status", "--porcelain") == "A  notes.md\n"


def test_every_page_is_counted_once(desk: Desk) -> None:
    (desk.root / "wiki").mkdir()
    (desk.root / "wiki/mine.md").write_text("mine")
    steps: list[int] = []
    pages = [(f"wiki/{name}.md", version(name)) for name in ("a", "b", "mine")]
    publish(desk, pages, [], on_page=lambda: steps.append(1))
    assert len(steps) == 3
