"""The task "propose an experiment": what a proposer may know, its brief within bounds, its hand-in's verifier."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

from nightdesk.agents.boundary import mark_data, visible
from nightdesk.agents.briefs import Briefs
from nightdesk.agents.tasks import Brief, Task, Verified
from nightdesk.base.errors import DeskError
from nightdesk.base.pages import short_hash
from nightdesk.lab.changes import Change, check_change
from nightdesk.lab.experiments import Experiment, State, judged_in_order, one_line
from nightdesk.lab.failures import failure_of
from nightdesk.lab.fingerprints import fingerprint
from nightdesk.lab.jobs import Proposal, Search
from nightdesk.lab.judging import Decision
from nightdesk.lab.memory.citations import unsupplied
from nightdesk.lab.searching.repeats import MAX_WAITING, against_repeat, refused_changes

KIND = "propose"
PACKAGE: Traversable = resources.files("nightdesk.lab") / "briefs"
MAX_PROGRAM = 16_000  # characters of program.md's prose
MAX_WIKI = 6_000
MAX_FIXED = 24_000  # of all files that are only read
MAX_LEDGER = 16_000
_MOST_WHY = 200  # characters of a hypothesis, there
_LEAST_LEDGER = 2_000
_JUDGES_FOLDER = "judge/"  # what a judge command keeps there is for nobody who proposes
_RANGES = """\
- `ranges`: a list of `name`, `low`, `high`: an optimiser tunes the numbers after you; these say between which values
  it looks for a constant that stands in capitals at the top level of a file. Those that your change calls for; often
  empty.
"""
_TEXT = {"type": "string"}


def _object(properties: Mapping[str, Any]) -> Mapping[str, Any]:
    # every key required and none other allowed: providers that hold a model to a schema want it so
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def _schema(*, ranges: bool) -> Mapping[str, Any]:
    keys: dict[str, Any] = {
        "title": _TEXT,
        "hypothesis": _TEXT,
        "edits": {"type": "array", "items": _object({"file": _TEXT, "search": _TEXT, "replace": _TEXT})},
        "files": {"type": "array", "items": _object({"file": _TEXT, "text": _TEXT})},
    }
    if ranges:
        number = {"type": "number"}
        keys["ranges"] = {"type": "array", "items": _object({"name": _TEXT, "low": number, "high": number})}
    return _object(keys)


@dataclass(frozen=True, slots=True)
class Material:
    """All that a proposer may use. Texts and numbers only, so that another process can make the same brief of it."""

    aim: str  # what is measured, how far apart luck puts two runs, what the best has
    program: str  # the prose of program.md
    files: Mapping[str, str]  # the editable files that the change starts from
    fixed: Mapping[str, str]  # other files of the lab, to be read
    ledger: Sequence[str]  # a line for each experiment, the oldest first
    tried: Sequence[str]  # fingerprints of what was run
    best: str  # fingerprint of the best program's files
    wiki: str = ""  # what the desk's wiki knows
    mending: str = ""  # the title and the failure of the experiment whose files these are
    ranges: bool = False  # whether an optimiser goes on with the numbers
    keeps: Sequence[int] = field(default_factory=tuple)  # indexes of ledger lines that are never left out
    waiting: Sequence[str] = ()  # a line for each proposal that will be run soon
    changes: Mapping[str, str] = field(default_factory=dict)  # what is not to be tried again -> why

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON can hold it."""
        return asdict(self)

    @staticmethod
    def from_json(told: Mapping[str, Any]) -> "Material":
        """Return what `to_json` gave. Raises TypeError for keys of another version of nightdesk."""
        lists = {key: tuple(value) for key, value in told.items() if isinstance(value, list)}
        return Material(**{**told, **lists})

    @property
    def hash(self) -> str:
        """What a hand-in is judged by: it goes stale when the files change, not with each run that ends."""
        return short_hash(repr((sorted(self.files.items()), self.program, self.mending, self.ranges)))


