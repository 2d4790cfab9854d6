"""Mending a desk: what code can, then what a worker can; one commit for each, and what is left is told."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from nightdesk.agents.briefs import Briefs
from nightdesk.agents.ledger import NAME as LEDGER
from nightdesk.agents.tasks import Task
from nightdesk.base.cache import Cache, open_cache
from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.base.files import write_atomically
from nightdesk.base.git import commit_by_hand, commit_paths, one_change
from nightdesk.base.lock import hold_lock
from nightdesk.base.pages import short_hash
from nightdesk.base.settings import MEND, Settings
from nightdesk.base.stages import Stage, silent
from nightdesk.wiki import log
from nightdesk.wiki.compile import compile_desk
from nightdesk.wiki.library import read_page
from nightdesk.wiki.lint.findings import RULES as LINT_RULES
from nightdesk.wiki.lint.findings import Finding
from nightdesk.wiki.lint.lint import lint_desk
from nightdesk.wiki.lint.overlay import Seen, see_desk
from nightdesk.wiki.mend import mechanical, task
from nightdesk.wiki.mend.mechanical import BY_COMPILE, MENTION, Plan, plan_mends
from nightdesk.wiki.mend.task import MendMaterial, mend_tasks
from nightdesk.wiki.mend.verify import Mend, verify_mend
from nightdesk.wiki.staff import Job, Left, Staff, do_all

LINT_CACHE = "lint.db"
TABLE = "mend_left"  # finding -> why a worker left it, so that nobody is asked again
MENDABLE = tuple(dict.fromkeys((*mechanical.RULES, *BY_COMPILE, *task.RULES)))
BY_DEFAULT = tuple(rule for rule in MENDABLE if rule != MENTION)
WAIT_SECONDS = 300.0  # for a compile


@dataclass(slots=True)
class Mended:
    """What was, or would be, mended, and what is left."""

    before: dict[str, str] = field(default_factory=dict)  # texts of the pages that change
    after: dict[str, str] = field(default_factory=dict)
    removed: list[str] = field(default_factory=list)
    compiled: dict[str, str] = field(default_factory=dict)  # page -> why a compile wrote it, or would
    mended: int = 0  # findings
    left: dict[Finding, str] = field(default_factory=dict)  # of the rules that were to be mended, and why
    commit: str | None = None
    told: list[Left] = field(default_factory=list)  # tasks that were not done
    capped: str = ""

    @property
    def is_nothing(self) -> bool:
        """Whether there is nothing to do, and nothing is left."""
        return not (self.before or self.removed or self.compiled or self.left)


@dataclass(frozen=True, slots=True)
class Scope:
    """Which findings are to be mended."""

    paths: tuple[str, ...] = ()  # pages and folders relative to the desk; () is all
    rules: tuple[str, ...] = ()  # () is all but what must be asked for

    def holds(self, finding: Finding) -> bool:
        """Say whether a finding is to be mended."""
        here = not self.paths or any(finding.file == p or finding.file.startswith(f"{p}/") for p in self.paths)
        return here and finding.rule in (self.rules or BY_DEFAULT)


def checked_scope(desk: Desk, paths: Iterable[str], rules: Iterable[str]) -> Scope:
    """Return the scope that a person names. Raises DeskError for a path out of wiki/ and for a rule not mended here."""
    for rule in rules:
        if rule not in LINT_RULES:
            raise DeskError(f'no rule is called "{rule}"', fix="nightdesk lint --rules")
        if rule not in MENDABLE:
            raise DeskError(
                f"{rule} is for a person to mend: {LINT_RULES[rule].mend}", fix="nightdesk lint shows where"
            )
    return Scope(tuple(_on_desk(desk, path) for path in paths), tuple(dict.fromkeys(rules)))


def _on_desk(desk: Desk, given: str) -> str:
    root = desk.root.resolve()
    for candidate in (Path(given), desk.root / given):
        full = candidate.absolute()
        try:
            relative = (full.parent.resolve() / full.name).relative_to(root).as_posix()
        except ValueError:
            continue
        if full.exists() and (relative == "wiki" or relative.startswith("wiki/")):
            return relative
    raise DeskError(f"{given} is no page or folder in wiki/", fix="name a page, such as wiki/concepts/Muon.md")


def mend_desk(
    desk: Desk,
    settings: Settings,
    scope: Scope,
    *,
    staff: Staff | None = None,
    dry: bool = False,
    today: date,
    stage: Stage = silent,
) -> Mended:
    """Mend what code can, give the rest to the `staff`, and return what was done and what is left.

    All commits are one change, which `nightdesk undo` takes back. With `dry` nothing is written and nobody is asked.
    """
    done = Mended()
    with one_change(), open_cache(desk.cache / LINT_CACHE) as kept:
        findings = _findings(desk, scope, kept, today)
        if any(finding.rule in BY_COMPILE for finding in findings):
            _compile(desk, settings, done, stage=stage, today=today, dry=dry)
            findings = findings if dry else _findings(desk, scope, kept, today)
        with hold_lock(desk.cache / "lock", doing="mending", wait_seconds=WAIT_SECONDS):
            plan = plan_mends(desk, see_desk(desk, kept), findings, today=today)
            done.before, done.after, done.removed = dict(plan.before), dict(plan.after), list(plan.removed)
            done.mended += len(plan.mended)
            if not dry:
                done.commit = _write(desk, plan, _headline(plan), today=today)
        if dry:
            gone, compiled = set(plan.removed), BY_COMPILE if done.compiled else ()
            left = _why_left(desk, findings, plan).items()
            done.left = {f: why for f, why in left if f.file not in gone and f.rule not in compiled}
            return done
        if staff is not None:
            _work(desk, staff, scope, done, kept, today=today, stage=stage)
        done.left = _why_left(desk, _findings(desk, scope, kept, today), plan)
    return done


def _findings(desk: Desk, scope: Scope, kept: Cache, today: date) -> list[Finding]:
    """Return what is to be mended: of a person's pages nothing that only a person can know."""
    found = [finding for finding in lint_desk(desk, today=today, cache=kept).findings if scope.holds(finding)]
    if not any(finding.rule in (*BY_COMPILE, *task.BY_AGENTS) for finding in found):
        return found
    seen = see_desk(desk, kept)
    return [finding for finding in found if _may_be_mended(desk, seen, finding, scope.rules)]


