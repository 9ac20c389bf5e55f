"""What providers mean: their own words, as they were seen, and how they are understood."""

from __future__ import annotations

import pytest

from qf.chain.node import Fault
from qf.chain.node.limits import Verdict, judged

ASKED = range(1_000_000, 1_100_000)

MESSAGES: tuple[tuple[str, str, Fault, int | None], ...] = (
    (
        "Alchemy, free",
        "Under the Free tier plan, you can make eth_getLogs requests with up to a 10 block range. Based on your "
        "parameters, this block range should work: [0xf4240, 0xf4249]. Upgrade to PAYG for expanded block range.",
        Fault.RANGE,
        10,
    ),
    (
        "Alchemy, dense",
        "Log response size exceeded. You can make eth_getLogs requests with up to a 2K block range and no limit on the "
        "response size, or you can request any block range with a cap of 10K logs in the response. Based on your "
        "parameters and the response size limit, this block range should work: [0xf4240, 0xf4963]",
        Fault.DENSITY,
        1828,
    ),
    (
        "Alchemy, slow",
        "Query timeout exceeded. Consider reducing your block range. Based on your parameters and the response size "
        "limit, this block range should work: [0xf4240, 0xf4427]",
        Fault.DENSITY,
        488,
    ),
    ("Alchemy, 2K", "You can make eth_getLogs requests with up to a 2K block range", Fault.RANGE, 2000),
    ("QuickNode", "eth_getLogs is limited to a 10,000 range", Fault.RANGE, 10_000),
    ("QuickNode, trial", "eth_getLogs is limited to a 5 range, upgrade from free trial", Fault.RANGE, 5),
    ("Infura, 2026", "range 100000 exceeds limit of 10000", Fault.RANGE, 10_000),
    ("Infura", "query returned more than 10000 results", Fault.DENSITY, None),
    (
        "Infura, suggesting",
        "query returned more than 10000 results. Try with this block range [0xF4240, 0xF42A3].",
        Fault.DENSITY,
        100,
    ),
    ("Ankr", "block range is too wide", Fault.RANGE, None),
    ("Chainstack", "Block range limit exceeded. See more details at https://docs...", Fault.RANGE, None),
    ("Base", "block range too large", Fault.RANGE, None),
    ("Base, down", "no backend is currently healthy to serve traffic", Fault.THROTTLED, None),
    ("1rpc", "eth_getLogs is limited to 0 - 50 blocks range", Fault.RANGE, 50),
    ("BSC", "exceed maximum block range: 5000", Fault.RANGE, 5000),
    ("Avalanche", "requested too many blocks from 0 to 5000000, maximum is set to 2048", Fault.RANGE, 2048),
    ("zkEVM", "block span 99999 of the filter exceeds the limit 30000", Fault.RANGE, 30_000),
    ("Arc", "requested range too large", Fault.RANGE, None),
    ("some", "please limit your query to at most 1000 blocks", Fault.RANGE, 1000),
    ("reth, blocks", "query exceeds max block range 100000", Fault.RANGE, None),
    (
        "reth",
        "query exceeds max results 20000, retry with the range 1000000-1000410",
        Fault.DENSITY,
        411,
    ),
    (
        "reth, suggesting what it refused",
        "query exceeds max results 20000, retry with the range 1000000-1099999",
        Fault.DENSITY,
        None,
    ),
    (
        "reth, suggesting another place",
        "query exceeds max results 20000, retry with the range 7-12",
        Fault.DENSITY,
        None,
    ),
    ("Arbitrum", "logs matched by query exceeds limit of 10000", Fault.DENSITY, None),
    ("OP", "backend response too large", Fault.DENSITY, None),
    ("jsonrpsee", "Response is too big", Fault.DENSITY, None),
    ("some, slow", "query timed out", Fault.DENSITY, None),
    ("some, dense", "too many logs, reduce the range", Fault.DENSITY, None),
    ("some, busy", "Your app has exceeded its compute units per second capacity.", Fault.THROTTLED, None),
    ("some, busy", "Too Many Requests", Fault.THROTTLED, None),
    ("some, busy", "rate limit reached", Fault.THROTTLED, None),
    ("some, busy", "please limit your query to 10 requests per second", Fault.THROTTLED, None),
    ("anvil", "unknown block", Fault.ABSENT, None),
    ("anvil", "BlockOutOfRangeError: block height is 10 but requested was 99", Fault.ABSENT, None),
    ("geth, 2026", "block range extends beyond current head block", Fault.ABSENT, None),
    ("geth", "header not found", Fault.ABSENT, None),
    ("geth, pruned", "missing trie node 5d3f (path ) state is not available", Fault.ABSENT, None),
    ("some, behind", "block not yet imported", Fault.ABSENT, None),
    ("some", "Internal server error", Fault.BROKEN, None),
    ("some", "Invalid API key", Fault.FATAL, None),
    ("geth", "the method eth_getBlockReceipts does not exist/is not available", Fault.FATAL, None),
    ("some", "Batch requests are only available to paid plans", Fault.FATAL, None),
    ("geth", "execution reverted", Fault.FATAL, None),
    ("nobody yet", "the moon is in the wrong quarter", Fault.DENSITY, None),
    ("nobody yet", "", Fault.DENSITY, None),
)


@pytest.mark.parametrize(("provider", "message", "fault", "size"), MESSAGES)
def test_the_words_of_a_provider_are_understood(provider: str, message: str, fault: Fault, size: int | None) -> None:
    assert judged(message, ASKED) == Verdict(fault, size)


def test_a_cap_that_would_have_let_the_request_through_is_not_believed() -> None:
    assert judged("eth_getLogs is limited to a 10,000 range", range(3_000)) == Verdict(Fault.RANGE)


def test_a_cap_of_nothing_is_not_believed() -> None:
    assert judged("exceed maximum block range: 0", range(3_000)) == Verdict(Fault.RANGE)


def test_limits_of_logs_make_no_sense_elsewhere() -> None:
    assert judged("response too large", range(0)).fault is Fault.BROKEN
    assert judged("the moon", range(0)).fault is Fault.FATAL


def test_a_message_without_end_costs_nothing() -> None:
    assert judged("a" * 10_000_000 + "too many requests", ASKED).fault is Fault.DENSITY
