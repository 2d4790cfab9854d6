"""Near-duplicates: a change is known again on another program, and what is another experiment is another change."""

import json

import pytest

from nightdesk.lab.searching.novelty import change_key, same_change

PROGRAM = '''"""A program."""
import torch
from torch.nn import functional as F

LR = 0.04  # from 0.001 to 0.1
BETAS = (0.9, 0.99)
ACT = "relu"
STEPS = 1000


class Block:
    width = 4

    def forward(self, x):
        """Docs."""
        x = self.attn(x)
        x = x + self.mlp(x)
        return x


def train(model, steps):
    opt = torch.optim.AdamW(model.parameters(), lr=LR)
    for step in range(steps):
        loss = model(step)
        loss.backward()
        opt.step()
    return model


train(Block(), STEPS)
'''
# another program: other comments and layout, other constants, functions in between, other code elsewhere
NEWER = (
    PROGRAM.replace("LR = 0.04", "# the rate\nLR = 0.05")
    .replace("def train", "def other(x):\n    return x * 2\n\n\ndef train")
    .replace("x = x + self.mlp(x)", "x = x + 0.5 * self.mlp(x)")
    .replace("STEPS = 1000", "STEPS = 2000\nWARMUP = 10")
)


def key(program: str, *edits: tuple[str, str]) -> str:
    """Return the key of a change that replaces texts."""
    changed = program
    for old, new in edits:
        assert old in changed
        changed = changed.replace(old, new)
    return change_key({"train.py": program}, {"train.py": changed})


def is_same(one: str, two: str) -> bool:
    """Say whether the first is found among what was tried when the second was."""
    return same_change(one, {two: 1}) == 1


CLIP = ("        opt.step()\n", "        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)\n        opt.step()\n")
DECAY = ("    return model\n", "    decay = 0.1\n    model.mul_(1 - decay)\n    return model\n")
HELPER = ("class Block", "def squash(value, *, rate=2):\n    return value * rate\n\n\nclass Block")
USES = ("        return x\n", "        return squash(x, rate=3)\n")


@pytest.mark.parametrize("program", [PROGRAM, NEWER])
@pytest.mark.parametrize(
    ("one", "two"),
    [
        ([("lr=LR", "lr=LR, eps=1e-3")], [("lr=LR", "lr=LR,  # more\n        eps=0.0010")]),
        ([("STEPS = ", "NEW = 1\nSTEPS = ")], [("class Block", "NEW = 1\n\n\nclass Block")]),  # where it stands
        ([CLIP], [(CLIP[0], "\n        # clip\n" + CLIP[1])]),
        ([DECAY], [(DECAY[0], DECAY[1].replace("decay", "shrink"))]),  # its own names
        (
            [HELPER, USES],
            [tuple(t.replace("squash", "squeeze").replace("rate", "by") for t in e) for e in (HELPER, USES)],
        ),
        ([HELPER, USES], [("def train", HELPER[1].partition("\n\n\n")[0] + "\n\n\ndef train"), USES]),
        ([("ACT = 'relu'", "ACT = 'gelu'")], [("ACT = 'relu'", 'ACT = "gelu"')]),
    ],
    ids=["numbers", "place", "comments", "own names", "own function", "order of functions", "quotes"],
)
def test_the_same_change_on_any_program(program: str, one: list[tuple[str, str]], two: list[tuple[str, str]]) -> None:
    base, other = PROGRAM.replace('"relu"', "'relu'"), program.replace('"relu"', "'relu'")
    assert key(base, *one) == key(other, *two) != ""


@pytest.mark.parametrize(
    ("one", "two", "why"),
    [
        ([CLIP], [(CLIP[0], CLIP[1].replace("1.0", "0.5"))], "another value in a new statement"),
        ([("self.attn(x)", "self.attn(F.relu(x))")], [("self.attn(x)", "self.attn(F.gelu(x))")], "another function"),
        ([("x = self.attn(x)\n", "x = F.norm(x)\n        x = self.attn(x)\n")],
         [("x = self.attn(x)\n", "x = self.attn(x)\n        x = F.norm(x)\n")], "before and after what it works on"),
        ([("    width", "    depth = 1\n    width")], [("LR =", "depth = 1\nLR =")], "in a class and outside of it"),
        ([("        opt.step()\n", "")], [("        loss.backward()\n", "")], "another statement goes"),
        ([("        opt.step()\n", "    opt.step()\n")], [("        opt.step()\n", "")], "out of the loop, and gone"),
        ([("class Block", "def f(a):\n    return min(a)\n\n\nclass Block")],
         [("class Block", "def f(a):\n    return max(a)\n\n\nclass Block")], "names that it does not bring along"),
        ([("STEPS =", "RATE = 1\nSTEPS =")], [("STEPS =", "DEPTH = 1\nSTEPS =")], "a constant that others may read"),
        ([CLIP], [CLIP, DECAY], "a part of it"),
        ([CLIP], [CLIP, ("LR = 0.0", "LR = 0.1")], "a constant on top"),
        ([("        loss.backward()\n        opt.step()\n", "        opt.step()\n        loss.backward()\n")],
         [("        loss.backward()\n        opt.step()\n", "        opt.step()\n")], "another order, and gone"),
    ],
)  # fmt: skip
def test_other_changes_are_others(one: list[tuple[str, str]], two: list[tuple[str, str]], why: str) -> None:
    assert not is_same(key(PROGRAM, *one), key(PROGRAM.replace("0.05", "0.04"), *two)), why


