"""Donations from a file, as `qf settle` reads it: every malformed line is named, or all of it counts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from api.access import RoundAsking
from api.intake.recording import Gift, Origin, record
from api.intake.schema import RecordedOut
from api.intake.webhooks import unknown_projects
from api.problems import Invalid
from api.sources.changes import accepting
from api.tables import Source
from qf.codec import read_donations
from qf.errors import InputError, Problem
from qf.ledger import NO_TIME, DonationLedger

NAME = "donations.csv"
"""What the file is called in messages."""


def take_file(asking: RoundAsking, source: Source, body: bytes) -> RecordedOut:
    """Return what came of a file of donations; the same file again changes nothing.

    Raises:
        InputError: lines are malformed, or without an id or a time; names them all.
        Conflict: a donation differs from what is recorded.
    """
    accepting(asking.round, source)
    decimals = {token: price[1] for token, price in asking.round.prices.items()}
    unit = int(asking.round.rules.get("round", {}).get("unit_decimals", 0))
    gifts = _gifts(_ledger(body, unit, decimals))
    new = record(asking.session, asking.round, source, gifts, Origin(asking.actor.name, "file", asking.at))
    asking.record("file.taken", subject=f"source/{source.name}", new=new.new, known=new.known)
    strange = unknown_projects(asking.session, asking.round, gifts)
    return RecordedOut(new=new.new, known=new.known, unknown_projects=strange)


def _ledger(body: bytes, unit_decimals: int, token_decimals: Mapping[str, int]) -> DonationLedger:
    if not body.strip():
        raise Invalid.at(NAME, "is empty", "send the file as the body")
    with TemporaryDirectory() as folder:
        path = Path(folder) / NAME
        path.write_bytes(body)
        try:
            return read_donations(path, unit_decimals=unit_decimals, token_decimals=token_decimals)
        except InputError as error:
            raise InputError(
                Problem(each.where.replace(f"{folder}/", ""), each.what, each.fix) for each in error.problems
            ) from None


def _gifts(ledger: DonationLedger) -> list[Gift]:
    rows = len(ledger)
    ids = [""] * rows if ledger.id is None else ledger.id.tolist()
    times = [NO_TIME] * rows if ledger.time is None else ledger.time.tolist()
    tokens = [""] * rows if ledger.token is None else ledger.token.texts().tolist()
    against = [False] * rows if ledger.against is None else ledger.against.tolist()
    missing = [
        Problem(f"{NAME} donation {number}", "has no id" if not name else "has no time", "give every donation both")
        for number, (name, time) in enumerate(zip(ids, times, strict=True), 1)
        if not name or time == NO_TIME
    ]
    if missing:
        raise InputError(missing)
    columns = zip(
        ids,
        ledger.donor.texts().tolist(),
        ledger.project.texts().tolist(),
        ledger.amount.tolist(),
        times,
        tokens,
        against,
        strict=True,
    )
    return [Gift(*row) for row in columns]
