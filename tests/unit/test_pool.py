"""Stage 9: scaling to the pool and the cap, on worked numbers and on other people's published ones."""

from __future__ import annotations

import decimal
import json
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from qf import caps, pool
from qf.caps import apply_cap, has_cap
from qf.errors import InvariantError, NoMatchError
from qf.payouts import to_base_units
from qf.pool import Division, divide
from qf.round import CapPolicy, Pool, PoolPolicy, Rounding
from qf.units import Amounts, BaseUnits

FILL, LEAVE, LOG_BOOST, ALPHA = PoolPolicy.FILL, PoolPolicy.LEAVE, PoolPolicy.LOG_BOOST, PoolPolicy.ALPHA
NOTHING = Amounts(())


def a_pool(
    amount: int,
    policy: PoolPolicy = FILL,
    cap: CapPolicy = CapPolicy.REDISTRIBUTE,
    fraction: str = "1",
    most: int | None = None,
) -> Pool:
    """Return a pool with the given rules; `fraction` and `most` are the two ways to write a cap."""
    match_cap_amount = None if most is None else BaseUnits(most)
    return Pool(
        BaseUnits(amount),
        policy=policy,
        cap=cap,
        match_cap_fraction=Fraction(fraction),
        match_cap_amount=match_cap_amount,
    )


def row(text: str) -> Amounts:
    """Return the decimals or fractions in `text` as amounts."""
    return Amounts.of([Fraction(word) for word in text.split()])


def fractions(text: str) -> tuple[Fraction, ...]:
    """Return the decimals or fractions in `text`."""
    return row(text).fractions()


def of(ideal: str, rules: Pool, direct: str = "") -> Division:
    """Return the division of a pool over the ideal matches in `ideal`."""
    return divide(row(ideal), row(direct), rules)


@pytest.fixture
def vectors(shared: Path) -> Path:
    """The published results of other systems."""
    return shared / "vectors"


def load(path: Path) -> Any:
    """Return the JSON in `path`, its decimals as exact fractions of what is written."""
    return json.loads(path.read_text(encoding="utf-8"), parse_float=Fraction, parse_int=int)


@contextmanager
def hostile_decimals() -> Iterator[None]:
    """Make the ambient Decimal contexts useless: two digits, rounding up, four decades, every signal trapped."""
    template = decimal.DefaultContext
    kept = template.copy()
    try:
        for context in (template, hostile := decimal.Context()):
            context.prec, context.rounding, context.Emin, context.Emax = 2, decimal.ROUND_UP, -2, 2
            context.traps.update(dict.fromkeys(context.traps, True))
        with decimal.localcontext(hostile):
            yield
    finally:
        template.prec, template.rounding, template.Emin, template.Emax = kept.prec, kept.rounding, kept.Emin, kept.Emax
        template.traps.update(kept.traps)


class TestFill:
    def test_the_worked_example_of_two_projects(self) -> None:
        """A = [1, 4, 9], B = [16, 16]: ideal 22 and 32."""
        assert of("22 32", a_pool(20)).capped.fractions() == fractions("220/27 320/27")
        assert of("22 32", a_pool(1000)).capped.fractions() == fractions("11000/27 16000/27")
        assert of("36 64", a_pool(20)).capped.fractions() == fractions("7.2 12.8")

    def test_the_whole_pool_is_used_whatever_the_unit(self) -> None:
        for ideal in ("1 2 4", "1000 2000 4000", "1/700 2/700 4/700"):
            assert of(ideal, a_pool(70)).scaled.fractions() == fractions("10 20 40")

    def test_an_empty_pool_gives_nothing(self) -> None:
        assert of("1 2", a_pool(0)).capped.fractions() == fractions("0 0")

    @pytest.mark.parametrize("policy", [FILL, LEAVE, LOG_BOOST])
    def test_nobody_gave_is_all_zero_and_not_nan(self, policy: PoolPolicy) -> None:
        """Defect: 0 / 0 made every payout NaN."""
        division = of("0 0 0", a_pool(100, policy))
        assert division == Division(Amounts((0, 0, 0)), Amounts((0, 0, 0)), saturated=False)
        assert divide(NOTHING, NOTHING, a_pool(100, policy)).capped == NOTHING

    def test_direct_contributions_are_not_looked_at(self) -> None:
        assert divide(Amounts((1, 3)), NOTHING, a_pool(4)) == divide(Amounts((1, 3)), Amounts((9, 9)), a_pool(4))


