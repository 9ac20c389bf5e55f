"""JSON as nodes send it -> what `qf.chain` keeps. Every digit is checked; no number passes through a float."""

from __future__ import annotations

import re
from binascii import unhexlify
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from msgspec.structs import replace

from qf.chain.node.raw import Answer, RawAuthorization, RawBlock, RawLog, RawReceipt, RawTransaction
from qf.chain.proof.headers import Header, read_header
from qf.chain.proof.receipts import DEPOSIT, PROVABLE_TYPES, Receipt
from qf.chain.proof.rlp import Item
from qf.chain.proof.transactions import Transaction
from qf.chain.types import Address, Hash, Log

_TO_ZERO = bytes.maketrans(b"123456789abcdef", b"0" * 15)
"""Turns every digit into 0, so that what is well written has one of few shapes. Far faster than an expression."""

_SHAPES = {topics: b",".join([b"0x" + b"0" * 40, *[b"0x" + b"0" * 64] * (2 + topics)]) for topics in range(5)}
"""How many topics a log has -> shape of its address, the hashes of its block and transaction, and the topics."""

_HASH = re.compile(r"0x[0-9a-f]{64}")
_ADDRESS = re.compile(r"0x[0-9a-f]{40}")
_NUMBER = re.compile(r"0x[0-9a-f]{1,64}")

_ANSWERS = msgspec.json.Decoder(Answer | list[Answer])
_LOGS = msgspec.json.Decoder(list[RawLog])
_RECEIPTS = msgspec.json.Decoder(list[RawReceipt])
_RECEIPT = msgspec.json.Decoder(RawReceipt | None)
_KNOWN_RECEIPT = msgspec.json.Decoder(RawReceipt)
_BLOCK = msgspec.json.Decoder(RawBlock)
_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_TEXT = msgspec.json.Decoder(str)


def answers(body: bytes) -> Answer | list[Answer]:
    """Return what a node answered; what is malformed raises ValueError or msgspec.DecodeError, as everywhere here."""
    decoded: Answer | list[Answer] = _ANSWERS.decode(body)
    return decoded


def logs(result: msgspec.Raw) -> list[Log]:
    """Return the logs of a result, as many and in the order they came."""
    return list(_logs(_LOGS.decode(result)))


def header(result: msgspec.Raw) -> Header:
    """Return the header of a block without its transactions."""
    fields = {name: _text(value) for name, value in _FIELDS.decode(result).items() if name != "transactions"}
    return read_header(fields)


def receipts(result: msgspec.Raw) -> list[Receipt]:
    """Return the receipts of a block."""
    return [_receipt(raw) for raw in _RECEIPTS.decode(result)]


def receipt(result: msgspec.Raw) -> Receipt | None:
    """Return the receipt of a transaction, or None where there is none."""
    raw = _RECEIPT.decode(result)
    return None if raw is None else _receipt(raw)


def known_receipt(result: msgspec.Raw) -> Receipt:
    """Return the receipt of a transaction that must be there."""
    return _receipt(_KNOWN_RECEIPT.decode(result))


def transactions(result: msgspec.Raw) -> list[Transaction]:
    """Return the transactions of a block that was asked for with them."""
    return [_transaction(raw) for raw in _BLOCK.decode(result).transactions]


def data(result: msgspec.Raw) -> bytes:
    """Return bytes."""
    return _bytes(_TEXT.decode(result))


def number(result: msgspec.Raw) -> int:
    """Return a number.

    >>> number(msgspec.Raw(b'"0xffffffffffffffffffff"'))
    1208925819614629174706175
    """
    return _number(_TEXT.decode(result))


class _Numbers(dict[str, int]):
    """Places by how they are written: the same few come again and again."""

    def __missing__(self, text: str) -> int:
        return self.setdefault(text, _place(text))


def _logs(raws: Iterable[RawLog]) -> Iterator[Log]:
    numbers = _Numbers()
    for raw in raws:
        if raw.removed:
            raise ValueError(f"log {raw.log_index} of block {raw.block_number} is marked removed")
        line = ",".join((raw.address, raw.block_hash, raw.transaction_hash, *raw.topics))
        if line.encode().translate(_TO_ZERO) != _SHAPES.get(len(raw.topics)):
            raw = _lower(raw, line.lower())
        yield Log(
            raw.address,
            raw.topics,
            _bytes(raw.data),
            numbers[raw.block_number],
            raw.block_hash,
            raw.transaction_hash,
            numbers[raw.transaction_index],
            numbers[raw.log_index],
        )


def _lower(raw: RawLog, line: str) -> RawLog:
    """Return a log with its address and hashes in lower case: some nodes write them with a checksum."""
    if line.encode().translate(_TO_ZERO) != _SHAPES.get(len(raw.topics)):
        raise ValueError(f"a log is malformed: {line[:200]!r}")
    address, block, tx, *topics = line.split(",")
    hashes = tuple(map(Hash, topics))
    return replace(raw, address=Address(address), block_hash=Hash(block), transaction_hash=Hash(tx), topics=hashes)


