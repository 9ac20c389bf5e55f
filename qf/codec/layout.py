"""Which files a bundle consists of: any other is refused, and none may be missing."""

from __future__ import annotations

import re
from pathlib import Path

from qf.codec.facts import FACTS, ROUND
from qf.codec.parts import part_name
from qf.codec.result_file import RESULT, TABLES
from qf.errors import BundleError

_PART = re.compile(r"(donations|exclusions)/[0-9]{4,}\.csv", re.ASCII)


def files_in(folder: Path) -> list[str]:
    """Return the names of all files of a bundle, sorted.

    Raises:
        BundleError: there is a file or folder that does not belong there, or one is missing.
    """
    try:
        found = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if not _is_table(folder, path))
    except OSError as error:
        raise BundleError(f"{folder}: {error}") from error
    for name in found:
        if name not in FACTS and name != RESULT and not _PART.fullmatch(name):
            raise BundleError(f"{folder / name}: does not belong to a bundle")
        if not (folder / name).is_file():
            raise BundleError(f"{folder / name}: is not a file")
    for name in (ROUND, RESULT):
        if name not in found:
            raise BundleError(f"{folder / name}: is missing")
    return found


def parts_in(folder: Path) -> int:
    """Return how many parts the donations of a bundle are in, once every file of it is there."""
    found = set(files_in(folder))
    parts = max(1, sum(name.startswith(f"{TABLES[0]}/") for name in found))
    for table in TABLES:
        wanted = {part_name(table, number) for number in range(parts)}
        for name in sorted(wanted ^ {name for name in found if name.startswith(f"{table}/")}):
            raise BundleError(f"{folder / name}: {'is missing' if name in wanted else 'does not belong to a bundle'}")
    if parts & (parts - 1):
        raise BundleError(f"{folder / TABLES[0]}: {parts} parts are no power of two")
    return parts


def read_file(folder: Path, name: str) -> bytes:
    """Return the bytes of a file of a bundle."""
    try:
        return (folder / name).read_bytes()
    except OSError as error:
        raise BundleError(f"{folder / name}: {error.strerror or error}") from error


def _is_table(folder: Path, path: Path) -> bool:
    return path.is_dir() and not path.is_symlink() and path.relative_to(folder).as_posix() in TABLES
