"""Experiments: a scenario, what is varied in it, how often it is run, and the tables that come of it."""

from simulations.experiment.folder import Results, read_results
from simulations.experiment.keys import changed
from simulations.experiment.plan import Experiment, experiment_of, read_experiment
from simulations.experiment.run import UnfinishedError, run

__all__ = [
    "Experiment",
    "Results",
    "UnfinishedError",
    "changed",
    "experiment_of",
    "read_experiment",
    "read_results",
    "run",
]
