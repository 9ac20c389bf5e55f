"""Stages 9 and 10 once more, written the slow and obvious way: Fractions, loops, no shared code.

Nothing here imports `qf.pool`, `qf.caps` or `qf.payouts`, and each step uses another algorithm than they do:
water-filling is clip and hand out until it stands still, the logarithm is a series, the largest remainder is found
one unit at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import floor

from qf.round import CapPolicy, Pool, PoolPolicy, Rounding

Row = list[Fraction]
"""One amount per project, in base units."""


class TwinUndefined(Exception):
    """The twin says that this mechanism is undefined here."""


def twin_divide(ideal: Row, direct: Row, pool: Pool) -> tuple[Row, Row, bool]:
    """Return (scaled, capped, saturated)."""
    no_cap = pool.match_cap_amount is None and pool.match_cap_fraction == 1
    cap = Fraction(pool.match_cap)
    if pool.cap is CapPolicy.CLIP_IDEAL and not no_cap:
        ideal = [min(x, cap) for x in ideal]
    scaled = twin_scale(ideal, direct, pool)
    asked = sum(ideal, Fraction(0))
    if pool.policy is PoolPolicy.ALPHA:
        asked += sum(direct, Fraction(0))
    capped = scaled if no_cap else twin_cap(scaled, cap, pool.cap)
    return scaled, capped, asked >= pool.amount


def twin_scale(ideal: Row, direct: Row, pool: Pool) -> Row:
    """Return the ideal matches under the pool policy."""
    amount, asked = Fraction(pool.amount), sum(ideal, Fraction(0))
    if pool.policy is PoolPolicy.ALPHA:
        return twin_alpha(ideal, direct, amount)
    if asked == 0:
        return [Fraction(0) for _ in ideal]
    if pool.policy is PoolPolicy.LEAVE and asked <= amount:
        return list(ideal)
    if pool.policy is PoolPolicy.LOG_BOOST and asked < amount:
        return [x * (1 + twin_ln(amount / asked) / 100) for x in ideal]
    return [x / asked * amount for x in ideal]


def twin_alpha(ideal: Row, direct: Row, amount: Fraction) -> Row:
    """Return direct + alpha * ideal, alpha cut after 18 decimal places."""
    given, asked = sum(direct, Fraction(0)), sum(ideal, Fraction(0))
    if given == 0 or given > amount or asked == 0:
        raise TwinUndefined
    alpha = Fraction(floor((amount - given) / asked * 10**18), 10**18)
    return [gift + alpha * x for gift, x in zip(direct, ideal, strict=True)]


def twin_ln(ratio: Fraction, places: int = 90) -> Fraction:
    """Return ln(ratio), ratio > 1, to 12 significant digits: 2 artanh((r - 1) / (r + 1)), with the twos taken out."""
    twos = 0
    while ratio >= 2:
        ratio, twos = ratio / 2, twos + 1
    value = _ln_near_one(ratio, places) + twos * _ln_near_one(Fraction(2), places)
    exponent = 0
    while value * Fraction(10) ** exponent < 10**11:
        exponent += 1
    while value * Fraction(10) ** exponent >= 10**12:
        exponent -= 1
    return round(value * Fraction(10) ** exponent) / Fraction(10) ** exponent


def _ln_near_one(ratio: Fraction, places: int) -> Fraction:
    one = 10**places
    z = round((ratio - 1) / (ratio + 1) * one)
    power, total, k = z, 0, 1
    while power:
        total += power // k
        power, k = power * z * z // (one * one), k + 2
    return Fraction(2 * total, one)


def twin_cap(row: Row, cap: Fraction, policy: CapPolicy) -> Row:
    """Return the amounts after the cap policy."""
    if policy is CapPolicy.CLIP_IDEAL:
        return row
    if policy is CapPolicy.ITERATIVE:
        row = [Fraction(floor(x)) for x in row]
    while True:
        over = sum((x - cap for x in row if x > cap), Fraction(0))
        under = sum((x for x in row if x < cap), Fraction(0))
        row = [min(x, cap) for x in row]
        if policy is CapPolicy.CLIP or over == 0 or under == 0:
            return row
        gains = [x * over / under if x < cap else Fraction(0) for x in row]
        if policy is CapPolicy.ITERATIVE:
            gains = [Fraction(floor(gain)) for gain in gains]
        row = [x + gain for x, gain in zip(row, gains, strict=True)]
        if policy is CapPolicy.ONE_PASS:
            return [min(x, cap) for x in row]


def twin_to_base_units(row: Row, rounding: Rounding, project_ids: Sequence[str]) -> list[int]:
    """Return whole base units: floors, then one unit at a time to whoever is owed most, ties to the smallest id."""
    payouts = [floor(x) for x in row]
    if rounding is Rounding.FLOOR:
        return payouts
    while sum(payouts) < floor(sum(row, Fraction(0))):
        owed = [x - payout for x, payout in zip(row, payouts, strict=True)]
        winner = min(range(len(row)), key=lambda p: (-owed[p], project_ids[p]))
        payouts[winner] += 1
    return payouts
