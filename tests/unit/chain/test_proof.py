"""Hashes of headers, blooms and roots of receipts against what chains have, and against the library rlp."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import rlp
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from qf.chain.proof import Receipt, bloom_of, may_hold, receipts_root
from qf.chain.proof.headers import LATER_FIELDS, block_hash, read_header
from qf.chain.proof.receipts import why_unprovable
from qf.chain.proof.rlp import encoded
from qf.chain.proof.trie import ordered_root
from qf.chain.types import Address, Hash, Log, LogFilter

EMPTY = "0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421"

GENESIS: dict[str, Any] = {
    "parentHash": "0x" + "00" * 32,
    "sha3Uncles": "0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347",
    "miner": "0x" + "00" * 20,
    "stateRoot": "0xd7f8974fb5ac78d9ac099b9ad5018bedc2ce0a72dad1827a1709da30580f0544",
    "transactionsRoot": EMPTY,
    "receiptsRoot": EMPTY,
    "logsBloom": "0x" + "00" * 256,
    "difficulty": "0x400000000",
    "number": "0x0",
    "gasLimit": "0x1388",
    "gasUsed": "0x0",
    "timestamp": "0x0",
    "extraData": "0x11bbe8db4e347b4e8c937c1c8370e4b5ed33adb3db69cbdb7a38e1e50b1b82fa",
    "mixHash": "0x" + "00" * 32,
    "nonce": "0x0000000000000042",
    "hash": "0xd4e56740f876aef8c010b86a40d5f56745a118d0906a34e69aec8c0db1cb8fa3",
}
"""The first block of Ethereum."""

LATER = {name: "0x" + "ab" * size if size else "0x7" for name, size in LATER_FIELDS}

ITEMS = st.recursive(st.binary(max_size=70), lambda inner: st.lists(inner, max_size=5), max_leaves=30)

LOG = Log(Address("0x" + "a1" * 20), (Hash("0x" + "b2" * 32),), b"data", 1, Hash("0x" + "c3" * 32), Hash("0x"), 0, 0)

RECEIPT = Receipt(Hash("0x"), 0, 1, Hash("0x"), Address("0x"), Address(""), True, (LOG,), gas_so_far=21_000)


@given(ITEMS)
def test_rlp_is_what_the_library_writes(item: Any) -> None:
    assert encoded(item) == rlp.encode(item)


@given(st.integers(min_value=0, max_value=2**256))
def test_numbers_have_no_leading_zero(number: int) -> None:
    assert encoded(number) == rlp.encode(number)


def test_the_first_block_of_ethereum_has_its_hash() -> None:
    header = read_header(GENESIS)
    assert header.doubt == ""
    assert (header.stamp.number, header.stamp.hash) == (0, GENESIS["hash"])
    assert header.receipts_root == receipts_root([]) == EMPTY


@pytest.mark.parametrize("count", range(len(LATER_FIELDS) + 1))
def test_every_fork_adds_its_fields_to_the_hash(count: int) -> None:
    said = GENESIS | dict(list(LATER.items())[:count])
    said["hash"] = block_hash(said)
    assert read_header(said).doubt == ""
    assert (said["hash"] == GENESIS["hash"]) == (count == 0)


@pytest.mark.parametrize("name", [name for name in GENESIS if name != "hash"])
def test_a_header_that_differs_in_one_field_is_found_out(name: str) -> None:
    last = "1" if GENESIS[name][-1] != "1" else "2"
    with pytest.raises(ValueError, match="the node claims"):
        read_header(GENESIS | {name: GENESIS[name][:-1] + last})


def test_a_header_with_fields_nobody_knows_is_proved_if_the_hash_fits_and_doubted_if_not() -> None:
    assert read_header(GENESIS | {"l1BlockNumber": "0x1", "size": "0x21c"}).doubt == ""
    doubt = read_header(GENESIS | {"extDataHash": "0x1", "timestamp": "0x1"}).doubt
    assert doubt == "its header has fields of a form that is not known: extDataHash"
    gap = GENESIS | {"withdrawalsRoot": EMPTY, "timestamp": "0x1"}
    assert read_header(gap).doubt == "its header lacks a field that comes before others it has"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"parentHash": None}, "has no parentHash"),
        ({"hash": "12"}, "has no hash"),
        ({"number": "0xzz"}, "number of the header is no hexadecimal"),
        ({"miner": "0x12"}, "miner of the header has not 20 bytes"),
        ({"extraData": "0x12 34"}, "extraData of the header has not"),
        ({"logsBloom": "0x" + "00" * 255}, "logsBloom of the header has not 256 bytes"),
    ],
)
def test_a_malformed_header_is_refused(change: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read_header(GENESIS | change)


@given(st.binary(min_size=20, max_size=20), st.lists(st.binary(min_size=32, max_size=32), max_size=4))
def test_a_bloom_never_excludes_what_is_in_it(address: bytes, topics: list[bytes]) -> None:
    log = Log(Address("0x" + address.hex()), tuple(Hash("0x" + topic.hex()) for topic in topics), b"", 0, *LOG_PLACE)
    wanted = LogFilter((log.address,), tuple((topic,) for topic in log.topics))
    assert may_hold(bloom_of([LOG, log]), wanted)


LOG_PLACE = (LOG.block_hash, LOG.tx_hash, 0, 0)


def test_a_bloom_excludes_what_is_not_in_it() -> None:
    bloom = bloom_of([LOG])
    other = Hash("0x" + "d4" * 32)
    assert may_hold(bloom, LogFilter((LOG.address,)))
    assert may_hold(bloom, LogFilter((), ((LOG.topics[0], other),)))
    assert may_hold(bloom, LogFilter((), (None,)))
    assert not may_hold(bloom, LogFilter((LOG.address,), ((other,),)))
    assert not may_hold(bloom, LogFilter((Address("0x" + "e5" * 20),)))


def test_the_bits_of_a_bloom_are_those_of_the_yellow_paper() -> None:
    digest = keccak(bytes.fromhex(LOG.address[2:]))
    bits = {int.from_bytes(digest[place : place + 2], "big") % 2048 for place in (0, 2, 4)}
    bloom = int.from_bytes(bloom_of([Log(LOG.address, (), b"", 0, *LOG_PLACE)]), "big")
    assert bloom == sum(1 << bit for bit in bits)


def naive_root(values: dict[bytes, bytes]) -> bytes:
    """Return the root by the definition, nibble by nibble, without sorting."""

    def node(entries: dict[str, bytes]) -> Any:
        if len(entries) == 1:
            ((key, value),) = entries.items()
            return [prefixed(key, 2), value]
        first = next(iter(entries))
        if all(key[0] == first[0] for key in entries):
            size = 1
            while all(key[:size] == first[:size] for key in entries):
                size += 1
            rest = {key[size - 1 :]: value for key, value in entries.items()}
            return [prefixed(first[: size - 1], 0), held(node(rest))]
        parts = [{key[1:]: value for key, value in entries.items() if key[0] == digit} for digit in "0123456789abcdef"]
        return [*[held(node(part)) if part else b"" for part in parts], b""]

    def prefixed(key: str, flag: int) -> bytes:
        return bytes.fromhex(f"{flag + 1}{key}" if len(key) % 2 else f"{flag}0{key}")

    def held(found: Any) -> Any:
        return found if len(rlp.encode(found)) < 32 else keccak(rlp.encode(found))

    return keccak(rlp.encode(node({key.hex(): value for key, value in values.items()})))


@given(st.lists(st.binary(min_size=1, max_size=40), min_size=1, max_size=40))
def test_a_root_is_that_of_the_definition(values: list[bytes]) -> None:
    assert ordered_root(values) == naive_root({rlp.encode(place): value for place, value in enumerate(values)})


@pytest.mark.parametrize("count", [1, 2, 16, 17, 127, 128, 129, 256, 257, 300])
def test_a_root_is_right_where_the_keys_get_longer(count: int) -> None:
    values = [bytes([place % 256]) * (1 + place % 40) for place in range(count)]
    assert ordered_root(values) == naive_root({rlp.encode(place): value for place, value in enumerate(values)})


def test_a_receipt_that_hides_or_alters_a_log_has_another_root() -> None:
    true = receipts_root([RECEIPT, RECEIPT])
    assert receipts_root([RECEIPT, replace(RECEIPT, logs=())]) != true
    assert receipts_root([RECEIPT]) != true
    assert receipts_root([RECEIPT, replace(RECEIPT, kind=2)]) != true
    assert receipts_root([RECEIPT, replace(RECEIPT, succeeded=False)]) != true


def test_a_receipt_is_written_as_its_type_says() -> None:
    status, gas, bloom, logs = rlp.decode(RECEIPT.leaf())
    assert (status, gas, bloom) == (b"\1", (21_000).to_bytes(2, "big"), bloom_of([LOG]))
    assert logs == [[bytes.fromhex("a1" * 20), [bytes.fromhex("b2" * 32)], b"data"]]
    assert replace(RECEIPT, kind=4).leaf() == b"\4" + RECEIPT.leaf()
    old = rlp.decode(replace(RECEIPT, state_root=b"\7" * 32).leaf())
    assert old[0] == b"\7" * 32


def test_a_deposit_of_the_op_stack_has_nonce_and_version_since_canyon() -> None:
    before = replace(RECEIPT, kind=0x7E).leaf()
    since = replace(RECEIPT, kind=0x7E, deposit=(9, 1)).leaf()
    assert (before[0], len(rlp.decode(before[1:]))) == (0x7E, 4)
    assert rlp.decode(since[1:])[4:] == [b"\x09", b"\x01"]


def test_what_cannot_be_proved_is_named() -> None:
    assert why_unprovable([RECEIPT, replace(RECEIPT, gas_so_far=42_000)]) == ""
    assert "type 0x64" in why_unprovable([replace(RECEIPT, kind=0x64)])
    assert "state-sync" in why_unprovable([RECEIPT, RECEIPT])
