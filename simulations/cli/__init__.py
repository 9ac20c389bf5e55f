"""The commands of the laboratory: run, compare, attack and report."""

from simulations.cli.main import app

__all__ = ["app"]
