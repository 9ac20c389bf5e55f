"""What attackers do to a round; one file for each kind of attack, and one line here."""

from simulations.attacks.airdrop import Airdrop
from simulations.attacks.base import Attack, Scene
from simulations.attacks.bribery import Bribery
from simulations.attacks.control import AddedDonors, DeletedDonors
from simulations.attacks.fork import Fork
from simulations.attacks.last_minute import LastMinute
from simulations.attacks.reciprocal import Reciprocal
from simulations.attacks.ring import Ring
from simulations.attacks.split import Split
from simulations.attacks.sybil import Sybil
from simulations.attacks.wash import Wash
from simulations.parts import Models

__all__ = ["ATTACKS", "Attack", "Scene"]

ATTACKS: Models = {
    kind.model: kind
    for kind in (
        Sybil,
        Split,
        Ring,
        Reciprocal,
        Fork,
        LastMinute,
        Bribery,
        DeletedDonors,
        AddedDonors,
        Wash,
        Airdrop,
    )
}
"""Every attack, by its name."""
