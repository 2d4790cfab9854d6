"""Pages are found by words, the best first."""

from pathlib import Path

import pytest

from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.wiki.find import MAX_WORDS, find_pages, query_words
from nightdesk.wiki.library import find_page, page_paths


def page(title: str, body: str, *, aliases: str = "", summary: str = "", kind: str = "concept") -> str:
    alias_lines = f"aliases:\n- {aliases}\n" if aliases else ""
    return f"---\ntype: {kind}\ntitle: {title}\n{alias_lines}summary: {summary}\n---\n# {title}\n\n{body}\n"


def put(desk: Desk, path: str, text: str) -> None:
    (desk.root / path).parent.mkdir(parents=True, exist_ok=True)
    (desk.root / path).write_text(text, encoding="utf-8")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    root = tmp_path / "desk"
    desk = Desk(root)
    put(desk, "wiki/concepts/Muon.md", page("Muon", "Muon orthogonalises.", summary="An optimiser for matrices."))
    put(desk, "wiki/concepts/AdamW.md", page("AdamW", "Muon replaces AdamW for some matrices.", aliases="Adam W"))
    put(desk, "wiki/concepts/Warm-up.md", page("Warm-up", "The learning rate rises. The learning rate then stays."))
    put(desk, "wiki/sources/Notes.md", page("Notes", "Learning is slow. A rate of 0.02 is usual.", kind="source"))
    put(desk, "wiki/index.md", page("Index", "Muon, AdamW, Warm-up, learning rate", kind="index"))
    return desk


@pytest.mark.parametrize(
    ("query", "first", "why"),
    [
        ("muon", "Muon", "a title outweighs a mention"),
        ("MUON", "Muon", "case does not matter"),
        ("adam w", "AdamW", "an alias that is the whole query"),
        ("learning rate", "Warm-up", "both words on one line rather than apart"),
        ("matrices optimiser", "Muon", "all words rather than one"),
        ("optimisers", "Muon", "a plural finds the singular"),
        ("what is the 0.02 about", "Notes", "a rare word outweighs frequent ones"),
    ],
)
def test_the_best_page_comes_first(desk: Desk, query: str, first: str, why: str) -> None:
    assert find_pages(desk, query).pages[0].name == first, why


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("zebra", "no page has it"),
        ("uon", "a word's middle is no beginning"),
        ("adamw2", "longer than what stands there"),
        ("sour", "short words are whole"),
    ],
)
def test_what_does_not_fit_is_not_found(desk: Desk, query: str, why: str) -> None:
    assert find_pages(desk, query).pages == (), why


@pytest.mark.parametrize("query", ["", "   ", "?!", "---"])
def test_a_query_without_words_is_told_so(desk: Desk, query: str) -> None:
    with pytest.raises(DeskError, match="holds no word"):
        find_pages(desk, query)


def test_the_generated_lists_are_not_found(desk: Desk) -> None:
    assert all(found.path != "wiki/index.md" for found in find_pages(desk, "Muon AdamW Warm-up", limit=50).pages)


def test_found_says_where_and_why(desk: Desk) -> None:
    found = find_pages(desk, "replaces").pages[0]
    assert (found.path, found.name, found.title, found.kind) == ("wiki/concepts/AdamW.md", "AdamW", "AdamW", "concept")
    assert found.excerpt == "Muon replaces AdamW for some matrices."


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("Learning, rate?", ("learning", "rate")),
        ("rate rate RATE", ("rate",)),
        ("GPT-2 v1.2 C++", ("gpt", "2", "v1", "cplusplus")),
        ("学习率", ("学习", "习率")),
        ("Ｍｕｏｎ", ("muon",)),
        (" ".join(map(str, range(100))), tuple(map(str, range(MAX_WORDS)))),
    ],
)
def test_words_of_a_query(query: str, words: tuple[str, ...]) -> None:
    assert query_words(query) == words


def test_text_without_blanks_is_found_by_pairs_of_characters(desk: Desk) -> None:
    put(desk, "wiki/concepts/A.md", page("A", "预热期间学习率逐步上升。"))
    put(desk, "wiki/concepts/B.md", page("B", "权重衰减。"))
    assert [found.name for found in find_pages(desk, "学习率").pages] == ["A"]


def test_claims_and_texts_are_no_pages(desk: Desk) -> None:
    put(desk, "raw/muon.md", "Muon is here too.")
    assert all(found.path.startswith("wiki/") for found in find_pages(desk, "muon", limit=50).pages)


def test_one_broken_page_does_not_hide_the_others(desk: Desk) -> None:
    put(desk, "wiki/concepts/Broken.md", "---\ntitle: [\n---\nMuon is here.\n")
    (desk.root / "wiki/concepts/Bytes.md").write_bytes(b"Muon \xff\xfe")
    names = [found.name for found in find_pages(desk, "muon").pages]
    assert names[0] == "Muon"
    assert "Broken" in names
    assert "Bytes" not in names


def test_a_link_out_of_the_wiki_is_no_page(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "secret.md").write_text("The secret is Muon.", encoding="utf-8")
    (desk.root / "wiki/concepts/Leak.md").symlink_to(tmp_path / "secret.md")
    (desk.root / "wiki/concepts/Within.md").symlink_to(desk.root / "wiki/sources/Notes.md")
    paths = list(page_paths(desk))
    assert "wiki/concepts/Leak.md" not in paths
    assert "wiki/concepts/Within.md" in paths
    assert find_pages(desk, "secret").pages == ()
    with pytest.raises(DeskError, match="leads out of the wiki"):
        find_page(desk, "Leak")
    assert find_page(desk, "Within").page.value("title") == "Notes"
