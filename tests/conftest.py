"""What every test has: exactly one kind, no network where it has no business, and no silent skip in CI."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Callable, Generator
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

import pytest
from hypothesis import settings

from qf.chain.recursion import kept_recursion_limit

with suppress(ImportError), kept_recursion_limit():
    import eth_account  # noqa: F401 - here first, as importing it lets Python recurse until it crashes

REPOSITORY = Path(__file__).resolve().parents[1]
TESTS = REPOSITORY / "tests"

KINDS = (
    "unit",
    "properties",
    "stateful",
    "reference",
    "golden",
    "integration",
    "browser",
    "architecture",
    "docs",
    "benchmarks",
)
"""The kinds of test; each is a folder of tests/ and a marker. A doctest in qf/ is of kind `docs`."""

MAY_CONNECT = frozenset({"integration", "browser", "benchmarks"})
"""The kinds that may open a connection, which then still has to stay on this machine."""

IN_CI = os.environ.get("CI", "").lower() in {"1", "true"}
"""Whether a test that would skip must fail instead."""

settings.register_profile("default", deadline=None, derandomize=IN_CI, max_examples=100, print_blob=True)
settings.register_profile("slow", settings.get_profile("default"), max_examples=500, stateful_step_count=100)
settings.load_profile("default")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of shared data (published rounds, vectors): `QF_SHARED`, or `../shared` beside the repository."""
    folder = Path(os.environ.get("QF_SHARED") or REPOSITORY.parent / "shared")
    if not folder.is_dir():
        pytest.skip("no shared data: neither QF_SHARED nor ../shared is a folder")
    return folder.resolve()


@pytest.fixture(scope="session")
def require_tool() -> Callable[[str], str]:
    """A function that returns the path of a program, and skips the test where it is not installed."""

    def find(name: str) -> str:
        path = shutil.which(name)
        if path is None:
            pytest.skip(f"the program {name} is not installed")
        return path

    return find


def kind_of(path: Path) -> str:
    """Return the kind of the tests in the file `path`, which its folder decides."""
    folder = path.relative_to(TESTS).parts[0] if path.is_relative_to(TESTS) else "docs"
    if folder not in KINDS:
        raise pytest.UsageError(
            f"{path.relative_to(REPOSITORY)}: tests live in tests/<kind>/, one of {', '.join(KINDS)}"
        )
    return folder


def pytest_configure(config: pytest.Config) -> None:
    """Register the guard for all tests: hooks of this file would not see the doctests in qf/."""
    config.pluginmanager.register(Guard(), "qf-guard")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give each test the marker of its kind, before `-m` selects."""
    for item in items:
        kind = kind_of(item.path)
        others = {mark.name for mark in item.iter_markers()}.intersection(KINDS) - {kind}
        if others:
            raise pytest.UsageError(f"{item.nodeid} is of kind {kind} by its folder, but is marked {', '.join(others)}")
        item.add_marker(kind)


class Guard:
    """Keeps tests off the network, and turns skips into failures in CI."""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Block connections during a test, its fixtures included, unless its kind may connect."""
        with pytest.MonkeyPatch.context() as patch:
            if kind_of(item.path) not in MAY_CONNECT:
                for name in ("connect", "connect_ex", "sendto"):
                    patch.setattr(socket.socket, name, _refuse)
            return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Fail a test that skips while CI=true."""
        report = yield
        _no_skip(report)
        return report

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(
        self, collector: pytest.Collector
    ) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        """Fail a file that skips as a whole while CI=true."""
        report = yield
        _no_skip(report)
        return report


def _no_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    if IN_CI and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"CI=true allows no skip: {reason}"


def _refuse(*_: object) -> NoReturn:
    pytest.fail("this kind of test opens no connection; one that has to belongs in tests/integration")
