"""Places: what a machine is dealt out to, and that a run is held to its own."""

import os
import threading

import pytest

from nightdesk.base.errors import DeskError
from nightdesk.lab.jobs import ANYWHERE, Place
from nightdesk.lab.machines import hardware, machine
from nightdesk.lab.machines.hardware import core_ranges, core_shares, held_to, local_places
from nightdesk.lab.machines.machine import NO_CARD, Card

THREADS = {0: (0, 4), 1: (1, 5), 2: (2, 6), 3: (3, 7)}
H100 = [Card(n, "NVIDIA H100 80GB HBM3", f"GPU-{n}") for n in range(4)]
needs_two = pytest.mark.skipif(len(machine.usable_cores()) < 2, reason="needs two cores that can be held")


@pytest.fixture
def eight(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make this a machine of four cores with two threads each, and no cards."""
    pairs = {core: pair for pair in THREADS.values() for core in pair}
    for module in (machine, hardware):
        monkeypatch.setattr(module, "siblings", lambda core: pairs.get(core, (core,)))
        monkeypatch.setattr(module, "processor_name", lambda: "AMD EPYC 7B13")
    monkeypatch.setattr(machine, "own_cores", lambda: frozenset(range(8)))
    monkeypatch.setattr(machine, "_quota", lambda folder: None)
    monkeypatch.setattr(hardware, "found_cards", lambda: ())


@pytest.mark.parametrize(
    ("parallel", "cores", "told"),
    [
        (2, [(0, 4, 1, 5), (2, 6, 3, 7)], "AMD EPYC 7B13, 4 of 8 cores"),
        (3, [(0, 4), (1, 5), (2, 6)], "AMD EPYC 7B13, 2 of 8 cores"),  # what does not divide evenly stays idle
        (4, [(0, 4), (1, 5), (2, 6), (3, 7)], "AMD EPYC 7B13, 2 of 8 cores"),
        (5, [(0,), (4,), (1,), (5,), (2,)], "AMD EPYC 7B13, 1 of 8 cores"),  # threads: there are not enough cores
        (8, [(0,), (4,), (1,), (5,), (2,), (6,), (3,), (7,)], "AMD EPYC 7B13, 1 of 8 cores"),
    ],
)
@pytest.mark.usefixtures("eight")
def test_cores_are_dealt_out_evenly(parallel: int, cores: list[tuple[int, ...]], told: str) -> None:
    places = local_places(parallel)
    assert [place.cores for place in places] == cores
    assert {(place.hardware, place.gpu) for place in places} == {(told, "")}
    assert len({place.name for place in places}) == parallel


@pytest.mark.usefixtures("eight")
def test_one_run_has_the_machine_to_itself() -> None:
    assert local_places(1) == (Place(ANYWHERE.name, "AMD EPYC 7B13, 8 cores"),)
    assert local_places(1, cards=H100[:2]) == (
        Place(ANYWHERE.name, "2 x NVIDIA H100 80GB HBM3, AMD EPYC 7B13, 8 cores", (), "GPU-0,GPU-1"),
    )
    assert local_places(1, cards=()) == (Place(ANYWHERE.name, "AMD EPYC 7B13, 8 cores", (), NO_CARD),), "hidden"


@pytest.mark.usefixtures("eight")
def test_cards_are_dealt_out_one_each() -> None:
    places = local_places(2, cards=H100[:3])
    assert places == (
        Place("gpu 0", "NVIDIA H100 80GB HBM3, AMD EPYC 7B13, 4 of 8 cores", (0, 4, 1, 5), "GPU-0"),
        Place("gpu 1", "NVIDIA H100 80GB HBM3, AMD EPYC 7B13, 4 of 8 cores", (2, 6, 3, 7), "GPU-1"),
    )
    display = Card(0, "NVIDIA T400 2 GB", "GPU-x")
    others = [display, Card(1, "A", "GPU-a"), Card(2, "A", "GPU-b")]
    assert [place.gpu for place in local_places(2, cards=others)] == ["GPU-a", "GPU-b"], "two of one kind"
    assert {place.gpu for place in local_places(2, cards=())} == {NO_CARD}


@pytest.mark.parametrize(
    ("parallel", "cards", "words"),
    [
        (9, (), ("8 cores cannot be dealt out to 9", "--parallel 8")),
        (5, H100, ("4 graphics cards cannot be dealt out to 5", "CUDA_VISIBLE_DEVICES=-1")),
        (0, (), ("0 runs", "--parallel 1")),
        (257, (), ("257 runs", "256")),
    ],
)
@pytest.mark.usefixtures("eight")
def test_what_there_is_not_enough_for(parallel: int, cards: list[Card], words: tuple[str, str]) -> None:
    with pytest.raises(DeskError, match=words[0]) as raised:
        local_places(parallel, cards=cards)
    assert words[1] in str(raised.value.fix)


def test_one_core_cannot_be_dealt_out() -> None:
    with pytest.raises(DeskError, match="1 core cannot") as raised:
        core_shares((3,), 2)
    assert raised.value.fix == "leave --parallel out"


@pytest.mark.usefixtures("eight")
def test_half_a_core_makes_no_share_bigger_than_another() -> None:
    assert core_shares((0, 4, 1), 2) == [(0,), (1,)]


@pytest.mark.usefixtures("eight")
def test_where_nothing_can_be_held_places_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hardware, "can_hold", lambda: False)
    places = local_places(2)
    assert [place.name for place in places] == ["share 1", "share 2"]
    assert {place.cores for place in places} == {()}
    assert places[0].hardware == "AMD EPYC 7B13, 4 of 8 cores (not held to them)"
    with held_to(Place("", "", (999,))):
        pass


@pytest.mark.parametrize(("cores", "told"), [((3,), "3"), ((0, 1, 2), "0-2"), ((8, 0, 1), "0-1, 8"), ((), "")])
def test_cores_in_words(cores: tuple[int, ...], told: str) -> None:
    assert core_ranges(cores) == told


@needs_two
def test_a_thread_is_held_to_its_place_and_only_that_thread() -> None:
    before = os.sched_getaffinity(0)
    first, second = local_places(2, cards=())
    found: list[set[int]] = []

    def work() -> None:
        with held_to(second):
            found.append(os.sched_getaffinity(0))
        found.append(os.sched_getaffinity(0))

    with held_to(first):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        assert os.sched_getaffinity(0) == set(first.cores)
    assert found == [set(second.cores), set(first.cores)], "a thread begins where the one that started it is"
    assert os.sched_getaffinity(0) == before
    with held_to(Place("node 7", "", (900,), remote=True)):
        assert os.sched_getaffinity(0) == before, "another machine's cores"


@pytest.mark.skipif(not machine.can_hold(), reason="no thread is held to cores here")
@pytest.mark.parametrize("core", [1023, 10**6])
def test_cores_that_are_not_ours_are_refused(core: int) -> None:
    with pytest.raises(DeskError, match="may not use the cores"), held_to(Place("cores 1023", "", (core,))):
        pass
