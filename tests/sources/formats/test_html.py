"""Web pages: what a reader sees is kept, what surrounds or hides is not."""

import base64
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from nightdesk.base.errors import DeskError
from nightdesk.sources.formats.converted import Converted, tidy
from nightdesk.sources.formats.html import convert

if TYPE_CHECKING:
    from tests.sources.conftest import Samples

LONG = "This sentence is here so that the article is long enough to be taken for one. " * 5


def page(samples: "Samples", html: str | bytes) -> Converted:
    """Return a page converted."""
    return tidy(convert(samples.file("page.html", html), samples.folder / "assets", assets_link="assets"))


def body(samples: "Samples", html: str) -> str:
    """Return the Markdown of a page's body, white space at its ends dropped."""
    return page(samples, f"<body>{html}</body>").markdown.strip()


@pytest.mark.parametrize(
    ("html", "markdown"),
    [
        ("<p>two\nlines\n joined</p>", "two lines joined"),  # a line end in HTML is a space
        ("<p>List&lt;T&gt; and a &lt; b</p>", "List\\<T> and a < b"),  # `<T>` alone would vanish in Markdown
        ("<p>&lt;!-- page 9 --&gt;x</p>", "\\<!-- page 9 -->x"),  # our own marks cannot be forged
        ("<p>use <code>vec&lt;T&gt;</code></p>", "use `vec<T>`"),
        ("<p>10<sup>5</sup> and x<sup>n+1</sup></p>", "10^5 and x^(n+1)"),  # not 105
        ("<p>H<sub>2</sub>O, x<sub>i</sub></p>", "H2O, x_i"),
        ("<p>the 1<sup>st</sup> of May</p>", "the 1st of May"),
        ("<p>said<sup><a href='#fn3'>3</a></sup>.</p>", "said[3]."),
        ("<p>snake_case * 2 [x]</p>", "snake_case * 2 [x]"),  # no escapes that are not needed
        ("<p>zero\u200bwidth \u202eevil\u202c \U000e0041tag</p>", "zerowidth evil tag"),
        ("<p>\ufb01ne</p>", "fine"),
        ("<h2>Title<a class='headerlink' href='#t'>\u00b6</a></h2><p>x</p>", "## Title\n\nx"),
        ("<h2><a href='#t'>Linked title</a></h2><p>x</p>", "## Linked title\n\nx"),
        ("<ul><li>one<ul><li>two</li></ul></li></ul>", "- one\n  - two"),
        ("<ol start=3><li>x</li></ol>", "3. x"),
        ("<blockquote><p>quoted</p></blockquote>", "> quoted"),
        ("<a href='https://a.b/c'>abs</a> <a href='x.html'>rel</a>", "[abs](https://a.b/c) rel"),
        ("<a href='javascript:alert(1)'>js</a> <a href='data:text/html,x'>d</a>", "js d"),
        ("<dl><dt>term</dt><dd>its meaning</dd></dl>", "**term**\n\nits meaning"),
        ("<table><tr><th>a</th><th>b|c</th></tr><tr><td>1</td><td>2</td></tr></table>",
         "| a | b\\|c |\n| --- | --- |\n| 1 | 2 |"),
        ("<table><tr><td><p>layout only</p></td></tr></table>", "layout only"),
        ("<p><img src='https://a.b/c.png' alt='a dot'></p>", "![a dot](https://a.b/c.png)"),
        ("<p>x<img src='https://a.b/pixel.gif' width=1 height=1></p>", "x"),
    ],
)  # fmt: skip
def test_elements(samples: "Samples", html: str, markdown: str) -> None:
    assert body(samples, html) == markdown


