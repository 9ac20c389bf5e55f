"""Deploy a round, or what pays it out, to a chain.

    python docs/examples/deploy.py round round.toml projects.csv --rpc '${RPC_URL}' --token usdc=0x... -o chain.toml
    python docs/examples/deploy.py payout --rpc '${RPC_URL}' --token native --sponsor 0x... --sweep-after 2027-01-01

The key that pays for it is in the environment variable QF_KEY. ${NAME} in a URL is taken from the environment, and
stays as it is in the chain file, so that no key of a provider gets into it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from chain.sending import connect, contract_at, deploy, run
from eth_account import Account
from eth_account.signers.local import LocalAccount
from web3 import Web3
from web3.contract import Contract

from qf.chain.types import NATIVE
from qf.codec import read_round
from qf.codec.evidence import read_projects
from qf.eligibility import Project

NOBODY = "0x" + "00" * 20
"""Stands for no operator, or no arbiter."""

DAY = 86_400
"""Seconds."""

app = typer.Typer(add_completion=False, no_args_is_help=True)

Rpc = Annotated[str, typer.Option(help="URL of a node; ${NAME} is taken from the environment.")]


def project_key(project: str) -> bytes:
    """Return what the contract calls a project: its id in 32 bytes, readable in any block explorer."""
    key = project.encode()
    if len(key) > 32:
        raise typer.BadParameter(f"project {project}: its id has more than 32 bytes")
    return key.ljust(32, b"\0")


def deploy_round(
    w3: Web3, account: LocalAccount, window: tuple[int, int], tokens: Sequence[str], projects: Sequence[Project]
) -> tuple[Contract, int]:
    """Deploy the vault of a round; return it and its block. Nobody can add projects, stop it or take anything.

    Args:
        w3: the chain.
        account: pays for it, and has no power afterwards.
        window: when it opens and closes, seconds since 1970 UTC.
        tokens: addresses of what may be given.
        projects: with their payout addresses.
    """
    listed = [
        (project_key(project.id), Web3.to_checksum_address(project.payout_address or NOBODY)) for project in projects
    ]
    allowed = [Web3.to_checksum_address(token) for token in tokens]
    contract, receipt = deploy(w3, account, "DonationRound", NOBODY, *window, allowed, listed)
    return contract, receipt["blockNumber"]


def chain_file_text(
    w3: Web3,
    endpoint: str,
    contract: Contract,
    first: int,
    tokens: Mapping[str, str],
    projects: Sequence[Project],
    per_second: int = 20,
) -> str:
    """Return the chain file of a round: where its donations are, and the code that was deployed, pinned.

    Args:
        w3: the chain.
        endpoint: URL of a node, as it is to stand in the file.
        contract: the vault.
        first: the block it was deployed in.
        tokens: name in the ledger -> address.
        projects: of the round.
        per_second: requests that the node may be asked in a second.
    """
    number, addresses = w3.eth.chain_id, [token.lower() for token in tokens.values()]
    lines = ["[[chain]]", f"id = {number}", f'endpoints = ["{endpoint}"]', 'finality = "finalized"']
    lines += [
        f"requests_per_second = {per_second}",
        "",
        "[[chain.source]]",
        'kind = "donation_round"',
        f'contract = "{contract.address.lower()}"',
    ]
    lines += [f"tokens = {_texts(addresses)}", f"from_block = {first}", f'code_hash = "{_code_hash(w3, contract)}"']
    for name, address in tokens.items():
        lines += ["", "[[token]]", f"chain = {number}", f'name = "{name}"']
        lines += ['address = "native"', "decimals = 18"] if address == NATIVE else _token(w3, address)
    lines += ["", "[projects]"]
    lines += [f'"{project.id}" = "0x{project_key(project.id).hex()}"' for project in projects]
    return "\n".join(lines) + "\n"


def _token(w3: Web3, address: str) -> list[str]:
    token = contract_at(w3, "DemoToken", address)
    decimals = token.functions.decimals().call()
    return [f'address = "{address.lower()}"', f"decimals = {decimals}", f'code_hash = "{_code_hash(w3, token)}"']


def _texts(values: Sequence[str]) -> str:
    return "[" + ", ".join(f'"{value}"' for value in values) + "]"


def _code_hash(w3: Web3, contract: Contract) -> str:
    return str(Web3.to_hex(Web3.keccak(w3.eth.get_code(contract.address))))


@app.command("round")
def round_command(
    round_file: Path,
    projects_file: Path,
    rpc: Rpc,
    token: Annotated[list[str], typer.Option(help="NAME=ADDRESS or NAME=native; again for each that may be given.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The chain file to write.")] = Path("chain.toml"),
) -> None:
    """Deploy the vault of a round, and write its chain file."""
    round, projects, w3 = read_round(round_file), read_projects(projects_file), connect(os.path.expandvars(rpc))
    if round.opens is None or round.closes is None:
        raise typer.BadParameter("a round on a chain has a first and a last moment: give opens and closes")
    tokens = {
        name: NATIVE if address == "native" else address for name, _, address in (t.partition("=") for t in token)
    }
    window = round.opens, round.closes
    contract, first = deploy_round(w3, _account(), window, list(tokens.values()), projects)
    output.write_text(chain_file_text(w3, rpc, contract, first, tokens, projects), "utf-8")
    print(f"DonationRound      {contract.address} on chain {w3.eth.chain_id}, block {first:,}")
    print(f"chain file         {output}")


@app.command("payout")
def payout_command(
    rpc: Rpc,
    token: Annotated[str, typer.Option(help="What is paid: ADDRESS, or native.")],
    sponsor: Annotated[str, typer.Option(help="Who gets what remains in the end.")],
    sweep_after: Annotated[datetime, typer.Option(help="From when the sponsor may have it (UTC).")],
    arbiter: Annotated[str, typer.Option(help="Who settles a challenge.")] = NOBODY,
    challenge_days: Annotated[int, typer.Option(min=1)] = 7,
    bond: Annotated[int, typer.Option(help="What a challenge costs if it is dismissed, in wei.")] = 10**16,
) -> None:
    """Deploy what pays a round out; its operator is the account that deploys it."""
    w3, account, period = connect(os.path.expandvars(rpc)), _account(), challenge_days * DAY
    paid = NATIVE if token == "native" else token
    roles = [Web3.to_checksum_address(each) for each in (paid, account.address, arbiter, sponsor)]
    last = int(sweep_after.replace(tzinfo=UTC).timestamp())
    contract, _ = deploy(w3, account, "MatchingPayout", *roles, period, period, last, bond)
    print(f"MatchingPayout     {contract.address} on chain {w3.eth.chain_id}")


def _account() -> Any:
    if "QF_KEY" not in os.environ:
        raise typer.BadParameter("the key of the account that pays for this has to be in the variable QF_KEY")
    return Account.from_key(os.environ["QF_KEY"])


if __name__ == "__main__":
    run(app)
