"""Files that belong to applications; what they are is told by their content, not by whoever sends them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from sqlalchemy import delete
from sqlmodel import col, select

from api.access import RoundAsking
from api.applications.answers import fields_of
from api.applications.schema import FieldKind
from api.applications.steps import CHANGEABLE, locked, require
from api.clock import new_id
from api.problems import Invalid, NotFound
from api.tables import Application, ApplicationFile

LARGEST = 5 * 1024 * 1024
"""Bytes of a file."""


def _is_text(data: bytes) -> bool:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return all(letter.isprintable() or letter in "\r\n\t" for letter in text)


KINDS: tuple[tuple[str, str, Callable[[bytes], bool]], ...] = (
    ("image/png", "png", lambda data: data.startswith(b"\x89PNG\r\n\x1a\n")),
    ("image/jpeg", "jpg", lambda data: data.startswith(b"\xff\xd8\xff")),
    ("image/webp", "webp", lambda data: data[:4] == b"RIFF" and data[8:12] == b"WEBP"),
    ("application/pdf", "pdf", lambda data: data.startswith(b"%PDF-")),
    ("text/plain; charset=utf-8", "txt", _is_text),
)
"""What is accepted, and how its content is told."""


def keep(asking: RoundAsking, name: str, field: str, data: bytes) -> ApplicationFile:
    """Return a file that was kept for a field; it replaces the one before.

    Raises:
        NotFound: the form has no such field for files.
        Conflict: the application is being reviewed, or was.
        Invalid: the file is empty, too large, or of a kind that is not accepted.
    """
    row = locked(asking, name)
    if field not in {each.id for each in fields_of(asking.round) if each.kind == FieldKind.FILE}:
        raise NotFound(f"The form has no field {field} for a file.")
    require(row, *sorted(CHANGEABLE))
    if not 0 < len(data) <= LARGEST:
        raise Invalid.at("body", f"has {len(data)} bytes", f"send a file of 1 to {LARGEST} bytes")
    kind = next(((media_type, ending) for media_type, ending, fits in KINDS if fits(data)), None)
    if kind is None:
        raise Invalid.at("body", "is none of png, jpeg, webp, pdf, plain text in UTF-8", "send one of these")
    mine = [col(ApplicationFile.application_id) == row.id, col(ApplicationFile.field) == field]
    asking.session.execute(delete(ApplicationFile).where(*mine))
    file = ApplicationFile(
        id=new_id(),
        application_id=row.id,
        field=field,
        name=f"{row.project}-{field}.{kind[1]}",
        media_type=kind[0],
        sha256=hashlib.sha256(data).hexdigest(),
        content=data,
        created_at=asking.at,
    )
    row.changed_at = asking.at
    asking.session.add_all([file, row])
    return file


def file_of(asking: RoundAsking, row: Application, field: str) -> ApplicationFile:
    """Return the file of a field.

    Raises:
        NotFound: there is none.
    """
    query = select(ApplicationFile).where(ApplicationFile.application_id == row.id, ApplicationFile.field == field)
    found = asking.session.exec(query).first()
    if found is None:
        raise NotFound(f"The application has no file {field}.")
    return found
