"""What the commands of a lab share: which lab is meant, whether it may run here, and what is known of it."""

import importlib.util
from collections.abc import Mapping
from pathlib import Path

import click

from nightdesk.base.desk import Desk, find_desk
from nightdesk.base.errors import DeskError
from nightdesk.base.sandbox import why_not
from nightdesk.base.trust import require_trust, trust
from nightdesk.lab.experiments import FOLDER, Experiment, read_experiments
from nightdesk.lab.labs import Lab, open_lab
from nightdesk.lab.preparing import fetches, local_source
from nightdesk.lab.programs import BUILT_IN_JUDGE
from nightdesk.views.cli.options import chosen_desk
from nightdesk.views.cli.trust import trust_store

EXTRA = 'pip install "nightdesk[lab]"'
SEALED_NEEDS = ("numpy", "safetensors", "torch")
TUNING_NEEDS = ("optuna", "cmaes")


def desk_if_any(desk_folder: str | None) -> Desk | None:
    """Return the desk that the options name or that is around the current folder; None where there is none around."""
    if desk_folder or click.get_current_context().find_root().obj:
        return chosen_desk(desk_folder)
    try:
        return find_desk(Path())
    except DeskError:
        return None


def chosen_lab(place: str, desk_folder: str | None) -> Lab:
    """Return the lab that `place` names: one of the desk, or a folder. Raises DeskError where there is none."""
    return open_lab(place, desk=desk_if_any(desk_folder), here=Path())


def experiments_of(lab: Lab) -> tuple[Experiment, ...]:
    """Return what the ledger of a lab knows."""
    return read_experiments(lab.folder / FOLDER)


def trusted_keys(lab: Lab) -> dict[str, object]:
    """Return the keys of program.md that count only once the person trusted the lab with them.

    A lab that was cloned brings its program.md with it: it must not reach the network, nor files beside the lab.
    """
    keys: dict[str, object] = {}
    if lab.program.network:
        keys["program.network"] = True
    local = local_source(lab)
    outside = local is not None and not local.is_relative_to(lab.folder.resolve())
    if fetches(lab) or outside:
        keys["program.data"] = lab.program.data
    return keys


def require_trusted(lab: Lab, environment: Mapping[str, str]) -> None:
    """Raise DeskError where a key of program.md needs trust and has none."""
    require_trust(
        trust_store(environment),
        lab.folder,
        trusted_keys(lab),
        where=f"{lab.name}'s program.md",
        fix="look at it, and add --trust if you agree",
    )


def trust_lab(lab: Lab, environment: Mapping[str, str]) -> None:
    """Trust the lab with the keys of its program.md as they are now."""
    keys = trusted_keys(lab)
    if keys:
        trust(trust_store(environment), lab.folder, keys)


def isolation(lab: Lab, *, unsafe: bool) -> bool:
    """Return whether candidates run confined; False only where the person said so.

    Raises DeskError where programs cannot be confined here and the person did not say --unsafe.
    """
    if unsafe:
        return False
    reason = why_not(network=lab.program.network)
    if reason is None:
        return True
    raise DeskError(
        f"candidates cannot be isolated here: {reason}",
        fix='pip install "nightdesk[lab]" brings bubblewrap on Linux; or add --unsafe: they may then do all you may',
    )


def require_libraries(lab: Lab, worker: str = "builtin") -> None:
    """Raise DeskError where a library of the extra `lab` is missing that the lab or its worker needs."""
    tuned = worker in ("builtin", "random") or worker.startswith("hybrid")
    missing = missing_libraries(sealed=lab.program.judge == BUILT_IN_JUDGE, tuned=tuned)
    if missing:
        raise DeskError(f"the lab {lab.name} needs {', '.join(missing)}, not installed here", fix=EXTRA)


def missing_libraries(*, sealed: bool, tuned: bool) -> tuple[str, ...]:
    """Return what is not installed of what the sealed judge's labs need, and of what the built-in worker needs."""
    needed = (*(SEALED_NEEDS if sealed else ()), *(TUNING_NEEDS if tuned else ()))
    return tuple(name for name in needed if importlib.util.find_spec(name) is None)
