"""`add` of archives and of what programs export: which files become sources, and under which names."""

import json
import zipfile
from pathlib import Path

import pytest

from nightdesk.sources.folders import find_sources
from nightdesk.sources.formats import archives
from nightdesk.sources.images import read_images
from nightdesk.sources.unpacking import unpacked
from tests.sources.conftest import png_bytes
from tests.sources.formats.test_mail import mail
from tests.sources.test_add import add, desk

__all__ = ["desk"]
ID = "0123456789abcdef0123456789abcdef"
CHAT = json.dumps([{"title": "t", "mapping": {"a": {"message": {"author": {"role": "user"}}}}}])


def pack(path: Path, entries: dict[str, str | bytes]) -> Path:
    """Return a zip archive."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return path


def fill(folder: Path, files: dict[str, str | bytes]) -> Path:
    """Return a folder with these files."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def names(desk: Path) -> list[str]:
    """Return the sources of a desk, relative to raw/."""
    return [path.relative_to(desk / "raw").as_posix() for path in find_sources(desk / "raw")]


def test_of_a_chat_export_only_the_conversations(desk: Path, tmp_path: Path) -> None:
    archive = pack(tmp_path / "gpt.zip", {"conversations.json": CHAT, "user.json": '{"phone": 1}', "chat.html": "<p>x"})
    report = add(desk, archive)
    assert names(desk) == ["gpt/conversations.json"]
    assert (desk / "raw/gpt/conversations.json").read_text() == CHAT
    assert any("left out 2 files" in note for note in report.notes)


def test_other_files_beside_conversations_are_sources(desk: Path, tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"conversations.json": CHAT, "a.md": "# A", "file-x.png": png_bytes(9, 9)}
    add(desk, fill(tmp_path / "mixed", files | {"inner/b.md": "# B", "users.json": "[]"}))
    assert names(desk) == ["mixed/a.md", "mixed/conversations.json", "mixed/inner/b.md"]


def test_a_vault_within_an_archive(desk: Path, tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"V/.obsidian/app.json": "{}", "V/Templates/t.md": "# T", "V/a.md": "# A"}
    add(desk, pack(tmp_path / "vault.zip", files))
    assert names(desk) == ["vault/V/a.md"]


def test_conversations_by_name_alone_are_none(desk: Path, tmp_path: Path) -> None:
    add(desk, fill(tmp_path / "notes", {"conversations.json": "{}", "a.md": "# A"}))
    assert names(desk) == ["notes/a.md", "notes/conversations.json"]


def test_slack_keeps_its_tables_beside_the_channels(desk: Path, tmp_path: Path) -> None:
    day = json.dumps([{"type": "message", "ts": "1714550000.0001", "user": "U1", "text": "Hi."}])
    files: dict[str, str | bytes] = {"users.json": "[]", "channels.json": "[]", "integration_logs.json": "[]"}
    add(desk, fill(tmp_path / "slack", files | {"general/2024-05-01.json": day}))
    assert names(desk) == ["slack/general/2024-05-01.json"]
    assert sorted(path.name for path in (desk / "raw/slack").glob("*.json")) == ["channels.json", "users.json"]
    (desk / "raw/slack/users.json").write_text("[1]")
    add(desk, tmp_path / "slack")
    assert (desk / "raw/slack/users.json").read_text() == "[1]"  # a file in raw/ is never changed


def test_notion_names_are_cleaned_and_whole_databases_win(desk: Path, tmp_path: Path) -> None:
    inner = pack(
        tmp_path / "part.zip",
        {
            f"Top {ID}.md": "# Top",
            f"Top {ID}/Sub {ID}.md": "# Sub",
            f"T {ID}.csv": "a\n1",
            f"T {ID}_all.csv": "a\n1\n2",
        },
    )
    add(desk, pack(tmp_path / "Export.zip", {"Export-Part-1.zip": inner.read_bytes()}))
    assert names(desk) == ["Export/T.csv", "Export/Top/Sub.md", "Export/Top.md"]
    assert "2" in (desk / "raw/Export/T.csv").read_text()


