"""The catalogue in step with the disk: after any changes it is what reading everything anew would give."""

import contextlib
import os
import shutil
import sqlite3
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightdesk.base.desk import Desk
from nightdesk.wiki.catalogue.catalogue import Catalogue
from nightdesk.wiki.catalogue.keeper import Keeper

VAULT = (
    *("a.md", "b.md", "b/a.md", "b/c/a.md", "c/a.md", "a.markdown", "a.html", "b/index.md", "c/README.md", "index.md"),
    *(
        "Caf\u00e9.md",
        "b/Cafe\u0301.md",
        "A.md",
        "pic.png",
        "c/pic.png",
        ".hidden/a.md",
        "b/.a.md",
        "x y.md",
        "b.md.md",
    ),
)
DESK = (
    *("wiki/concepts/a.md", "wiki/sources/a.md", "wiki/concepts/b.md", "wiki/index.md", "wiki/set-aside/a.md"),
    *("raw/a.md", "raw/b.md", "text/b.md", "ideas/a.md", "ideas/deep/c.md", "lab/x/program.md", "lab/x/report.md"),
    *("lab/x/a.md", "wiki/concepts/pic.png", "raw/pic.png", "wiki/concepts/c.markdown", "AGENTS.md"),
)
LINKS = (
    *("[[a]]", "[[b]]", "[[b/a]]", "[[c]]", "[[./a]]", "[[/a]]", "[[index]]", "[[cafe\u0301]]", "[[x y|z]]"),
    *("[l](a.md)", "[l](../a.md)", "[l](a.html)", "[l](a)", "[l](b/)", "[l](../)", "[l](./)", "[l](a.md?raw)"),
    *("[l](../b/..)", "[l](../../raw/a.md)", "[l](c/README.md)", "[l](https://a.example)", "![i](c/pic.png)"),
    *("[l](../c/)", "[l](/c/a/)", "[l](b.md.html)", "[[#here]]", "[[a#there]]", "[[report]]", "[l](/b/a)"),
    *("[[b.md]]", "![[pic.png]]"),
)
EXAMPLES = 50  # 1,000 of each found nothing more
TITLES = (
    "",
    "---\ntitle: A\n---\n",
    "---\ntitle: Other\naliases: [b, zed]\ntype: index\n---\n",
    "---\ntitle: [\n---\n",
    "# H\n",
)


def step(files: tuple[str, ...]) -> st.SearchStrategy[tuple[str, ...]]:
    file = st.sampled_from(files)
    text = st.tuples(st.sampled_from(TITLES), st.lists(st.sampled_from(LINKS), max_size=5)).map(
        lambda parts: parts[0] + "\n\n".join(parts[1])
    )
    folder = file.map(lambda path: path.split("/")[0])
    return st.one_of(
        st.tuples(st.just("write"), file, text),
        st.tuples(st.just("write"), file, text),
        st.tuples(st.just("delete"), st.one_of(file, folder)),
        st.tuples(st.just("rename"), st.one_of(file, folder), file),
        st.tuples(st.just("link"), file, file),
    )


def do(root: Path, step: tuple[str, ...]) -> list[str]:
    """Make a change if it can be made, and return the paths that a watcher would tell."""
    kind, path, *rest = step
    file = root / path
    with contextlib.suppress(OSError):  # a file where a folder should be, and the like
        if kind == "delete" and file.is_dir() and not file.is_symlink():
            shutil.rmtree(file)
        elif kind == "delete":
            file.unlink()
        elif kind == "rename":
            (root / rest[0]).parent.mkdir(parents=True, exist_ok=True)
            file.rename(root / rest[0])
        else:
            file.parent.mkdir(parents=True, exist_ok=True)
            if kind == "link":
                file.symlink_to(root / rest[0])
            else:
                file.unlink(missing_ok=True)
                file.write_text(rest[0], encoding="utf-8")
    return [path, rest[0]] if kind == "rename" else [path]


def told(catalogue: Catalogue) -> dict[str, object]:
    names = ("a", "b", "c", "A", "caf\u00e9", "Other", "zed", "b/a", "wiki/concepts/a")
    return {
        "entries": dict(catalogue.entries),
        "linked": {path: catalogue.backlinks(path) for path in catalogue.entries},
        "named": [catalogue.named(name) for name in names],
        "palette": [catalogue.palette(typed, limit=9) for typed in ("a", "ot", "he")],
        "recent": catalogue.recent(9),
    }


