"""The source of `qf` and the files of the repository, as the architecture tests read them."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

REPOSITORY = Path(__file__).resolve().parents[2]
PACKAGE = REPOSITORY / "qf"

Function = ast.FunctionDef | ast.AsyncFunctionDef
Definition = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


class Named(NamedTuple):
    """A definition with its dotted name and where it stands."""

    name: str
    where: str
    node: Definition
    public: bool


def modules() -> list[Path]:
    """Return the Python files of `qf`, sorted."""
    return sorted(PACKAGE.rglob("*.py"))


def dotted(path: Path) -> str:
    """Return the import name of the module in the file `path`."""
    parts = path.relative_to(REPOSITORY).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def tree(path: Path) -> ast.Module:
    """Return the parsed source in the file `path`."""
    return ast.parse(path.read_text("utf-8"), str(path))


def is_public(name: str) -> bool:
    """Return whether no part of the dotted `name` starts with an underscore."""
    return not any(part.startswith("_") for part in name.split("."))


def definitions(path: Path) -> Iterator[Named]:
    """Return each class, function and method of a module, nested functions included (those are never public)."""
    yield from _definitions(tree(path), dotted(path), path, inside_function=False)


def _definitions(parent: ast.AST, prefix: str, path: Path, *, inside_function: bool) -> Iterator[Named]:
    for node in ast.iter_child_nodes(parent):
        if isinstance(node, Definition):
            name = f"{prefix}.{node.name}"
            where = f"{path.relative_to(REPOSITORY)}:{node.lineno} {node.name}"
            yield Named(name, where, node, is_public(name) and not inside_function)
            nested = inside_function or isinstance(node, Function)
            yield from _definitions(node, name, path, inside_function=nested)
        elif not isinstance(node, ast.expr):
            yield from _definitions(node, prefix, path, inside_function=inside_function)


def parameters(function: Function) -> list[ast.arg]:
    """Return all parameters of a function, `self` and `cls` included."""
    spec = function.args
    starred = [arg for arg in (spec.vararg, spec.kwarg) if arg is not None]
    return [*spec.posonlyargs, *spec.args, *spec.kwonlyargs, *starred]


@cache
def repository_files() -> list[Path]:
    """Return the files that are or would be committed; outside a git checkout, all but hidden and generated ones."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        names = subprocess.run(listing, cwd=REPOSITORY, capture_output=True, check=True).stdout.decode().split("\0")
    except (OSError, subprocess.CalledProcessError):
        names = [str(path.relative_to(REPOSITORY)) for path in REPOSITORY.rglob("*") if not _generated(path)]
    files = (REPOSITORY / name for name in names if name)
    return sorted(path for path in files if path.is_file() and not path.is_symlink())


def _generated(path: Path) -> bool:
    parts = path.relative_to(REPOSITORY).parts
    made = {"__pycache__", "build", "dist", "mutants", "out", "site"}
    return any(part in made or (part.startswith(".") and part != ".ci") for part in parts)


def run_python(code: str, folder: Path) -> str:
    """Return what a fresh interpreter prints for `code`, with `folder` as its working directory.

    Raises:
        AssertionError: it failed, or wrote to its standard error.
    """
    command = [sys.executable, "-B", "-c", code]
    search = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(command, cwd=folder, env=search, capture_output=True, text=True, check=False, timeout=300)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr or done.stdout
    return done.stdout
