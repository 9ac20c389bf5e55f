"""`qf payouts attest` and `qf payouts signer`: who stands for a result, and how that is found out."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from qf.cli.options import Json, is_there
from qf.cli.output import fact, print_json, vars_of
from qf.cli.payout_options import Contract, PayoutsFile, address_of, write_files
from qf.errors import PayoutError, VerificationError

if TYPE_CHECKING:
    from qf.chain.attestation import Statement
    from qf.chain.payouts import PayoutList

KEY = "QF_KEY"
"""Environment variable that may hold the private key."""

Output = Annotated[Path, typer.Option("--output", "-o", help="File to write.")]


def attest_command(
    payouts_file: PayoutsFile,
    chain: Annotated[int, typer.Option(metavar="ID", min=1, help="Number of the chain that is paid on.")],
    contract: Contract,
    output: Output = Path("attestation.json"),
    key_file: Annotated[Path | None, typer.Option(help=f"File with the private key; else the variable {KEY}.")] = None,
    as_json: Json = False,
) -> None:
    """Sign what is paid: result, root, token and total, for one contract on one chain (EIP-712)."""
    from qf.chain.attestation import Statement, attestation_bytes, sign
    from qf.chain.payouts import checksummed, read_payouts
    from qf.chain.types import ChainId

    payouts = read_payouts(payouts_file)
    paid_by = address_of("--contract", contract)
    statement = Statement(ChainId(chain), paid_by, payouts.result, payouts.tree.root, payouts.token, payouts.total)
    attestation = sign(statement, _key(key_file))
    write_files({output: attestation_bytes(attestation)})
    if as_json:
        print_json({"file": str(output), "signer": checksummed(attestation.signer)})
        return
    fact("signer", checksummed(attestation.signer))
    fact("file", output)


def signer_command(
    attestation_file: Annotated[Path, typer.Argument(metavar="ATTESTATION.json", callback=is_there)],
    payouts_file: Annotated[Path | None, typer.Option("--payouts", help="The payouts.json it should be about.")] = None,
    as_json: Json = False,
) -> None:
    """Say who signed an attestation, and what. Exit 1 if the signature does not hold, or is about other payouts."""
    from qf.chain.attestation import read_attestation, signer_of
    from qf.chain.payouts import checksummed, read_payouts

    attestation = read_attestation(attestation_file.read_bytes())
    signer = checksummed(signer_of(attestation))
    if payouts_file is not None:
        _compare(attestation.statement, read_payouts(payouts_file))
    statement = vars_of(attestation.statement)
    if as_json:
        print_json({"signer": signer, **statement})
        return
    fact("signer", signer)
    for name, value in statement.items():
        fact(name, value)


def _key(file: Path | None) -> str:
    """Return the private key; it is never printed, not even where it is malformed."""
    text = file.read_text("utf-8", "replace") if file is not None else os.environ.get(KEY, "")
    if not text.strip():
        raise PayoutError.at("key", "is missing", f"name a file with --key-file, or set {KEY}")
    return text.strip()


def _compare(statement: Statement, payouts: PayoutList) -> None:
    """Raise if the statement is about other payouts."""
    about = {"result": payouts.result, "root": payouts.tree.root, "token": payouts.token, "total": payouts.total}
    for name, value in about.items():
        if getattr(statement, name) != value:
            raise VerificationError(f"attestation, {name}", str(getattr(statement, name)), str(value))
