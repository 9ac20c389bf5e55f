"""The commands of the laboratory, as they are typed."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from qf.cli.output import Exit
from simulations.cli import app

SCENARIO = """
[scenario]
id = "typed"
title = "Typed in"
replications = 5
mechanisms = ["quadratic", "proportional"]

[projects]
count = 5

[population]
donors = 30

[[attacks]]
model = "sybil"
accounts = 5
"""


@pytest.fixture
def scenario(tmp_path: Path) -> str:
    """Return the path of a scenario file."""
    (tmp_path / "typed.toml").write_text(SCENARIO, "utf-8")
    return str(tmp_path / "typed.toml")


def typed(*arguments: str) -> Result:
    """Return what a command line answers."""
    return CliRunner().invoke(app, arguments, env={"COLUMNS": "200", "NO_COLOR": "1"})


def test_run_when_typed_then_there_are_tables_a_report_drawings_and_a_summary(scenario: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = typed("run", scenario, "--out", str(out), "--jobs", "1")
    assert done.exit_code == Exit.DONE, done.output
    assert "In 5 simulated rounds 30 donors gave to 5 projects" in " ".join(done.output.split())
    assert {"runs.parquet", "curves.parquet", "report.html", "drawings", "experiment.json"} == {
        path.name for path in out.iterdir()
    }
    page = (out / "report.html").read_bytes()
    (out / "report.html").unlink()
    again = typed("report", str(out))
    assert again.exit_code == Exit.DONE, again.output
    assert (out / "report.html").read_bytes() == page


def test_run_when_values_are_changed_on_the_command_line_then_they_hold(scenario: str, tmp_path: Path) -> None:
    out = str(tmp_path / "out")
    changes = ["--set", "population.donors=12", "--set", "identity=detection", "-n", "3", "--seed", "9", "-m", "equal"]
    done = typed("run", scenario, "--out", out, "--jobs", "1", *changes)
    assert done.exit_code == Exit.DONE, done.output
    assert "In 3 simulated rounds 12 donors" in " ".join(done.output.split())
    from simulations.experiment import read_results

    made = read_results(Path(out)).experiment.scenario
    assert (made.head.seed, made.head.mechanisms, made.parts.identity.model) == (9, ("equal",), "detection")


def test_compare_when_typed_then_differences_are_told_for_the_measures_that_are_wanted(scenario: str) -> None:
    done = typed("compare", scenario, "--jobs", "1", "--measures", "gini,welfare_ratio")
    assert done.exit_code == Exit.DONE, done.output
    assert "Difference to quadratic in the same rounds" in done.output
    assert "Gini of payouts" in done.output and "Share of the largest" not in done.output


def test_attack_when_typed_then_it_says_how_often_it_pays(scenario: str) -> None:
    done = typed("attack", scenario, "--jobs", "1")
    assert done.exit_code == Exit.DONE, done.output
    assert "Break-even price" in done.output and "How often the attack pays" in done.output


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--set", "population.doners=3"], "did you mean population.donors?"),
        (["--set", "population.donors=0", "--set", "projects.count=0"], "below 1"),
        (["--set", "population.donors"], "has no value"),
        (["-m", "quadratik"], "did you mean quadratic?"),
        (["-n", "0"], "0 is below 1"),
        (["--jobs", "0"], "name at least 1"),
        (["--scheduler", "nowhere"], "no Dask scheduler at nowhere"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_run_when_something_is_wrong_then_it_says_what_and_exits_with_2(
    arguments: list[str], told: str, scenario: str, tmp_path: Path
) -> None:
    done = typed("run", scenario, "--out", str(tmp_path / "out"), *arguments)
    assert done.exit_code == Exit.INPUT, done.output
    assert told in done.output


def test_problems_when_there_are_two_then_both_are_told(scenario: str, tmp_path: Path) -> None:
    done = typed("run", scenario, "--set", "population.donors=0", "--set", "projects.count=0")
    assert "donors: 0 is below 1" in done.output and "count: 0 is below 1" in done.output


@pytest.mark.parametrize("command", ["compare", "attack"])
def test_command_when_the_scenario_has_nothing_for_it_then_it_says_what_to_add(command: str, tmp_path: Path) -> None:
    plain = tmp_path / "plain.toml"
    plain.write_text('[scenario]\nid = "plain"\n', "utf-8")
    done = typed(command, str(plain))
    assert done.exit_code == Exit.INPUT
    assert ("name more with --mechanism" if command == "compare" else "[[attacks]]") in done.output


@pytest.mark.parametrize("content", [None, "{", '{"digest": "x"}'], ids=["absent", "broken", "empty"])
def test_report_when_the_folder_holds_no_results_then_it_says_so(content: str | None, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "experiment.json").write_text(content, "utf-8")
    done = typed("report", str(tmp_path))
    assert done.exit_code == Exit.INPUT, done.output
    assert "holds no readable experiment.json" in " ".join(done.output.split())
