"""Tunable constants: found where they count, replaced without touching another byte."""

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightdesk.base.errors import DeskError
from nightdesk.lab.constants import Value, find_constants, replace_constants

NANOCHAT_LIKE = '''"""Training script.

DEPTH = 99  # in a docstring
"""
import os

# Model architecture
ASPECT_RATIO = 64       # model_dim = depth * ASPECT_RATIO
HEAD_DIM = 128          # target head dimension for attention
WINDOW_PATTERN = "SSSL" # sliding window pattern: L=full, S=half context

# Optimization
TOTAL_BATCH_SIZE = 2**19 # ~524K tokens per optimizer step
EMBEDDING_LR = 0.6      # learning rate for token embeddings (Adam), from 0.05 to 2
MATRIX_LR = 4e-2        # learning rate for matrix parameters (Muon)
ADAM_BETAS = (0.8, 0.95) # Adam beta1, beta2
WARMUP_RATIO = 0.0      # fraction of time budget for LR warmup
SOFTCAP: float = -15.0
MAX_TOKENS = 1_000_000
SEED = 42
SEQUENCE = 256          # fixed: the judge scores it
DEPTH = 8               # number of transformer layers
TIED = False
ACTIVATION = 'relu2'    # one of relu2, gelu, silu
NORM = "rms"  # rms | layer
RATE = int(os.environ.get("RATE", "5"))
TWICE = 1
TWICE = 2
LATE = 3
TEXT = """
MATRIX_LR = 7
"""


def f(x):
    global LATE
    LATE = 4
    HIDDEN = 5
    return f"{x} MATRIX_LR = 0.04" + "DEPTH = 8"


if __name__ == "__main__":
    STEPS = 10
'''


def test_what_is_tunable() -> None:
    found = {constant.name: constant.value for constant in find_constants(NANOCHAT_LIKE)}
    assert found == {
        "ASPECT_RATIO": 64,
        "HEAD_DIM": 128,
        "TOTAL_BATCH_SIZE": 2**19,
        "EMBEDDING_LR": 0.6,
        "MATRIX_LR": 0.04,
        "ADAM_BETAS[0]": 0.8,
        "ADAM_BETAS[1]": 0.95,
        "WARMUP_RATIO": 0.0,
        "SOFTCAP": -15.0,
        "MAX_TOKENS": 1_000_000,
        "DEPTH": 8,
        "TIED": False,
        "ACTIVATION": "relu2",
        "NORM": "rms",
    }
    by_name = {constant.name: constant for constant in find_constants(NANOCHAT_LIKE)}
    assert by_name["ACTIVATION"].choices == ("relu2", "gelu", "silu")
    assert by_name["NORM"].choices == ("rms", "layer")
    assert (by_name["EMBEDDING_LR"].low, by_name["EMBEDDING_LR"].high) == (0.05, 2.0)
    assert by_name["TIED"].kind == "bool"


def test_only_the_literals_change() -> None:
    values: dict[str, Value] = {
        "TOTAL_BATCH_SIZE": 2**20,
        "MATRIX_LR": 0.02,
        "ADAM_BETAS[1]": 0.99,
        "SOFTCAP": 20.0,
        "MAX_TOKENS": 2_000_000,
        "DEPTH": 4,
        "TIED": True,
        "ACTIVATION": "gelu",
    }
    changed = replace_constants(NANOCHAT_LIKE, values)
    different = [
        (old, new) for old, new in zip(NANOCHAT_LIKE.split("\n"), changed.split("\n"), strict=True) if old != new
    ]
    assert [new.partition("#")[0].strip() for _, new in different] == [
        "TOTAL_BATCH_SIZE = 2**20",
        "MATRIX_LR = 2e-2",
        "ADAM_BETAS = (0.8, 0.99)",
        "SOFTCAP: float = 20.0",
        "MAX_TOKENS = 2_000_000",
        "DEPTH = 4",
        "TIED = True",
        "ACTIVATION = 'gelu'",
    ]
    assert 'f"{x} MATRIX_LR = 0.04" + "DEPTH = 8"' in changed
    assert {c.name: c.value for c in find_constants(changed)} == {
        **{c.name: c.value for c in find_constants(NANOCHAT_LIKE)},
        **values,
    }


