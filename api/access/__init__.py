"""Who asks, and what they may do.

Every endpoint takes exactly one `Asking` from a guard of this package; the tests read the guards to try each endpoint
in every role.
"""

from api.access.asking import Asking, OrganisationAsking, RoundAsking
from api.access.guards import (
    Administering,
    Anyone,
    AnyoneOfOrganisation,
    AnyoneOfRound,
    AskingOfRound,
    Auditing,
    Guard,
    Installation,
    MemberReading,
    Operating,
    OperatingOrganisation,
    ReadingRound,
    Reviewing,
    SignedIn,
    SignedInReading,
    SignedInReadingRound,
    SignedInToRound,
    Unidentified,
)
from api.actor import ROLES, Actor, Right, Role

__all__ = [
    "ROLES",
    "Actor",
    "Administering",
    "Anyone",
    "AnyoneOfOrganisation",
    "AnyoneOfRound",
    "Asking",
    "AskingOfRound",
    "Auditing",
    "Guard",
    "Installation",
    "MemberReading",
    "Operating",
    "OperatingOrganisation",
    "OrganisationAsking",
    "ReadingRound",
    "Reviewing",
    "Right",
    "Role",
    "RoundAsking",
    "SignedIn",
    "SignedInReading",
    "SignedInReadingRound",
    "SignedInToRound",
    "Unidentified",
]
