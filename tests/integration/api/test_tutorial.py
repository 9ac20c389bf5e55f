"""The tutorial over HTTP, as it stands: a bash runs its commands against a service, and prints what the page shows."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from api.settings import Settings
from tests.integration.api.running import REPOSITORY, Running

PAGE = REPOSITORY / "docs/tutorial/a-round-over-http.md"

STEP = re.compile(r"^```sh\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?", re.DOTALL | re.MULTILINE)
"""Commands, and below them what they print, if they print anything."""

ADMINISTRATORS = '["eip155:1:0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A"]'
"""Who may found organisations."""

SECONDS_OPEN = "15"
"""How long the round stays open: long enough to give."""

PATIENCE = 120
"""Seconds that the page may take."""

END = "=== the end of a step ==="


def test_tutorial_when_its_commands_are_run_then_they_print_what_it_shows(settings: Settings, tmp_path: Path) -> None:
    (start, _), *steps = STEP.findall(PAGE.read_text("utf-8"))
    assert f"QF_ADMINISTRATORS='{ADMINISTRATORS}'\n.venv/bin/qf serve\n" in start
    more = {"QF_ADMINISTRATORS": ADMINISTRATORS, "QF_REQUESTS_PER_MINUTE": "600"}
    with Running(settings, "serve", "--port", "0", more=more) as service:
        printed = run(service.url, [commands for commands, _ in steps], tmp_path)
        assert service.stop() == 0
    told = [as_shown(shown, text) for (_, shown), text in zip(steps, printed, strict=True)]
    assert told == [shown for _, shown in steps]


def run(url: str, steps: Sequence[str], folder: Path) -> list[str]:
    """Return what each step prints; all are run in one bash, in `folder`."""
    script = "".join(f"{commands}echo '{END}'\n" for commands in steps)
    clean = {name: value for name, value in os.environ.items() if not name.startswith("QF_")}
    known = {"BASE": url, "PYTHON": sys.executable, "SECONDS_OPEN": SECONDS_OPEN, "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env={**clean, **known, "TMPDIR": str(folder), "COLUMNS": "100", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    return done.stdout.split(f"{END}\n")[:-1]


def as_shown(shown: str, printed: str) -> str:
    """Return what the page shows if that is what was printed, `...` standing for any text; else what was printed."""
    pattern = re.escape(shown).replace(re.escape("..."), ".*?")
    return shown if re.fullmatch(pattern, printed, re.DOTALL) else printed
