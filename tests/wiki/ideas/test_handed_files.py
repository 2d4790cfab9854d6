"""Files as a worker hands them in."""

import json
from pathlib import Path
from typing import Any

import pytest

from nightdesk.wiki.ideas.handed_files import MAX_FILE, MAX_FILES, RESERVED, put_files, read_files


def handed(*files: tuple[Any, Any]) -> str:
    return json.dumps({"files": [{"path": path, "content": content} for path, content in files]})


def test_files_are_written_to_the_byte(tmp_path: Path) -> None:
    given = {"a.py": "x = 1\r\n", "src/ä b.txt": "🙂", "empty.txt": ""}
    files, reasons = read_files(f"```json\n{handed(*given.items())}\n```")
    assert (files, reasons) == (given, ())
    put_files(tmp_path, files)
    assert {name: (tmp_path / name).read_bytes().decode() for name in given} == given


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "JSON"),
        ("[]", "files"),
        ('{"files": []}', "1 to"),
        ('{"files": {}, "x": 1}', "files"),
        ("[" * 100_000, "JSON"),
        ('{"files": [3]}', "keys"),
        ('{"files": [{"path": "a", "content": "b", "mode": "755"}]}', "keys"),
        (handed(("a", 3)), "no text"),
        (handed((None, "x")), "no text"),
        (handed(("../a", "x")), "own folder"),
        (handed(("/a", "x")), "own folder"),
        (handed((".git/hooks/pre-commit", "x")), "hidden"),
        (handed((".envrc", "x")), "hidden"),
        (handed((".claude/settings.json", "x")), "hidden"),
        (handed(("sub/CLAUDE.md", "x")), "not the build's"),
        (handed(("build.MD", "x")), "not the build's"),
        (handed(("a.py", "x\u202ey")), "invisible"),
        (handed(("a.py", "x\u200by")), "invisible"),
        (handed(("a.py", "x" * (MAX_FILE + 1))), "longer"),
        (handed(("a.py", "\ud800")), "half"),
        (handed(("a.py", "1"), ("A.py", "2")), "ignoring case"),
        (handed(("a", "1"), ("a/b", "2")), "a file and a folder"),
        (handed(*((f"f{n}", "") for n in range(MAX_FILES + 1))), "1 to"),
        (handed(*((f"f{n}", "x" * MAX_FILE) for n in range(9))), "together"),
    ],
)
def test_what_is_refused(text: str, why: str) -> None:
    files, reasons = read_files(text)
    assert not files
    assert any(why in reason for reason in reasons), reasons


def test_a_refused_file_refuses_all() -> None:
    files, reasons = read_files(handed(("good.py", "x"), (".bad", "x")))
    assert not files
    assert len(reasons) == 1


def test_reserved_names_are_told_in_the_brief() -> None:
    brief = Path("src/nightdesk/wiki/briefs/idea_build.md").resolve().read_text(encoding="utf-8").casefold()
    assert all(name in brief for name in RESERVED - {"copilot-instructions.md", "mise.toml"})
