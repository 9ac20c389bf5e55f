"""What attackers do to a round; one file for each kind of attack, and one line here."""

from simulations.attacks.base import Attack, Scene
from simulations.attacks.sybil import Sybil
from simulations.parts import Models

__all__ = ["ATTACKS", "Attack", "Scene"]

ATTACKS: Models = {kind.model: kind for kind in (Sybil,)}
"""Every attack, by its name."""