class TestLeave:
    def test_a_pool_that_is_not_asked_for_stays(self) -> None:
        assert of("22 32", a_pool(1000, LEAVE)).capped.fractions() == fractions("22 32")

    def test_a_pool_that_is_exactly_asked_for_is_used_up(self) -> None:
        assert of("22 32", a_pool(54, LEAVE)).capped == Amounts((22, 32))

    def test_a_pool_that_is_too_small_is_shared_in_proportion(self) -> None:
        assert of("22 32", a_pool(27, LEAVE)).capped.fractions() == fractions("11 16")
        assert of("22 32.5", a_pool(54, LEAVE)).capped.fractions() == fractions("2376/109 3510/109")


class TestLogBoost:
    def test_an_unsaturated_match_grows_by_a_hundredth_of_the_logarithm(self) -> None:
        """ln(10 / 8) = 0.22314355131420..., kept to 12 digits."""
        boosted = of("4 4", a_pool(10, LOG_BOOST)).capped.fractions()
        assert boosted == (4 * (1 + Fraction("0.00223143551314")),) * 2

    @pytest.mark.parametrize(
        ("asked", "logarithm"),
        [
            ("500", "0.69314718056"),  # 0.693147180559945...
            ("1", "6.90775527898"),  # 6.907755278982137...
            ("999", "0.00100050033358"),  # 0.001000500333583533...
            ("1/1000000000000000000000", "55.2620422319"),  # 24 ln 10 = 55.26204223185709...
            ("300", "1.20397280433"),  # 1.203972804325935..., rounded up
        ],
    )
    def test_the_logarithm_has_twelve_digits(self, asked: str, logarithm: str) -> None:
        """Known values of ln, with more digits beside each."""
        boosted = of(asked, a_pool(1000, LOG_BOOST)).scaled.fractions()
        assert boosted == (Fraction(asked) * (1 + Fraction(logarithm) / 100),)

    def test_a_saturated_round_is_scaled_down(self) -> None:
        assert of("30 10", a_pool(10, LOG_BOOST)).capped.fractions() == fractions("7.5 2.5")
        assert of("6 4", a_pool(10, LOG_BOOST)).capped.fractions() == fractions("6 4")

    def test_the_boost_never_asks_for_more_than_the_pool(self) -> None:
        huge = 10**60
        division = divide(Amounts((huge - 1,)), NOTHING, a_pool(huge, LOG_BOOST))
        assert huge - 1 <= division.scaled.total < huge

    @pytest.mark.parametrize("asked", ["1", "500", "999", "1/1000000000000000000000"])
    def test_the_ambient_decimal_context_changes_nothing(self, asked: str) -> None:
        """Among these are one rounded down, one that is subnormal and one that overflows in the hostile context."""
        expected = of(asked, a_pool(1000, LOG_BOOST)).scaled
        with hostile_decimals():
            assert of(asked, a_pool(1000, LOG_BOOST)).scaled == expected
            context = decimal.getcontext()
            assert (context.prec, context.flags[decimal.Inexact]) == (2, False)


