"""Labs for tests: real folders and real git, with programs, scores and proposers that take no time."""

import ast
import random
import re
import subprocess
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nightdesk.base.desk import Desk
from nightdesk.base.git import commit_paths, init_repository
from nightdesk.lab.experiments import Experiment, read_experiments
from nightdesk.lab.jobs import ANYWHERE, Finished, Job, Place, Proposal, Scored, Search, Stopped, Use
from nightdesk.lab.labs import Lab, open_lab
from nightdesk.lab.loop import run_night
from nightdesk.lab.measurements import parse_measurements
from nightdesk.lab.night import Night, Plan, Told

PROGRAM = """---
run: python train.py
edit: [train.py]
metric: val_bpb
budget: 10s cpu
judge: nightdesk
---
Make it better.
"""
TRAIN = "GAIN = 0.0  # how good it is\nCRASH = 0  # 1: it fails\n# a line\n# more lines\n\nWIDTH = 4\n\nprint(WIDTH)\n"
START = 1.5


def git(folder: Path, *args: str) -> str:
    """Run git as the person would, with a name of their own."""
    named = ["git", "-c", "user.name=User", "-c", "user.email=user@example.org", *args]
    done = subprocess.run(named, cwd=folder, capture_output=True, check=True, text=True, stdin=subprocess.DEVNULL)
    return done.stdout


def desk_lab(root: Path, *, name: str = "tiny", program: str = PROGRAM, files: Mapping[str, str] | None = None) -> Lab:
    """Return a committed lab on a new desk."""
    root.mkdir(parents=True)
    init_repository(root)
    put(root, {"nightdesk.toml": "", ".gitignore": ".nightdesk/\n", "notes.md": "mine\n"})
    folder = root / "lab" / name
    put(folder, {"program.md": program, "train.py": TRAIN, "prepare.py": "FIXED = 1\n", **(files or {})})
    paths = [
        path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file() and ".git" not in path.parts
    ]
    commit_paths(root, paths, "a desk with a lab")
    return open_lab(name, desk=Desk(root), here=root)


def own_lab(root: Path, *, files: Mapping[str, str] | None = None) -> Lab:
    """Return a lab in a repository of the person's own, laid out like Karpathy's."""
    root.mkdir(parents=True)
    git(root, "init", "--quiet", "--initial-branch=master")
    put(root, {"program.md": "Beat it.\n", "train.py": TRAIN, "prepare.py": "FIXED = 1\n", **(files or {})})
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "-m", "mine")
    return open_lab(".", desk=None, here=root)


def again(lab: Lab) -> Lab:
    """Return the lab as the next command finds it."""
    return open_lab(lab.name if lab.desk else ".", desk=lab.desk, here=lab.folder)


def put(folder: Path, files: Mapping[str, str]) -> None:
    """Write files."""
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)


def constants(text: str) -> dict[str, float]:
    """Return the numbers that a program sets."""
    found = {}
    for node in ast.parse(text).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            found[node.targets[0].id] = float(ast.literal_eval(node.value))
    return found


@dataclass
class FakeExecutor:
    """Runs nothing: a program that sets CRASH fails, any other one finishes and stays so until it is forgotten.

    Noise comes from the key, not from the seed, which nobody can foresee: a test must end the same each time.
    """

    sd: float = 0.001
    keep: Path | None = None  # a folder in which finished runs are kept, so that they outlive the process
    on_run: Callable[[Job], None] = lambda job: None
    ran: list[Job] = field(default_factory=list)
    done: dict[str, Finished] = field(default_factory=dict)
    orphans_ended: int = 0
    at: tuple[Place, ...] = (ANYWHERE,)

    def places(self) -> tuple[Place, ...]:
        return self.at

    def turn(self, place: Place, **given: Any) -> AbstractContextManager[bool]:
        return nullcontext(True)

    def run(self, job: Job, *, place: Place = ANYWHERE, stopped: Stopped) -> Finished | None:
        self.on_run(job)
        if stopped():
            return None
        self.ran.append(job)
        set_to = constants(job.files["train.py"].decode())
        score = START - set_to.get("GAIN", 0.0) + random.Random(job.key).gauss(0, self.sd)
        log = f"training\n---\nval_bpb: {score:.9f}\nnum_steps: 10\n"
        failure = "exit code 1" if set_to.get("CRASH") else ""
        use = Use(wall_seconds=11.0, cpu_seconds=10.5, peak_memory_bytes=2**20)
        folder = self.keep or Path("/nowhere")
        finished = Finished(job.key, job.seed, int(bool(failure)), failure, use, parse_measurements(log), log, folder)
        self.done[job.key] = finished
        return finished

    def finished(self, key: str) -> Finished | None:
        return self.done.get(key)

    def forget(self, key: str) -> None:
        self.done.pop(key, None)

    def end_orphans(self) -> None:
        self.orphans_ended += 1