@pytest.mark.parametrize(
    ("old", "one", "two", "same"),
    [
        ("LR = 0.04", "LR = 0.05", "LR = 5e-2", True),
        ("LR = 0.04", "LR = 0.05", "LR = 0.0509", True),
        ("LR = 0.04", "LR = 0.05", "LR = 0.0515", False),
        ("LR = 0.04", "LR = 0.05", "LR = -0.05", False),
        ("STEPS = 1000", "STEPS = 2000", "STEPS = 2030", True),
        ("STEPS = 1000", "STEPS = 2**11", "STEPS = 2048", True),
        ("STEPS = 1000", "STEPS = 0", "STEPS = 0.0001", False),
        ("STEPS = 1000", "STEPS = True", "STEPS = 1", False),
        ("STEPS = 1000", "STEPS: int = 10", "STEPS = 10", True),
        ("BETAS = (0.9, 0.99)", "BETAS = (0.8, 0.99)", "BETAS = (0.81, 0.99)", True),
        ("BETAS = (0.9, 0.99)", "BETAS = (0.9, 0.95)", "BETAS = (0.9, 0.96)", False),  # of 1 - x, a fifth
        ("BETAS = (0.9, 0.99)", "BETAS = (0.9, 0.95)", "BETAS = (0.9, 0.9505)", True),
        ("BETAS = (0.9, 0.99)", "BETAS = (0.9, 0.95)", "BETAS = (0.9, 0.95, 0.95)", False),
        ('ACT = "relu"', 'ACT = "gelu"', 'ACT = "silu"', False),
        ("LR = 0.04", "LR = STEPS / 10", "LR = STEPS / 10.01", False),  # no constant: a formula is what it is
        ("    width = 4", "    width = 100", "    width = 101", True),
    ],
)
def test_values_of_a_constant_may_lie_near(old: str, one: str, two: str, same: bool) -> None:
    assert is_same(key(PROGRAM, (old, one)), key(PROGRAM, (old, two))) is same


def test_what_a_constant_was_before_does_not_count() -> None:
    assert key(PROGRAM, ("LR = 0.04", "LR = 0.07")) == key(NEWER, ("LR = 0.05", "LR = 0.07"))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"a.py": "x = 1\n"}, {"a.py": "x = 1\n"}),
        ({"a.py": "x = 1\n"}, {"a.py": '# new\n\n"""Docs."""\nx = 0x1\n'}),
        ({"a.py": "x = 10.0\n"}, {"a.py": "\ufeffx = (1e1)\r\n"}),
        ({"a.txt": "one\ntwo"}, {"a.txt": "one \n\n\ttwo\n"}),
    ],
)
def test_what_changes_nothing_has_no_key(before: dict[str, str], after: dict[str, str]) -> None:
    assert change_key(before, after) == ""
    assert same_change("", {"": 1, "x": 2}) is None


def test_files_are_told_apart_and_other_files_go_by_lines() -> None:
    files = {"a.py": "x = f(1)\n", "b.py": "x = f(1)\n", "c.toml": "a = 1\n# note\nb = 2\n"}
    one = change_key(files, {**files, "a.py": "x = g(1)\n"})
    assert one not in ("", change_key(files, {**files, "b.py": "x = g(1)\n"}))
    other = {**files, "c.toml": "z = 0\na = 1\nb = 2\n"}
    assert change_key(files, {**files, "c.toml": "a = 1\n# note\nb = 3\n"}) == change_key(
        other, {**other, "c.toml": "z = 0\na = 1\n  b =  3\n"}
    )
    assert change_key(files, {"a.py": files["a.py"], "b.py": files["b.py"]}) != "", "a file that is not there"


@pytest.mark.parametrize(
    "hostile",
    [
        "x = (",
        "x = " + "(" * 3000 + "1" + ")" * 3000,
        "x = " + "-" * 50_000 + "1",
        "x = " + "1 + " * 5_000 + "1",
        "if a: b\n" + "elif c: d\n" * 1_000,
        "x = 0x" + "f" * 20_000,  # no text of it can be made
        "x = '\ud800'",
        "x = 1\0",
        "\0\1\2" * 100,
        "".join(f"{'if 1:':>{n + 5}}\n" for n in range(150)),
        "x = 1\n" * 4_000,
    ],
    ids=lambda text: repr(text[:20]),
)
def test_hostile_programs_have_a_key_too(hostile: str) -> None:
    known, here = {"a.py": "x = 1\ny = 2\n"}, {"a.py": hostile}
    there = {"a.py": f"{hostile}\ny = 3"}
    assert change_key(known, here) == change_key(known, here) != ""
    assert change_key(here, there) not in ("", change_key(known, here))


def test_a_megabyte_is_compared_by_lines() -> None:
    large = "".join(f"a{n} = b[{n}]  # {'-' * 50}\n" for n in range(15_000))
    assert change_key({"a.py": large}, {"a.py": large + "z = 1\n"}) == change_key(
        {"a.py": "y = 1\n" + large}, {"a.py": "y = 1\nz = 1\n" + large}
    )


def test_many_constants_are_in_the_key_as_a_whole() -> None:
    before = "".join(f"A{n} = {n}\n" for n in range(300))
    one, two = (before.replace(" = ", f" = {by}") for by in (1, 2))
    keys = {change_key({"a.py": before}, {"a.py": text}) for text in (one, two)}
    assert len(keys) == 2
    assert {len(found) for found in keys} == {16}


@pytest.mark.parametrize("told", ["", "{", "[1]", "1", '{"train.py:LR": "0.05"}', "[" * 100_000, '{"train.py:LR": {}}'])
def test_a_key_that_somebody_edited_fits_nothing(told: str) -> None:
    found = key(PROGRAM, ("LR = 0.04", "LR = 0.05"))
    digest, _, constants = found.partition(" ")
    assert json.loads(constants) == {"train.py:LR": 0.05}
    assert not is_same(found, f"{digest} {told}")
    assert not is_same(f"{digest} {told}", found)