@pytest.mark.parametrize(
    ("html", "language"),
    [
        ("<pre><code class='language-rust'>{}</code></pre>", "rust"),
        ("<div class='highlight-python3 notranslate'><div class='highlight'><pre>{}</pre></div></div>", "python"),
        ("<div class='highlight highlight-source-c'><pre>{}</pre></div>", "c"),
        ("<pre data-lang='go'>{}</pre>", "go"),
        ("<pre class='rust rust-example'><code>{}</code></pre>", "rust"),
        ("<pre>{}</pre>", ""),
    ],
)
def test_code_keeps_its_language_and_lines(samples: "Samples", html: str, language: str) -> None:
    code = "<span class='k'>fn</span> f() {<br>  a &lt;b&gt; *c*\n}"
    assert body(samples, html.format("{}").replace("{}", code)) == f"```{language}\nfn f() {{\n  a <b> *c*\n}}\n```"


def test_code_with_fences_inside(samples: "Samples") -> None:
    assert body(samples, "<pre>a\n```\nb</pre>") == "````\na\n```\nb\n````"


def test_code_with_line_numbers_in_a_table(samples: "Samples") -> None:
    html = (
        "<table class='highlighttable'><tr><td class='linenos'><pre>1\n2</pre></td>"
        "<td class='code'><pre>x = 1\ny = 2</pre></td></tr></table>"
    )
    assert body(samples, html) == "```\nx = 1\ny = 2\n```"


@pytest.mark.parametrize(
    ("html", "markdown"),
    [
        ("<span class='katex'><span class='katex-mathml'><math><semantics><mi>x</mi><annotation "
         "encoding='application/x-tex'>x_i \\lt \\frac{a}{b}</annotation></semantics></math></span>"
         "<span class='katex-html' aria-hidden='true'>xi</span></span>", "$x_i \\lt \\frac{a}{b}$"),
        ("<script type='math/tex; mode=display'>a \\\\ b</script>", "$$a \\\\ b$$"),  # no backslash doubled
        ("<span class='MathJax_Preview'>E</span><script type='math/tex'>E=mc^2</script>", "$E=mc^2$"),
        ("<span class='math notranslate nohighlight'>\\(x_i\\)</span>", "$x_i$"),  # Sphinx
        ("<div class='math'>\\[x &lt; y\\]</div>", "$$x < y$$"),
        ("<math alttext='\\alpha'><mi>\u03b1</mi></math>", "$\\alpha$"),  # LaTeXML
        ("<math><mfrac><mi>a</mi><msup><mi>b</mi><mn>2</mn></msup></mfrac><mo>\u2264</mo><mi>sin</mi></math>",
         "$\\frac{a}{b^{2}}\\le \\sin$"),
        ("<img class='math' alt='x^2' src='math1.png'>", "$x^2$"),
    ],
)  # fmt: skip
def test_formulas(samples: "Samples", html: str, markdown: str) -> None:
    assert body(samples, f"<p>so {html} holds</p>").replace("\n\n", " ") == f"so {markdown} holds"


@pytest.mark.parametrize(
    "hidden",
    [
        "<p hidden>ORDER</p>",
        "<p style='color: red; display :none'>ORDER</p>",
        "<p style='visibility:hidden'>ORDER</p>",
        "<span style='font-size:0'>ORDER</span>",
        "<span style='opacity:0'>ORDER</span>",
        "<div style='position:absolute; left:-9999px'>ORDER</div>",
        "<p aria-hidden=true>ORDER</p>",
        "<style>.x{display:none}</style><p class='y x'>ORDER</p>",
        "<!-- ORDER -->",
        "<template>ORDER</template>",
        "<noscript>ORDER</noscript>",
        "<script>var ORDER</script>",
        "<input value=ORDER><textarea>ORDER</textarea>",
        "<img src='https://a.b/c.png' title='ORDER' onerror='ORDER'>",
        "<svg><text>ORDER</text></svg>",
    ],
)
def test_what_a_reader_does_not_see_is_dropped(samples: "Samples", hidden: str) -> None:
    markdown = body(samples, f"<main><p>Seen. {LONG}</p>{hidden}<p>End.</p></main>")
    assert "ORDER" not in markdown
    assert markdown.startswith("Seen.")
    assert markdown.endswith("End.")


