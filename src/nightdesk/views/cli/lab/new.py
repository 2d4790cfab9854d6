"""`nightdesk lab new`: make a lab from a template."""

import os
from pathlib import Path

import click

from nightdesk.base.errors import DeskError
from nightdesk.base.sandbox import why_not
from nightdesk.lab.budgets import parse_budget
from nightdesk.lab.creating import TEMPLATES, data_for, make_lab
from nightdesk.lab.labs import open_lab
from nightdesk.lab.preparing import needs_data, prepare_data
from nightdesk.views.cli.lab.opening import require_libraries, trust_lab
from nightdesk.views.cli.options import DONE, IN_PART, chosen_desk, desk_option, json_option, print_json, say, shown

GPU_DEVICE = Path("/dev/nvidia0")  # looked for instead of importing torch, which takes seconds


@click.command("new", epilog="Example: nightdesk lab new tiny --budget '20s cpu' && nightdesk lab run tiny --count 12")
@click.argument("name")
@click.option(
    "--template",
    type=click.Choice(tuple(TEMPLATES)),
    default="gpt",
    show_default=True,
    help="; ".join(f"{name}: {line}" for name, line in TEMPLATES.items()),
)
@click.option(
    "--data",
    metavar="SOURCE",
    help="For gpt: shakespeare (default; for a graphics card hf:climbmix), desk, stdlib, hf:NAME, or a file or folder.",
)
@click.option(
    "--budget", metavar="TEXT", help='What one run may use: "5m", "60s cpu"; default: what suits the machine.'
)
@click.option(
    "--gpu/--no-gpu",
    default=None,
    help="gpt of a size for a graphics card, with a budget and data as in autoresearch; default: where there is one.",
)
@json_option
@desk_option
def command(
    name: str,
    template: str,
    data: str | None,
    budget: str | None,
    gpu: bool | None,
    as_json: bool,
    desk_folder: str | None,
) -> int:
    """Make a lab from a template: gpt, or any command with a metric.

    The lab is a folder lab/NAME on the desk. All that you edit there is program.md; what a proposal may change stands
    in it. The template's data are prepared at once where the libraries are installed and runs can be isolated.
    """
    desk = chosen_desk(desk_folder)
    source = None if data is None else data_for(data, folder=desk.root / "lab" / name, here=Path())
    if gpu is None:  # who asks for CPU seconds or steps means a small one
        known = parse_budget(budget or "")
        gpu = GPU_DEVICE.exists() and (known is None or known.kind == "wall")
    made = make_lab(desk, name, template=template, data=source, budget=budget, gpu=gpu)
    lab = open_lab(name, desk=desk, here=Path())
    trust_lab(lab, os.environ)  # what the person names on the command line is the person's choice
    said: tuple[str, ...] = ()
    problem: DeskError | None = None
    if needs_data(lab):
        if not as_json:
            say(f"Made lab/{name}; preparing its data ({shown(lab.program.data or '')})")
        try:
            require_libraries(lab)
            # what is run here ships with nightdesk: it may run where nothing can be isolated
            prepared = prepare_data(lab, confined=why_not(network=False) is None)
            said = prepared.said if prepared else ()
        except DeskError as error:  # the lab is there and sound; the first run tries again
            problem = error
    if as_json:
        document = {"lab": name, "folder": str(made.folder), "made": made.made, "commit": made.commit, "data": said}
        print_json(document | {"problem": str(problem) if problem else None})
    else:
        for line in said:
            say(f"  {shown(line)}")
        say(f"lab/{name}: {', '.join(made.made)}")
        say(f"budget of a run: {lab.program.budget}; to change it, and all else, edit lab/{name}/program.md")
        if problem:
            say(f"not ready yet: {shown(problem.message)}" + (f"\n  way out: {problem.fix}" if problem.fix else ""))
        say(f"Next: nightdesk lab run {name} --count 12")
    return IN_PART if problem else DONE
