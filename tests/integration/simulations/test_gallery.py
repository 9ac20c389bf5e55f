"""Every scenario of the gallery runs, and says what it shows."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from simulations.experiment import experiment_of, read_experiment, run
from simulations.report.words import sentences

GALLERY = sorted((Path(__file__).resolve().parents[3] / "simulations" / "scenarios").glob("*.toml"))


def test_gallery_when_counted_then_there_are_a_dozen_and_no_two_are_alike() -> None:
    experiments = [read_experiment(path) for path in GALLERY]
    assert len(experiments) >= 12
    assert len({experiment.digest for experiment in experiments}) == len(experiments)


@pytest.mark.parametrize("path", GALLERY, ids=lambda path: path.stem)
def test_scenario_when_it_is_run_a_few_times_then_every_mechanism_has_results(path: Path, tmp_path: Path) -> None:
    written = read_experiment(path)
    head = written.scenario.head
    assert head.id == path.stem
    assert head.about.endswith((".", "?")) and len(head.about) > 60
    shortened = experiment_of(written.document, {"scenario.replications": 2, "population.donors": 120})
    runs = run(shortened, tmp_path).runs
    assert runs.height == 2 * len(written.cells) * len(head.mechanisms)
    assert set(runs["error"]) == {""}
    paid = 1 - runs["unspent_fraction"]
    assert paid.min() > 0 and paid.max() <= 1 + 1e-9
    assert any(head.mechanisms[0] in sentence for sentence in sentences(run(shortened, tmp_path)))


def measured(name: str, replications: int, folder: Path, **settings: object) -> pl.DataFrame:
    """Return the means of a scenario of the gallery by cell and mechanism."""
    path = next(path for path in GALLERY if path.stem == name)
    runs = run(read_experiment(path, {"scenario.replications": replications, **settings}), folder).runs
    return runs.drop("error").group_by("cell", "mechanism", maintain_order=True).mean()


def test_sybils_when_they_have_cover_then_clusters_protect_less(tmp_path: Path) -> None:
    means = measured("sybils_with_cover", 10, tmp_path, **{"scenario.mechanisms": ["quadratic", "cluster_connection"]})
    taken = means.pivot("mechanism", index="cell", values="captured").sort("cell")
    assert taken["cluster_connection"][0] < 0.05 * taken["quadratic"][0]
    assert taken["cluster_connection"][1] > 0.5 * taken["quadratic"][1]


def test_herding_when_it_is_complete_then_payouts_are_more_equal(tmp_path: Path) -> None:
    means = measured("herding", 10, tmp_path, **{"scenario.mechanisms": ["quadratic", "proportional"]})
    gini = means.pivot("mechanism", index="cell", values="gini").sort("cell")
    for name in ("quadratic", "proportional"):
        assert gini[name][-1] < gini[name][0] - 0.03
