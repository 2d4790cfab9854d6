"""`add_sources` from every kind of source into a real raw/, with a real server and real repositories."""

import io
import os
import subprocess
import threading
from collections.abc import Iterator, Sequence
from datetime import date
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import BinaryIO

import pytest

from nightdesk.base.errors import DeskError
from nightdesk.sources.add import AddReport, add_sources, printable
from nightdesk.sources.fetch import FetchPolicy
from nightdesk.sources.folders import find_sources
from nightdesk.sources.images import read_images
from nightdesk.sources.provenance import read_provenance

TODAY = date(2026, 11, 22)
PNG = b"\x89PNG\r\n\x1a\n"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Keep the test output clean."""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """Give a folder and the URL at which a real server shows it."""
    folder = tmp_path / "site"
    folder.mkdir()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield folder, f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    root = tmp_path / "desk"
    (root / "raw").mkdir(parents=True)
    (root / "nightdesk.toml").write_text("")
    return root


def add(
    desk: Path,
    *sources: object,
    stdin: BinaryIO | None = None,
    name: str | None = None,
    with_images: bool = True,
    today: date = TODAY,
    allow_private: bool = True,
) -> AddReport:
    return add_sources(
        desk,
        [str(source) for source in sources],
        standard_input=stdin,
        policy=FetchPolicy(allow_private=allow_private),
        name=name,
        with_images=with_images,
        today=today,
    )


def make(root: Path, files: dict[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


def raw_files(desk: Path) -> dict[str, bytes]:
    raw = desk / "raw"
    return {path.relative_to(raw).as_posix(): path.read_bytes() for path in raw.rglob("*") if path.is_file()}


def names(desk: Path, paths: Sequence[Path]) -> list[str]:
    return [path.relative_to(desk / "raw").as_posix() for path in paths]


def refusals(report: AddReport) -> list[tuple[str, str]]:
    return [(Path(refusal.source).name, refusal.reason) for refusal in report.refused]


def test_a_file_byte_for_byte(desk: Path, tmp_path: Path) -> None:
    content = b"\xef\xbb\xbf# T\xc3\xaft\r\n\r\nGr\xfc\xdfe\n"
    make(tmp_path, {"in/My notes.md": content})
    report = add(desk, tmp_path / "in" / "My notes.md")
    assert raw_files(desk) == {"My notes.md": content}
    assert report.added == report.written == (desk / "raw" / "My notes.md",)
    assert (report.present, report.refused, report.notes) == ((), (), ())


def test_raw_need_not_be_there(tmp_path: Path) -> None:
    make(tmp_path, {"a.md": "x"})
    assert names(tmp_path / "new", add(tmp_path / "new", tmp_path / "a.md").added) == ["a.md"]


def test_the_same_content_is_added_once(desk: Path, tmp_path: Path) -> None:
    make(desk / "raw", {"deep/dropped by hand.md": "words"})
    make(tmp_path, {"in/a.md": "words", "in/b.md": "words"})
    report = add(desk, tmp_path / "in" / "a.md", tmp_path / "in" / "b.md")
    assert report.added == report.written == ()
    assert names(desk, [present.path for present in report.present]) == ["deep/dropped by hand.md"] * 2


def test_a_clash_of_names_changes_nothing(desk: Path, tmp_path: Path) -> None:
    make(desk / "raw", {"a.md": "old"})
    make(tmp_path, {"in/a.md": "new", "in2/A.md": "newer"})
    add(desk, tmp_path / "in" / "a.md", tmp_path / "in2" / "A.md")
    assert raw_files(desk) == {"a.md": b"old", "a (2).md": b"new", "A (3).md": b"newer"}


def test_a_source_in_raw_is_present(desk: Path) -> None:
    make(desk / "raw", {"a.md": "x", "b.md": ""})
    report = add(desk, desk / "raw" / "a.md", desk / "raw", desk / "raw" / "b.md")
    assert [present.path for present in report.present] == [desk / "raw" / "a.md", desk / "raw"]
    assert refusals(report) == [("b.md", "is empty")]
    assert report.added == ()


@pytest.mark.parametrize(
    "own", ["wiki", "wiki/concepts/Muon.md", "text/a.md", ".nightdesk/x.md", "nightdesk.toml", "."]
)
def test_what_nightdesk_wrote_is_no_source(desk: Path, own: str) -> None:
    make(desk, {"wiki/concepts/Muon.md": "x", "text/a.md": "y", ".nightdesk/x.md": "z"})
    report = add(desk, desk / own)
    assert [refusal.reason for refusal in report.refused] == ["is a part of this desk, not a source"]


def test_another_desk_is_refused_as_a_whole(desk: Path, tmp_path: Path) -> None:
    make(tmp_path, {"other/nightdesk.toml": "", "other/raw/a.md": "x", "other/wiki/b.md": "y"})
    report = add(desk, tmp_path / "other", tmp_path / "other" / "raw")
    assert refusals(report) == [("other", "is a desk (to take its sources, give its raw/ folder)")]
    assert raw_files(desk) == {"raw/a.md": b"x"}


def test_refusals_do_not_stop_the_others(desk: Path, tmp_path: Path) -> None:
    make(tmp_path, {"empty.md": "", "film.mp4": b"\0x", "lies.pdf": "no", "binary.txt": b"\0\1\2", "good.md": "x"})
    os.mkfifo(tmp_path / "pipe.md")
    (tmp_path / "loop.md").symlink_to("loop.md")
    with (tmp_path / "big.pdf").open("wb") as big:
        big.truncate(200_000_001)  # a hole: it takes no space
    sources = [*sorted(tmp_path.glob("*.*")), "gone.md", "", "a\0b", "x" * 5000, "ftp://x.test/a", "git@x.test:a/b.git"]
    report = add(desk, *sources)
    assert refusals(report) == [
        ("big.pdf", "is larger than 200 MB"),
        ("binary.txt", "is binary, not text"),
        ("empty.md", "is empty"),
        ("film.mp4", "is of no kind that is read (.mp4)"),
        ("lies.pdf", "is not a PDF"),
        ("loop.md", "does not exist"),
        ("pipe.md", "is no regular file"),
        ("gone.md", "does not exist"),
        ("", "is no name of a file"),
        ("a\ufffdb", "is no name of a file"),
        ("x" * 200 + "…" + "x" * 99, "file name too long"),
        ("a", "only http and https URLs are fetched, not ftp"),
        ("b.git", "repositories are cloned over https only (give its https:// URL)"),
    ]
    assert names(desk, report.added) == ["good.md"]


def test_a_file_that_may_not_be_read(desk: Path, tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    make(tmp_path, {"a.md": "x"})
    (tmp_path / "a.md").chmod(0)
    assert refusals(add(desk, tmp_path / "a.md")) == [("a.md", "permission denied")]


@pytest.mark.parametrize(
    ("given", "placed", "why"),
    [
        ("line\nfeed.md", "line feed.md", "no line feed in a name"),
        ("...md", "untitled.md", "a name of dots"),
        (".notes.md", "notes.md", "a hidden file that was named is a source"),
        ("a[b]^c#d|e.md", "a b c d e.md", "what has a meaning in Obsidian's links"),
        ("x" * 250 + ".md", "x" * 180 + ".md", "room is left for suffixes"),
        ("\u202egpj.md", "gpj.md", "no letters that turn the writing round"),
        ("con.md", "con_.md", "a name that Windows keeps for itself"),
        ("sources.tsv", "sources (2).tsv", "our own table's name"),
        ("~$a.md", "a.md", "else it would look like an editor's lock and never be found"),
        ("images.tsv", "images (2).tsv", "the other table's name"),
        ("README", "README.txt", "a name without an ending: with (2) at its end it would be of no kind"),
    ],
)
def test_names_are_made_safe(desk: Path, tmp_path: Path, given: str, placed: str, why: str) -> None:
    make(tmp_path / "in", {given: "words, words"})
    assert names(desk, add(desk, tmp_path / "in" / given).added) == [placed], why


def test_a_name_of_ones_own(desk: Path, tmp_path: Path) -> None:
    make(tmp_path, {"a.md": "x", "b.md": "y", "in/c.md": "z"})
    assert names(desk, add(desk, tmp_path / "a.md", name="The A/B test.md").added) == ["The A B test.md"]
    assert names(desk, add(desk, tmp_path / "in", name="Papers").added) == ["Papers/c.md"]
    with pytest.raises(DeskError, match="one source at a time"):
        add(desk, tmp_path / "a.md", tmp_path / "b.md", name="Both")


def test_a_folder_keeps_its_structure(desk: Path, tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"a.md": "1", "sub/b.md": "2", "sub/deep/c.txt": "3", "ignored/d.md": "4"}
    files |= {".gitignore": "ignored/\n", "film.mp4": b"\0x", "film2.MP4": b"\0y", "empty.md": "", "lies.pdf": "no"}
    make(tmp_path / "My notes", files)
    report = add(desk, tmp_path / "My notes")
    assert raw_files(desk) == {"My notes/a.md": b"1", "My notes/sub/b.md": b"2", "My notes/sub/deep/c.txt": b"3"}
    assert refusals(report) == [("lies.pdf", "is not a PDF")]
    left_out = f"{tmp_path / 'My notes'}: left out 3 files that hold nothing to read (.mp4 2, empty 1)"
    assert report.notes == (left_out,)
    again = add(desk, tmp_path / "My notes")
    assert (again.added, again.written, len(again.present)) == ((), (), 3)


def test_a_folder_never_gives_what_is_outside_of_it(desk: Path, tmp_path: Path) -> None:
    make(tmp_path, {"secret.md": "secret", "in/a.md": "x"})
    (tmp_path / "in" / "b.md").symlink_to(tmp_path / "secret.md")
    add(desk, tmp_path / "in")
    assert raw_files(desk) == {"in/a.md": b"x"}


def test_a_folder_that_holds_the_desk(desk: Path, tmp_path: Path) -> None:
    make(tmp_path, {"a.md": "x"})
    make(desk, {"wiki/concepts/Muon.md": "y"})
    report = add(desk, tmp_path, name="all")
    assert names(desk, report.added) == ["all/a.md"]


def test_an_empty_folder(desk: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert refusals(add(desk, tmp_path / "empty")) == [("empty", "holds no files that can be read")]


def test_local_images_of_a_file(desk: Path, tmp_path: Path) -> None:
    text = "![](img/a.png) ![](../secret.png) ![[b.png]] ![](gone.png)"
    make(tmp_path, {"in/a.md": text, "in/img/a.png": PNG + b"a", "in/b.png": PNG + b"b", "secret.png": PNG + b"s"})
    report = add(desk, tmp_path / "in" / "a.md")
    assert read_images(desk / "raw" / "a.md") == {"img/a.png": "a.png", "b.png": "b.png"}
    assert names(desk, report.added) == ["a.md"]
    assert sorted(names(desk, report.written)) == [
        "a.md",
        *(f"a.md.assets/{n}" for n in ("a.png", "b.png", "images.tsv")),
    ]
    assert find_sources(desk / "raw") == (desk / "raw" / "a.md",), "images beside a source are none themselves"
    assert report.notes == ()


def test_local_images_of_a_folder(desk: Path, tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"notes/a.md": "![](../img/a.png) ![](../.hidden/b.png) ![](../../out.png)"}
    files |= {"img/a.png": PNG + b"a", ".hidden/b.png": PNG + b"b", "page.html": '<img src="img/a.png">'}
    make(tmp_path / "in", files)
    make(tmp_path, {"out.png": PNG + b"o"})
    add(desk, tmp_path / "in")
    assert (desk / "raw" / "in" / "notes" / "../img/a.png").read_bytes() == PNG + b"a", "its link leads there as it is"
    assert read_images(desk / "raw" / "in" / "notes" / "a.md") == {"../.hidden/b.png": "b.png"}
    assert read_images(desk / "raw" / "in" / "page.html") == {}


def test_local_images_whose_content_stands_elsewhere(desk: Path, tmp_path: Path) -> None:
    make(tmp_path / "in", {"a/n.md": "![](x.png) a", "a/x.png": PNG, "b/n.md": "![](y.png) b", "b/y.png": PNG})
    add(desk, tmp_path / "in")
    assert sorted(raw_files(desk)) == [
        "in/a/n.md",
        "in/a/x.png",
        "in/b/n.md",
        "in/b/n.md.assets/images.tsv",
        "in/b/n.md.assets/y.png",
    ]


def test_remote_images_of_a_clipped_note(desk: Path, tmp_path: Path, site: tuple[Path, str]) -> None:
    folder, url = site
    make(folder, {"a.png": PNG})
    note = f"---\nsource: {url}/post\n---\n![]({url}/a.png) ![]({url}/gone.png)"
    make(tmp_path, {"note.md": note, "other.md": note + " more"})
    report = add(desk, tmp_path / "note.md")
    assert read_images(desk / "raw" / "note.md") == {f"{url}/a.png": "a.png"}
    assert raw_files(desk)["note.md"] == note.encode(), "the note itself is not changed"
    assert report.notes == (f"note.md: image {url}/gone.png: 404 Not Found",)
    assert read_images(add(desk, tmp_path / "other.md", with_images=False).added[0]) == {}


@pytest.mark.parametrize(
    ("content", "name", "placed", "why"),
    [
        (b"---\ntitle: From the front\n---\ntext", None, "From the front.md", "a title in the frontmatter"),
        (b"# A heading\n\ntext", None, "A heading.md", "a heading"),
        (
            b"one two three four five six seven eight nine ten",
            None,
            "one two three four five six seven eight.txt",
            "words",
        ),
        (b"<html><title>A page</title>", None, "A page.html", "a page"),
        (b"%PDF-1.7", None, "standard input.pdf", "a PDF"),
        (b"x", "../../etc/passwd", "etc passwd.txt", "no way out of raw/"),
        (b"a,b\n1,2\n", "table.csv", "table.csv", "the name's ending counts"),
        (b"- item", "list", "list.md", "a list is Markdown"),
        (b"# not Markdown", "n.txt", "n.txt", "unless the name says so"),
        (b"\n\n***\n", None, "standard input.txt", "no words at all"),
    ],
)
def test_standard_input(desk: Path, content: bytes, name: str | None, placed: str, why: str) -> None:
    report = add(desk, "-", stdin=io.BytesIO(content), name=name)
    assert raw_files(desk) == {placed: content}, why
    assert report.refused == ()


@pytest.mark.parametrize(("content", "reason"), [(b" \n", "is empty"), (b"\0\1\2\3", "is binary, not text")])
def test_standard_input_that_is_refused(desk: Path, content: bytes, reason: str) -> None:
    assert refusals(add(desk, "-", stdin=io.BytesIO(content))) == [("-", reason)]
    assert refusals(add(desk, "-")) == [("-", "is empty")]


def test_a_page_with_its_images_and_provenance(desk: Path, site: tuple[Path, str]) -> None:
    folder, url = site
    page = b"<!doctype html><title>On Muon</title><img src=img/a.png>"
    make(folder, {"blog/post.html": page, "blog/img/a.png": PNG})
    report = add(desk, f"{url}/blog/post.html#part")
    assert names(desk, report.added) == ["On Muon.html"]
    assert raw_files(desk)["On Muon.html"] == page
    assert read_images(desk / "raw" / "On Muon.html") == {"img/a.png": "a.png", f"{url}/blog/img/a.png": "a.png"}
    (row,) = read_provenance(desk / "raw")
    assert (row.path, row.url) == ("On Muon.html", f"{url}/blog/post.html")
    assert desk / "raw" / "sources.tsv" in report.written
    assert set(names(desk, report.written)) == set(raw_files(desk)), "the caller can commit all of it"


def test_a_url_again(desk: Path, site: tuple[Path, str]) -> None:
    folder, url = site
    (folder / "p.html").write_text("<html><title>First</title>1")
    add(desk, f"{url}/p.html")
    before = raw_files(desk)
    again = add(desk, f"{url}/p.html")
    assert (again.added, again.written, len(again.present)) == ((), (), 1)
    assert raw_files(desk) == before
    for number, version in enumerate(["First (2026-11-22).html", "First (2026-11-22) (2).html"]):
        (folder / "p.html").write_text(f"<html><title>Changed</title>{number}")
        assert names(desk, add(desk, f"{url}/p.html").added) == [version], (
            "beside the old one, whatever its title is now"
        )
    (folder / "p.html").write_text("<html><title>First</title>1")
    assert names(desk, [present.path for present in add(desk, f"{url}/p.html").present]) == ["First.html"]
    assert raw_files(desk)["First.html"] == b"<html><title>First</title>1"
    assert [row.path for row in read_provenance(desk / "raw")] == [
        "First.html",
        "First (2026-11-22).html",
        "First (2026-11-22) (2).html",
    ]


def test_a_url_whose_content_is_there_by_hand(desk: Path, site: tuple[Path, str]) -> None:
    folder, url = site
    make(folder, {"a.pdf": b"%PDF-1.7 x"})
    make(desk / "raw", {"papers/mine.pdf": b"%PDF-1.7 x"})
    report = add(desk, f"{url}/a.pdf")
    assert names(desk, report.written) == ["sources.tsv"], "now it is known where it came from"
    assert [row.path for row in read_provenance(desk / "raw")] == ["papers/mine.pdf"]
    assert add(desk, f"{url}/a.pdf").written == ()


def test_urls_that_are_refused(desk: Path, site: tuple[Path, str]) -> None:
    folder, url = site
    make(folder, {"movie.mp4": b"\0\0", "empty.html": "", "a.txt": b"\0binary", "good.md": "# Good"})
    sources = [f"{url}/movie.mp4", f"{url}/empty.html", f"{url}/a.txt", f"{url}/gone", f"{url}/good.md"]
    report = add(desk, *sources)
    assert refusals(report) == [
        ("movie.mp4", "is of no kind that is read (video/mp4)"),
        ("empty.html", "is empty"),
        ("a.txt", "is binary, not text"),
        ("gone", "404 Not Found"),
    ]
    assert names(desk, report.added) == ["good.md"]
    assert "private" in add(desk, f"{url}/good.md", allow_private=False).refused[0].reason


def git(folder: Path, *args: str) -> None:
    identity = ["-c", "user.name=t", "-c", "user.email=t@t", "-c", "commit.gpgSign=false"]
    subprocess.run(["git", *identity, *args], cwd=folder, check=True, capture_output=True)


def make_repository(folder: Path, files: dict[str, str | bytes]) -> Path:
    make(folder, files)
    git(folder, "init")
    git(folder, "add", "--all")
    git(folder, "commit", "-m", "x")
    return folder


def test_a_repository_of_code(desk: Path, tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "README.md": "# Demo\n\n![](docs/a.png)",
        "docs/a.md": "![](a.png)",
        "docs/a.png": PNG,
    }
    files |= {"train.py": '"""Train."""', "eval.py": '"""Evaluate."""', "model.py": '"""A model."""'}
    folder = make_repository(tmp_path / "demo", files)
    report = add(desk, folder)
    assert names(desk, report.added) == ["demo/README.md", "demo/docs/a.md", "demo/demo code map.md"]
    assert read_images(desk / "raw" / "demo" / "README.md") == {"docs/a.png": "a.png"}
    assert read_images(desk / "raw" / "demo" / "docs" / "a.md") == {"a.png": "a.png", "docs/a.png": "a.png"}
    (folder / "train.py").write_text('"""Train it better."""')
    git(folder, "commit", "--all", "-m", "y")
    assert names(desk, add(desk, folder).added) == ["demo/demo code map (2026-11-22).md"], (
        "a version beside the old one"
    )


def test_notes_kept_in_git_are_a_folder(desk: Path, tmp_path: Path) -> None:
    folder = make_repository(tmp_path / "vault", {"a.md": "a", "b/c.md": "c", "script.py": "x = 1"})
    (folder / "new.md").write_text("not committed yet")
    report = add(desk, folder)
    assert names(desk, report.added) == ["vault/a.md", "vault/b/c.md", "vault/new.md", "vault/script.py"]


def test_many_files_are_cheap(desk: Path, tmp_path: Path) -> None:
    make(tmp_path / "in", {f"{number % 10}/{number}.md": f"note {number:04}" for number in range(300)})
    assert len(add(desk, tmp_path / "in").added) == 300
    assert len(add(desk, tmp_path / "in").present) == 300


def test_printable() -> None:
    assert printable("a\nb\x1b[31m\u202ec") == "a\ufffdb\ufffd[31m\ufffdc"
    assert len(printable("x" * 10_000)) == 300
