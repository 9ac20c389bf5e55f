"""What every mechanism of the registry has to come with: a file, axioms, a twin, a golden case, a docs page.

The examples on the pages are run by tests/docs.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from qf.mechanisms import REGISTRY, Axiom, Mechanism
from qf.round import WeightConvention
from tests.architecture.source import PACKAGE, REPOSITORY
from tests.reference.twins import TWINS

PAGES = REPOSITORY / "docs" / "mechanisms"
"""One page per mechanism."""

HEADINGS = (
    "## Formula",
    "## Parameters",
    "## Weights",
    "## When to use it",
    "## Properties",
    "## Source",
    "## Example",
)
"""What a page holds, in this order."""

ANSWERS = {True: "yes", False: "no", None: "unknown"}
"""How a page says what a mechanism declares of an axiom."""

SHARED_FILES = {"__init__", "base", "boosts", "grouped"}
"""Files of qf/mechanisms/ that hold no mechanism."""

MECHANISMS = pytest.mark.parametrize("mechanism", REGISTRY.values(), ids=list(REGISTRY))


def page_of(mechanism: Mechanism) -> Path:
    return PAGES / f"{mechanism.id}.md"


def test_registry_and_files_agree() -> None:
    files = {path.stem for path in (PACKAGE / "mechanisms").glob("*.py")} - SHARED_FILES
    assert files == set(REGISTRY)
    assert all(id == mechanism.id for id, mechanism in REGISTRY.items())


def test_registry_and_pages_agree() -> None:
    assert {path.stem for path in PAGES.glob("*.md")} - {"index"} == set(REGISTRY)


@MECHANISMS
def test_mechanism_declares_every_axiom(mechanism: Mechanism) -> None:
    assert set(mechanism.axioms) == set(Axiom)


@MECHANISMS
def test_mechanism_has_a_twin_and_a_golden_case(mechanism: Mechanism) -> None:
    assert mechanism.id in TWINS, "tests/reference/twins.py holds no twin"
    golden = REPOSITORY / "tests" / "golden" / "mechanisms" / f"{mechanism.id}.json"
    assert golden.is_file(), f"{golden.relative_to(REPOSITORY)} is missing"


@MECHANISMS
def test_mechanism_reads_its_own_defaults(mechanism: Mechanism) -> None:
    for convention in sorted(mechanism.conventions - {WeightConvention.TRUST}):
        if mechanism.id != "mix" or convention in REGISTRY["cluster_connection"].conventions:
            assert set(mechanism.terms({}, convention).parameters) == set(mechanism.parameters)


@MECHANISMS
def test_page_has_every_section_parameter_and_convention(mechanism: Mechanism) -> None:
    text = page_of(mechanism).read_text("utf-8")
    assert text.startswith(f"# {mechanism.title}\n")
    places = [text.find(f"\n{heading}\n") for heading in HEADINGS]
    assert -1 not in places and places == sorted(places), dict(zip(HEADINGS, places, strict=True))
    assert [name for name in mechanism.parameters if f"| `{name}` |" not in text] == []
    assert [name for name in mechanism.conventions if f"`{name}`" not in text.split("## Weights")[1]] == []


@MECHANISMS
def test_page_says_of_every_axiom_what_the_mechanism_declares(mechanism: Mechanism) -> None:
    text = page_of(mechanism).read_text("utf-8")
    missing = [row for axiom, kept in mechanism.axioms.items() if (row := f"| {axiom} | {ANSWERS[kept]} |") not in text]
    assert missing == []
