"""Integer square roots with a binary fraction of K bits, exact.

    r = floor(sqrt(v) * 2**K) = isqrt(v << 2K)

A float64 guesses, an integer decides. The guess is g = floor(sqrt(float(v)) * 2**K). Rounding v moves the root by at
most 2**-54 of itself, rounding the square root by 2**-53, scaling by a power of two not at all. With r < 2**52 that is
less than 1 together, so g is r - 1, r or r + 1, and the residual d = (v << 2K) - g**2 tells which:

    g = r + 1  <=>  d < 0            g = r - 1  <=>  d > 2g

|d| < 2**55, so d is known from its lowest 64 bits, however large v << 2K is.
"""

from __future__ import annotations

from math import isqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qf.errors import InvariantError
from qf.kernels import compiled as engine
from qf.kernels.aggregate import INT64_LIMIT, largest

ROOT_LIMIT_BITS = 52
"""Roots below 2**52 have an exact vector path: a float64 guess is then within one of the root."""


def shifted_roots(values: NDArray[Any], root_bits: int) -> NDArray[Any]:
    """Return isqrt(v << 2K) for every v: floor(sqrt(v) * 2**K).

    >>> shifted_roots(np.array([2, 4, 0]), 24).tolist()
    [23726566, 33554432, 0]
    >>> shifted_roots(np.array([10**30], dtype=object), 40).tolist()
    [1099511627776000000000000000]

    Args:
        values: shape (n,), not negative: int64, or Python ints (dtype object).
        root_bits: K >= 0, how many binary places of the root are kept.

    Returns:
        Shape (n,), in 1 / 2**K: int64 if the values are int64 and every root is below 2**52, else Python ints.

    Raises:
        InvariantError: a value or `root_bits` is negative.
    """
    top = largest(values)
    negative = min(values, default=0) < 0 if values.dtype == object else top >= INT64_LIMIT
    if negative or root_bits < 0 or values.dtype not in (np.int64, object):
        raise InvariantError(f"roots are of integers >= 0 to {root_bits} bits >= 0, not of {values.dtype} {values}")
    if values.dtype == object or top << 2 * root_bits >= 1 << 2 * ROOT_LIMIT_BITS:
        return python_roots(values, root_bits)
    bits = min(root_bits, ROOT_LIMIT_BITS)  # beyond, every value is 0 and so is its root
    roots = np.empty(len(values), dtype=np.int64)
    fill_roots = compiled_roots if engine.has_compiler() else numpy_roots
    fill_roots(values, bits, 2.0**bits, roots)
    return roots


def python_roots(values: NDArray[Any], root_bits: int) -> NDArray[Any]:
    """Return isqrt(v << 2K) for every v, of any size, as Python ints."""
    roots = np.empty(len(values), dtype=object)
    roots[:] = [isqrt(value << 2 * root_bits) for value in values.tolist()]
    return roots


def numpy_roots(values: NDArray[np.int64], root_bits: int, scale: float, roots: NDArray[np.int64]) -> None:
    """Write isqrt(v << 2K) to `roots`, where every root is below 2**52; scale = 2**K."""
    guess = (np.sqrt(values.astype(np.float64)) * scale).astype(np.int64)
    shifted = values.astype(np.uint64) << np.uint64(root_bits) << np.uint64(root_bits)
    squared = guess.astype(np.uint64) ** 2
    residual = (shifted - squared).astype(np.int64)
    roots[:] = guess - (residual < 0) + (residual > 2 * guess)


@engine.compiled
def compiled_roots(values: NDArray[np.int64], root_bits: int, scale: float, roots: NDArray[np.int64]) -> None:
    """Write isqrt(v << 2K) to `roots`, where every root is below 2**52; scale = 2**K.

    Products are taken in uint64, where overflow is defined to wrap. K is shifted twice, as 2K may exceed 63.
    """
    places = np.uint64(root_bits)
    for index in range(len(values)):
        guess = np.int64(np.sqrt(np.float64(values[index])) * scale)
        shifted = np.uint64(values[index]) << places << places
        residual = np.int64(shifted - np.uint64(guess) * np.uint64(guess))
        roots[index] = guess - (residual < 0) + (residual > 2 * guess)
