"""`make demo`: settle a real round, verify the bundle, explain one donor, write the report.

The round is Gitcoin's ninth where the published data lies beside the repository (../shared, or QF_SHARED), otherwise
the invented town of town.py. Every command is printed before it runs, so that it can be run again by hand.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

from gitcoin_round_9 import LOG, write_round_9
from town import write_town

REPOSITORY = Path(__file__).resolve().parents[2]
OUTPUT = Path("out/demo")


def main() -> None:
    """Run the demo in out/demo."""
    os.chdir(REPOSITORY)
    data = Path(os.environ.get("QF_SHARED") or REPOSITORY.parent / "shared") / "data"
    if (data / LOG).is_file():
        lines = write_round_9(data, OUTPUT)
        print(f"{lines.total():,} lines in the log of Gitcoin round 9:", end=" ")
        print(", ".join(f"{count:,} {kind}" for kind, count in lines.items()), flush=True)
        evidence, donor = [], "07ba656ee8"
    else:
        write_town(OUTPUT)
        evidence, donor = [part for name in ("weights", "links", "projects") for part in _option(name)], "donor-007"
    settle = ["settle", f"{OUTPUT}/round.toml", "--donations", f"{OUTPUT}/donations.csv", *evidence]
    qf(*settle, "-o", f"{OUTPUT}/bundle")
    qf("verify", f"{OUTPUT}/bundle")
    qf("explain", f"{OUTPUT}/bundle", "--donor", donor)
    qf("report", f"{OUTPUT}/bundle", "-o", f"{OUTPUT}/report.html")


def _option(name: str) -> list[str]:
    return [f"--{name}", f"{OUTPUT}/{name}.csv"]


def qf(*arguments: str) -> None:
    """Print a `qf` command and run it; stop the demo where it fails."""
    print(f"\n$ qf {shlex.join(arguments)}", flush=True)
    finished = subprocess.run([sys.executable, "-m", "qf", *arguments], check=False)
    if finished.returncode:
        sys.exit(finished.returncode)


if __name__ == "__main__":
    main()
