"""Prose: Markdown is shown as Obsidian shows it; claims and citations as nightdesk writes them."""

import re

import pytest

from nightdesk.views.web.prose import anchor, render
from nightdesk.views.web.prose.code import LANGUAGES, MAX_CODE, coloured
from nightdesk.views.web.prose.scope import MAX_EMBED_DEPTH, MAX_EMBEDS
from nightdesk.wiki.claims import Claim, render_citation, render_claim
from tests.views.web.places import Pages

CLAIM = Claim(
    "c0123456789", 'It has 5 steps [sic] & a "name".', 'The "words" *are* these.', "Method, p. 4", ("Page", "Gone")
)
LINE = "a line of a text that an editor has broken at its eightieth column or near\n"


def shown(text: str, **texts: str) -> str:
    """Return a text as HTML, without what stands on every block."""
    return render(text, place=Pages(texts), path="here.md").html.replace(' dir="auto"', "")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("[[Page|words]]", '<a class="nd-link" href="/p/Page" data-preview="/api/preview/Page">words</a>'),
        (
            "[[Page#Some heading]]",
            'href="/p/Page#h-some-heading" data-preview="/api/preview/Page">Page &gt; Some heading</a>',
        ),
        ("[[#Below]]", ">Below</a>"),
        ("[[Gone]]", '<span class="nd-missing" title="This page is not there">Gone</span>'),
        ("[up](./Page.md#x)", 'href="/p/Page#h-x"'),
        (
            "| a |\n|--|\n| [[Page\\|b]] |",
            '<td><a class="nd-link" href="/p/Page" data-preview="/api/preview/Page">b</a></td>',
        ),
        ("[[12]](#ref.12) x", ">[12]</a> x"),
        ("[[a\nb]]", "[[a"),
        ("[o](https://e.org)", '<a class="nd-out" href="https://e.org" rel="noopener noreferrer nofollow">o</a>'),
        ("see https://e.org/a_(b)?x=1&y=2.", 'href="https://e.org/a_(b)?x=1&amp;y=2"'),
        ("(https://e.org/a)", '">https://e.org/a</a>)'),
        ("https://e.org/a\\_b", 'href="https://e.org/a_b"'),
        ("<a@e.org>", 'href="mailto:a@e.org"'),
        ("![[paper.pdf]]", '<a class="nd-file" href="/f/paper.pdf">paper.pdf</a>'),
        ("![[a.png|300]]", '<img src="/f/a.png" alt="a.png" width="300"'),
        ("![alt|200x100](a.png)", 'alt="alt" width="200" height="100"'),
        ("![[gone.png]]", '<span class="nd-missing nd-image">image not found: gone.png</span>'),
        ("==a **b** c==", "<mark>a <strong>b</strong> c</mark>"),
        ("a == b and c == d", "<p>a == b and c == d</p>"),  # a comparison is no highlight
        ("\\==a==", "==a=="),
        ("x %%hidden%% y", "<p>x  y</p>"),
        ("a\n\n%%\nb\n\nc\n%%\n\nd", "<p>a</p>\n<p>d</p>"),
        ("`%%a%%`", "<code>%%a%%</code>"),
        ("a <!-- b --> c", "<p>a  c</p>"),
        ("#tag/sub (#in) #12 a#no \\#esc &#35;ent", '<a class="nd-tag" href="/tags?name=tag/sub">#tag/sub</a>'),
        ("#🌙", '<a class="nd-tag" href="/tags?name=%F0%9F%8C%99">#🌙</a>'),
        ("words ^id-1", '<p id="^id-1">words</p>'),
        ("- item ^Ab", '<li id="^ab">item</li>'),
        ("> quote\n\n^q", '<div id="^q"><blockquote>'),
        ("2^10", "<p>2^10</p>"),
        ("$x$ and $5 and $6", '<span class="nd-math">x</span> and $5 and $6'),
        ("$$\na<b\n$$", '<div class="nd-math nd-display">\na&lt;b\n</div>'),
        (
            "- [ ] a",
            '<ul class="nd-tasks">\n<li class="nd-task"><input type="checkbox" disabled="" aria-label="to do"> a</li>',
        ),
        ("- [/] a", 'checked=""'),
        ("~~a~~", "<del>a</del>"),
        ("Term\n: meaning", "<dl>\n<dt>Term</dt>\n<dd>meaning</dd>\n</dl>"),
        ("3. a\n4. b", '<ol start="3">'),
        ("| a | b |\n|:-:|--:|\n| c | d |", '<td class="nd-center">c</td><td class="nd-right">d</td>'),
        ("```mermaid\na-->b\n```", '<pre class="nd-mermaid">a--&gt;b\n</pre>'),
        (
            "```python\ndef f(): ...\n```",
            '<div class="nd-code" data-language="python"><pre tabindex="0"><code><span class="k">def',
        ),
        ("```\nx < y\n```", "<code>x &lt; y\n</code>"),
        ("short\nline", "<p>short<br>\nline</p>"),  # as Obsidian breaks lines
        (LINE * 3, "near\na line"),  # but not those of wrapped text
        ("\u4e2d" * 24 + "\n" + "\u6587", "\u4e2d\u6587"),
        ("<details><summary>s</summary>\n\n**b**\n\n</details>", "<summary>s</summary>\n<p><strong>b</strong></p>"),
        ('<p align="center">x</p>', '<p class="nd-center">x</p>'),
        ("<b>x", "<b>x</b>"),
    ],
)
def test_as_obsidian_shows_it(text: str, wanted: str) -> None:
    assert wanted in shown(text)


