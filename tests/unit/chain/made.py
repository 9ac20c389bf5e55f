"""Logs and transactions for tests, encoded by eth_abi and not by our own code."""

from __future__ import annotations

from typing import Any

import eth_abi

from qf.chain.abi import Event
from qf.chain.types import Address, Hash, Log, Outcome


def account(number: int) -> Address:
    return Address(f"0x{number:040x}")


def word(number: int) -> Hash:
    return Hash(f"0x{number:064x}")


def raw(value: Any) -> Any:
    """Return a value of ours as eth_abi wants it: bytes for 0x strings."""
    if isinstance(value, tuple):
        return tuple(raw(part) for part in value)
    return bytes.fromhex(value[2:]) if isinstance(value, str) and value.startswith("0x") else value


def event(events: dict[Hash, Event], name: str, *wanted: str) -> Event:
    """Return the event of a name, and of these parameters if there are several."""
    named = [found for found in events.values() if found.name == name]
    fits = [found for found in named if not wanted or [part.name for part in found.parameters] == list(wanted)]
    assert len(fits) == 1, fits
    return fits[0]


def log(of: Event, contract: Address, values: dict[str, Any], block: int = 1, tx: int = 0, index: int = 0) -> Log:
    """Return the log that `contract` writes for an event with `values`."""
    topics, types, inside = [of.topic], [], []
    for parameter in of.parameters:
        value = raw(values[parameter.name])
        if parameter.indexed:
            topics.append(Hash("0x" + eth_abi.encode([parameter.type], [value]).hex()))
        else:
            types.append(parameter.type)
            inside.append(value)
    place = (block, word(block), word(1_000 * block + tx), tx, index)
    return Log(contract, tuple(topics), eth_abi.encode(types, inside), *place)


def outcome(
    *logs: Log, sender: Address, to: Address, value: int = 0, succeeded: bool = True, block: int = 1, tx: int = 0
) -> Outcome:
    return Outcome(word(1_000 * block + tx), block, word(block), tx, sender, to, value, succeeded, logs)
