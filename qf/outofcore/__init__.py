"""Rounds larger than memory: partitioned by donor, counted part by part, and merged into the same bytes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from qf.codec.tables import FilePath
    from qf.result import RoundResult
    from qf.round import Round

__all__ = ["settle_out_of_core"]


def settle_out_of_core(
    round: Round,
    donations: FilePath,
    folder: Path | str,
    *,
    weights: Any = None,
    scores: Any = None,
    links: Any = None,
    prices: Any = None,
    projects: Any = None,
    attributes: Any = None,
    reconciliation: Any = None,
    scheduler: str | None = None,
    workers: int = 1,
    progress: Callable[[int, int, str], None] = lambda done, total, stage: None,
) -> RoundResult:
    """Return the result of `round` on a Parquet dataset larger than memory, having written its bundle.

    Byte for byte the bundle that settling in memory writes. Disk is needed beside the bundle for about as much again
    as the bundle takes. Weights, links, prices, projects and attributes are held in memory, as are all donations of
    donors who are linked to others. A mechanism that needs more than sums over donors (see `Mechanism.additive`) holds
    all contributions in memory: 16 bytes for each pair of donor and project, and every donor's name.

    Args:
        round: the rules.
        donations: a Parquet file, or a directory of them. Row groups should hold a million rows at most.
        folder: where the bundle goes: a new folder, or a bundle, which is replaced.
        weights: as for `qf.settle`, or the path of a file of weights or scores; likewise the others.
        scores: see `weights`.
        links: see `weights`.
        prices: see `weights`.
        projects: see `weights`.
        attributes: see `weights`.
        reconciliation: file of the donations compared with where they came from, or a `Reconciliation`.
        scheduler: address of a Dask scheduler, such as tcp://host:8786, whose workers see the same file system.
        workers: processes on this machine if there is no scheduler; 1 uses this process only.
        progress: called with rows done, rows in all, and what is being done.

    Raises:
        InputError: naming everything malformed by file, row and column. Nothing is written then.
        BundleError: there is something else at `folder`, or the file system refused.
        MissingExtraError: Polars is not installed, or Dask is not and a scheduler is given.
    """
    from qf.outofcore.run import Sizes, settle_dataset

    evidence = {
        "weights": weights,
        "scores": scores,
        "links": links,
        "prices": prices,
        "projects": projects,
        "attributes": attributes,
        "reconciliation": reconciliation,
    }
    return settle_dataset(
        round,
        donations,
        folder,
        evidence,
        scheduler=scheduler,
        workers=workers,
        progress=progress,
        sizes=Sizes(),
    )
