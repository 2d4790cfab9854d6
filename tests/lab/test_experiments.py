"""experiments/NNNN.md: all that is known comes back, whatever the texts hold."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightdesk.base.errors import DeskError
from nightdesk.lab.experiments import (
    Experiment,
    RunRecord,
    State,
    new_experiment,
    one_line,
    parse_experiment,
    plain_text,
    read_experiments,
    render_experiment,
    with_run,
    with_verdict,
    write_experiment,
)
from nightdesk.lab.judging import Decision, Ground, Run, Verdict

NUMBERS = st.floats(-1e12, 1e12)
TEXTS = st.one_of(
    st.text(max_size=200).map(plain_text),
    st.lists(
        st.sampled_from(
            ["```", "````diff", "## Log", "## Change", "", "---", "text", "~~~", "`````text", "state: judged"]
        ),
        max_size=8,
    )
    .map("\n".join)
    .map(plain_text),
)
LINES = st.text(max_size=60).map(one_line)
RUNS = st.builds(
    RunRecord,
    st.builds(
        Run, st.none() | NUMBERS, st.dictionaries(st.text("abc_", min_size=1, max_size=5), NUMBERS, max_size=3), LINES
    ),
    st.integers(0, 2**31),
    st.booleans(),
    LINES,
)
VERDICTS = st.builds(
    Verdict,
    st.sampled_from([d for d in Decision if d != "replicate"]),
    st.sampled_from(Ground),
    LINES,
    st.none() | NUMBERS,
    st.none() | NUMBERS,
)
HEX = st.text("0123456789abcdef", min_size=40, max_size=40)
EXPERIMENTS = st.builds(
    Experiment,
    number=st.integers(0, 10**6),
    state=st.sampled_from(State),
    title=LINES,
    commit=HEX,
    parent=st.just("") | HEX,
    worker=LINES,
    program=HEX,
    proposed=st.just("2026-11-23T02:00:00Z"),
    hypothesis=TEXTS,
    diff=TEXTS,
    runs=st.lists(RUNS, max_size=3).map(tuple),
    verdict=st.none() | VERDICTS,
    log_tail=TEXTS,
    values=st.dictionaries(
        st.text("ABC[]01", min_size=1, max_size=5), st.integers() | NUMBERS | st.booleans() | LINES, max_size=3
    ),
    method=st.sampled_from(["", "tpe"]),
    fixes=st.none() | st.integers(0, 10**6),
    data=st.just("") | HEX,
)


@given(EXPERIMENTS)
def test_an_experiment_comes_back(experiment: Experiment) -> None:
    assert parse_experiment(render_experiment(experiment)) == experiment


def proposed(number: int = 1) -> Experiment:
    return new_experiment(
        number,
        title="Halve the\nbatch",
        hypothesis="More steps.\n\n## Log\n```\n",
        diff="-BATCH = 64\n+BATCH = 32\n",
        commit="a" * 40,
        parent="b" * 40,
        worker="builtin",
        program="c" * 32,
        proposed="2026-11-23T02:00:00Z",
    )


def test_a_life(tmp_path: Path) -> None:
    experiment = proposed()
    assert (experiment.state, experiment.title) == (State.PROPOSED, "Halve the batch")
    experiment = with_run(experiment, RunRecord(Run(1.49), 7), log_tail="\x1b[1mstep 9\x1b[0m\n")
    assert experiment.state is State.SCORED
    again = with_verdict(experiment, Verdict(Decision.REPLICATE, Ground.MARGINAL, "may be luck"))
    assert (again.state, again.verdict) == (State.RUNNING, None)
    done = with_verdict(experiment, Verdict(Decision.KEEP, Ground.BETTER, "better", 0.01, 0.001))
    write_experiment(tmp_path, done)
    assert read_experiments(tmp_path) == (done,)
    text = (tmp_path / "0001.md").read_text()
    assert "**keep**: better" in text
    assert "## Change\n\n```diff\n-BATCH = 64\n+BATCH = 32\n```\n" in text
    assert "## Log\n\n```text\nstep 9\n```" in text


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("state: proposed", "state: asleep", "damaged"),
        ("number: 1", "number: one", "damaged"),
        ("type: experiment", "type: [", "not valid YAML"),
        ("commit: " + "a" * 40 + "\n", "", "damaged: KeyError 'commit'"),
    ],
)
def test_a_damaged_file_is_named(tmp_path: Path, old: str, new: str, said: str) -> None:
    text = render_experiment(proposed())
    assert old in text
    (tmp_path / "0001.md").write_text(text.replace(old, new))
    with pytest.raises(DeskError, match=r"0001\.md cannot be read") as caught:
        read_experiments(tmp_path)
    assert said in str(caught.value)


def test_other_files_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("notes")
    write_experiment(tmp_path, proposed(12))
    write_experiment(tmp_path, proposed(10_000))
    assert [experiment.number for experiment in read_experiments(tmp_path)] == [12, 10_000]
    assert read_experiments(tmp_path / "none") == ()
