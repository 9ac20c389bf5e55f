"""A chain that makes its donations as they are asked for, to see how much memory reading it takes.

python tests/benchmarks/generated_chain.py 1000000
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from qf.chain.abi import encode
from qf.chain.chain_file import chain_file_of
from qf.chain.node.reader import BlockId, Chunk, Trust
from qf.chain.store import Store
from qf.chain.sync import sync_all
from qf.chain.types import BlockStamp, ChainId, Log, LogFilter
from tests.unit.chain.fake_chain import TOKEN, TOPICS, VAULT, account, key, word

PER_BLOCK, PER_CHUNK = 100, 100
"""Donations in a block, and blocks in a chunk."""

HASHES = 10**9
"""The hash of a block is its number and this."""


class GeneratedChain:
    """A `ChainReader` of so many donations, none of which it keeps."""

    chain_id = ChainId(1)

    def __init__(self, donations: int) -> None:
        self._donations = donations

    def stamp(self, block: BlockId) -> BlockStamp:
        """Return a block by number, hash or tag."""
        if not isinstance(block, int):
            block = int(block, 16) - HASHES if block.startswith("0x") else self._donations // PER_BLOCK
        return BlockStamp(block, word(HASHES + block), word(HASHES + block - 1), block)

    def fetch(self, wanted: LogFilter, first: int, last: BlockStamp, trust: Trust) -> Iterator[Chunk]:
        """Yield the donations, and no transfers."""
        while first <= last.number:
            end = min(first + PER_CHUNK - 1, last.number)
            stamps = {number: self.stamp(number) for number in range(max(first, 1), end + 1)}
            found = VAULT in wanted.addresses
            logs = [log for stamp in stamps.values() for log in self._logs(stamp)] if found else []
            yield Chunk(first, self.stamp(end), tuple(logs), stamps)
            first = end + 1

    def _logs(self, at: BlockStamp) -> Iterator[Log]:
        for place in range(PER_BLOCK):
            seq = (at.number - 1) * PER_BLOCK + place
            topics = TOPICS["Donated"], word(seq), key("well"), word(account(seq % 1000))
            data = encode("(address,uint256,bytes32)", [TOKEN, 10**18 + seq, word(0)])
            yield Log(VAULT, topics, data, at.number, at.hash, word(seq), place, place)

    def call(self, *_: Any) -> bytes:
        """Return the number of donations, whatever is asked."""
        return encode("(uint256)", [self._donations])

    def balance(self, *_: Any) -> int:
        """Return nothing."""
        return 0


def main(donations: int) -> None:
    """Read so many donations, and print how many were kept and the most memory that took."""
    source = {"kind": "donation_round", "from_block": 0, "contract": VAULT, "tokens": [TOKEN]}
    file = chain_file_of({"chain": [{"id": 1, "source": [source]}]})
    reader: Any = GeneratedChain(donations)
    with tempfile.TemporaryDirectory() as folder, Store(Path(folder) / "store") as store:
        (read,) = sync_all(file, [reader], store)
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text("ascii").splitlines())
    peak = int(status["VmHWM"].split()[0]) * 1024
    print(json.dumps({"donations": read.synced.added, "peak_bytes": peak}))


if __name__ == "__main__":
    main(int(sys.argv[1]))
