"""What every source of the registry has to come with: a file, a golden case, its place in the reference."""

from __future__ import annotations

import re
from dataclasses import fields
from typing import Any

import pytest

from qf.chain.sources import REGISTRY
from tests.architecture.source import PACKAGE, REPOSITORY

PAGE = REPOSITORY / "docs" / "reference" / "sources.md"

SHARED_FILES = {"__init__", "applications", "base", "counted", "setting"}
"""Files of qf/chain/sources/ that hold no source."""

SOURCES = pytest.mark.parametrize(("kind", "source"), REGISTRY.items(), ids=list(REGISTRY))


def section(kind: str) -> str:
    """Return what the reference says of a kind."""
    found = re.search(rf"^## `{kind}`\n(.*?)(?=^## |\Z)", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    assert found, f"docs/reference/sources.md has no section ## `{kind}`"
    return found[1]


def test_registry_and_files_agree() -> None:
    files = {path.stem for path in (PACKAGE / "chain" / "sources").glob("*.py")}
    assert files - SHARED_FILES == set(REGISTRY)


@SOURCES
def test_source_is_in_the_file_of_its_kind_and_is_frozen(kind: str, source: Any) -> None:
    assert source.__module__ == f"qf.chain.sources.{kind}"
    assert source.__dataclass_params__.frozen


@SOURCES
def test_source_has_a_golden_case(kind: str, source: Any) -> None:
    golden = REPOSITORY / "tests" / "golden" / "sources" / f"{kind}.json"
    assert golden.is_file(), f"{golden.relative_to(REPOSITORY)} is missing"


@SOURCES
def test_reference_has_every_setting_and_event_of_the_source(kind: str, source: Any) -> None:
    text = section(kind)
    assert [field.name for field in fields(source) if f"| `{field.name}` |" not in text] == []
    assert [event.name for event in source.events.values() if f"`{event.name}`" not in text] == []
    assert f"| [`{kind}`](#{kind}) |" in PAGE.read_text("utf-8"), "the table at the top has no row for it"
