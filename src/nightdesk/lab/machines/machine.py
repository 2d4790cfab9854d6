"""What this machine has, as its system tells: its processor, the cores that may be used, its graphics cards."""

import contextlib
import functools
import itertools
import os
import platform
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nightdesk.base.processes import PIPE, Limits, attend, start

NO_CARD = "-1"  # for CUDA and HIP alike: a card that there is not
_ODD = re.compile(r"\((?:R|TM)\)|[^\w .,()@+/-]+", re.ASCII)  # what is left goes into tables and files of the ledger
_LONGEST_NAME = 60
_ASK_SECONDS = 10.0  # nvidia-smi takes a second or two, and hangs where a driver is broken
_MOST_CARDS = 64
_UUID = re.compile(r"GPU-[0-9a-fA-F-]{8,64}")
_AMD = "amd:"  # before the number of an AMD card: HIP knows no such ids as CUDA does
_NVIDIA_FILES, _AMD_FILES = Path("/proc/driver/nvidia/gpus"), Path("/sys/class/kfd/kfd/topology/nodes")
_CORES = Path("/sys/devices/system/cpu")
_GROUP = Path("/sys/fs/cgroup")


@dataclass(frozen=True, slots=True)
class Card:
    """A graphics card. What is said of AMD cards was written by their documents: no machine here had any."""

    number: int  # as the system counts them
    kind: str  # "NVIDIA H100 80GB HBM3"
    gpu: str  # how a place names it: the UUID of an NVIDIA card, "amd:0"


def found_cards() -> tuple[Card, ...]:
    """Return the graphics cards that runs can compute on: NVIDIA's as nvidia-smi lists them, else AMD's."""
    asked = ("--query-gpu=index,uuid,name,memory.total", "--format=csv,noheader")
    return parse_cards(said("nvidia-smi", *asked)) or tuple(
        Card(number, kind, f"{_AMD}{number}") for number, (kind, _) in enumerate(_amd_cards(_AMD_FILES))
    )


def parse_cards(text: str) -> tuple[Card, ...]:
    """Return the cards that nvidia-smi lists, one a line: number, UUID, name, memory; other lines tell of none."""
    cards = {}
    for line in text.splitlines()[:_MOST_CARDS]:
        number, uuid, name, memory = [*(word.strip() for word in line.split(",")), "", "", "", ""][:4]
        if not number.isdecimal() or not _UUID.fullmatch(uuid) or not plain(name):
            continue
        told = re.match(r"(\d{1,9}) MiB", memory)
        size = f" {round(int(told[1]) / 1024)} GB" if told and not re.search(r"\d ?GB\b", name) else ""
        kind = name if name.upper().startswith("NVIDIA") else f"NVIDIA {name}"
        cards[uuid] = Card(int(number), plain(kind) + size, uuid)
    return tuple(cards.values())


def visible_cards(cards: Sequence[Card], wish: str) -> tuple[Card, ...]:
    """Return the cards that CUDA_VISIBLE_DEVICES names, as CUDA reads it: up to the first that there is not."""
    chosen: list[Card] = []
    for word in (part.strip() for part in wish.split(",")):
        named = (card for card in cards if word and (word == str(card.number) or card.gpu.startswith(word)))
        card = next(named, None)
        if card is None or card in chosen:
            break
        chosen.append(card)
    return tuple(chosen)


def gpu_variables(gpu: str) -> dict[str, str]:
    """Return what shows a run only the cards of its place; nothing for "", where none are dealt out."""
    if not gpu:
        return {}
    if gpu == NO_CARD:
        return {"CUDA_VISIBLE_DEVICES": NO_CARD, "HIP_VISIBLE_DEVICES": NO_CARD}
    if gpu.startswith(_AMD):
        return {"HIP_VISIBLE_DEVICES": gpu.replace(_AMD, "")}
    return {"CUDA_VISIBLE_DEVICES": gpu}


def card_files(gpu: str, *, nvidia: Path = _NVIDIA_FILES, amd: Path = _AMD_FILES) -> frozenset[str] | None:
    """Return the names below /dev that belong to the cards of a place alone, None where that is not known of all."""
    of_card = _nvidia_files(nvidia) | {f"{_AMD}{n}": file for n, (_, file) in enumerate(_amd_cards(amd))}
    found = [of_card.get(card, "") for card in gpu.split(",")]
    return frozenset(found) if all(found) else None


