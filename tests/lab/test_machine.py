"""What a machine tells of itself, as other machines told it, and what a hostile or broken one might."""

import os
from pathlib import Path

import pytest

from nightdesk.lab.machines import machine
from nightdesk.lab.machines.machine import (
    NO_CARD,
    Card,
    card_files,
    found_cards,
    gpu_variables,
    parse_cards,
    plain,
    usable_cores,
    visible_cards,
)
from nightdesk.lab.surroundings import devices

FIRST, SECOND = "GPU-5c89852c-d268-c3f3-1b07-005d5ae1dc3f", "GPU-0aa0b1c2-d3e4-f506-1718-192a3b4c5d6e"
# As nvidia-smi prints it: --query-gpu=index,uuid,name,memory.total --format=csv,noheader
H100 = f"0, {FIRST}, NVIDIA H100 80GB HBM3, 81559 MiB\n1, {SECOND}, NVIDIA H100 80GB HBM3, 81559 MiB\n"
DESKTOP = f"0, {FIRST}, NVIDIA GeForce RTX 4090, 24564 MiB\n"
OLD = f"0, {FIRST}, Tesla T4, 15109 MiB\n"


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        (H100, ["NVIDIA H100 80GB HBM3"] * 2),
        (DESKTOP, ["NVIDIA GeForce RTX 4090 24 GB"]),
        (OLD, ["NVIDIA Tesla T4 15 GB"]),
        ("NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.\n", []),
        ("No devices were found\n", []),
        ("", []),
        (f"0, {FIRST}, NVIDIA A100, [N/A]\n", ["NVIDIA A100"]),
        (f"0, {FIRST}\n", []),
        (f"0, {FIRST}, , 15109 MiB\n", []),
        ("0, 5c89852c, NVIDIA A100, 1 MiB\n", []),
        (f"x, {FIRST}, NVIDIA A100, 1 MiB\n", []),
        (f"0, {FIRST}, NVIDIA\x1b[31m | A100 `rm -rf` [[x]]\u202e<b>, 1024 MiB\n", ["NVIDIA 31m A100 rm -rf x b 1 GB"]),
        (f"0, {FIRST}, {'A' * 9000}, 1024 MiB\n", [f"NVIDIA {'A' * 53} 1 GB"]),
        (H100.splitlines()[0] + "\n" + H100.splitlines()[0] + "\n", ["NVIDIA H100 80GB HBM3"]),
    ],
)  # fmt: skip
def test_cards_as_nvidia_smi_lists_them(text: str, kinds: list[str]) -> None:
    assert [card.kind for card in parse_cards(text)] == kinds


def test_a_program_that_lists_cards_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = tmp_path / "nvidia-smi"
    fake.write_text(f'#!/bin/sh\n[ "$2" = --format=csv,noheader ] || exit 1\nprintf "%s" "{H100}"\n')
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert found_cards() == (Card(0, "NVIDIA H100 80GB HBM3", FIRST), Card(1, "NVIDIA H100 80GB HBM3", SECOND))
    fake.write_text(f'#!/bin/sh\nprintf "%s" "{H100}"\nexit 9\n')  # the driver is broken
    assert found_cards() == ()


