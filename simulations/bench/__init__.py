"""QF-Bench: all mechanisms on rounds like real ones, under all attacks, with known worth of what is funded."""

from simulations.bench.page import write_page
from simulations.bench.running import bench

__all__ = ["bench", "write_page"]
