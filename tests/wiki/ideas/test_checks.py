"""Acceptance checks: their form, and what holds of an output."""

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightdesk.base.errors import DeskError
from nightdesk.wiki.ideas.checks import (
    OPERATIONS,
    Check,
    NumberWanted,
    against_path,
    compare,
    fits,
    parse_checks,
    render_checks,
    unmet,
)

TEXT = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), min_size=1, max_size=30).filter(
    lambda text: bool(text.strip()) and text.isprintable()
)


def check(**more: object) -> str:
    return "[[check]]\n" + "\n".join(f"{key} = {value}" for key, value in {"name": '"a"', "run": '"x"', **more}.items())


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "form"),
        ("x = 1", "form"),
        ("check = 3", "form"),
        ("[[check]]", "name"),
        ('[[check]]\nname = "a"', "run"),
        (check(run="[]"), "1 to 40 words"),
        (check(run='"say \'hi"'), "split"),
        (check(run="[1]"), "printable"),
        (check(run='"a\\u0007b"'), "printable"),
        (check(env="true"), "unknown key 'env'"),
        (check(seconds="0"), "seconds"),
        (check(seconds="nan"), "seconds"),
        (check(seconds="100000"), "seconds"),
        (check(seconds="true"), "seconds"),
        (check(exit="256"), "exit"),
        (check(file='"../x"'), "own folder"),
        (check(file='"/etc/passwd"'), "own folder"),
        (check(file='".git/config"'), "hidden"),
        (check(number='{ after = "x", op = "=", value = 1 }'), "op must"),
        (check(number='{ after = "x", op = "==", value = inf }'), "finite"),
        (check(number='{ after = "x", op = "<", value = 1, tolerance = 1 }'), "tolerance"),
        (check(number='{ after = "x", op = "==", value = 1, tolerance = -1 }'), "tolerance"),
        (check(number='{ op = "==", value = 1 }'), "number must"),
        (check(number="3"), "number must"),
        ("[[check]\n", "TOML"),
        ("a = " + "[" * 5000, "TOML"),
    ],
)
def test_what_is_no_check(text: str, why: str) -> None:
    with pytest.raises(DeskError) as error:
        parse_checks(text)
    assert why in f"{error.value.message} {error.value.fix}"


@given(
    st.builds(
        Check,
        name=TEXT,
        run=st.lists(TEXT, min_size=1, max_size=5).map(tuple),
        seconds=st.sampled_from([60.0, 1.0, 2.5]),
        exit=st.integers(0, 255),
        contains=st.lists(TEXT, max_size=3).map(tuple),
        matches=st.lists(TEXT, max_size=3).map(tuple),
        number=st.none() | st.builds(
            NumberWanted, after=TEXT, op=st.sampled_from(OPERATIONS), value=st.floats(-1e9, 1e9)
        ),
        files=st.just(("out/a b.txt",)),
    )
)  # fmt: skip
def test_what_is_rendered_is_read_back(wanted: Check) -> None:
    assert parse_checks(render_checks([wanted])) == (wanted,)


@pytest.mark.parametrize(
    ("wanted", "out", "why"),
    [
        ({}, "", ()),
        ({"exit": 1}, "", ("it ended with code 0, not 1",)),
        ({"contains": ("sum", "5")}, "sum 5", ()),
        ({"contains": ("sum", "6")}, "sum 5", ("its output lacks '6'",)),
        ({"matches": ("Ran * test?",)}, "x\nRan 12 tests\n", ()),
        ({"matches": ("Ran *",)}, "He Ran 12", ("no line of its output is like 'Ran *'",)),
        ({"number": NumberWanted("gain:", ">", 0.0)}, "gain: 0.01", ()),
        (
            {"number": NumberWanted("gain:", ">", 0.0)},
            "gain: 1\ngain: -2e-3\n",
            ("gain: -0.002, where > 0 is asked for",),
        ),
        ({"number": NumberWanted("gain:", ">", 0.0)}, "gain: nan", ("no number stands behind 'gain:' in its output",)),
        (
            {"number": NumberWanted("gain:", ">", 0.0)},
            "gain: 1e999",
            ("no number stands behind 'gain:' in its output",),
        ),
        ({"number": NumberWanted("p", "==", 0.63, 0.005)}, "p = 0.635", ()),
        ({"number": NumberWanted("p", "==", 0.1)}, f"p {0.3 - 0.2!r}", ()),
        ({"number": NumberWanted("p", "==", 5.0)}, "p 5.2.1", ("no number stands behind 'p' in its output",)),
        ({"files": ("a.txt",)}, "", ("the file 'a.txt' is not there, or empty",)),
    ],
)
def test_what_does_not_hold(wanted: dict[str, object], out: str, why: tuple[str, ...]) -> None:
    assert unmet(Check("a", ("x",), **wanted), code=0, out=out, files={}) == why  # type: ignore[arg-type]


@given(st.text("ab*?", max_size=8), st.text("ab", max_size=10))
def test_a_pattern_fits_as_the_systems_own_does(pattern: str, line: str) -> None:
    wanted = "".join({"*": ".*", "?": "."}.get(char, char) for char in pattern)
    assert fits(pattern, line) == bool(re.fullmatch(wanted, line))


def test_a_strangers_pattern_ends() -> None:
    assert not fits("*a" * 200 + "b", "a" * 16_000)  # with going back everywhere it would take years


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_operations_mean_what_they_say(value: float, limit: float) -> None:
    for op, truth in (("<", value < limit), ("<=", value <= limit), (">", value > limit), (">=", value >= limit)):
        assert compare(value, NumberWanted("x", op, limit)) == truth
    assert compare(value, NumberWanted("x", "==", limit, 1.0)) or math.fabs(value - limit) > 1.0


@pytest.mark.parametrize("path", ["a.py", "src/a b.py", "data/ä.txt", "__init__.py"])
def test_paths_of_a_build(path: str) -> None:
    assert against_path(path) is None


@pytest.mark.parametrize(
    "path",
    ["", "/a", "a//b", "a/", "../a", "a/../b", ".env", "a/.git/x", "a\\b", "C:/a", "a:b", "con", "a.", " a", "a\n",
     "x" * 300, "a/" * 9 + "b", "\u202ea.py"],
)  # fmt: skip
def test_paths_that_leave_it_or_act(path: str) -> None:
    assert against_path(path) is not None
