"""What a reconciliation found: each difference in one line, with the evidence it rests on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from qf.columns import canonical_name
from qf.eligibility import Project
from qf.errors import UnreconciledError
from qf.reconciliation.findings import ADVICE, Finding


@dataclass(frozen=True, slots=True)
class Record:
    """A donation as a ledger or a source has it.

    Attributes:
        id: what both call it: eip155:<chain>/<transaction>/<log>, or <source>/<number>.
        donor, project, token: names as in the ledger.
        amount: base units of the token, or round units.
        time: seconds since 1970 UTC, or None if it is not known; where a source does not know it, it is not compared.
    """

    id: str
    donor: str
    project: str
    token: str
    amount: int
    time: int | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that differs.

    Attributes:
        finding: what is wrong.
        place: the id of the donation, or the name of the contract or source.
        ledger, source: what either side says; "" where it says nothing.
        override: why the operator settles all the same; "" while it is unresolved.
    """

    finding: Finding
    place: str
    ledger: str = ""
    source: str = ""
    override: str = ""

    @property
    def advice(self) -> str:
        """What to do about it."""
        return ADVICE[self.finding]


@dataclass(frozen=True, slots=True)
class Override:
    """The operator's word on one line: which, and why it does not stand in the way."""

    finding: Finding
    place: str
    reason: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """How far one source was read, and what proves that nothing is missing.

    Attributes:
        source: its name: eip155:<chain>/<kind>/<number>, or whatever the operator calls it.
        kind: what it is, as in the chain file.
        block, block_hash: the last block read; 0 and "" off chain.
        donations: how many donations it has.
        proof: what proves that these are all.
    """

    source: str
    kind: str
    donations: int
    block: int = 0
    block_hash: str = ""
    proof: str = ""


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """A ledger compared with its sources.

    Attributes:
        donations: digest of the ledger, as in the result.json of a bundle.
        compared: how many donations of the ledger were compared with a source.
        elsewhere: how many donations of the ledger belong to no source that was read.
        evidence: the sources.
        lines: what differs, in the order of finding and place.
        projects: project -> payout address that donations were held to, or None if they were held to none.
        sources: what others need to read the same sources, such as addresses of contracts; empty if there is nothing.
    """

    donations: str
    compared: int
    elsewhere: int
    evidence: tuple[Evidence, ...]
    lines: tuple[Line, ...]
    projects: Mapping[str, str] | None = None
    sources: Mapping[str, Any] = field(default_factory=dict)

    @property
    def unresolved(self) -> tuple[Line, ...]:
        """The lines without an override."""
        return tuple(line for line in self.lines if not line.override)

    @property
    def counts(self) -> dict[Finding, int]:
        """How many lines there are of each finding."""
        found = Counter(line.finding for line in self.lines)
        return {finding: found[finding] for finding in Finding if found[finding]}


def payees_of(projects: Iterable[Project]) -> dict[str, str]:
    """Return project -> payout address, in lower case; "" where there is none."""
    return {each.id: canonical_name(each.payout_address) if each.payout_address else "" for each in projects}


def require_reconciled(
    required: bool,
    found: Reconciliation | None,
    donations: str = "",
    projects: Iterable[Project] | None = None,
) -> None:
    """Raise unless a ledger was reconciled and nothing is left unresolved.

    Args:
        required: whether the round asks for it; a report that is there has to be of this ledger and resolved anyway.
        found: the report, or None if there is none.
        donations: digest of the ledger that is settled; "" if it is not known yet.
        projects: those of the round; donations on a chain have to be held to where these are paid.

    Raises:
        UnreconciledError: there is no report, it is of another ledger, or it has unresolved lines; names them.
    """
    if found is None:
        if required:
            raise UnreconciledError(
                ["the round asks for a reconciliation, and there is none: run `qf chain reconcile`"]
            )
        return
    told = [f"{line.finding} at {line.place}: {line.advice}" for line in found.unresolved]
    if donations and found.donations != donations:
        told.insert(0, f"the report is of other donations ({found.donations}, not {donations}); reconcile these")
    if found.sources and projects is not None and found.projects != payees_of(projects):
        told.insert(0, "the report holds donations to other projects than the round's: reconcile with these --projects")
    if told:
        raise UnreconciledError(told)