def make_material(search: Search, *, wiki: str = "", ranges: bool = False) -> Material:
    """Return what a proposer of the next experiment may know."""
    names = [*search.files, *search.fixed]
    lines = [_line(experiment, names) for experiment in search.experiments]
    return Material(
        aim=_aim(search),
        program=search.instructions,
        files=dict(search.files),
        fixed={path: text for path, text in search.fixed.items() if not path.startswith(_JUDGES_FOLDER)},
        ledger=tuple(lines),
        tried=tuple(sorted(search.tried)),
        best=fingerprint(search.files),
        wiki=wiki,
        ranges=ranges,
        keeps=tuple(n for n, one in enumerate(search.experiments) if one.status == Decision.KEEP),
        waiting=tuple(_waiting_line(proposal) for proposal in search.waiting[:MAX_WAITING]),
        changes=refused_changes(search),
    )


def make_mending(search: Search, crashed: Experiment, files: Mapping[str, str], *, wiki: str = "") -> Material:
    """Return what somebody may know who mends an experiment that crashed; `files` are the ones that it ran with."""
    whole = make_material(search, wiki=wiki)
    failure = failure_of(crashed, [*search.files, *search.fixed])
    told = f"Experiment {crashed.number}: {crashed.title}\nFailed: {failure.line if failure else 'no score'}"
    # what is mended is known to be tried: it is held to be another program, not another change
    return replace(whole, files=dict(files), mending=told, changes={})


def propose_task(material: Material, briefs: Briefs, *, subject: str, part_chars: int) -> Task[Material]:
    """Return the task; `subject` says which lab and which proposal, `part_chars` what the worker can read at once."""
    return Task(KIND, subject, material.hash, material, lambda: propose_brief(material, briefs, part_chars=part_chars))


def verify_proposal(material: Material, text: str) -> Verified[Change]:
    """Return the change that a hand-in asks for, or every reason against it."""
    tried = {*material.tried, material.best}
    verified = check_change(text, material.files, was_tried=tried.__contains__)
    if verified.result is None:
        return verified
    reasons = tuple(unsupplied(verified.result.hypothesis, material.wiki))
    if again := against_repeat(material.files, verified.result.files, material.changes):
        reasons += (again,)
    return Verified(None, reasons) if reasons else verified


