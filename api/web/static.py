"""Style and scripts: their address holds a digest of them all, so that browsers may keep them for good."""

from __future__ import annotations

import hashlib
from pathlib import Path

from fastapi.responses import Response

from api.problems import NotFound

FOLDER = Path(__file__).parent / "static"

KINDS = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
"""What is served, by the end of its name."""

FOR_GOOD = "public, max-age=31536000, immutable"

FILES = {path.name: path.read_bytes() for path in sorted(FOLDER.iterdir()) if path.suffix in KINDS}
"""Name -> content."""

VERSION = hashlib.sha256(b"".join(name.encode() + content for name, content in FILES.items())).hexdigest()[:12]
"""Digest of them all."""

BASE = f"/static/{VERSION}"
"""Where they are."""


def file_of(version: str, name: str) -> Response:
    """Return a file.

    Raises:
        NotFound: there is none of this name in this version.
    """
    if version != VERSION or name not in FILES:
        raise NotFound("There is no such file.")
    return Response(FILES[name], media_type=KINDS[Path(name).suffix], headers={"Cache-Control": FOR_GOOD})
