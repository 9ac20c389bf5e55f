"""What each axiom says, as a check on a small round: `CHECKS[axiom](mechanism, trial)` is True if it holds there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction

import numpy as np

from qf import Inputs, NoMatchError
from qf.contributions import Contributions
from qf.kernels.aggregate import Entries, aggregate
from qf.mechanisms import Axiom, Mechanism
from qf.round import MechanismRule, Pool, Round, WeightConvention, WeightRule
from qf.settle import match
from qf.units import BaseUnits

Gifts = Mapping[tuple[str, str], int]
"""(donor, project) -> round units."""

EXACT = Fraction(1, 10**9)
"""How far two ideal matches may be apart, relative to the larger: mechanisms in float64 keep 12 digits."""

ROUGH = Fraction(1, 10**5)
"""How far shares may be apart when gifts are multiplied: roots are cut to 24 binary places."""


@dataclass(frozen=True)
class Trial:
    """A small round, and what is done to it.

    Attributes:
        gifts, against: what was given, and spent against projects.
        attributes: as for `qf.settle`.
        parameters: of the mechanism, as text.
        weights: donor -> bps.
        donor, project, extra: who gives how much more to what.
        factor: what gifts are multiplied by.
        accounts: how many accounts `donor` gives through instead of one.
    """

    gifts: Gifts
    against: Gifts = field(default_factory=dict)
    attributes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    weights: Mapping[str, int] = field(default_factory=dict)
    donor: str = "a"
    project: str = "p"
    extra: int = 1
    factor: int = 2
    accounts: int = 2

    def more(self) -> Trial:
        """The same with the extra gift."""
        pair = self.donor, self.project
        return replace(self, gifts={**self.gifts, pair: self.gifts.get(pair, 0) + self.extra})

    def times(self, factor: int) -> Trial:
        """The same with every gift multiplied."""
        gifts, against = ({pair: amount * factor for pair, amount in side.items()} for side in self.sides)
        return replace(self, gifts=gifts, against=against)

    def donor_times(self, factor: int) -> Trial:
        """The same with the gifts of `donor` multiplied."""
        gifts, against = (
            {pair: amount * (factor if pair[0] == self.donor else 1) for pair, amount in side.items()}
            for side in self.sides
        )
        return replace(self, gifts=gifts, against=against)

    def through_accounts(self, accounts: int) -> Trial:
        """The same with the gifts of `donor` given once more by each of accounts - 1 others nobody knows of."""
        gifts, against = (
            {
                **side,
                **{
                    (f"{donor}+{number}", project): amount
                    for number in range(1, accounts)
                    for (donor, project), amount in side.items()
                    if donor == self.donor
                },
            }
            for side in self.sides
        )
        own = self.weights.get(self.donor)
        copies = {f"{self.donor}+{number}": own for number in range(1, accounts)} if own is not None else {}
        return replace(self, gifts=gifts, against=against, weights={**self.weights, **copies})

    def renamed(self, donors: Mapping[str, str], projects: Mapping[str, str]) -> Trial:
        """The same under other names."""
        gifts, against = (
            {
                (donors.get(donor, donor), projects.get(project, project)): amount
                for (donor, project), amount in side.items()
            }
            for side in self.sides
        )
        attributes = {
            name: {donors.get(donor, donor): value for donor, value in table.items()}
            for name, table in self.attributes.items()
        }
        weights = {donors.get(donor, donor): weight for donor, weight in self.weights.items()}
        return replace(self, gifts=gifts, against=against, attributes=attributes, weights=weights)

    @property
    def sides(self) -> tuple[Gifts, Gifts]:
        return self.gifts, self.against

    @property
    def donors(self) -> list[str]:
        return sorted({donor for side in self.sides for donor, _ in side} | {self.donor})

    @property
    def projects(self) -> list[str]:
        return sorted({project for side in self.sides for _, project in side} | {self.project})


def convention_of(mechanism: Mechanism) -> WeightConvention:
    inside = WeightConvention.INSIDE_ROOT
    return inside if inside in mechanism.conventions else WeightConvention.GATE


def contributions_of(trial: Trial, convention: WeightConvention) -> Contributions:
    donors, projects = trial.donors, trial.projects
    weights = [trial.weights.get(donor, 10_000) for donor in donors]
    if convention is WeightConvention.GATE:
        weights = [10_000] * len(donors)

    def entries(gifts: Gifts) -> Entries:
        rows = [(donors.index(donor), projects.index(project), amount) for (donor, project), amount in gifts.items()]
        columns = np.array(rows, dtype=np.int64).reshape(-1, 3).T
        return aggregate(columns[0], columns[1], columns[2], identities=len(donors), projects=len(projects))

    return Contributions(
        entries=entries(trial.gifts),
        against=entries(trial.against) if trial.against else None,
        identities=donors,
        projects=tuple(projects),
        weight=np.array(weights, dtype=np.int64),
        attributes=trial.attributes,
    )


def ideal(mechanism: Mechanism, trial: Trial) -> dict[str, Fraction]:
    """Return the ideal match of every project; all 0 where the mechanism refuses."""
    convention = convention_of(mechanism)
    terms = mechanism.terms(trial.parameters, convention)
    contributions = contributions_of(trial, convention)
    try:
        amounts = mechanism.ideal(contributions, terms).amounts.fractions()
    except NoMatchError:
        amounts = (Fraction(0),) * len(contributions.projects)
    return dict(zip(contributions.projects, amounts, strict=True))


def close(a: Fraction, b: Fraction, tolerance: Fraction = EXACT) -> bool:
    return abs(a - b) <= tolerance * max(abs(a), abs(b), Fraction(1, 1000))


def same(a: Mapping[str, Fraction], b: Mapping[str, Fraction], tolerance: Fraction = EXACT) -> bool:
    return a.keys() == b.keys() and all(close(a[project], b[project], tolerance) for project in a)


def shares(amounts: Mapping[str, Fraction]) -> dict[str, Fraction]:
    total = sum(amounts.values()) or Fraction(1)
    return {project: amount / total for project, amount in amounts.items()}


def backwards(names: list[str]) -> dict[str, str]:
    """Other names, in the opposite order."""
    return {name: f"new{len(names) - place}" for place, name in enumerate(names)}


def anonymous(mechanism: Mechanism, trial: Trial) -> bool:
    names = backwards(trial.donors)
    other = replace(trial.renamed(names, {}), donor=names[trial.donor])
    return same(ideal(mechanism, trial), ideal(mechanism, other))


def neutral(mechanism: Mechanism, trial: Trial) -> bool:
    names = backwards(trial.projects)
    other = replace(trial.renamed({}, names), project=names[trial.project])
    before = {names[project]: amount for project, amount in ideal(mechanism, trial).items()}
    return same(before, ideal(mechanism, other))


def homogeneous(mechanism: Mechanism, trial: Trial) -> bool:
    before, after = ideal(mechanism, trial), ideal(mechanism, trial.times(trial.factor))
    return all(abs(shares(before)[project] - shares(after)[project]) <= ROUGH for project in before)


def single_donor_unmatched(mechanism: Mechanism, trial: Trial) -> bool:
    donors = dict.fromkeys(trial.projects, 0)
    for (_, project), amount in trial.gifts.items():
        donors[project] += amount > 0
    found = ideal(mechanism, trial)
    return all(found[project] == 0 for project, count in donors.items() if count == 1)


def monotone(mechanism: Mechanism, trial: Trial) -> bool:
    before, after = (ideal(mechanism, given)[trial.project] for given in (trial, trial.more()))
    return after >= before or close(before, after)


def split_proof(mechanism: Mechanism, trial: Trial) -> bool:
    """Every gift as one donation, or as three from two linked accounts, in another order."""
    whole = [
        (donor, project, amount, side) for side in (0, 1) for (donor, project), amount in trial.sides[side].items()
    ]
    parts = [
        (account, project, part, side)
        for donor, project, amount, side in reversed(whole)
        for account, part in (
            (donor, amount // 3),
            (f"{donor}'s other", amount - amount // 3 - amount // 5),
            (donor, amount // 5),
        )
        if part
    ]
    links = {f"{donor}'s other": donor for donor in trial.donors}
    return settled(mechanism, trial, whole, {}) == settled(mechanism, trial, parts, links)


def settled(
    mechanism: Mechanism, trial: Trial, rows: list[tuple[str, str, int, int]], links: Mapping[str, str]
) -> list[Fraction]:
    rows = [row for row in rows if row[2]]
    convention = convention_of(mechanism)
    round = Round(
        "trial",
        Pool(BaseUnits(1)),
        mechanism=MechanismRule(mechanism.id, trial.parameters),
        weights=WeightRule(convention),
    )
    names = ("donor", "project", "amount", "against")
    columns = {name: [row[place] for row in rows] for place, name in enumerate(names)}
    columns["against"] = [bool(side) for side in columns["against"]]
    if not mechanism.takes_against:
        del columns["against"]
    weights = {donor: Fraction(bps, 10_000) for donor, bps in trial.weights.items()}
    inputs = Inputs.of(
        round,
        columns,
        weights=weights if convention is WeightConvention.INSIDE_ROOT else None,
        links=links,
        projects=trial.projects,
        attributes=trial.attributes,
    )
    try:
        return list(match(round, inputs)[1].amounts.fractions())
    except NoMatchError:
        return [Fraction(0)] * len(trial.projects)


def gain(mechanism: Mechanism, trial: Trial, accounts: int) -> Fraction:
    """What the projects of `donor` gain in all when the same money comes through many accounts instead of one."""
    one = ideal(mechanism, trial.donor_times(accounts))
    many = ideal(mechanism, trial.through_accounts(accounts))
    return sum((many[project] - one[project] for project in one), Fraction(0))


def sybil_bounded(mechanism: Mechanism, trial: Trial) -> bool:
    """What is tested is more than bounded: no project gains anything."""
    one = ideal(mechanism, trial.donor_times(trial.accounts))
    many = ideal(mechanism, trial.through_accounts(trial.accounts))
    return all(many[project] <= one[project] or close(many[project], one[project], ROUGH) for project in one)


def non_negative(mechanism: Mechanism, trial: Trial) -> bool:
    return all(amount >= 0 for amount in ideal(mechanism, trial).values())


def independent(mechanism: Mechanism, trial: Trial) -> bool:
    before, after = ideal(mechanism, trial), ideal(mechanism, trial.more())
    return all(close(before[project], after[project]) for project in before if project != trial.project)


CHECKS: dict[Axiom, Callable[[Mechanism, Trial], bool]] = {
    Axiom.ANONYMOUS: anonymous,
    Axiom.NEUTRAL: neutral,
    Axiom.HOMOGENEOUS: homogeneous,
    Axiom.SINGLE_DONOR_UNMATCHED: single_donor_unmatched,
    Axiom.MONOTONE: monotone,
    Axiom.SPLIT_PROOF: split_proof,
    Axiom.SYBIL_BOUNDED: sybil_bounded,
    Axiom.NON_NEGATIVE: non_negative,
    Axiom.INDEPENDENT: independent,
}
