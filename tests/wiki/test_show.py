"""Following a sentence down to its raw file, also where the chain is broken or the page lies about its source."""

import hashlib
from pathlib import Path

import pytest

from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.base.pages import make_page
from nightdesk.wiki.claims import Claim, claim_id, render_citation, render_claim
from nightdesk.wiki.show import show

RAW = "# Muon, explained\n\nMuon runs five steps per update. It keeps the momentum of each matrix.\n"
QUOTE = "Muon runs five steps per update."
ID = claim_id(QUOTE, QUOTE)
PAGE = "wiki/sources/Muon, explained.md"


def put(desk: Desk, path: str, content: str | bytes) -> None:
    file = desk.root / path
    assert file.resolve().is_relative_to(desk.root), "a test writes on its own desk and nowhere else"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content.encode() if isinstance(content, str) else content)


def put_source(desk: Desk, source: dict[str, object] | None = None, *, page: str = PAGE) -> None:
    sha = hashlib.sha256(RAW.encode()).hexdigest()
    facts = {"path": "raw/muon.md", "sha256": sha, "text": "raw/muon.md", "text_sha256": sha, **(source or {})}
    claim = Claim(ID, QUOTE, QUOTE, "Muon, explained, line 3", ("Muon",))
    values = {"type": "source", "title": "Muon: explained", "aliases": ["M#1"], "sources": [facts]}
    put(desk, page, make_page(values, f"# x\n\n## Claims\n\n{render_claim(claim)}", made_from="x").text)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path / "desk")
    put(desk, "raw/muon.md", RAW)
    put_source(desk)
    body = (
        f"# Muon\n\nAlso: MUON\n\n{QUOTE} {render_citation('Muon, explained', ID, '1')} I doubt it.\n\n"
        f"**Use.** Something else. {render_citation('Nowhere', 'c0000000000', '2')}\n\n"
        "3 more claims are on the source pages that link here.\n\n## Related\n\n- [[AdamW]]\n\n"
        "Part of [[Optimisers]]\n\n## Sources\n\n1. [[Muon, explained]] (1 claim)\n"
    )
    put(desk, "wiki/concepts/Muon.md", make_page({"type": "concept", "title": "Muon"}, body, made_from="x").text)
    return desk


@pytest.mark.parametrize(
    "target",
    [
        f"^{ID}",
        ID,
        f" {ID}\n",
        f"[[Muon, explained#^{ID}]]",
        f"[[Muon, explained#^{ID}|1]]",
        f"Muon, explained#^{ID}",
        f"muon, EXPLAINED#^{ID}",
        f"wiki/sources/Muon, explained.md#^{ID}",
        f"[[#^{ID}]]",  # as a page cites its own claims
        "Muon, explained",
        "[[Muon, explained]]",
        "[[Muon, explained|shown]]",
        "[[Muon, explained#Claims]]",
        PAGE,
        "wiki/sources/muon, explained",
        "Muon: explained",  # the title
        "M#1",  # an alias with a "#" in it
    ],
)
def test_every_kind_of_target_leads_to_the_raw_file(desk: Desk, target: str) -> None:
    (shown,) = show(desk, target)
    assert (shown.path, shown.title) == (PAGE, "Muon: explained")
    (chain,) = shown.chains
    (link,) = chain.links
    assert (link.quote, link.place, link.raw) == (QUOTE, "Muon, explained, line 3", "raw/muon.md")
    assert (link.verified, link.problem, chain.missing) == (True, None, ())


def test_a_concept_page_is_followed_sentence_by_sentence(desk: Desk) -> None:
    (shown,) = show(desk, "Muon")
    found = [(chain.sentence, [link.id for link in chain.links], chain.missing) for chain in shown.chains]
    assert found == [
        (QUOTE, [ID], ()),
        ("I doubt it.", [], ()),  # a person's own
        ("Something else.", [], ("[[Nowhere#^c0000000000]]",)),
    ], "what code puts around is nobody's sentence"


