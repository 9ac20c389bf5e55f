"""The notebooks in the docs are what their scripts give."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from docs.notebooks.build import notebook, written

SCRIPTS = sorted(
    path
    for path in (Path(__file__).resolve().parents[2] / "docs" / "notebooks").glob("*.py")
    if path.name != "build.py"
)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_a_notebook_is_its_script_executed(script: Path) -> None:
    stored = json.loads(script.with_suffix(".ipynb").read_text("utf-8"))
    assert without_drawings(notebook(script.read_text("utf-8"))) == without_drawings(stored)


def test_there_are_notebooks_and_they_show_tables_and_drawings() -> None:
    assert len(SCRIPTS) == 2
    for script in SCRIPTS:
        text = script.with_suffix(".ipynb").read_text("utf-8")
        assert "image/svg+xml" in text and '"execution_count": 1' in text


def test_a_cell_shows_what_it_prints_and_what_it_ends_in(tmp_path: Path) -> None:
    script = tmp_path / "a.py"
    script.write_text("# %% [markdown]\n# # Title\n\n# %%\nprint('told')\n1 + 1\n")
    text, code = json.loads(written(script))["cells"]
    assert text["source"] == ["# Title"]
    assert [output.get("text") or output["data"]["text/plain"] for output in code["outputs"]] == [["told\n"], ["2"]]


def without_drawings(made: dict) -> dict:
    """Return a notebook without the drawings, whose fonts and rounding differ between machines."""
    text = json.loads(json.dumps(made))
    for cell in text["cells"]:
        for output in cell.get("outputs", ()):
            output.get("data", {}).pop("image/svg+xml", None)
    return text
