"""The rules of a round: frozen before the first donation, and published with the result.

A `Round` holds every choice that can move money, resolved: nothing is left to a default that may change later.
Presets and files are turned into a `Round` by `qf.rules`; this module only says what a round is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction

from qf.errors import Problem, RoundError
from qf.units import WEIGHT_ONE, BaseUnits, Bps, RoundUnits


class PoolPolicy(StrEnum):
    """How ideal matches become shares of the pool."""

    FILL = "fill"
    """The whole pool is shared in proportion to the ideal matches."""
    LEAVE = "leave"
    """Ideal matches are paid as they are, scaled down only when they ask for more than the pool."""
    LOG_BOOST = "log_boost"
    """As `leave`, but an unsaturated match is multiplied by 1 + ln(pool / sum) / 100 (Gitcoin rounds 1-15)."""
    ALPHA = "alpha"
    """Capital-constrained QF: alpha * ideal + direct contributions, paid out of one balance (clr.fund)."""


class CapPolicy(StrEnum):
    """What happens to the match of a project above the cap."""

    CLIP = "clip"
    """It is cut to the cap; the excess stays unspent."""
    REDISTRIBUTE = "redistribute"
    """Exact water-filling: capped projects are pinned, the others share the excess in proportion."""
    ITERATIVE = "iterative"
    """Grants Stack's loop on integers: clip, hand the excess to those below, floor, repeat."""
    ONE_PASS = "one_pass"
    """TEC: clip, hand the excess out once, clip again; what is above the cap then stays unspent."""
    CLIP_IDEAL = "clip_ideal"
    """Ideal matches are cut to the cap before they are scaled to the pool (Gitcoin rounds 1-15)."""


class Rounding(StrEnum):
    """How exact amounts become whole base units."""

    LARGEST_REMAINDER = "largest_remainder"
    """Floor, then one unit each to the largest remainders; ties by project id. The sum is kept."""
    FLOOR = "floor"
    """Floor; what is cut off stays unspent (Grants Stack, Octant)."""


class WeightConvention(StrEnum):
    """Where the weight w of an identity enters the formula."""

    INSIDE_ROOT = "inside_root"
    """sqrt(w c): w = 0.5 keeps 71 % of the root, 0.01 keeps 10 %. Gitcoin, Octant."""
    ON_ROOT = "on_root"
    """w sqrt(c): with w = P(unique human) this is the exact expected match."""
    GATE = "gate"
    """Counted if and only if w = 1."""
    PAIRWISE_MIN = "pairwise_min"
    """The pair of i and j counts min(w_i, w_j)."""
    PER_DONATION = "per_donation"
    """Each donation is multiplied by w and floored before anything is added up (Grants Stack)."""
    TRUST = "trust"
    """Not applied to money: the mechanism reads w as the trust in a donor (Gitcoin rounds 1-15)."""


class MinimumScope(StrEnum):
    """What the minimum donation is compared with."""

    IDENTITY_PROJECT = "identity_project"
    """All that one identity gave one project (Giveth: aggregate first)."""
    DONATION = "donation"
    """Each donation by itself (Grants Stack)."""


@dataclass(frozen=True, slots=True)
class Pool:
    """The money to match with, and how it is divided.

    Attributes:
        amount: what there is to pay out, in base units of `token`.
        token: symbol or address of the payout token.
        decimals: base units per whole token, as a power of ten.
        policy: how ideal matches become shares of the pool.
        cap: what happens above the cap; without effect when there is no cap.
        match_cap_fraction: the cap as a fraction of the pool in (0, 1]; 1 means none.
        match_cap_amount: the cap in base units, instead of a fraction (then `match_cap_fraction` is 1).
        rounding: how exact amounts become base units.
        min_payout: a project whose payout would be smaller gets nothing; 0 means no minimum. Base units.
    """

    amount: BaseUnits
    token: str = ""
    decimals: int = 0
    policy: PoolPolicy = PoolPolicy.FILL
    cap: CapPolicy = CapPolicy.REDISTRIBUTE
    match_cap_fraction: Fraction = Fraction(1)
    match_cap_amount: BaseUnits | None = None
    rounding: Rounding = Rounding.LARGEST_REMAINDER
    min_payout: BaseUnits = BaseUnits(0)

    def __post_init__(self) -> None:
        told = [
            Problem("[pool] amount", f"{self.amount} is negative", "give what there is to pay out")
            if self.amount < 0
            else None,
            Problem("[pool] match_cap_fraction", f"{self.match_cap_fraction} is not above 0 and at most 1", "1: no cap")
            if not 0 < self.match_cap_fraction <= 1
            else None,
            Problem("[pool] match_cap_amount", "there is a match_cap_fraction too", "give one of them")
            if self.match_cap_amount is not None and self.match_cap_fraction != 1
            else None,
        ]
        problems = [problem for problem in told if problem is not None]
        if problems:
            raise RoundError(problems)

    @property
    def match_cap(self) -> BaseUnits:
        """The most one project may get, in base units: floor(fraction * pool), or the given amount.

        >>> Pool(BaseUnits(1_000), match_cap_fraction=Fraction("0.0435")).match_cap
        43
        """
        if self.match_cap_amount is not None:
            return min(self.match_cap_amount, self.amount)
        return BaseUnits(self.amount * self.match_cap_fraction.numerator // self.match_cap_fraction.denominator)


@dataclass(frozen=True, slots=True)
class MechanismRule:
    """Which formula is used, and its parameters as text (see docs/mechanisms/)."""

    id: str = "quadratic"
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EligibilityRule:
    """Which donations count.

    Attributes:
        min_donation: smallest donation that counts, in round units; 0 means none.
        min_donation_scope: what `min_donation` is compared with.
        allow_self_donation: whether an owner's donation to the own project counts.
        excluded_donors: accounts whose donations never count, nor those of accounts linked to them.
    """

    min_donation: RoundUnits = RoundUnits(0)
    min_donation_scope: MinimumScope = MinimumScope.IDENTITY_PROJECT
    allow_self_donation: bool = False
    excluded_donors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WeightRule:
    """How evidence about a donor becomes a weight.

    Attributes:
        convention: where the weight enters the formula.
        curve: points (score, weight) with rising scores; linear between them, 0 below the first, flat above the last.
            Used for donors who come with a score. Empty: scores are refused.
        default: weight of a donor of whom nothing is known, in bps.
        max_weight: largest weight a donor may be given, in bps.
    """

    convention: WeightConvention = WeightConvention.INSIDE_ROOT
    curve: tuple[tuple[Fraction, Fraction], ...] = ()
    default: Bps = Bps(WEIGHT_ONE)
    max_weight: Bps = Bps(WEIGHT_ONE)


@dataclass(frozen=True, slots=True)
class Round:
    """Rules and dates of a round.

    Attributes:
        id, title: name for machines and for people.
        unit: what amounts are written in (JPY, USD, ETH).
        unit_decimals: amounts may have this many decimal places; they are held as integers of 1 / 10**unit_decimals.
        pool, mechanism, eligibility, weights: the four groups of rules.
        opens, closes: seconds since 1970 UTC; a donation counts if opens <= time < closes. None: no limit.
        reconciled: whether it is settled only once its donations were reconciled with where they came from.
    """

    id: str
    pool: Pool
    title: str = ""
    unit: str = ""
    unit_decimals: int = 0
    mechanism: MechanismRule = MechanismRule()
    eligibility: EligibilityRule = EligibilityRule()
    weights: WeightRule = WeightRule()
    opens: int | None = None
    closes: int | None = None
    reconciled: bool = False
