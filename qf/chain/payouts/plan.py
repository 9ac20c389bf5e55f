"""Who is paid how much, in which token, and by which tree."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property

from qf.chain.payouts.encodings import ENCODINGS, Encoding, Value
from qf.chain.payouts.tree import MerkleTree, payout_tree
from qf.chain.types import Address, Hash
from qf.errors import InvariantError


@dataclass(frozen=True, slots=True)
class OnChain:
    """What a contract knows of a project; "" where nothing is said.

    Attributes:
        key: the id of the project there: 32 bytes (Allo 1) or an address (Allo 2).
        payee: where it is paid; if "", at its payout_address.
        application: number of its application there; if "", the id of the project.
    """

    key: str = ""
    payee: str = ""
    application: str = ""


@dataclass(frozen=True, slots=True)
class PayoutLine:
    """One payout, which is one leaf of the tree.

    Attributes:
        index: its place in the list, from 0.
        project, title: what is paid for.
        payee: who is paid.
        amount: base units of the token; more than 0.
        donors: how many identities gave to the project and counted.
        key, application: as in `OnChain`.
    """

    index: int
    project: str
    title: str
    payee: Address
    amount: int
    donors: int
    key: str = ""
    application: str = ""

    def leaf(self, encoding: Encoding) -> tuple[Value, ...]:
        """Return the values of the leaf, in the order of the encoding."""
        values = {"index": self.index, "amount": self.amount}
        payee = dict.fromkeys(("payee", "grantee", "recipientAddress"), self.payee)
        key = dict.fromkeys(("projectId", "recipientId"), self.key)
        named: dict[str, Value] = {**values, **payee, **key}
        return tuple(named[name] for name in encoding.fields)


@dataclass(frozen=True)
class PayoutList:
    """All payouts of a round. The pool is their sum and what is unspent, always.

    Attributes:
        kind: which contract pays, a key of `ENCODINGS`.
        round: id of the round.
        result: digest of the result that is paid.
        token, symbol, decimals: what is paid; `qf.chain.types.NATIVE` is the coin of the chain.
        pool, unspent: of the round, in base units.
        lines: the payouts, in the order of project ids.
    """

    kind: str
    round: str
    result: Hash
    token: Address
    symbol: str
    decimals: int
    pool: int
    unspent: int
    lines: tuple[PayoutLine, ...]

    def __post_init__(self) -> None:
        if self.total + self.unspent != self.pool:
            raise InvariantError(f"{self.total} is listed and {self.unspent} unspent of a pool of {self.pool}")

    @property
    def total(self) -> int:
        """The sum of all payouts, in base units."""
        return sum(line.amount for line in self.lines)

    @cached_property
    def tree(self) -> MerkleTree:
        """The tree over the payouts, whose root the contract is given."""
        return payout_tree(self.kind, (line.leaf(ENCODINGS[self.kind]) for line in self.lines))

    @property
    def repeated(self) -> dict[Address, int]:
        """Payees of more than one payout, and of how many: allowed, but to be told."""
        return {payee: times for payee, times in Counter(line.payee for line in self.lines).items() if times > 1}
