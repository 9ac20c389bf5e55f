"""The kinds of contracts that donations are read from, one file each.

A new kind is one file with a frozen dataclass that is a `Source`, a line in `REGISTRY`, a row in
`docs/reference/sources.md` and a case in `tests/golden/sources/`; a test names what is missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qf.chain.abi import Event, octets
from qf.chain.sources.allo_v1 import AlloV1
from qf.chain.sources.allo_v2 import AlloV2
from qf.chain.sources.allo_v2_1 import AlloV21
from qf.chain.sources.clrfund import ClrFund
from qf.chain.sources.donation_round import DonationRound
from qf.chain.sources.eip3009 import Eip3009
from qf.chain.sources.giveth import Giveth
from qf.chain.sources.setting import make
from qf.chain.sources.transfers import Transfers
from qf.chain.types import Log, Source
from qf.errors import InputError

REGISTRY: dict[str, type[Any]] = {
    "donation_round": DonationRound,
    "allo_v2": AlloV2,
    "allo_v2_1": AlloV21,
    "allo_v1": AlloV1,
    "transfers": Transfers,
    "giveth": Giveth,
    "clrfund": ClrFund,
    "eip3009": Eip3009,
}
"""Kind -> source."""


def source(kind: str, values: Mapping[str, Any], where: str = "source") -> Source:
    """Return the source of a kind, made from the values of a configuration.

    >>> source("clrfund", {"round": "0x" + "01" * 20, "token": "0x" + "02" * 20}).round[:6]
    '0x0101'

    Args:
        kind: a key of `REGISTRY`.
        values: for each attribute of the source its value; addresses as text, several of them as a list.
        where: what errors call the configuration.

    Raises:
        InputError: names everything that is wrong.
    """
    if kind not in REGISTRY:
        raise InputError.at(f"{where}, kind", f"{kind!r} is unknown", f"use one of {', '.join(REGISTRY)}")
    made: Source = make(REGISTRY[kind], values, where)
    return made


def decode_log(log: Log | Mapping[str, Any], kind: str = "") -> tuple[str, dict[str, Any]]:
    """Return the name of the event a log is of, and its values by name.

    Numbers are ints, addresses and bytes 0x strings in lower case, tuples tuples.

    Args:
        log: a `Log`, or a mapping as JSON-RPC has it: `topics` and `data` are 0x strings or bytes; the rest is ignored.
        kind: whose events to look among, a key of `REGISTRY`; "" for all. Two contracts may write the same event and
            name its values differently: Allo v1 and v2 do of `DistributionUpdated`.

    Raises:
        InputError: no such event is known, or the log is malformed.
    """
    if kind and kind not in REGISTRY:
        raise InputError.at("kind", f"{kind!r} is unknown", f"use one of {', '.join(REGISTRY)}")
    topics, data = _parts(log)
    event = _event(topics[0] if topics else "", kind)
    try:
        return event.name, event.decode(topics, data)
    except ValueError as fault:
        raise InputError.at(f"log of {event.name}", str(fault), "give the log as the chain keeps it") from None


def _event(topic: str, kind: str) -> Event:
    sources = [REGISTRY[kind]] if kind else REGISTRY.values()
    for each in sources:
        if topic in each.events:
            event: Event = each.events[topic]
            return event
    raise InputError.at("log", f"no known event has the topic {topic or '(none)'}", "see docs/reference/sources.md")


def _parts(log: Log | Mapping[str, Any]) -> tuple[list[str], bytes]:
    if isinstance(log, Log):
        return [str(topic) for topic in log.topics], log.data
    try:
        return ["0x" + _bytes(topic).hex() for topic in log["topics"]], _bytes(log["data"])
    except (AttributeError, KeyError, TypeError, ValueError) as fault:
        told = f"has no topics and data: {type(fault).__name__}: {fault}"
        raise InputError.at("log", told, "give a list of topics, and data, as 0x strings or bytes") from None


def _bytes(value: Any) -> bytes:
    return value if isinstance(value, bytes) else octets(value.lower())
