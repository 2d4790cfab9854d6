"""Prose: whatever a page says, what comes out runs nothing, loads nothing, and wears nothing of ours."""

import re
from html import escape
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lxml import html as lxml_html

from nightdesk.views.web.prose import MAX_TEXT, render
from nightdesk.views.web.prose.cleaning import clean
from nightdesk.views.web.prose.raw import TAGS
from tests.views.web.payloads import PAYLOADS
from tests.views.web.places import Pages

ALLOWED = TAGS | {"section", "input", "article"}
_ATTRIBUTES = """
    href src alt title lang dir width height colspan rowspan start open datetime class id role tabindex scope loading
    decoding rel aria-label data-preview data-claim data-callout data-language type disabled checked
"""
ATTRIBUTES = frozenset(_ATTRIBUTES.split())
ADDRESS = re.compile(r"(?:https?://|mailto:|/(?:p|s|f|api|tags)\b|#)")
OUR_ID = re.compile(r"h-[\w-]+|\^[a-z0-9-]+|fn(?:ref)?-(?:e\d+-)?\d+(?:-\d+)?")


def attributes(element: Any) -> dict[str, str]:
    """Return an element's attributes."""
    return {str(name): str(value) for name, value in element.attrib.items()}


def faults(html: str) -> list[str]:
    """Return what is wrong with HTML that may stand in a page; none is right."""
    found = []
    for element in lxml_html.fromstring(f"<article>{html}</article>").iter():
        if not isinstance(element.tag, str):
            found.append(f"{element.tag}")
            continue
        if element.tag not in ALLOWED:
            found.append(f"<{element.tag}>")
        for name, value in attributes(element).items():
            if name not in ATTRIBUTES or name.startswith("on"):
                found.append(f"{element.tag} {name}")
            if name == "href" and not ADDRESS.match(value):
                found.append(f"href {value}")
            if name == "src" and not re.match(r"/f/|data:image/(?:png|jpeg|gif|webp);base64,", value):
                found.append(f"src {value}")
            if name == "id" and not OUR_ID.fullmatch(value):
                found.append(f"id {value}")
        if element.tag == "input" and (element.get("type") != "checkbox" or element.get("disabled") is None):
            found.append("input")
    return found


@pytest.mark.parametrize("name", PAYLOADS)
def test_a_payload_comes_to_nothing(name: str) -> None:
    shown = render(PAYLOADS[name], place=Pages(), path="here.md")
    assert faults(shown.html) == []
    # and in what embeds it, beside what is unharmed
    around = render("before\n\n![[Evil]]\n\n**after**", place=Pages({"Evil": PAYLOADS[name]}), path="here.md")
    assert faults(around.html) == []
    assert around.html.endswith('<p dir="auto"><strong>after</strong></p>\n')


def test_there_are_enough_payloads_and_each_calls() -> None:
    assert len(PAYLOADS) > 100
    silent = {"clobber-id", "clobber-heading", "image-svg", "link-data", "data", "meta-token"}
    assert {name for name, text in PAYLOADS.items() if f"pwned('{name}')" not in text} == silent


def test_the_check_of_faults_finds_faults() -> None:
    assert faults('<script>x</script><b onclick="x">a</b><a href="javascript:x">b</a><p id="x" style="y">c</p>') == [
        *("<script>", "b onclick", "href javascript:x", "id x", "p style")
    ]


@pytest.mark.parametrize("name", ["class", "data", "clobber-id", "clobber-nested", "heading-attribute"])
def test_no_page_wears_our_names(name: str) -> None:
    html = render(PAYLOADS[name], place=Pages(), path="here.md").html
    tree = lxml_html.fromstring(f"<article>{html}</article>")
    worn = [element.get("class") for element in tree.iter() if element.get("class")]
    assert worn == []
    assert not tree.xpath("//*[@data-preview or @data-claim or @data-live or @name]")


@pytest.mark.parametrize("text", ["nightdesk", "document", "main", "__proto__", "constructor"])
def test_no_heading_takes_a_name_that_scripts_know(text: str) -> None:
    (heading,) = render(f"# {text}", place=Pages(), path="here.md").headings
    assert not heading.id.isidentifier()
    assert heading.id.startswith("h-")


