"""What must hold of logs before anybody believes them; a node that sends something else is asked again, or another."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from operator import ge

from qf.chain.types import BlockStamp, Log, LogFilter
from qf.errors import NodeError


def sifted(node: str, sent: Sequence[Log], wanted: LogFilter, first: int, last: int) -> tuple[list[Log], int]:
    """Return what was asked for, in the order of the chain and each once, and how many others were sent.

    Raises:
        NodeError: two logs cannot both be true.
    """
    fits = _fitting(wanted)
    logs = [log for log in sent if first <= log.block_number <= last and fits(log)]
    places = [(log.block_number, log.log_index) for log in logs]
    if any(map(ge, places, places[1:])):
        logs = _sorted(node, logs)
    _check_order(node, logs)
    return logs, len(sent) - len(logs)


def check_blocks(node: str, logs: Iterable[Log], blocks: dict[int, BlockStamp]) -> None:
    """Raise NodeError where a log is in another block than the one of its height in `blocks`."""
    for log in logs:
        if log.block_hash != blocks[log.block_number].hash:
            told = f"{node}: its log {log.log_index} of block {log.block_number} is in block {log.block_hash}"
            raise NodeError(f"{told}; the chain has {blocks[log.block_number].hash} there", "broken")


def _fitting(wanted: LogFilter) -> Callable[[Log], bool]:
    """Return `wanted.fits` with its lists made into sets once."""
    addresses = frozenset(wanted.addresses)
    places = [(place, frozenset(hashes)) for place, hashes in enumerate(wanted.topics) if hashes is not None]

    def fits(log: Log) -> bool:
        if addresses and log.address not in addresses:
            return False
        topics = log.topics
        for place, hashes in places:  # noqa: SIM110 - a generator costs twice as much, and this runs for every log
            if place >= len(topics) or topics[place] not in hashes:
                return False
        return True

    return fits


def _sorted(node: str, logs: Iterable[Log]) -> list[Log]:
    kept: dict[tuple[int, int], Log] = {}
    for log in logs:
        if kept.setdefault(log.place, log) != log:
            raise NodeError(f"{node}: two logs {log.log_index} in block {log.block_number}", "broken")
    return [kept[place] for place in sorted(kept)]


def _check_order(node: str, logs: Sequence[Log]) -> None:
    """Raise unless transactions follow each other as their logs do, each with one hash, each height with one block."""
    for earlier, later in pairwise(logs):
        if earlier.block_number == later.block_number:
            step = later.tx_index - earlier.tx_index
            one_block = earlier.block_hash == later.block_hash
            if step < 0 or (step == 0) != (earlier.tx_hash == later.tx_hash) or not one_block:
                places = f"logs {earlier.log_index} and {later.log_index} of block {later.block_number}"
                raise NodeError(f"{node}: {places} contradict each other", "broken")
