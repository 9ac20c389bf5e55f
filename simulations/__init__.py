"""The laboratory: donors and attackers made up, rounds settled by `qf`, and what came of it measured.

>>> from simulations import run_once, scenario_of
>>> scenario = scenario_of({"scenario": {"id": "small"}, "population": {"donors": 50}, "projects": {"count": 4}})
>>> [row["mechanism"] for row in run_once(scenario, replication=0)]
['quadratic']
"""

from simulations.running import run_once
from simulations.scenario import Scenario, read_scenario, scenario_of

__all__ = ["Scenario", "read_scenario", "run_once", "scenario_of"]
