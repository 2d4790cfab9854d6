"""OKF bundles: by the written rules, nothing lost, nothing from outside the desk."""

import hashlib
from pathlib import Path

import pytest
import yaml

from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.wiki.exporting.collected import collect
from nightdesk.wiki.exporting.okf import bundle
from tests.desks import git, run
from tests.sources.conftest import png_bytes
from tests.wiki.exporting.conftest import page, source_page
from tests.wiki.exporting.okf_rules import faults, front_of


def export(desk: Desk) -> dict[str, str]:
    """Return the text files of a bundle."""
    files = bundle(desk, collect(desk))
    return {path: content.decode() for path, content in files.items() if path.endswith(".md")}


def test_a_compiled_desk_makes_a_valid_bundle(compiled: Path, tmp_path: Path) -> None:
    out = tmp_path / "okf"
    assert run(compiled, "export", "okf", "--out", str(out)).code == 0
    assert faults(out) == []
    pages = [path for path in out.rglob("*.md") if path.name not in ("index.md", "log.md")]
    assert len(pages) == len(list((compiled / "wiki").glob("*/*.md")))
    assert not any(str(compiled) in path.read_text() for path in out.rglob("*") if path.is_file())


def test_quotes_stand_where_their_spans_say(compiled: Path, tmp_path: Path) -> None:
    run(compiled, "export", "okf", "--out", str(tmp_path / "okf"))
    seen = 0
    for path in (tmp_path / "okf/sources").glob("[!i]*.md"):
        front = front_of(path)
        for claim in front.get("claims", []):
            text = (compiled / front["sources"][0]["path"]).read_text()
            start, end = claim["span"]
            assert " ".join(text[start:end].split()) == claim["quote"]
            assert claim["text_sha256"] == hashlib.sha256(text.encode()).hexdigest()
            seen += 1
    assert seen > 5


def test_the_same_wiki_gives_the_same_bytes(compiled: Path) -> None:
    desk = Desk(compiled)
    assert bundle(desk, collect(desk)) == bundle(desk, collect(desk))


def test_it_comes_in_again_as_sources(compiled: Path, tmp_path: Path) -> None:
    run(compiled, "export", "okf", "--out", str(tmp_path / "bundle"))
    assert run(tmp_path, "new", "other").code == 0
    other = tmp_path / "other"
    added = run(other, "add", str(tmp_path / "bundle"))
    assert added.code == 0, added.err
    names = [path.name for path in (other / "raw").rglob("*.md")]
    assert names
    assert "index.md" not in names
    assert "log.md" not in names
    assert run(other, "compile").code == 0
    assert git(other, "status", "--porcelain") == ""


def test_names_that_are_reserved_or_meet(desk: Desk) -> None:
    for name in ("Index", "log", "A B", "A-B", "Größe ½", "..."):
        page(desk, f"wiki/concepts/{name}.md", f"# {name}\n\nSee [[Index]].\n", type="concept", title=f"'{name}'")
    files = export(desk)
    assert {"concepts/index-page.md", "concepts/log-page.md", "concepts/a-b.md", "concepts/a-b-2.md"} <= set(files)
    assert "See [Index](/concepts/index-page.md)." in files["concepts/log-page.md"]
    assert yaml.safe_load(files["concepts/index-page.md"].split("---")[1])["title"] == "Index"


def test_links_become_links_between_files(desk: Desk) -> None:
    page(desk, "wiki/concepts/Muon opt.md", "# Muon\n", type="concept")
    body = "[[Muon opt|Muon]] and [[gone]] and `[[Muon opt]]`\n\n```\n[[Muon opt]]\n```\n\n[raw](../../raw/a%20b.md)\n"
    page(desk, "wiki/concepts/Other.md", body, type="concept")
    text = export(desk)["concepts/other.md"]
    assert "[Muon](/concepts/muon-opt.md) and gone and `[[Muon opt]]`\n\n```\n[[Muon opt]]\n```\n\nraw\n" in text


def test_images_are_copied_and_none_from_outside(desk: Desk, tmp_path: Path) -> None:
    secret = tmp_path / "secret.png"
    secret.write_bytes(png_bytes(3, 3))
    (desk.raw / "link.png").symlink_to(secret)
    (desk.raw / "a b.png").write_bytes(png_bytes(9, 9))
    (desk.raw / "no.png").write_text("words")
    body = (
        "![[raw/a b.png]] ![](../../raw/a%20b.png) ![[raw/link.png]] ![[raw/no.png]] ![[../secret.png]] "
        "![](../../../secret.png)\n"
    )
    page(desk, "wiki/concepts/A.md", body, type="concept")
    files = bundle(desk, collect(desk))
    images = [path for path in files if path.startswith("images/")]
    assert [files[path] for path in images] == [png_bytes(9, 9)]
    assert files["concepts/a.md"].decode().count(f"![](/{images[0]})") == 2


def test_a_persons_page_keeps_its_properties(desk: Desk) -> None:
    page(desk, "wiki/Mine.md", "Text.\n", status="draft", mood="good", stale_after="2026-12-01")
    text = export(desk)["mine.md"]
    values = yaml.safe_load(text.split("---")[1])
    assert values["type"] == "note"
    assert values["mood"] == "good"
    assert "generated" not in values
    assert str(values["stale_after"]) == "2026-12-01"


def test_pages_that_cannot_be_read_are_told(desk: Desk) -> None:
    source_page(desk, "good", [("Muon takes five steps in each update.", "Muon")])
    (desk.wiki / "concepts/bad.md").write_bytes(b"\xff\xfe")
    assert len(collect(desk).problems) == 1
    (desk.wiki / "sources/good.md").unlink()
    with pytest.raises(DeskError, match="no page"):
        collect(desk)
