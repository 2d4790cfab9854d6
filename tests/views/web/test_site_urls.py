"""Addresses of a static site: whatever pages are called, each has a file of its own, and every address leads to it."""

import posixpath
import re
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightdesk.base.names import name_key
from nightdesk.views.web.site.urls import Contents, SiteUrls, file_names, plain_name

NAMES = st.text(
    st.one_of(
        st.sampled_from("aAbB%?#&:+ .-_\\<>|\"'*éÉ\u0301ßſ漢字\u200b\u202e\ud800 \x00~"),
        st.characters(codec=None),
    ),
    min_size=1,
    max_size=30,
).map(lambda name: name.replace("/", "x"))
PATHS = st.lists(NAMES, min_size=1, max_size=4).map(lambda parts: "/".join(parts) + ".md")
WINDOWS = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)", re.IGNORECASE)


def urls_of(pages: list[str], *, labs: dict[str, tuple[int, ...]] | None = None) -> SiteUrls:
    contents = Contents(
        pages=file_names(pages),
        sources=frozenset(pages[:1]),
        views=("search", "graph"),
        lists=("pages", "tags"),
        tags=frozenset({"ml", "ml/deep"}),
        labs=labs or {},
        keep_file=lambda path: "f/a b.png" if path == "raw/a.png" else "",
    )
    return SiteUrls(contents)


def led_to(urls: SiteUrls, address: str) -> str:
    """Return the file that a browser asks for, from the page `here`."""
    parts = urlsplit(address)
    assert not parts.scheme
    assert not parts.netloc
    assert not parts.path.startswith("/")
    return posixpath.normpath(posixpath.join(posixpath.dirname(urls.here), unquote(parts.path)))


@settings(max_examples=60, deadline=None)
@given(st.lists(PATHS, min_size=1, max_size=8, unique=True))
def test_every_page_has_a_file_and_every_address_leads_to_it(paths: list[str]) -> None:
    urls = urls_of(paths)
    files = [urls.page_file(path) for path in paths]
    assert len({name_key(file) for file in files}) == len(paths)  # on systems that ignore case and Unicode form too
    folders = {name_key(posixpath.dirname(file)) for file in files}
    assert not folders & {name_key(file) for file in files}
    for file in files:
        for part in file.split("/"):
            assert not WINDOWS.match(part)
            assert not set(part) & set('%?#&:+\\<>|"*\0 ')
            assert part.strip(". ") == part
            assert len(part.encode()) < 140
        urls.here = file
        for path, wanted in zip(paths, files, strict=True):
            assert led_to(urls, urls.page(path, "h-x y")) == wanted
        assert led_to(urls, urls.home()) == "index.html"
        assert led_to(urls, urls.static("css/base.css")) == "static/css/base.css"
        assert led_to(urls, urls.source(paths[0], "c12")) == "s" + files[0][1:]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["folder", "to", "type"]), NAMES), max_size=8, unique=True))
def test_each_list_has_a_file_of_its_own(wanted: list[tuple[str, str]]) -> None:
    urls = urls_of(["a.md"])
    led = [led_to(urls, urls.view("pages", **{key: value})) for key, value in wanted]
    assert len({name_key(file) for file in led}) == len(wanted)
    assert set(led) == set(urls.lists)


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (["wiki/concepts/Muon.md"], ["wiki/concepts/Muon"]),
        (["a/What is 5 % of C#?.md"], ["a/What-is-5-of-C"]),  # `%`, `#` and `?` are trouble in addresses
        (["AdamW (overview).md"], ["AdamW-overview"]),
        (["con.md", "aux.x.md"], ["aux_.x", "con_"]),  # Windows' own names
        (["漢字.md", "Größe.md", "हिन्दी.md"], ["Größe", "हिन्दी", "漢字"]),
        (["..\x00/….md"], ["untitled/untitled"]),
        (["a.html/b.md", "a.md"], ["a-html/b", "a"]),  # a folder is not called as the page a.html is
    ],
)
def test_names_as_they_are_read(paths: list[str], names: list[str]) -> None:
    assert [name for _, name in sorted(file_names(paths).items())] == names


def test_names_that_would_be_one_get_a_digest_and_the_others_do_not_change() -> None:
    before = file_names(["Muon.md", "Adam.md"])
    after = file_names(["Muon.md", "MUON.md", "Adam.md"])
    assert before["Adam.md"] == after["Adam.md"] == "Adam"
    assert re.fullmatch(r"Muon-[0-9a-f]{8}", after["Muon.md"])
    assert re.fullmatch(r"MUON-[0-9a-f]{8}", after["MUON.md"])
    taken = {f"{after['Muon.md']}.md", "Muon.md", "MUON.md"}  # somebody's page is called as that one would be
    assert len({name_key(name) for name in file_names(taken).values()}) == 3


def test_a_long_name_is_cut() -> None:
    assert len(plain_name("漢" * 500).encode()) <= 100
    first, second = file_names(["x" * 300 + "1.md", "x" * 300 + "2.md"]).values()
    assert first != second


def test_what_a_site_does_not_have_has_no_address() -> None:
    urls = urls_of(["a.md"], labs={"tiny": (0, 7)})
    nowhere = [
        *(urls.history("a.md"), urls.api("events"), urls.api("preview", "a", claim="c1"), urls.view("lint")),
        *(urls.view("ask"), urls.view("changes"), urls.page("gone.md"), urls.source("b.md"), urls.file("raw/x.pdf")),
        *(urls.view("tags", tag="unknown"), urls.lab("gone"), urls.lab("tiny", "8"), urls.lab("tiny", "compare")),
        *(urls.lab("tiny", "../../x"), urls_of(["a.md"]).lab()),
    ]
    assert nowhere == [""] * len(nowhere)


def test_addresses_of_views_and_labs() -> None:
    urls = urls_of(["a.md"], labs={"tiny": (0, 7)})
    urls.here = "p/a.html"
    assert urls.view("search", q="a&b") == "../search.html?q=a%26b"
    assert urls.view("pages", at="3") == "../pages.html"  # a list is whole
    assert urls.view("tags", tag="ml") == "../tags/tag-ml.html"
    assert urls.view("tags", tag="ML/Deep").startswith("../tags/tag-ML-Deep-")
    assert urls.file("raw/a.png") == "../f/a%20b.png"
    assert urls.page("a.md", "^c1") == "a.html#^c1"
    urls.here = "lab/tiny/index.html"
    assert urls.lab() == "../index.html"
    assert urls.lab("tiny", sort="gain") == "index.html"  # sorted by scripts
    assert urls.lab("tiny", "7") == urls.lab("tiny", "0007") == "0007.html"
    assert urls.lab("tiny", "NUMBER") == "NUMBER.html"
    assert urls.lab("tiny", tag="2026-11-23") == "branch-2026-11-23.html"
    assert urls.branches == {"lab/tiny/branch-2026-11-23.html": ("tiny", "2026-11-23")}