@pytest.mark.parametrize(
    ("before", "values", "after"),
    [
        ("A = 1\r\nB = 2\rC = 3\n", {"B": 5, "C": 6}, "A = 1\r\nB = 5\rC = 6\n"),  # each line end as it was
        ("\ufeffA = 1\n", {"A": 2}, "\ufeffA = 2\n"),
        ("x = 'ü\u2028é'; A = 1  # ü\n", {"A": 22}, "x = 'ü\u2028é'; A = 22  # ü\n"),  # columns are bytes in ast
        ("\x0cA = 1\n", {"A": 2}, "\x0cA = 2\n"),  # a form feed is no line end
        ("A = B = 1\nC = (1)\n", {"C": 2}, "A = B = 1\nC = (2)\n"),
        ("A = 10**3\n", {"A": 10**4}, "A = 10**4\n"),
        ("A = 2**10\n", {"A": 1000}, "A = 1000\n"),
        ("A = 1E-3\n", {"A": 0.0025}, "A = 2.5E-3\n"),
        ("A = 3.0\n", {"A": 1}, "A = 1.0\n"),  # stays a float
        ("A = -1\n", {"A": -2}, "A = -2\n"),
        ("A = 1e-3\n", {"A": 0.001}, "A = 1e-3\n"),  # no change, no byte
        ("A = (\n    1,\n    2.5,  # two\n)\n", {"A[1]": 3.5}, "A = (\n    1,\n    3.5,  # two\n)\n"),
    ],
)
def test_every_other_byte_stays(before: str, values: dict[str, Value], after: str) -> None:
    assert replace_constants(before, values) == after


@pytest.mark.parametrize(
    "text",
    [
        "a = 1\n",  # not in capitals
        "A = [1]\n",
        "A = 'x'\n",  # no choices
        "A = 'x'  # one of y, z\n",  # it is not among them
        'A = f"{1}"\n',
        "A = b'x'\n",
        "A = None\n",
        "A = 1j\n",
        "A = 1e999\n",
        "A = 2**100000\n",
        "A = 1\nA += 1\n",
        "A = 1\ndel A\n",
        "A = 1\nfrom x import A\n",
        "A = 1\nfor A in (): pass\n",
        "MY_SEED = 1\n",
        "A = 1  # fixed\n",
        "def f():\n    A = 1\n",
        "class C:\n    A = 1\n",
        "A = (",
        "A = 1\0",
        "A = " + "(" * 5000 + "1" + ")" * 5000,
        "A = " + "-" * 1500 + "1",
        "A = " + "2**" * 1000 + "1",
    ],
)
def test_what_is_not_tunable(text: str) -> None:
    assert find_constants(text) == ()


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"NONE": 1}, "no tunable constant NONE"),
        ({"DEPTH": 1.5}, "DEPTH cannot be 1.5 (give it a whole number)"),
        ({"DEPTH": True}, "DEPTH cannot be True"),
        ({"DEPTH": "8; import os"}, "DEPTH cannot be"),
        ({"MATRIX_LR": float("nan")}, "MATRIX_LR cannot be nan"),
        ({"TIED": 1.5}, "give it True or False"),
        ({"ACTIVATION": "x'; import os"}, "give it one of relu2, gelu, silu"),
    ],
)
def test_what_cannot_be_put_in(values: dict[str, Value], said: str) -> None:
    with pytest.raises(DeskError) as caught:
        replace_constants(NANOCHAT_LIKE, values)
    assert said in str(caught.value)


@given(st.floats(-1e12, 1e12), st.sampled_from(["1.5", "2e-3", "-4E5", ".5"]))
def test_a_float_is_written_exactly(value: float, literal: str) -> None:
    changed = replace_constants(f"A = {literal}\n", {"A": value})
    assert ast.literal_eval(changed.removeprefix("A = ").strip()) == value


@given(st.integers(-(10**14), 10**14), st.sampled_from(["7", "2**4", "1_000", "0x10"]))
def test_a_whole_number_is_written_exactly(value: int, literal: str) -> None:
    changed = replace_constants(f"A = {literal}\n", {"A": value})
    assert [constant.value for constant in find_constants(changed)] == [value]


def test_its_own_source_has_nothing_that_breaks_it() -> None:
    """A real file: replacing each constant by itself changes nothing."""
    with open(ast.__file__, encoding="utf-8") as file:
        text = file.read()
    assert replace_constants(text, {c.name: c.value for c in find_constants(text)}) == text
