"""`nightdesk export`: where it writes, what it never overwrites, what it never gives away."""

import json
import os
from pathlib import Path

import pytest

from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.wiki.exporting.export import FORMATS, MANIFEST, default_folder, make_export, write_folder
from nightdesk.wiki.exporting.private import without_private
from tests.desks import run
from tests.wiki.exporting.conftest import page, source_page


@pytest.fixture
def noted(desk: Desk) -> Desk:
    """Return a desk with a source page and a concept page."""
    source_page(desk, "Notes", [("Muon takes five steps in each update.", "Muon")])
    page(desk, "wiki/concepts/Muon.md", "# Muon\n", type="concept", title="Muon", summary="Fast.")
    return desk


@pytest.mark.parametrize("format_", FORMATS)
def test_each_format_as_json_and_again(compiled: Path, tmp_path: Path, format_: str) -> None:
    out = tmp_path / "out"
    first = run(compiled, "export", format_, "--out", str(out), "--json")
    assert first.code == 0, first.err
    assert first.document["format"] == format_
    assert first.document["out"] == str(out)
    before = (
        {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} if out.is_dir() else out.read_bytes()
    )
    assert run(compiled, "export", format_, "--out", str(out)).code == 0
    after = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} if out.is_dir() else out.read_bytes()
    assert before == after


def test_bibtex_goes_into_a_pipe(compiled: Path) -> None:
    ran = run(compiled, "export", "bibtex")
    assert ran.code == 0
    assert ran.out.count("@misc{") == len(list((compiled / "wiki/sources").glob("*.md")))
    assert run(compiled, "export", "bibtex", "--json").document["content"] == ran.out


def test_wrong_use(compiled: Path, tmp_path: Path) -> None:
    assert run(compiled, "export", "docx").code == 2
    assert run(compiled, "export", "okf", "--out", "wiki/okf").code == 2
    assert run(compiled, "export", "okf", "--out", str(compiled)).code == 2
    assert run(compiled, "export", "bibtex", "--out", "raw/a.bib").code == 2
    assert run(tmp_path, "export", "okf").code == 2


def test_llms_txt_has_its_form(noted: Desk) -> None:
    export = make_export(noted, "llms.txt", private=[])
    lines = export.files["llms.txt"].decode().splitlines()
    assert lines[0] == "# desk"
    assert lines[2].startswith("> ")
    assert [line for line in lines if line.startswith("## ")] == ["## Concepts", "## Optional"]
    assert "- [Muon](concepts/muon.md): Fast." in lines
    assert "# Muon" in export.files["llms-full.txt"].decode()
    assert "concepts/muon.md" in export.files


def test_what_is_gone_from_the_wiki_goes_from_the_export(noted: Desk, tmp_path: Path) -> None:
    out = tmp_path / "out"
    write_folder(noted, make_export(noted, "okf", private=[]), out)
    (out / "mine.txt").write_text("mine")
    (noted.wiki / "concepts/Muon.md").unlink()
    write_folder(noted, make_export(noted, "okf", private=[]), out)
    assert not (out / "concepts").exists()
    assert (out / "mine.txt").read_text() == "mine"


@pytest.mark.parametrize("change", ["foreign", "edited", "link", "folder"])
def test_a_file_that_no_export_wrote_is_never_overwritten(noted: Desk, tmp_path: Path, change: str) -> None:
    out = tmp_path / "out"
    outside = tmp_path / "outside.md"
    outside.write_text("outside")
    export = make_export(noted, "okf", private=[])
    if change == "foreign":
        out.mkdir()
        (out / "index.md").write_text("mine")
    else:
        write_folder(noted, export, out)
        (out / "index.md").unlink()
        if change == "edited":
            (out / "index.md").write_text("mine")
        elif change == "link":
            (out / "index.md").symlink_to(outside)
        else:
            (out / "index.md").mkdir()
    with pytest.raises(DeskError, match=r"index\.md was not written by an export"):
        write_folder(noted, export, out)
    assert outside.read_text() == "outside"


def test_links_and_lists_that_lead_elsewhere(noted: Desk, tmp_path: Path) -> None:
    out, outside = tmp_path / "out", tmp_path / "outside"
    outside.mkdir()
    (outside / "keep.md").write_text("keep")
    out.mkdir()
    (out / "concepts").symlink_to(outside)
    with pytest.raises(DeskError, match="leads out"):
        write_folder(noted, make_export(noted, "okf", private=[]), out)
    (out / "concepts").unlink()
    digest = "6ca7ea2feefc88ecb5ed6356ed963f47dc9137f82526fdd25d618ea626d0803f"  # of "keep"
    (out / MANIFEST).write_text(json.dumps({"files": {"../outside/keep.md": digest, str(outside / "keep.md"): digest}}))
    write_folder(noted, make_export(noted, "okf", private=[]), out)
    assert (outside / "keep.md").exists()
    (noted.root / "exports").symlink_to(outside)
    with pytest.raises(DeskError, match="leads out"):
        default_folder(noted, "okf")


def test_paths_of_the_machine_and_keys_stay_here(noted: Desk) -> None:
    home = "/home/ada"
    key = "sk-ant-" + "a1B2" * 10
    page(noted, "wiki/Mine.md", f"See {noted.root.resolve()}/raw, {home}/x, /home/adam and {key}.\n", type="note")
    for format_ in ("okf", "llms.txt"):
        export = make_export(noted, format_, private=[home])
        text = b"".join(export.files.values()).decode()
        assert str(noted.root.resolve()) not in text
        assert f"{home}/" not in text
        assert "/home/adam" in text  # another's name that begins alike
        assert key not in text
        assert export.left_out >= 3


def test_nothing_is_left_out_of_ordinary_texts() -> None:
    files = {"a.md": b"The sk-learn way, /home, and AKIA.", "b.png": b"/home/ada"}
    assert without_private(files, ["/", "", "/home/ada"]) == (files, 0)


@pytest.mark.skipif(os.name == "nt", reason="no such links there")
def test_a_desk_without_sources(desk: Desk) -> None:
    page(desk, "wiki/Mine.md", "Text.\n", type="note")
    for format_ in ("jsonl", "bibtex"):
        with pytest.raises(DeskError, match="no source page"):
            make_export(desk, format_, private=[])
