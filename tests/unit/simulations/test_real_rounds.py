"""Populations of real rounds: the graph, the fit, and the donors drawn again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import qf
from qf.codec import bundle
from simulations import scenario_of
from simulations.bench.calibration import statistics_of
from simulations.figures import spearman
from simulations.parts import ScenarioError
from simulations.population import graph
from simulations.population.bootstrap import Bootstrap
from simulations.population.configuration import Configuration, scaled_to, stretched
from simulations.population.fit import fit_of, overlap, read_fit
from simulations.population.graph import random_graph
from simulations.population.real import digest, matrix, read_round
from simulations.world import world

GIFTS = [("ann", "bus", 9), ("ann", "well", 1), ("bob", "well", "2.50"), ("cy", "bus", 4), ("ann", "bus", 1)]
CENTS = [[1000, 100], [0, 250], [400, 0]]


def rng(seed: int = 4) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    lines = ["donor,project,amount", *(f"{donor},{project},{amount}" for donor, project, amount in GIFTS)]
    path = tmp_path / "donations.csv"
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def graph_with(seed: int, wanted: float | None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    donors = stretched(((1, 50), (2, 20), (5, 10), (9, 4)), 200)
    projects = scaled_to(stretched(((2, 5), (10, 4), (40, 2)), 15), int(donors.sum()), 200)
    return random_graph(rng(seed), donors, projects, wanted), donors, projects


@pytest.mark.parametrize("wanted", [None, 0.27, 0.3, 0.4])
def test_graph_when_drawn_then_degrees_and_overlap_are_as_asked(wanted: float | None) -> None:
    found, donors, projects = graph_with(1, wanted)
    assert np.array_equal(found.sum(axis=1), donors)
    assert np.array_equal(found.sum(axis=0), projects)
    if wanted is not None:
        assert overlap(found) == pytest.approx(wanted, rel=0.01)


def test_graph_when_drawn_with_another_seed_then_it_is_another() -> None:
    assert np.array_equal(graph_with(1, 0.3)[0], graph_with(1, 0.3)[0])
    assert not np.array_equal(graph_with(1, 0.3)[0], graph_with(2, 0.3)[0])


def test_graph_when_interpreted_then_it_is_the_same_as_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = graph_with(3, 0.3)[0]
    for name in ("_make_simple", "_rewire"):
        monkeypatch.setattr(graph, name, getattr(graph, name).py)
    assert np.array_equal(graph_with(3, 0.3)[0], compiled)


def test_overlap_when_counted_pair_by_pair_then_it_is_the_same() -> None:
    edge = rng().random((30, 5)) < 0.4
    cosines = [
        (edge[:, one] & edge[:, two]).sum() / np.sqrt(edge[:, one].sum() * edge[:, two].sum())
        for one in range(5)
        for two in range(5)
        if one != two
    ]
    assert overlap(edge) == pytest.approx(np.sqrt(np.mean(np.square(cosines))))


def test_scaled_to_when_there_are_too_few_places_then_it_is_refused() -> None:
    assert scaled_to(np.array([1, 1, 2]), 6, 2).tolist() == [2, 2, 2]
    with pytest.raises(ScenarioError, match="7 gifts do not fit"):
        scaled_to(np.array([1, 1, 2]), 7, 2)


def test_fit_when_made_of_a_small_round_then_every_figure_is_that_of_the_hand() -> None:
    cents = np.array([[100, 400, 0], [0, 900, 0], [100, 0, 0], [1600, 100, 0]])
    fit = fit_of("small", "Small", cents)
    assert (fit.donor_degrees, fit.project_degrees) == (((1, 2), (2, 2)), ((3, 2),))
    assert (fit.usual[0], fit.usual[-1]) == (1.0, 9.0)
    logs = np.log([4, 16]) / 2  # half the distance of ln(1) to ln(4), and of ln(16) to ln(1)
    assert fit.within == pytest.approx(np.sqrt((2 * logs**2).sum() / 2), abs=1e-4)
    assert fit.overlap == pytest.approx(2 / 3, abs=1e-4)
    assert fit.facts["median_gift"] == 2.5
    assert fit.facts["gini_match"] == 0.05  # of 18 and 22


@pytest.mark.parametrize(("name", "draws"), [("tegr1", 8), ("tegr2", 4), ("tegr3", 4), ("gr3", 4), ("gr9", 1)])
def test_configuration_when_drawn_then_it_is_within_the_stated_distance_of_the_round(name: str, draws: int) -> None:
    """Stated: counts 2 %, shares and Ginis of donors 0.02, Gini of match 0.1, median gift 25 %, overlap 5 %."""
    real = read_fit(name).facts
    population = Configuration(name)
    document = {
        "scenario": {"id": name, "seed": 9},
        "projects": {"count": read_fit(name).projects},
        "population": {"model": "configuration", "fit": name},
        "behaviour": {"model": "habit", "least": 0.0, "focus": population.usual_focus(1.0)},
    }
    found = [statistics_of(world(scenario_of(document), number).before) for number in range(draws)]
    made = {key: float(np.mean([each[key] for each in found])) for key in real}
    assert made["donors"] == pytest.approx(real["donors"], rel=0.02)
    assert made["projects"] == pytest.approx(real["projects"], rel=0.02)
    assert made["gifts_per_donor"] == pytest.approx(real["gifts_per_donor"], rel=0.02)
    assert made["single"] == pytest.approx(real["single"], abs=0.02)
    assert made["donors_per_project"] == pytest.approx(real["donors_per_project"], rel=0.05)
    assert made["gini_donors"] == pytest.approx(real["gini_donors"], abs=0.02)
    assert made["gini_match"] == pytest.approx(real["gini_match"], abs=0.1)
    assert made["median_gift"] == pytest.approx(real["median_gift"], rel=0.25)
    assert made["overlap"] == pytest.approx(real["overlap"], rel=0.05)


@pytest.mark.parametrize("merit", [0.0, 0.5, 1.0])
def test_configuration_when_fame_is_merit_then_the_best_are_the_best_known(merit: float) -> None:
    found = []
    for seed in range(6):
        quality = rng(seed).random(60)
        people = Configuration("tegr3", donors=1500, merit=merit).draw(rng(seed), quality / quality.sum())
        found.append(spearman(people.knows.sum(axis=0).astype(np.float64), quality))
    assert np.mean(found) == pytest.approx(6 / np.pi * np.arcsin(merit / 2), abs=0.1)


def test_configuration_when_drawn_then_worth_counts_those_who_do_not_know_a_project() -> None:
    people = Configuration("tegr3").draw(rng(), np.full(20, 0.05))
    assert (people.value > 0).all() and not people.knows.all()
    assert people.value.sum(axis=1) == pytest.approx(people.budget)


def test_configuration_when_the_fit_is_misspelled_then_it_is_named() -> None:
    with pytest.raises(ScenarioError, match="did you mean gr9"):
        scenario_of({"scenario": {"id": "x"}, "population": {"model": "configuration", "fit": "gr99"}})


def test_bootstrap_when_donors_give_by_habit_then_they_give_what_they_gave(source: Path) -> None:
    document = {
        "scenario": {"id": "again"},
        "projects": {"count": 2},
        "population": {"model": "bootstrap", "source": str(source), "donors": 300},
        "behaviour": {"model": "habit", "least": 0.0},
    }
    made = world(scenario_of(document), 0)
    cents = np.zeros((300, 2), dtype=np.int64)
    cents[made.before.gifts.donor, made.before.gifts.project] = made.before.gifts.amount
    rows, many = np.unique(cents, axis=0, return_counts=True)
    assert rows.tolist() == sorted(CENTS)
    assert many.min() > 70
    assert made.quality.tolist() == pytest.approx([14 / 17.5, 3.5 / 17.5])


def test_read_round_when_it_is_a_bundle_then_it_is_the_same(source: Path, tmp_path: Path) -> None:
    rules = qf.preset("yen", pool=1000, unit_decimals=2)
    inputs = qf.Inputs.of(rules, GIFTS)
    folder = bundle.write_bundle(tmp_path / "bundle", rules, inputs, qf.settle(rules, GIFTS))
    assert read_round(str(folder)).tolist() == read_round(str(source)).tolist() == CENTS
    assert matrix([(donor, project, float(amount)) for donor, project, amount in GIFTS]).tolist() == CENTS


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"projects": {"count": 3}}, r"\[projects\] count: is 3, but .* has 2; write count = 2"),
        ({"population": {"source": "nowhere.csv"}}, r"\[population\] source: .*nowhere.csv"),
        ({"population": {"digest": "00"}}, r"\[population\] digest: .* is another round: its digest is [0-9a-f]{64}"),
    ],
)
def test_bootstrap_when_the_source_does_not_fit_then_it_is_named(
    changes: dict[str, dict[str, object]], told: str, source: Path
) -> None:
    population = {"model": "bootstrap", "source": str(source), **changes.get("population", {})}
    projects = changes.get("projects", {"count": 2})
    with pytest.raises(ScenarioError, match=told):
        scenario_of({"scenario": {"id": "x"}, "projects": projects, "population": population})


def test_bootstrap_when_the_digest_is_right_then_it_is_taken(source: Path) -> None:
    Bootstrap(str(source), digest=digest(np.array(CENTS))).check(2)
