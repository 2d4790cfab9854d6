"""Files are written whole or not at all."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from nightdesk.base.files import hash_file, hash_text, write_atomically


@pytest.mark.parametrize("durable", [True, False])
@pytest.mark.parametrize("content", ["a\r\nb\n", "Größe", b"\xff\x00", ""])
def test_content_is_written_byte_for_byte(tmp_path: Path, content: str | bytes, durable: bool) -> None:
    path = tmp_path / "new/folder/page.md"
    write_atomically(path, content, durable=durable)
    assert path.read_bytes() == (content.encode() if isinstance(content, str) else content)
    write_atomically(path, b"second", durable=durable)
    assert path.read_bytes() == b"second"
    assert os.listdir(path.parent) == ["page.md"]


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text("old")
    with pytest.raises(UnicodeEncodeError):
        write_atomically(path, "\ud800")
    (tmp_path / "folder/inside").mkdir(parents=True)
    with pytest.raises(OSError, match="directory"):
        write_atomically(tmp_path / "folder", "a folder cannot be replaced by a file")
    assert sorted(os.listdir(tmp_path)) == ["folder", "page.md"]
    assert path.read_text() == "old"


def test_the_longest_name_can_be_written(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 252 + ".md")
    write_atomically(path, "1")
    assert path.read_text() == "1"


def test_a_full_disk_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text("old")
    code = (
        "import resource, signal; from pathlib import Path; from nightdesk.base.files import write_atomically\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        f"write_atomically(Path({str(path)!r}), 'x' * 5000)"
    )
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert b"File too large" in finished.stderr
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["page.md"]


def test_a_reader_sees_a_whole_page_while_it_is_written_and_its_writer_killed(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    pages = {letter * 300_000 for letter in "ab"}
    path.write_text("a" * 300_000)
    code = (
        "from pathlib import Path; from nightdesk.base.files import write_atomically\n"
        f"while True:\n  for c in 'ab': write_atomically(Path({str(path)!r}), c * 300_000, durable=False)"
    )
    for _ in range(3):
        with subprocess.Popen([sys.executable, "-c", code]) as writer:
            before = path.stat().st_ino
            while path.stat().st_ino == before:
                pass  # until it has begun
            for _ in range(100):
                assert path.read_text() in pages
            writer.send_signal(signal.SIGKILL)
        assert path.read_text() in pages


def test_hashes(tmp_path: Path) -> None:
    known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # FIPS 180-2, appendix B.1
    (tmp_path / "x").write_bytes(b"abc")
    assert hash_text("abc") == hash_file(tmp_path / "x") == known
