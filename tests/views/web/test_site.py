"""A desk or vault as a static site: whole, with no broken address, nothing private, and the same bytes each time."""

import json
import os
import re
import shutil
from pathlib import Path

import click
import pytest

from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.views.cli.export import command
from nightdesk.views.web.serving import open_viewer
from nightdesk.views.web.site.site import write_site
from tests.desks import run
from tests.views.web.hostile import make_hostile_desk
from tests.views.web.site_desks import PNG
from tests.views.web.site_links import broken_links, unclean


def files_of(site: Path) -> dict[str, bytes]:
    return {path.relative_to(site).as_posix(): path.read_bytes() for path in site.rglob("*") if path.is_file()}


def test_every_page_and_view_is_there_and_no_address_is_broken(site_desk: Path) -> None:
    site = site_desk / "exports/site"
    files = set(files_of(site))
    pages = [path.relative_to(site_desk).as_posix() for path in (site_desk / "wiki").rglob("*.md")]
    wanted = {"index.html", "404.html", ".nojekyll", "search.html", "graph.html", "contradictions.html", "pages.html"}
    wanted |= {"tags.html", "data/pages.js", "data/text-0.js", "data/graph.js", "p/wiki/concepts/100-of-C.html"}
    wanted |= {"s/wiki/sources/Muon-explained.html", "s/wiki/sources/Muon-explained.js"}
    wanted |= {f"lab/{name}.html" for name in ("index", "tiny/index", "tiny/0000", "tiny/0001", "tiny/0002")}
    assert wanted <= files
    assert len([name for name in files if name.startswith("p/wiki/")]) == len(pages)
    assert broken_links(site) == []
    assert unclean(site) == []


def test_links_lead_where_they_say(site_desk: Path) -> None:
    page = (site_desk / "exports/site/p/wiki/concepts/100-of-C.html").read_text()
    assert 'href="Muon.html"' in page
    assert re.search(r'<span class="nd-missing"[^>]*>Nowhere', page)
    assert '<a class="nd-out" href="https://example.org/x"' in page
    assert re.search(r'<img [^>]*src="../../../f/plot-[0-9a-f]{12}\.png"', page)
    assert "the original" in page
    assert "muon.md" not in page  # originals stay on the desk
    muon = (site_desk / "exports/site/p/wiki/concepts/Muon.html").read_text()
    cited = re.search(r'<a class="nd-cite" href="../../../s/wiki/sources/Muon-explained\.html#q-(c[0-9a-f]+)"', muon)
    assert cited
    assert f'id="q-{cited[1]}"' in (site_desk / "exports/site/s/wiki/sources/Muon-explained.html").read_text()
    assert cited[1] in (site_desk / "exports/site/s/wiki/sources/Muon-explained.js").read_text()


def test_what_only_a_server_can_do_is_not_there(site_desk: Path) -> None:
    site = site_desk / "exports/site"
    texts = [file.read_text() for file in site.rglob("*.html") if not file.is_relative_to(site / "static")]
    for text in texts:
        assert "nightdesk-token" not in text
        assert "/api/" not in text
        assert "Content-Security-Policy" in text
        assert not re.search(r'href="[^"]*(?:ask|changes|lint|history)\.html', text)
    parts = {folder.name for folder in (site / "static/vendor").iterdir()}
    assert {
        "katex",
        "mermaid",
        "minisearch",
        "uplot",
        "forceatlas2",
    } <= parts  # a page has a formula, another a diagram
    assert "idiomorph" not in parts
    assert (site / "static/vendor/katex/LICENSE").is_file()


def test_the_same_pages_give_the_same_bytes(site_desk: Path, tmp_path: Path) -> None:
    copied = tmp_path / site_desk.name  # pages show what the folder is called
    shutil.copytree(site_desk, copied, ignore=shutil.ignore_patterns("exports", ".nightdesk"))
    for page in copied.rglob("*.md"):
        os.utime(page, (1_000_000_000, 1_000_000_000))  # a clone has other times
    viewer = open_viewer(copied, Desk(copied), cache_file=None)
    viewer.keeper.load()
    (tmp_path / "out").mkdir()
    write_site(viewer, tmp_path / "out")
    before, after = files_of(site_desk / "exports/site"), files_of(tmp_path / "out")
    assert sorted(before) == sorted(after)
    assert [name for name in before if before[name] != after[name]] == []


