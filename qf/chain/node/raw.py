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


class RawAccess(msgspec.Struct, rename="camel"):
    """An account that a transaction says it will touch, in JSON (EIP-2930)."""

    address: str
    storage_keys: list[str]


class RawAuthorization(msgspec.Struct, rename="camel"):
    """What an account signs to have the code of another, in JSON (EIP-7702)."""

    chain_id: str
    address: str
    nonce: str
    y_parity: str
    r: str
    s: str


class RawTransaction(msgspec.Struct, rename="camel"):
    """A transaction in JSON. Which of the fields without a value here it must have depends on its type."""

    hash: str
    transaction_index: str
    value: str
    input: str
    gas: str
    sender: str = msgspec.field(name="from")
    to: str | None = None
    type: str = "0x0"
    chain_id: str | None = None
    nonce: str | None = None
    gas_price: str | None = None
    max_priority_fee_per_gas: str | None = None
    max_fee_per_gas: str | None = None
    access_list: list[RawAccess] | None = None
    max_fee_per_blob_gas: str | None = None
    blob_versioned_hashes: list[str] | None = None
    authorization_list: list[RawAuthorization] | None = None
    v: str | None = None
    y_parity: str | None = None
    r: str | None = None
    s: str | None = None
    source_hash: str | None = None
    mint: str | None = None
    is_system_tx: bool = False


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
