"""Contributions to a round of clr.fund. Which projects they are for is secret: the round counts encrypted ballots.

So `project` is the round itself; what each project got comes from the published tally.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from qf.chain.sources.base import asking, events_of, sort_out
from qf.chain.types import Address, ChainDonation, ChainProject, Decoded, Fact, Log, LogFilter, Outcome, Refused


@dataclass(frozen=True)
class ClrFund:
    """The source.

    Attributes:
        round: the funding round.
        token: its token, which no event names.
    """

    round: Address
    token: Address

    events: ClassVar = events_of(
        "Contribution(address indexed _sender, uint256 _amount)",
        "ContributionWithdrawn(address indexed _contributor)",
        "FundsClaimed(uint256 indexed _voteOptionIndex, address indexed _recipient, uint256 _amount)",
    )
    needs_receipts: ClassVar = False
    watched: ClassVar[tuple[Address, ...]] = ()

    @property
    def contracts(self) -> tuple[Address, ...]:
        """The contract that donations are written by."""
        return (self.round,)

    @property
    def filters(self) -> tuple[LogFilter, ...]:
        """The logs it needs: all events of the round."""
        return asking(self.round, self.events)

    def decode(self, logs: Sequence[Log], outcomes: Sequence[Outcome] = ()) -> Decoded:
        """Return the contributions that stand; one that was withdrawn is refused."""
        found = sort_out(self, logs, self._donation)
        back = {
            fact.values["_contributor"]: fact.log.block_number
            for fact in found.facts
            if fact.name == "ContributionWithdrawn"
        }
        donations = [gift for gift in found.donations if gift.donor not in back]
        withdrawn = [
            Refused(gift.log, f"withdrawn by the donor in block {back[gift.donor]}")
            for gift in found.donations
            if gift.donor in back
        ]
        project = ChainProject(self.round, payee=self.round)
        return Decoded(donations, (project,), [*found.refused, *withdrawn], found.facts)

    def _donation(self, fact: Fact) -> ChainDonation | None:
        if fact.name != "Contribution":
            return None
        values = fact.values
        return ChainDonation(fact.log, values["_sender"], self.round, self.token, values["_amount"], payee=self.round)
