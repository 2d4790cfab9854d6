"""`nightdesk lab confirm`: what held of a night, on fresh seeds and unseen data."""

import os
from contextlib import closing
from typing import Any

import click

from nightdesk.lab.confirmations import Confirmed, tell_confirmed
from nightdesk.lab.confirming import SEEDS, Held
from nightdesk.lab.holding import LEAST_SEEDS, ConfirmPlan, confirm_night
from nightdesk.lab.keeping import commit_results
from nightdesk.lab.live import LiveFile
from nightdesk.lab.night import Happening, Kind, silent
from nightdesk.lab.preparing import prepare_data
from nightdesk.views.cli.lab.executors import executor_for, machine_options
from nightdesk.views.cli.lab.opening import chosen_lab, isolation, require_libraries, require_trusted, trust_lab
from nightdesk.views.cli.lab.report import write_views
from nightdesk.views.cli.lab.run import INTERRUPTED, silent_line
from nightdesk.views.cli.lab.stopping import heeding_signals
from nightdesk.views.cli.options import DONE, IN_PART, NOTHING, desk_option, json_option, print_json, say, shown


@click.command("confirm", epilog="Example: nightdesk lab confirm tiny --seeds 10")
@click.argument("name", metavar="NAME|PATH")
@click.option("--tag", help="The branch whose winner is meant; default: the newest.")
@click.option(
    "--seeds",
    type=click.IntRange(LEAST_SEEDS, 1_000),
    default=SEEDS,
    show_default=True,
    help="Runs of each program, each on a fresh seed.",
)
@click.option("--no-ablations", is_flag=True, help="Leave out the winner without each of its changes.")
@machine_options
@click.option("--unsafe", is_flag=True, help="Run candidates although they cannot be isolated here.")
@click.option("--trust", "trusted", is_flag=True, help="Let this program.md use the network or data beside the lab.")
@json_option
@desk_option
def command(name: str, as_json: bool, desk_folder: str | None, **given: Any) -> int:
    """Prove a night's gain on fresh seeds and unseen data.

    Baseline, winner, and the winner without each of its changes run again on fresh seeds, scored on the test split
    where the judge has one. Search gain and confirmed gain are told apart, each with a 95 % interval. Exit code 0: it
    held; 1: it was not shown; 2: there is nothing to confirm. Interrupted, the next confirm goes on from there.
    """
    lab = chosen_lab(name, desk_folder)
    if given["trusted"]:
        trust_lab(lab, os.environ)
    require_trusted(lab, os.environ)
    require_libraries(lab, worker="none")
    confined = isolation(lab, unsafe=given["unsafe"])
    if not confined:
        say("candidates are NOT isolated: they may read and write whatever you may, and no score is sealed")
    with closing(LiveFile(lab)) as live, heeding_signals(silent_line if as_json else say) as stopped:
        prepare_data(lab, confined=confined, stopped=stopped)
        where = {"parallel": given["parallel"], "ray": given["ray"], "on_progress": live.progress}
        with executor_for(lab, confined=confined, **where) as (executor, scorer):
            confirmed = confirm_night(
                lab,
                executor=executor,
                scorer=scorer,
                # committed below, together with the report
                plan=ConfirmPlan(given["tag"], given["seeds"], ablations=not given["no_ablations"], commit=False),
                tell=silent if as_json else _tell,
                stopped=stopped,
            )
    if confirmed.winner is not None:
        write_views(lab, tag=confirmed.tag)
        commit_results(lab, silent if as_json else _tell)
    if as_json:
        print_json(_document(confirmed))
    else:
        for line in tell_confirmed(confirmed):
            click.echo(shown(line))
    return _code(confirmed)


def _tell(happening: Happening) -> None:
    if happening.kind in (Kind.RAN, Kind.NOTE):
        say(shown(happening.text))


def _code(confirmed: Confirmed) -> int:
    if confirmed.winner is None:
        return NOTHING
    if not confirmed.done:
        return INTERRUPTED
    return DONE if confirmed.result is not None and confirmed.result.held is Held.YES else IN_PART


def _document(confirmed: Confirmed) -> dict[str, Any]:
    result = confirmed.result
    document: dict[str, Any] = {
        "tag": confirmed.tag,
        "winner": confirmed.winner,
        "done": confirmed.done,
        "held": str(result.held) if result else None,
        "split": confirmed.split,
        "self_reported": not confirmed.sealed,
        "tries": confirmed.tries,
        "search_gain": dict(zip(("gain", "low", "high"), confirmed.search, strict=True)),
        "lines": tell_confirmed(confirmed),
    }
    if result is not None:
        found = result.confirmed
        document["confirmed_gain"] = {"gain": found.gain, "low": found.low, "high": found.high}
        document |= {"p": result.corrected_p, "correction": result.correction}
        document["ablations"] = {
            name: None
            if ablation.comparison is None
            else {
                "gain": ablation.comparison.gain,
                "low": ablation.comparison.low,
                "high": ablation.comparison.high,
                "p": ablation.corrected_p,
                "held": str(ablation.held),
            }
            for name, ablation in result.ablations.items()
        }
    return document
