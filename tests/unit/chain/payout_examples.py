"""A small round that is to be paid out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qf.chain.payouts import PayoutLine, PayoutList, checksummed
from qf.chain.types import Address, Hash
from tests.unit.cli.command import told, write_small

TOKEN = Address("0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48")
PAYEES = {name: Address(f"0x{number:02x}" + "ab" * 19) for number, name in enumerate(("bus", "library", "well"), 1)}


def a_list(**changes: Any) -> PayoutList:
    """Return three payouts of a token of 6 decimals."""
    amounts = {"bus": 12_345_678, "library": 1, "well": 10**24}
    lines = tuple(
        PayoutLine(index, name, name.title(), PAYEES[name], amount, 2, changes.get("keys", {}).get(name, ""))
        for index, (name, amount) in enumerate(amounts.items())
    )
    values = {"kind": "qf", "round": "spring", "result": Hash("0x" + "5a" * 32), "token": TOKEN, "symbol": "USDC"}
    numbers = {"decimals": 6, "pool": sum(amounts.values()) + 9, "unspent": 9, "lines": lines}
    return PayoutList(**{**values, **numbers, **{key: value for key, value in changes.items() if key != "keys"}})


def write_bundle(folder: Path, payees: dict[str, str] | None = None) -> Path:
    """Settle the small round, and return the bundle."""
    files = write_small(folder)
    named = {name: checksummed(payee) for name, payee in PAYEES.items()} if payees is None else payees
    rows = "".join(f"{name},{name.title()},{named.get(name, '')}\n" for name in PAYEES)
    (folder / "projects.csv").write_text("project,title,payout_address\n" + rows, "utf-8")
    told("settle", *files, "--projects", folder / "projects.csv", "-o", folder / "bundle")
    return folder / "bundle"
