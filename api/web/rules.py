"""The rules of a round in plain words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from markupsafe import Markup

from api.web.writing import Writer
from qf.round import MinimumScope, Round, WeightConvention
from qf.units import WEIGHT_ONE


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing the rules say: what it is about, and what holds."""

    about: Markup
    says: Markup


def rules_in_words(rules: Round, writer: Writer) -> list[Rule]:
    """Return the rules of a round in the order in which a donor asks for them."""
    return [*_division(rules, writer), *_counting(rules, writer), *_weights(rules, writer), *_afterwards(rules, writer)]


def _division(rules: Round, writer: Writer) -> Iterator[Rule]:
    words, pool = writer.words, rules.pool
    total = writer.money(pool.amount, pool.decimals, pool.token)
    yield Rule(words("rules.pool"), words.one("policy", pool.policy, pool=total))
    yield Rule(words("rules.mechanism"), words.one("mechanism", rules.mechanism.id))
    if pool.match_cap < pool.amount:
        most = writer.money(pool.match_cap, pool.decimals, pool.token)
        share = writer.share(Fraction(pool.match_cap, pool.amount))
        limit = words("rules.cap_says", most=most, share=share)
        yield Rule(words("rules.cap"), limit + words("rules.and") + words.one("cap", pool.cap))
    if pool.min_payout:
        least = writer.money(pool.min_payout, pool.decimals, pool.token)
        yield Rule(words("rules.min_payout"), words("rules.min_payout_says", least=least))


def _counting(rules: Round, writer: Writer) -> Iterator[Rule]:
    words, eligibility = writer.words, rules.eligibility
    yield Rule(words("rules.once"), words("rules.once_says"))
    if eligibility.min_donation:
        least = writer.money(eligibility.min_donation, rules.unit_decimals, rules.unit)
        per_pair = eligibility.min_donation_scope is MinimumScope.IDENTITY_PROJECT
        says = "rules.least_in_all" if per_pair else "rules.least_each"
        yield Rule(words("rules.least"), words(says, least=least))
    own = "rules.own_counts" if eligibility.allow_self_donation else "rules.own_does_not"
    yield Rule(words("rules.own"), words(own))
    if eligibility.excluded_donors:
        yield Rule(words("rules.excluded"), words("rules.excluded_says", n=len(eligibility.excluded_donors)))


def _weights(rules: Round, writer: Writer) -> Iterator[Rule]:
    words, rule = writer.words, rules.weights
    if not rule.curve and rule.default == WEIGHT_ONE:
        says = words("rules.all_in_full")
    elif rule.curve:
        says = words("rules.by_score", default=writer.weight(rule.default))
    else:
        says = words("rules.by_default", default=writer.weight(rule.default))
    if rule.convention is WeightConvention.GATE:
        says = says + words("rules.and") + words("rules.gate")
    yield Rule(words("rules.weights"), says)


def _afterwards(rules: Round, writer: Writer) -> Iterator[Rule]:
    words = writer.words
    yield Rule(words("rules.rounding"), words.one("rounding", rules.pool.rounding))
    if rules.reconciled:
        yield Rule(words("rules.reconciled"), words("rules.reconciled_says"))