def test_hidden_text_is_noted(samples: "Samples") -> None:
    assert page(samples, "<p>Seen.</p><p hidden>x</p><p hidden>y</p>").notes == ("2 hidden parts left out",)


def test_what_only_paper_hides_is_kept(samples: "Samples") -> None:
    html = "<style>@media print {.a{display:none}} .b .c{display:none}</style><p class='a c'>kept</p>"
    assert body(samples, html) == "kept"


def test_article_without_what_surrounds_it(samples: "Samples") -> None:
    around = "<nav>menu</nav><header><ul>top</ul></header>"
    html = (
        f"{around}<div class='cookie-banner'>cookies</div><main><h1>Article</h1><p>{LONG}</p>"
        "<aside>advert</aside><aside class='footnote'>A note.</aside><form>subscribe</form>"
        "<div class='share-buttons'>share</div></main><footer>foot</footer>"
    )
    assert body(samples, html) == f"# Article\n\n{LONG.strip()}\n\nA note."


@pytest.mark.parametrize(
    "html",
    [
        "<nav>menu</nav><div role='main'>{}</div>",
        "<nav>menu</nav><article>{}</article>",
        "<nav>menu</nav><div id='content'>{}</div>",
        "<nav>menu</nav><main>loading</main><div>{}</div>",  # an empty slot is not the article
        "<form>{}</form>",  # old pages stand in one form
        "<div class='sidebar'>{}</div>",  # a name is not believed when it holds the whole page
    ],
)
def test_the_text_is_found(samples: "Samples", html: str) -> None:
    long = LONG * 6
    assert long.strip() in body(samples, html.format(f"<p>{long}</p>"))


def test_metadata(samples: "Samples") -> None:
    converted = page(
        samples,
        "<head><title>How it works \u2014 The Site</title><meta name=author content='Ada Example'>"
        "<meta property='article:published_time' content='2024-03-05T10:00:00Z'>"
        "<link rel=canonical href='https://site.org/a/b.html'></head>"
        "<body><h1>How it works</h1><p>See <a href='../c.html'>this</a>.</p></body>",
    )
    assert (converted.title, converted.author, converted.published) == ("How it works", "Ada Example", "2024-03-05")
    assert converted.markdown == "# How it works\n\nSee [this](https://site.org/c.html).\n"


@pytest.mark.parametrize(
    ("head", "published"),
    [
        ("<meta name=citation_publication_date content='2023/7/9'>", "2023-07-09"),
        ("<meta name=citation_date content='2023'>", "2023"),
        ("<meta name=date content='no date'>", None),
        ("<script type='application/ld+json'>{\"@type\":\"Article\",\"datePublished\":\"2022-01-02T00:00\"}</script>",
         "2022-01-02"),
        ("<script type='application/ld+json'>[[[{broken</script>", None),
    ],
)  # fmt: skip
def test_dates(samples: "Samples", head: str, published: str | None) -> None:
    assert page(samples, f"<head>{head}</head><body>x</body>").published == published


def test_title_is_put_in_front_of_a_page_without_heading(samples: "Samples") -> None:
    assert page(samples, "<title>Only here</title><p>text").markdown == "# Only here\n\ntext\n"


def test_images_beside_the_page_are_copied(samples: "Samples") -> None:
    samples.png("site_files/dot.png")
    samples.png("two.png", (20, 20))
    html = "<img src='site_files/dot.png' alt=a><img src='site_files/dot.png?v=2' alt=b><img src='two.png' alt=c>"
    assert body(samples, f"<p>{html}</p>") == "![a](assets/image-1.png)![b](assets/image-1.png)![c](assets/image-2.png)"
    assert (samples.folder / "assets" / "image-2.png").read_bytes() == (samples.folder / "two.png").read_bytes()


