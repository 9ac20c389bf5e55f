"""The tables of a store, and how what they hold becomes a row and back: hashes and addresses are kept as bytes."""

from __future__ import annotations

import json
from typing import Any

from qf.chain.types import Address, BlockStamp, Hash, Log, Outcome

VERSION = 1
"""The form of the file; another one is refused."""

SCHEMA = """
CREATE TABLE block (chain INTEGER, number INTEGER, hash BLOB, parent BLOB, time INTEGER, PRIMARY KEY (chain, number))
    WITHOUT ROWID;
CREATE TABLE log (source TEXT, block INTEGER, place INTEGER, block_hash BLOB, tx BLOB, tx_place INTEGER,
    address BLOB, topics BLOB, data BLOB, PRIMARY KEY (source, block, place)) WITHOUT ROWID;
CREATE TABLE outcome (source TEXT, block INTEGER, tx_place INTEGER, block_hash BLOB, tx BLOB, sender BLOB, "to" BLOB,
    value TEXT, succeeded INTEGER, logs TEXT, PRIMARY KEY (source, block, tx_place)) WITHOUT ROWID;
CREATE TABLE orphan (chain INTEGER, tx BLOB, place INTEGER, block INTEGER, block_hash BLOB,
    PRIMARY KEY (chain, tx, place, block_hash)) WITHOUT ROWID;
CREATE TABLE progress (source TEXT, part INTEGER, chain INTEGER, definition TEXT, next INTEGER,
    PRIMARY KEY (source, part)) WITHOUT ROWID;
CREATE TABLE final (chain INTEGER PRIMARY KEY, number INTEGER);
"""

LOG = "block, place, block_hash, tx, tx_place, address, topics, data"
"""The columns that `log_in` reads."""

OUTCOME = 'block, tx_place, block_hash, tx, sender, "to", value, succeeded, logs'
"""The columns that `outcome_in` reads."""

BLOCK = "number, hash, parent, time"
"""The columns that `stamp_in` reads."""


def octets(text: str) -> bytes:
    """Return the bytes of a hash or an address.

    >>> octets("0xff")[0]
    255
    """
    return bytes.fromhex(text[2:])


def hash_of(data: bytes) -> Hash:
    """Return bytes as a hash.

    >>> hash_of(bytes([10]))
    '0x0a'
    """
    return Hash("0x" + data.hex())


def log_row(source: str, log: Log) -> tuple[Any, ...]:
    """Return the row of a log."""
    place = log.block_number, log.log_index, octets(log.block_hash), octets(log.tx_hash), log.tx_index
    return source, *place, octets(log.address), b"".join(map(octets, log.topics)), log.data


def log_in(row: tuple[Any, ...]) -> Log:
    """Return the log in a row of `LOG`."""
    block, place, block_hash, tx, tx_place, address, topics, data = row
    hashes = tuple(hash_of(topics[at : at + 32]) for at in range(0, len(topics), 32))
    return Log(Address(hash_of(address)), hashes, data, block, hash_of(block_hash), hash_of(tx), tx_place, place)


def outcome_row(source: str, outcome: Outcome) -> tuple[Any, ...]:
    """Return the row of an outcome."""
    place = outcome.block_number, outcome.tx_index, octets(outcome.block_hash), octets(outcome.tx_hash)
    said = octets(outcome.sender), octets(outcome.to or "0x"), str(outcome.value), outcome.succeeded
    logs = [[log.log_index, log.address, list(log.topics), log.data.hex()] for log in outcome.logs]
    return source, *place, *said, json.dumps(logs)


def outcome_in(row: tuple[Any, ...]) -> Outcome:
    """Return the outcome in a row of `OUTCOME`."""
    block, place, block_hash, tx, sender, to, value, succeeded, logs = row
    at = block, hash_of(block_hash), hash_of(tx), place
    written = tuple(
        Log(Address(address), tuple(map(Hash, topics)), bytes.fromhex(data), *at, index)
        for index, address, topics, data in json.loads(logs)
    )
    who = Address(hash_of(sender)), Address(hash_of(to) if to else "")
    return Outcome(hash_of(tx), block, hash_of(block_hash), place, *who, int(value), bool(succeeded), written)


def stamp_in(row: tuple[Any, ...]) -> BlockStamp:
    """Return the block in a row of `BLOCK`."""
    number, block_hash, parent, time = row
    return BlockStamp(number, hash_of(block_hash), hash_of(parent), time)
