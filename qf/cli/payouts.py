"""`qf payouts`: from a settled round to money sent: tree, files to sign, rehearsal, attestation."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from qf.cli.attest import attest_command, signer_command
from qf.cli.options import BundleFolder, Json, require_chain
from qf.cli.output import Exit, amount_text, err, fact, out, print_json, progress, show, table, vars_of
from qf.cli.payout_options import Contract, PayoutsFile, address_of, write_files
from qf.errors import PayoutError

if TYPE_CHECKING:
    from qf.chain.payouts import Finding, PayoutList

payouts_app = typer.Typer(no_args_is_help=True)
"""The commands of `qf payouts`."""


@payouts_app.callback()
def payouts_group() -> None:
    """Pay out a settled round: tree, files to sign, rehearsal, attestation."""
    require_chain()


class Kind(StrEnum):
    """Which contract pays."""

    QF = "qf"
    ALLO_V1 = "allo_v1"
    ALLO_V2 = "allo_v2"
    ALLO_V2_1 = "allo_v2_1"


class Form(StrEnum):
    """Who reads an exported file."""

    DISTRIBUTION = "distribution"
    SAFE = "safe"
    DISPERSE = "disperse"


class Step(StrEnum):
    """What a Safe asks of MatchingPayout."""

    PROPOSE = "propose"
    PUSH = "push"


Output = Annotated[Path, typer.Option("--output", "-o", help="File to write.")]


@payouts_app.command("tree")
def tree_command(
    bundle: BundleFolder,
    output: Output,
    kind: Annotated[Kind, typer.Option(help="Which contract pays.")] = Kind.QF,
    token: Annotated[str, typer.Option(help="Address of what is paid, or native; else that of the pool.")] = "",
    on_chain: Annotated[
        Path | None, typer.Option("--recipients", help="Table of project, id, payee and application.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Verify a bundle, and write who is paid how much, with root and proofs."""
    from qf.chain.payouts import payouts_bytes, payouts_of_bundle, read_on_chain

    known = read_on_chain(on_chain) if on_chain is not None else {}
    with progress("recomputing"):
        payouts = payouts_of_bundle(bundle, kind.value, known, token)
        write_files({output: payouts_bytes(payouts)})
    if as_json:
        print_json({"file": str(output), **_summary(payouts)})
        return
    _tell(payouts)
    fact("file", output)


@payouts_app.command("export")
def export_command(
    payouts_file: PayoutsFile,
    output: Output,
    form: Annotated[Form, typer.Option("--as", help="Who reads the file.")],
    chain: Annotated[int, typer.Option(metavar="ID", min=0, help="For a Safe: number of its chain.")] = 0,
    safe: Annotated[str, typer.Option(metavar="ADDRESS", help="For a Safe: its address.")] = "",
    contract: Contract = "",
    step: Annotated[Step, typer.Option(help="With a contract: what the Safe asks of it.")] = Step.PROPOSE,
    batch: Annotated[int, typer.Option(min=1, help="For a Safe: payouts in one file.")] = 100,
    base_units: Annotated[bool, typer.Option("--base-units", help="For disperse: not in whole tokens.")] = False,
    as_json: Json = False,
) -> None:
    """Write the payouts for another program: Allo distribution, Safe Transaction Builder, or lines for disperse."""
    from qf.chain.payouts import disperse_text, distribution_text, read_payouts

    payouts = read_payouts(payouts_file)
    match form:
        case Form.DISTRIBUTION:
            texts = [distribution_text(payouts)]
        case Form.DISPERSE:
            texts = [disperse_text(payouts, base_units=base_units)]
        case Form.SAFE:
            texts = _safe_texts(payouts, chain, safe, contract, step, batch)
    files = {_numbered(output, number, len(texts)): text.encode() for number, text in enumerate(texts, 1)}
    if any(path.resolve() == payouts_file.resolve() for path in files):
        raise PayoutError.at("--output", f"{payouts_file} is what is exported", "write to another file")
    write_files(files)
    if as_json:
        print_json({"files": [str(path) for path in files], **_summary(payouts)})
        return
    _tell(payouts)
    for path in files:
        fact("file", path)


