"""The `qf` command: settle a round from files, verify it, explain it."""

from qf.cli.main import app, run

__all__ = ["app", "run"]
