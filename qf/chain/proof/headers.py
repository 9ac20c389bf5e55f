"""The header of a block against its hash: keccak-256 of its fields in RLP."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from eth_utils.crypto import keccak

from qf.chain.proof.rlp import encoded
from qf.chain.types import BlockStamp, Hash

FIELDS = (
    ("parentHash", 32),
    ("sha3Uncles", 32),
    ("miner", 20),
    ("stateRoot", 32),
    ("transactionsRoot", 32),
    ("receiptsRoot", 32),
    ("logsBloom", 256),
    ("difficulty", 0),
    ("number", 0),
    ("gasLimit", 0),
    ("gasUsed", 0),
    ("timestamp", 0),
    ("extraData", None),
    ("mixHash", 32),
    ("nonce", 8),
)
"""The fields every header has, in the order of their RLP: name as nodes say it, and length in bytes.

Length 0 is a number, None is bytes of any length.
"""

LATER_FIELDS = (
    ("baseFeePerGas", 0),
    ("withdrawalsRoot", 32),
    ("blobGasUsed", 0),
    ("excessBlobGas", 0),
    ("parentBeaconBlockRoot", 32),
    ("requestsHash", 32),
)
"""The fields that forks added behind them: London, Shanghai, Cancun (three), Prague. A header has the first few."""

BESIDE = frozenset({"hash", "size", "totalDifficulty", "transactions", "uncles", "withdrawals"})
"""What a node says beside the header."""


@dataclass(frozen=True, slots=True)
class Header:
    """What is needed of a header.

    Attributes:
        stamp: the block; its hash is the one the node claims.
        transactions_root: root of the tree of its transactions.
        receipts_root: root of the tree of its receipts.
        bloom: which logs it can hold.
        doubt: why the hash is not known to be the one of the header, or "" if it was recomputed and is.
    """

    stamp: BlockStamp
    transactions_root: Hash
    receipts_root: Hash
    bloom: bytes
    doubt: str = field(compare=False)

    def __str__(self) -> str:
        return self.stamp.hash


def read_header(said: Mapping[str, object]) -> Header:
    """Return the header a node gave, as it came as JSON, with its hash recomputed where that is possible.

    Raises:
        ValueError: a field is missing or malformed, or the hash is another one although every field is known.
    """
    fields = {name: _field(said, name, size) for name, size in FIELDS}
    claimed = _text(_field(said, "hash", 32))
    doubt = _doubt(said, claimed)
    number, time = (int.from_bytes(fields[name], "big") for name in ("number", "timestamp"))
    stamp = BlockStamp(number, claimed, _text(fields["parentHash"]), time)
    sent, came = _text(fields["transactionsRoot"]), _text(fields["receiptsRoot"])
    return Header(stamp, sent, came, fields["logsBloom"], doubt)


def block_hash(said: Mapping[str, object]) -> Hash:
    """Return keccak-256 of the RLP of the fields of a header that are known here, whatever else it says."""
    present = [(name, size) for name, size in LATER_FIELDS if said.get(name) is not None]
    return _text(keccak(encoded([_field(said, name, size) for name, size in (*FIELDS, *present)])))


def _doubt(said: Mapping[str, object], claimed: Hash) -> str:
    """Return why the claimed hash is not proved; a hash that fits is proved whatever else the node says."""
    computed = block_hash(said)
    known = {name for name, _ in (*FIELDS, *LATER_FIELDS)} | BESIDE
    foreign = sorted(set(said) - known)
    present = [said.get(name) is not None for name, _ in LATER_FIELDS]
    gap = present != sorted(present, reverse=True)
    doubt = ""
    if computed != claimed and foreign:
        doubt = f"its header has fields of a form that is not known: {', '.join(foreign)}"
    elif computed != claimed and gap:
        doubt = "its header lacks a field that comes before others it has"
    elif computed != claimed:
        raise ValueError(f"the header has the hash {computed}, the node claims {claimed}")
    return doubt


def _field(said: Mapping[str, object], name: str, size: int | None) -> bytes:
    """Return a field as RLP wants it: bytes of its length, or a number without leading zeros."""
    text = said.get(name)
    if not isinstance(text, str) or not text.startswith("0x"):
        raise ValueError(f"the header has no {name}")
    digits = text[2:]
    if size == 0:
        digits = digits.lstrip("0")
        digits = "0" * (len(digits) % 2) + digits
    try:
        value = bytes.fromhex(digits)
    except ValueError:
        raise ValueError(f"{name} of the header is no hexadecimal: {text[:80]!r}") from None
    if (size and len(value) != size) or 2 * len(value) != len(digits):
        raise ValueError(f"{name} of the header has not {size} bytes: {text[:80]!r}")
    return value


def _text(value: bytes) -> Hash:
    return Hash("0x" + value.hex())
