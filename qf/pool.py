"""Stage 9: ideal matches are scaled to the pool, then capped. Exact rationals, in base units of the payout token.

With x an ideal match, T the sum of all, B the pool:

    fill       x B / T
    leave      x               if T <= B, else x B / T
    log_boost  x (1 + L / 100) if T < B,  else x B / T           L = ln(B / T) to 12 significant digits
    alpha      direct + a x / 10**18                             a = floor((B - D) 10**18 / T), D = sum of direct

Nothing is ever divided by T = 0: when nobody is to be matched, every match is 0 and the pool is left (`alpha`
raises, as the contract does). The sum is at most B under every policy. Caps are in `qf.caps`.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import MAX_EMAX, MIN_EMIN, ROUND_HALF_EVEN, Context, Decimal, DivisionByZero, InvalidOperation, Overflow
from fractions import Fraction
from math import lcm

from qf.caps import apply_cap, clip, has_cap
from qf.errors import InvariantError, NoMatchError
from qf.round import CapPolicy, Pool, PoolPolicy
from qf.units import Amounts, format_decimal

ALPHA_ONE = 10**18
"""What alpha is counted in: alpha = 10**18 pays every ideal match in full. ALPHA_PRECISION of clr.fund."""

LOG_DIGITS = 50
"""Significant digits B / T and its logarithm are computed with."""

BOOST_DIGITS = 12
"""Significant digits of the logarithm that are kept; from there on it is exact."""


@dataclass(frozen=True, slots=True)
class Division:
    """How the pool is divided, before amounts become whole base units.

    Attributes:
        scaled: after the pool policy; base units, one per project.
        capped: after the cap; base units, one per project. The pool minus its sum is unspent.
        saturated: the round asks for at least the pool, before scaling: T >= B; under `alpha` T + D >= B, as what is
            asked for there includes the contributions. Under `clip_ideal`, T is the sum of what the cap leaves.
    """

    scaled: Amounts
    capped: Amounts
    saturated: bool


def divide(ideal: Amounts, direct: Amounts, pool: Pool) -> Division:
    """Return what each project gets of `pool`, scaled and capped.

    Args:
        ideal: ideal matches, base units of the payout token, one per project. Under `fill` without `clip_ideal` only
            proportions matter and any unit will do; `saturated` then compares whatever numbers are given.
        direct: direct contributions, same unit and projects; read by `alpha` only.
        pool: the money and the rules.

    Returns:
        Amounts in base units, over one common denominator each.

    Raises:
        NoMatchError: `alpha` is undefined on these contributions.
        InvariantError: more than the pool was given out, or a cap policy broke its promise.

    >>> from qf.units import BaseUnits
    >>> pool = Pool(BaseUnits(20))
    >>> [format_decimal(x, 3) for x in divide(Amounts((22, 32)), Amounts((14, 32)), pool).capped.fractions()]
    ['8.148', '11.851']
    """
    cut_first = pool.cap is CapPolicy.CLIP_IDEAL and has_cap(pool)
    asked = clip(ideal, pool.match_cap) if cut_first else ideal
    scaled = _scale(asked, direct, pool)
    if scaled.total > pool.amount:
        raise InvariantError(f"{pool.policy} gives {scaled.total} base units out of a pool of {pool.amount}")
    owed = asked.total + direct.total if pool.policy is PoolPolicy.ALPHA else asked.total
    return Division(scaled, apply_cap(scaled, pool), saturated=owed >= pool.amount)


def _scale(ideal: Amounts, direct: Amounts, pool: Pool) -> Amounts:
    """Return `ideal` under the policy of `pool`."""
    match pool.policy:
        case PoolPolicy.FILL:
            return _fill(ideal, pool.amount)
        case PoolPolicy.LEAVE:
            return ideal if ideal.total <= pool.amount else _fill(ideal, pool.amount)
        case PoolPolicy.LOG_BOOST:
            return _log_boost(ideal, pool.amount)
        case PoolPolicy.ALPHA:
            return _alpha(ideal, direct, pool.amount)


def _fill(ideal: Amounts, amount: int) -> Amounts:
    """Return x B / T for each x; all zero if T = 0. The common denominator of `ideal` cancels.

    >>> _fill(Amounts((1, 3), 7), 100).fractions()
    (Fraction(25, 1), Fraction(75, 1))
    """
    whole = sum(ideal.numerators)
    if not whole:
        return ideal
    return Amounts(tuple(numerator * amount for numerator in ideal.numerators), whole)


def _log_boost(ideal: Amounts, amount: int) -> Amounts:
    """Return x (1 + ln(B / T) / 100) if 0 < T < B, else x B / T.

    ln r <= r - 1, so the boosted sum stays below B.

    >>> _log_boost(Amounts((4, 4)), 10).fractions()[0] == 4 * (1 + Fraction("0.223143551314") / 100)
    True

    Source: gitcoinco/web 00039ca7, app/grants/clr.py (rounds 1-15).
    """
    total = ideal.total
    if total == 0 or total >= amount:
        return _fill(ideal, amount)
    return ideal.times(1 + _ln(amount / total) / 100)


def _ln(ratio: Fraction) -> Fraction:
    """Return the natural logarithm of `ratio` > 0 to `BOOST_DIGITS` significant digits, as an exact fraction.

    The contexts are our own: the ambient Decimal context could change the result.

    >>> format_decimal(_ln(Fraction(2)), 20), format_decimal(_ln(Fraction(1000)), 20)
    ('0.69314718056', '6.90775527898')
    """
    traps = [InvalidOperation, DivisionByZero, Overflow]
    wide = Context(LOG_DIGITS, ROUND_HALF_EVEN, MIN_EMIN, MAX_EMAX, traps=traps)
    quotient = wide.divide(Decimal(ratio.numerator), Decimal(ratio.denominator))
    logarithm = wide.ln(quotient)
    wide.prec = BOOST_DIGITS
    return Fraction(wide.plus(logarithm))


def _alpha(ideal: Amounts, direct: Amounts, amount: int) -> Amounts:
    """Return direct + a x / 10**18 for each project, a = floor((B - D) 10**18 / T), not clamped to 1.

    The pool is one balance that holds the matching money and the contributions, which come first. For whole numbers
    the floor of each result is the `getAllocatedAmount` of the contract, to the wei.

    >>> _alpha(Amounts((8, 0)), Amounts((2, 1)), 7).fractions()
    (Fraction(6, 1), Fraction(1, 1))

    Source: clrfund/monorepo f0073b10, contracts/contracts/FundingRound.sol, `calcAlpha`, `getAllocatedAmount`.
    """
    given, asked = direct.total, ideal.total
    if given == 0:
        raise NoMatchError("no votes: nobody gave anything")
    if amount < given:
        told = format_decimal(given, 2)
        raise NoMatchError(f"the budget of {amount} base units is smaller than the contributions of {told}")
    if asked == 0:
        raise NoMatchError("nothing to match: no project has more than one vote (or the cap is 0)")
    alpha = (amount - given) * ALPHA_ONE // asked
    common = lcm(direct.denominator, ideal.denominator * ALPHA_ONE)
    per_direct = common // direct.denominator
    per_ideal = alpha * (common // (ideal.denominator * ALPHA_ONE))
    pairs = zip(direct.numerators, ideal.numerators, strict=True)
    return Amounts(tuple(gift * per_direct + match * per_ideal for gift, match in pairs), common)
