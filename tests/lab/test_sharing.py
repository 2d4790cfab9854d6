"""Turns on one machine: first come, first served, between threads and processes, whatever becomes of a holder."""

import itertools
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from nightdesk.lab.jobs import ANYWHERE, Place
from nightdesk.lab.machines.machine import NO_CARD, usable_cores
from nightdesk.lab.machines.sharing import ANY_CARD, Claim, book_folder, claim_of, turn
from tests.lab.turns import take_turns

BOTH, ONE, TWO = frozenset({0, 1}), frozenset({0}), frozenset({1})
A, B, ANY = frozenset({"a"}), frozenset({"b"}), frozenset({ANY_CARD})
ROOT = Path(__file__).parent.parent.parent


def claim(who: str = "the lab tiny", cores: frozenset[int] = BOTH, cards: frozenset[str] = frozenset()) -> Claim:
    return Claim(who, cores, cards)


def never() -> bool:
    return False


def until(condition: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came to be"
        time.sleep(0.01)


def taker(book: Path, who: str, *, turns: int, seconds: float = 0.01) -> subprocess.Popen[bytes]:
    """Return another process that takes turns."""
    command = [sys.executable, "-m", "tests.lab.turns", str(book), who, str(turns), str(seconds)]
    return subprocess.Popen(command, cwd=ROOT)


def tickets(book: Path) -> list[str]:
    return [path.name for path in book.glob("[0-9]*")]


def lines(folder: Path) -> list[list[str]]:
    log = folder.parent / "log"
    return [line.split() for line in log.read_text().splitlines()] if log.exists() else []


@pytest.mark.parametrize(
    ("one", "other", "meet"),
    [
        (claim(), claim(), True),
        (claim(cores=ONE), claim(cores=TWO), False),
        (claim(cores=ONE), claim(cores=BOTH), True),
        (claim(cores=ONE, cards=A), claim(cores=TWO, cards=A), True),
        (claim(cores=ONE, cards=A), claim(cores=TWO, cards=B), False),
        (claim(cores=ONE, cards=A), claim(cores=TWO, cards=ANY), True),
        (claim(cores=ONE), claim(cores=TWO, cards=ANY), False),
    ],
)
def test_two_claims_meet_where_only_one_can_have_it(one: Claim, other: Claim, meet: bool) -> None:
    assert one.meets(other) is meet
    assert other.meets(one) is meet


def test_what_a_place_takes() -> None:
    every = frozenset(usable_cores())
    held = Place("cores 2-3", "", (2, 3))
    card = Place("gpu 1", "", (1,), "GPU-1,GPU-2")
    none = Place("core 1", "", (1,), NO_CARD)
    assert claim_of(ANYWHERE, (ANYWHERE,), "a").cores == every
    assert claim_of(held, (held,), "a") == Claim("the lab a", frozenset({2, 3}))
    assert claim_of(card, (card,), "a").cards == {"GPU-1", "GPU-2"}
    assert claim_of(none, (none,), "a").cards == set()


@pytest.mark.skipif(len(usable_cores()) < 2, reason="needs two cores")
def test_places_that_cannot_be_held_to_cores_do_not_wait_for_each_other() -> None:
    places = (Place("share 1", ""), Place("share 2", ""))
    first, second = (claim_of(place, places, "a") for place in places)
    assert not first.meets(second)


def test_eight_contenders_have_their_turns_in_the_order_in_which_they_asked(tmp_path: Path) -> None:
    book = tmp_path / "book"
    with turn(book, claim("first"), stopped=never, waiting=print):
        ends: list[Callable[[], object]] = []
        for number in range(8):  # one after the other, so that the order in which they ask is known
            if number % 2:
                process = taker(book, f"w{number}", turns=2, seconds=0.01)
                ends.append(process.wait)
            else:
                thread = threading.Thread(target=take_turns, args=(book, f"w{number}", 2))
                thread.start()
                ends.append(thread.join)
            until(lambda: len(tickets(book)) == len(ends) + 1)
    assert [end() or 0 for end in ends] == [0] * 8
    had = [line for line in lines(book) if len(line) == 3]
    assert [line[0] for line in had][:8] == [f"w{number}" for number in range(8)]
    assert sorted(line[0] for line in had) == sorted([f"w{number}" for number in range(8)] * 2)
    for before, after in itertools.pairwise(had):
        assert float(before[2]) <= float(after[1]), "two had the same cores at one time"
    assert tickets(book) == [], "nothing is left of them"


def test_two_sessions_alternate_run_by_run(tmp_path: Path) -> None:
    book = tmp_path / "book"
    with turn(book, claim("first"), stopped=never, waiting=print):
        session = taker(book, "a", turns=4, seconds=0.05)
        thread = threading.Thread(target=take_turns, args=(book, "b", 4))
        thread.start()
        until(lambda: len(tickets(book)) == 3)
    assert session.wait() == 0
    thread.join()
    had = [line[0] for line in lines(book) if len(line) == 3]
    assert had in (["a", "b"] * 4, ["b", "a"] * 4)


def test_a_holder_that_is_killed_is_waited_for_no_longer(tmp_path: Path) -> None:
    book, told = tmp_path / "book", list[str]()
    holder = taker(book, "doomed", turns=1, seconds=600)
    until(lambda: bool(lines(book)))
    waits = threading.Event()

    def waiting(line: str) -> None:
        told.append(line)
        waits.set()

    def kill() -> None:
        waits.wait(30)
        holder.send_signal(signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    with turn(book, claim("me"), stopped=never, waiting=waiting) as mine:
        assert mine
        assert tickets(book) == ["2"], "the ticket of the dead is gone"
    killer.join()
    holder.wait()
    assert told == [f"waits for doomed (process {holder.pid})"]


def test_who_asked_to_stop_waits_no_longer_and_leaves_no_ticket(tmp_path: Path) -> None:
    book, told = tmp_path / "book", list[str]()
    with turn(book, claim("one"), stopped=never, waiting=print):
        with turn(book, claim("two"), stopped=lambda: bool(told), waiting=told.append) as mine:
            assert not mine
        assert len(tickets(book)) == 1
        with turn(book, claim("three", cores=frozenset({7})), stopped=never, waiting=told.append) as mine:
            assert mine, "other cores are free"
    assert told == [f"waits for one (process {os.getpid()})"]


def test_a_wide_claim_is_not_overtaken_by_narrow_ones_for_ever(tmp_path: Path) -> None:
    book, order = tmp_path / "book", list[str]()

    def take(who: str, cores: frozenset[int]) -> None:
        with turn(book, claim(who, cores), stopped=never, waiting=lambda line: None):
            order.append(who)

    with turn(book, claim("narrow", ONE), stopped=never, waiting=print):
        threads = []
        for who, cores in (("wide", BOTH), ("late", TWO)):
            threads.append(threading.Thread(target=take, args=(who, cores)))
            threads[-1].start()
            until(lambda: len(tickets(book)) == len(threads) + 1)
        assert order == [], "core 1 is free, but the one that waits for both came first"
    for thread in threads:
        thread.join()
    assert order == ["wide", "late"]


def test_an_error_in_the_turn_gives_it_back(tmp_path: Path) -> None:
    book = tmp_path / "book"
    with pytest.raises(OSError, match="disk"), turn(book, claim(), stopped=never, waiting=print):
        raise OSError("disk")
    assert tickets(book) == []


@pytest.mark.parametrize(
    "text", ["", "{", "[" * 90_000, '{"who": 1}', '{"who":"x","process":"y","cores":[],"cards":[]}']
)
def test_a_ticket_that_says_nothing_sound_is_waited_for_while_it_is_held(tmp_path: Path, text: str) -> None:
    book, told = tmp_path / "book", list[str]()
    with turn(book, claim("one"), stopped=never, waiting=print):
        (book / "1").write_text(text)
        with turn(book, claim("two"), stopped=lambda: bool(told), waiting=told.append) as mine:
            assert not mine
    assert told == ["waits for another session"]


def test_what_lies_about_in_the_book_does_no_harm(tmp_path: Path) -> None:
    book, told = tmp_path / "book", list[str]()
    book.mkdir(mode=0o700)
    for name in ("notes.txt", "7", "x9", "99999999999999999999"):
        (book / name).write_text("x")
    with turn(book, claim(), stopped=never, waiting=told.append) as mine:
        assert mine
        assert {path.name for path in book.iterdir()} == {"notes.txt", "x9", "99999999999999999999", "book", "8"}
    assert told == []


def _of_others(book: Path) -> None:
    book.mkdir()
    book.chmod(0o777)


def _link(book: Path) -> None:
    (book.parent / "elsewhere").mkdir()
    book.symlink_to(book.parent / "elsewhere")


def _link_in_it(book: Path) -> None:
    book.mkdir(mode=0o700)
    (book.parent / "mine").write_text("precious")
    (book / "book").symlink_to(book.parent / "mine")


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (_of_others, "is not a folder of yours alone"),
        (_link, "book"),
        (_link_in_it, "book"),
        (lambda book: book.write_text("a file"), "book"),
        (lambda book: book.symlink_to("nowhere"), "book"),
    ],
)  # fmt: skip
def test_a_book_that_others_could_have_a_hand_in_is_not_used(
    tmp_path: Path, make: Callable[[Path], None], reason: str
) -> None:
    book, told = tmp_path / "book", list[str]()
    make(book)
    with turn(book, claim(), stopped=never, waiting=told.append) as mine:
        assert mine, "runs go on without it"
    assert len(told) == 1
    assert told[0].startswith("other labs on this machine are not waited for: ")
    assert reason in told[0]
    if (tmp_path / "mine").exists():
        assert (tmp_path / "mine").read_text() == "precious"
    assert not list(tmp_path.glob("elsewhere/*"))


def test_where_sessions_meet(tmp_path: Path) -> None:
    assert book_folder(str(tmp_path)) == tmp_path / "nightdesk"
    assert book_folder("relative/path").is_absolute()
    assert book_folder(str(tmp_path / "none")) == Path(f"/tmp/nightdesk-{os.getuid()}")  # noqa: S108