def test_images_from_elsewhere_are_links() -> None:
    html = render(
        "![plot](https://example.org/x.png) ![](//example.org/y.png) <img src='https://example.org/z.png'>",
        place=Pages(),
        path="here.md",
    ).html
    assert "<img" not in html
    assert 'href="https://example.org/x.png"' in html
    assert "plot (image on example.org)" in html
    assert html.count("image on example.org") == 3


@pytest.mark.parametrize(
    "target",
    ["file:///etc/passwd", "//example.org/x", "\\\\host\\share", "C:\\x", "/etc/passwd", "ftp://example.org/x", "x:y"],
)
def test_addresses_of_other_kinds_are_words(target: str) -> None:
    for text in (f"[words](<{target}>)", f'<a href="{target}">words</a>'):
        html = render(text, place=Pages(), path="here.md").html
        assert "href" not in html
        assert "words" in html


def test_the_last_wall_stands_alone() -> None:
    """What the emitter would let through, the cleaner still does not."""
    for text in PAYLOADS.values():
        cleaned = clean(text.encode("utf-8", "replace").decode(), "n0123456789ab-")
        tree = lxml_html.fromstring(f"<article>{cleaned}</article>")
        for element in tree.iter():
            assert element.tag in ALLOWED
            given = attributes(element)
            assert not {"class", "id", "src", "style", "name"} & set(given)
            assert not any(name.startswith(("on", "data-")) for name in given)
            assert "script:" not in given.get("href", "").lower()


_WORDS = r"""
    [[ ]] | # ^ ![[ ]( [ ) == %% ^[ [^1] [^1]: $ $$ ` ``` ~~ ** <!-- --> <b> </b> </p> <div> </div> <details> <script>
    <table><td> <img/src=a.png> <a/href=x> &amp; &#35; \ Page a.png https://example.org/a_(b)
    #tag ^c0123456789 ```mermaid
    ![[Loop]] ![[Page#^id]] [!note]-
""".split()  # noqa: SIM905  # as a list it would take fifty lines
_STARTS = [
    "> ",
    "- ",
    "1. ",
    "- [ ] ",
    "| a | b |\n|--|--|\n",
    "\n",
    "\n\n",
    "    ",
    "# ",
    ": ",
    " ^id",
    '  > "q" (p)\n',
]
_PIECES = st.sampled_from(
    [*_WORDS, *_STARTS, "---\na: b\n---\n", "\r\n", "\0", "\ud800", "\u202e", "\u6f22", "e\u0301"]
)


@settings(max_examples=250, deadline=None)
@given(st.lists(st.one_of(_PIECES, _PIECES, st.text(max_size=8)), max_size=40).map("".join))
@example("- a\n\n  ^id\n")
@example("==^[==]")
def test_any_text_is_rendered_safely_and_the_same_when_read_again(text: str) -> None:
    place = Pages({"Loop": text})
    shown = render(text, place=place, path="here.md")
    assert faults(shown.html) == []
    ids = re.findall(r' id="([^"]*)"', shown.html)
    assert len(ids) == len(set(ids))
    assert [escape(heading.id) for heading in shown.headings] == [one for one in ids if one.startswith("h-")]
    # a browser that reads it and writes it again, as app.js has it done, gets the same
    once = _written_again(shown.html)
    assert _written_again(once) == once


def _written_again(html: str) -> str:
    import nh3  # noqa: PLC0415  # here alone: a parser as browsers have it

    attributes = {"*": set(ATTRIBUTES)}
    return nh3.clean(
        html, tags=set(ALLOWED), attributes=attributes, link_rel=None, url_schemes={"http", "https", "mailto"}
    )


def test_a_page_without_end_is_cut_and_says_so() -> None:
    html = render("word " * (MAX_TEXT // 4), place=Pages(), path="here.md").html
    assert 'class="nd-cut"' in html
    assert f"{MAX_TEXT // 4 * 5:,} characters" in html


@pytest.mark.parametrize(
    "piece", ["[[", "> ", "*a ", "[a](", "^[", "^[a] ", "==", "<b>", "<a ", "#1", "`", "# a\n", "a ^b\n\n"]
)
def test_hostile_repetition_is_rendered(piece: str) -> None:
    """Nesting has a bound, and nothing recurses with the text's length; a quadratic step would take minutes."""
    html = render(piece * (20_000 // len(piece)), place=Pages(), path="here.md").html
    assert faults(html) == []
