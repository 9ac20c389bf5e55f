"""Who takes part in the demo: projects, donors, and a farm of wallets that are one person. All come from one seed."""

from __future__ import annotations

import csv
import hashlib
import time
from collections.abc import Iterable
from pathlib import Path

from eth_account import Account
from eth_account.signers.local import LocalAccount

SEED = 20260401
"""Every key and every gift comes from it: the same people give the same on every machine."""

CLOSES = int(time.time()) + 30
"""The first moment after the round, seconds since 1970 UTC: soon, as the service lives by the clock of this machine."""

OPENS = CLOSES - 30 * 86_400
"""The first moment of the round; on the chain of the demo a day takes as long as a block."""

DONORS, WALLETS = 180, 24
"""How many people give, and how many wallets the farm has."""

FARMED = "market-wifi"
"""The project the farm gives to."""

REFUSING = "flood-drill"
"""The project whose payee cannot take the coin of the chain."""

TITLES = {
    "river-watch": "River Watch, open water levels",
    "night-bus": "Night Bus, a timetable anyone may mend",
    "repair-map": "Repair Map of the old town",
    "easy-forms": "Easy Forms, city paperwork in plain words",
    "sign-news": "Sign News, council sessions signed",
    "harbour-photos": "Harbour Photos, a hundred years online",
    "seed-library": "Seed Library of the east gardens",
    "kids-code": "Kids Code on Saturdays",
    "roof-sensors": "Roof Sensors, air over the schools",
    "care-finder": "Care Finder, places free tonight",
    "flood-drill": "Flood Drill, maps that work offline",
    "market-wifi": "Market Wi-Fi, free and open",
}
"""Project -> title, the most popular first."""

ROUND = f"""\
[round]
id = "harbour"
title = "Harbour round"
opens = {OPENS}
closes = {CLOSES}
reconciled = true

[mechanism]
preset = "yen"

[pool]
amount = "8000000000000000000"
token = "ETH"
decimals = 18
match_cap_fraction = "0.25"

[eligibility]
min_donation = "100"
"""
"""The rules: gifts are counted in yen, 8 ETH are shared out, and nobody gets more than a quarter."""

PRICES = "token,price,decimals\njpyx,1,18\nusdx,150,6\neth,450000,18\n"
"""What one whole token is worth in yen."""


def person(name: str) -> LocalAccount:
    """Return the account of somebody: its key is the hash of the seed and the name."""
    account: LocalAccount = Account.from_key(hashlib.sha256(f"{SEED}/{name}".encode()).digest())
    return account


def farm() -> list[LocalAccount]:
    """Return the wallets that are one person."""
    return [person(f"wallet {number}") for number in range(WALLETS)]


def write_rules(folder: Path) -> None:
    """Write what the operator decides: round.toml, prices.csv, projects.csv and links.csv."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "round.toml").write_text(ROUND, "utf-8")
    (folder / "prices.csv").write_text(PRICES, "utf-8")
    projects = [(id, title, person(id).address, person(f"{id} lead").address) for id, title in TITLES.items()]
    write_table(folder / "projects.csv", [("project", "title", "payout_address", "owners"), *projects])
    first, *others = farm()
    links = [(wallet.address, first.address) for wallet in others]
    write_table(folder / "links.csv", [("account", "identity"), *links])


def write_table(path: Path, rows: Iterable[tuple[object, ...]]) -> None:
    """Write rows as CSV."""
    with path.open("w", encoding="utf-8", newline="") as lines:
        csv.writer(lines, lineterminator="\n").writerows(rows)


def read_table(path: Path) -> list[dict[str, str]]:
    """Return the rows of a CSV file."""
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))
