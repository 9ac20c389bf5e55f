"""What would happen: calls that a node carries out and forgets again, without a signature and without a cost."""

from __future__ import annotations

import json
import re
import time
from typing import TYPE_CHECKING, Any, Protocol

from qf.chain.abi import decode
from qf.chain.types import Address, ChainId
from qf.errors import NodeError, RevertedError

if TYPE_CHECKING:
    from qf.chain.node.transport import Transport

ATTEMPTS = 5
"""How often a question is asked of a node that is busy or broken."""

RICH = hex(2**255)
"""What an account that pays is given for a simulation, where it is not said who pays."""

_REVERTED = re.compile(r"revert|invalid opcode|out of gas|vm execution|bad instruction|bad jump", re.IGNORECASE)


class Simulator(Protocol):
    """One chain at one block: what its accounts are, and what a call would do."""

    @property
    def chain(self) -> ChainId:
        """Which chain it is."""

    @property
    def block(self) -> int:
        """The number of the block."""

    def code(self, account: Address) -> bytes:
        """Return the code of a contract; none for an ordinary account."""

    def sent(self, account: Address) -> int:
        """Return how many transactions an account has sent."""

    def balance(self, account: Address) -> int:
        """Return how much of the chain's own coin an account has, in base units."""

    def call(self, sender: Address, to: Address, data: bytes, value: int = 0, *, rich: bool = False) -> bytes:
        """Return what a call would return. With `rich`, the sender has as much of the coin as it takes.

        Raises:
            RevertedError: it would fail.
        """


class NodeSimulator:
    """Asks a node, always about the block that was its latest at first."""

    def __init__(self, url: str) -> None:
        from qf.chain.node.pace import Limits
        from qf.chain.node.transport import Transport

        self._transport: Transport = Transport(url, Limits())
        self.chain = ChainId(_number(self._ask("eth_chainId")))
        self.block = _number(self._ask("eth_blockNumber"))

    def code(self, account: Address) -> bytes:
        """Return the code of a contract; none for an ordinary account."""
        return _octets(self._ask("eth_getCode", account, hex(self.block)))

    def sent(self, account: Address) -> int:
        """Return how many transactions an account has sent."""
        return _number(self._ask("eth_getTransactionCount", account, hex(self.block)))

    def balance(self, account: Address) -> int:
        """Return how much of the chain's own coin an account has, in base units."""
        return _number(self._ask("eth_getBalance", account, hex(self.block)))

    def call(self, sender: Address, to: Address, data: bytes, value: int = 0, *, rich: bool = False) -> bytes:
        """Return what a call would return; see `Simulator`."""
        asked = {"from": sender, "to": to, "data": f"0x{data.hex()}", "value": hex(value)}
        given = [{sender: {"balance": RICH}}] if rich else []
        return _octets(self._ask("eth_call", asked, hex(self.block), *given))

    def close(self) -> None:
        """Return after the connections are closed."""
        self._transport.close()

    def _ask(self, method: str, *params: Any) -> Any:
        """Return the result of a call of JSON-RPC; a node that is busy is asked again."""
        for attempt in range(ATTEMPTS):
            reply = self._transport.send([(method, list(params))])
            if reply.status != 429 and reply.status < 500:
                return _result(method, reply.body)
            time.sleep(max(reply.wait, 0.2 * 2**attempt))
        raise NodeError(f"{method}: the node answered with HTTP {reply.status} {ATTEMPTS} times; try another node")


def _result(method: str, body: bytes) -> Any:
    try:
        document = json.loads(body)
        error = document.get("error")
    except (ValueError, AttributeError):
        raise NodeError(f"{method}: the node answered with no JSON-RPC; is the URL right?") from None
    if not error:
        return document.get("result")
    told, data = str(error.get("message", "")), error.get("data")
    if method == "eth_call" and (error.get("code") == 3 or _REVERTED.search(told)):
        raise RevertedError(_reason(told, data))
    raise NodeError(f"{method}: the node says: {told[:300]}")


def _reason(told: str, data: Any) -> str:
    """Return what a contract says of its failure: its text, or the four bytes of its error."""
    if not isinstance(data, str) or not data.startswith("0x") or len(data) < 10:
        return told
    try:
        (text,) = decode("(string)", bytes.fromhex(data[10:]))
    except ValueError:
        text = ""
    return f"reverts: {text}" if data.startswith("0x08c379a0") and text else f"reverts with {data[:10]}"


def _number(text: Any) -> int:
    if not isinstance(text, str) or not re.fullmatch(r"0x[0-9a-fA-F]{1,64}", text):
        raise NodeError(f"the node answered {str(text)[:40]!r} where a number was expected; try another node")
    return int(text, 16)


def _octets(text: Any) -> bytes:
    if not isinstance(text, str) or not re.fullmatch(r"0x([0-9a-fA-F]{2})*", text):
        raise NodeError(f"the node answered {str(text)[:40]!r} where bytes were expected; try another node")
    return bytes.fromhex(text[2:])