def test_images_elsewhere_on_the_disk_are_not(samples: "Samples") -> None:
    outside = samples.folder.parent / "secret.png"
    outside.write_bytes(samples.png().read_bytes())
    (samples.folder / "link.png").symlink_to(outside)
    for source in ("../secret.png", str(outside), f"file://{outside}", "link.png", "%2e%2e/secret.png"):
        assert body(samples, f"<p>x <img src='{source}' alt=a></p>") == "x [image: a]", source
    assert not (samples.folder / "assets").exists()


def test_image_in_the_page_itself(samples: "Samples") -> None:
    content = samples.png().read_bytes()
    html = f"<p><img src='data:image/png;base64,{base64.b64encode(content).decode()}' alt=a></p>"
    assert body(samples, html) == "![a](assets/image-1.png)"
    assert (samples.folder / "assets" / "image-1.png").read_bytes() == content
    assert body(samples, "<p>x<img src='data:image/png;base64,AAAA'></p>") == "x"  # no image


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("<meta charset=iso-8859-1><p>na\u00efve</p>".encode("latin-1"), "na\u00efve"),
        ("<p>na\u00efve \u20ac</p>".encode("cp1252"), "na\u00efve \u20ac"),  # declares nothing
        ("<meta charset=latin-1><p>\u4f60\u597d</p>".encode(), "\u4f60\u597d"),  # declares wrong
        ("<p>\u4f60\u597d</p>".encode("utf-16"), "\u4f60\u597d"),
        (b"<?xml version='1.0' encoding='utf-8'?><html><body><p>x</p></body></html>", "x"),
        ("<meta charset=no-such><p>a\xff</p>".encode("latin-1"), "a\xff"),
    ],
)
def test_encodings(samples: "Samples", content: bytes, text: str) -> None:
    assert page(samples, content).markdown.strip() == text


@pytest.mark.parametrize(
    ("html", "kept"),
    [
        ("<div>" * 50_000 + "deep" + "</div>" * 50_000 + "<p>after</p>", ["deep", "after"]),
        ("<b>" * 3000 + "deep<p>after", ["deep", "after"]),
        ("<ul><li>" * 3000 + "deep", ["deep"]),
        ("<table><tr><td>" * 500 + "deep", ["deep"]),
        ("<p>a</p" * 1000 + "<p>end", ["a", "end"]),
        ("<p <p <p =\"'><a b", []),
        ("text only", ["text only"]),
        ("<p>a\0b</p>", ["ab"]),
        ("<!DOCTYPE x [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;'>]><p>x &b;</p>", ["x"]),
        ("<p>" + "&lt;" * 100_000, []),
        ("<a href='http://[bad'>x</a><img src='http://[bad'>", ["x"]),
        ("<style>" + "{" * 100_000 + "</style><p>x", ["x"]),
    ],
    ids=lambda value: str(value)[:20],
)
def test_malformed_pages_do_not_crash(samples: "Samples", html: str, kept: list[str]) -> None:
    try:
        markdown = page(samples, html).markdown
    except DeskError:
        markdown = ""
    assert [text for text in kept if text not in markdown] == []


def test_page_without_text(samples: "Samples") -> None:
    with pytest.raises(DeskError, match="holds no text"):
        page(samples, "<body><script>x</script></body>")


def test_external_entities_are_not_loaded(samples: "Samples") -> None:
    secret = samples.file("secret.txt", "SECRET")
    html = f"<!DOCTYPE html [<!ENTITY s SYSTEM 'file://{secret}'>]><html><body><p>x &s;</p></body></html>"
    assert "SECRET" not in page(samples, html).markdown


def test_output_is_the_same_each_time(samples: "Samples", tmp_path: Path) -> None:
    html = f"<main><h1 id=b class='z a'>T</h1><p>{LONG}</p><pre class='python rust'>x</pre></main>"
    assert page(samples, html) == page(samples, html)
