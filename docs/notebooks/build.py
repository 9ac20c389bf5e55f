"""Make notebooks (nbformat 4.5) from scripts in percent format, executed, with what every cell printed and showed.

python docs/notebooks/build.py docs/notebooks/which_mechanism.py ...    writes which_mechanism.ipynb beside it

A cell begins with "# %%", one of text with "# %% [markdown]". The same script gives the same bytes, so that a test can
run it again and compare. Jupyter opens the result; it is not needed to make it.
"""

from __future__ import annotations

import ast
import contextlib
import io
import json
import re
import sys
from pathlib import Path
from typing import Any

CELL = re.compile(r"^# %%(?P<kind> \[markdown\])?[^\n]*\n", re.MULTILINE)
"""The line that begins a cell."""

PICTURES = {"_repr_svg_": "image/svg+xml", "_repr_html_": "text/html"}
"""How a value can show itself: method -> media type, as in Jupyter."""


def notebook(script: str) -> dict[str, Any]:
    """Return the executed notebook of a script."""
    starts = [*CELL.finditer(script)]
    ends = [start.start() for start in starts[1:]] + [len(script)]
    names: dict[str, Any] = {"__name__": "__main__"}
    cells = []
    for place, (start, end) in enumerate(zip(starts, ends, strict=True)):
        text = script[start.end() : end].strip("\n")
        if start["kind"]:
            source = re.sub(r"^# ?", "", text, flags=re.MULTILINE)
            cells.append({"cell_type": "markdown", "id": f"cell-{place}", "metadata": {}, "source": lines(source)})
            continue
        count = sum(cell["cell_type"] == "code" for cell in cells) + 1
        outputs = executed(text, names, count)
        code = {"cell_type": "code", "execution_count": count, "id": f"cell-{place}", "metadata": {}}
        cells.append({**code, "outputs": outputs, "source": lines(text)})
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def executed(source: str, names: dict[str, Any], count: int) -> list[dict[str, Any]]:
    """Run a cell; return what it printed and, where it ends in an expression, what that is."""
    tree = ast.parse(source)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(tree, "<cell>", "exec"), names)
        value = eval(compile(ast.Expression(last.value), "<cell>", "eval"), names) if last is not None else None
    told = printed.getvalue()
    outputs: list[dict[str, Any]] = [{"name": "stdout", "output_type": "stream", "text": lines(told)}] if told else []
    if value is not None:
        shown = {kind: lines(getattr(value, method)()) for method, kind in PICTURES.items() if hasattr(value, method)}
        data = {**shown, "text/plain": lines(repr(value))}
        outputs.append({"data": data, "execution_count": count, "metadata": {}, "output_type": "execute_result"})
    return outputs


def lines(text: str) -> list[str]:
    """Return the lines of a text, with their ends, as nbformat keeps them."""
    return text.splitlines(keepends=True)


def written(script: Path) -> str:
    """Return the notebook of a script as it stands in its file."""
    return json.dumps(notebook(script.read_text("utf-8")), indent=1, ensure_ascii=False, sort_keys=True) + "\n"


if __name__ == "__main__":
    for name in sys.argv[1:]:
        Path(name).with_suffix(".ipynb").write_text(written(Path(name)), "utf-8")
