"""A folder is written aside and takes its place in one rename: whatever happens, the old one or the new one is there.

What a killed process left behind is known by the lock that nobody holds any more, and removed by the next one.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from secrets import token_hex
from types import ModuleType

from qf.errors import BundleError

try:
    import fcntl as _fcntl
except ImportError:  # not a Unix
    fcntl: ModuleType | None = None
else:
    fcntl = _fcntl

ASIDE = ".aside"
"""Suffix of a folder that is being written: ".NAME.RANDOM.aside"."""

_EXCHANGE = 2
"""RENAME_EXCHANGE of renameat2(2)."""

_HERE = -100
"""AT_FDCWD: paths are relative to the working directory."""


@contextmanager
def written_aside(folder: Path) -> Iterator[Path]:
    """Return an empty folder beside `folder`, which takes its place when the block ends, and goes if it fails.

    Raises:
        BundleError: the file system refused.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        _remove_abandoned(folder)
        with ExitStack() as stack:
            aside = folder.with_name(f".{folder.name}.{token_hex(8)}{ASIDE}")
            aside.mkdir()
            stack.callback(shutil.rmtree, aside, ignore_errors=True)
            stack.enter_context(_locked(aside))
            yield aside
            _sync_folders(aside)
            _move(aside, folder)
            _sync(folder.parent)
    except OSError as error:
        raise BundleError(f"{folder}: not written: {error}") from error


def write_file(path: Path, data: bytes) -> None:
    """Write a file and wait until it is on the disk."""
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _move(aside: Path, folder: Path) -> None:
    """Put `aside` in the place of `folder`; what was there is at `aside` afterwards, and removed with it."""
    if not folder.exists():
        aside.rename(folder)
    elif not _exchanged(aside, folder):
        old = aside.with_suffix(".old")
        folder.rename(old)
        try:
            aside.rename(folder)
        except OSError:
            old.rename(folder)
            raise
        shutil.rmtree(old, ignore_errors=True)


def _exchanged(one: Path, other: Path) -> bool:
    """Exchange two folders in one step, if this system can."""
    if sys.platform != "linux":
        return False
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except AttributeError:
        return False
    return bool(rename(_HERE, os.fsencode(one), _HERE, os.fsencode(other), _EXCHANGE) == 0)


@contextmanager
def _locked(aside: Path) -> Iterator[None]:
    """Hold the lock on a folder, that tells others that somebody is writing it."""
    if fcntl is None:
        yield
        return
    handle = os.open(aside, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(handle)


def _remove_abandoned(folder: Path) -> None:
    """Remove what processes that were killed left of earlier attempts at the same folder."""
    for aside in folder.parent.glob(f".{folder.name}.*{ASIDE}"):
        with suppress(OSError), _locked(aside):
            if fcntl is not None:
                shutil.rmtree(aside, ignore_errors=True)


def _sync_folders(top: Path) -> None:
    for inner in sorted(top.iterdir()):
        if inner.is_dir():
            _sync(inner)
    _sync(top)


def _sync(folder: Path) -> None:
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
