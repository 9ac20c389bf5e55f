"""Every mechanism once more, in the fewest and plainest steps: loops over dicts, `Fraction` and `math`, no arrays.

A twin takes a `Case` and returns project -> ideal match in round units. Integer mechanisms have to be equal to their
twin; what is computed in float64 has to be close.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal, localcontext
from fractions import Fraction
from itertools import combinations, permutations, product
from math import isqrt, prod
from typing import Any

from qf.mechanisms import mechanism
from qf.round import WeightConvention as Where

Gifts = Mapping[tuple[str, str], int]
"""(donor, project) -> round units."""

Matches = dict[str, Any]
"""project -> round units, `Fraction` or float."""

ONE = 10_000
"""Full weight."""


@dataclass(frozen=True)
class Case:
    """A round. `weights` are in bps; who is not listed counts in full."""

    gifts: Gifts
    projects: tuple[str, ...]
    parameters: Mapping[str, str] = field(default_factory=dict)
    convention: Where = Where.INSIDE_ROOT
    weights: Mapping[str, int] = field(default_factory=dict)
    against: Gifts = field(default_factory=dict)
    attributes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    unit_decimals: int = 0

    def setting(self, name: str) -> str:
        return self.parameters.get(name, mechanism(self.id).parameters[name].default)

    id: str = "quadratic"

    def w(self, donor: str) -> int:
        return self.weights.get(donor, ONE)

    def screened(self) -> Case:
        """Without donors who do not count; under per_donation and gate nobody has a weight any more."""
        least = ONE if self.convention is Where.GATE else 1
        each = self.convention is Where.PER_DONATION

        def kept(gifts: Gifts) -> dict[tuple[str, str], int]:
            rows = {pair: amount for pair, amount in gifts.items() if self.w(pair[0]) >= least}
            return {pair: amount * self.w(pair[0]) // ONE if each else amount for pair, amount in rows.items()}

        weights = {} if each or self.convention is Where.GATE else self.weights
        return replace(self, gifts=kept(self.gifts), against=kept(self.against), weights=weights)

    def of(self, project: str) -> dict[str, int]:
        """Donor -> gift to `project`, where above 0."""
        return {donor: amount for (donor, q), amount in self.gifts.items() if q == project and amount}

    def inside(self, donor: str) -> Fraction:
        """What an amount is multiplied by before its root."""
        return Fraction(self.w(donor), ONE) if self.convention is Where.INSIDE_ROOT else Fraction(1)

    def whole(self, donor: str, amount: int) -> float:
        return float(amount * self.inside(donor) / 10**self.unit_decimals)


def root(value: Fraction, bits: int, scale: int) -> Fraction:
    """Return sqrt(value) cut to `bits` binary places of sqrt(value * scale), times sqrt(scale)."""
    return Fraction(isqrt(int(value * scale) << 2 * bits), 1 << bits)


def quadratic(case: Case) -> Matches:
    bits, subtract = int(case.setting("root_bits")), case.setting("subtract")
    inside, on_root = case.convention is Where.INSIDE_ROOT, case.convention is Where.ON_ROOT
    found = {}
    for project in case.projects:
        gifts = case.of(project)
        r = {i: root(case.inside(i) * c, bits, ONE if inside else 1) for i, c in gifts.items()}
        if case.convention is Where.PAIRWISE_MIN:
            pairs = permutations(gifts, 2) if subtract != "nothing" else product(gifts, gifts)
            found[project] = sum(
                (Fraction(min(case.w(i), case.w(j)), ONE) * r[i] * r[j] for i, j in pairs), Fraction(0)
            )
            continue
        outer = {i: Fraction(case.w(i), ONE) if on_root else Fraction(1) for i in gifts}
        scale = ONE if inside else 1
        taken = {
            "direct": sum((case.inside(i) * outer[i] ** 2 * c for i, c in gifts.items()), Fraction(0)),
            "squared_roots": sum(((outer[i] * r[i]) ** 2 for i in gifts), Fraction(0)) / scale,
            "nothing": Fraction(0),
        }[subtract]
        found[project] = max(Fraction(0), sum((outer[i] * r[i] for i in gifts), Fraction(0)) ** 2 / scale - taken)
    return found


def pairwise(case: Case) -> Matches:
    strength, clr = float(case.setting("strength")), case.setting("variant") == "clr"
    s: defaultdict[str, dict[str, float]] = defaultdict(dict)
    for (donor, project), amount in case.gifts.items():
        s[donor][project] = math.sqrt(case.whole(donor, amount))
    found = dict.fromkeys(case.projects, 0.0)
    for i, j in combinations(sorted(s), 2):
        both = s[i].keys() & s[j].keys()
        reach = strength * (max(case.w(i), case.w(j)) / ONE if case.convention is Where.TRUST else 1)
        k = reach / (reach + sum(s[i][q] * s[j][q] for q in both))
        k *= min(case.w(i), case.w(j)) / ONE if case.convention is Where.PAIRWISE_MIN else 1
        for project in both:
            found[project] += k * s[i][project] * s[j][project] * (1 if clr else 2)
    return in_round_units(found, case)


def in_round_units(matches: Matches, case: Case) -> Matches:
    return {project: value * 10**case.unit_decimals for project, value in matches.items()}


def cluster_connection(case: Case) -> Matches:
    gifts = {(i, p): case.whole(i, c) for (i, p), c in case.gifts.items() if c}
    donors = sorted({i for i, _ in gifts})
    a: dict[str, dict[str, float]] = {i: {p: c for (j, p), c in gifts.items() if j == i} for i in donors}
    if case.setting("groups") == "declared":
        names = {i: case.attributes.get("group", {}).get(i, "").split("|") for i in donors}
        a = {i: {g.strip(): 1.0 for g in names[i] if g.strip()} for i in donors}
    groups = sorted({g for row in a.values() for g in row})
    n = {i: {g: a[i].get(g, 0) / sum(a[i].values()) if a[i] else 0 for g in groups} for i in donors}
    size = {g: sum(a[i].get(g, 0) for i in donors) for g in groups}
    k = {i: {g: 1.0 if g in a[i] else closeness(case, i, g, a, n, size) for g in groups} for i in donors}
    found = {}
    for p in case.projects:
        c = {i: gifts[i, p] for i in donors if (i, p) in gifts}
        soft = case.setting("variant") == "soft"
        b = {
            (g, h): sum((k[i][g] * math.sqrt(x) * soft + (1 - k[i][g]) * x) * n[i][h] for i, x in c.items())
            for g, h in permutations(groups, 2)
        }
        found[p] = sum(math.sqrt(b[g, h] * b[h, g]) for g, h in b)
    if not any(found.values()) and gifts:
        plain = replace(case, id="quadratic", parameters={})
        return quadratic(plain)
    return in_round_units(found, case)


def closeness(
    case: Case, i: str, g: str, a: Mapping[str, Any], n: Mapping[str, Any], size: Mapping[str, float]
) -> float:
    """Return k for a donor i who is not in g."""
    if case.setting("style") == "markov":
        return float(sum(n[i][h] * sum(a[j].get(h, 0) / size[h] * n[j][g] for j in a) for h in a[i]))
    friends = [j for j in a if a[j].keys() & a[i].keys()]
    return sum(g in a[j] for j in friends) / len(friends) if friends else 0.0


def grouped(case: Case, group_of: Callable[[str, str], Any], factor: Mapping[str, Fraction] | None = None) -> Matches:
    """Return (sum over groups of the root of what they gave)**2, without anything subtracted."""
    bits = int(case.setting("root_bits"))
    scale = (ONE if case.convention is Where.INSIDE_ROOT else 1) * (1 if factor is None else 10**12)
    found = {}
    for project in case.projects:
        given: defaultdict[Any, Fraction] = defaultdict(Fraction)
        for donor, amount in case.of(project).items():
            given[group_of(donor, project)] += amount * case.inside(donor) * (factor[donor] if factor else 1)
        roots = (root(total, bits, scale) for total in given.values())
        found[project] = sum(roots, Fraction(0)) ** 2 / scale
    return found


def direct(case: Case, factor: Mapping[str, Fraction] | None = None) -> Matches:
    return {
        p: sum((c * case.inside(i) * (factor[i] if factor else 1) for i, c in case.of(p).items()), Fraction(0))
        for p in case.projects
    }


def less(matches: Matches, taken: Matches) -> Matches:
    return {project: max(Fraction(0), match - taken[project]) for project, match in matches.items()}


def support(case: Case) -> Callable[[str, str], Any]:
    return lambda donor, _: frozenset(p for p in case.projects if donor in case.of(p))


def cluster_profile(case: Case) -> Matches:
    return less(grouped(case, support(case)), direct(case))


def cluster_declared(case: Case) -> Matches:
    declared = {donor: name for donor, name in case.attributes.get("group", {}).items() if name.strip()}

    def group_of(donor: str, project: str) -> str:
        if donor in declared:
            return declared[donor]
        sizes: defaultdict[str, Fraction] = defaultdict(Fraction)
        for other, amount in case.of(project).items():
            if other in declared:
                sizes[declared[other]] += amount * case.inside(other)
        return min(sizes, key=lambda name: (-sizes[name], name)) if sizes else ""

    return less(grouped(case, group_of), direct(case))


def proportional(case: Case) -> Matches:
    return direct(case)


def headcount(case: Case) -> Matches:
    return {p: sum((case.inside(i) for i in case.of(p)), Fraction(0)) for p in case.projects}


def equal(case: Case) -> Matches:
    return dict.fromkeys(case.projects, Fraction(1))


def tunable(case: Case) -> Matches:
    donors = {donor for donor, _ in case.gifts}
    factor = {donor: boost(case, donor) for donor in donors}
    by = support(case) if case.setting("base") == "cluster_profile" else lambda donor, _: donor
    squares = grouped(case, by, factor)
    taken = {"direct": direct(case), "boosted": direct(case, factor), "nothing": dict.fromkeys(case.projects, 0)}
    return less(squares, taken[case.setting("subtract")])


def boost(case: Case, donor: str) -> Fraction:
    values = []
    with localcontext(prec=60):
        for text in filter(None, case.setting("boosts").split(",")):
            name, kind, *settings = text.split(":")
            told = {"max": "1", "threshold": "0", **dict(setting.split("=") for setting in settings)}
            numbers = {key: Decimal(value) for key, value in told.items()}
            table = {who: Decimal(x) for who, x in case.attributes[name].items()}
            x = table.get(donor, Decimal(-1))
            if x >= numbers["threshold"]:
                values.append(1 + (numbers["max"] - 1) * evidence(kind, x, max(table.values()), numbers))
        rule = case.setting("combine")
        combine: dict[str, Callable[[list[Decimal]], Decimal | int]] = {"max": max, "sum": sum, "product": prod}
        combined = Decimal(combine[rule](values)) if values else Decimal(0)
        return Fraction((1 + Decimal(case.setting("factor")) * combined).quantize(Decimal("1e-12")))


def evidence(kind: str, x: Decimal, top: Decimal, numbers: Mapping[str, Decimal]) -> Decimal:
    """Return f(x) in the ambient context."""
    one, t = Decimal(1), numbers["threshold"]
    if kind == "linear":
        return (x - t + 1) / (top - t + 1)
    if kind == "log_linear":
        return (((x + 1) / (t + 1)).ln() + 1) / (((top + 1) / (t + 1)).ln() + 1)
    if kind == "normal":
        return max(Decimal(0), min(one, (x - numbers["mean"]) / numbers["deviation"]))
    if kind == "logistic":
        return one / (1 + (numbers["steepness"] * (numbers["midpoint"] - x)).exp())
    return one


def alpha_constrained(case: Case) -> Matches:
    factor = int(case.setting("voice_credit_factor"))
    found = {}
    for project in case.projects:
        whole = [isqrt(amount // factor) for amount in case.of(project).values()]
        found[project] = Fraction(factor * (sum(whole) ** 2 - sum(one**2 for one in whole)))
    return found


def quadratic_voting(case: Case) -> Matches:
    bits = int(case.setting("root_bits"))
    inside, on_root = case.convention is Where.INSIDE_ROOT, case.convention is Where.ON_ROOT
    totals = dict.fromkeys(case.projects, Fraction(0))
    sides = ((case.gifts, 1), (case.against, -1 if case.setting("negative_votes") == "count" else 0))
    for gifts, sign in sides:
        for (donor, project), amount in gifts.items():
            one = root(case.inside(donor) * amount, bits, ONE if inside else 1) / (isqrt(ONE) if inside else 1)
            totals[project] += sign * one * (Fraction(case.w(donor), ONE) if on_root else 1)
    return {project: max(Fraction(0), total) for project, total in totals.items()}


def mix(case: Case) -> Matches:
    parts = []
    for name in ("first", "second"):
        own = {key.split(".")[1]: text for key, text in case.parameters.items() if key.startswith(f"{name}.")}
        parts.append(shares(TWINS[case.setting(name)](replace(case, id=case.setting(name), parameters=own))))
    parts = [part for part in parts if any(part.values())] or parts
    weight = Fraction(case.setting("share"))
    first, second = parts[0], parts[-1]
    return {p: float(weight) * float(first[p]) + float(1 - weight) * float(second[p]) for p in case.projects}


def shares(matches: Matches) -> Matches:
    total = sum(matches.values()) or 1
    return {project: match / total for project, match in matches.items()}


TWINS: dict[str, Callable[[Case], Matches]] = {
    "quadratic": quadratic,
    "pairwise": pairwise,
    "cluster_connection": cluster_connection,
    "cluster_profile": cluster_profile,
    "cluster_declared": cluster_declared,
    "proportional": proportional,
    "headcount": headcount,
    "equal": equal,
    "tunable": tunable,
    "alpha_constrained": alpha_constrained,
    "quadratic_voting": quadratic_voting,
    "mix": mix,
}
"""Registry id -> twin."""
