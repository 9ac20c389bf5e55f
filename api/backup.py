"""One file with everything that cannot be made again: the database, and the bundles of settlements.

What was read from chains is not in it: it is read again. Neither is the secret of the installation, without which
what is sealed in the database does not open. PostgreSQL has its own tools; then the file holds the bundles alone.

    backup.json                 what the file is, and the SHA-256 of every other file in it
    qf.db                       the database, if it is SQLite
    bundles/<settlement>/...    as they were published
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import tarfile
from collections.abc import Collection, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

from api.database import Database
from api.settings import Settings
from qf.errors import InputError, Problem

VERSION = 1
"""Of the form of these files."""

MANIFEST, DATABASE, BUNDLES = "backup.json", "qf.db", "bundles"


@dataclass(frozen=True, slots=True)
class BackedUp:
    """What is in a backup.

    Attributes:
        database: whether the database is in it.
        bundles: how many bundles are.
    """

    database: bool
    bundles: int


def write_backup(settings: Settings, path: Path) -> BackedUp:
    """Return what was written to `path`, while the service goes on.

    The database is copied first: a bundle is there before the database tells of it, so none is missed.

    Raises:
        InputError: there is no database yet.
    """
    with TemporaryDirectory(dir=path.parent, prefix=".qf-backup-") as folder:
        copied = _copied_database(settings, Path(folder) / DATABASE)
        files = {DATABASE: copied} if copied else {}
        files |= dict(_bundle_files(settings.data_dir / BUNDLES))
        document = {"version": VERSION, "files": {name: _sha256(file) for name, file in files.items()}}
        manifest = Path(folder) / MANIFEST
        manifest.write_text(json.dumps(document, indent=1, sort_keys=True) + "\n", "utf-8")
        with _private(path) as raw, tarfile.open(fileobj=raw, mode="w:gz", compresslevel=6) as archive:
            for name, file in {MANIFEST: manifest, **files}.items():
                archive.add(file, name, recursive=False)
    return _told(files)


def restore_backup(settings: Settings, path: Path) -> BackedUp:
    """Return what was put in place from a backup: where nothing is yet, all of it or nothing.

    Raises:
        InputError: something is in its place, or the file is no backup, is damaged, or is for another database.
    """
    database = _sqlite_path(settings)
    _require_free([settings.data_dir / BUNDLES, *([database] if database else [])])
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=settings.data_dir, prefix=".qf-restore-") as folder:
        files = _extracted(path, Path(folder))
        if (DATABASE in files) != (database is not None):
            held = "holds an SQLite database" if DATABASE in files else "holds no database"
            raise InputError.at(str(path), held, "set QF_DATABASE_URL to the kind of database it was made of")
        told = _told(files)
        if told.bundles:
            (Path(folder) / BUNDLES).rename(settings.data_dir / BUNDLES)
        if database:
            database.parent.mkdir(parents=True, exist_ok=True)
            (Path(folder) / DATABASE).replace(database)
    return told


def _copied_database(settings: Settings, target: Path) -> Path | None:
    """Return a copy of the database as it stands at one moment; None if it is PostgreSQL."""
    path = _sqlite_path(settings)
    if path is None:
        return None
    if not path.is_file():
        raise InputError.at(str(path), "there is no database", "set QF_DATABASE_URL as for the service")
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(target)) as copy:
        source.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")
    return target


def _sqlite_path(settings: Settings) -> Path | None:
    database = Database(settings.database_url)
    database.close()
    return Path(str(database.url.database)) if database.is_sqlite else None


def _bundle_files(folder: Path) -> Iterator[tuple[str, Path]]:
    for file in sorted(folder.rglob("*")):
        inside = file.relative_to(folder.parent)
        if file.is_file() and not any(part.startswith(".") for part in inside.parts):  # those are being written
            yield inside.as_posix(), file


def _extracted(path: Path, folder: Path) -> dict[str, str]:
    """Return the digests of the files of a backup by name; the files are in `folder`, and are what they were."""
    try:
        with tarfile.open(path) as archive:
            _unpack(archive, folder)
        document = json.loads((folder / MANIFEST).read_text("utf-8"))
        files = _files_in(document)
    except (tarfile.TarError, EOFError, OSError, ValueError) as error:
        raise InputError.at(str(path), f"is no backup, or is damaged: {error}", "take another") from None
    there = {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()} - {MANIFEST}
    faults = [Problem(f"{path}, {name}", "is missing or not named") for name in sorted(there ^ set(files))]
    changed = [name for name in sorted(there & set(files)) if _sha256(folder / name) != files[name]]
    faults += [Problem(f"{path}, {name}", "is damaged") for name in changed]
    if faults:
        raise InputError(faults)
    return files


def _unpack(archive: tarfile.TarFile, folder: Path) -> None:
    """Write the files of an archive into a folder; `extractall` has had its filter only since Python 3.11.4.

    Raises:
        ValueError: something in it is no plain file, or would lie elsewhere.
    """
    for member in archive:
        parts = PurePosixPath(member.name).parts
        content = archive.extractfile(member) if member.isreg() else None
        if content is None or not parts or {"..", "/"} & set(parts):
            raise ValueError(f"{member.name!r} is no file that a backup holds")
        target = folder.joinpath(*parts)
        target.parent.mkdir(parents=True, exist_ok=True)
        with content, target.open("xb") as file:
            shutil.copyfileobj(content, file)


def _files_in(document: Any) -> dict[str, str]:
    if not isinstance(document, dict) or document.get("version") != VERSION:
        raise ValueError(f"{MANIFEST} is not of version {VERSION}")
    return {str(name): str(sha256) for name, sha256 in document["files"].items()}


def _require_free(paths: list[Path]) -> None:
    taken = [path for path in paths if path.exists()]
    if taken:
        raise InputError(Problem(str(path), "is there already", "move it away first") for path in taken)


def _private(path: Path) -> Any:
    """Return a new file that nobody else reads: there are people in it."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _told(names: Collection[str]) -> BackedUp:
    bundles = {name.split("/")[1] for name in names if name.startswith(f"{BUNDLES}/")}
    return BackedUp(DATABASE in names, len(bundles))
