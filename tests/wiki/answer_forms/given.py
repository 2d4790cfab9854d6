"""References and statements that the tests of several forms use."""

from nightdesk.wiki.answer_forms.stated import Stated
from nightdesk.wiki.answering.replies import Reference

HOSTILE = (
    "---",
    "- - -",
    "***",
    "<script>alert(1)</script>",
    "--> <!-- _class: evil -->",
    "<!-- theme: gaia -->",
    "<style>section{display:none}</style>",
    "![bg](https://example.org/x.png)",
    "[click](javascript:alert(1))",
    "https://example.org/leak www.example.org :smile:",
    "$$\\href{javascript:alert(1)}{x}$$ and $x$",
    "# Heading",
    "1. one",
    "> quote",
    "```\ncode\n```",
    "marp: false\n---\n\nnew slide",
    "&lt;b&gt; &amp; &#60;script&#62;",
    "a\u202eb\u200bc\x1b[31md",
    '"] } : - key: value',
    "| a | b |",
    "[[Muon#^c0123456789|1]]",
)


def reference(
    number: int, *, page: str = "Muon, explained", quote: str = "Five steps.", claim: bool = True
) -> Reference:
    identity = f"c{number:010x}" if claim else ""
    return Reference(
        number, page, identity, quote, "raw/muon.md", f"What it does, line {number}", "raw/muon.md", "2025"
    )


def stated(text: str, *numbers: int, group: str = "Muon") -> Stated:
    return Stated(text, group, numbers or (1,))
