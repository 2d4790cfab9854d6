"""Desks to export: one compiled, and pages put down by hand."""

from pathlib import Path

import pytest

from nightdesk.base.desk import Desk
from nightdesk.wiki.claims import claim_id
from tests.desks import make_desk, run


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a compiled desk that tests only read."""
    desk = make_desk(tmp_path_factory.mktemp("export"))
    assert run(desk, "compile").code == 0
    return desk


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Return an empty desk without git."""
    for folder in ("raw", "text", "wiki/concepts", "wiki/sources"):
        (tmp_path / "desk" / folder).mkdir(parents=True)
    (tmp_path / "desk/nightdesk.toml").write_text("")
    return Desk(tmp_path / "desk")


def page(desk: Desk, path: str, body: str, **values: object) -> None:
    """Put a page down."""
    front = "".join(f"{key}: {value}\n" for key, value in values.items())
    (desk.root / path).parent.mkdir(parents=True, exist_ok=True)
    (desk.root / path).write_text(f"---\n{front}---\n{body}", encoding="utf-8")


def source_page(desk: Desk, name: str, claims: list[tuple[str, str]], *, text: str = "", **values: object) -> None:
    """Put a source page down: each claim a statement, which is its quote as well, and a concept."""
    lines = [
        f'- {statement} [[{concept}]] ^{claim_id(statement, name)}\n  > "{statement}" (Part, line 1)\n'
        for statement, concept in claims
    ]
    (desk.raw / f"{name}.md").write_text(text or "\n".join(statement for statement, _ in claims))
    sources = f"[{{path: 'raw/{name}.md', sha256: '{name}', text: 'raw/{name}.md', text_sha256: '{name}'}}]"
    body = f"# {name}\n\n## Claims\n\n{''.join(lines)}"
    page(desk, f"wiki/sources/{name}.md", body, type="source", title=name, sources=sources, **values)