def _may_be_mended(desk: Desk, seen: Seen, finding: Finding, asked: Collection[str]) -> bool:
    if finding.rule in task.BY_AGENTS:
        return task.is_task(seen, finding, asked)
    if finding.rule in ("index-drift", "stale-page"):  # a compile knows its own pages alone
        page = (seen.pages or {}).get(finding.file)
        is_own = page is not None and (page.by_code or bool(page.source) or _is_own(desk, finding.file))
        return is_own and not (finding.rule == "stale-page" and page is not None and not page.source)
    return True


def _is_own(desk: Desk, path: str) -> bool:
    try:
        return read_page(desk, path).page.made_from is not None
    except DeskError:
        return False


def _compile(desk: Desk, settings: Settings, done: Mended, *, stage: Stage, today: date, dry: bool) -> None:
    """Let the built-in worker bring the wiki in step: it costs nothing, and an AI's pages stay as long as they hold."""
    report = compile_desk(desk, settings, stage=stage, today=today, dry=dry, wait_seconds=WAIT_SECONDS)
    if dry:
        done.compiled = dict(report.reasons)
    else:
        done.compiled = dict.fromkeys(report.published.touched, "compiled anew")
        done.commit = report.commit


def _why_left(desk: Desk, findings: Iterable[Finding], plan: Plan) -> dict[Finding, str]:
    """Return the findings that nothing has mended, each with why as far as it is known."""
    mended, why = set(plan.mended), {(f.file, f.rule, f.message): reason for f, reason in plan.left.items()}
    notes = Remembered(desk)
    return {f: notes.why(f) or why.get((f.file, f.rule, f.message), "") for f in findings if f not in mended}


def _headline(plan: Plan) -> str:
    pages = len(plan.after) + len(plan.removed)
    return f"{_count(len(plan.mended), 'finding')} mended in {_count(pages, 'file')}"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def _write(desk: Desk, plan: Plan, headline: str, *, by: str = "", today: date) -> str | None:
    """Write a plan and commit it. What a person has not committed yet is committed first, as theirs."""
    if not (plan.after or plan.removed):
        return None
    commit_by_hand(desk.root, [*plan.after, *plan.removed, log.PATH])
    for path, text in plan.after.items():
        file = desk.root / path
        if file.read_bytes() == plan.before[path].encode("utf-8"):  # else it was saved just now: next time
            write_atomically(file, text)
    for path in plan.removed:
        (desk.root / path).unlink(missing_ok=True)
    lines = sorted({f"{f.rule}: {f.file}" for f in plan.mended}) or sorted(plan.after)
    log.append_log(desk, "mend", headline, lines[:40], today=today)
    paths = [*plan.after, *plan.removed, log.PATH, LEDGER]
    told = f"\n\nby {by}" if by else ""
    return commit_paths(desk.root, paths, f"mend: {headline}{told}")


