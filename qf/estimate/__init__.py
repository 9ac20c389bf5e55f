"""What one more gift would do: approximate in its nature, as others will give too, but exact on what is known now.

    gain = capped match with the gift - capped match without it       base units of the payout token

Where the mechanism reads only sums over donors, an estimate looks at one project and one donor, and takes the same
time in a round of ten donations as in one of a million. Where it does not, the round is computed again, and for a
donor of whom nothing is known the estimate is a range: what the gift does depends on what else such a donor supports.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from qf.eligibility import Reason
from qf.estimate.book import Book, Giver
from qf.estimate.division import Share
from qf.estimate.engines import Engine, Whole, book_of, engine_of
from qf.estimate.profiles import profiles
from qf.estimate.stored import Pair
from qf.estimate.words import could_change, reason_sentence
from qf.inputs import Inputs
from qf.mechanisms import mechanism_of
from qf.round import Round
from qf.units import WEIGHT_ONE, Bps

__all__ = ["Estimate", "Estimator"]


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a gift would add to the match of a project.

    Attributes:
        project: its id.
        amount: what is given to it, in round units.
        donor: who gives; None is somebody new.
        weight: how much the donor counts, in bps.
        match_before, match_after: capped match without and with the gift, in base units of the payout token.
        gain: match_after - match_before, base units.
        low, high: the range of the gain, base units; both are the gain where it is exact.
        exact: whether settling the round now with the gift in it would give just this.
        formula: title of the mechanism.
        reason: why the gift would not count, or None.
        note: a sentence about this estimate: why it does not count, or why it is a range; else empty.
        could_change: what could still change it, a sentence each.
    """

    project: str
    amount: Fraction
    donor: str | None
    weight: Bps
    match_before: Fraction
    match_after: Fraction
    gain: Fraction
    low: Fraction
    high: Fraction
    exact: bool
    formula: str
    reason: Reason | None
    note: str
    could_change: tuple[str, ...]


@dataclass(slots=True)
class _Wish:
    """The gifts of a cart to one project: what the donor gave it in all afterwards, and what of it was refused."""

    pair: Pair
    amount: Fraction = Fraction(0)
    reason: Reason | None = None