@payouts_app.command("check")
def check_command(
    payouts_file: PayoutsFile,
    rpc: Annotated[str, typer.Option(metavar="URL", help="A node of the chain that is paid on.")],
    payer: Annotated[str, typer.Option("--from", metavar="ADDRESS", help="Who pays: the Safe or contract.")] = "",
    as_json: Json = False,
) -> None:
    """Simulate every payout on a node before anything is signed. Exit 1 if one would fail."""
    from qf.chain.payouts import check, read_payouts
    from qf.chain.payouts.simulator import NodeSimulator

    payouts = read_payouts(payouts_file)
    with progress("simulating"):
        simulator = NodeSimulator(rpc)
        findings = list(check(payouts, simulator, address_of("--from", payer) if payer else None))
        simulator.close()
    failed = sum(bool(finding.fault) for finding in findings)
    if as_json:
        found = [{**vars_of(finding), "notes": list(finding.notes)} for finding in findings]
        print_json({"chain": simulator.chain, "block": simulator.block, "failed": failed, "findings": found})
    else:
        _show_findings(payouts, findings, f"Payouts on chain {simulator.chain} at block {simulator.block:,}")
        told = f"{failed} would fail; nothing was signed or sent" if failed else "every payout would arrive"
        out.print(told, style="red" if failed else "green", soft_wrap=True)
    if failed:
        raise typer.Exit(Exit.NO)


payouts_app.command("attest")(attest_command)
payouts_app.command("signer")(signer_command)


def _safe_texts(payouts: PayoutList, chain: int, safe: str, contract: str, step: Step, batch: int) -> list[str]:
    from qf.chain.payouts import safe_batches
    from qf.chain.payouts.exports import json_text
    from qf.chain.types import ChainId

    if not chain:
        raise PayoutError.at("--chain", "is missing", "a Safe refuses a file that is for another chain")
    by_contract = address_of("--contract", contract) if contract else None
    of_safe = address_of("--safe", safe) if safe else None
    batches = safe_batches(payouts, ChainId(chain), safe=of_safe, contract=by_contract, step=step.value, size=batch)
    return [json_text(file) for file in batches]


def _numbered(path: Path, number: int, count: int) -> Path:
    """Return the name of one file of several: safe.json, or safe-1-of-3.json."""
    return path if count == 1 else path.with_name(f"{path.stem}-{number}-of-{count}{path.suffix}")


def _summary(payouts: PayoutList) -> dict[str, Any]:
    from qf.chain.payouts import checksummed

    repeated = {checksummed(payee): times for payee, times in payouts.repeated.items()}
    named = {"kind": payouts.kind, "result": payouts.result, "root": payouts.tree.root}
    return {
        **named,
        "token": checksummed(payouts.token),
        "total": payouts.total,
        "payees": len(payouts.lines),
        "repeated": repeated,
    }


def _tell(payouts: PayoutList) -> None:
    summary = _summary(payouts)
    repeated = summary.pop("repeated")
    summary["total"] = amount_text(payouts.total, payouts.decimals, payouts.symbol)
    for name, value in summary.items():
        fact(name, value)
    for payee, times in repeated.items():
        err.print(f"note: {payee} is paid {times} times", style="yellow", soft_wrap=True)


def _show_findings(payouts: PayoutList, findings: Sequence[Finding], title: str) -> None:
    """Print a table that fits a narrow terminal, and below it what there is to say, a line each."""
    from qf.chain.payouts import checksummed

    made = table(title, "for", "account", "amount", "", right=("amount",))
    for finding in findings:
        amount = amount_text(finding.amount, payouts.decimals, payouts.symbol, places=min(6, payouts.decimals))
        made.add_row(finding.subject, checksummed(finding.account), amount, "FAILS" if finding.fault else "ok")
    show(made)
    for finding in findings:
        if finding.fault:
            out.print(f"{finding.subject} FAILS: {finding.fault}", style="red", soft_wrap=True)
        for note in finding.notes:
            out.print(f"{finding.subject}: {note}", style="yellow", soft_wrap=True)