class TestAlpha:
    def test_the_pool_pays_contributions_first_and_shares_the_rest(self) -> None:
        """Two votes (T = 2, S = 2, ideal 2) and one (T = 1, S = 1, ideal 0): alpha = (6 - 3) / 2."""
        division = of("2 0", a_pool(6, ALPHA), direct="2 1")
        assert division.scaled.fractions() == fractions("5 1")

    def test_the_upstream_examples(self) -> None:
        """docs/qf-formula.md: two projects with k gifts of 0.4, pool 10. k = 2: alpha 6.25; k = 5: 0.625.

        In tenths a gift is 4 units, 2 votes: T = 2 k, S = 4 k, so the ideal match is 4 k k - 4 k.
        """
        assert of("8 8", a_pool(100 + 16, ALPHA), direct="8 8").scaled.fractions() == (8 + 8 * Fraction("6.25"),) * 2
        assert of("80 80", a_pool(100 + 40, ALPHA), direct="20 20").scaled.fractions() == fractions("70 70")

    def test_alpha_is_cut_after_eighteen_places(self) -> None:
        division = of("1 2", a_pool(4, ALPHA), direct="1 1")
        alpha = Fraction(666_666_666_666_666_666, 10**18)
        assert division.scaled.fractions() == (1 + alpha, 1 + 2 * alpha)

    def test_amounts_need_not_be_whole_nor_share_a_denominator(self) -> None:
        division = of("1/3 1/6", a_pool(2, ALPHA), direct="1/4 3/4")
        assert division.scaled.fractions() == fractions("11/12 13/12")

    def test_a_budget_that_only_covers_the_contributions_gives_them_back(self) -> None:
        assert of("6 1", a_pool(3, ALPHA), direct="2 1").capped.fractions() == fractions("2 1")

    @pytest.mark.parametrize(
        ("ideal", "direct", "amount", "told"),
        [
            ("0 0", "0 0", 5, "no votes: nobody gave anything"),
            ("1 0", "0 0", 0, "no votes: nobody gave anything"),
            ("6 1", "2 1.5", 3, "the budget of 3 base units is smaller than the contributions of 3.5"),
            ("1", "10/3", 3, "the budget of 3 base units is smaller than the contributions of 3.33"),
            ("0 0", "2 1", 2, "the budget of 2 base units is smaller than the contributions of 3"),
            ("0 0", "2 1", 9, "nothing to match: no project has more than one vote (or the cap is 0)"),
        ],
    )
    def test_what_alpha_cannot_divide_is_said_in_plain_words(
        self, ideal: str, direct: str, amount: int, told: str
    ) -> None:
        with pytest.raises(NoMatchError) as raised:
            of(ideal, a_pool(amount, ALPHA), direct)
        assert str(raised.value) == told

    @pytest.mark.parametrize("direct", ["3", "1 1 1"])
    def test_ideal_and_direct_are_of_the_same_projects(self, direct: str) -> None:
        with pytest.raises(ValueError, match="argument 2"):
            of("1 2", a_pool(9, ALPHA), direct)

    def test_the_rounds_of_clr_fund_to_the_wei(self, vectors: Path) -> None:
        cases = load(vectors / "clrfund_alpha.json")["cases"]
        assert len(cases) == 4
        for case in cases:
            factor = int(case["voice_credit_factor"])
            votes = [int(text) for text in case["tally_votes"]]
            spent = [int(text) for text in case["spent_voice_credits"]]
            ideal = Amounts(tuple(factor * (t * t - s) for t, s in zip(votes, spent, strict=True)))
            direct = Amounts(tuple(factor * s for s in spent))
            division = divide(ideal, direct, a_pool(int(case["budget"]), ALPHA))
            paid = to_base_units(division.capped, Rounding.FLOOR, [str(p) for p in range(len(votes))])
            assert paid == tuple(int(text) for text in case["expected"]["allocated"]), case["id"]
            assert sum(paid) == int(case["expected"]["allocated_total"])


