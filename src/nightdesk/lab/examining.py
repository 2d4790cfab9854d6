"""What a desk's labs need, and whether it is there: for `nightdesk doctor`."""

from collections.abc import Iterator, Sequence

from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.base.sandbox import why_not
from nightdesk.lab.labs import labs_of, open_lab
from nightdesk.wiki.doctor import Check


def examine_labs(desk: Desk, missing: Sequence[str], *, extra: str) -> Iterator[Check]:
    """Yield what was found, nothing where the desk has no lab.

    `missing` are the libraries of the extra `lab` that are not installed, `extra` says how to install them.
    """
    names = labs_of(desk)
    if not names:
        return
    for name in names:
        try:
            program = open_lab(name, desk=desk, here=desk.root).program
        except DeskError as error:
            yield Check("lab", False, f"{name}: {error.message}", error.fix)
        else:
            sealed = "self-reported" if program.self_reported else "sealed"
            yield Check("lab", True, f"{name}: {program.metric}, {sealed}, {program.budget} a run")
    yield Check("lab extra", not missing, f"not installed: {', '.join(missing)}" if missing else "all there", extra)
    reason = why_not(network=False)
    mend = f"{extra}; or lab run --unsafe, which isolates nothing"
    yield Check("isolated", reason is None, reason or "yes, candidates run in a sandbox", mend)
