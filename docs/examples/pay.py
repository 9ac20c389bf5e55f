"""Pay out a round through MatchingPayout, with a key; a Safe does the same with `qf payouts export --as safe`.

    python docs/examples/pay.py propose payouts.json --rpc '${RPC_URL}' --contract 0x...
    python docs/examples/pay.py push    payouts.json --rpc '${RPC_URL}' --contract 0x...

The key of the operator is in the environment variable QF_KEY. Before `propose` the contract has to hold the total; it
comes by a plain transfer. Anybody may `push`, once the challenge period is over.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from chain.sending import Call, connect, contract_at, run, send
from eth_account import Account
from web3 import Web3
from web3.contract import Contract
from web3.logs import DISCARD
from web3.types import TxReceipt

from qf.chain.payouts import PayoutList, read_payouts

BATCH = 100
"""Payouts in one transaction."""

app = typer.Typer(add_completion=False, no_args_is_help=True)

Rpc = Annotated[str, typer.Option(help="URL of a node; ${NAME} is taken from the environment.")]
Address = Annotated[str, typer.Option("--contract", help="The MatchingPayout.")]


def proposal(contract: Contract, payouts: PayoutList) -> Call:
    """Return the call that proposes these payouts."""
    root, result = payouts.tree.root, payouts.result
    return contract.functions.propose(root, result, payouts.total, len(payouts.lines))


def pushes(contract: Contract, payouts: PayoutList) -> list[Call]:
    """Return the calls that pay everybody, in batches."""
    claims = [claim(payouts, position) for position in range(len(payouts.lines))]
    return [contract.functions.push(claims[first : first + BATCH]) for first in range(0, len(claims), BATCH)]


def claim(payouts: PayoutList, position: int) -> tuple[int, Any, int, Sequence[str]]:
    """Return one payout with its proof, as the contract takes it."""
    line = payouts.lines[position]
    return line.index, Web3.to_checksum_address(line.payee), line.amount, payouts.tree.proof(position)


def events(contract: Contract, name: str, receipts: Sequence[TxReceipt]) -> list[dict[str, Any]]:
    """Return what the events of this name say."""
    event = contract.events[name]()
    return [dict(found["args"]) for receipt in receipts for found in event.process_receipt(receipt, errors=DISCARD)]


@app.command("propose")
def propose_command(payouts_file: Path, rpc: Rpc, address: Address) -> None:
    """Propose the payouts of a file, and say when they are final unless somebody challenges them."""
    w3, payouts = connect(os.path.expandvars(rpc)), read_payouts(payouts_file)
    contract = contract_at(w3, "MatchingPayout", address)
    proposed = events(contract, "Proposed", [send(w3, _account(), proposal(contract, payouts))])
    print(f"proposed           {payouts.tree.root}, final at {proposed[0]['finalAt']} (seconds since 1970)")


@app.command("push")
def push_command(payouts_file: Path, rpc: Rpc, address: Address) -> None:
    """Pay everybody who is not paid yet; who cannot be paid now can claim later."""
    w3, payouts = connect(os.path.expandvars(rpc)), read_payouts(payouts_file)
    contract = contract_at(w3, "MatchingPayout", address)
    receipts = [send(w3, _account(), call) for call in pushes(contract, payouts)]
    for name in ("Paid", "PayoutFailed"):
        for found in events(contract, name, receipts):
            print(f"{name:<18} {found['payee']} {found['amount']} base units")


def _account() -> Any:
    if "QF_KEY" not in os.environ:
        raise typer.BadParameter("the key of the account that sends this has to be in the variable QF_KEY")
    return Account.from_key(os.environ["QF_KEY"])


if __name__ == "__main__":
    run(app)
