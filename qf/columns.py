"""A column of names, held as integer codes into a vocabulary, so that ten million rows cost four bytes each."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qf.errors import InputError

Codes = NDArray[np.integer[Any]]
"""Integer codes, shape (rows,)."""

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}", re.ASCII)


def canonical_name(text: str) -> str:
    """Return the one way we write a name: NFC, and an Ethereum address in lower case.

    Two spellings of one address are one account: else a person could be counted twice.

    >>> canonical_name("0xDA10009cBd5D07dd0CeCc66161FC93D7c9000da1")
    '0xda10009cbd5d07dd0cecc66161fc93d7c9000da1'

    Raises:
        ValueError: empty, surrounded by white space, or holding control characters.
    """
    if _ADDRESS.fullmatch(text):
        return text.lower()
    if text.isascii() and text.isprintable() and text and text[0] != " " and text[-1] != " ":
        return text
    if not text:
        raise ValueError("is empty")
    if text != text.strip():
        raise ValueError(f"{text!r} has white space around it")
    if any(unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp") for character in text):
        raise ValueError(f"{text!r} holds invisible or control characters")
    return unicodedata.normalize("NFC", text)


def plain_name(value: Any) -> str:
    """Return a name given as text or as an integer, as text.

    >>> plain_name(7)
    '7'

    Raises:
        ValueError: it is neither.
    """
    if isinstance(value, str | int | np.integer) and not isinstance(value, bool):
        return str(value)
    raise ValueError(f"{value!r} is neither text nor an integer")


def named(text: Any, where: str, error: type[InputError] = InputError) -> str:
    """Return the canonical spelling of a name somebody gave us at `where`.

    >>> named(7, "--donor")
    '7'

    Raises:
        InputError: it is no name; of the kind `error`.
    """
    try:
        return canonical_name(str(text))
    except ValueError as fault:
        raise error.at(where, str(fault), "write the name plainly") from None


@dataclass(frozen=True, eq=False)
class Column:
    """`names[codes[row]]` is the name in a row. Names are unique, and in code-point order unless `IntegerNames`.

    Attributes:
        codes: shape (rows,).
        names: the vocabulary; may hold names that no row uses.
    """

    codes: Codes
    names: Sequence[str]

    @classmethod
    def of(cls, values: Iterable[Any]) -> Column:
        """Return the column of `values`: text, or integers, which are names too.

        >>> column = Column.of(["b", "a", "b"])
        >>> column.names, column.codes.tolist()
        (('a', 'b'), [1, 0, 1])
        """
        values = values if isinstance(values, np.ndarray | list | tuple) else list(values)
        if isinstance(values, np.ndarray) and values.dtype.kind in "iu":
            return _integer_column(values)
        index: dict[str, int] = {}
        spelled = (value if type(value) is str else plain_name(value) for value in values)
        codes = np.fromiter((index.setdefault(name, len(index)) for name in spelled), np.int32, len(values))
        return cls.spelled(codes, list(index))

    @classmethod
    def spelled(cls, codes: Codes, names: Sequence[str]) -> Column:
        """Return the column with every name in its canonical spelling, merged and sorted."""
        canonical = [canonical_name(name) for name in names]
        ordered = sorted(set(canonical))
        rank = {name: position for position, name in enumerate(ordered)}
        recode = np.fromiter((rank[name] for name in canonical), np.int32, len(canonical))
        return cls(recode[codes] if len(codes) else codes.astype(np.int32), tuple(ordered))

    def sorted(self) -> Column:
        """Return the same column with a vocabulary of text in code-point order."""
        if not isinstance(self.names, IntegerNames):
            return self
        used = np.flatnonzero(np.bincount(self.codes, minlength=1))
        spelled = [str(value) for value in used.tolist()]
        rank = {name: position for position, name in enumerate(sorted(spelled))}
        recode = np.zeros(len(self.names) + 1, dtype=np.int32)
        recode[used] = [rank[name] for name in spelled]
        return Column(recode[self.codes], tuple(rank))

    def take(self, rows: NDArray[Any]) -> Column:
        """Return the column of the chosen rows (indices or mask)."""
        return Column(self.codes[rows], self.names)

    def texts(self) -> NDArray[np.object_]:
        """Return the names row by row, shape (rows,)."""
        return np.array([*self.names, ""], dtype=object)[:-1][self.codes]

    @cached_property
    def index(self) -> dict[str, int]:
        """Code of each name."""
        return {name: code for code, name in enumerate(self.names)}

    def __len__(self) -> int:
        return len(self.codes)


class IntegerNames(Sequence[str]):
    """The names "0", "1", ..., made only when asked for. Not in code-point order: see `Column.sorted`.

    >>> IntegerNames(12)[11]
    '11'
    """

    def __init__(self, count: int) -> None:
        self._count = count

    def __getitem__(self, code: Any) -> Any:
        if isinstance(code, slice):
            return tuple(str(value) for value in range(self._count)[code])
        return str(range(self._count)[code])

    def __len__(self) -> int:
        return self._count


def _integer_column(values: Codes) -> Column:
    """Integers that are not negative and not much larger than their count are used as codes without a copy."""
    largest = int(values.max(initial=0))
    if int(values.min(initial=0)) >= 0 and largest < 4 * len(values) + 1024 and largest < 2**31:
        return Column(values, IntegerNames(largest + 1))
    used, inverse = np.unique(values, return_inverse=True)
    return Column.spelled(inverse.astype(np.int32), [str(value) for value in used.tolist()])
