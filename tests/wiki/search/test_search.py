"""What is found, in which order, and what is shown of it."""

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.sources.kinds import KINDS
from nightdesk.wiki.claims import Claim, render_claim
from nightdesk.wiki.search import ranking
from nightdesk.wiki.search.collection import RAW_ENDINGS, Collection, desk_collection
from nightdesk.wiki.search.query import plain_query
from nightdesk.wiki.search.search import search
from tests.wiki.search.vaults import found, paths, put, vault

PAGES = {
    "Muon.md": "---\ntype: concept\naliases: [Momentum orthogonaliser]\ntags: [ml/optim]\n---\n"
    "# Muon\n\nMuon runs five steps.\n",
    "AdamW.md": "---\ntype: concept\ndate: 2025-03-04\ntags:\n- ml\n---\n# AdamW\n\n"
    "Muon replaces AdamW for some matrices.\n",
    "notes/Warm-up.md": "# Warm-up\n\nThe learning rate rises.\n\n## Peak\n\nThe learning rate then stays. #schedule\n",
    "notes/Numbers.md": "---\ndate: 2024-05\n---\n"
    "Learning is slow. A rate of 0.02 is usual; it was optimised in C++.\n",
    "zh.md": "# 学习率\n\n预热期间学习率逐步上升。深度\n学习很有用。\n",
    "ja.md": "学習率スケジュールはウォームアップで始まる。\n",
    "ko.md": "워밍업 동안 학습률은 천천히 오른다.\n",
    "th.md": "อัตราการเรียนรู้เพิ่มขึ้นทีละน้อย\n",
    "cafe.md": "Une résumé du modèle: Gödel, naïveté, STRASSE.\n",
}  # fmt: skip


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Collection:
    return vault(tmp_path_factory.mktemp("search"), PAGES)


@pytest.mark.parametrize(
    ("query", "expected", "why"),
    [
        ("muon", ["Muon", "AdamW"], "a title outweighs a mention"),
        ("MUON matrices", ["AdamW"], "all words"),
        ("momentum", ["Muon"], "an alias"),
        ("learning rate", ["notes/Warm-up", "notes/Numbers"], "side by side first"),
        ('"learning rate"', ["notes/Warm-up"], "a phrase is one after the other"),
        ('"rate learning"', [], "in this order"),
        ("matrix", ["AdamW"], "the singular finds the plural"),
        ('"matrix"', [], "in quotes as it stands"),
        ("optimizing", ["notes/Numbers"], "other endings and spellings"),
        ("orthog*", ["Muon"], "a prefix"),
        ('"learning ra*"', [], "a star within quotes is none"),
        ('"learning ra"*', ["notes/Warm-up"], "behind them it is one"),
        ("muon -adamw", ["Muon"], "without a word"),
        ("zebra OR five", ["Muon"], "one of them"),
        ("(zebra OR steps) muon", ["Muon"], "a group"),
        ("type:concept matrices", ["AdamW"], "by type"),
        ("muon -type:concept", [], "not of a type"),
        ("tag:ml", ["AdamW", "Muon"], "a tag counts with those below it"),
        ("tag:schedule", ["notes/Warm-up"], "a tag in the text"),
        ("path:notes", ["notes/Numbers", "notes/Warm-up"], "by path"),
        ("path:*/w*.md", ["notes/Warm-up"], "by a pattern of paths"),
        ("after:2024-05 before:2025-03-05 muon OR rate", ["AdamW", "notes/Numbers"], "by date"),
        ("after:2025-03-05 before:2025-04 muon", [], "from a day on, until before a day"),
        ("path:notes -rises", ["notes/Numbers"], "filters with an exclusion only"),
        ("c++", ["notes/Numbers"], "a language's name"),
        ("c", [], "which is not C"),
        ("0.02", ["notes/Numbers"], "a number"),
        ("学习率", ["zh"], "Chinese"),
        ("深度学习", ["zh"], "over the end of a line"),
        ("习", ["zh"], "one character"),
        ("学率", [], "characters that do not follow one another"),
        ("スケジュール", ["ja"], "Japanese"),
        ("学習率", ["ja"], "its characters are not the Chinese ones"),
        ("학습률", ["ko"], "Korean with a particle behind it"),
        ("เรียนรู้", ["th"], "Thai"),
        ("resume godel naivete straße", ["cafe"], "accents, ß"),
        ("Résumé", ["cafe"], "the other way"),
        ("lerning", ["notes/Numbers", "notes/Warm-up"], "a slip"),
        ('"lerning"', [], "none in quotes"),
        ("zebra", [], "what is nowhere"),
    ],
)
def test_what_is_found(pages: Collection, query: str, expected: list[str], why: str) -> None:
    result = found(pages, query)
    assert (result if "0" not in query and "slip" not in why else sorted(result)) == expected, why


