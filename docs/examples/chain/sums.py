"""Whether everything adds up: files, contracts and events, each against another."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from web3.contract import Contract

from chain.giving import Vault
from chain.people import read_table
from chain.telling import ether
from qf.chain.payouts import PayoutList
from qf.cli.output import amount_text
from qf.codec import result_digest


def result_of(bundle: Path) -> dict[str, Any]:
    """Return the result of a bundle."""
    document: dict[str, Any] = json.loads((bundle / "result.json").read_text("utf-8"))
    return document


def payout_of(bundle: Path, project: str) -> int:
    """Return what a project is paid, base units."""
    return next(int(each["payout"]) for each in result_of(bundle)["projects"] if each["project"] == project)


def require_same(one: Path, other: Path) -> None:
    """Check that two bundles are of the same facts, but for names, and of the same numbers.

    The names are those of people with several wallets, in links.csv.

    Raises:
        AssertionError: they are not.
    """
    ours, theirs = result_of(one), result_of(other)
    for result in (ours, theirs):
        result["digests"].pop("links.csv", None)
    require("results", ours, theirs)


def require_donations(vault: Vault, donations: Path) -> dict[str, int]:
    """Return what was given of each token, having checked that the file and the contract say the same.

    Raises:
        AssertionError: they do not.
    """
    given: Counter[str] = Counter()
    for row in read_table(donations):
        given[row["token"]] += int(row["amount_base"])
    tokens = {"jpyx": vault.yen.address, "usdx": vault.dollar.address, "eth": vault.coin}
    for name, address in tokens.items():
        require(f"{name} given", given[name], vault.round.functions.total(address).call())
    require("donations", len(read_table(donations)), vault.round.functions.count().call())
    return dict(given)


def require_payouts(bundle: Path, payouts: PayoutList, contract: Contract, paid: dict[int, Any]) -> None:
    """Check that the chain paid what the bundle says, and all of it.

    Raises:
        AssertionError: it did not.
    """
    result = result_of(bundle)
    decided = {each["project"]: int(each["payout"]) for each in result["projects"] if int(each["payout"])}
    arrived = {line.project: paid[line.index]["amount"] for line in payouts.lines if line.index in paid}
    require("payouts", decided, arrived)
    require("payees", [line.payee for line in payouts.lines], [paid[n]["payee"].lower() for n in sorted(paid)])
    require("sum", sum(decided.values()), contract.functions.paid().call())
    require("pool", int(result["totals"]["pool"]), sum(decided.values()) + int(result["unspent"]))


def require_empty(vault: Vault) -> None:
    """Check that all donations have left the contract of the round.

    Raises:
        AssertionError: it still holds some.
    """
    for token in (vault.yen, vault.dollar):
        require("held", 0, token.functions.balanceOf(vault.round.address).call())
    require("held", 0, vault.w3.eth.get_balance(vault.round.address))


def closing(bundle: Path, payouts: PayoutList, given: Mapping[str, int]) -> dict[str, object]:
    """Return the last words of the demo: name -> value."""
    totals = result_of(bundle)["totals"]
    in_all = amount_text(given["jpyx"], 18, "JPYX"), amount_text(given["usdx"], 6, "USDX"), ether(given["eth"])
    return {
        "given": ", ".join(in_all),
        "donations": f"{totals['donations']}, as many as the contract counts; excluded: {totals['excluded']}",
        "pool": f"{ether(payouts.pool)} = {ether(payouts.total)} paid + {ether(payouts.unspent)} unspent",
        "payouts": f"{len(payouts.lines)} on the chain, each what the bundle says",
        "root": payouts.tree.root,
        "digest": result_digest(bundle),
    }


def require(what: str, one: object, other: object) -> None:
    """Raise unless both are the same; plain `assert` would be silent under `python -O`."""
    if one != other:
        raise AssertionError(f"{what}: {one} is not {other}")
