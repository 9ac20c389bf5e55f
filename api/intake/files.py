"""Donations from a file, as `qf settle` reads it: every malformed line is named, or all of it counts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from api.access import RoundAsking
from api.intake.reading import PERSONAL, PSEUDONYM
from api.intake.schema import RecordedOut
from api.intake.webhooks import unknown_projects
from api.problems import Invalid
from api.recording import Gift, Origin, record
from api.schema import LAST_SECOND
from api.sources.changes import accepting
from api.tables import Source
from qf.codec import read_donations
from qf.errors import InputError, Problem
from qf.ledger import NO_TIME, DonationLedger

NAME = "donations.csv"
"""What the file is called in messages."""

LONGEST_NAME = 200
"""Characters of a name, at most."""

T = TypeVar("T")


def take_file(asking: RoundAsking, source: Source, body: bytes) -> RecordedOut:
    """Return what came of a file of donations; the same file again changes nothing.

    Raises:
        InputError: lines are malformed, or without an id or a time; names them all.
        Conflict: a donation differs from what is recorded.
    """
    accepting(asking.session, asking.round, source)
    decimals = {token: price[1] for token, price in asking.round.prices.items()}
    unit = int(asking.round.rules.get("round", {}).get("unit_decimals", 0))
    gifts = _gifts(_ledger(body, unit, decimals))
    new = record(asking.session, asking.round, source, gifts, Origin(asking.actor.name, "file", asking.at))
    asking.record("file.taken", subject=f"source/{source.name}", new=new.new, known=new.known)
    strange = unknown_projects(asking.session, asking.round, gifts)
    return RecordedOut(new=new.new, known=new.known, unknown_projects=strange)


def _ledger(body: bytes, unit_decimals: int, token_decimals: Mapping[str, int]) -> DonationLedger:
    return read_file(
        body, NAME, lambda path: read_donations(path, unit_decimals=unit_decimals, token_decimals=token_decimals)
    )


def read_file(body: bytes, name: str, read: Callable[[Path], T]) -> T:
    """Return what `read` makes of a file with this content.

    Raises:
        Invalid: it is empty.
        InputError: what `read` raises, with the bare name of the file.
    """
    if not body.strip():
        raise Invalid.at(name, "is empty", "send the file as the body")
    with TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(body)
        try:
            return read(path)
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
    gifts = [Gift(*row) for row in columns]
    problems = [
        Problem(f"{NAME} donation {number}", what, fix)
        for number, gift in enumerate(gifts, 1)
        for what, fix in _lacking(gift)
    ]
    if problems:
        raise InputError(problems)
    return gifts


def _lacking(gift: Gift) -> Iterator[tuple[str, str]]:
    """Yield what a donation lacks that a file alone need not have, but a source must."""
    if not gift.external_id:
        yield "has no id", "give it one of its own"
    if gift.time == NO_TIME:
        yield "has no time", "say when it was given"
    elif not 0 <= gift.time <= LAST_SECOND:
        yield "was given outside the years 1970 to 9999", "mend its time"
    if max(map(len, (gift.external_id, gift.donor, gift.project, gift.token))) > LONGEST_NAME:
        yield f"has a name of more than {LONGEST_NAME} characters", "shorten it"
    if PERSONAL in gift.donor:
        yield "names its donor by an e-mail address", PSEUDONYM
