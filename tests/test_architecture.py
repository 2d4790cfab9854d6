"""The rooms: imports point down only, and ARCHITECTURE.md says what the modules say of themselves."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "src/nightdesk"
ROOMS = ("views", "lab", "wiki", "sources", "agents", "base")  # from the top down
START, END = "<!-- modules -->\n", "<!-- /modules -->\n"
TEMPLATES = PACKAGE / "lab/templates"  # programs that a lab is made from: the person's own then, no modules
MODULES = sorted(
    path for path in PACKAGE.rglob("*.py") if path.parent != PACKAGE and not path.is_relative_to(TEMPLATES)
)
# The one place of each effect.
STARTS_PROCESSES = {"base/git.py", "base/processes.py", "sources/convert.py", "sources/repository.py"}
READS_ENVIRONMENT = {"base/git.py", "base/processes.py"}  # to hand a scrubbed one to a child; nothing is decided by it


def name_of(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are written in full"
            yield node.module or ""


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_point_down(path: Path) -> None:
    own = ROOMS.index(name_of(path).split("/")[0])
    for module in imports(path):
        if module.startswith("nightdesk."):
            room = module.split(".")[1]
            assert ROOMS.index(room) >= own, f"{name_of(path)} imports {module}"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_effects_have_an_address(path: Path) -> None:
    name, tree = name_of(path), ast.parse(path.read_text(encoding="utf-8"))
    if not name.startswith("views/"):
        called = {
            node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        assert "print" not in called
    if not name.startswith("views/") and name not in READS_ENVIRONMENT:
        read = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        assert not read & {"environ", "getenv"}
    if name not in STARTS_PROCESSES:
        assert "subprocess" not in set(imports(path))


def table() -> str:
    """Return the list of modules as it stands in ARCHITECTURE.md."""
    parts = []
    for room in ROOMS:
        folder = PACKAGE / room
        parts.append(
            f"### {room}\n\n{first_line(folder / '__init__.py')}\n\n| module | what it is for |\n| --- | --- |\n"
        )
        for path in sorted(folder.rglob("*.py")):
            if (path.name != "__init__.py" or path.parent != folder) and not path.is_relative_to(TEMPLATES):
                module = path.relative_to(folder).with_suffix("").as_posix().removesuffix("/__init__")
                parts.append(f"| {module} | {first_line(path)} |\n")
        parts.append("\n")
    return "".join(parts).replace("|\n\n###", "|\n\n###")


def first_line(path: Path) -> str:
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    assert docstring, f"{path} has no docstring"
    line = docstring.split("\n")[0]
    assert line.endswith("."), f"{path}: the first line is a sentence"
    return line.replace("|", "\\|")


def test_the_list_of_modules_is_true() -> None:
    written = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8").split(START)[1].split(END)[0]
    assert written == "\n" + table(), "run: python tests/test_architecture.py"


if __name__ == "__main__":
    document = ROOT / "ARCHITECTURE.md"
    before, rest = document.read_text(encoding="utf-8").split(START)
    document.write_text(f"{before}{START}\n{table()}{END}{rest.split(END)[1]}", encoding="utf-8")
    sys.exit(0)