class TestSaturated:
    @pytest.mark.parametrize("policy", [FILL, LEAVE, LOG_BOOST])
    def test_a_round_that_asks_for_the_pool_or_more_is_saturated(self, policy: PoolPolicy) -> None:
        for ideal, saturated in (("4 5", False), ("4 17/3", False), ("4 6", True), ("4 19/3", True)):
            assert of(ideal, a_pool(10, policy)).saturated is saturated

    def test_under_alpha_contributions_are_asked_for_too(self) -> None:
        for budget, saturated in ((8, True), (9, True), (10, False)):
            assert of("6 0", a_pool(budget, ALPHA), direct="2 1").saturated is saturated

    def test_what_the_cap_cuts_off_before_scaling_is_not_asked_for(self) -> None:
        assert not of("15 9", a_pool(10, LOG_BOOST, CapPolicy.CLIP_IDEAL, "0.4")).saturated
        assert of("15 9", a_pool(10, LOG_BOOST, CapPolicy.CLIP, "0.4")).saturated
        assert of("15 9", a_pool(10, LOG_BOOST, CapPolicy.CLIP_IDEAL, "0.5")).saturated


class TestCaps:
    """Pool 100, shares 60 30 10, cap 40."""

    @pytest.mark.parametrize(
        ("cap", "expected"),
        [
            (CapPolicy.CLIP, "40 30 10"),
            (CapPolicy.REDISTRIBUTE, "40 40 20"),
            (CapPolicy.ITERATIVE, "40 40 20"),
            (CapPolicy.ONE_PASS, "40 40 15"),
            (CapPolicy.CLIP_IDEAL, "50 37.5 12.5"),
        ],
    )
    def test_each_policy_on_the_same_shares(self, cap: CapPolicy, expected: str) -> None:
        division = of("60 30 10", a_pool(100, FILL, cap, "0.4"))
        assert division.capped.fractions() == fractions(expected)
        if cap is not CapPolicy.CLIP_IDEAL:
            assert division.scaled.fractions() == fractions("60 30 10")
            assert of("60 30 10", a_pool(100, FILL, cap, most=40)).capped == division.capped

    @pytest.mark.parametrize("cap", list(CapPolicy))
    def test_without_a_cap_the_scaled_amounts_stay(self, cap: CapPolicy) -> None:
        division = of("300 100 1", a_pool(100, FILL, cap))
        assert division.capped.fractions() == fractions("30000/401 10000/401 100/401")
        assert division.capped is division.scaled

    @pytest.mark.parametrize("cap", list(CapPolicy))
    def test_amounts_within_the_cap_stay_as_they_are(self, cap: CapPolicy) -> None:
        assert of("40 40 20 0", a_pool(100, LEAVE, cap, "0.4")).capped.fractions() == fractions("40 40 20 0")

    @pytest.mark.parametrize("cap", [CapPolicy.CLIP, CapPolicy.REDISTRIBUTE, CapPolicy.ITERATIVE, CapPolicy.ONE_PASS])
    def test_money_no_capped_project_can_take_is_left_and_not_lost(self, cap: CapPolicy) -> None:
        """Defect: with everybody at the cap the rest of the pool vanished; it is the pool minus the sum."""
        division = of("5 3 0", a_pool(100, FILL, cap, "0.3"))
        assert division.capped.fractions() == fractions("30 30 0")
        assert a_pool(100).amount - division.capped.total == 40

    @pytest.mark.parametrize("cap", [CapPolicy.CLIP, CapPolicy.REDISTRIBUTE, CapPolicy.ITERATIVE, CapPolicy.ONE_PASS])
    def test_a_cap_that_is_less_than_a_unit_pays_nobody(self, cap: CapPolicy) -> None:
        assert of("5 3 0", a_pool(100, FILL, cap, "0.009")).capped.fractions() == fractions("0 0 0")

    @pytest.mark.parametrize("cap", [CapPolicy.CLIP, CapPolicy.REDISTRIBUTE, CapPolicy.ITERATIVE, CapPolicy.ONE_PASS])
    def test_a_cap_of_4_35_percent_is_not_read_as_4_34(self, cap: CapPolicy) -> None:
        """Defect: floor(4.35 * 100) is 434 in floats."""
        assert of("1", a_pool(10_000, FILL, cap, "0.0435")).capped.fractions() == fractions("435")

    def test_redistribution_pins_those_it_would_lift_above_the_cap(self) -> None:
        """Cap 30: 50 is pinned, the rest shares 65 as 20 : 16 : 8 : 1, at most 28.9.

        Cap 25: 28.9 is too much, so 20 is pinned as well; 16 would get 16 * 45 / 25, so it is too; 20 is left for 9.
        """
        ideal = fractions("50 20 16 8 1 0")
        at_30 = of("50 20 16 8 1 0", a_pool(95, LEAVE, most=30)).capped.fractions()
        at_25 = of("50 20 16 8 1 0", a_pool(95, LEAVE, most=25)).capped.fractions()
        assert at_30 == (30, *(x * Fraction(65, 45) for x in ideal[1:]))
        assert at_25 == (25, 25, 25, *(x * Fraction(20, 9) for x in ideal[3:]))

    def test_redistribution_treats_equal_projects_alike(self) -> None:
        assert of("4 4 1 1", a_pool(10, FILL, most=3)).capped.fractions() == fractions("3 3 2 2")
        assert of("1 4 1 4", a_pool(10, FILL, most=3)).capped.fractions() == fractions("2 3 2 3")
        assert of("4/3 4/3 1/3", a_pool(9, FILL, most=4)).capped.fractions() == fractions("4 4 1")

    def test_redistribution_lifts_a_project_exactly_to_the_cap(self) -> None:
        assert of("60 30 10", a_pool(100, most=45)).capped.fractions() == fractions("45 41.25 13.75")
        assert of("6 3 1", a_pool(100, most=43)).capped.fractions() == fractions("43 42.75 14.25")
        assert of("8 3 1", a_pool(48, most=16)).capped.fractions() == fractions("16 16 16")

    def test_the_iterative_loop_starts_from_whole_numbers(self) -> None:
        """7.9, 1.9, 1.2 -> 7, 1, 1; over 2, under 2: one each."""
        assert of("7.9 1.9 1.2", a_pool(11, LEAVE, CapPolicy.ITERATIVE, most=5)).capped == Amounts((5, 2, 2))

    def test_the_iterative_loop_floors_what_it_hands_out(self) -> None:
        """over 5 among 2, 1, 1 (under 4): floor(2.5), floor(1.25), floor(1.25); one unit stays."""
        assert of("10 2 1 1", a_pool(14, LEAVE, CapPolicy.ITERATIVE, most=5)).capped == Amounts((5, 4, 2, 2))

    def test_the_iterative_loop_leaves_out_who_is_exactly_at_the_cap(self) -> None:
        """First 8 + 1 and 4 at the cap: over 4, under 3."""
        assert of("8 4 2 1", a_pool(15, LEAVE, CapPolicy.ITERATIVE, most=4)).capped == Amounts((4, 4, 4, 2))
        one_pass = of("8 4 2 1", a_pool(15, LEAVE, CapPolicy.ONE_PASS, most=4))
        assert one_pass.capped.fractions() == fractions("4 4 4 7/3")

    def test_the_iterative_loop_repeats_until_nobody_is_above(self) -> None:
        """20 -> 10; over 10, under 12: 9 + 7 = 16, 3 + 2; 16 -> 10, over 6, under 5: 5 + 6 = 11; then all at 10."""
        assert of("20 9 3", a_pool(32, LEAVE, CapPolicy.ITERATIVE, most=10)).capped == Amounts((10, 10, 10))

    def test_one_pass_hands_the_excess_out_once_and_clips_again(self) -> None:
        division = of("50 9 1", a_pool(60, LEAVE, CapPolicy.ONE_PASS, most=10))
        assert division.capped.fractions() == fractions("10 10 5")
        division = of("2.5 1/3 1/3", a_pool(60, LEAVE, CapPolicy.ONE_PASS, most=2))
        assert division.capped.fractions() == fractions("2 7/12 7/12")

    def test_clip_does_not_need_whole_amounts(self) -> None:
        assert of("2.5 1/3", a_pool(60, LEAVE, CapPolicy.CLIP, most=2)).capped.fractions() == fractions("2 1/3")

    def test_a_cap_amount_equal_to_the_pool_is_still_a_cap_on_the_ideal(self) -> None:
        """Without a cap 300 : 100 is 75 : 25; cut to the pool first, 100 : 100."""
        assert of("300 100", a_pool(100, FILL, CapPolicy.CLIP_IDEAL)).capped.fractions() == fractions("75 25")
        assert of("300 100", a_pool(100, FILL, CapPolicy.CLIP_IDEAL, most=100)).capped.fractions() == fractions("50 50")

    def test_alpha_may_be_capped(self) -> None:
        assert of("6 0 6", a_pool(9, ALPHA, CapPolicy.CLIP, most=3), "2 1 2").capped.fractions() == fractions("3 1 3")
        cut_first = of("6 0 3", a_pool(8, ALPHA, CapPolicy.CLIP_IDEAL, most=3), "2 1 2")
        assert cut_first.capped.fractions() == fractions("3.5 1 3.5")

    def test_has_cap_reads_both_ways_to_write_it(self) -> None:
        assert has_cap(a_pool(100, fraction="0.99")) and has_cap(a_pool(100, most=100)) and has_cap(a_pool(1, most=0))
        assert not has_cap(a_pool(100))