class Remembered:
    """Which findings a worker left, and why; forgotten with the cache."""

    def __init__(self, desk: Desk) -> None:
        self._file = desk.cache / "cache.db"
        self._known: Mapping[str, str] | None = None

    def why(self, finding: Finding) -> str:
        """Return why a finding was left, "" where nobody left it."""
        if self._known is None:
            self._known = {}
            if self._file.is_file():
                with open_cache(self._file) as cache:
                    self._known = cache.all(TABLE)
        return self._known.get(_key(finding), "")

    def put(self, left: Iterable[tuple[Finding, str]]) -> None:
        """Note what was left."""
        rows = {_key(finding): why for finding, why in left}
        if rows:
            with open_cache(self._file) as cache:
                cache.put(TABLE, rows)
            self._known = None


def _key(finding: Finding) -> str:
    return short_hash(f"{finding.file}\n{finding.rule}\n{finding.message}")


@dataclass(frozen=True, slots=True)
class Written:
    """What came of tasks: the pages that changed, how many findings they lost, and the commit."""

    pages: tuple[str, ...] = ()
    mended: int = 0
    commit: str | None = None


def open_mends(
    desk: Desk, briefs: Callable[[], Briefs], scope: Scope, *, today: date, kept: Cache
) -> tuple[Seen, list[Task[MendMaterial]]]:
    """Return the tasks that are open on the pages as they are now, and the wiki that they are judged against."""
    notes = Remembered(desk)
    findings = _findings(desk, scope, kept, today)
    seen = see_desk(desk, kept)
    return seen, mend_tasks(seen, findings, asked=scope.rules, is_left=lambda f: bool(notes.why(f)), briefs=briefs)


def do_mends(
    desk: Desk, seen: Seen, tasks: Sequence[Task[MendMaterial]], staff: Staff, *, today: date, stage: Stage
) -> Written:
    """Let the staff do these tasks, and write what was accepted."""

    def job(one: Task[MendMaterial]) -> Job[MendMaterial, Mend]:
        return Job(one, lambda text: verify_mend(seen, one, text, today=today), again=True)

    with open_cache(desk.cache / "cache.db") as cache:
        ended = do_all(cache, staff, MEND, [job(one) for one in tasks], stage=stage, label="mending")
    plan, notes, workers = Plan(), Remembered(desk), []
    for one, done in zip(tasks, ended, strict=True):
        if done.result is None:
            continue
        notes.put(done.result.left)
        if done.result.text is not None:
            plan.before[one.subject], plan.after[one.subject] = one.material.text, done.result.text
            left = {finding for finding, _ in done.result.left}
            plan.mended += [finding for finding in one.material.findings if finding not in left]
            workers.append(done.by)
    if not plan.after:
        return Written()
    with hold_lock(desk.cache / "lock", doing="mending", wait_seconds=WAIT_SECONDS):
        _drop_changed(desk, plan)
        commit = _write(desk, plan, _headline(plan), by=", ".join(dict.fromkeys(workers)), today=today)
    return Written(tuple(plan.after), len(plan.mended), commit)


def _drop_changed(desk: Desk, plan: Plan) -> None:
    """Leave out the pages that somebody changed while they were worked on."""
    for path in list(plan.after):
        try:
            same = (desk.root / path).read_bytes() == plan.before[path].encode("utf-8")
        except OSError:
            same = False
        if not same:
            plan.mended = [finding for finding in plan.mended if finding.file != path]
            del plan.before[path], plan.after[path]


def _work(desk: Desk, staff: Staff, scope: Scope, done: Mended, kept: Cache, *, today: date, stage: Stage) -> None:
    seen, tasks = open_mends(desk, lambda: staff.briefs, scope, today=today, kept=kept)
    by_path: dict[str, Task[MendMaterial]] = {one.subject: one for one in tasks}
    written = do_mends(desk, seen, tasks, staff, today=today, stage=stage)
    for path in written.pages:
        done.before.setdefault(path, by_path[path].material.text)
        done.after[path] = (desk.root / path).read_bytes().decode("utf-8", "replace")
    done.mended += written.mended
    done.commit = written.commit or done.commit
    done.told, done.capped = list(staff.told), next(iter(staff.capped), "")


def are_left(left: Collection[Finding]) -> list[Finding]:
    """Return findings in the order of their places."""
    return sorted(left, key=lambda f: (f.file, f.line, f.column, f.rule))
