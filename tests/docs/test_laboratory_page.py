"""The page of the laboratory names everything there is."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulations.attacks import ATTACKS
from simulations.metrics import EXTRA, METRICS
from simulations.population.configuration import FITS

PAGE = (Path(__file__).resolve().parents[2] / "docs/reference/laboratory.md").read_text("utf-8")


@pytest.mark.parametrize("name", [*ATTACKS, *METRICS, *EXTRA, *FITS])
def test_page_names_it(name: str) -> None:
    assert f"`{name}`" in PAGE
