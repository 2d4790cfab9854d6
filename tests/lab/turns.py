"""Takes turns, for the tests of sharing: python -m tests.lab.turns BOOK NAME TURNS SECONDS."""

import sys
import time
from pathlib import Path

from nightdesk.lab.machines.sharing import Claim, turn


def take_turns(book: Path, who: str, turns: int, seconds: float = 0.01) -> None:
    """Take turns and write down when each was had."""
    for _ in range(turns):
        with turn(book, Claim(who, frozenset({0, 1})), stopped=lambda: False, waiting=lambda line: None) as mine:
            assert mine
            began = time.monotonic()
            write(book, f"{who} began")
            time.sleep(seconds)
            write(book, f"{who} {began} {time.monotonic()}")


def write(book: Path, line: str) -> None:
    """Add a line to what was had when."""
    with (book.parent / "log").open("a") as log:
        log.write(line + "\n")


if __name__ == "__main__":
    take_turns(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))
