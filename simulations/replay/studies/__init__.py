"""Published studies made again: each says what was published, what comes out here, and how near that has to be."""

from simulations.replay.studies.govxs import govxs
from simulations.replay.studies.influence import influence
from simulations.replay.studies.need import need
from simulations.replay.studies.study import Finding, Study
from simulations.replay.studies.sybils import sybils

__all__ = ["Finding", "Study", "govxs", "influence", "need", "sybils"]
