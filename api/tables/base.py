"""What all tables share: one catalogue, names for constraints, and how columns are written."""

from __future__ import annotations

from typing import Any

from sqlmodel import Field, SQLModel

from api.database.types import Document, Seconds, Uint256

METADATA = SQLModel.metadata
METADATA.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


def moment(**options: Any) -> Any:
    """Return a column of seconds since 1970 UTC."""
    return Field(sa_type=Seconds, **options)


def base_units(**options: Any) -> Any:
    """Return a column of base units."""
    return Field(sa_type=Uint256, **options)


def document(**options: Any) -> Any:
    """Return a column of JSON; it is replaced as a whole, never changed in place."""
    return Field(sa_type=Document, **options)


def integer(**options: Any) -> Any:
    """Return a column that counts."""
    return Field(sa_type=Seconds, **options)
