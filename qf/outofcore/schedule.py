"""Where jobs run: one after the other, in processes on this machine, or on a Dask cluster.

Processes are started anew and not forked, as threads of Polars do not survive a fork.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from multiprocessing import get_context
from typing import Any, Protocol, TypeVar

from qf.errors import MissingExtraError

Answer = TypeVar("Answer")


class Run(Protocol):
    """Runs a job once per list of arguments, and yields what each returns, in the order in which they finish."""

    def __call__(self, job: Callable[..., Answer], arguments: Iterable[tuple[Any, ...]]) -> Iterator[Answer]:
        """Run `job` with each of the arguments."""
        ...


@contextmanager
def runner(scheduler: str | None, workers: int) -> Iterator[Run]:
    """Yield the way to run jobs.

    Args:
        scheduler: address of a Dask scheduler, such as tcp://host:8786, or None for this machine.
        workers: processes on this machine; 1 runs everything in this one.

    Raises:
        MissingExtraError: a scheduler is given, and Dask is not installed.
    """
    if scheduler is not None:
        with _cluster(scheduler) as run:
            yield run
    elif workers > 1:
        with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
            yield _in_pool(pool)
    else:
        yield lambda job, arguments: (job(*given) for given in arguments)


def _in_pool(pool: ProcessPoolExecutor) -> Run:
    def run(job: Callable[..., Answer], arguments: Iterable[tuple[Any, ...]]) -> Iterator[Answer]:
        futures = [pool.submit(job, *given) for given in arguments]
        try:
            for future in as_completed(futures):
                yield future.result()
        finally:
            for future in futures:
                future.cancel()

    return run


@contextmanager
def _cluster(address: str) -> Iterator[Run]:
    try:
        import distributed
    except ImportError:
        raise MissingExtraError("distributed", "cluster") from None

    dask: Any = distributed
    with dask.Client(address, set_as_default=False) as client:

        def run(job: Callable[..., Answer], arguments: Iterable[tuple[Any, ...]]) -> Iterator[Answer]:
            futures = [client.submit(job, *given, pure=False) for given in arguments]
            try:
                for future in dask.as_completed(futures, loop=client.loop):
                    yield future.result()
            finally:
                client.cancel(futures)

        yield run