@dataclass
class FakeScorer:
    """Takes the printed metric; on the test split a program that looks at the search's split gains nothing."""

    sealed: bool = True
    held_out: bool = True
    scored: list[Job] = field(default_factory=list)

    def score(self, job: Job, finished: Finished, *, stopped: Stopped) -> Scored | None:
        if stopped():
            return None
        self.scored.append(job)
        value = finished.printed.score("val_bpb")
        fitted = constants(job.files["train.py"].decode()).get("FITTED", 0.0)  # helps on the search's split only
        if value is not None and job.split == "val":
            value -= fitted
        return Scored(value, "" if value is not None else finished.printed.why_no_score("val_bpb"), {"seen": 1.0})


@dataclass
class FakeProposer:
    """Sets GAIN to one value after the other, or does what `edits` say."""

    edits: list[Callable[[str], str]]
    name: str = "fake"
    at_once: int = 0
    mend: bool = False
    searches: list[Search] = field(default_factory=list)
    fixed: list[int] = field(default_factory=list)

    def propose(self, search: Search) -> Proposal | None:
        self.searches.append(search)
        if not self.edits:
            return None
        text = self.edits.pop(0)(search.files["train.py"])
        return Proposal(f"try {len(self.searches)}", "It may help.", {**search.files, "train.py": text}, self.name)

    def fix(self, search: Search, crashed: Experiment) -> Proposal | None:
        self.fixed.append(crashed.number)
        if not self.mend:
            return None
        text = setting(WIDTH=100 + crashed.number)(search.files["train.py"])
        return Proposal(f"mend {crashed.number}", "", {**search.files, "train.py": text}, self.name)


def setting(**values: float) -> Callable[[str], str]:
    """Return an edit that sets constants, adding those that there are not."""

    def edit(text: str) -> str:
        for name, value in values.items():
            line = re.compile(rf"^{name} = [^ #\n]*", re.MULTILINE)
            text = line.sub(f"{name} = {value}", text) if line.search(text) else f"{text}{name} = {value}\n"
        return text

    return edit


def gains(values: Iterable[float]) -> list[Callable[[str], str]]:
    """Return edits that set GAIN, each with a width of its own so that no two are the same."""
    return [setting(GAIN=value, WIDTH=10 + n) for n, value in enumerate(values)]


def play(lab: Lab, edits: list[Callable[[str], str]] | None = None, **given: Any) -> tuple[Night, Told]:
    """Run a night of fakes; what is given takes their place."""
    told = given.setdefault("tell", Told())
    given.setdefault("proposer", FakeProposer(edits or []))
    given.setdefault("executor", FakeExecutor())
    given.setdefault("scorer", FakeScorer())
    given.setdefault("plan", Plan(count=len(given["proposer"].edits)))
    return run_night(lab, **given), told


def ledger(lab: Lab) -> tuple[Experiment, ...]:
    """Return the experiments of a lab as they are on disk."""
    return read_experiments(lab.folder / "experiments")


def statuses(lab: Lab) -> list[str | None]:
    """Return what became of each experiment."""
    return [experiment.status for experiment in ledger(lab)]


def branch(lab: Lab, tag: str) -> str:
    """Return where a tag's branch stands."""
    return git(lab.repository, "rev-parse", f"refs/heads/lab/{lab.name}/{tag}").strip()
