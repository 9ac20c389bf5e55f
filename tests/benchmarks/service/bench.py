"""`make bench-api`: the service with a million donations in the database, and the page that says how it did.

python -m tests.benchmarks.service.bench docs/reference/service-performance.md [--donations N] [--soak SECONDS]
    [--seconds SECONDS] [--prepared FOLDER]
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from tests.benchmarks.service.places import KINDS, database, free_port, machine, served, settings_of, version
from tests.benchmarks.service.rows import PAGE, table
from tests.benchmarks.service.steps import SETTLING_RATE, Measuring
from tests.benchmarks.service.town import PROJECTS, second_token


def main() -> None:
    """Measure both databases, and write the page."""
    given = _given()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("told to stop"))
    began, load = time.monotonic(), _load_average()
    measured: dict[str, dict[str, float]] = {}
    databases: list[str] = []
    with tempfile.TemporaryDirectory() as temporary:
        for kind in KINDS:
            folder = given.prepared or Path(temporary)
            measured[kind] = _measured(kind, folder / kind.lower(), given, databases)
    text = PAGE.format(
        command=_command(given),
        databases=" and ".join(databases),
        date=datetime.now(UTC).date(),
        donations=given.donations,
        kinds=" | ".join(measured),
        lines="---|" * len(measured),
        load=load,
        load_after=_load_average(),
        machine=machine(),
        minutes=(time.monotonic() - began) / 60,
        projects=PROJECTS,
        python=sys.version.split()[0],
        rows=table(measured),
        settling=SETTLING_RATE,
        soak=given.soak,
    )
    given.page.write_text(text, "utf-8")
    print(text)


def _given() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("page", type=Path, help="the page that is written")
    parser.add_argument("--donations", type=int, default=1_000_000, help="in each of the two rounds")
    parser.add_argument("--seconds", type=float, default=20, help="how long each load lasts")
    parser.add_argument("--soak", type=float, default=600, help="how many seconds the soak lasts")
    parser.add_argument("--prepared", type=Path, help="where filled databases are kept for the next time")
    return parser.parse_args()


def _measured(kind: str, folder: Path, given: argparse.Namespace, databases: list[str]) -> dict[str, float]:
    print(f"{kind}: filling", flush=True)
    began = time.monotonic()
    with database(kind, folder, given.donations) as url:
        print(f"{kind}: filled in {time.monotonic() - began:.0f} s", flush=True)
        databases.append(version(url))
        port = free_port()
        settings = settings_of(url, folder, port)
        with served(settings, port, folder / "service.log") as pid:
            measuring = Measuring(settings.public_url, pid, given.seconds)
            return measuring.all(given.soak, lambda: second_token(settings))


def _command(given: argparse.Namespace) -> str:
    standard = given.donations == 1_000_000 and given.soak == 600 and given.seconds == 20
    sizes = f" --donations {given.donations} --seconds {given.seconds:g} --soak {given.soak:g}"
    return "make bench-api" if standard else f"python -m tests.benchmarks.service.bench {given.page.name}{sizes}"


def _load_average() -> str:
    return f"{os.getloadavg()[0]:.1f}"


if __name__ == "__main__":
    main()