class TestPublished:
    """Caps in other people's published results."""

    def test_giveth(self, vectors: Path) -> None:
        cases = load(vectors / "giveth.json")["cap_redistribution"]
        assert len(cases) == 5
        for case in cases:
            rules = a_pool(case["fund"], FILL, CapPolicy.REDISTRIBUTE, str(case["cap"]))
            capped = divide(Amounts(tuple(case["weights"])), NOTHING, rules).capped
            assert list(capped.fractions()) == case["expected"], case["id"]

    def test_grants_stack_worked_example(self) -> None:
        """A 34, B 54, C 162 and a pool of 100: 13.6 / 21.6 / 64.8; cap 50 %."""
        rules = a_pool(100_000_000, FILL, CapPolicy.ITERATIVE, "0.5")
        division = of("34 54 162", rules)
        assert division.scaled.fractions() == fractions("13600000 21600000 64800000")
        assert division.capped == Amounts((19_318_181, 30_681_818, 50_000_000))

    def test_grants_stack_lifts_an_unsaturated_round_above_its_ideal(self) -> None:
        rules = a_pool(100_000, LEAVE, CapPolicy.ITERATIVE, most=10_000)
        division = of("3400 5400 16200", rules)
        assert division.capped == Amounts((5_795, 9_204, 10_000))
        assert not division.saturated

    def test_check_matching_cap_of_the_gitcoin_calculator(self, vectors: Path) -> None:
        cases = load(vectors / "gitcoin_variants.json")["check_matching_cap"]
        assert len(cases) == 6
        for case in cases:
            shares = Amounts.of([Fraction(share) for share in case["shares"]])
            rules = a_pool(10**6, FILL, CapPolicy.REDISTRIBUTE, str(case["cap"]))
            capped = divide(shares, NOTHING, rules).capped.fractions()
            expected = [10**6 * Fraction(share) for share in case["expected"]]
            assert all(abs(x - y) < Fraction(1, 10**9) for x, y in zip(capped, expected, strict=True)), case

    def test_final_matches_of_the_gitcoin_calculator(self, vectors: Path) -> None:
        for case in load(vectors / "gitcoin_variants.json")["cases"]:
            for name, raw in (("QF", "standard_qf"), ("COCM", "COCM_markov_harsh")):
                ideal = Amounts.of([Fraction(x) for x in case["raw"][raw].values()])
                for percent in ("100", "40", "15"):
                    rules = a_pool(100_000, FILL, CapPolicy.REDISTRIBUTE, str(Fraction(percent) / 100))
                    capped = divide(ideal, NOTHING, rules).capped.fractions()
                    expected = [Fraction(x) for x in case["final"][f"{name}|cap{percent}"].values()]
                    assert all(abs(x - y) < Fraction(1, 10**6) for x, y in zip(capped, expected, strict=True))

    def test_early_gitcoin_rounds(self, vectors: Path) -> None:
        """The boost, the scaling down, and the cap of 40 % before either of them."""
        by_name = {case["name"]: case for case in load(vectors / "clr_pairwise.json")["cases"]}
        unit = 10**18
        raw_sum = by_name["doc_unsat_th25"]["expected"]["bigtot"]
        boosted = [grant["clr_amount"] for grant in by_name["doc_unsat_th25"]["expected"]["grants"].values()]
        ideal = Amounts.of([unit * x * raw_sum / sum(boosted) for x in boosted])
        for name, fraction in (("doc_unsat_th25", "1"), ("doc_sat_th25", "1"), ("doc_cap_40pct", "0.4")):
            case = by_name[name]
            amount = int(case["input"]["total_pot"] * unit)
            division = divide(ideal, NOTHING, a_pool(amount, LOG_BOOST, CapPolicy.CLIP_IDEAL, fraction))
            expected = [unit * grant["clr_amount"] for grant in case["expected"]["grants"].values()]
            pairs = zip(division.capped.fractions(), expected, strict=True)
            assert all(abs(x / y - 1) < Fraction(1, 10**9) for x, y in pairs), name
            assert division.saturated is (case["expected"]["bigtot"] * unit >= amount)


