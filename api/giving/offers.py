"""Gifts that can be given, checked: from whom, where they go, and what each is in base units."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from api.access import RoundAsking
from api.giving.building import Line
from api.giving.places import Place
from api.giving.schema import TransactionOut
from qf.chain.addresses import checksummed
from qf.chain.types import Address
from qf.units import format_decimal

VALID = 1_800
"""Seconds for which what was signed is good, unless the round closes before."""


@dataclass(frozen=True, slots=True)
class Offer:
    """Gifts that can be given.

    Attributes:
        lines: (project, base units).
        titles: of all projects of the round.
    """

    asking: RoundAsking
    sender: Address
    place: Place
    lines: tuple[tuple[str, int], ...]
    titles: dict[str, str]

    @property
    def total(self) -> int:
        """All of it, base units."""
        return sum(amount for _, amount in self.lines)

    @property
    def deadline(self) -> int:
        """Until when what is signed now is good, seconds."""
        return min(self.asking.at + VALID, self.asking.round.closes_at or 0)

    @property
    def calls(self) -> list[Line]:
        """The gifts as the contract takes them."""
        return [(self.place.keys[project], self.place.token.address, amount) for project, amount in self.lines]

    def shown(self, amount: int) -> str:
        """Return an amount in whole units of the token."""
        places = self.place.token.decimals
        return f"{format_decimal(Fraction(amount, 10**places), places)} {self.place.token.name}"

    def transaction(self, to: str, data: bytes, says: str, value: int = 0) -> TransactionOut:
        """Return a transaction of the sender."""
        return TransactionOut(
            sender=checksummed(self.sender),
            to=checksummed(Address(to)),
            data="0x" + data.hex(),
            value=value,
            chain=int(self.place.chain.id),
            says=says,
        )

    def says(self) -> str:
        """Return in plain words what is given."""
        return f"Gives {'; '.join(self._part(project, amount) for project, amount in self.lines)}."

    def says_one(self, project: str, amount: int) -> str:
        """Return in plain words what is given to one project."""
        return f"Gives {self._part(project, amount)}."

    def _part(self, project: str, amount: int) -> str:
        return f"{self.shown(amount)} to {self.titles[project]}"
