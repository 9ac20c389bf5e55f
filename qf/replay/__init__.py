"""Published rounds, settled again: what was paid then, what this package computes, and the difference."""

from qf.replay.cases import Replay, ReplayRow
from qf.replay.rounds import replay_folder

__all__ = ["Replay", "ReplayRow", "replay_folder"]
