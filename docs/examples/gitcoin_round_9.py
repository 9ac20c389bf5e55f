"""Gitcoin Grants round 9 (March 2021, first 8.5 days), from its published log to files `qf settle` reads.

The log has 80,354 lines. Lines whose transaction failed or whose amount is not positive are not donations; how many
there are is printed. The published extract names no matching result, and its pool is taken to be 500,000 USD.

    python docs/examples/gitcoin_round_9.py DATA FOLDER

reads DATA/gitcoin_gr9/round9_contributions.csv.xz and writes round.toml and donations.csv into FOLDER.
"""

from __future__ import annotations

import csv
import lzma
import sys
from collections import Counter
from decimal import ROUND_DOWN, Context, Decimal
from pathlib import Path

LOG = Path("gitcoin_gr9/round9_contributions.csv.xz")
"""The log, under the data folder."""

SMALLEST = Decimal("1e-18")
"""Amounts are kept to 18 decimal places of a dollar, more than the log has."""

ROUND = """\
[round]
id = "gitcoin-gr9"
title = "Gitcoin Grants round 9 (first 8.5 days)"
unit = "USD"
unit_decimals = 18

[mechanism]
id = "quadratic"
root_bits = 40

[pool]
amount = "50000000"
token = "USD"
decimals = 2
policy = "fill"
cap = "redistribute"
"""
"""The rules: plain quadratic funding, paid in cents."""


def write_round_9(data: Path, folder: Path) -> Counter[str]:
    """Write round.toml and donations.csv into `folder`; return how many lines of the log were what."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "round.toml").write_text(ROUND, "utf-8")
    lines: Counter[str] = Counter()
    with (
        lzma.open(data / LOG, "rt", encoding="utf-8", newline="") as log,
        (folder / "donations.csv").open("w", encoding="utf-8", newline="") as table,
    ):
        donations = csv.writer(table, lineterminator="\n")
        donations.writerow(("id", "donor", "project", "amount"))
        for row in csv.DictReader(log):
            kind, amount = _read(row)
            lines[kind] += 1
            if amount is not None:
                donations.writerow(
                    (row["time_sequence"], row["contributor"], row["grant"].strip(), f"{amount.normalize():f}")
                )
    return lines


def _read(row: dict[str, str]) -> tuple[str, Decimal | None]:
    amount = Decimal(row["amount"]).quantize(SMALLEST, rounding=ROUND_DOWN, context=Context(prec=60))
    if row["success"] != "True":
        return "failed transactions", None
    if amount <= 0:
        return "without a positive amount", None
    return "donations", amount


if __name__ == "__main__":
    for what, count in write_round_9(Path(sys.argv[1]), Path(sys.argv[2])).items():
        print(f"{count:,} {what}")
