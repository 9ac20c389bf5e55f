"""Unpacking what was downloaded, as `extractall` has had its filter only since Python 3.11.4."""

from __future__ import annotations

import tarfile
from pathlib import Path
from typing import IO


def unpack(data: IO[bytes], folder: Path) -> None:
    """Write the files of an archive, all of which have to be plain, into a folder."""
    with tarfile.open(fileobj=data) as archive:
        for member in archive:
            content = archive.extractfile(member)
            assert content is not None and ".." not in member.name and not member.name.startswith("/"), member.name
            target = folder / member.name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content.read())
