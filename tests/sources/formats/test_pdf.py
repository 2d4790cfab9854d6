"""PDF: pages, paragraphs, columns, running heads, and what cannot be read."""

from typing import TYPE_CHECKING

import pytest

from nightdesk.base.errors import DeskError
from nightdesk.sources.formats.converted import Converted, tidy
from nightdesk.sources.formats.pdf import convert
from nightdesk.sources.formats.pdf_blocks import Block, Page
from nightdesk.sources.formats.pdf_text import markdown_of, title_of

if TYPE_CHECKING:
    from tests.sources.conftest import Line, Samples

WORDS = "the optimiser keeps one moment for each weight matrix and updates it at every step of the run"


def lines(top: float, texts: list[str], *, x: float = 72, size: float = 10, pitch: float = 12) -> "list[Line]":
    """Return lines of text from `top` downwards."""
    return [(x, top - number * pitch, size, text) for number, text in enumerate(texts)]


def converted(samples: "Samples", pages: "list[list[Line]]") -> Converted:
    """Return a PDF of the given lines converted."""
    return tidy(convert(samples.pdf("a.pdf", pages), samples.folder / "assets", assets_link="assets"))


def test_pages_headings_and_paragraphs(samples: "Samples") -> None:
    first = [
        *lines(720, ["A Study of Optimisers"], size=20),
        *lines(
            680,
            [
                "Training a model means to lower its loss by small steps, and",
                "this takes many of them, as",
                "everybody knows who has tried.",
            ],
        ),
        *lines(620, ["Results"], size=14),
        *lines(
            590,
            [
                "The second paragraph stands under a heading of its own and",
                "is as long as the first, though",
                "it says something else.",
            ],
        ),
    ]
    second = lines(720, ["The next page starts with a new sentence, which is whole, and", "goes on to a second line."])
    found = converted(samples, [first, second])
    assert (found.title, found.pages) == ("A Study of Optimisers", 2)
    assert found.markdown == (
        "<!-- page 1 -->\n\n# A Study of Optimisers\n\n"
        "Training a model means to lower its loss by small steps, and this takes many of them, "
        "as everybody knows who has tried.\n\n"
        "## Results\n\n"
        "The second paragraph stands under a heading of its own and is as long as the first, "
        "though it says something else.\n\n"
        "<!-- page 2 -->\n\n"
        "The next page starts with a new sentence, which is whole, and goes on to a second line.\n"
    )


def test_sentence_over_a_page_break_is_joined_before_the_mark(samples: "Samples") -> None:
    first = lines(
        700, ["A paragraph at the end of a page that does not end there but", "goes on, since its author wanted"]
    )
    second = [
        *lines(720, ["to say more, and only then it ends."]),
        *lines(680, ["Another paragraph follows on the second page."]),
    ]
    assert converted(samples, [first, second]).markdown.endswith(
        "goes on, since its author wanted to say more, and only then it ends.\n\n"
        "<!-- page 2 -->\n\nAnother paragraph follows on the second page.\n"
    )


def test_hyphens_at_line_ends_are_joined(samples: "Samples") -> None:
    text = [
        "A network of many layers is hard to train without a residual connec-",
        "tion, which was found in 2015 by a group of research-",
        "ers.",
    ]
    assert (
        "a residual connection, which was found in 2015 by a group of researchers."
        in converted(samples, [lines(700, text)]).markdown
    )


def test_running_heads_and_page_numbers_are_dropped(samples: "Samples") -> None:
    pages = [
        [
            *lines(760, ["Journal of Examples, volume 7"], size=8),
            *lines(700, [f"Page {n} says that {WORDS},", "and then says nothing more about it."]),
            *lines(30, [str(n)], x=300, size=8),
        ]
        for n in range(1, 6)
    ]
    markdown = converted(samples, pages).markdown
    assert "Journal of Examples" not in markdown
    assert [line for line in markdown.splitlines() if line.isdecimal()] == []
    assert all(f"Page {n} says" in markdown for n in range(1, 6))


def test_two_columns_are_read_one_after_the_other(samples: "Samples") -> None:
    left = [f"left line {n} of the first column says something" for n in range(1, 13)]
    right = [f"right line {n} of the second column says more" for n in range(1, 13)]
    markdown = converted(samples, [[*lines(700, left, x=60, size=9), *lines(700, right, x=330, size=9)]]).markdown
    places = [markdown.index(line.split(" of ")[0]) for line in (left[0], left[11], right[0], right[11])]
    assert places == sorted(places)


def test_what_looks_like_markup_is_escaped(samples: "Samples") -> None:
    text = lines(700, ["The call of vector<T> is shown here: <!-- page 9 --> and it goes", "on for another line."])
    markdown = converted(samples, [text]).markdown
    assert "vector\\<T>" in markdown
    assert "\\<!-- page 9 -->" in markdown


