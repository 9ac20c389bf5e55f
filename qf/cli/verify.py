"""`qf verify`: recompute every digest and number of a bundle, and read its donations again from their chain."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from qf.cli.options import BundleFolder, Json, require_chain
from qf.cli.output import TASK, Exit, amount_text, fact, out, print_json, progress
from qf.errors import InputError
from qf.result import RoundResult

if TYPE_CHECKING:
    from qf.chain.types import ChainId

Rpc = Annotated[
    list[str] | None,
    typer.Option("--rpc", metavar="[CHAIN=]URL", help="A node, to read the donations again."),
]
Payout = Annotated[str, typer.Option(metavar="ADDRESS", help="The MatchingPayout whose root is compared.")]


def verify_command(bundle: BundleFolder, rpc: Rpc = None, payout: Payout = "", as_json: Json = False) -> None:
    """Recompute a bundle. Exit 1, naming the first thing that differs, if it does not hold."""
    from qf.codec import result_digest
    from qf.errors import VerificationError

    if payout and not rpc:
        raise InputError.at("--payout", "needs a node to ask", "name one with --rpc")
    if rpc:
        require_chain()
    try:
        result, on_chain = _verified_on_chain(bundle, rpc, payout) if rpc else (_verified(bundle), {})
    except VerificationError as error:
        if not as_json:
            raise
        print_json({"verified": False, "where": error.where, "published": error.published, "computed": error.computed})
        raise typer.Exit(Exit.NO) from None
    digest = result_digest(bundle)
    if as_json:
        told = {"verified": True, "digest": digest, "payouts": result.payouts, "unspent": result.unspent}
        print_json(told | on_chain)
        return
    pool = result.round.pool
    paid = amount_text(pool.amount - result.unspent, pool.decimals, pool.token or result.round.unit)
    told_all = f"verified: {len(result.projects):,} projects, {result.donations:,} donations, {paid} paid"
    out.print(told_all, style="green", soft_wrap=True)
    fact("digest", digest)
    for name, value in on_chain.items():
        fact(name.replace("_", " "), value)


def _verified(bundle: Path) -> RoundResult:
    from qf.verify import verify

    with progress("recomputing"):
        return verify(bundle)


def _verified_on_chain(bundle: Path, rpc: list[str], payout: str) -> tuple[RoundResult, dict[str, Any]]:
    from qf.chain.addresses import read_address
    from qf.chain.verify import verify_on_chain

    try:
        contract = read_address(payout) if payout else None
    except ValueError as error:
        raise InputError.at("--payout", str(error), "copy the address again") from None
    with progress("recomputing") as bar:

        def told(source: str, done: int, last: int) -> None:
            bar.update(TASK, completed=done, total=last, description=f"{source}, block {done:,} of {last:,}")

        found = verify_on_chain(bundle, _endpoints(rpc), payout=contract, progress=told)
    on_chain = {
        "compared_with_chain": found.reconciliation.compared,
        "overridden": len(found.reconciliation.lines),
        "not_on_a_chain": found.reconciliation.elsewhere,
        "contracts": "; ".join(_contracts(found.reconciliation.sources)),
        "blocks": ", ".join(f"{each.source} {each.block}" for each in found.reconciliation.evidence),
    }
    return found.result, on_chain | ({"root": found.root, "payout_final": found.final} if contract else {})


def _contracts(sources: Mapping[str, Any]) -> list[str]:
    """Say where the bundle says its donations are; whether the round announced these contracts, it cannot prove."""
    read = [
        f"{each['kind']} on chain {chain['id']}: {_settings(each)}"
        for chain in sources["chain"]
        for each in chain.get("source", [])
    ]
    tokens = [f"{token['name']} is {token['address']} on chain {token['chain']}" for token in sources.get("token", [])]
    return read + tokens


def _settings(source: Mapping[str, Any]) -> str:
    told = {key: value for key, value in source.items() if key not in ("kind", "from_block", "to_block", "code_hash")}
    return ", ".join(f"{key} {' '.join(value) if isinstance(value, list) else value}" for key, value in told.items())


def _endpoints(rpc: list[str]) -> dict[ChainId | None, list[str]]:
    """Read URL, or CHAIN=URL where the donations are on several chains."""
    from qf.chain.types import ChainId

    endpoints: dict[ChainId | None, list[str]] = {}
    for text in rpc:
        head, _, rest = text.partition("=")
        chain, url = (head, rest) if head.isascii() and head.isdigit() else ("", text)
        if not url.startswith(("http://", "https://")):
            raise InputError.at("--rpc", "is not the URL of a node", "write https://..., or 10=https://...")
        endpoints.setdefault(ChainId(int(chain)) if chain else None, []).append(url)
    return endpoints
