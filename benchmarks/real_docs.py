"""Fetches the real corpus that answers are measured on: the Markdown documentation of three Python packages.

62 documents, 55,000 words: attrs 25.3.0, starlette 0.47.2 and structlog 25.4.0, from their source distributions on the
package registry that pip is set up with. Questions about it are in docs_questions.tsv; they were written from the
documents alone, before any answer was seen, and twelve of them have no answer there.

    python benchmarks/real_docs.py FOLDER
"""

import argparse
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path, PurePosixPath

PACKAGES = ("attrs==25.3.0", "starlette==0.47.2", "structlog==25.4.0")
ENDINGS = (".md", ".rst")


def fetch(folder: Path) -> list[Path]:
    """Put the documents into `folder`, one folder a package, and return their paths."""
    written = []
    with tempfile.TemporaryDirectory() as scratch:
        wanted = ["--no-deps", "--no-binary", ":all:", "--quiet", "--dest", scratch, *PACKAGES]
        subprocess.run([sys.executable, "-m", "pip", "download", *wanted], check=True)
        for archive in sorted(Path(scratch).glob("*.tar.gz")):
            package = archive.name.partition("-")[0]
            with tarfile.open(archive) as tar:
                for member in tar.getmembers():
                    parts = PurePosixPath(member.name).parts
                    if len(parts) == 3 and parts[1] == "docs" and parts[2].endswith(ENDINGS) and member.isfile():
                        content = tar.extractfile(member)
                        assert content is not None
                        path = folder / package / parts[2]
                        path.parent.mkdir(parents=True, exist_ok=True)
                        path.write_bytes(content.read())
                        written.append(path)
    return written


def main() -> None:
    """Fetch and count."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    written = fetch(parser.parse_args().folder)
    words = sum(len(path.read_text(encoding="utf-8").split()) for path in written)
    print(f"{len(written)} documents, {words:,} words")


if __name__ == "__main__":
    main()
