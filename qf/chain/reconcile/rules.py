"""What the rules of the round say of a donation by itself: its token, its project, its payee, its time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from qf.chain.ledger import Entry
from qf.columns import canonical_name
from qf.eligibility import Project
from qf.reconciliation import Finding, Line, described
from qf.round import Round


class Rules:
    """The rules that a donation is held to.

    Args:
        round: whose dates count.
        projects: those of the round; None: every project that a contract knows.
    """

    def __init__(self, round: Round, projects: Sequence[Project] | None) -> None:
        self._round = round
        self._projects = None if projects is None else {project.id: project for project in projects}

    def lines(self, entry: Entry) -> Iterator[Line]:
        """Yield what is wrong with a donation."""
        record = entry.record
        if not entry.known_token:
            yield Line(Finding.UNKNOWN_TOKEN, record.id, source=described(record))
        if not entry.known_project or (self._projects is not None and record.project not in self._projects):
            yield Line(Finding.UNKNOWN_PROJECT, record.id, source=described(record))
        payee = self._payee(record.project)
        if entry.donation.payee and payee and entry.donation.payee != payee:
            yield Line(Finding.DIFFERENT_PAYEE, record.id, payee, entry.donation.payee)
        if record.time is not None and not self._is_open(record.time):
            yield Line(Finding.OUT_OF_WINDOW, record.id, source=f"{described(record)} at {record.time}")

    def _payee(self, project: str) -> str:
        known = (self._projects or {}).get(project)
        return canonical_name(known.payout_address) if known is not None and known.payout_address else ""

    def _is_open(self, time: int) -> bool:
        opens, closes = self._round.opens, self._round.closes
        return (opens is None or opens <= time) and (closes is None or time < closes)
