"""The page about round files names every key and every choice, and none that there is not."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from qf.round import CapPolicy, MinimumScope, PoolPolicy, Rounding, WeightConvention
from qf.rule_values import READERS
from qf.rules import round_of

PAGE = (Path(__file__).resolve().parents[2] / "docs/reference/round-file.md").read_text("utf-8")


def keys(section: str) -> set[str]:
    rows = PAGE.split(f"\n## [{section}]\n")[1].split("\n## ")[0].splitlines()
    return {key for row in rows if row.startswith("| `") for key in re.findall(r"`(\w+)`", row.split("|")[1])}


@pytest.mark.parametrize("section", READERS)
def test_page_when_a_section_has_keys_then_it_names_just_these(section: str) -> None:
    assert keys(section) == set(READERS[section])


def test_page_when_a_rule_has_choices_then_it_names_them() -> None:
    named = set(re.findall(r"`(\w+)`", PAGE))
    for choices in (PoolPolicy, CapPolicy, Rounding, MinimumScope, WeightConvention):
        assert set(choices) <= named


def test_page_when_its_example_is_read_then_it_is_a_round() -> None:
    example = PAGE.split("```toml\n")[1].split("```")[0]
    assert round_of(tomllib.loads(example)).pool.amount == 1_000_000
