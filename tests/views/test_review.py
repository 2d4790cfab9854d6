"""`nightdesk compile --review`: a person at a real terminal decides about each hand-in of a model."""

import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import pytest
from click.testing import CliRunner

from nightdesk.agents.tasks import CapReachedError, DeclinedError, Task
from nightdesk.base.desk import Desk
from nightdesk.views.cli.review import Review
from nightdesk.wiki.claims import Claim
from nightdesk.wiki.concept_notes import ConceptNote, PageIdea
from nightdesk.wiki.reading import Reading
from nightdesk.wiki.writing import Written
from tests.agents.model_server import ModelServer, Request
from tests.desks import ADAM, MUON, Ran, environment, git, make_desk, run
from tests.player import pieces, play

QUESTIONS = ASK, CHANGE = "Accept? [y/n/c/a/q]: ", "What is to change: "
MUON_PAGE = "wiki/concepts/Muon.md"
PATIENCE_SECONDS = 60.0
Decide = Callable[[str, str], str]  # the question and what it is about -> what the person types; "^C" is Ctrl-C


def at_terminal(desk: Path, args: Sequence[str], decide: Decide) -> Ran:
    """Run `nightdesk` on a terminal of its own; everything that it shows is in `out`."""
    ours, theirs = pty.openpty()
    child = subprocess.Popen(
        [sys.executable, "-m", "nightdesk", *args],
        cwd=desk,
        env=environment(desk.parent / "home"),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    try:
        said = _talk(child, ours, decide)
    finally:
        child.kill()
        child.wait()
        os.close(ours)
    return Ran(child.returncode, said, "")


def _talk(child: "subprocess.Popen[bytes]", terminal: int, decide: Decide) -> str:
    said, answered, interrupted = "", 0, False
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if not select.select([terminal], [], [], 1.0)[0]:
            # Between its last look at signals and its wait for a line Python hears none: a person presses it again.
            if interrupted and child.poll() is None:
                child.send_signal(signal.SIGINT)
            continue
        try:
            chunk = os.read(terminal, 65_536)
        except OSError:  # Linux: the other side is closed
            chunk = b""
        if not chunk:
            child.wait(PATIENCE_SECONDS)
            return said
        said += chunk.decode("utf-8", errors="replace").replace("\r\n", "\n")
        for question in QUESTIONS:
            if said[answered:].endswith(question):
                typed = decide(question, subjects(said)[-1])
                answered = len(said)
                if typed == "^C":
                    interrupted = True
                    child.send_signal(signal.SIGINT)
                else:
                    os.write(terminal, typed.encode())
    raise AssertionError(f"it goes on after:\n{said[-2000:]}")


def in_turn(*typed: str) -> Decide:
    """Return a person who types these, whatever is asked."""
    rest = iter(typed)
    return lambda question, subject: next(rest)


@contextmanager
def model() -> Iterator[tuple[ModelServer, tuple[str, ...]]]:
    with ModelServer(lambda request: play(request.text)) as server:
        yield server, ("compile", "--worker", f"openai:stub@{server.openai_url}")


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """Return a desk with two sources: a model is asked for two readings, then for pages."""
    return make_desk(tmp_path, {"adam.md": ADAM, "muon.md": MUON})


def subjects(said: str) -> list[str]:
    """Return what the person was shown, in its order."""
    return [line for line in said.splitlines() if line.startswith(("read: ", "write: "))]


def wanted(request: Request) -> str:
    """Return what a request is about."""
    data = pieces(request.text)
    return next(line for text in data.values() for line in text.splitlines() if line.startswith("title: "))


def test_accept_change_and_decline(desk: Path) -> None:
    person = in_turn("y\n", "c\n", "name the batch size of 64 too\n", "n\n", "a\n")
    with model() as (server, command):
        ran = at_terminal(desk, [*command, "--review"], person)
        asked = server.asked()
        assert ran.code == 0, ran.out
        assert subjects(ran.out)[:3] == ["read: raw/adam.md", "read: raw/muon.md", "read: raw/muon.md"]
        assert len(subjects(ran.out)) == 4  # "a" accepts the first page and all that follow
        assert "name the batch size of 64 too" not in asked[1].text
        assert "name the batch size of 64 too" in asked[2].text
        assert wanted(asked[1]) == wanted(asked[2]) == "title: Muon, explained"
        assert "  * AdamW is an optimiser with decoupled weight decay." in ran.out
        assert "raw/muon.md: declined; it stays as it is until its inputs change" in ran.out
        # what was declined is the built-in worker's, what was accepted the model's
        assert "by: nightdesk/builtin" in (desk / "wiki/sources/Muon, explained.md").read_text(encoding="utf-8")
        assert "by: openai:stub" in (desk / "wiki/sources/Adam and warm-up.md").read_text(encoding="utf-8")
        assert git(desk, "status", "--short") == ""
        rows = (desk / "costs.tsv").read_text(encoding="utf-8")
        assert [rows.count(f"\t{outcome}\t") for outcome in ("declined", "rejected")] == [1, 1]

        again = run(desk, *command)
        assert (again.code, len(server.asked())) == (0, len(asked)), "it is not asked again"
        with (desk / "raw/muon.md").open("a", encoding="utf-8") as file:
            file.write("\nMuon is used for matrices of weights.\n")
        assert run(desk, *command).code == 0
        after = server.asked()[len(asked) :]
        assert wanted(after[0]) == "title: Muon, explained", "its input has changed"


def test_a_page_that_is_declined_stays_as_it_was_until_it_is_tried_again(desk: Path) -> None:
    with model() as (server, command):
        assert run(desk, *command).code == 0
        before = (desk / MUON_PAGE).read_bytes()
        text = (desk / "raw/muon.md").read_text(encoding="utf-8")
        (desk / "raw/muon.md").write_text(text + "\nMuon needs 7 passes over the data.\n", encoding="utf-8")

        def person(question: str, subject: str) -> str:
            return "n\n" if subject == "write: Muon" else "y\n"

        ran = at_terminal(desk, [*command, "--review"], person)
        assert ran.code == 0, ran.out
        assert "  +Muon needs 7 passes" in ran.out  # a difference, not the page
        assert (desk / MUON_PAGE).read_bytes() == before
        asked = len(server.asked())
        assert run(desk, *command).code == 0
        assert len(server.asked()) == asked
        assert run(desk, *command, "--retry").code == 0
        again = [wanted(request) for request in server.asked()[asked:]]
        assert again.count("title: Muon") == 1  # and the overview above it, if its first claim is another one now
        assert "7 passes" in (desk / MUON_PAGE).read_text(encoding="utf-8")


def test_stopping_keeps_and_commits_what_was_accepted(desk: Path) -> None:
    with model() as (server, command):
        ran = at_terminal(desk, [*command, "--review"], in_turn("y\n", "q\n"))
        assert ran.code == 3, ran.out
        assert "you stopped the review" in ran.out
        assert "by: openai:stub" in (desk / "wiki/sources/Adam and warm-up.md").read_text(encoding="utf-8")
        assert git(desk, "status", "--short") == ""
        assert git(desk, "log", "-1", "--format=%s").startswith("compile: 2 sources read")
        asked = len(server.asked())
        assert asked == 2
        assert run(desk, *command).code == 0
        assert wanted(server.asked()[asked]) == "title: Muon, explained"


@pytest.mark.parametrize(("keys", "why"), [("^C", "Ctrl-C"), ("\x04", "the end of the input, Ctrl-D")])
def test_interrupted_at_a_question_what_was_accepted_is_not_sent_again(desk: Path, keys: str, why: str) -> None:
    with model() as (server, command):
        ran = at_terminal(desk, [*command, "--review"], in_turn("y\n", keys))
        assert ran.code == 130, why
        assert "interrupted; what was finished is kept" in ran.out
        assert not (desk / "wiki/sources").exists()
        asked = len(server.asked())
        assert run(desk, *command).code == 0
        assert "title: Adam and warm-up" not in [wanted(request) for request in server.asked()[asked:]]


def test_what_is_typed_before_a_question_is_shown_does_not_answer_it(desk: Path) -> None:
    """Somebody who strikes Return twice must not accept what they have not seen."""
    with model() as (_, command):
        ran = at_terminal(desk, [*command, "--review"], in_turn("y\ny\ny\ny\n", "q\n"))
    assert ran.code == 3
    assert subjects(ran.out) == ["read: raw/adam.md", "read: raw/muon.md"]


def test_names_and_texts_cannot_drive_the_terminal(tmp_path: Path) -> None:
    hostile = MUON.replace("# Muon, explained", "# Muon \x1b[2J\u202e explained")
    desk = make_desk(tmp_path, {"adam.md": ADAM, "b\x1b]0;owned\x07\nAccept? [y~n]: y.md": hostile})
    with model() as (_, command):
        ran = at_terminal(desk, [*command, "--review"], in_turn("y\n", "q\n"))
    assert ran.code == 3, ran.out
    for evil in ("\x1b[2J", "\x1b]0;", "\x07", "\u202e"):
        assert evil not in ran.out
    assert not [line for line in ran.out.splitlines() if line.startswith("Accept? [y~n]")]


def test_review_needs_a_terminal_and_a_worker(desk: Path) -> None:
    assert "standard input is none" in run(desk, "compile", "--review", "--worker", "openai:x").err
    ran = at_terminal(desk, ["compile", "--review"], in_turn())
    assert (ran.code, "nothing to discuss" in ran.out) == (2, True)


READ: Task[Any] = Task("read", "raw/a.md", "", None)
EVIL = "one\ntwo \x1b[31m\u202e\ttab"
READING = Reading(
    claims=(Claim("c0", "Muon is fast.", EVIL, "Method, line 3", ("Muon",)),),
    summary=(0,),
    questions=(Claim("c1", "Is Muon stable?", "q", "", ()),),
    notes=(ConceptNote("Muon", "entity", ("MUON",), "Optimiser"),),
    pages=(PageIdea("Muon or AdamW", "comparison", ("Muon", "AdamW"), "both are used"),),
)


def reviewed(desk: Path, task: Task[Any], result: Any, typed: str) -> tuple[object, str]:
    """Return what comes of a review, and what was shown."""

    @click.command()
    def command() -> None:
        try:
            outcome.append(Review(Desk(desk))(task, result))
        except (DeclinedError, CapReachedError) as error:
            outcome.append(type(error))

    outcome: list[object] = []
    ran = CliRunner().invoke(command, input=typed)
    return outcome[0] if outcome else None, ran.output


@pytest.mark.parametrize(
    ("typed", "outcome", "why"),
    [
        ("y\n", (), "yes"),
        ("\n", (), "Return alone is yes"),
        (" YES \n", (), "in any case"),
        ("a\n", (), "this one and all that follow"),
        ("n\n", DeclinedError, "no"),
        ("q\n", CapReachedError, "stop"),
        ("c\nless of it\n", ("the person who reads along says: less of it",), "a change"),
        ("c\n\n\nless\n", ("the person who reads along says: less",), "no change is no answer"),
        ("what?\ny\n", (), "asked again after help"),
        ("", None, "the end of the input decides nothing"),
    ],
)
def test_each_answer(tmp_path: Path, typed: str, outcome: object, why: str) -> None:
    got, said = reviewed(tmp_path, READ, READING, typed)
    assert got == outcome, why
    assert ("n declines it" in said) is (typed == "what?\ny\n")


def test_all_that_a_reading_says_is_shown_a_line_each(tmp_path: Path) -> None:
    _, said = reviewed(tmp_path, READ, READING, "y\n")
    assert said.splitlines()[1:8] == [
        "read: raw/a.md",
        "  * Muon is fast.  [Muon]",
        '      "one\\x0atwo \\x1b[31m\\x202e tab" (Method, line 3)',
        "  ? Is Muon stable?",
        "  = Muon: entity, also MUON, in Optimiser",
        "  + a comparison page: Muon or AdamW, of Muon, AdamW (both are used)",
        "Accept? [y/n/c/a/q]: y",
    ]


@pytest.mark.parametrize(
    ("subject", "shown", "why"),
    [
        (
            "Muon",
            ["  --- as it is", "  +++ handed in", "  @@ -1,2 +1,2 @@", "   one", "  -two", "  +three"],
            "it exists",
        ),
        ("Lion", ["  one", "  three"], "a new page"),
        ("Muon (section 1 of 2)", ["  one", "  three"], "a part of a page, which stands nowhere by itself"),
    ],
)
def test_the_difference_to_the_page_as_it_is(tmp_path: Path, subject: str, shown: list[str], why: str) -> None:
    page = "---\ntype: concept\n---\n# Muon\n\nAlso: MUON\n\none\ntwo\n\n## Related\n\n- [[AdamW]]\n\n## Sources\n"
    (tmp_path / "wiki/concepts").mkdir(parents=True)
    (tmp_path / MUON_PAGE).write_text(page, encoding="utf-8")
    task: Task[Any] = Task("write", subject, "", SimpleNamespace(name=subject.partition(" (")[0]))
    _, said = reviewed(tmp_path, task, Written("one\nthree\n", "one", ()), "y\n")
    assert said.splitlines()[2 : 2 + len(shown)] == shown, why
