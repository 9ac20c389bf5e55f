"""Write docs/reference/performance.md from what `make bench` measured.

python tests/benchmarks/table.py out/bench.json docs/reference/performance.md
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

PAGE = """\
# Performance

Measured by `make bench` in one run on {cores} shared cores with {memory} GiB, Python {python}; the page is written by
that command. Ratios compare what ran side by side in that run, so they hold on other machines; seconds and bytes hold
for this one. Sizes and bars are in `tests/benchmarks/`.

| benchmark | seconds (median) | what else was measured |
|---|---|---|
{rows}
"""
"""The page."""

MIB = 2**20
"""Bytes are shown in MiB."""


def main(measured: Path, page: Path) -> None:
    """Turn the JSON of pytest-benchmark into the page, and print it."""
    document = json.loads(measured.read_text("utf-8"))
    rows = [_row(benchmark) for benchmark in document["benchmarks"]]
    machine = document["machine_info"]
    text = PAGE.format(
        cores=machine["cpu"].get("count", "?"), memory=_memory(), python=machine["python_version"], rows="\n".join(rows)
    )
    page.write_text(text, "utf-8")
    print(text)


def _row(benchmark: dict[str, Any]) -> str:
    name = benchmark["name"].removeprefix("test_").replace("_", " ")
    extra = ", ".join(f"{key.replace('_', ' ')} {_value(key, value)}" for key, value in benchmark["extra_info"].items())
    return f"| {name} | {benchmark['stats']['median']:.3g} | {extra} |"


def _value(key: str, value: Any) -> str:
    if key.endswith("bytes"):
        return f"{value / MIB:,.0f} MiB".replace("bytes ", "")
    return f"{value:,}" if isinstance(value, int) else f"{value:.3g}" if isinstance(value, float) else str(value)


def _memory() -> int:
    lines = Path("/proc/meminfo").read_text("ascii").splitlines() if Path("/proc/meminfo").is_file() else []
    total = next((int(line.split()[1]) for line in lines if line.startswith("MemTotal")), 0)
    return round(total / MIB)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
