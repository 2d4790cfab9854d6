"""Stands in for a lab's loop: takes proposals from the room as they come, and judges each to be no better.

python waiting_lab.py STATE COUNT      prints each proposal as a line of JSON
"""

import json
import sys
from pathlib import Path

from nightdesk.lab.room import RoomProposer
from tests.lab.searches import after, search


def main() -> None:
    """Take so many proposals, and end."""
    known = search()
    with RoomProposer(Path(sys.argv[1]), "tiny", stopped=lambda: False) as proposer:
        for _ in range(int(sys.argv[2])):
            proposal = proposer.propose(known)
            told = {"title": proposal.title, "worker": proposal.worker, "files": dict(proposal.files)}
            sys.stdout.write(json.dumps(told) + "\n")
            known = after(known, proposal, 1.5)


if __name__ == "__main__":
    main()
