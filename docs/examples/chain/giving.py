"""The ways to give: an allowance first, a permit, the coin of the chain, a cart, a cart that somebody else sends."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from deploy import project_key
from eth_account.signers.local import LocalAccount
from web3 import Web3
from web3.contract import Contract

from chain.blocks import Sent
from chain.people import FARMED, TITLES, farm, person
from chain.sending import Call, sign_typed
from qf.chain.types import NATIVE

FOREVER = 2**63
"""When what was signed expires: not in this demo."""

FARM_GIFT = 2 * 10**6
"""What each wallet of the farm gives, base units of the dollar."""

HUNDREDTH = 10**16
"""A hundredth of the chain's coin, wei."""

LINE = {"project": "bytes32", "token": "address", "amount": "uint256", "memo": "bytes32"}
CART = {"donor": "address", "lines": "Line[]", "salt": "bytes32", "deadline": "uint256"}
PERMIT = {"owner": "address", "spender": "address", "value": "uint256", "nonce": "uint256", "deadline": "uint256"}
"""What is signed, by EIP-712: name of each field -> its type."""

Line = tuple[bytes, str, int, bytes]
"""Project, token, base units, memo: one line of a cart."""


@dataclass(frozen=True)
class Vault:
    """Where people give: the contract of the round, and the tokens it takes beside the coin of the chain."""

    w3: Web3
    round: Contract
    yen: Contract
    dollar: Contract

    @property
    def coin(self) -> str:
        """Stands for the coin of the chain."""
        return str(Web3.to_checksum_address(NATIVE))

    def permit(self, donor: LocalAccount, token: Contract, amount: int) -> tuple[Any, ...]:
        """Return an allowance that `donor` signs, EIP-2612."""
        values = donor.address, self.round.address, amount, token.functions.nonces(donor.address).call(), FOREVER
        message, types = dict(zip(PERMIT, values, strict=True)), {"Permit": _fields(PERMIT)}
        made = sign_typed(donor, self._domain(token.functions.name().call(), token), types, message)
        return token.address, amount, FOREVER, made.v, made.r.to_bytes(32), made.s.to_bytes(32)

    def relayed(self, donor: LocalAccount, lines: Sequence[Line]) -> Call:
        """Return the call that gives a cart of dollars which `donor` only signs: whoever sends it pays the fee."""
        salt = bytes(32)
        listed = [dict(zip(LINE, line, strict=True)) for line in lines]
        message = dict(zip(CART, (donor.address, listed, salt, FOREVER), strict=True))
        types = {"Cart": _fields(CART), "Line": _fields(LINE)}
        made = sign_typed(donor, self._domain("DonationRound", self.round), types, message)
        permit = self.permit(donor, self.dollar, sum(amount for _, _, amount, _ in lines))
        return self.round.functions.donateFor(donor.address, lines, salt, FOREVER, made.signature, [permit])

    def _domain(self, name: str, contract: Contract) -> dict[str, Any]:
        number = self.w3.eth.chain_id
        return {"name": name, "version": "1", "chainId": number, "verifyingContract": contract.address}


class Giving:
    """Turns donors into transactions, by a seeded choice of projects and amounts."""

    def __init__(self, vault: Vault, rng: random.Random) -> None:
        self._vault, self._rng = vault, rng
        self._relayer = person("relayer")

    def allowance(self, donor: LocalAccount) -> list[Sent]:
        """Give dollars in two transactions."""
        line = self._line(self._vault.dollar.address, self._dollars())
        return [self._approve(donor, self._vault.dollar, line[2]), self._donate(donor, [line])]

    def permit(self, donor: LocalAccount) -> list[Sent]:
        """Give yen in one transaction."""
        line = self._line(self._vault.yen.address, self._yen())
        permit = self._vault.permit(donor, self._vault.yen, line[2])
        return [(donor, self._vault.round.functions.donateWithPermit([line], [permit]), 0)]

    def coin(self, donor: LocalAccount) -> list[Sent]:
        """Give the coin of the chain."""
        return [self._donate(donor, [self._line(self._vault.coin, self._coins())])]

    def hundredth(self, donor: LocalAccount, project: str) -> list[Sent]:
        """Give a hundredth of the chain's coin to a project."""
        return [self._donate(donor, [(project_key(project), self._vault.coin, HUNDREDTH, bytes(32))])]

    def cart(self, donor: LocalAccount) -> list[Sent]:
        """Give yen and coins to three projects in one transaction, after an allowance."""
        yen = [self._line(self._vault.yen.address, self._yen()) for _ in range(2)]
        allowed = self._approve(donor, self._vault.yen, sum(line[2] for line in yen))
        return [allowed, self._donate(donor, [*yen, self._line(self._vault.coin, self._coins())])]

    def relayed(self, donor: LocalAccount) -> list[Sent]:
        """Give dollars to two projects by signatures alone: the donor has no coin to pay a fee with."""
        lines = [self._line(self._vault.dollar.address, self._dollars()) for _ in range(2)]
        return [(self._relayer, self._vault.relayed(donor, lines), 0)]

    def farm(self) -> list[Sent]:
        """Give the same from every wallet of the farm to one project."""
        line = project_key(FARMED), self._vault.dollar.address, FARM_GIFT, bytes(32)
        return [
            sent
            for wallet in farm()
            for sent in (self._approve(wallet, self._vault.dollar, FARM_GIFT), self._donate(wallet, [line]))
        ]

    def _line(self, token: str, amount: int) -> Line:
        popularity = range(2 * len(TITLES), len(TITLES), -1)
        (project,) = self._rng.choices(list(TITLES), popularity)
        return project_key(project), token, amount, bytes(32)

    def _approve(self, donor: LocalAccount, token: Contract, amount: int) -> Sent:
        return donor, token.functions.approve(self._vault.round.address, amount), 0

    def _donate(self, donor: LocalAccount, lines: Sequence[Line]) -> Sent:
        coins = sum(amount for _, token, amount, _ in lines if token == self._vault.coin)
        return donor, self._vault.round.functions.donate(lines), coins

    def _dollars(self) -> int:
        return self._rng.randrange(3, 40) * 10**6

    def _yen(self) -> int:
        return self._rng.randrange(3, 60) * 100 * 10**18

    def _coins(self) -> int:
        return self._rng.randrange(2, 30) * 5 * 10**14


Way = Callable[[Giving, LocalAccount], list[Sent]]

WAYS: dict[str, Way] = {
    "an allowance, then the gift": Giving.allowance,
    "a permit, in one transaction": Giving.permit,
    "the coin of the chain": Giving.coin,
    "a cart of three projects": Giving.cart,
    "a signed cart, sent by a relayer": Giving.relayed,
}
"""How people give."""


def _fields(types: dict[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "type": kind} for name, kind in types.items()]
