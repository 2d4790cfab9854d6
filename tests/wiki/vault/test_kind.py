from pathlib import Path

import pytest

from nightdesk.wiki.vault.kind import MARKS
from nightdesk.wiki.vault.reading import read_vault
from tests.wiki.lint.test_lint import lint, write

PAGES = {f"docs/{n}.md": f"# {n}\n\n[next](next/{n}.md)" for n in range(4)} | {
    f"docs/next/{n}.md": "x" for n in range(4)
}

INDEXED = {**PAGES, "index.md": "\n".join(f"- [{path}]({path})" for path in [*PAGES][:4]), "log.md": "## today"}


@pytest.mark.parametrize(
    ("files", "is_wiki", "why"),
    [
        ({"a.md": "[[b]]", "b.md": "[[a]]"}, True, "its links are wikilinks"),
        ({"a.md": "[[nowhere]]"}, True, "nothing says that it is anything else"),
        (PAGES, True, "likewise, though it has Markdown links only"),
        ({**PAGES, "package.json": "{}"}, False, "a program's manifest lies in it"),
        ({**PAGES, "docs/mkdocs.yml": ""}, False, "a site's settings lie in it"),
        ({**PAGES, **{f"{n}/README.md": "x" for n in range(4)}}, False, "a README in each folder"),
        ({**PAGES, "package.json": "{}", ".obsidian/app.json": "{}"}, True, "Obsidian opened it"),
        ({"a.md": "[[b]]", "b.md": "[[a]]", "package.json": "{}"}, True, "its links are wikilinks, in a repository"),
        ({"a.md": "---\ntype: x\n---\n[b](b.md)", "b.md": "---\ntype: x\n---", "go.mod": ""}, True, "pages have types"),
        ({**PAGES, "package.json": "{}", "dendron.yml": ""}, True, "another program for wikis did"),
        ({**INDEXED, "package.json": "{}"}, True, "an index that lists the pages, beside a log"),
        ({**INDEXED, "package.json": "{}", "log.md": None}, False, "documents have an index too"),
        (
            {**INDEXED, "package.json": "{}", "index.md": "# Docs\n\n[0](docs/0.md)"},
            False,
            "it lists one page of eight",
        ),
        ({**PAGES, "package.json": "{}", "index.md": "x", "log.md": "x"}, False, "it lists none"),
        ({"index.md": "x", "log.md": "x", "package.json": "{}"}, False, "there is nothing to list"),
    ],
)
def test_a_wiki_is_told_from_documents(files: dict[str, str | None], is_wiki: bool, why: str, tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()  # so that nothing above it is looked at
    write(tmp_path, {path: text for path, text in files.items() if text is not None})
    assert read_vault(tmp_path).is_wiki is is_wiki, why


@pytest.mark.parametrize(
    ("name", "is_wiki"),
    [("wiki", True), ("Notes", True), ("program.wiki", True), ("docs", False), ("release-notes", False)],
)
def test_a_folder_of_a_repository_may_be_called_a_wiki(name: str, is_wiki: bool, tmp_path: Path) -> None:
    write(tmp_path, {"package.json": "{}", ".git/config": "", **{f"{name}/{path}": x for path, x in PAGES.items()}})
    assert read_vault(tmp_path / name).is_wiki is is_wiki


@pytest.mark.parametrize("mark", MARKS)
def test_what_a_program_for_wikis_leaves_is_seen_at_once(mark: str, tmp_path: Path) -> None:
    write(tmp_path, {"package.json": "{}", ".git/config": ""})
    root = write(tmp_path / "docs", PAGES)
    left_out = []
    for _ in range(2):
        left_out.append(bool(lint(root, tmp_path / "cache.db").left_out))
        (root / mark).mkdir(exist_ok=True)
    assert left_out == [True, False]


def test_docs_of_a_program_above(tmp_path: Path) -> None:
    write(tmp_path, {**PAGES, "pyproject.toml": "", ".git/config": ""})
    vault = read_vault(tmp_path / "docs")
    assert not vault.is_wiki
    assert vault.outside[str((tmp_path / "pyproject.toml").resolve())]
