"""The commands of the service as processes of their own, that a test can stop or kill."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from api.settings import Settings

REPOSITORY = Path(__file__).resolve().parents[3]

PATIENCE = 60
"""Seconds that a process may take to start or to end."""


def environment(settings: Settings) -> dict[str, str]:
    """Return the environment that makes a process use these settings."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("QF_")}
    return {
        **clean,
        "PYTHONPATH": str(REPOSITORY),
        "QF_DATABASE_URL": settings.database_url,
        "QF_DATA_DIR": str(settings.data_dir),
        "QF_SECRET": settings.secret.get_secret_value(),
        "QF_PUBLIC_URL": "http://127.0.0.1:8000",
        "QF_REQUESTS_PER_MINUTE": "1000000",
    }


def ran(settings: Settings, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    command = [sys.executable, "-m", "qf", *arguments]
    where = settings.data_dir.parent
    return subprocess.run(
        command, env={**environment(settings), **more}, cwd=where, capture_output=True, text=True, timeout=PATIENCE
    )


class Running:
    """A command that goes on: it and its children are killed when the block ends."""

    def __init__(self, settings: Settings, *arguments: str, more: Mapping[str, str] | None = None) -> None:
        self._log = settings.data_dir.parent / f"{'-'.join(arguments)}.log".replace("/", "_")
        self._log.write_text("")
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "qf", *arguments],
                env={**environment(settings), **(more or {})},
                cwd=settings.data_dir.parent,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        self.kill()

    @property
    def said(self) -> str:
        """What it printed and logged."""
        return self._log.read_text("utf-8")

    @property
    def url(self) -> str:
        """Where it listens."""
        ends = time.monotonic() + PATIENCE
        while (found := re.search(r"listening on +(\S+)", self.said)) is None:
            assert self.process.poll() is None and time.monotonic() < ends, self.said
            time.sleep(0.02)
        return found[1]

    def stop(self) -> int:
        """Ask it to end, and return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)

    def kill(self) -> None:
        """End it and its children as a power cut does."""
        if self.process.poll() is None or self.group():  # else its number may be somebody else's by now
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(PATIENCE)

    def group(self) -> list[int]:
        """Return the processes of it that are alive."""
        told = subprocess.run(["ps", "-e", "-o", "pid=,pgid=,stat="], capture_output=True, text=True, check=True)
        rows = [line.split() for line in told.stdout.splitlines()]
        return [int(pid) for pid, group, state in rows if int(group) == self.process.pid and not state.startswith("Z")]