def test_a_slip_and_a_missing_word_are_told(pages: Collection) -> None:
    results = search(pages, "lerning")
    assert results.corrected == {"lerning": "learning"}
    assert search(pages, "xylophone muon").missing == ("xylophone",)


def test_a_question_finds_what_has_some_of_its_words(pages: Collection) -> None:
    assert paths(search(pages, "", query=plain_query("how many steps does (Muon) zebra?")))[0] == "Muon"
    assert paths(search(pages, "", query=plain_query("什么是学习率")))[0] == "zh"


def test_a_title_that_is_the_query_comes_first(tmp_path: Path) -> None:
    pages = {f"{n}.md": f"# Loss {n}\n\nloss loss loss\n" for n in range(20)}
    pages["Notes.md"] = "---\ntitle: Notes on much\naliases:\n- Loss\n---\n" + "Other words stand here. " * 50
    assert found(vault(tmp_path, pages), "loss")[0] == "Notes"


@pytest.mark.parametrize(
    ("query", "snippet", "line", "heading"),
    [
        ("then stays", "The learning rate **then** **stays**. #schedule", 7, "Peak"),
        ("five", "Muon runs **five** steps.", 8, "Muon"),
        ("orthogonaliser", "Muon runs five steps.", 8, "Muon"),
        ("学习率", "预热期间**学习率**逐步上升。深度", 3, "学习率"),
        ("naivete resume", "Une **résumé** du modèle: Gödel, **naïveté**, STRASSE.", 1, ""),
        ("strasse", "Une résumé du modèle: Gödel, naïveté, **STRASSE**.", 1, ""),
        ("c++", "Learning is slow. A rate of 0.02 is usual; it was optimised in **C++**.", 4, ""),
    ],
)
def test_a_snippet_shows_the_place(pages: Collection, query: str, snippet: str, line: int, heading: str) -> None:
    hit = search(pages, query).hits[0]
    shown = hit.snippet
    for start, end in reversed(hit.marks):
        shown = f"{shown[:start]}**{shown[start:end]}**{shown[end:]}"
    assert (shown, hit.line, hit.heading) == (snippet, line, heading)


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("- The [[Learning rate|rate]] of [[Muon]] rises. [[Notes#^c0123456789|1]]", "The rate of Muon rises."),
        ("> **It** [rises](https://x.org/a_(b)). \\*", "It [rises](https://x.org/a_(b)). *"),
        ("- It rises. [[Muon]], [[AdamW]] ^c0123456789", "It rises."),
        ("word " * 5_000 + "rises " + "word " * 5_000, None),
        ("rises " + "[[" + "#^" * 90_000, None),
        ("rises " + "[[a]] " * 30_000, None),
        ("rises " + "|" * 30_000 + "`" * 9_999, None),
        ("rises\n" + "# " + " " * 50_000 + "x", None),
    ],
)
def test_a_snippet_reads_as_plain_text_and_is_bounded(tmp_path: Path, line: str, shown: str | None) -> None:
    hit = search(vault(tmp_path, {"a.md": f"{line}\n"}), "rises").hits[0]
    assert shown is None or hit.snippet == shown
    assert 0 < len(hit.snippet) <= 240
    assert [hit.snippet[a:b] for a, b in hit.marks][:1] == ["rises"]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    root = tmp_path_factory.mktemp("desk")
    claim = Claim("c0123456789", "Muon is fast.", "Muon *is* fast, they say.", "Method, p. 4, line 12", ("Muon",))
    front = "---\ntype: source\ntitle: Muon, explained\npublished: 2025-03-04\n---\n"
    put(root, "wiki/sources/Muon, explained.md", f"{front}# Muon, explained\n\n## Claims\n\n{render_claim(claim)}")
    put(root, "wiki/index.md", "Muon")
    put(root, "wiki/log.md", "Muon")
    put(root, "wiki/set-aside/Muon.md", "Muon")
    put(root, "wiki/.hidden/Muon.md", "Muon")
    put(root, "raw/muon.md", "# A paper\n\nMuon is fast.\n")
    put(root, "raw/code.py", "muon = 1")
    put(root, "raw/paper.pdf.assets/x.md", "Muon")
    put(
        root,
        "text/paper.pdf.md",
        "---\ntitle: Paper\n---\n<!-- page 3 -->\n\n# Method\n\n<!-- page 4 -->\nMuon here.\n",
    )
    put(root, "text/paper.pdf.edited.md", "Muon")
    (root / "raw/latin.txt").write_bytes("Muon d\xe9j\xe0".encode("latin-1"))
    (root / "raw/binary.txt").write_bytes(b"Muon\0\0")
    (root / "secret.md").write_text("Muon", encoding="utf-8")
    (root / "wiki/Leak.md").symlink_to(root / "secret.md")
    return Desk(root)


