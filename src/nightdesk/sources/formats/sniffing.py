"""What only a file's content tells: a chat's JSON, a note of an Obsidian vault, a page of a Notion export."""

import re

SNIFFED_BYTES = 4_000_000  # one conversation with all its versions is rarely longer
_CHATGPT = (re.compile(rb'"mapping"\s*:\s*\{'), re.compile(rb'"role"\s*:\s*"(?:user|assistant|system)"'))
_CLAUDE = (re.compile(rb'"chat_messages"\s*:\s*\['),)
_SLACK = (re.compile(rb'"ts"\s*:\s*"\d{9,11}\.\d{1,9}"'), re.compile(rb'"type"\s*:\s*"message"'))
_WIKILINK = re.compile(rb"\[\[[^\[\]\n]{1,500}\]\]")
_LINK_TO_PAGE = re.compile(rb"(?:%20| |_|-)[0-9a-f]{32}(?:_all)?(?:\.(?:md|csv|html)|/[^()\s]{1,1000})\)")


def looks_like_chat(first: bytes) -> bool:
    """Say whether the first SNIFFED_BYTES of a JSON file may be those of a chat: `convert` has the last word."""
    if first[:200].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] not in (b"[", b"{"):
        return False
    return any(all(sign.search(first) for sign in signs) for signs in (_CHATGPT, _CLAUDE, _SLACK))


def looks_like_note(content: bytes) -> bool:
    """Say whether Markdown holds a wikilink below its frontmatter."""
    if content.startswith(b"---"):
        content = content[max(content.find(b"\n---", 3), 0) :]
    return _WIKILINK.search(content) is not None


def looks_like_page(content: bytes) -> bool:
    """Say whether Markdown links to a file whose name carries the id of a Notion page."""
    return _LINK_TO_PAGE.search(content) is not None