def test_of_a_vault_no_settings_trash_or_templates(desk: Path, tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        ".obsidian/app.json": "{}",
        ".trash/x.md": "# X",
        "a.md": "![[p.png]]",
        "Templates/t.md": "# T",
    }
    vault = fill(tmp_path / "vault", files | {"p.png": png_bytes(9, 9), "Meta/t.md": "# M"})
    report = add(desk, vault)
    assert names(desk) == ["vault/Meta/t.md", "vault/a.md", "vault/p.png"]
    assert any("templates" in note for note in report.notes)
    fill(vault, {".obsidian/templates.json": '{"folder": "Meta"}'})
    second = add(desk, vault, name="again")
    assert not any("Meta" in present.source for present in second.present)
    assert names(desk)[0] == "again/Templates/t.md"  # the settings name another folder: this one holds notes


def test_an_apple_note_with_its_pictures(desk: Path, tmp_path: Path) -> None:
    add(desk, fill(tmp_path / "Notes", {"Trip/Trip.txt": "We went to Oslo.", "Trip/IMG_1.png": png_bytes(9, 9)}))
    assert names(desk) == ["Notes/Trip/Trip.txt"]
    assert read_images(desk / "raw/Notes/Trip/Trip.txt") == {"IMG_1.png": "IMG_1.png"}


def test_what_is_attached_to_mail_becomes_sources(desk: Path, tmp_path: Path) -> None:
    message = mail()
    message.add_attachment("# Plan\n\nFive steps.", filename="../../../plan.md")
    message.add_attachment(b"MZ", maintype="application", subtype="exe", filename="x.exe")
    message.add_attachment(b"no pdf", maintype="application", subtype="pdf", filename="x.pdf")
    report = add(desk, fill(tmp_path / "in", {"Offer.eml": message.as_bytes()}) / "Offer.eml")
    assert names(desk) == ["Offer attachments/plan.md", "Offer.eml"]
    assert any("x.pdf" in note and "is not a PDF" in note for note in report.notes)
    assert (desk / "raw/Offer.eml").read_bytes() == message.as_bytes()


def test_a_bundle_of_the_open_knowledge_format(desk: Path, tmp_path: Path) -> None:
    index = '---\nokf_version: "0.2"\n---\n# Concepts\n\n* [A](a.md)\n'
    add(
        desk,
        fill(
            tmp_path / "okf",
            {
                "index.md": index,
                "log.md": "# Log",
                "nightdesk-export.json": "{}",
                "c/a.md": "---\ntype: Metric\n---\nFive.",
            },
        ),
    )
    assert names(desk) == ["okf/c/a.md"]


@pytest.mark.parametrize(
    "name",
    [
        "../evil.md",
        "/etc/evil.md",
        "a/../../evil.md",
        "C:/evil.md",
        "..\\evil.md",
        "__MACOSX/evil.md",
        "a/" * 30 + "evil.md",
    ],
)
def test_names_that_lead_out_of_an_archive(tmp_path: Path, name: str) -> None:
    with unpacked(pack(tmp_path / "a.zip", {name: "# Evil", "good.md": "# Good"})) as folder:
        assert [path.name for path in folder.rglob("*.md")] == ["good.md"]
        assert [path.name for path in folder.parent.iterdir()] == ["unpacked"]
    assert not folder.exists()


def test_links_and_doubles_in_an_archive(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        link = zipfile.ZipInfo("link.md")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("a", "a file")
        archive.writestr("a/b.md", "# in a file")
        archive.writestr("c.md", "# C")
    with unpacked(path) as folder:
        assert sorted(entry.name for entry in folder.iterdir()) == ["a", "c.md"]


def test_bombs_are_refused(desk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = pack(tmp_path / "bomb.zip", {"a.md": b"a" * 30_000_000})
    monkeypatch.setattr("nightdesk.sources.unpacking.MAX_UNPACKED_BYTES", 1000)
    small = pack(tmp_path / "small.zip", {"a.md": b"ab" * 300})
    nested = pack(tmp_path / "nested.zip", {f"{n}.zip": small.read_bytes() for n in range(3)})
    fill(tmp_path, {"broken.zip": b"PK\x03\x04junk", "other.zip": b"junk"})
    report = add(desk, bomb, nested, tmp_path / "broken.zip", tmp_path / "other.zip")
    assert [refusal.reason.split(":")[0].split(" it ")[0] for refusal in report.refused] == [
        "looks like a zip bomb",
        "would unpack to more than 0 MB, archives in",
        "is damaged",
        "is no zip archive",
    ]
    assert names(desk) == []
    assert archives.MAX_UNPACKED_BYTES == 300_000_000
