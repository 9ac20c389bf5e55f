"""What is received and sent about how much donors count."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from api.schema import Answer, Body, Decimals, Line, Name, Reason, Shown


class NewScore(Body):
    """Evidence about a donor, and what it is from, such as the name of a model."""

    donor: Name
    score: Decimals
    model: Line = ""


class NewScores(Body):
    """Evidence about several donors, each once."""

    scores: Annotated[list[NewScore], Field(min_length=1, max_length=5_000)]


class ScoresOut(Answer):
    """What came of it: a score that is known already is not written again."""

    new: int
    known: int


class NewWeight(Body):
    """How much a donor counts, 0 to the maximum of the round, and why; null takes the word on the donor back."""

    donor: Name
    weight: Decimals | None
    reason: Reason


class WeightOut(Answer):
    """An operator's word on a donor, who is called as in the export of donations."""

    donor: str
    weight: str | None
    reason: str
    at: Shown


class PointOut(Answer):
    """A point of the curve: from this score on, this weight."""

    score: str
    weight: str


class CurveOut(Answer):
    """How a score becomes a weight: linear between points, 0 below the first, flat above the last.

    A donor of whom nothing is known has the default. Without points, scores count for nothing.
    """

    points: list[PointOut]
    default: str
    largest: str


class Basis(StrEnum):
    """What a weight comes from."""

    OVERRIDE = "override"
    """An operator decided, with a reason."""
    SCORE = "score"
    """The curve of the round turned a score into it."""
    DEFAULT = "default"
    """Nothing is known; it is the default of the round."""


class EvidenceOut(Answer):
    """What is known of one name of a donor, and how much it counts alone; `gave` says whether it gave in this round."""

    donor: str
    gave: bool
    weight: str
    basis: Basis
    score: str | None
    model: str
    reason: str


class StepOut(PointOut):
    """A point of the curve with a higher weight, and how much score is missing to it."""

    missing: str


class OwnWeightOut(Answer):
    """How much one counts in a round: the largest weight among the names that gave, and what would raise it.

    As long as none gave, all names are counted as if they had.
    """

    weight: str
    names: list[EvidenceOut]
    next: list[StepOut]


class NewAppeal(Body):
    """What is wrong with the weight of one's own name."""

    donor: Name
    text: Reason


class Decision(StrEnum):
    """What came of an appeal."""

    UPHELD = "upheld"
    REJECTED = "rejected"


class AppealOut(Answer):
    """An appeal, and its answer; `decision` is null while it waits."""

    id: str
    donor: str
    text: str
    at: Shown
    decision: Decision | None
    answer: str
    answered_at: Shown | None


class AppealToReview(AppealOut):
    """An appeal with what is known of the donor now."""

    evidence: EvidenceOut


class NewAnswer(Body):
    """The answer to an appeal. With a weight, which operators alone may give, it is the word on the donor as well."""

    decision: Annotated[Decision, Field(strict=False)]
    answer: Reason
    weight: Decimals | None = None
