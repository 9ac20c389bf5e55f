"""A bundle against the chains its donations are on, and the contract that pays it out: without believing anybody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from qf.chain.abi import call, decode, keccak
from qf.chain.artifacts import artifact
from qf.chain.chain_file import ChainEntry, ChainFile, chain_file_of
from qf.chain.node.reader import ChainReader
from qf.chain.payouts import payouts_of_bundle
from qf.chain.payouts.simulator import NodeSimulator
from qf.chain.reconcile import reconcile
from qf.chain.store import Store
from qf.chain.sync import Progress, ReadChain, last_final, readers, sync
from qf.chain.types import Address, BlockStamp, ChainId
from qf.codec import read_bundle
from qf.codec.bundle import Bundle
from qf.codec.reconciliation_file import RECONCILIATION
from qf.eligibility import Project
from qf.errors import BundleError, InputError, Problem, VerificationError
from qf.reconciliation import Line, Override, Reconciliation
from qf.result import RoundResult
from qf.verify import verify

Endpoints = Mapping[ChainId | None, Sequence[str]]
"""Chain -> URLs of its nodes."""

PROPOSED, CHALLENGED = 1, 2
"""What `state()` of a `MatchingPayout` answers; 0 if nothing stands."""


@dataclass(frozen=True, slots=True)
class VerifiedOnChain:
    """What was found true.

    Attributes:
        result: of the round, recomputed.
        reconciliation: of its donations with the chain, as published and as found again.
        root: of the payouts, as computed and as the contract has it; "" if no contract was named.
        final: whether the contract pays by it already, and nobody can challenge it any more.
    """

    result: RoundResult
    reconciliation: Reconciliation
    root: str = ""
    final: bool = False


def verify_on_chain(
    folder: Path | str,
    endpoints: Endpoints,
    *,
    payout: Address | None = None,
    progress: Progress = lambda source, done, last: None,
) -> VerifiedOnChain:
    """Return what a bundle says, recomputed from its chains alone and found the same.

    The bundle is recomputed, then its chains are read again up to the blocks it names, compared with its donations
    afresh, and the differences compared with those that were published.

    Args:
        folder: the bundle.
        endpoints: chain -> URLs of its nodes; where the donations are on one chain only, it may be called None.
        payout: the `MatchingPayout` that pays it out, on the first of these chains, to compare its root.
        progress: told how far each source is.

    Raises:
        BundleError: it is no bundle, or does not say where its donations are.
        VerificationError: naming the first thing that differs.
        ChainError: a chain could not be read, or not be proved.
    """
    result = verify(folder)
    bundle = read_bundle(folder)
    published = bundle.inputs.reconciliation
    if published is None or not published.sources:
        told = "says nothing of the chain its donations are on: it has no report of `qf chain reconcile`"
        raise BundleError(f"{folder}: {told}")
    file = _with_endpoints(chain_file_of(published.sources, RECONCILIATION), endpoints)
    with readers(file) as opened:
        _compare_reconciliations(published, _read_again(bundle, published, file, opened, progress))
        first = next(iter(endpoints)) or file.chains[0].id
        paying = next((pair for pair in zip(file.chains, opened, strict=True) if pair[0].id == first), None)
        paid = _compare_payout(folder, *paying, payout) if payout and paying else ("", False)
    return VerifiedOnChain(result, published, *paid)


def _with_endpoints(file: ChainFile, endpoints: Endpoints) -> ChainFile:
    numbers: set[ChainId | None] = {chain.id for chain in file.chains}
    if len(numbers) == 1:
        (only,) = numbers
        endpoints = {only if number is None else number: urls for number, urls in endpoints.items()}
    lacking = [
        Problem(f"chain {number}", "has no node", "name one with --rpc") for number in numbers - endpoints.keys()
    ]
    strange = [
        Problem(f"chain {number}", "has no donations of this round", "leave it out")
        for number in endpoints.keys() - numbers
    ]
    if lacking or strange:
        raise InputError([*lacking, *strange])
    chains = [replace(chain, endpoints=tuple(endpoints[chain.id])) for chain in file.chains]
    return replace(file, chains=tuple(chains))


def _read_again(
    bundle: Bundle,
    published: Reconciliation,
    file: ChainFile,
    opened: Sequence[ChainReader],
    progress: Progress,
) -> Reconciliation:
    """Read each chain up to the block that was published, and reconcile with the published overrides."""
    last = {evidence.source: evidence.block for evidence in published.evidence}
    words = [Override(line.finding, line.place, line.override) for line in published.lines if line.override]
    held_to = published.projects
    projects = None if held_to is None else [Project(name, "", payee) for name, payee in held_to.items()]
    with TemporaryDirectory() as scratch, Store(Path(scratch) / "store") as store:
        chains = []
        for entry, reader in zip(file.chains, opened, strict=True):
            until = max((last.get(source.name, 0) for source in entry.sources), default=0)
            chains.append(ReadChain(entry, reader, sync(entry, reader, store, until=until, progress=progress)))
        try:
            return reconcile(bundle.round, bundle.inputs.ledger, file, chains, store, words, projects)
        except InputError as error:
            raise VerificationError(f"{RECONCILIATION}, overrides", str(error), "no such lines") from None


def _compare_reconciliations(published: Reconciliation, found: Reconciliation) -> None:
    for name in ("donations", "compared", "elsewhere"):
        _compare(f"{RECONCILIATION}, {name}", getattr(published, name), getattr(found, name))
    sources = {evidence.source: evidence for evidence in found.evidence}
    for evidence in published.evidence:
        _compare(f"{RECONCILIATION}, {evidence.source}", evidence, sources.get(evidence.source))
    _compare(f"{RECONCILIATION}, number of sources", len(published.evidence), len(found.evidence))
    there, here = (dict.fromkeys(each.lines) for each in (published, found))
    for line in [*published.lines, *found.lines]:
        _compare(f"{RECONCILIATION}, {line.finding} at {line.place}", _line(line, there), _line(line, here))


def _line(line: Line, lines: Mapping[Line, None]) -> str:
    return f"ledger {line.ledger!r}, chain {line.source!r}" if line in lines else "no such line"


def _compare_payout(folder: Path | str, chain: ChainEntry, reader: ChainReader, contract: Address) -> tuple[str, bool]:
    """Compare what the contract pays with the bundle, as of the last block that is final; root, and if it can pay."""
    at, where = last_final(chain, reader), f"contract {contract}"
    _refuse_other_code(where, chain, reader, contract, at)

    def said(signature: str, kind: str) -> object:
        try:
            return decode(kind, reader.call(contract, call(signature), at))[0]
        except ValueError:
            told = f"does not answer {signature} at block {at.number}"
            raise InputError.at(where, told, "check its address and chain") from None

    if said("state()", "(uint8)") != PROPOSED:
        state = "challenged" if said("state()", "(uint8)") == CHALLENGED else "void, or never proposed"
        raise VerificationError(f"{where}, state", "proposed", state)
    payouts = payouts_of_bundle(folder, "qf", token=str(said("token()", "(address)")))
    _compare(f"{where}, result", f"0x{payouts.result.removeprefix('0x')}", said("resultDigest()", "(bytes32)"))
    _compare(f"{where}, total", payouts.total, said("total()", "(uint256)"))
    _compare(f"{where}, payees", len(payouts.lines), said("payees()", "(uint256)"))
    _compare(f"{where}, root", payouts.tree.root, said("root()", "(bytes32)"))
    return str(payouts.tree.root), bool(said("isFinal()", "(bool)"))


def _refuse_other_code(where: str, chain: ChainEntry, reader: ChainReader, contract: Address, at: BlockStamp) -> None:
    """Refuse what is not our contract: its code, from any node, is held to the hash that `reader` has of it."""
    simulator = NodeSimulator(chain.endpoints[0])
    try:
        code = simulator.code(contract)
    finally:
        simulator.close()
    same = reader.code_hash(contract, at) == f"0x{keccak(code).hex()}"
    if not same or not artifact("MatchingPayout").is_code(code):
        told = f"is no MatchingPayout of this version of qf at block {at.number} of chain {chain.id}"
        raise InputError.at(where, told, "check its address and chain")


def _compare(where: str, published: object, computed: object) -> None:
    if published != computed:
        raise VerificationError(where, str(published), str(computed))
