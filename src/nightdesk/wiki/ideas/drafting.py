"""Drafts an idea file without AI: statements as they stand, figures as they were measured, and no word beyond them."""

import re
from collections.abc import Sequence
from decimal import Decimal

from nightdesk.wiki.escaping import escape_line
from nightdesk.wiki.ideas.checks import Check, NumberWanted, render_checks
from nightdesk.wiki.ideas.form import ADAPT, CHECKS, LANGUAGE, OPEN, STEPS, TODO, WHAT, WHY, fenced
from nightdesk.wiki.ideas.material import Material, Measured, Statement
from nightdesk.wiki.proof.quantities import Quantity, quantities

MAX_NUMBERS = 3  # statements whose figures the build has to reproduce
MOST = {"definition": 4, "fact": 3, "effect": 6, "setting": 5, "question": 4}
_ABOUT = re.compile(r"\b(?:about|around|roughly|approximately|nearly|almost|some|ca\.?)\s*$|[~≈]\s*$", re.IGNORECASE)
_PLAIN = re.compile(r"[-+]?\d+(?:,\d{3})*(?:\.\d+)?")
_LISTS = re.compile(r"^\W*(?:and|or)?\W*$|\b(?:instead of|than|from|to)\W*$", re.IGNORECASE)  # no result
_SLACK = 0.05  # of a number that is called "about"

_CONTRACT = """\
The build is accepted when every check below passes. They are run by code, each in a copy of the build's folder, without
network; `python` is the receiver's own.
"""
_RESULTS = """\
`python demo.py N` computes what statement N of the evidence says from what it starts from, and prints one line:
`result: NUMBER`. The number is computed, not written down. The statements are:

"""
_COMPARES = """\
`python compare.py` runs the receiver's own program without the change and with it, several times each with fresh
seeds, and prints one line: `gain: NUMBER`, the mean gain in the unit of the metric, positive where it is better.
"""
_TESTS = "`test_build.py` holds tests of the build's own, for `unittest`.\n"
_FREE = (
    "- The language, the names of files that no check names, and how it fits into a project of your own: nothing above "
    "rests on them.\n"
)
_WAITS = "> {mark} {what}\n"


def draft(material: Material) -> dict[str, str]:
    """Return the sections of an idea but its evidence: heading -> Markdown, the references `[n]` into the evidence.

    Where nothing is known a marked place waits for the person; nothing is invented.
    """
    numbered = list(enumerate(material.statements, 1))
    chosen = {
        kind: [(n, s) for n, s in numbered if s.kind == kind and (kind == "question" or s.text)][:most]
        for kind, most in MOST.items()
    }
    measured = list(enumerate(material.measured, len(numbered) + 1))
    checking = _checking(numbered, material.measured)
    sections = {
        WHAT: _listed([*chosen["definition"], *chosen["fact"]]) + "".join(_change(n, one) for n, one in measured),
        WHY: _listed(chosen["effect"]) + "".join(_gain(n, one) for n, one in measured),
        CHECKS: checking,
        ADAPT: _listed(chosen["setting"]) + "".join(_setting(n, one) for n, one in measured) + _FREE,
        STEPS: "".join(_diff(one) for one in material.measured),
        OPEN: _listed(chosen["question"]),
    }
    waits = {WHAT: "Say in a few sentences what is to be built.", WHY: "Say whom it helps, and what is better with it."}
    for name, what in waits.items():
        if not sections[name]:
            sections[name] = _WAITS.format(mark=TODO, what=what)
    return {name: text for name, text in sections.items() if text}


def used(sections: Sequence[str]) -> tuple[int, ...]:
    """Return the numbers of the evidence that sections refer to, ascending."""
    return tuple(sorted({int(found) for text in sections for found in REFERENCE.findall(text)}))


REFERENCE = re.compile(r"(?<!\[)\[(\d{1,3})\](?![(\[:])")


def _listed(statements: Sequence[tuple[int, Statement]]) -> str:
    return "".join(f"- {escape_line(statement.text)} [{number}]\n" for number, statement in statements)


def _change(number: int, one: Measured) -> str:
    said = f" {escape_line(one.hypothesis)}" if one.hypothesis else ""
    return f"- The change: {escape_line(one.title)}.{said} [{number}]\n"


def _gain(number: int, one: Measured) -> str:
    return "".join(f"- {escape_line(line)} [{number}]\n" for line in one.lines)


def _setting(number: int, one: Measured) -> str:
    return f"- {escape_line(one.setting)} Measure your own baseline first. [{number}]\n" if one.setting else ""


def _diff(one: Measured) -> str:
    return f"The change as it was made, {escape_line(one.title)}:\n\n{fenced('diff', one.diff)}\n" if one.diff else ""


def _checking(numbered: Sequence[tuple[int, Statement]], measured: Sequence[Measured]) -> str:
    figures = _figures(numbered)
    checks = [
        Check(name="its own tests pass", run=("python", "-m", "unittest", "test_build"), files=("test_build.py",))
    ]
    parts = [_CONTRACT, _TESTS]
    if figures:
        parts.append(_RESULTS + _listed([(n, statement) for n, statement, _ in figures]))
        checks += [check for _, _, check in figures]
    if any(one.gained for one in measured):
        parts.append(_COMPARES)
        wanted = NumberWanted("gain:", ">", 0.0)
        checks.append(
            Check(
                name="it gains on the receiver's own task", run=("python", "compare.py"), seconds=600.0, number=wanted
            )
        )
    return "\n".join([*parts, fenced(LANGUAGE, render_checks(checks))])


def _figures(numbered: Sequence[tuple[int, Statement]]) -> list[tuple[int, Statement, Check]]:
    """Return the statements whose figures a build computes: those that say most of what theirs come from."""
    found = [(n, s, check) for n, s in numbered if (check := number_check(n, s)) is not None]
    found.sort(key=lambda one: -len(quantities(one[1].text)))
    return sorted(found[:MAX_NUMBERS], key=lambda one: one[0])


def number_check(number: int, statement: Statement) -> Check | None:
    """Return the check that a build reproduces the last figure of a statement that says what it comes from.

    None where there is no such figure: it takes two, the last of them a plain number that is no date.
    """
    found = [q for q in quantities(statement.text) if q.kind != "date"]
    if statement.kind in ("question", "definition") or len(found) < 2:
        return None
    last = found[-1]
    between = statement.text[found[-2].end : last.start]
    plain = _PLAIN.match(last.text)
    if last.kind not in ("number", "multiple") or plain is None or _LISTS.search(between):
        return None
    value = Decimal(plain[0].replace(",", ""))
    if value != last.value:  # "4 million": the unit of what is printed would be a matter of taste
        return None
    wanted = NumberWanted("result:", "==", float(value), _tolerance(statement.text, last, plain[0], value))
    return Check(name=f"the figure of statement {number}", run=("python", "demo.py", str(number)), number=wanted)


def _tolerance(text: str, last: Quantity, written: str, value: Decimal) -> float:
    """Return half a unit of the last digit that is written; more where the sentence says "about"."""
    digits = len(written.partition(".")[2])
    half = float(Decimal(5).scaleb(-digits - 1))
    about = _ABOUT.search(text[max(0, last.start - 20) : last.start])
    return max(half, _SLACK * abs(float(value))) if about else half
