"""From what is told to what is recorded: names in one spelling, amounts in base units, every fault named at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from api.intake.schema import Amount, NewDonation
from api.problems import Fault, Invalid
from api.recording import Gift
from api.tables import Round
from qf.columns import canonical_name
from qf.units import parse_decimal, to_units

T = TypeVar("T")

LARGEST = 2**256 - 1
"""Base units that a donation can be, at most."""

PERSONAL = "@"
"""What no name of a donor holds: ledgers are published."""

PSEUDONYM = "give a pseudonym, such as an HMAC of it: ledgers are published"
"""What to do about a donor who is named by an e-mail address."""


class Reading:
    """Reads what somebody told about a round, and collects what is wrong with it."""

    def __init__(self, round: Round) -> None:
        self.faults: list[Fault] = []
        self._unit_decimals = int(round.rules.get("round", {}).get("unit_decimals", 0))
        self._decimals = {"": self._unit_decimals, **{token: price[1] for token, price in round.prices.items()}}

    def finish(self) -> None:
        """Raise what is wrong, all of it."""
        if self.faults:
            raise Invalid.of(self.faults)

    def name(self, where: str, text: str) -> str:
        """Return a name in its one spelling; "" stays ""."""
        return self._tried(where, lambda: canonical_name(text) if text else "", "")

    def donor(self, where: str, text: str) -> str:
        """Return the name of a donor, who must not be known by it."""
        if PERSONAL in text:
            self.faults.append(Fault(where=where, what="looks like an e-mail address", fix=PSEUDONYM))
        return self.name(where, text)

    def amount(self, where: str, given: Amount, token: str) -> int:
        """Return an amount in base units."""
        if given.amount_base is not None:
            value = int(given.amount_base)
        elif token not in self._decimals:
            self.faults.append(
                Fault(where=where, what=f"the decimals of {token} are not known", fix="price it, or give amount_base")
            )
            return 1
        else:
            whole, places = given.amount or "", self._decimals[token]
            value = self._tried(where, lambda: int(to_units(parse_decimal(whole), places)), 1)
        if value > LARGEST:
            self.faults.append(Fault(where=where, what="is more than 2**256 - 1 base units"))
            return 1
        return value

    def gift(self, where: str, told: NewDonation) -> Gift:
        """Return a donation that a source tells."""
        token = self.name(f"{where}.token", told.token)
        amount = self.amount(f"{where}.amount", told, token)
        if amount == 0:
            self.faults.append(Fault(where=f"{where}.amount", what="is 0", fix="leave it out"))
        return Gift(
            external_id=told.id,
            donor=self.donor(f"{where}.donor", told.donor),
            project=self.name(f"{where}.project", told.project),
            amount=amount,
            time=told.time,
            token=token,
        )

    def _tried(self, where: str, read: Callable[[], T], instead: T) -> T:
        try:
            return read()
        except ValueError as error:
            self.faults.append(Fault(where=where, what=str(error)))
            return instead


def numbered(where: str, told: Iterable[T]) -> Iterator[tuple[str, T]]:
    """Return each with where it stands in what was sent."""
    return ((f"{where}.{number}", each) for number, each in enumerate(told))
