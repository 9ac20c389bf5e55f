"""How a donor's or a project's donations were counted, and what the match would be without them. Plain values.

    gained = payout - payout without this donor        leverage = gained / given, both in one currency

"Without" is never a guess: all donations of the identity are taken out, to every project, and the pool is divided anew.
"""

from qf.explain.donor import explain_donations, explain_donor
from qf.explain.project import explain_project
from qf.explain.types import DonationExplanation, DonorEffect, DonorExplanation, ProjectExplanation

__all__ = [
    "DonationExplanation",
    "DonorEffect",
    "DonorExplanation",
    "ProjectExplanation",
    "explain_donations",
    "explain_donor",
    "explain_project",
]