class TestInvariants:
    """A broken promise is raised, never paid."""

    def test_more_than_the_pool(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(pool, "_scale", lambda ideal, direct, rules: Amounts((7, 14), 2))
        assert of("1 1", a_pool(11)).scaled == Amounts((7, 14), 2)
        with pytest.raises(InvariantError) as raised:
            of("1 1", a_pool(10))
        assert str(raised.value) == "fill gives 21/2 base units out of a pool of 10"

    @pytest.mark.parametrize("cap", list(CapPolicy))
    def test_a_cap_that_raises_the_sum(self, monkeypatch: pytest.MonkeyPatch, cap: CapPolicy) -> None:
        monkeypatch.setitem(caps._AFTER_SCALING, cap, lambda amounts, most: Amounts((2, 2)))
        with pytest.raises(InvariantError) as raised:
            apply_cap(Amounts((7,), 2), a_pool(10, cap=cap, most=5))
        assert str(raised.value) == f"the cap {cap.value} raised the sum from 7/2 to 4"

    @pytest.mark.parametrize("cap", [CapPolicy.CLIP, CapPolicy.REDISTRIBUTE, CapPolicy.ITERATIVE])
    def test_a_project_above_the_cap(self, monkeypatch: pytest.MonkeyPatch, cap: CapPolicy) -> None:
        monkeypatch.setitem(caps._AFTER_SCALING, cap, lambda amounts, most: Amounts((7, 9), 2))
        with pytest.raises(InvariantError) as raised:
            apply_cap(Amounts((8,)), a_pool(10, cap=cap, most=4))
        assert str(raised.value) == f"the cap {cap.value} left 9/2 above 4 base units"

    def test_redistribution_that_loses_money_somebody_could_take(self, monkeypatch: pytest.MonkeyPatch) -> None:
        broken = {"value": Amounts((8, 1), 2)}
        monkeypatch.setitem(caps._AFTER_SCALING, CapPolicy.REDISTRIBUTE, lambda amounts, most: broken["value"])
        with pytest.raises(InvariantError) as raised:
            apply_cap(Amounts((8,)), a_pool(10, most=4))
        assert str(raised.value) == "redistribution lost 7/2 base units"
        for fine in (Amounts((8, 0), 2), Amounts((8, 8), 2), Amounts((4, 3, 1))):
            broken["value"] = fine
            assert apply_cap(Amounts((8,)), a_pool(10, most=4)) == fine