def test_a_claim_that_stands_on_two_pages_is_shown_twice(desk: Desk) -> None:
    put_source(desk, page="wiki/sources/Second.md")
    assert [shown.path for shown in show(desk, ID)] == [PAGE, "wiki/sources/Second.md"]


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("^c0000000000", "no claim has the id ^c0000000000"),
        (f"[[Nowhere#^{ID}]]", 'no page is called "Nowhere"'),
        ("[[Muon, explained#^c0000000000]]", "has no claim ^c0000000000"),
        ("Muom", 'no page is called "Muom"'),
        ("", "no page is called"),
        ("../secret.md", "no page is called"),
        ("/nowhere/secret.md", "no page is called"),
        ("raw/muon.md", "no page is called"),
        ("\0", "no page is called"),
    ],
)
def test_what_is_not_there_is_an_error(desk: Desk, target: str, said: str) -> None:
    with pytest.raises(DeskError) as caught:
        show(desk, target)
    assert said in caught.value.message
    assert caught.value.fix


def problem(desk: Desk) -> str:
    ((chain,),) = (shown.chains for shown in show(desk, ID))
    (link,) = chain.links
    assert link.verified is (link.problem is None)
    return link.problem or ""


def test_broken_chains_say_where(desk: Desk) -> None:
    put(desk, "raw/muon.md", RAW + "More.\n")
    assert problem(desk) == "raw/muon.md has changed since it was read; run nightdesk compile"
    put(desk, "raw/muon.md", RAW.replace("five", "six"))
    assert problem(desk) == "the quote does not stand in raw/muon.md any more"
    put(desk, "raw/muon.md", b"\xff\xfe\x00")
    assert problem(desk) == "the quote does not stand in raw/muon.md any more"
    (desk.root / "raw/muon.md").unlink()
    assert problem(desk) == "raw/muon.md is gone"
    (desk.root / "raw/muon.md").mkdir()
    assert problem(desk) == "raw/muon.md is gone"


def test_a_text_that_is_no_utf_8_is_read_as_for_its_claims(desk: Desk) -> None:
    content = RAW.encode() + b"caf\xe9\n"
    put(desk, "raw/muon.md", content)
    put_source(desk, {"sha256": hashlib.sha256(content).hexdigest()})
    assert problem(desk) == ""


@pytest.mark.parametrize("field", ["path", "text"])
@pytest.mark.parametrize(
    "path",
    [
        "../secret.md",
        "raw/../../secret.md",
        "ABSOLUTE",
        "raw/link.md",
        "nightdesk.toml",
        ".git/config",
        "raw/a\0b",
        "raw/" + "x" * 5000,
        "",
        None,
        5,
        ["raw/muon.md"],
        {"a": 1},
    ],
)
def test_a_page_cannot_make_show_read_elsewhere(desk: Desk, tmp_path: Path, field: str, path: object) -> None:
    (tmp_path / "secret.md").write_text(RAW)  # the quote stands there: reading it would show
    put(desk, "nightdesk.toml", RAW)
    put(desk, ".git/config", RAW)
    (desk.root / "raw/link.md").symlink_to(tmp_path / "secret.md")
    put_source(desk, {field: str(tmp_path / "secret.md") if path == "ABSOLUTE" else path})
    assert problem(desk).startswith("the page names no source on this desk: ")


@pytest.mark.parametrize("sources", ["", "sources: raw/muon.md\n", "sources: []\n", "sources: [5]\n"])
def test_frontmatter_of_another_form_breaks_the_chain_and_no_more(desk: Desk, sources: str) -> None:
    claim = render_claim(Claim(ID, QUOTE, QUOTE, "", ()))
    put(desk, PAGE, f"---\ntype: source\n{sources}---\n{claim}")
    assert problem(desk).startswith("the page names no source on this desk: ")


@pytest.mark.parametrize("content", [b"\xff\xfe", b"---\na: [\n---\n"])
def test_one_broken_page_does_not_hide_the_others(desk: Desk, content: bytes) -> None:
    put(desk, "wiki/sources/A broken.md", content)
    assert len(show(desk, ID)) == 1
    put(desk, PAGE, content)
    (shown,) = show(desk, "Muon")
    assert shown.chains[0].missing == (f"[[Muon, explained#^{ID}]]",)
    with pytest.raises(DeskError, match="Muon, explained"):
        show(desk, PAGE)