def _receipt(raw: RawReceipt) -> Receipt:
    deposit = None
    if raw.deposit_receipt_version is not None:
        deposit = (_number(raw.deposit_nonce or ""), _number(raw.deposit_receipt_version))
    return Receipt(
        tx_hash=_hash(raw.transaction_hash),
        tx_index=_place(raw.transaction_index),
        block_number=_place(raw.block_number),
        block_hash=_hash(raw.block_hash),
        sender=_address(raw.sender),
        to=_address(raw.to) if raw.to else Address(""),
        succeeded=raw.root is not None or _number(raw.status or "") == 1,
        logs=tuple(_logs(raw.logs)),
        kind=_number(raw.type),
        gas_so_far=_number(raw.cumulative_gas_used),
        state_root=b"" if raw.root is None or raw.status is not None else _bytes(raw.root),
        deposit=deposit,
    )


def _transaction(raw: RawTransaction) -> Transaction:
    to = _address(raw.to) if raw.to else Address("")
    kind = _number(raw.type)
    signed = kind in PROVABLE_TYPES and kind != DEPOSIT
    return Transaction(
        hash=_hash(raw.hash),
        index=_place(raw.transaction_index),
        sender=_address(raw.sender),
        to=to,
        value=_number(raw.value),
        data=_bytes(raw.input),
        kind=kind,
        body=_body(raw, kind),
        signature=(_parity(raw, kind), _needed(raw.r, "r"), _needed(raw.s, "s")) if signed else None,
    )


def _body(raw: RawTransaction, kind: int) -> tuple[Item, ...]:
    """Return the fields of a transaction that are signed, in their order; none if the type is not known."""
    call: list[Item] = [_bytes(_address(raw.to)) if raw.to else b"", _number(raw.value), _bytes(raw.input)]
    gas = _number(raw.gas)
    if kind == DEPOSIT:
        money: list[Item] = [_number(raw.mint or "0x0"), call[1], gas, int(raw.is_system_tx)]
        return (_bytes(_hash(raw.source_hash or "")), _bytes(_address(raw.sender)), call[0], *money, call[2])
    if kind not in PROVABLE_TYPES:
        return ()
    nonce = _needed(raw.nonce, "nonce")
    if kind == 0:
        return (nonce, _needed(raw.gas_price, "gasPrice"), gas, *call)
    head: list[Item] = [_needed(raw.chain_id, "chainId"), nonce]
    access: Item = [[_bytes(at.address), [_bytes(key) for key in at.storage_keys]] for at in raw.access_list or ()]
    if kind == 1:
        return (*head, _needed(raw.gas_price, "gasPrice"), gas, *call, access)
    fees = [_needed(raw.max_priority_fee_per_gas, "maxPriorityFeePerGas"), _needed(raw.max_fee_per_gas, "maxFeePerGas")]
    return (*head, *fees, gas, *call, access, *_later_fields(raw, kind))


def _later_fields(raw: RawTransaction, kind: int) -> list[Item]:
    """Return what blob transactions (EIP-4844) and those that set code (EIP-7702) have behind the others."""
    if kind == 3:
        blobs = [_bytes(name) for name in raw.blob_versioned_hashes or ()]
        return [_needed(raw.max_fee_per_blob_gas, "maxFeePerBlobGas"), blobs]
    return [[_authorization(each) for each in raw.authorization_list or ()]] if kind == 4 else []


def _authorization(raw: RawAuthorization) -> list[Item]:
    signature = [_number(part) for part in (raw.y_parity, raw.r, raw.s)]
    return [_number(raw.chain_id), _bytes(raw.address), _number(raw.nonce), *signature]


def _parity(raw: RawTransaction, kind: int) -> int:
    """Return v of a legacy signature, the parity of y of any other; nodes of old call that v as well."""
    return _needed(raw.v if kind == 0 or raw.y_parity is None else raw.y_parity, "v")


def _needed(text: str | None, name: str) -> int:
    if text is None:
        raise ValueError(f"a transaction has no {name}")
    return _number(text)


def _text(value: msgspec.Raw) -> Any:
    """Return a field of a header; what is no text is none of a header."""
    decoded = msgspec.json.decode(value)
    return decoded if isinstance(decoded, str) else None


def _bytes(text: str) -> bytes:
    if text[:2] != "0x":
        raise ValueError(f"these are no bytes: {text[:80]!r}")
    return unhexlify(text[2:])


def _number(text: str) -> int:
    if not _NUMBER.fullmatch(text.lower()):
        raise ValueError(f"this is no number: {text[:80]!r}")
    return int(text, 16)


def _place(text: str) -> int:
    """Return the number of a block, a transaction in it, or a log: no chain has so many as 2**63."""
    number = _number(text)
    if number >= 1 << 63:
        raise ValueError(f"no chain has so many: {text[:80]!r}")
    return number


def _hash(text: str) -> Hash:
    if not _HASH.fullmatch(text.lower()):
        raise ValueError(f"this is no hash: {text[:80]!r}")
    return Hash(text.lower())


def _address(text: str) -> Address:
    if not _ADDRESS.fullmatch(text.lower()):
        raise ValueError(f"this is no address: {text[:80]!r}")
    return Address(text.lower())