def propose_brief(material: Material, briefs: Briefs, *, part_chars: int) -> Brief:
    """Return the brief within `part_chars` characters of material, but for the editable files: they are whole.

    Raises DeskError where those alone are more than the worker can read.
    """
    left = part_chars - sum(len(text) for text in material.files.values())
    if left < 0:
        raise DeskError(
            f"the editable files have {part_chars - left:,} characters, the worker reads {part_chars:,} at once",
            fix="raise context_tokens in nightdesk.toml if its context is larger, or edit fewer files",
        )
    pieces = {f"the editable file {_name(path)}": text for path, text in material.files.items()}
    if material.mending:
        pieces["the experiment that failed with these files"] = material.mending
    ledger = _cut_ledger(material, max(_LEAST_LEDGER, min(MAX_LEDGER, left // 3)))
    pieces["experiments so far"] = ledger
    left -= len(ledger)
    if material.waiting:
        pieces["proposals that wait to be run"] = "\n".join(material.waiting)
        left -= len(pieces["proposals that wait to be run"])
    if material.wiki and left > 0:
        pieces["what the wiki of this desk knows"] = _whole_lines(material.wiki, min(MAX_WIKI, left // 4))
        left -= len(pieces["what the wiki of this desk knows"])
    room = min(MAX_FIXED, left)
    for path, text in material.fixed.items():
        if room > 500:  # a few lines of a file would tell nothing
            shown = text if len(text) <= room else f"{text[:room]}\n… ({len(text) - room:,} characters more)"
            pieces[f"the file {_name(path)}, which stays as it is"] = shown
            room -= len(shown)
    return briefs.render(
        "propose",
        {
            "aim": f"{material.aim}{_MENDING if material.mending else ''}",
            "program": _quoted(material.program),
            "ranges": _RANGES if material.ranges else "",
            "example": ',\n  "ranges": [{"name": "WARMDOWN_RATIO", "low": 0.3, "high": 0.9}]'
            if material.ranges
            else "",
            "editable": ", ".join(f"`{_name(path)}`" for path in material.files),
        },
        material=mark_data(pieces),
        form="json",
        schema=_schema(ranges=material.ranges),
    )


_MENDING = (
    "\n\nThis time an experiment failed, and what you propose is its mended form: the editable files below are the ones"
    " that it ran with. Change what made it fail and leave its idea as it is; where the idea cannot work, take it back."
)


def _whole_lines(text: str, most: int) -> str:
    return text if len(text) <= most else text[:most].rpartition("\n")[0]  # half a citation is none


def _aim(search: Search) -> str:
    better = "lower" if search.lower_is_better else "higher"
    parts = [f"The metric is `{search.metric}`; {better} is better. Each run has a budget of {search.budget}."]
    if search.score is not None:
        parts.append(f"{_incumbent(search)} has {search.score:.6g} (experiment {search.incumbent.number}).")
    if search.noise is not None:
        parts.append(f"Two runs of one program lie apart by luck: the standard deviation is {search.noise.sd:.2g}.")
    return " ".join(parts)


def _incumbent(search: Search) -> str:
    """Return what the program that is to be changed is called: it need not be the best."""
    if search.incumbent.verdict is None:
        return "The program to change, which is run once more before it is judged,"
    keeps = judged_in_order(experiment for experiment in search.experiments if experiment.status == Decision.KEEP)
    if keeps and keeps[-1].number != search.incumbent.number:
        return f"The program to change, which is not the best (that is experiment {keeps[-1].number}),"
    return "The best program so far"


def _quoted(program: str) -> str:
    text = visible(program).strip()
    text = text if len(text) <= MAX_PROGRAM else text[:MAX_PROGRAM] + "\n…"
    # as a quotation, so that its headings are not taken for ours
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n")) if text else "(nothing)"


def _name(path: str) -> str:
    return "".join(char for char in one_line(path) if char not in "<>`")[:120]


def _line(experiment: Experiment, files: Sequence[str]) -> str:
    """Return an experiment on one line: number, what became of it, its gain, what it was, and why it failed."""
    verdict = experiment.verdict
    if experiment.state is not State.JUDGED or verdict is None:
        return f"{experiment.number:04d} (not judged yet) {experiment.title}"
    gain = "" if verdict.gain is None else f" {verdict.gain:+.4g}"
    text = f"{experiment.number:04d} {verdict.decision}{gain} {experiment.title}"
    if failure := failure_of(experiment, files):
        return f"{text} [{failure.line}]"
    return f"{text} ({verdict.ground})"


def _waiting_line(proposal: Proposal) -> str:
    why = one_line(proposal.hypothesis)
    return f"{one_line(proposal.title)}: {why[:_MOST_WHY]}{'…' if len(why) > _MOST_WHY else ''}"


def _cut_ledger(material: Material, most: int) -> str:
    """Return as many lines as there is room for: all keeps that fit, then the latest of the others."""
    head = "number, what became of it, gain (positive is better), what was tried"
    if not material.ledger:
        return f"{head}\n(none yet)"
    order = [*reversed(material.keeps), *(n for n in reversed(range(len(material.ledger))) if n not in material.keeps)]
    taken: set[int] = set()
    for n in order:
        most -= len(material.ledger[n]) + 1
        if most < 0 and taken:
            break
        taken.add(n)
    left = len(material.ledger) - len(taken)
    lines = [
        head,
        *([f"({left} more are left out here)"] if left else []),
        *(material.ledger[n] for n in sorted(taken)),
    ]
    return "\n".join(lines)
