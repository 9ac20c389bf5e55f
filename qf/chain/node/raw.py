"""What nodes send, as it stands in JSON: text, of which nothing is checked yet but that it is there."""

from __future__ import annotations

import msgspec

from qf.chain.types import Address, Hash


class RawLog(msgspec.Struct, gc=False, rename="camel"):
    """A log in JSON; address and hashes are what they should be only once `_logs` has looked."""

    address: Address
    topics: tuple[Hash, ...]
    data: str
    block_number: str
    block_hash: Hash
    transaction_hash: Hash
    transaction_index: str
    log_index: str
    removed: bool = False


class RawReceipt(msgspec.Struct, rename="camel"):
    """A receipt in JSON."""

    transaction_hash: str
    transaction_index: str
    block_number: str
    block_hash: str
    cumulative_gas_used: str
    logs: list[RawLog]
    sender: str = msgspec.field(name="from")
    to: str | None = None
    type: str = "0x0"
    status: str | None = None
    root: str | None = None
    deposit_nonce: str | None = None
    deposit_receipt_version: str | None = None


class RawTransaction(msgspec.Struct, rename="camel"):
    """A transaction in JSON."""

    hash: str
    transaction_index: str
    value: str
    input: str
    sender: str = msgspec.field(name="from")
    to: str | None = None


class RawBlock(msgspec.Struct):
    """A block in JSON, as far as its transactions go."""

    transactions: list[RawTransaction]


class RpcError(msgspec.Struct):
    """What a node says where it has no result."""

    message: str = ""
    code: int = 0


class Answer(msgspec.Struct):
    """An answer by JSON-RPC 2.0; the result stays JSON until it is known what it should be."""

    id: int | str | None = None
    result: msgspec.Raw = msgspec.Raw(b"null")
    error: RpcError | str | None = None
