"""Columns that SQLite and PostgreSQL hold alike."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, BigInteger, Dialect, Integer, Numeric, String
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeDecorator, TypeEngine

UINT256_DIGITS = 78
"""Decimal digits of 2**256 - 1."""

Seconds = BigInteger().with_variant(Integer(), "sqlite")
"""Seconds since 1970 UTC, and other integers of 64 bits; SQLite counts a primary key up only if it is INTEGER."""

Document = JSON().with_variant(JSONB(), "postgresql")
"""Plain JSON: no money in it but as text."""


class Uint256(TypeDecorator[int]):
    """An integer from 0 to 2**256 - 1: NUMERIC(78) in PostgreSQL, decimal text in SQLite, `int` in Python.

    Text does not sort as numbers do, so no query may order by it or compare it.
    """

    impl = String(UINT256_DIGITS)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the type of the database's own."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(Numeric(UINT256_DIGITS, 0))
        return dialect.type_descriptor(String(UINT256_DIGITS))

    def process_bind_param(self, value: int | None, dialect: Dialect) -> Any:
        """Return what is sent.

        Raises:
            ValueError: it is not an integer of this range.
        """
        if value is None:
            return None
        if type(value) is not int or not 0 <= value < 2**256:
            raise ValueError(f"{value!r} is not an integer from 0 to 2**256 - 1")
        return Decimal(value) if dialect.name == "postgresql" else str(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> int | None:
        """Return what was stored."""
        return None if value is None else int(value)
