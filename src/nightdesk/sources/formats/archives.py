"""Zip containers (docx, pptx, xlsx, epub) and the XML in them, read with the bombs refused."""

import re
import stat
import zipfile
from pathlib import Path

from lxml import etree

from nightdesk.base.errors import DeskError

MAX_UNPACKED_BYTES = 300_000_000
MAX_RATIO = 200  # text packs 3 to 20 times; a bomb 1,000 times
MAX_ENTRIES = 20_000
_RATIO_COUNTS_FROM_BYTES = 20_000_000  # below that a high ratio does no harm: an empty sheet packs 100 times
_DECLARATION = re.compile(rb"<!\s*(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_DECLARATION_WIDE = re.compile(rb"<\0!\0(?:D\0O\0C\0T\0Y\0P\0E|E\0N\0T\0I\0T\0Y)", re.IGNORECASE)


class Archive:
    """An open zip whose sizes were checked first. Entry names are keys only, never paths on disk."""

    def __init__(self, path: Path) -> None:
        try:
            self._zip = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
            raise DeskError("is damaged: not a whole zip archive") from error
        entries = self._zip.infolist()
        unpacked = sum(entry.file_size for entry in entries)
        packed = max(path.stat().st_size, 1)
        if len(entries) > MAX_ENTRIES:
            raise DeskError(f"holds {len(entries):,} entries, more than {MAX_ENTRIES:,}")
        if unpacked > MAX_UNPACKED_BYTES:
            raise DeskError(f"would unpack to more than {MAX_UNPACKED_BYTES // 1_000_000} MB")
        if unpacked > _RATIO_COUNTS_FROM_BYTES and unpacked / packed > MAX_RATIO:
            raise DeskError(f"looks like a zip bomb: it unpacks to {unpacked // packed} times its size")
        if any(entry.flag_bits & 1 for entry in entries):
            raise DeskError("is encrypted")
        self.names = frozenset(entry.filename for entry in entries)
        self.unpacked_bytes = unpacked  # as the archive states it; `read` holds each entry to its word

    def __enter__(self) -> "Archive":
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    def read(self, name: str) -> bytes:
        """Return the bytes of the entry `name`. Raises DeskError if it is not there, too large or damaged."""
        try:
            entry = self._zip.getinfo(name)
            with self._zip.open(entry) as file:
                content = file.read(entry.file_size + 1)  # the stated size is the attacker's word; never read past it
        except KeyError as error:
            raise DeskError(f"is damaged: {name} is missing") from error
        except (zipfile.BadZipFile, EOFError, OSError, NotImplementedError, RuntimeError, ValueError) as error:
            raise DeskError(f"is damaged: {name} cannot be unpacked") from error
        except Exception as error:  # zlib.error and lzma.LZMAError share no base class
            raise DeskError(f"is damaged: {name} cannot be unpacked") from error
        if len(content) > entry.file_size:
            raise DeskError(f"is damaged: {name} is larger than it says")
        return content

    def is_link(self, name: str) -> bool:
        """Say whether the entry `name` is a symbolic link."""
        return stat.S_ISLNK(self._zip.getinfo(name).external_attr >> 16)

    def xml(self, name: str) -> etree._Element:
        """Return the root of the XML entry `name`; entities are never expanded."""
        return parse_xml(self.read(name))

    def refuse_declarations(self) -> None:
        """Raise DeskError if an XML part declares a document type: Office never does, entity bombs must.

        For libraries that read the XML with a parser of their own.
        """
        for name in sorted(self.names):
            if name.lower().endswith((".xml", ".rels", ".vml")):
                refuse_declarations(self.read(name))


def parse_xml(content: bytes) -> etree._Element:
    """Return the root of `content`, with no entities, no network and no document type."""
    refuse_declarations(content)
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, recover=False
    )
    try:
        return etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise DeskError("is damaged: its XML cannot be read") from error


def refuse_declarations(content: bytes) -> None:
    """Raise DeskError if the XML `content` declares a document type or an entity, in UTF-8 or UTF-16."""
    if _DECLARATION.search(content) or _DECLARATION_WIDE.search(content):
        raise DeskError("declares XML entities, which can be a bomb")
