"""A round of an invented town, the same on every machine: 12 projects, 300 donors, some of whom are not who they say.

    python docs/examples/town.py FOLDER

writes round.toml, donations.csv, weights.csv, links.csv and projects.csv, ready for `qf settle`.
"""

from __future__ import annotations

import csv
import random
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

SEED = 20250401
"""Everything random comes from here."""

OPENS = datetime(2025, 4, 1, tzinfo=UTC)
"""First moment of the round."""

DAYS = 30
"""Length of the round."""

PROJECTS = {
    "river-map": "Open map of river levels",
    "night-school": "Night school for new neighbours",
    "repair-cafe": "Repair café",
    "bus-feed": "Open timetable feed of the bus company",
    "well": "Hand pump for the old well",
    "library-app": "Library app for screen readers",
    "forest-path": "Path markers for the forest",
    "archive": "Digital archive of the town paper",
    "robot-club": "Robot club of the middle school",
    "seed-bank": "Seed bank of the gardeners",
    "sign-language": "Sign language café",
    "wifi": "Free network in the market hall",
}
"""Project id -> title."""

ROUND = """\
[round]
id = "town-2025"
title = "Town round 2025"
opens = "2025-04-01T00:00:00Z"
closes = "2025-05-01T00:00:00Z"

[mechanism]
preset = "yen"

[pool]
amount = "1000000"
match_cap_fraction = "0.25"

[eligibility]
min_donation = "100"
"""
"""The rules: the yen preset, a million yen, nobody gets more than a quarter."""

Row = tuple[object, ...]
"""A row of a table."""


def write_town(folder: Path) -> None:
    """Write the five files of the round into `folder`."""
    rng = random.Random(SEED)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "round.toml").write_text(ROUND, "utf-8")
    owners = {project: f"owner-{project}" for project in PROJECTS}
    projects = [(project, title, f"account-{project}", owners[project]) for project, title in PROJECTS.items()]
    _write(folder / "projects.csv", ("project", "title", "payout_address", "owners"), projects)
    _write(folder / "donations.csv", ("donor", "project", "amount", "time"), _donations(rng, owners))
    weights = [(f"bot-{number:02d}", "0") for number in range(20)]
    weights += [(f"donor-{number:03d}", "0.5") for number in range(0, 300, 15)]
    _write(folder / "weights.csv", ("donor", "weight"), weights)
    links = [(f"second-account-{number:02d}", f"donor-{number:03d}") for number in range(12)]
    _write(folder / "links.csv", ("account", "identity"), links)


def _donations(rng: random.Random, owners: dict[str, str]) -> list[Row]:
    names, popularity = list(PROJECTS), [12 - place for place in range(12)]
    rows: list[Row] = []
    for number in range(300):
        for project in sorted(set(rng.choices(names, popularity, k=rng.randint(1, 4)))):
            rows.append((f"donor-{number:03d}", project, _amount(rng), _time(rng)))
    rows += [(f"second-account-{number:02d}", rng.choice(names), _amount(rng), _time(rng)) for number in range(12)]
    rows += [(f"bot-{number:02d}", "wifi", 500, _time(rng)) for number in range(20)]
    rows += [(owners[project], project, 5_000, _time(rng)) for project in ("wifi", "archive")]
    rows += [("donor-007", "well", 50, _time(rng)), ("donor-008", "well", 3_000, "2025-05-02T09:00:00Z")]
    rng.shuffle(rows)
    return rows


def _amount(rng: random.Random) -> int:
    return max(100, round(rng.lognormvariate(7, 0.9) / 100) * 100)


def _time(rng: random.Random) -> str:
    moment = OPENS + timedelta(seconds=rng.randrange(DAYS * 86_400))
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _write(path: Path, header: Row, rows: Sequence[Row]) -> None:
    with path.open("w", encoding="utf-8", newline="") as lines:
        csv.writer(lines, lineterminator="\n").writerows([header, *rows])


if __name__ == "__main__":
    write_town(Path(sys.argv[1]))
