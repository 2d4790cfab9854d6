"""The documents that are attached to a mail, to be sources of their own: by name and content, nothing else believed."""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from nightdesk.base.errors import DeskError
from nightdesk.sources.formats.mail import MAX_MESSAGE_BYTES, is_mailbox, split_mailbox
from nightdesk.sources.formats.mail_message import attached_files
from nightdesk.sources.kinds import KINDS

FOLDER_ENDING = " attachments"  # raw/Offer.eml has what was attached to it in raw/Offer attachments/
MAX_FILES = 500  # of one mailbox
_TAKEN = ("pdf", "docx", "pptx", "xlsx", "csv", "epub", "notebook", "latex", "markdown", "text", "html")
_ENDINGS = frozenset(ending for kind in _TAKEN for ending in KINDS[kind])


def attached_documents(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of the documents in the mail at `path`, none of them twice; [] for other files.

    Pictures are not among them: the text of the mail shows them. Raises OSError.
    """
    if path.suffix.lower() not in KINDS["mail"]:
        return
    content = path.read_bytes()
    seen: set[tuple[str, bytes]] = set()
    for message in split_mailbox(content) if is_mailbox(content) else [content]:
        try:
            files = list(attached_files(message[:MAX_MESSAGE_BYTES]))
        except (DeskError, RecursionError):
            continue  # the text says that it cannot be read
        for file in files:
            if PurePosixPath(file[0]).suffix.lower() in _ENDINGS and file not in seen:
                seen.add(file)
                yield file
        if len(seen) >= MAX_FILES:
            return
