"""The folder of an experiment: what is run, what is finished, and the tables it ends in.

experiment.json    the experiment with every default spelled out, its digest, and what runs it; written first
parts/N.parquet    chunk N, finished; gone once everything is
runs.parquet       one row for each run: cell, its swept values, replication, mechanism, measures, error
curves.parquet     points of curves, for drawings
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

import polars as pl

import qf
import simulations
from qf.cli.output import aside
from simulations.experiment.plan import Chunk, Experiment, experiment_of
from simulations.experiment.sweep import Values
from simulations.parts import ScenarioError

EXPERIMENT, PARTS, RUNS, CURVES = "experiment.json", "parts", "runs.parquet", "curves.parquet"
"""Names in the folder."""

UNCOUNTED = {"cli", "report"}
"""Packages that show numbers and make none: another version of them may go on with an experiment."""

CURVE_COLUMNS = {
    "cell": pl.Int64,
    "replication": pl.Int64,
    "mechanism": pl.String,
    "curve": pl.String,
    "x": pl.Float64,
    "y": pl.Float64,
}
"""The columns of the points of curves."""


@dataclass(frozen=True, eq=False)
class Part:
    """What a chunk brings: its runs, and points of their curves."""

    runs: list[dict[str, Any]]
    curves: list[dict[str, Any]]


@dataclass(frozen=True, eq=False)
class Results:
    """A finished experiment.

    Attributes:
        experiment: what was run.
        runs: one row for each run.
        curves: points of curves.
        folder: where the tables are.
    """

    experiment: Experiment
    runs: pl.DataFrame
    curves: pl.DataFrame
    folder: Path


@cache
def code_digest() -> str:
    """Return the SHA-256 of the program that makes the numbers: `qf` and `simulations` as they are on this machine."""
    found = sha256()
    for package in (qf, simulations):
        root = Path(str(package.__file__)).parent
        files = (path for path in root.rglob("*") if path.suffix in {".py", ".toml"})
        for path in sorted(files, key=lambda path: path.relative_to(root).parts):
            relative = path.relative_to(root)
            if relative.parts[0] not in UNCOUNTED and "scenarios" not in relative.parts:
                found.update(f"{package.__name__}/{relative.as_posix()}\n".encode() + path.read_bytes())
    return found.hexdigest()


@dataclass(frozen=True, eq=False)
class Folder:
    """The folder of one experiment, finished or not."""

    path: Path
    experiment: Experiment

    @classmethod
    def begin(cls, path: Path, experiment: Experiment) -> Folder:
        """Return the folder, made if need be.

        Raises:
            ScenarioError: another experiment is in it, or other code began this one.
        """
        ours = _manifest(experiment)
        if (path / EXPERIMENT).exists():
            theirs = _read_manifest(path)
            for name, told in (("digest", "another experiment"), ("code", "results of another version of the code")):
                if theirs.get(name) != ours[name]:
                    fix = "name another folder, or remove it"
                    raise ScenarioError.at(str(path), f"holds {told}, {str(theirs.get(name))[:12]}", fix)
        else:
            (path / PARTS).mkdir(parents=True, exist_ok=True)
            with aside(path / EXPERIMENT) as file:
                file.write_text(json.dumps(ours, indent=1, ensure_ascii=False) + "\n", "utf-8")
        return cls(path, experiment)

    @property
    def finished(self) -> bool:
        """Whether every chunk is done, and the tables are written."""
        return (self.path / RUNS).exists()

    def missing(self) -> list[Chunk]:
        """Return the chunks that are still to be run."""
        if self.finished:
            return []
        return [chunk for chunk in self.experiment.chunks if not self._part(chunk).exists()]

    def keep(self, chunk: Chunk, part: Part) -> None:
        """Write a finished chunk: whole, or not at all."""
        (self.path / PARTS).mkdir(exist_ok=True)
        runs = pl.DataFrame(part.runs, infer_schema_length=None)
        with aside(self._part(chunk, CURVES)) as file:
            pl.DataFrame(part.curves, schema=CURVE_COLUMNS).write_parquet(file)
        with aside(self._part(chunk)) as file:
            runs.write_parquet(file)

    def finish(self) -> Results:
        """Return the results, after putting the parts together if that was not done."""
        if not self.finished:
            manifest = {name: _text(value) for name, value in _manifest(self.experiment).items()}
            curves = pl.concat([pl.read_parquet(self._part(chunk, CURVES)) for chunk in self.experiment.chunks])
            with aside(self.path / CURVES) as file:
                curves.write_parquet(file, metadata=manifest)
            with aside(self.path / RUNS) as file:
                self._runs().write_parquet(file, metadata=manifest)
            shutil.rmtree(self.path / PARTS)
        return read_results(self.path)

    def _runs(self) -> pl.DataFrame:
        parts = [pl.read_parquet(self._part(chunk)) for chunk in self.experiment.chunks]
        runs = pl.concat(parts, how="diagonal_relaxed")
        swept = [{"cell": cell.number, **_columns(cell.values)} for cell in self.experiment.cells]
        told = pl.DataFrame(swept, infer_schema_length=None, strict=False)
        rest = [name for name in runs.columns if name != "cell"]
        return runs.join(told, on="cell", how="left", maintain_order="left").select(*told.columns, *rest)

    def _part(self, chunk: Chunk, table: str = RUNS) -> Path:
        return self.path / PARTS / (f"{chunk.number:06}.parquet" if table == RUNS else f"{chunk.number:06}.{table}")


def read_results(path: Path) -> Results:
    """Return the results in a folder.

    Raises:
        ScenarioError: there are none, or they are not finished.
    """
    manifest = _read_manifest(path)
    experiment = experiment_of(manifest["experiment"])
    if not (path / RUNS).exists():
        raise ScenarioError.at(str(path), "the experiment in it is not finished", "run it again, to do what is missing")
    return Results(experiment, pl.read_parquet(path / RUNS), pl.read_parquet(path / CURVES), path)


def _manifest(experiment: Experiment) -> dict[str, Any]:
    return {
        "digest": experiment.digest,
        "code": code_digest(),
        "qf": version("qf"),
        "experiment": experiment.document,
    }


def _read_manifest(path: Path) -> dict[str, Any]:
    try:
        found = json.loads((path / EXPERIMENT).read_text("utf-8"))
    except (OSError, ValueError):
        found = None
    if not isinstance(found, dict) or not isinstance(found.get("experiment"), dict):
        fix = "name the folder that `run` wrote to"
        raise ScenarioError.at(str(path), f"holds no readable {EXPERIMENT}", fix)
    return found


def _columns(values: Values) -> Values:
    """Return swept values as they stand in a table: parts and lists as text."""
    plain = (int, float, str, bool)
    return {key: value if isinstance(value, plain) else _told(value) for key, value in values.items()}


def _told(value: Any) -> str:
    """Return a list as "a, b", a table as its JSON."""
    if isinstance(value, list) and all(isinstance(entry, str) for entry in value):
        return ", ".join(value)
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True, ensure_ascii=False)
