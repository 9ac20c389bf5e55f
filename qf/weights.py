"""Stage 6: who is behind an account, and how much that identity counts.

Linked accounts become one identity before any root is taken: what a person gave is added up first. The weight of an
identity is the largest that was given for any of its accounts: each is evidence that a person is there, and an account
without a weight says nothing. Only who has none at all has the default of the round.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qf.columns import Codes, Column, IntegerNames, canonical_name
from qf.errors import Problem, WeightError
from qf.plain import exact
from qf.round import WeightRule
from qf.units import WEIGHT_ONE, Bps

Curve = Sequence[tuple[Fraction, Fraction]]
"""Points (score, weight) with rising scores."""


def curve_weight(score: Fraction, curve: Curve) -> Bps:
    """Return the weight of `score` in bps, cut (not rounded) to 1/10,000.

    0 below the first point, linear between points, flat above the last.

    >>> passport = [(Fraction(15), Fraction(1, 2)), (Fraction(25), Fraction(1))]
    >>> [curve_weight(Fraction(score), passport) for score in ("14.99", "15", "17.77", "40")]
    [0, 5000, 6385, 10000]
    """
    if score < curve[0][0]:
        return Bps(0)
    weight = curve[-1][1]
    for (low, low_weight), (high, high_weight) in pairwise(curve):
        if low <= score < high:
            weight = low_weight + (high_weight - low_weight) * (score - low) / (high - low)
            break
    return Bps(int(weight * WEIGHT_ONE))


@dataclass(frozen=True, slots=True)
class DonorWeights:
    """Weight of each account in bps, and which accounts belong to one identity.

    Attributes:
        weight: account or identity -> bps. Who is not listed has the default of the round.
        identity: account -> identity. Who is not listed is an identity of its own.
    """

    weight: Mapping[str, Bps] = field(default_factory=dict)
    identity: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, rule: WeightRule, weights: Any = None, scores: Any = None, links: Any = None) -> DonorWeights:
        """Return the weights given in plain form.

        Args:
            rule: the weight rule of the round; its curve turns scores into weights.
            weights: {donor: weight} with weights between 0 and the maximum of the round, or an array in which
                donor number i has weight[i].
            scores: {donor: score}; a donor with both has the weight.
            links: {account: identity}.

        >>> DonorWeights.of(WeightRule(), {"ann": "0.25"}, links={"bob": "ann"})
        DonorWeights(weight={'ann': 2500}, identity={'bob': 'ann'})

        Raises:
            WeightError: naming every malformed weight, score and link.
        """
        if isinstance(weights, DonorWeights):
            return weights
        problems: list[Problem] = []
        read = _read_scores(rule, scores, problems) | _read_weights(rule, weights, problems)
        identity = _read_links(links, problems)
        if problems:
            raise WeightError(problems)
        return cls(read, identity)

    def identify(self, donor: Column, rule: WeightRule) -> Identities:
        """Return the identity behind every code of `donor`, and its weight."""
        unweighted = not self.weight and rule.default == WEIGHT_ONE
        if not self.identity and unweighted:
            return Identities(None, donor.names, None)
        names = tuple(donor.names)
        behind = [self.identity.get(name, name) for name in names]
        ordered = tuple(sorted(set(behind)))
        code = {name: position for position, name in enumerate(ordered)}
        of_donor = np.fromiter((code[name] for name in behind), np.int32, len(behind))
        same = ordered == names
        weight = None if unweighted else self._weights(code, rule)
        return Identities(None if same else of_donor, ordered, weight)

    def _weights(self, code: Mapping[str, int], rule: WeightRule) -> NDArray[np.int64]:
        """Weight of each identity, given its code: the largest among its accounts, whether or not they gave."""
        known = {name: self.weight[name] for name in code if name in self.weight}
        for account, identity in self.identity.items():
            if account in self.weight and identity in code:
                known[identity] = max(known.get(identity, Bps(0)), self.weight[account])
        return np.fromiter((known.get(name, rule.default) for name in code), np.int64, len(code))


@dataclass(frozen=True, slots=True)
class Identities:
    """The people of a round.

    Attributes:
        of_donor: identity code of each donor code, shape (donors,); None when every donor is an identity.
        names: name of each identity.
        weight: bps of each identity, shape (identities,); None when everybody counts in full.
    """

    of_donor: Codes | None
    names: Sequence[str]
    weight: NDArray[np.int64] | None

    def codes(self, donor: Column) -> Codes:
        """Return the identity code of each row, shape (rows,)."""
        return donor.codes if self.of_donor is None else self.of_donor[donor.codes]


def _read_weights(rule: WeightRule, weights: Any, problems: list[Problem]) -> dict[str, Bps]:
    if weights is None:
        return {}
    if not isinstance(weights, Mapping | np.ndarray):
        problems.append(Problem("weights", "are neither a mapping nor an array", "give {donor: weight}"))
        return {}
    items = (
        zip(IntegerNames(len(weights)), weights, strict=True) if isinstance(weights, np.ndarray) else weights.items()
    )
    read: dict[str, Bps] = {}
    for donor, given in items:
        try:
            bps = Bps(int(exact(given) * WEIGHT_ONE))
            if bps > rule.max_weight:
                raise ValueError(f"{given} is above {Fraction(rule.max_weight, WEIGHT_ONE)}")
            _put(read, canonical_name(str(donor)), bps)
        except ValueError as error:
            problems.append(Problem(f"weight of {donor}", str(error), "give a weight between 0 and the maximum"))
    return read


def _read_scores(rule: WeightRule, scores: Any, problems: list[Problem]) -> dict[str, Bps]:
    if scores and not rule.curve:
        problems.append(Problem("scores", "the round has no curve", "set [weights] curve, or give weights"))
        return {}
    read: dict[str, Bps] = {}
    for donor, given in (scores or {}).items():
        try:
            _put(read, canonical_name(str(donor)), curve_weight(exact(given), rule.curve))
        except ValueError as error:
            problems.append(Problem(f"score of {donor}", str(error), "give a score of 0 or more"))
    return read


def _put(read: dict[str, Bps], name: str, weight: Bps) -> None:
    """Two spellings of one account must not weigh differently."""
    if read.setdefault(name, weight) != weight:
        raise ValueError(f"{name} has another weight too, in another spelling")


def _read_links(links: Any, problems: list[Problem]) -> dict[str, str]:
    read: dict[str, str] = {}
    for account, identity in (links or {}).items():
        try:
            name, behind = canonical_name(str(account)), canonical_name(str(identity))
            if read.setdefault(name, behind) != behind:
                raise ValueError(f"leads to {read[name]} too, in another spelling")
        except ValueError as error:
            problems.append(Problem(f"link of {account}", str(error), "give account and identity"))
    for account, identity in read.items():
        if read.get(identity, identity) != identity:
            told = f"leads to {identity}, which is itself linked to {read[identity]}"
            problems.append(Problem(f"link of {account}", told, "link every account to the identity itself"))
    return read
