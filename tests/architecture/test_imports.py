"""What may import what, and that importing does nothing else."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.source import PACKAGE, REPOSITORY, dotted, modules, run_python, tree

HEAVY = (
    "dask",
    "distributed",
    "fastapi",
    "matplotlib",
    "numba",
    "pandas",
    "polars",
    "rich",
    "scipy",
    "sqlmodel",
    "typer",
    "web3",
)
"""Packages that `import qf` must not load."""

IMPURE_PACKAGES = frozenset({
    "chain", "cli", "codec", "compare", "explain", "formats", "outofcore", "replay", "report", "sybil",
    "verify",
})  # fmt: skip
"""The parts of `qf` that may read files, the clock or the environment. Everything else is pure."""

IMPURE_MODULES = frozenset({
    "asyncio", "http", "locale", "logging", "multiprocessing", "os", "random", "secrets", "shutil", "socket",
    "subprocess", "tempfile", "threading", "time", "urllib", "uuid",
})  # fmt: skip
"""Modules of the standard library that a pure module does not import."""

IMPURE_NAMES = frozenset(
    {"getcontext", "setcontext", "default_rng", "now", "utcnow", "today", "open", "print", "input"}
)
"""Names that a pure module does not call: ambient state, randomness, the clock, files, the terminal."""

IMPORT_ALL = """
import contextlib, decimal, importlib, json, os, random, sys, threading, warnings

names, heavy = json.loads(sys.argv[1])
for package in heavy:                        # what other packages do when they are imported is not ours
    with contextlib.suppress(ImportError):
        importlib.import_module(package)

def state():
    return {
        "environment": dict(os.environ), "working directory": os.getcwd(), "search path": list(sys.path),
        "decimal context": repr(decimal.getcontext()), "random state": random.getstate(),
        "threads": threading.active_count(), "warning filters": list(warnings.filters),
    }

effects = []

def watch(event, args):
    writing = event == "open" and isinstance(args[1], str) and set(args[1]) & set("wax+")
    if writing or event in {"socket.connect", "socket.getaddrinfo", "subprocess.Popen", "os.mkdir", "os.remove"}:
        effects.append(f"{current}: {event} {args!r}")

before = state()
current = "qf"
sys.addaudithook(watch)
for current in names:
    importlib.import_module(current)
    after = state()
    effects += [f"{current}: changed the {what}" for what in before if before[what] != after[what]]
    before = after
for effect in effects:
    print(effect)
"""


def test_the_import_contracts_are_kept() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    if not linter.is_file():
        pytest.skip("import-linter is not installed")
    done = subprocess.run([linter, "--no-cache"], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_import_qf_is_light(tmp_path: Path) -> None:
    told = run_python("import sys, time, qf; print(time.process_time()); print(*sys.modules)", tmp_path)
    seconds, names = told.splitlines()
    print(f"import qf: {seconds} s of CPU, with the start of the interpreter")
    assert [package for package in HEAVY if package in names.split()] == []


def test_importing_any_module_has_no_effect(tmp_path: Path) -> None:
    names = [dotted(path) for path in modules() if path.stem != "__main__"]
    arguments = json.dumps([names, [*HEAVY, "rich.progress", "rich.table"]])
    code = f"import sys; sys.argv.append({arguments!r})\n{IMPORT_ALL}"
    assert run_python(code, tmp_path) == ""
    assert list(tmp_path.iterdir()) == []


def pure_modules() -> list[Path]:
    """Return the modules that compute and do nothing else."""
    return [
        path for path in modules() if not IMPURE_PACKAGES.intersection((path.stem, path.relative_to(PACKAGE).parts[0]))
    ]


def impurities(path: Path) -> Iterator[str]:
    """Return each import or call in the file `path` that a pure module must not contain."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            named = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            named = [node.module or ""]
        elif isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            named = []
            if called in IMPURE_NAMES:
                yield f"{path.relative_to(REPOSITORY)}:{node.lineno} calls {called}"
        else:
            continue
        for name in named:
            if name.split(".")[0] in IMPURE_MODULES or name == "numpy.random":
                yield f"{path.relative_to(REPOSITORY)}:{node.lineno} imports {name}"


def test_the_core_is_pure() -> None:
    assert [fault for path in pure_modules() for fault in impurities(path)] == []