@pytest.mark.parametrize("files", [VAULT, DESK], ids=["vault", "desk"])
def test_changes_give_what_reading_anew_gives(files: tuple[str, ...]) -> None:
    @settings(max_examples=EXAMPLES, deadline=None, derandomize=True)
    @given(st.lists(step(files), max_size=8), st.lists(st.lists(step(files), min_size=1, max_size=3), max_size=4))
    def check(before: list[tuple[str, ...]], batches: list[list[tuple[str, ...]]]) -> None:
        with tempfile.TemporaryDirectory() as name:
            root = Path(name).resolve() / "root"
            root.mkdir()
            for one in before:
                do(root, one)
            desk = Desk(root) if files is DESK else None
            keeper = Keeper(root, desk=desk, cache_file=root.parent / "cache" / "c.db")
            kept = [keeper.load()]
            seen = [told(kept[0])]
            for batch in batches:
                changed = [path for one in batch for path in do(root, one)]
                # a page that is a link to another file changes with it, which no watcher tells
                said = keeper.refresh(
                    [*changed, *(str(p.relative_to(root)) for p in root.rglob("*") if p.is_symlink())]
                )
                assert keeper.catalogue is not None
                now, last = told(keeper.catalogue), kept[-1].entries
                assert now == told(Keeper(root, desk=desk, cache_file=None).load())
                differing = {
                    p for p in {*last, *keeper.catalogue.entries} if last.get(p) != keeper.catalogue.entries.get(p)
                }
                assert differing <= said
                kept.append(keeper.catalogue)
                seen.append(now)
            assert [told(catalogue) for catalogue in kept] == seen, "a snapshot does not change"
            assert keeper.refresh() == frozenset(), "nothing was missed"
            again = Keeper(root, desk=desk, cache_file=root.parent / "cache" / "c.db")
            assert told(again.load()) == seen[-1], "the cache gives the same"

    check()


@pytest.fixture
def vault(tmp_path: Path) -> Path:
    root = tmp_path / "vault"
    root.mkdir()
    (root / "One.md").write_text("# One\n\n[[Two]] and [[Three]]\n", encoding="utf-8")
    (root / "Two.md").write_text("[[One]]\n", encoding="utf-8")
    return root


def load(root: Path, cache: Path | None = None) -> Catalogue:
    return Keeper(root, desk=None, cache_file=cache).load()


def test_pages_that_did_not_change_are_not_read_again(
    vault: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "cache.db"
    first = load(vault, cache)
    monkeypatch.setattr("nightdesk.wiki.catalogue.keeper.read_row", None)  # reading would fail
    assert dict(load(vault, cache).entries) == dict(first.entries)


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        (lambda file: file.write_bytes(b"no database at all" * 400), "another file"),
        (lambda file: file.write_bytes(file.read_bytes()[:5000]), "cut off"),
        (lambda file: file.unlink(), "gone"),
        (lambda file: (file.unlink(), file.mkdir()), "a folder"),
    ],
)
def test_a_damaged_cache_costs_only_time(vault: Path, tmp_path: Path, damage, why: str) -> None:  # type: ignore[no-untyped-def]
    cache = tmp_path / "cache" / "c.db"
    good = dict(load(vault, cache).entries)
    damage(cache)
    assert dict(load(vault, cache).entries) == good, why
    assert dict(load(vault, cache).entries) == good, why


@pytest.mark.parametrize(
    "row",
    [
        *("null", "[]", '"x"', "{}", "[1,2,3,4,5,6,7,8,9,10]", "[" * 100_000),
        '[%s,null,[],"",[],"","","",1,[]]',
        '[%s,"t",[],"",[[]],"","","",1,[]]',
        '[%s,"t",[],"",[],"","","",{},["w"]]',
        '[%s,"t",[],"",[],"","","",1e999,[]]',
        '[%s,"t",[],"",[],"","","",1,[3]]',
    ],
)
def test_rows_that_somebody_else_wrote_are_read_anew(vault: Path, tmp_path: Path, row: str) -> None:
    cache = tmp_path / "c.db"
    good = dict(load(vault, cache).entries)
    with sqlite3.connect(cache) as database:
        (table,) = database.execute("SELECT name FROM sqlite_master WHERE name LIKE 'catalogue%'").fetchone()
        for path, value in database.execute(f"SELECT key, value FROM {table}").fetchall():  # noqa: S608
            signature = value[1:].partition(",")[0]
            given = row % signature if "%s" in row else row
            database.execute(f"UPDATE {table} SET value = ? WHERE key = ?", (given, path))  # noqa: S608
    database.close()
    assert dict(load(vault, cache).entries) == good


