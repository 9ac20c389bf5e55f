"""A real round as a matrix: what each donor gave each project."""

from __future__ import annotations

import csv
import hashlib
import json
import lzma
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qf.codec.bundle import read_bundle
from qf.codec.donations import read_donations
from qf.ledger import DonationLedger
from simulations.gifts import CENTS

DECIMALS = 18
"""Decimal places to which amounts are read; they are cut to hundredths after they have been added up."""

Cents = NDArray[np.int64]
"""Donors x projects, hundredths of the unit."""

Row = tuple[str, str, float]
"""Donor, project, amount in units."""


@lru_cache(maxsize=4)
def read_round(path: str) -> Cents:
    """Return what each donor gave each project, from a bundle, a file of donations, or a folder of such files.

    Donors and projects stand in the order of their ids; who gave less than a hundredth in all is left out.

    Raises:
        InputError: naming what is wrong with the files.
    """
    place = Path(path)
    if (place / "result.json").is_file():
        bundle = read_bundle(place)
        return _of_ledger(bundle.inputs.ledger, bundle.round.unit_decimals)
    return _of_ledger(read_donations(place, unit_decimals=DECIMALS), DECIMALS)


def digest(cents: Cents) -> str:
    """Return the SHA-256 of a round: of its shape and its amounts, row by row.

    >>> digest(np.array([[100, 0], [0, 250]]))[:12]
    '054a3e877dfc'
    """
    text = f"{cents.shape[0]}x{cents.shape[1]}:{','.join(map(str, cents.ravel().tolist()))}"
    return hashlib.sha256(text.encode()).hexdigest()


def matrix(rows: Iterable[Row]) -> Cents:
    """Return what each donor gave each project in all; donors who gave less than a hundredth everywhere are left out.

    >>> matrix([("ann", "well", 1.0), ("bob", "bus", 2.5), ("ann", "well", 0.5)]).tolist()
    [[0, 150], [250, 0]]
    """
    total: dict[tuple[str, str], float] = {}
    for donor, project, amount in rows:
        total[donor, project] = total.get((donor, project), 0.0) + amount
    donors = {name: number for number, name in enumerate(sorted({donor for donor, _ in total}))}
    projects = {name: number for number, name in enumerate(sorted({project for _, project in total}))}
    cents = np.zeros((len(donors), len(projects)), dtype=np.int64)
    for (donor, project), amount in total.items():
        cents[donors[donor], projects[project]] = int(amount * CENTS + 1e-6)
    return _without_nothing(cents)


def gitcoin_3(data: Path) -> Iterator[Row]:
    """Yield the gifts of Gitcoin Grants round 3, as published."""
    document = json.loads((data / "gitcoin_gr3/grants_round_3_data.json").read_text("utf-8"))
    for grant in document["grants"]:
        for gift in grant["contributions"]:
            yield gift["profile"], grant["url"], float(gift["value_usd"])


def gitcoin_9(data: Path) -> Iterator[Row]:
    """Yield the gifts of the first 8.5 days of Gitcoin Grants round 9 whose transaction did not fail."""
    with lzma.open(data / "gitcoin_gr9/round9_contributions.csv.xz", "rt", encoding="utf-8", newline="") as log:
        for row in csv.DictReader(log):
            if row["success"] == "True" and float(row["amount"]) > 0:
                yield row["contributor"], row["grant"].strip(), float(row["amount"])


def tec(file: str, project: str) -> Callable[[Path], Iterator[Row]]:
    """Return what yields the gifts in a table of the Token Engineering Commons."""

    def read(data: Path) -> Iterator[Row]:
        with (data / "tec_rounds" / file).open(encoding="utf-8-sig", newline="") as table:
            for row in csv.DictReader(table):
                yield row["voter"].lower(), row[project].lower(), float(row["amountUSD"])

    return read


PUBLISHED: Mapping[str, tuple[str, Callable[[Path], Iterator[Row]]]] = {
    "gr3": ("Gitcoin Grants round 3, 2019", gitcoin_3),
    "gr9": ("Gitcoin Grants round 9, first 8.5 days, 2021", gitcoin_9),
    "tegr1": ("TEC round 1, 2023", tec("tegr1_vote_coefficients_input.csv", "projectId")),
    "tegr2": ("TEC round 2 (GG18), 2023", tec("tegr2_Token_Engineering_squelched_coefficients.csv", "grantAddress")),
    "tegr3": (
        "TEC round 3 (GG19), 2023",
        tec("tegr3_vote_coefficients-0x0F0b9d9F72C1660905C57864e79CeB409ADa0C9e.csv", "grantAddress"),
    ),
}
"""Name -> title, and what reads its gifts under the folder of published data."""


def _of_ledger(ledger: DonationLedger, decimals: int) -> Cents:
    total = np.zeros((len(ledger.donor.names), len(ledger.project.names)), dtype=object)
    np.add.at(total, (ledger.donor.codes, ledger.project.codes), ledger.amount)
    cents = total * CENTS // 10**decimals
    order = (
        np.argsort(np.array(ledger.donor.names, dtype=object)),
        np.argsort(np.array(ledger.project.names, dtype=object)),
    )
    return _without_nothing(cents[np.ix_(*order)].astype(np.int64))


def _without_nothing(cents: Cents) -> Cents:
    return np.asarray(cents[cents.sum(axis=1) > 0])
