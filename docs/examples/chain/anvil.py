"""A chain of one's own: anvil on a free port of this machine, in a folder that is thrown away with it."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PROGRAM = Path(__file__).resolve().parents[3] / "contracts/node_modules/.bin/anvil"
"""Where npm puts anvil; the environment variable QF_ANVIL names another."""


@contextmanager
def anvil(*options: str) -> Iterator[str]:
    """Run a chain while the block runs, and return its URL. It dies with this process, however that ends.

    anvil keeps a file per block under HOME and does not remove them, hence the HOME that is thrown away.

    Raises:
        FileNotFoundError: anvil is not installed.
    """
    path = program()
    port, home = free_port(), tempfile.mkdtemp(prefix="anvil")
    command = [str(path), "--silent", "--hardfork", "prague", "--port", str(port), *options]
    process = subprocess.Popen(
        command,
        env={"HOME": home},
        preexec_fn=die_with_parent,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(port, process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(home, ignore_errors=True)


def program() -> Path:
    """Return where anvil is.

    Raises:
        FileNotFoundError: it is not installed.
    """
    path = Path(os.environ.get("QF_ANVIL") or PROGRAM)
    if not path.exists():
        raise FileNotFoundError("anvil is not installed: run `npm ci` in contracts/, or set QF_ANVIL")
    return path


def free_port() -> int:
    """Return a port of this machine on which nobody listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until a process listens on a port.

    Raises:
        RuntimeError: it has ended, or takes too long.
    """
    end = time.monotonic() + 30
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"{process.args!r} does not start") from None
            time.sleep(0.05)


def die_with_parent() -> None:
    """Have the process that is about to begin end with this one, however that ends, where the system can do it."""
    if sys.platform == "linux":
        ctypes.CDLL("libc.so.6").prctl(1, signal.SIGKILL)
