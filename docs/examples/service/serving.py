"""A service of one's own: `qf serve` on a free port of this machine, with all it keeps in one folder."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from chain.anvil import die_with_parent, free_port, wait_for

REPOSITORY = Path(__file__).resolve().parents[3]

GRACE = 60
"""Seconds in which the service may finish what it is doing when it is told to end."""


@contextmanager
def serving(folder: Path, chains: Mapping[int, str], administrator: str) -> Iterator[str]:
    """Run the service, API and worker, while the block runs, and return its URL.

    Args:
        folder: where the database, the bundles and the log are kept; it is also where no `.env` is read by mistake.
        chains: number of a chain -> URL of its node.
        administrator: the address of the wallet that may found organisations.
    """
    folder.mkdir(parents=True)
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    settings = {
        "QF_DATABASE_URL": f"sqlite:///{folder.absolute()}/qf.db",
        "QF_DATA_DIR": str(folder.absolute()),
        "QF_PUBLIC_URL": url,
        "QF_SECRET": secrets.token_hex(32),
        "QF_ADMINISTRATORS": json.dumps([f"eip155:1:{administrator}"]),
        "QF_CHAINS": json.dumps({number: [node] for number, node in chains.items()}),
        "QF_REQUESTS_PER_MINUTE": "6000",  # everybody asks from one address here
    }
    others = {name: value for name, value in os.environ.items() if not name.startswith("QF_")}
    with (folder / "log.jsonl").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "qf", "serve", "--port", str(port)],
            cwd=folder,
            env={**others, **settings, "PYTHONPATH": str(REPOSITORY)},
            preexec_fn=die_with_parent,
            stdout=log,
            stderr=log,
        )
    try:
        wait_for(port, process)
        yield url
    finally:
        process.terminate()
        try:
            process.wait(GRACE)
        finally:
            process.kill()
