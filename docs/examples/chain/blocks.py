"""Blocks made on demand: what goes into which, when it was, and a reorganisation."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from eth_account.signers.local import LocalAccount
from web3 import Web3
from web3.types import RPCEndpoint, TxReceipt

from chain.sending import FEES, Call, signed

Sent = tuple[LocalAccount, Call, int]
"""Who sends what, and how much of the chain's coin with it."""


@dataclass(frozen=True)
class Chain:
    """The chain of the demo; nothing is mined unless it is told to."""

    w3: Web3

    def ask(self, method: str, *values: Any) -> Any:
        """Return the answer to a call that only anvil knows."""
        answer = self.w3.provider.make_request(RPCEndpoint(method), list(values))
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]

    def block(self, sent: Iterable[Sent], *, fails: bool = False) -> list[TxReceipt]:
        """Mine a block of these transactions and return their receipts; all succeed, or all fail if they should."""
        hashes = [self.w3.eth.send_raw_transaction(signed(self.w3, *one, FEES)) for one in sent]
        self.ask("evm_mine")
        receipts = [self.w3.eth.wait_for_transaction_receipt(each) for each in hashes]
        wrong = [receipt for receipt in receipts if bool(receipt["status"]) is fails]
        if wrong:
            raise RuntimeError(f"{len(wrong)} of {len(receipts)} transactions did not end as they should: {wrong[0]}")
        return receipts

    def wait_until(self, time: int) -> None:
        """Let it be `time`, seconds since 1970 UTC, in the block that comes."""
        self.ask("evm_setNextBlockTimestamp", time)
        self.ask("evm_mine")

    def interval(self, seconds: int) -> None:
        """Let this much time lie between a block and the next from now on."""
        self.ask("anvil_setBlockTimestampInterval", seconds)

    def finalise(self) -> None:
        """Mine as many blocks as it takes for all there is to be final: two epochs of anvil."""
        self.ask("anvil_mine", hex(2 * EPOCH + 1))

    def fund(self, accounts: Iterable[LocalAccount], coins: int) -> None:
        """Give accounts the coin of the chain, wei, as only a chain for tests can."""
        for account in accounts:
            self.ask("anvil_setBalance", account.address, hex(coins))


EPOCH = 4
"""Blocks in an epoch of anvil; a block is final two epochs later."""
