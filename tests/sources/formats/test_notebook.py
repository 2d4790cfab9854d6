"""Jupyter notebooks: text, code, what the code gave."""

import base64
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

import pytest

from nightdesk.base.errors import DeskError
from nightdesk.sources.formats.converted import Converted, tidy
from nightdesk.sources.formats.notebook import MAX_OUTPUT_CHARACTERS, convert

if TYPE_CHECKING:
    from tests.sources.conftest import Samples


def notebook(samples: "Samples", *cells: Mapping[str, object]) -> Converted:
    """Return a notebook of these cells converted."""
    path = samples.notebook("a.ipynb", cells)
    return tidy(convert(path, samples.folder / "assets", assets_link="assets"))


def code(source: str, *outputs: dict[str, object]) -> dict[str, object]:
    """Return a cell of code."""
    return {"cell_type": "code", "source": source, "outputs": list(outputs)}


def test_cells_in_order(samples: "Samples") -> None:
    png = base64.b64encode(samples.png().read_bytes()).decode()
    found = notebook(
        samples,
        {"cell_type": "markdown", "source": ["# A *title*\n", "and $x_i$"]},
        code(
            "print(1)",
            {"output_type": "stream", "text": ["1\n"]},
            {"output_type": "display_data", "data": {"text/plain": "<Figure>", "image/png": png}},
        ),
        code("x", {"output_type": "execute_result", "data": {"text/html": "<b>7</b>", "text/plain": "7"}}),
        code("f()", {"output_type": "error", "ename": "ValueError", "evalue": "bad", "traceback": ["long"]}),
    )
    assert found.markdown == (
        "# A *title*\nand $x_i$\n\n```python\nprint(1)\n```\n\n```text\n1\n```\n\n![output](assets/image-1.png)\n\n"
        "```python\nx\n```\n\n```text\n7\n```\n\n```python\nf()\n```\n\n```\nValueError: bad\n```\n"
    )


def test_progress_bars_and_colours(samples: "Samples") -> None:
    log = "\x1b[31m  0%\r 50%\r100%\x1b[0m done\nnext\n"
    assert (
        "```text\n100% done\nnext\n```" in notebook(samples, code("x", {"output_type": "stream", "text": log})).markdown
    )


def test_long_outputs_are_bounded(samples: "Samples") -> None:
    markdown = notebook(samples, code("x", {"output_type": "stream", "text": "a" * 1_000_000})).markdown
    assert len(markdown) < MAX_OUTPUT_CHARACTERS + 200
    assert "997000 characters left out" in markdown


def test_attachments(samples: "Samples") -> None:
    png = base64.b64encode(samples.png().read_bytes()).decode()
    cell = {"cell_type": "markdown", "source": "![a](attachment:b.png)", "attachments": {"b.png": {"image/png": png}}}
    assert notebook(samples, cell).markdown == "![a](assets/image-1.png)\n"


def test_version_3(samples: "Samples") -> None:
    book = {"nbformat": 3, "worksheets": [{"cells": [{"cell_type": "code", "input": "x = 1", "outputs": []},
            {"cell_type": "heading", "level": 2, "source": "Part"}]}]}  # fmt: skip
    path = samples.file("a.ipynb", json.dumps(book))
    assert convert(path, samples.folder / "assets", assets_link="").markdown == "```python\nx = 1\n```\n\n## Part"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("not JSON", "is not a notebook: it is no JSON"),
        ("[" * 100_000, "is not a notebook: it is no JSON"),
        ("[]", "is not a notebook"),
        ("{}", "it has no cells"),
        ('{"cells": {"a": 1}}', "it has no cells"),
    ],
)
def test_no_notebook(samples: "Samples", content: str, reason: str) -> None:
    with pytest.raises(DeskError, match=reason):
        convert(samples.file("a.ipynb", content), samples.folder / "assets", assets_link="")


@pytest.mark.parametrize(
    "cell",
    [
        {"cell_type": "code", "source": 7, "outputs": "x"},
        {
            "cell_type": "code",
            "source": "x",
            "outputs": [1, {}, {"data": []}, {"data": {"image/png": 5}}, {"text": {}}],
        },
        {"cell_type": "markdown", "source": "![a](attachment:b)", "attachments": {"b": [1]}},
        {"cell_type": "heading", "level": "x", "source": "y"},
        {},
    ],
)
def test_malformed_cells_are_passed_over(samples: "Samples", cell: dict[str, object]) -> None:
    assert "kept" in notebook(samples, cell, {"cell_type": "markdown", "source": "kept"}).markdown