def test_a_hostile_desk(tmp_path: Path) -> None:
    desk = make_hostile_desk(tmp_path)
    viewer = open_viewer(desk, Desk(desk), cache_file=None)
    viewer.keeper.load()
    (tmp_path / "site").mkdir()
    written = write_site(viewer, tmp_path / "site", with_sources=True)
    assert written.experiments == 2
    assert broken_links(tmp_path / "site") == []
    assert unclean(tmp_path / "site") == []
    endings = {Path(name).suffix for name in written.files if name.startswith("f/")}
    assert endings <= {".txt", ".png", ".pdf"}


def test_private_strings_stay(tmp_path: Path) -> None:
    vault = tmp_path / "home"  # within the site, a folder is called as the private one is
    (vault / "home").mkdir(parents=True)
    key = "sk-ant-" + "a1" * 20
    (vault / "home/Note.md").write_text(f"# Note\n\nIn {vault}/x and {tmp_path}/home. The key is {key}. [[Other]]\n")
    (vault / "Other.md").write_text("# Other\n\n[[home/Note]]\n")
    viewer = open_viewer(vault, None, cache_file=None)
    viewer.keeper.load()
    (tmp_path / "site").mkdir()
    written = write_site(viewer, tmp_path / "site", private=[str(tmp_path), "/home"])
    for name, content in files_of(tmp_path / "site").items():
        assert key.encode() not in content, name
        assert str(tmp_path).encode() not in content, name
    assert written.left_out >= 6  # on the page and in what is searched
    assert broken_links(tmp_path / "site") == []


def test_any_folder_of_markdown(tmp_path: Path) -> None:
    vault = tmp_path / "Notes & more"
    (vault / "sub").mkdir(parents=True)
    (vault / "A.md").write_text("# A\n\n[[B]] ![[pic.png]] [[sub/data.bin|data]] #tag/sub\n")
    (vault / "sub/B.md").write_text("---\ntags: [tag]\n---\n[[A]]\n")
    (vault / "sub/pic.png").write_bytes(PNG)
    (vault / "sub/data.bin").write_bytes(b"\0\1")
    (vault / ".secret.md").write_text("# secret\n")
    before = files_of(vault)
    ran = run(tmp_path, "export", "site", vault.name, "--out", "site", "--with-sources", "--json")
    assert ran.code == 0, ran.err
    told = ran.document
    assert (told["pages"], told["sources"], told["originals"], told["problems"]) == (2, 0, 0, [])
    assert sorted([*told["files"], "nightdesk-export.json"]) == sorted(files_of(tmp_path / "site"))
    assert files_of(vault) == before
    assert broken_links(tmp_path / "site") == []
    assert "secret" not in (tmp_path / "site/data/pages.js").read_text()
    assert list((tmp_path / "site/f").glob("data-*-bin.txt"))
    listed = (tmp_path / "site/tags/tag-tag.html").read_text()
    assert "A.html" in listed  # what has a tag below it too
    assert "contradictions.html" not in told["files"]


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["site", "gone"], "no folder"),
        (["site", "vault"], "--out"),
        (["site", "vault", "--out", "vault"], "holds the pages"),
        (["site", "vault", "--out", "."], "holds the pages"),
        (["site", "empty", "--out", "x"], "no page"),
        (["site", "vault", "--out", "mine"], "no export wrote it"),
        (["site", "vault", "--desk", "."], "either PATH or --desk"),
        (["okf", "vault"], "goes with site"),
        (["okf", "--with-sources"], "goes with site"),
    ],
)
def test_wrong_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, args: list[str], says: str) -> None:
    for name in ("vault", "empty", "mine"):
        (tmp_path / name).mkdir()
    (tmp_path / "vault/A.md").write_text("# A\n")
    (tmp_path / "mine/thesis.txt").write_text("mine")
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises((DeskError, click.UsageError), match=says):
        command.main(args, standalone_mode=False)
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("place", ["wiki/site", ".", "raw", ".git/site", "exports/../lab"])
def test_a_desks_own_places_are_refused(site_desk: Path, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    monkeypatch.chdir(site_desk)
    with pytest.raises(DeskError):
        command.main(["site", "--out", place], standalone_mode=False)


def test_a_file_of_data_is_as_the_scripts_read_it(site_desk: Path) -> None:
    text = (site_desk / "exports/site/data/pages.js").read_text()
    told = json.loads(text[text.index(",") + 1 : -3])
    title, address, kind, category, _, summary = next(row for row in told["pages"] if row[0] == "Muon")
    assert (title, address, kind) == ("Muon", "p/wiki/concepts/Muon.html", "concept")
    assert summary
    assert category.endswith("(overview)")
    assert {row[1] for row in told["pages"]} >= set(told["recent"])
