"""Quadratic funding, exact: a round's rules and its donations in, integer payouts and a verifiable bundle out.

>>> import qf
>>> gifts = [("ann", "well", 1_000), ("bob", "well", 1_000), ("cy", "bus", 2_000)]
>>> qf.settle(qf.preset("yen", pool=100_000), gifts).payouts
{'bus': 0, 'well': 100000}
"""

from qf.eligibility import Project, Reason
from qf.errors import (
    BundleError,
    DonationError,
    InputError,
    InvariantError,
    MissingExtraError,
    MissingPriceError,
    NoMatchError,
    Problem,
    ProjectError,
    QfError,
    RoundError,
    VerificationError,
    WeightError,
)
from qf.inputs import Inputs
from qf.ledger import Donation, DonationLedger
from qf.mechanisms import REGISTRY, Mechanism, mechanism
from qf.prices import Price, PriceSnapshot
from qf.result import ProjectResult, RoundResult
from qf.round import Pool, Round
from qf.rules import preset, preset_names, round_of
from qf.secret_ballots import settle_sums
from qf.settle import settle
from qf.weights import DonorWeights

__all__ = [
    "REGISTRY",
    "BundleError",
    "Donation",
    "DonationError",
    "DonationLedger",
    "DonorWeights",
    "InputError",
    "Inputs",
    "InvariantError",
    "Mechanism",
    "MissingExtraError",
    "MissingPriceError",
    "NoMatchError",
    "Pool",
    "Price",
    "PriceSnapshot",
    "Problem",
    "Project",
    "ProjectError",
    "ProjectResult",
    "QfError",
    "Reason",
    "Round",
    "RoundError",
    "RoundResult",
    "VerificationError",
    "WeightError",
    "mechanism",
    "preset",
    "preset_names",
    "round_of",
    "settle",
    "settle_sums",
]
