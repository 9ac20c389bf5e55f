"""Run an experiment: on one core, on all of them, or on a cluster; the same bytes wherever it runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from joblib import Parallel, delayed, parallel_config
from joblib.externals.loky.process_executor import BrokenProcessPool

from qf.cli.output import TASK, progress
from qf.errors import QfError
from simulations.experiment.curves import CURVE_REPLICATIONS, curves_of
from simulations.experiment.folder import Folder, Part, Results, code_digest
from simulations.experiment.plan import Chunk, Experiment
from simulations.running import play, rows_of
from simulations.scenario import scenario_of

PATIENCE = "10s"
"""How long to wait for a scheduler to answer."""


class UnfinishedError(QfError):
    """Not every chunk could be run; those that were are kept. `left` says how many are missing."""

    def __init__(self, why: str, left: int) -> None:
        self.left = left
        super().__init__(f"{why}; {left} chunks are missing, and the same command again runs no others")


def run(experiment: Experiment, where: Path, *, jobs: int = 1, scheduler: str = "") -> Results:
    """Return the results of an experiment, after running what the folder does not have yet.

    Every run draws from the seed of the scenario and the number of its replication alone, and rows are put in the
    order of the experiment. Who ran what, how many at once and in which order leaves no trace in the tables.

    Args:
        experiment: what is run.
        where: folder for the results; finished chunks in it are not run again.
        jobs: processes on this machine; -1: one for each core.
        scheduler: address of a Dask scheduler ("tcp://host:8786"), whose workers do it instead.

    Raises:
        ScenarioError: the folder holds another experiment.
        UnfinishedError: a worker was killed, or the cluster cannot be used; finished chunks are kept.
    """
    folder = Folder.begin(where, experiment)
    missing = folder.missing()
    with progress("running", sum(chunk.last - chunk.first for chunk in missing)) as bar:
        for chunk, part in _played(experiment, missing, jobs, scheduler):
            folder.keep(chunk, part)
            bar.advance(TASK, chunk.last - chunk.first)
    return folder.finish()


def run_chunk(document: dict[str, Any], chunk: Chunk, code: str) -> tuple[Chunk, Part]:
    """Return a chunk and what it brings. This is what a worker does.

    Args:
        document: the scenario of its cell.
        chunk: which replications.
        code: digest of the program that asks; another program would give other numbers.

    Raises:
        QfError: the worker has another program.
    """
    if code_digest() != code:
        raise QfError("a worker has another version of qf or simulations than this machine; install the same on both")
    scenario = scenario_of(document)
    part = Part([], [])
    for replication in range(chunk.first, chunk.last):
        played = play(scenario, replication)
        part.runs.extend({"cell": chunk.cell, **row} for row in rows_of(scenario, played))
        if replication < CURVE_REPLICATIONS:
            part.curves.extend({"cell": chunk.cell, **point} for point in curves_of(scenario, played))
    return chunk, part


def _played(experiment: Experiment, chunks: list[Chunk], jobs: int, scheduler: str) -> Iterator[tuple[Chunk, Part]]:
    """Yield every chunk as soon as it is done."""
    code, left = code_digest(), len(chunks)
    documents = [cell.scenario.document for cell in experiment.cells]
    tasks = (delayed(run_chunk)(documents[chunk.cell], chunk, code) for chunk in chunks)
    try:
        with _workers(scheduler) as most:
            for done in Parallel(n_jobs=most or jobs, batch_size=1, return_as="generator_unordered")(tasks):
                yield done
                left -= 1
    except BrokenProcessPool:
        raise UnfinishedError("a worker was killed, perhaps for its memory (fewer --jobs need less)", left) from None


@contextmanager
def _workers(scheduler: str) -> Iterator[int]:
    """Let joblib use the processes of this machine, or a cluster, for a while; return how many workers that has."""
    if not scheduler:
        with parallel_config(backend="loky", inner_max_num_threads=1):
            yield 0
        return
    from distributed import Client, KilledWorker

    connect: Any = Client  # it has no types
    try:
        client = connect(scheduler, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError) as error:
        raise QfError(f"no Dask scheduler at {scheduler} ({error}); start one with: dask scheduler") from None
    with client:
        threads = sum(client.nthreads().values())
        if not threads:
            raise QfError(f"the Dask scheduler at {scheduler} has no workers; start some with: dask worker {scheduler}")
        try:
            with parallel_config(backend="dask", client=client):
                yield threads
        except KilledWorker as error:
            raise BrokenProcessPool(str(error)) from None
