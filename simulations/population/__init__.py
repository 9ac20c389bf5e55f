"""Who gives: donors made up, or taken from a real round. One line here for each kind."""

from simulations.parts import Models
from simulations.population.bootstrap import Bootstrap
from simulations.population.configuration import Configuration
from simulations.population.people import People, Synthetic

__all__ = ["POPULATIONS", "People", "Synthetic"]

POPULATIONS: Models = {kind.model: kind for kind in (Synthetic, Bootstrap, Configuration)}
"""The kinds of population."""
