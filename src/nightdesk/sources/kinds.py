"""Which kind of source a file is, by its ending checked against its first bytes."""

import codecs
import re
import zipfile
from pathlib import Path

from nightdesk.sources.formats.sniffing import SNIFFED_BYTES, looks_like_chat, looks_like_note, looks_like_page

KINDS = {
    "markdown": (".md", ".markdown", ".mdown", ".mkd"),
    "text": (".txt", ".text", ".rst", ".log", ".adoc", ".org"),
    "html": (".html", ".htm", ".xhtml"),
    "pdf": (".pdf",),
    "docx": (".docx",),
    "pptx": (".pptx",),
    "xlsx": (".xlsx",),
    "csv": (".csv", ".tsv"),
    "epub": (".epub",),
    "notebook": (".ipynb",),
    "latex": (".tex",),
    "mail": (".eml", ".mbox"),
    "image": (".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg"),
    "code": (
        *(".py", ".pyi", ".pyx", ".ipy", ".c", ".h", ".cc", ".cpp", ".cxx", ".hh", ".hpp", ".cu", ".cuh", ".rs"),
        *(".go", ".java", ".kt", ".scala", ".js", ".mjs", ".jsx", ".ts", ".tsx", ".rb", ".php", ".swift", ".m"),
        *(".cs", ".fs", ".hs", ".ml", ".mli", ".ex", ".exs", ".erl", ".clj", ".lua", ".pl", ".pm", ".r", ".jl"),
        *(".sh", ".bash", ".zsh", ".ps1", ".sql", ".zig", ".nim", ".dart", ".f90", ".f", ".asm", ".s", ".vim"),
        *(".toml", ".yaml", ".yml", ".json", ".ini", ".cfg", ".cmake", ".mk", ".proto", ".css", ".el", ".lisp"),
    ),
}
_KIND_OF_ENDING = {ending: kind for kind, endings in KINDS.items() for ending in endings}
_KIND_OF_NAME = {"readme": "text", "license": "text", "makefile": "code", "dockerfile": "code", "mbox": "mail"}
TEXTUAL = frozenset({"markdown", "text", "html", "csv", "notebook", "latex", "code", "mail"})
KINDS_VERSION = "2"  # raised when the same file is of another kind

_FIRST_BYTES = 8192
_NOTE_BYTES = 2_000_000  # of Markdown that are searched for links within a vault or an export
_ZIP_MEMBER = {"docx": "word/", "pptx": "ppt/", "xlsx": "xl/", "epub": "META-INF/container.xml"}
_MAIL = re.compile(rb"\s*(?:From [^\n]{0,500}\n|[!-9;-~]{1,80}:[ \t\r\n])")
_MAGIC = {
    ".png": (b"\x89PNG\r\n\x1a\n",),
    ".jpg": (b"\xff\xd8\xff",),
    ".jpeg": (b"\xff\xd8\xff",),
    ".gif": (b"GIF87a", b"GIF89a"),
    ".webp": (b"RIFF",),
}
_CONTROLS = bytes(byte for byte in range(32) if byte not in b"\t\n\r\f\x1b\b")
_BYTE_ORDER_MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def kind_of(path: Path) -> str | None:
    """Return the kind of the file at `path`, or None if nightdesk does not read it (see `why_not`). Raises OSError.

    Beside those in KINDS there are three that only the content tells: "chat", "obsidian" and "notion".
    """
    return None if why_not(path) else _by_content(path, _kind_by_name(path))


def _by_content(path: Path, kind: str | None) -> str | None:
    """Return the kind that a file's content makes of the one by its name."""
    json = kind == "code" and path.suffix.lower() == ".json"
    if not json and kind != "markdown":
        return kind
    with path.open("rb") as file:
        content = file.read(SNIFFED_BYTES if json else _NOTE_BYTES)
    if json:
        return "chat" if looks_like_chat(content) else kind
    return "notion" if looks_like_page(content) else "obsidian" if looks_like_note(content) else kind


def why_not(path: Path) -> str | None:
    """Return in a few words why the file at `path` is not read, or None if it is read. Raises OSError."""
    kind = _kind_by_name(path)
    with path.open("rb") as file:
        first = file.read(_FIRST_BYTES)
    if not first.strip(b" \t\r\n\0"):
        return "is empty"
    if kind is None:
        return f"is of no kind that is read ({path.suffix})" if path.suffix else "is of no kind that is read"
    if kind in TEXTUAL and is_binary(first):
        return "is binary, not text"
    if kind == "mail" and not _MAIL.match(first.removeprefix(codecs.BOM_UTF8)):
        return "is no mail"
    if kind == "pdf":
        return None if b"%PDF-" in first[:1024] else "is not a PDF"  # readers allow some bytes before the header
    if kind == "image":
        return _why_no_image(path.suffix.lower(), first)
    return _why_no_archive(path, kind, first) if kind in _ZIP_MEMBER else None


def is_text(kind: str, path: Path) -> bool:
    """Return whether the file is its own text (Markdown or plain text in UTF-8), so that nothing is converted."""
    if kind not in {"markdown", "text"}:
        return False
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        try:
            while block := file.read(1 << 20):
                if b"\0" in block:
                    return False
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


def is_binary(first: bytes) -> bool:
    """Return whether the first bytes of a file are no text in any encoding that we know."""
    if first.startswith(_BYTE_ORDER_MARKS):
        return False
    if b"\0" in first:
        return True
    controls = len(first) - len(first.translate(None, _CONTROLS))
    return controls > len(first) * 0.05  # text of an old encoding has accents, not control characters


def _kind_by_name(path: Path) -> str | None:
    return _KIND_OF_ENDING.get(path.suffix.lower()) or _KIND_OF_NAME.get(path.name.lower())


def _why_no_image(ending: str, first: bytes) -> str | None:
    if ending == ".svg":
        return None if b"<svg" in first or b"<?xml" in first else "is not an SVG image"
    if not first.startswith(_MAGIC[ending]) or (ending == ".webp" and first[8:12] != b"WEBP"):
        return f"is not a {ending[1:].upper()} image"
    return None


def _why_no_archive(path: Path, kind: str, first: bytes) -> str | None:
    if first.startswith(b"\xd0\xcf\x11\xe0"):  # an OLE container: Office's own encryption, or a .doc renamed
        return f"is encrypted, or an older format than {kind.upper()}"
    try:
        with zipfile.ZipFile(path) as archive:
            if any(name.startswith(_ZIP_MEMBER[kind]) for name in archive.namelist()):
                return None
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError):
        pass  # told in one way below
    return f"is not a {kind.upper()} file, or is damaged"
