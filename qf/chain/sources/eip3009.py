"""Donations by EIP-3009, as JPYC and USDC have it: the donor signs a transfer, anyone sends it.

The nonce that the donor signed is the memo: it is how the donor's program finds its donation. The token writes
`AuthorizationUsed` with the nonce, then the transfer that it allows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar

from qf.chain.abi import Event
from qf.chain.sources.base import NO_OUTCOME, outcomes_by_hash, sort_out
from qf.chain.sources.transfers import TRANSFER, given, transfers_to
from qf.chain.types import Address, ChainDonation, ChainProject, Decoded, Fact, Hash, Log, LogFilter, Outcome

USED = Event.of("AuthorizationUsed(address indexed authorizer, bytes32 indexed nonce)")
"""What the token writes before the transfer."""


@dataclass(frozen=True)
class Eip3009:
    """The source. A plain transfer to a project is a donation without a memo.

    Attributes:
        payees: the addresses of the projects; donations call the project by it.
        tokens: the tokens that count.
    """

    payees: tuple[Address, ...]
    tokens: tuple[Address, ...]

    events: ClassVar = {TRANSFER.topic: TRANSFER, USED.topic: USED}
    needs_receipts: ClassVar = True
    watched: ClassVar[tuple[Address, ...]] = ()

    @property
    def contracts(self) -> tuple[Address, ...]:
        """None: tokens write the transfers."""
        return ()

    @property
    def filters(self) -> tuple[LogFilter, ...]:
        """The logs it needs: transfers of the tokens to the projects. The nonces are in the same transactions."""
        return transfers_to(self.payees, self.tokens)

    def decode(self, logs: Sequence[Log], outcomes: Sequence[Outcome] = ()) -> Decoded:
        """Return the transfers to the projects, with the nonce of the authorization they were made by."""
        found = sort_out(self, logs, partial(_given, outcomes_by_hash(outcomes)))
        return replace(found, projects=tuple(ChainProject(payee, payee=payee) for payee in self.payees))


def _given(known: dict[Hash, Outcome], fact: Fact) -> ChainDonation:
    gift = given(fact)
    if fact.log.tx_hash not in known:
        raise ValueError(NO_OUTCOME)
    return replace(gift, memo=nonce(fact.log, gift.donor, known[fact.log.tx_hash]))


def nonce(log: Log, donor: Address, outcome: Outcome) -> str:
    """Return the nonce of the authorization by which `donor` made the transfer in `log`; "" if by none.

    It is that of the log of the same token just before it, if that says that an authorization of the donor was used.
    """
    before = [other for other in outcome.logs if other.address == log.address and other.log_index < log.log_index]
    last = max(before, key=lambda other: other.log_index, default=None)
    if last is None or last.topics[:1] != (USED.topic,):
        return ""
    try:
        used = USED.decode(last.topics, last.data)
    except ValueError:
        return ""
    return str(used["nonce"]) if used["authorizer"] == donor else ""