def test_letters_beyond_ascii(samples: "Samples") -> None:
    text = "The \u201cfirst\u201d draft was caf\u00e9 talk \u2013 and no more than this."
    assert "draft was caf\u00e9 talk" in converted(samples, [lines(700, [text])]).markdown


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda s: s.pdf("a.pdf", [lines(700, ["secret"])], encrypted=True), "is encrypted"),
        (lambda s: s.pdf("a.pdf", [[], []]), "has no text layer"),
        (lambda s: s.file("a.pdf", s.pdf("b.pdf", [lines(700, [WORDS])]).read_bytes()[:200]), "is damaged"),
        (lambda s: s.file("a.pdf", b"%PDF-1.7\n" + bytes(range(256)) * 40), "is damaged"),
        (lambda s: s.file("a.pdf", b"<html>"), "is not a PDF"),
    ],
    ids=["encrypted", "a scan", "truncated", "garbage", "not one"],
)
def test_what_cannot_be_read(samples: "Samples", make: object, reason: str) -> None:
    assert callable(make)
    path = make(samples)
    with pytest.raises(DeskError, match=reason):
        convert(path, samples.folder / "assets", assets_link="")


def test_garbage_after_the_end_is_no_harm(samples: "Samples") -> None:
    path = samples.pdf("a.pdf", [lines(700, [f"Here {WORDS}."])])
    path.write_bytes(path.read_bytes() + b"\0garbage" * 1000)
    assert "optimiser" in convert(path, samples.folder / "assets", assets_link="").markdown


def page(number: int, *blocks: Block, largest: str = "") -> Page:
    """Return a page of 600 x 800 points."""
    return Page(number, 600.0, 800.0, blocks, largest)


def block(text: str, y: float = 100.0, *, kind: str = "paragraph", height: float = 10.0, **more: object) -> Block:
    """Return a block of text as wide as a column."""
    return Block(kind, text, 50.0, y, 500.0, height, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("first", "second", "joined"),
    [
        (block("a sentence that does not end on this page but"), block("goes on here."), " but goes on here."),
        (block("a sentence that ends with a word of two parts, exam", hyphen_at_end=True), block("ple."), "example."),
        (
            block("it was measured with tables and reads of 32", hyphen_at_end=True),
            block("bit words."),
            "32-bit words.",
        ),
        (block("a sentence that ends on this very page."), block("goes on?"), None),
        (block("a heading has no end and stands for itself", kind="heading"), block("goes on?"), None),
        (block("a sentence that may have ended without a dot"), block("New one."), None),  # in doubt, apart
        (
            block("a list item that goes on over the page and", kind="list_item", marker="-"),
            block("ends."),
            " and ends.",
        ),
    ],
)
def test_joining_over_pages(first: Block, second: Block, joined: str | None) -> None:
    markdown = markdown_of([page(1, first), page(2, second, block("Last.", 300.0))])
    assert (joined in markdown) if joined else (f"<!-- page 2 -->\n\n{second.text}" in markdown)
    assert markdown.index("<!-- page 2 -->") < markdown.index("Last.")


def test_hyphen_that_is_lost_is_known_by_the_word() -> None:
    pages = [
        page(1, block("An example is given here. It is one more of them, exam")),
        page(2, block("ple by the book.")),
    ]
    assert "one more of them, example by the book." in markdown_of(pages)


def test_footnote_does_not_part_a_sentence() -> None:
    first = block("the object has to be of the same length, i.e., either the same", 600.0)
    pages = [page(1, first, block("1 In principle.", 700.0, size=8.0)), page(2, block("length as x."), block("End."))]
    assert markdown_of(pages).split("\n\n") == [
        "<!-- page 1 -->",
        "1 In principle.",
        "the object has to be of the same length, i.e., either the same length as x.",
        "<!-- page 2 -->",
        "End.",
    ]


def test_every_page_has_its_mark_in_order() -> None:
    pages = [page(1, block("One.")), page(2), page(3, block("Three.")), page(4)]
    assert markdown_of(pages) == (
        "<!-- page 1 -->\n\nOne.\n\n<!-- page 2 -->\n\n<!-- page 3 -->\n\nThree.\n\n<!-- page 4 -->"
    )


def test_contents_are_left_out() -> None:
    pages = [
        page(
            1,
            block("Contents", kind="heading", level=1),
            block("1 Introduction 2 Method 3 Results"),
            block("4.1 Data . . . . . . . . . . . . . 7 4.2 Model . . . . . . . . . . . 9"),
        ),
        page(2, block("1 2 3 3 4"), block("1 Introduction", kind="heading", level=1), block("The text itself.")),
    ]
    assert markdown_of(pages).split("\n\n") == [
        "<!-- page 1 -->",
        "<!-- page 2 -->",
        "# 1 Introduction",
        "The text itself.",
    ]


@pytest.mark.parametrize(
    ("rows", "table"),
    [
        ((("Model", "Loss"), ("base", "1.25"), ("muon", "1.20")), True),
        ((("3", "CRC tricks"), ("The", "use of an arbitrary initial value allows computation of a sum"),
          ("incrementally.", "If a message is a whole made of parts and its")), False),  # text taken for a table
    ],
)  # fmt: skip
def test_tables_that_are_text(rows: tuple[tuple[str, ...], ...], table: bool) -> None:
    markdown = markdown_of([page(1, Block("table", "", rows=rows))])
    assert ("|" in markdown) is table


def test_title_is_what_is_largest() -> None:
    heading = block("1. Introduction", kind="heading", level=1)
    assert title_of([page(1, heading, largest="The Shared Database")]) == "The Shared Database"
    assert title_of([page(1, heading, block("A Title", kind="heading", level=2))]) == "A Title"
    assert title_of([page(1, block("text"))]) is None


def test_hostile_dot_leaders_take_no_time() -> None:
    assert markdown_of([page(1, block(". " * 200_000 + "x"))])
