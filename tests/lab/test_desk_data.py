"""What `--data desk` reads: the text of every source, whether it stands in text/ or is the raw file itself."""

from pathlib import Path

from nightdesk.lab.templates.gpt import prepare


def test_texts_of_both_kinds_each_once(tmp_path: Path) -> None:
    files = {
        "text/paper.pdf.md": "paper",
        "text/note.md.md": "note with links as words",
        "raw/paper.pdf": "binary",
        "raw/note.md": "note with [[links]]",
        "raw/inner/own.md": "own text",
        "raw/own.md.assets/images.md": "no source",
        "raw/.hidden/x.md": "hidden",
        "raw/letter.txt": "letter",
    }
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    assert sorted(prepare.read_desk(tmp_path)) == ["letter", "note with links as words", "own text", "paper"]
