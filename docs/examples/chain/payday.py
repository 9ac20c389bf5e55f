"""The day of the payouts: the pool comes in, the root is proposed, and everybody is paid, one of them elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from deploy import DAY, project_key
from pay import claim, events, proposal, pushes
from web3.contract import Contract
from web3.types import TxReceipt

from chain.blocks import Chain
from chain.giving import Vault
from chain.people import CLOSES, REFUSING, person
from chain.sending import deploy, send, transfer
from qf.chain.payouts import PayoutList

CHALLENGE = 3 * DAY
"""Seconds in which anybody may challenge what is proposed."""


class Payday:
    """MatchingPayout and what is done with it."""

    def __init__(self, chain: Chain, vault: Vault) -> None:
        self._chain, self._vault, self._w3 = chain, vault, vault.w3
        self._operator, self._sponsor = person("operator"), person("sponsor")
        terms = CHALLENGE, CHALLENGE, CLOSES + 365 * DAY, 10**16
        coin, operator, sponsor = vault.coin, self._operator.address, self._sponsor.address
        arbiter = person("arbiter").address
        self.contract, _ = deploy(self._w3, self._operator, "MatchingPayout", coin, operator, arbiter, sponsor, *terms)

    def fund(self, amount: int) -> None:
        """Have the sponsor send the pool."""
        self._chain.fund([self._sponsor], amount + 10**18)
        transfer(self._w3, self._sponsor, self.contract.address, amount)

    def use_accounts(self, projects: Sequence[str]) -> None:
        """Let every payee have sent something before, as people's accounts have; the rehearsal asks about others."""
        payees = [person(project) for project in projects]
        self._chain.fund(payees, 10**18)
        for payee in payees:
            transfer(self._w3, payee, payee.address, 0)

    def refuse(self) -> None:
        """Have a payee lend its account a contract that takes no coins (EIP-7702), as a wallet may do unasked."""
        payee, lender = person(REFUSING), self._vault.yen.address
        nonce = self._w3.eth.get_transaction_count(payee.address)
        lent = payee.sign_authorization({"chainId": self._w3.eth.chain_id, "address": lender, "nonce": nonce + 1})
        transfer(self._w3, payee, payee.address, 0, authorizationList=[lent])

    def propose(self, payouts: PayoutList) -> None:
        """Propose the payouts and let the challenge period pass."""
        receipt = send(self._w3, self._operator, proposal(self.contract, payouts))
        (proposed,) = events(self.contract, "Proposed", [receipt])
        self._chain.wait_until(proposed["finalAt"])

    def push(self, payouts: PayoutList) -> list[TxReceipt]:
        """Pay everybody; anybody may send this, and here a relayer does."""
        return [send(self._w3, person("relayer"), call) for call in pushes(self.contract, payouts)]

    def claim_elsewhere(self, payouts: PayoutList, to: str) -> TxReceipt:
        """Have the payee that could not be paid take its payout to another account."""
        (position,) = (place for place, line in enumerate(payouts.lines) if line.project == REFUSING)
        index, _, amount, proof = claim(payouts, position)
        return send(self._w3, person(REFUSING), self.contract.functions.claimTo(index, amount, proof, to))

    def withdraw(self, projects: Sequence[str], to: str) -> int:
        """Pay each project what it was given; return in how many transactions. One payee has moved by then."""
        vault, made = self._vault.round.functions, 0
        send(self._w3, person(REFUSING), vault.movePayee(project_key(REFUSING), to))
        for project in map(project_key, projects):
            for token in (self._vault.yen.address, self._vault.dollar.address, self._vault.coin):
                if vault.credited(project, token).call():
                    send(self._w3, person("relayer"), vault.withdraw(project, token))
                    made += 1
        return made


def paid(contract: Contract, receipts: Sequence[TxReceipt]) -> dict[int, Any]:
    """Return index -> what was paid, as the contract says in its events."""
    return {found["index"]: found for found in events(contract, "Paid", receipts)}
