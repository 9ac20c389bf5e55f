"""`compiled`: the same Python loop, through numba where it is installed.

A kernel is written once, in the subset of Python that numba compiles without changing a result: fixed order of
operations, no fast-math, no threads. Without numba (extra `fast`) it runs interpreted and returns the same numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, wraps
from importlib.util import find_spec
from typing import Any, TypeVar, cast

Kernel = TypeVar("Kernel", bound=Callable[..., Any])


@cache
def has_compiler() -> bool:
    """Return whether numba is installed. Does not import it."""
    return find_spec("numba") is not None


def compiled(function: Kernel) -> Kernel:
    """Return `function`, compiled by numba at its first call when numba is installed.

    numba is imported at the first call and not at import, so that `import qf` stays light.
    `.py` on the returned function is the interpreted original.
    """
    chosen: list[Callable[..., Any]] = []

    @wraps(function)
    def call(*args: Any) -> Any:
        if not chosen:
            chosen.append(_compile(function) if has_compiler() else function)
        return chosen[0](*args)

    call.py = function  # type: ignore[attr-defined]
    return cast(Kernel, call)


def _compile(function: Callable[..., Any]) -> Callable[..., Any]:
    from numba import njit

    return cast(Callable[..., Any], njit(function, cache=True, fastmath=False, error_model="numpy"))
