"""What the round knows of its donors: a score or a verdict on each account, and what an account costs."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from qf.round import WeightRule
from qf.units import WEIGHT_ONE
from simulations.parts import Models, key


class Identity(Protocol):
    """Weighs accounts."""

    price: float
    """What one more account costs an attacker, in units."""

    def weigh(self, rng: np.random.Generator, sybil: NDArray[np.bool_], rule: WeightRule) -> NDArray[np.int64] | None:
        """Return the weight of each account in bps, shape (accounts,); None: all count in full."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nothing is known of anybody: every account counts in full."""

    model: ClassVar[str] = "unknown"
    price: float = key("what one more account costs an attacker, in units", 0.0, least=0.0)

    def weigh(self, rng: np.random.Generator, sybil: NDArray[np.bool_], rule: WeightRule) -> None:
        """Return None: all count in full."""
        return


@dataclass(frozen=True, slots=True)
class Detection:
    """Sybils are found with a chance, and so, wrongly, are honest donors; whoever is found counts for nothing."""

    model: ClassVar[str] = "detection"
    price: float = key("what one more account costs an attacker, in units", 0.0, least=0.0)
    recall: float = key("chance that a sybil is found", 0.8, least=0.0, most=1.0)
    false_alarm: float = key("chance that an honest donor is taken for a sybil", 0.05, least=0.0, most=1.0)

    def weigh(self, rng: np.random.Generator, sybil: NDArray[np.bool_], rule: WeightRule) -> NDArray[np.int64]:
        """Return the weight of each account in bps, shape (accounts,)."""
        found = rng.random(len(sybil)) < np.where(sybil, self.recall, self.false_alarm)
        return np.where(found, 0, WEIGHT_ONE).astype(np.int64)


@dataclass(frozen=True, slots=True)
class Scores:
    """Every account has a score, which the curve under [weights] turns into a weight, as in a real round.

    Without a curve the score is a Passport score: 0 below 15, one half at 15, rising to 1 at 25.
    """

    model: ClassVar[str] = "scores"
    price: float = key("what one more account costs an attacker, in units", 0.0, least=0.0)
    honest: float = key("mean score of honest donors", 22.0, least=0.0)
    sybil: float = key("mean score of sybils", 8.0, least=0.0)
    spread: float = key("standard deviation of either", 6.0, least=0.0)

    def weigh(self, rng: np.random.Generator, sybil: NDArray[np.bool_], rule: WeightRule) -> NDArray[np.int64]:
        """Return the weight of each account in bps, shape (accounts,)."""
        curve = rule.curve or PASSPORT
        score = np.where(sybil, self.sybil, self.honest) + self.spread * rng.standard_normal(len(sybil))
        at, weight = (np.array([float(point[place]) for point in curve]) for place in (0, 1))
        interpolated = np.interp(score, at, weight, left=0.0)
        return np.asarray(np.floor(interpolated * WEIGHT_ONE), dtype=np.int64)


PASSPORT = ((Fraction(15), Fraction(1, 2)), (Fraction(25), Fraction(1)))
"""The curve of Gitcoin's rounds from GG19 on: score -> weight."""

IDENTITIES: Models = {kind.model: kind for kind in (Unknown, Detection, Scores)}
"""The kinds of identity."""
