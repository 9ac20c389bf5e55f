"""Attacks: nothing is done with no effect, money is conserved, costs are right, and gains are those of the formulas."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from qf.result import RoundResult
from simulations import scenario_of
from simulations.attacks import ATTACKS, Scene
from simulations.attacks.airdrop import Airdrop
from simulations.attacks.base import target
from simulations.attacks.bribery import Bribery
from simulations.attacks.control import AddedDonors, DeletedDonors
from simulations.attacks.fork import Fork
from simulations.attacks.last_minute import LastMinute
from simulations.attacks.reciprocal import Reciprocal
from simulations.attacks.ring import Ring
from simulations.attacks.split import Split
from simulations.attacks.sybil import Sybil
from simulations.attacks.wash import Wash
from simulations.gifts import CENTS, Gifts
from simulations.parts import ScenarioError
from simulations.settling import settle_all
from simulations.world import world

QUADRATIC = scenario_of({"scenario": {"id": "attacked"}}).choices

WITHOUT_EFFECT = [
    Sybil(accounts=0, cover=2),
    Ring(members=0),
    Reciprocal(owners=0),
    Fork(copies=1),
    LastMinute(accounts=0),
    Bribery(reach=0.0),
    Bribery(part=0.0),
    DeletedDonors(part=0.0),
    AddedDonors(donors=0),
    Wash(passes=0),
    Airdrop(accounts=0),
]


def rng(seed: int = 5) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.fixture
def scene() -> Scene:
    """Thirty donors, six projects, gifts of 0 to 20 units; project 0 has the most, project 5 the least."""
    cents = rng().integers(0, 2000, (30, 6)) * (rng(6).random((30, 6)) < 0.4) // np.arange(1, 7)
    return Scene.honest(Gifts.of_matrix(cents / CENTS), 30, 6)


def ideal(scene: Scene) -> np.ndarray:
    """Ideal quadratic matches in units, forks counted with what they are copies of."""
    result = settle_all(QUADRATIC, scene.gifts, accounts=scene.accounts, projects=scene.projects)["quadratic"]
    assert isinstance(result, RoundResult)
    matches = [float(project.ideal_match) / CENTS for project in result.projects]
    return np.bincount(scene.original, weights=matches)


def given(scene: Scene) -> np.ndarray:
    """What each account gave in all, in hundredths."""
    return np.bincount(scene.gifts.donor, weights=scene.gifts.amount, minlength=scene.accounts)


@pytest.mark.parametrize("attack", WITHOUT_EFFECT, ids=lambda attack: attack.model)
def test_attack_when_it_has_no_size_then_nothing_happens(attack: Any, scene: Scene) -> None:
    after = attack.strike(rng(), scene)
    assert (after.accounts, after.projects, after.lost, after.bought) == (30, 6, 0, 0)
    for name in ("donor", "project", "amount"):
        assert np.array_equal(getattr(after.gifts, name), getattr(scene.gifts, name))


def test_every_attack_is_tried_without_effect() -> None:
    tried = {attack.model for attack in WITHOUT_EFFECT}
    assert set(ATTACKS) - tried == {"split"}  # whoever divides money gives money


@pytest.mark.parametrize("model", ATTACKS)
def test_attack_when_drawn_again_then_it_is_the_same(model: str, scene: Scene) -> None:
    one, two = (ATTACKS[model]().strike(rng(), scene) for _ in range(2))
    assert np.array_equal(one.gifts.amount, two.gifts.amount)
    assert np.array_equal(one.gifts.project, two.gifts.project)


@pytest.mark.parametrize("model", ATTACKS)
def test_attack_when_it_comes_then_the_scene_stays_whole(model: str, scene: Scene) -> None:
    after = ATTACKS[model]().strike(rng(), scene)
    assert len(after.sybil) == len(after.theirs) == after.accounts
    assert (after.gifts.amount > 0).all()
    assert after.gifts.donor.max() < after.accounts
    assert after.gifts.project.max() < after.projects
    assert all(project < 6 for project in after.owned)
    assert (after.sybil <= after.theirs).all()


def test_sybil_when_settled_then_the_match_grows_by_the_formula(scene: Scene) -> None:
    after = Sybil(accounts=7, amount=2.5, target="median").strike(rng(), scene)
    (own,) = after.owned
    grown = 2 * 7 * math.sqrt(2.5) * scene.gifts.roots(6)[own] + 7 * 6 * 2.5
    assert ideal(after)[own] - ideal(scene)[own] == pytest.approx(grown, rel=1e-6)
    assert np.delete(ideal(after), own) == pytest.approx(np.delete(ideal(scene), own))
    assert (after.lost, after.bought) == (0, 7)


def test_sybil_when_covered_then_only_cover_is_lost(scene: Scene) -> None:
    after = Sybil(accounts=9, amount=2.0, cover=2, cover_amount=0.5, target="largest").strike(rng(), scene)
    new = after.gifts.donor >= 30
    pairs = set(zip(after.gifts.donor[new].tolist(), after.gifts.project[new].tolist(), strict=True))
    assert len(pairs) == 9 * 3  # each to the target and to two different others
    assert after.lost == pytest.approx(9 * 2 * 0.5)
    assert given(after)[30:].tolist() == [300] * 9


def test_split_when_settled_then_the_match_grows_by_the_formula(scene: Scene) -> None:
    after = Split(money=36.0, accounts=9, target="largest").strike(rng(), scene)
    (own,) = after.owned
    grown = 2 * math.sqrt(9 * 36.0) * scene.gifts.roots(6)[own] + 8 * 36.0
    assert ideal(after)[own] - ideal(scene)[own] == pytest.approx(grown, rel=1e-6)


def test_split_when_money_does_not_divide_then_no_cent_is_lost(scene: Scene) -> None:
    after = Split(money=1.0, accounts=7).strike(rng(), scene)
    assert given(after)[30:].tolist() == [15, 15, 14, 14, 14, 14, 14]


def test_split_when_there_is_less_than_a_cent_each_then_it_is_refused() -> None:
    with pytest.raises(ScenarioError, match="cannot be divided among 101"):
        Split(money=1.0, accounts=101)


def test_ring_when_settled_then_it_is_no_sybil_and_costs_its_rewards(scene: Scene) -> None:
    after = Ring(members=4, amount=9.0, reward=1.5, target="smallest").strike(rng(), scene)
    (own,) = after.owned
    assert ideal(after)[own] - ideal(scene)[own] == pytest.approx(24 * scene.gifts.roots(6)[own] + 4 * 3 * 9, rel=1e-6)
    assert (after.lost, after.bought, after.sybil.sum()) == (6.0, 0, 0)


def test_reciprocal_when_settled_then_each_match_grows_by_the_formula_and_it_is_free(scene: Scene) -> None:
    after = Reciprocal(owners=3, amount=4.0).strike(rng(), scene)
    root = scene.gifts.roots(6)
    assert len(after.owned) == 3
    for own in after.owned:
        assert ideal(after)[own] - ideal(scene)[own] == pytest.approx(2 * 4 * root[own] + 16 - 8, rel=1e-6)
    assert (after.lost, after.bought) == (0, 0)


def test_fork_when_all_donors_divide_evenly_then_nothing_is_gained(scene: Scene) -> None:
    even = Gifts(scene.gifts.donor, scene.gifts.project, scene.gifts.amount * 3)
    before = Scene.honest(even, 30, 6)
    after = Fork(copies=3, part=1.0, fee=2.0, target="largest").strike(rng(), before)
    assert (after.projects, after.forks, after.lost) == (8, (0, 0), 4.0)
    assert ideal(after) == pytest.approx(ideal(before), rel=1e-6)
    assert np.array_equal(given(after), given(before))


def test_fork_when_only_some_divide_then_their_match_with_the_others_shrinks(scene: Scene) -> None:
    after = Fork(copies=2, part=0.5, target="largest").strike(rng(), scene)
    assert ideal(after)[0] < ideal(scene)[0]


def test_last_minute_when_every_project_is_tried_then_none_gains_more(scene: Scene) -> None:
    attack = LastMinute(accounts=5, amount=1.0)
    after = attack.strike(rng(), scene)
    before = ideal(scene) / ideal(scene).sum()
    tried = []
    for project in range(6):
        gifts = Gifts(np.arange(30, 35, dtype=np.int32), np.full(5, project, np.int32), np.full(5, 100, np.int64))
        matches = ideal(scene.with_accounts(gifts, 5, [project]))
        tried.append(matches[project] / matches.sum() - before[project])
    assert after.owned == {int(np.argmax(tried))}
    assert attack.gains(scene) == pytest.approx(tried, rel=1e-5)


def test_bribery_when_donors_move_gifts_then_nobody_gives_more_or_less(scene: Scene) -> None:
    after = Bribery(reach=0.5, part=0.25, price=0.2, target="smallest").strike(rng(), scene)
    (own,) = after.owned
    moved = (after.gifts.direct(6) - scene.gifts.direct(6))[own]
    assert moved > 0
    assert np.array_equal(given(after), given(scene))
    assert after.lost == pytest.approx(0.2 * moved)


def test_deleted_donors_when_they_stay_away_then_only_others_lose_gifts(scene: Scene) -> None:
    after = DeletedDonors(part=1.0, price=2.0, target="smallest").strike(rng(), scene)
    (own,) = after.owned
    supporters = set(scene.gifts.donor[scene.gifts.project == own].tolist())
    assert set(after.gifts.donor.tolist()) == supporters
    assert after.gifts.direct(6)[own] == scene.gifts.direct(6)[own]
    assert after.lost == 2.0 * (len(set(scene.gifts.donor.tolist())) - len(supporters))


def test_added_donors_when_brought_then_their_money_is_their_own(scene: Scene) -> None:
    after = AddedDonors(donors=5, amount=4.0, price=0.5, target="largest").strike(rng(), scene)
    assert ideal(after)[0] - ideal(scene)[0] == pytest.approx(20 * scene.gifts.roots(6)[0] + 5 * 4 * 4, rel=1e-6)
    assert (after.lost, after.bought, after.theirs.any()) == (2.5, 0, False)


def test_wash_when_money_passes_once_then_the_match_grows_by_the_cross_term(scene: Scene) -> None:
    after = Wash(amount=49.0, fee=0.01, target="largest").strike(rng(), scene)
    assert ideal(after)[0] - ideal(scene)[0] == pytest.approx(2 * 7 * scene.gifts.roots(6)[0], rel=1e-6)
    assert after.lost == pytest.approx(0.49)


def test_airdrop_when_dust_is_given_then_all_of_it_is_lost(scene: Scene) -> None:
    after = Airdrop(accounts=11, projects=4, amount=0.05).strike(rng(), scene)
    assert after.owned == frozenset()
    assert after.lost == pytest.approx(11 * 4 * 0.05)


def test_attackers_when_they_give_to_each_other_then_it_is_not_lost(scene: Scene) -> None:
    first = Sybil(accounts=3, cover=5, cover_amount=1.0, target="largest").strike(rng(), scene)
    assert first.lost == 15
    second = Sybil(accounts=1, target="smallest").strike(rng(), first)
    assert second.lost == 12  # the cover that went to the second one's project


def test_target_when_there_are_forks_then_they_are_none(scene: Scene) -> None:
    forked = Fork(copies=40, part=0.0, target="median").strike(rng(), scene)
    assert target("smallest", rng(), forked) == target("smallest", rng(), scene)
    assert {target("random", rng(seed), forked) for seed in range(50)} <= set(range(6))


def test_world_when_attackers_change_then_donors_do_not() -> None:
    document: dict[str, Any] = {"scenario": {"id": "same"}, "population": {"donors": 40}, "projects": {"count": 5}}
    worlds = [world(scenario_of({**document, "attacks": [{"model": model}]}), 3) for model in ATTACKS]
    for made in worlds:
        assert np.array_equal(made.before.gifts.amount, worlds[0].before.gifts.amount)
        assert not made.before.sybil.any()
