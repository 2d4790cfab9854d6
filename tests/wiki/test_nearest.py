"""The nearest passage to a wrong quote, where there is a clear one."""

import pytest

from nightdesk.wiki.nearest import MAX_SHOWN, Passages

TEXT = (
    "The mill was built in 1787 by Samuel Greg on the river Bollin. It spun cotton.\n\n"
    "The wheel of the mill weighs 50 tons and gives about 100 horsepower to the looms of the upper floor.\n\n"
    + "The mill was sold. " * 400
    + "学习率决定了每一步更新的大小，通常需要仔细调整。"
)


@pytest.mark.parametrize(
    ("quote", "passage"),
    [
        ("The mill was built in 1789 by Samuel Greg", "The mill was built in 1787 by Samuel Greg"),
        ("built by Samuel Greg in 1787 on the Bollin river", "built in 1787 by Samuel Greg on the river"),
        ("the wheel weighs 50 tons and gives 100 horsepower", "wheel of the mill weighs 50 tons and gives about 100"),
        ("学习率决定每一步更新的大小", "学习率决定了每一步更新的大小"),
    ],
)
def test_found(quote: str, passage: str) -> None:
    nearest = Passages(TEXT).nearest(quote)
    assert nearest is not None
    assert passage in nearest
    assert " ".join(nearest.split()) in " ".join(TEXT.split())


@pytest.mark.parametrize(
    "quote",
    [
        "Nothing of this stands anywhere near that text",
        "the of a",  # common words tell no place
        "Greg",
        "",
        "…",
        "Samuel ate cotton candy while the river froze over and every horse went lame in the long winter",
    ],
)
def test_not_found_where_nothing_is_clearly_near(quote: str) -> None:
    assert Passages(TEXT).nearest(quote) is None


def test_a_long_passage_is_cut() -> None:
    words = [f"w{n}" for n in range(400)]
    nearest = Passages(" ".join(words)).nearest(" ".join(["x", *words[100:300]]))
    assert nearest is not None
    assert len(nearest) <= MAX_SHOWN + 2