class Estimator:
    """The donations of a round so far, ready to be asked what one more would do.

    >>> from qf.rules import preset
    >>> round = preset("yen", pool=1_000, policy="leave")
    >>> inputs = Inputs.of(round, [("ann", "well", 400), ("bob", "well", 100)])
    >>> estimate = Estimator.of(round, inputs).estimate("well", 100, donor="cy")
    >>> int(estimate.match_before), int(estimate.match_after), estimate.exact
    (400, 1000, True)
    """

    def __init__(self, round: Round, inputs: Inputs, book: Book, engine: Engine) -> None:
        self._round, self._inputs, self._book, self._engine = round, inputs, book, engine
        self._formula = mechanism_of(round)[0].title
        self._takes_against = mechanism_of(round)[0].takes_against

    @classmethod
    def of(cls, round: Round, inputs: Inputs) -> Estimator:
        """Return the estimator of `round` with the donations in `inputs`, which takes about as long as settling it.

        Raises:
            MissingPriceError, RoundError: as `qf.settle` does.
        """
        book = book_of(round, inputs)
        return cls(round, inputs, book, engine_of(round, book))

    def estimate(self, project: str, amount: Any, donor: str | None = None, *, token: str = "") -> Estimate:
        """Return what a gift of `amount` to `project` would do, made within the dates of the round.

        Args:
            project: id of a project of the round.
            amount: whole units of the round, or of `token`: 12, "12.50", Decimal("12.5").
            donor: the account that gives; None is somebody new who supports nothing else.
            token: what is given; "" is the unit of the round.

        Raises:
            ProjectError: there is no such project; names similar ones.
            DonationError: the amount is not a positive decimal.
            MissingPriceError: the token has no price.
        """
        return self.cart([(project, amount, token)], donor)[0]

    def cart(self, gifts: Iterable[tuple[Any, ...]], donor: str | None = None) -> tuple[Estimate, ...]:
        """Return what several gifts of one donor would do together, one estimate per project in the order given.

        Args:
            gifts: (project, amount) or (project, amount, token), as in `estimate`.
            donor: the account that gives; None is somebody new.
        """
        giver = self._book.giver(donor)
        wishes = self._wishes(giver, gifts)
        before, after = self._given(giver, wishes)
        names = list(wishes)
        now = self._engine.shares(giver, {}, {}, names)
        then = self._engine.shares(giver, before, after, names)
        ranges = self._ranges(giver, before, after, names)
        return tuple(
            self._estimate(giver, donor, name, wishes[name], old, new, others)
            for name, old, new, others in zip(names, now, then, ranges, strict=True)
        )

    def add(self, donor: str, project: str, amount: Any, *, token: str = "") -> Reason | None:
        """Record one more donation, made within the dates of the round. Return why it does not count, or None.

        The list of projects must hold `project`, or somebody must have given to it before.
        """
        giver = self._book.giver(donor)
        wishes = self._wishes(giver, [(project, amount, token)])
        before, after = self._given(giver, wishes)
        self._engine.commit(giver, before, after)
        self._book.record(giver, {name: wish.pair for name, wish in wishes.items()})
        return next(iter(wishes.values())).reason

    def matches(self) -> dict[str, Fraction]:
        """Return the capped match of every project as things stand, in base units of the payout token."""
        names = list(self._book.projects())
        shares = self._engine.shares(self._book.giver(None), {}, {}, names)
        return {name: share.amount for name, share in zip(names, shares, strict=True)}

    def given(self) -> dict[str, tuple[int, int]]:
        """Return what counts of all that every project was given: round units, and how many identities gave it."""
        return self._engine.given()

    def effects(self, donor: str) -> dict[str, tuple[Fraction, Fraction]]:
        """Return project -> its capped match now, and without all that `donor` and linked accounts gave, base units.

        Only projects to which something of it counts.
        """
        giver = self._book.giver(donor)
        gave = {name: pair for name, pair in self._book.pairs(giver).items() if self._book.counts(pair)}
        names = list(gave)
        now, without = (self._engine.shares(giver, before, {}, names) for before in ({}, gave))
        return {name: (new.amount, old.amount) for name, new, old in zip(names, now, without, strict=True)}

    def _wishes(self, giver: Giver, gifts: Iterable[tuple[Any, ...]]) -> dict[str, _Wish]:
        wishes: dict[str, _Wish] = {}
        for gift in gifts:
            name, value = self._book.value(*gift, *("",) * (3 - len(gift)))
            wish = wishes.setdefault(name, _Wish(self._book.pair(giver, name)))
            wish.amount += value
            refused = self._book.refused(giver, name, value)
            if refused is None:
                wish.pair = self._book.with_gift(wish.pair, giver, value)
            wish.reason = wish.reason or refused
        for wish in wishes.values():
            if wish.reason is None and not self._book.counts(wish.pair):
                wish.reason = Reason.BELOW_MINIMUM
        return wishes

    def _given(self, giver: Giver, wishes: dict[str, _Wish]) -> tuple[dict[str, Pair], dict[str, Pair]]:
        """Return what counts of the giver before and after; all of it where a limit on credits looks at all of it."""
        old = {name: self._book.pair(giver, name) for name in wishes}
        if self._takes_against:
            old = {**self._book.pairs(giver), **old}
        new = {**old, **{name: wish.pair for name, wish in wishes.items()}}
        before, after = (
            {name: pair for name, pair in given.items() if self._book.counts(pair)} for given in (old, new)
        )
        return before, after

    def _ranges(
        self, giver: Giver, before: dict[str, Pair], after: dict[str, Pair], names: list[str]
    ) -> list[list[Fraction]]:
        """Return other gains that are possible for each project, as other support of the giver is not known."""
        if not isinstance(self._engine, Whole) or not after or self._book.pairs(giver):
            return [[] for _ in names]
        gains = []
        for profile in profiles(self._engine.contributions, list(after), names[0]):
            base = self._engine.shares(giver, {}, profile, names)
            more = self._engine.shares(giver, {}, {**profile, **after}, names)
            gains.append([new.amount - old.amount for old, new in zip(base, more, strict=True)])
        return [list(column) for column in zip(*gains, strict=True)] or [[] for _ in names]

    def _estimate(
        self, giver: Giver, donor: str | None, name: str, wish: _Wish, now: Share, then: Share, others: list[Fraction]
    ) -> Estimate:
        gain, slack = then.amount - now.amount, then.slack + now.slack
        low, high = min([gain - slack, *others]), max([gain + slack, *others])
        return Estimate(
            project=name,
            amount=wish.amount,
            donor=donor,
            weight=Bps(WEIGHT_ONE if giver.weight is None else giver.weight),
            match_before=now.amount,
            match_after=then.amount,
            gain=gain,
            low=low,
            high=high,
            exact=slack == 0 and not others,
            formula=self._formula,
            reason=wish.reason,
            note=self._note(wish, then, slack, others),
            could_change=could_change(self._round, self._inputs, giver.weight),
        )

    def _note(self, wish: _Wish, then: Share, slack: Fraction, others: list[Fraction]) -> str:
        if wish.reason is not None:
            return reason_sentence(wish.reason, self._round)
        if then.note:
            return f"Nothing is matched: {then.note}."
        if others:
            return (
                f"{self._formula} looks at what else a donor supports, which is not known here. The range is from a "
                f"donor who supports only this to {len(others)} who also support what donors of this project do."
            )
        if slack:
            return "The cap is applied by a loop in whole units; the range says how far this may be off."
        return ""
