"""The month in which people give: day by day, with a reorganisation of the chain in the middle."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import islice

from deploy import deploy_round
from eth_account.signers.local import LocalAccount
from hexbytes import HexBytes
from web3.types import TxReceipt

from chain.blocks import Chain, Sent
from chain.giving import HUNDREDTH, WAYS, Giving, Vault
from chain.handwritten import Row
from chain.people import CLOSES, DONORS, FARMED, SEED, farm, person
from chain.sending import FEES, signed
from qf.chain.types import NATIVE
from qf.eligibility import Project

DAY = 86_400
"""Seconds between two blocks of the month."""

GUESTS = 8
"""How many people give on the two days that the chain takes back."""

WEALTH = 10**18
"""What everybody has of the chain's coin, wei; those who use a relayer have none."""


class Season:
    """Everybody who gives, in the order in which they do."""

    def __init__(self, chain: Chain, vault: Vault) -> None:
        self.ways: Counter[str] = Counter()
        self._chain, self._vault = chain, vault
        self._rng = random.Random(SEED)
        self._giving = Giving(vault, self._rng)
        names = self._rng.choices(list(WAYS), (5, 5, 4, 2, 2), k=DONORS)
        donors = [(person(f"donor {number}"), name) for number, name in enumerate(names)]
        self.of_several = next(donor for donor, name in donors if "cart of" in name)
        self._waiting = iter(donors)
        self._gave: dict[str, HexBytes] = {}
        self._guests = [person(f"guest {number}") for number in range(GUESTS)]
        self._equip(donors)

    def days(self, count: int, people: int) -> None:
        """Let `people` more give on each of `count` days."""
        for _ in range(count):
            self._day(islice(self._waiting, people))

    def guests(self) -> None:
        """Let the guests give, half of them on each of two days."""
        for some in (self._guests[: GUESTS // 2], self._guests[GUESTS // 2 :]):
            receipts = self._day((guest, "the coin of the chain") for guest in some)
            self._gave |= {receipt["from"]: receipt["transactionHash"] for receipt in receipts}

    def take_back(self) -> None:
        """Reorganise these two days away: most gifts come back elsewhere, one with another amount, one never."""
        vault = self._vault
        *same, changed, _ = self._guests
        again = [vault.w3.eth.get_raw_transaction(self._gave[guest.address]) for guest in reversed(same)]
        (sent,) = self._giving.coin(changed)
        again.append(HexBytes(signed(vault.w3, *sent, {**FEES, "nonce": 0})))
        self._chain.ask("anvil_reorg", 2, [[raw.to_0x_hex(), place % 2] for place, raw in enumerate(again)])

    def farm(self) -> None:
        """Let the farm give, and the lead of a project to the own project."""
        self._chain.block(self._giving.farm())
        self._chain.block(self._giving.hundredth(person(f"{FARMED} lead"), FARMED))
        self.ways["the farm"] += len(farm())

    def forge(self, deployer: LocalAccount, projects: Sequence[Project]) -> Row:
        """Give to a contract that looks like that of the round; return how this would stand in a ledger."""
        window = self._vault.round.functions.opens().call(), CLOSES
        self._chain.ask("evm_setAutomine", True)
        other, _ = deploy_round(self._vault.w3, deployer, window, [NATIVE], projects)
        self._chain.ask("evm_setAutomine", False)
        forged = Giving(replace(self._vault, round=other), self._rng).hundredth(deployer, FARMED)
        (receipt,) = self._chain.block(forged)
        return self._row(deployer, receipt)

    def too_late(self) -> Row:
        """Close the round and give after that; return how this would stand in a ledger."""
        self._chain.wait_until(CLOSES)
        donor = person("late")
        (receipt,) = self._chain.block(self._giving.hundredth(donor, FARMED), fails=True)
        return self._row(donor, receipt)

    def _day(self, donors: Iterable[tuple[LocalAccount, str]]) -> list[TxReceipt]:
        sent: list[Sent] = []
        for donor, way in donors:
            sent += WAYS[way](self._giving, donor)
            self.ways[way] += 1
        return self._chain.block(sent)

    def _row(self, donor: LocalAccount, receipt: TxReceipt) -> Row:
        number, transaction = self._vault.w3.eth.chain_id, receipt["transactionHash"]
        return {
            "id": f"eip155:{number}/{transaction.to_0x_hex()}/0",
            "donor": donor.address.lower(),
            "project": FARMED,
            "amount_base": str(HUNDREDTH),
            "token": "eth",
            "time": "",
        }

    def _equip(self, donors: Sequence[tuple[LocalAccount, str]]) -> None:
        """Give everybody what they are going to give, out of nothing."""
        others = [person(name) for name in ("late", "relayer", "forger", "operator", f"{FARMED} lead")]
        paying = [donor for donor, name in donors if "relayer" not in name]
        self._chain.fund([*paying, *self._guests, *others, *farm()], WEALTH)
        dollar, yen = self._vault.dollar.functions, self._vault.yen.functions
        mints = [dollar.mint(wallet.address, 10**7) for wallet in farm()]
        for donor, name in donors:
            if "permit" in name or "cart of" in name:
                mints.append(yen.mint(donor.address, 2 * 10**22))
            elif "coin" not in name:
                mints.append(dollar.mint(donor.address, 10**8))
        self._chain.block((person("operator"), mint, 0) for mint in mints)