def test_two_keepers_may_share_a_cache(vault: Path, tmp_path: Path) -> None:
    one, two = (Keeper(vault, desk=None, cache_file=tmp_path / "c.db") for _ in range(2))
    one.load(), two.load()
    for n in range(3):
        (vault / f"New {n}.md").write_text(f"[[One]] {n}", encoding="utf-8")
        one.refresh([f"New {n}.md"])
        (vault / "Two.md").write_text(f"[[New {n}]]", encoding="utf-8")
        two.refresh()
    one.refresh()
    assert one.catalogue
    assert two.catalogue
    assert dict(one.catalogue.entries) == dict(two.catalogue.entries) == dict(load(vault, tmp_path / "c.db").entries)


def test_a_refresh_tells_the_pages_whose_links_now_lead_elsewhere(vault: Path) -> None:
    keeper = Keeper(vault, desk=None, cache_file=None)
    assert keeper.load().entries["One.md"].missing == ("Three",)
    (vault / "Three.md").write_text("three", encoding="utf-8")
    assert keeper.refresh(["Three.md"]) == {"Three.md", "One.md"}
    assert keeper.catalogue
    assert keeper.catalogue.entries["One.md"].links == ("Two.md", "Three.md")
    (vault / "Three.md").unlink()
    assert keeper.refresh(["Three.md"]) == {"Three.md", "One.md"}
    assert keeper.refresh(["Three.md", "../x", "/etc/passwd", "", "a\0b", ".git/x"]) == frozenset()


def test_a_file_that_is_no_page_is_told_when_it_is_named(vault: Path) -> None:
    keeper = Keeper(vault, desk=None, cache_file=None)
    keeper.load()
    (vault / "i.png").write_bytes(b"1")
    assert keeper.refresh(["i.png"]) == {"i.png"}
    (vault / "i.png").write_bytes(b"2")
    assert keeper.refresh(["i.png"]) == {"i.png"}, "its bytes are not known, so whoever names it is believed"
    assert keeper.refresh() == frozenset()


def test_nothing_beyond_a_link_is_read(vault: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "Secret.md").write_text("---\nsummary: hidden words\n---\n", encoding="utf-8")
    (vault / "Leak.md").symlink_to(secret / "Secret.md")
    (vault / "folder").symlink_to(secret)
    keeper = Keeper(vault, desk=None, cache_file=None)
    keeper.load()
    keeper.refresh(["Leak.md", "folder/Secret.md", "folder", "../secret/Secret.md"])
    assert keeper.catalogue
    assert set(keeper.catalogue.entries) == {"One.md", "Two.md"}


def test_no_page_of_a_desk_is_a_link_into_its_other_folders(tmp_path: Path) -> None:
    for name, text in {"raw/a.md": "secret", "wiki/concepts/b.md": "b", "lab/x/program.md": "p"}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "wiki/concepts/a.md").symlink_to(tmp_path / "raw/a.md")
    (tmp_path / "wiki/concepts/c.md").symlink_to(tmp_path / "wiki/concepts/b.md")
    keeper = Keeper(tmp_path, desk=Desk(tmp_path), cache_file=None)
    assert set(keeper.load().entries) == {"wiki/concepts/b.md", "wiki/concepts/c.md", "lab/x/program.md"}


def test_bad_pages_are_entries_with_what_is_known(tmp_path: Path) -> None:
    bad = {
        "latin.md": "# Caf\u00e9\n".encode("latin-1"),
        "yaml.md": b"---\ntitle: [unclosed\ntype: x\n---\n# Real\n",
        "surrogate.md": b'---\ntitle: "a\\ud800b"\naliases: ["\\udfff"]\ntags: [[x]]\n---\n',
        "null.md": b"# a\0b\n[[a\0b]]",
        "empty.md": b"",
        "odd.md": b"---\ntitle: 7\nsummary: [1]\ncategory: {a: b}\ntype: null\n---\n",
        "deep.md": b"> " * 5000 + b"[[x]]",
    }
    for name, content in bad.items():
        (tmp_path / name).write_bytes(content)
    with (tmp_path / "huge.md").open("wb") as file:
        file.write(b"---\ntitle: Huge\ntype: concept\n---\n[[One]]\n")
        file.truncate(50_000_000)
    os.mkfifo(tmp_path / "pipe.md")
    cache = tmp_path / "cache" / "c.db"
    for _ in range(2):
        entries = load(tmp_path, cache).entries
        assert set(entries) == {*bad, "huge.md"}
    assert [entries[name].title for name in ("latin.md", "yaml.md", "empty.md", "odd.md", "huge.md")] == [
        *("Caf\ufffd", "Real", "empty", "odd", "Huge")
    ]
    assert (entries["huge.md"].type, entries["huge.md"].words, entries["huge.md"].links) == ("concept", 0, ())