@pytest.mark.parametrize(
    ("text", "kind", "title"),
    [
        ("> [!note] Own *title*\n> body", "note", "Own <em>title</em>"),
        ("> [!TLDR]\n> body", "abstract", "TLDR"),
        ("> [!NOTE]\n> body", "note", "Note"),
        ("> [!contradiction] Two say\n> body", "contradiction", "Two say"),
        ("> [!superseded]\n> body", "superseded", "Superseded"),
        ("> [!of my own|wide] x\n> body", "note", "x"),
    ],
)
def test_callouts(text: str, kind: str, title: str) -> None:
    html = shown(text)
    assert f'<div class="nd-callout" data-callout="{kind}"><div class="nd-callout-title">{title}</div>' in html
    assert '<div class="nd-callout-body"><p>body</p>' in html


def test_callouts_fold_and_nest() -> None:
    html = shown("> [!tip]- closed\n> > [!bug]+ open\n> > body")
    assert '<details class="nd-callout" data-callout="tip"><summary class="nd-callout-title">closed</summary>' in html
    assert '<details class="nd-callout" data-callout="bug" open="">' in html


def test_headings_have_ids_and_are_told() -> None:
    rendered = render("# A *b* `c` [[Page|d]]\n## Same\n## Same\n## !!! ^id", place=Pages(), path="here.md")
    assert [(one.level, one.text, one.id) for one in rendered.headings] == [
        (1, "A b c d", "h-a-b-c-d"),
        (2, "Same", "h-same"),
        (2, "Same", "h-same-1"),
        (2, "!!!", "h-section"),
    ]
    assert anchor("Page#A b c d") == "h-a-b-c-d"
    assert anchor("^ID") == "^id"
    assert anchor("h-same-1") == "h-same-1"


def test_a_claim_as_nightdesk_writes_it() -> None:
    html = shown(render_claim(CLAIM))
    assert '<li class="nd-claim" id="^c0123456789">It has 5 steps [sic] &amp; a "name". <span class="nd-about">' in html
    assert (
        '<blockquote class="nd-quote"><p>"The "words" *are* these." <span class="nd-place">(Method, p. 4)</span></p>'
        in html
    )


def test_citations_that_stand_together_are_one_group() -> None:
    html = shown(f"So. {render_citation('Page', 'c0123456789', '1')} {render_citation('Page', 'c0abc', '2')}, next.")
    chips = re.findall(
        r'<a class="nd-cite" href="([^"]+)" data-preview="/api/preview/Page" data-claim="c0123456789"', html
    )
    assert chips == ["/s/Page?claim=c0123456789"]
    assert html.startswith('<p>So.\u202f<sup class="nd-cites"><a class="nd-cite"')
    assert html.count("<sup") == 1
    assert html.endswith("2</a></sup>, next.</p>\n")
    assert 'class="nd-cite nd-words"' in shown("[[Page#^c0123456789|as it says]]")


def test_footnotes() -> None:
    html = shown("a[^x] b^[own **words** [[Page]]] c[^x] d[^none]\n\n[^x]: one[^y]\n[^y]: two[^x]")
    assert [int(number) for number in re.findall(r'href="#fn-(\d)"', html)] == [1, 2, 1, 3, 1]
    assert '<li id="fn-2">own <strong>words</strong> <a class="nd-link"' in html
    assert 'id="fnref-1-2"' in html
    assert "d[^none]" in html
    assert html.count('<section class="nd-footnotes"') == 1


def test_embeds_show_a_page_a_part_or_a_block() -> None:
    other = "---\ntitle: x\n---\n# T\n\nfirst\n\n## H\n\nunder ^b\n\n### Deeper\n\n- item ^i\n\n## Next\n\nlast\n"
    whole = shown("a ![[Other]] b", Other=other)
    assert ("first" in whole, "last" in whole, "title: x" in whole) == (True, True, False)
    part = shown("![[Other#H]]", Other=other)
    assert ("under" in part, "item" in part, "last" in part, "first" in part) == (True, True, False, False)
    block = shown("![[Other#^b]]", Other=other)
    assert ("under" in block, "item" in block, ' id="' in block) == (True, False, False)  # ids stay the page's own
    assert "<ul><li>item</li>\n</ul>" in shown("![[Other#^i]]", Other=other)
    assert "has no such part" in shown("![[Other#None]]", Other=other)


def test_embeds_have_bounds() -> None:
    assert "holds itself" in shown("![[here]]", here="x")
    pages = {f"P{n}": f"level {n} ![[P{n + 1}]]" for n in range(9)}
    deep = shown("![[P0]]", **pages)
    assert f"level {MAX_EMBED_DEPTH - 1}" in deep
    assert f"level {MAX_EMBED_DEPTH} " not in deep
    assert shown("![[Page]]\n\n" * (MAX_EMBEDS + 10)).count("<section") == MAX_EMBEDS
    assert "too long" in shown("![[Long]]", Long="word " * 100_000)


def test_what_scripts_a_page_needs() -> None:
    assert render("$x$\n\n```mermaid\n```", place=Pages(), path="a.md").uses == {"math", "mermaid"}
    assert render("words", place=Pages(), path="a.md").uses == frozenset()


def test_each_link_is_looked_up_once() -> None:
    place = Pages()
    render("[[Page]] [[Page|x]] [[Page#^c0123456789|1]] " * 20, place=place, path="a.md")
    assert place.asked == 2


def test_code_is_coloured_within_bounds() -> None:
    assert coloured("x = 1", "python", "") is not None
    assert coloured("x = 1", "no such language", "") is None
    assert coloured("x = 1\n" * MAX_CODE, "python", "") is None
    assert coloured("\n" * 1_000, "c", "") is None  # blanks without end are what its lexer goes back and forth over
    assert coloured("words", "brainfuck", "") is None
    assert all(coloured("a = 'b'  # c\n", language, "") is not None for language in ("rust", "c++", "f90", "yaml"))
    assert len(LANGUAGES) > 100