def test_a_desk_is_searched_in_pages_claims_and_texts(desk: Desk) -> None:
    hits = search(desk_collection(desk), "muon", limit=50).hits
    assert sorted((hit.kind, hit.path) for hit in hits) == [
        ("claims", "wiki/sources/Muon, explained.md"),
        ("text", "raw/muon.md"),
        ("text", "text/paper.pdf.md"),
        ("wiki", "wiki/sources/Muon, explained.md"),
    ]


def test_a_claim_is_found_with_its_quote_and_place(desk: Desk) -> None:
    (hit,) = search(desk_collection(desk), "they say in:claims").hits
    assert hit.claim is not None
    assert (hit.claim.id, hit.claim.statement) == ("c0123456789", "Muon is fast.")
    assert (hit.claim.quote, hit.claim.place) == ("Muon *is* fast, they say.", "Method, p. 4, line 12")
    lines = (desk.root / hit.path).read_text(encoding="utf-8").split("\n")
    assert lines[hit.line - 1].startswith("- Muon is fast.")
    assert (hit.type, hit.date, hit.heading) == ("claim", "2025-03-04", "Claims")


def test_a_text_is_found_with_its_page(desk: Desk) -> None:
    (hit,) = search(desk_collection(desk), "muon here in:text").hits
    assert (hit.path, hit.page, hit.heading, hit.title) == ("text/paper.pdf.md", 4, "Method", "Paper")


def test_only_what_is_asked_for_is_listed_by_filters(desk: Desk) -> None:
    assert [hit.kind for hit in search(desk_collection(desk), "after:2025 before:2025-04").hits] == ["wiki"]
    assert [hit.kind for hit in search(desk_collection(desk), "in:claims").hits] == ["claims"]


def test_raw_files_that_are_their_own_text_are_the_ones_of_sources() -> None:
    assert set(RAW_ENDINGS) == {*KINDS["markdown"], *KINDS["text"]}


def test_ties_are_in_the_order_of_paths_however_the_index_came_to_be(tmp_path: Path) -> None:
    collection = vault(tmp_path, {f"{name}.md": "same words\n" for name in "fbdaec"})
    assert found(collection, "same", limit=3) == ["a", "b", "c"]
    for name in "ab":
        put(tmp_path / "vault", f"{name}.md", "none")
        search(collection, "same")
        put(tmp_path / "vault", f"{name}.md", "same words\n")
    assert found(collection, "same", limit=3) == ["a", "b", "c"]


def test_of_many_that_fit_those_named_so_come_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pages = {f"{n:03}.md": "common words\n" for n in range(40)}
    pages |= {
        "y.md": "# Common\n\ncommon",
        "z.md": "---\naliases: [common thing]\n---\n",
        "x.md": "- common -bad\n# common bad",
    }
    collection = vault(tmp_path, pages)
    monkeypatch.setattr(ranking, "MAX_RANKED", 10)
    assert found(collection, "common", limit=4)[:3] == ["z", "y", "x"]
    assert "x" not in found(collection, "common -bad", limit=40)
    assert search(collection, "common", limit=4).more


def test_of_very_many_that_fit_those_come_first_that_tell_most(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pages = {f"{n:03}.md": "common words stand side by side\n" for n in range(40)}
    pages |= {"x.md": "a rare bird, and common\n", "y.md": "# Common\n", "z.md": "side common by words\n"}
    collection = vault(tmp_path, pages)
    monkeypatch.setattr(ranking, "MAX_RANKED", 10)
    assert found(collection, "common OR rare", limit=5)[0] == "x"
    assert found(collection, "common bird", limit=5) == ["x"], "a word that is everywhere is still looked for"
    assert found(collection, "zebra OR bird", limit=5) == ["x"]
    assert "z" not in found(collection, "common words", limit=5), "those with the words side by side come first"
    assert found(collection, "comm*", limit=1) == ["y"], "a beginning that too many have"
    assert found(collection, "common path:z", limit=5) == ["z"]


QUERIES = st.lists(
    st.sampled_from(
        ['"', "(", ")", "-", "OR", "muon", "rate*", "type:concept", "in:wiki", "学习", "学", "é", "C++", "NEAR(", "^a"]
    )
).map(" ".join)  # fmt: skip


@given(st.one_of(QUERIES, st.text(max_size=30)))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_query_breaks_the_search(pages: Collection, query: str) -> None:
    try:
        results = search(pages, query)
    except DeskError as error:
        assert re.search(r"at character \d", error.message)  # noqa: PT017
    else:
        assert all(0 <= a < b <= len(hit.snippet) for hit in results.hits for a, b in hit.marks)