@functools.cache
def processor_name() -> str:
    """Return what the processor is called, in few plain characters."""
    name = ""
    with contextlib.suppress(OSError), open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
        name = next((line.partition(":")[2] for line in file if line.startswith("model name")), "")
    if sys.platform == "darwin":
        name = said("sysctl", "-n", "machdep.cpu.brand_string")
    return plain(name) or plain(platform.machine()) or "unknown processor"


def can_hold() -> bool:
    """Return whether this system can hold a thread to cores: Linux can, macOS and Windows cannot."""
    return hasattr(os, "sched_setaffinity")


def own_cores() -> frozenset[int]:
    """Return the cores that the calling thread is held to, or may use."""
    return frozenset(os.sched_getaffinity(0) if can_hold() else range(os.cpu_count() or 1))


def usable_cores() -> tuple[int, ...]:
    """Return the cores that the calling thread may use, hyper-threads of one physical core beside each other.

    A container that gets less CPU time than it sees cores has as many as that time is worth.
    """
    cores = own_cores()
    groups = sorted({tuple(c for c in siblings(core) if c in cores) or (core,) for core in cores})
    quota = _quota(_GROUP)
    ordered = tuple(dict.fromkeys(itertools.chain.from_iterable(groups)))
    return ordered if quota is None else ordered[: max(1, int(quota))]


@functools.cache
def siblings(core: int) -> tuple[int, ...]:
    """Return the hyper-threads of a core's physical core; itself alone where the system does not tell."""
    try:
        told = (_CORES / f"cpu{core}/topology/thread_siblings_list").read_text(encoding="ascii")
        found: list[int] = []
        for part in told.strip().split(","):
            first, _, last = part.partition("-")
            found += range(int(first), int(last or first) + 1)
    except (OSError, ValueError):
        return (core,)
    return tuple(found) if core in found else (core,)


def plain(name: str) -> str:
    """Return a name that the machine told, short and without what might do harm in a table or a file."""
    return " ".join(_ODD.sub(" ", name[:500]).split())[:_LONGEST_NAME].strip()


def said(*command: str) -> str:
    """Return what a program of the system prints, "" where there is none or it fails."""
    try:
        ended = attend(start(command, folder=Path("/"), limits=Limits(), stdout=PIPE), seconds=_ASK_SECONDS)
    except OSError:
        return ""
    return ended.stdout.decode("utf-8", errors="replace") if ended.code == 0 else ""


def _nvidia_files(folder: Path) -> dict[str, str]:
    """Return the name of each NVIDIA card's device file by its UUID: its number there is not always the card's own."""
    found: dict[str, str] = {}
    with contextlib.suppress(OSError):
        for path in sorted(folder.glob("*/information"))[:_MOST_CARDS]:
            text = path.read_text(encoding="utf-8", errors="replace")
            uuid, minor = _UUID.search(text), re.search(r"^Device Minor:\s*(\d{1,4})\s*$", text, re.MULTILINE)
            if uuid and minor:
                found[uuid[0]] = f"nvidia{minor[1]}"
    return found


def _amd_cards(folder: Path) -> list[tuple[str, str]]:
    """Return kind and device file of AMD's cards as the kernel lists them, in the order in which HIP counts them."""
    cards: list[tuple[str, str]] = []
    with contextlib.suppress(OSError):
        nodes = sorted((path for path in folder.iterdir() if path.name.isdecimal()), key=lambda path: int(path.name))
        for node in nodes[:_MOST_CARDS]:
            words = (node / "properties").read_text(encoding="ascii", errors="replace").split()
            told = dict(zip(words[::2], words[1::2], strict=False))
            if told.get("simd_count", "0") != "0":  # else a processor
                render = told.get("drm_render_minor", "")
                file = f"dri/renderD{render}" if render.isdecimal() else ""
                cards.append((plain(f"AMD gfx {told.get('gfx_target_version', '')}"), file))
    return cards


def _quota(folder: Path) -> float | None:
    """Return how many cores' worth of CPU time a container may use, None where there is no such limit."""
    with contextlib.suppress(OSError, ValueError, ZeroDivisionError):
        if (folder / "cpu.max").exists():
            most, period = (folder / "cpu.max").read_text(encoding="ascii").split()
        else:
            names = ("cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us")
            most, period = ((folder / name).read_text(encoding="ascii") for name in names)
        if int(most) > 0:  # "max", and -1: no limit
            return int(most) / int(period)
    return None