def test_a_program_that_hangs_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = tmp_path / "nvidia-smi"
    fake.write_text("#!/bin/sh\nsleep 600\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(machine, "_ASK_SECONDS", 0.3)
    assert found_cards() == ()


@pytest.mark.parametrize(
    ("wish", "numbers"),
    [
        ("0", [0]), ("1,0", [1, 0]), (SECOND, [1]), ("GPU-0aa0", [1]), ("", []), ("-1", []), ("7", []), ("0,7,1", [0]),
        ("1,1", [1]), (" 0 , 1 ", [0, 1]), ("NoDevFiles", []), ("0,", [0]),
    ],
)  # fmt: skip
def test_what_a_person_left_visible(wish: str, numbers: list[int]) -> None:
    assert [card.number for card in visible_cards(parse_cards(H100), wish)] == numbers


@pytest.mark.parametrize(
    ("gpu", "variables"),
    [
        ("", {}),
        (FIRST, {"CUDA_VISIBLE_DEVICES": FIRST}),
        (f"{FIRST},{SECOND}", {"CUDA_VISIBLE_DEVICES": f"{FIRST},{SECOND}"}),
        (NO_CARD, {"CUDA_VISIBLE_DEVICES": "-1", "HIP_VISIBLE_DEVICES": "-1"}),
        ("amd:1", {"HIP_VISIBLE_DEVICES": "1"}),
        ("amd:0,amd:1", {"HIP_VISIBLE_DEVICES": "0,1"}),
    ],
)
def test_what_a_run_is_told_of_its_card(gpu: str, variables: dict[str, str]) -> None:
    assert gpu_variables(gpu) == variables


@pytest.fixture
def drivers(tmp_path: Path) -> tuple[Path, Path]:
    """Return what drivers tell: two NVIDIA cards with their files the other way round, a processor and an AMD card."""
    nvidia, amd = tmp_path / "gpus", tmp_path / "nodes"
    for folder, uuid, minor in (("0000:01:00.0", FIRST, 1), ("0000:02:00.0", SECOND, 0)):
        (nvidia / folder).mkdir(parents=True)
        text = f"Model: \t\t NVIDIA H100\nGPU UUID: \t {uuid}\nDevice Minor: \t {minor}\nGPU Excluded:\t No\n"
        (nvidia / folder / "information").write_text(text)
    for name, text in (("0", "cpu_cores_count 8\nsimd_count 0\ndrm_render_minor 0\n"),
                       ("1", "simd_count 440\ngfx_target_version 90010\ndrm_render_minor 128\n")):  # fmt: skip
        (amd / name).mkdir(parents=True)
        (amd / name / "properties").write_text(text)
    return nvidia, amd


@pytest.mark.parametrize(
    ("gpu", "files"),
    [
        (FIRST, {"nvidia1"}),
        (f"{FIRST},{SECOND}", {"nvidia0", "nvidia1"}),
        ("amd:0", {"dri/renderD128"}),
        ("amd:1", None),
        ("GPU-other", None),
        (f"{FIRST},GPU-other", None),
    ],
)
def test_whose_device_file_is_whose(drivers: tuple[Path, Path], gpu: str, files: set[str] | None) -> None:
    nvidia, amd = drivers
    assert card_files(gpu, nvidia=nvidia, amd=amd) == files


def test_no_drivers_tell_nothing(tmp_path: Path) -> None:
    assert card_files(FIRST, nvidia=tmp_path / "a", amd=tmp_path / "b") is None


def test_a_run_sees_its_own_card_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("nvidia0", "nvidia1", "nvidiactl", "nvidia-uvm", "null", "kfd"):
        (tmp_path / name).touch()
    (tmp_path / "dri").mkdir()

    def seen(gpu: str) -> list[str]:
        return [path.relative_to(tmp_path).as_posix() for path in devices(gpu, folder=tmp_path)]

    assert seen("") == ["dri", "kfd", "nvidia-uvm", "nvidia0", "nvidia1", "nvidiactl"]
    assert seen(NO_CARD) == []
    assert seen("GPU-unknown") == seen(""), "where the system does not tell, all are shown"
    monkeypatch.setattr("nightdesk.lab.surroundings.card_files", lambda gpu: frozenset({"nvidia1"}))
    assert seen(SECOND) == ["kfd", "nvidia-uvm", "nvidiactl", "nvidia1"]


@pytest.mark.parametrize(
    ("files", "quota"),
    [
        ({"cpu.max": "200000 100000\n"}, 2.0),
        ({"cpu.max": "50000 100000\n"}, 0.5),
        ({"cpu.max": "max 100000\n"}, None),
        ({"cpu.max": "junk"}, None),
        ({"cpu.max": "1 0\n"}, None),
        ({"cpu/cpu.cfs_quota_us": "150000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 1.5),
        ({"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, None),
        ({}, None),
    ],
)
def test_a_container_has_what_its_time_is_worth(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, str], quota: float | None
) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(machine, "_GROUP", tmp_path)
    monkeypatch.setattr(machine, "own_cores", lambda: frozenset(range(8)))
    monkeypatch.setattr(machine, "siblings", lambda core: (core,))
    assert len(usable_cores()) == (8 if quota is None else max(1, int(quota)))


def test_hyper_threads_stand_beside_each_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for core in range(8):
        folder = tmp_path / f"cpu{core}/topology"
        folder.mkdir(parents=True)
        (folder / "thread_siblings_list").write_text(f"{core % 4},{core % 4 + 4}\n")
    (tmp_path / "cpu7/topology/thread_siblings_list").write_text("nonsense")
    monkeypatch.setattr(machine, "_CORES", tmp_path)
    monkeypatch.setattr(machine, "_GROUP", tmp_path)
    monkeypatch.setattr(machine, "own_cores", lambda: frozenset({0, 1, 2, 4, 5, 7}))
    machine.siblings.cache_clear()
    try:
        assert usable_cores() == (0, 4, 1, 5, 2, 7)
    finally:
        machine.siblings.cache_clear()


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (" Intel(R) Xeon(R) CPU @ 2.20GHz", "Intel Xeon CPU @ 2.20GHz"),
        ("AMD EPYC 7B13\n", "AMD EPYC 7B13"),
        ("a\tb|c`d`\x00\u202e[[e]]", "a b c d e"),
        ("", ""),
    ],
)
def test_names_are_plain(name: str, shown: str) -> None:
    assert plain(name) == shown
