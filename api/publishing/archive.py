"""A bundle as one file, written as it is sent: the same bytes each time, and never the whole of it in memory."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from pathlib import Path

from api.settlement.bundles import files_of

PIECE = 1 << 20
"""Bytes that are read at once."""

END = bytes(2 * tarfile.BLOCKSIZE)
"""How an archive ends."""


def archive_of(bundle: Path, folder: str, time: int) -> Iterator[bytes]:
    """Yield a tar archive of a bundle, in which it is called `folder` and was changed at `time` (seconds)."""
    for name in files_of(bundle):
        path = bundle / name
        entry = tarfile.TarInfo(f"{folder}/{name}")
        entry.size, entry.mtime = path.stat().st_size, time
        yield entry.tobuf(tarfile.PAX_FORMAT)
        with path.open("rb") as file:
            while piece := file.read(PIECE):
                yield piece
        yield bytes(-entry.size % tarfile.BLOCKSIZE)
    yield END
