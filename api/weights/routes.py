"""Weights over HTTP."""

from __future__ import annotations

from fastapi import APIRouter

from api.access import AnyoneOfRound, Operating, Reviewing, SignedInToRound
from api.bodies import FILE, Octets
from api.pages import LIMIT, After, Limit
from api.problems import NotFound
from api.schema import IdPath, Page
from api.weights import appeals, evidence, overrides, scores
from api.weights.schema import (
    AppealOut,
    AppealToReview,
    CurveOut,
    NewAnswer,
    NewAppeal,
    NewScores,
    NewWeight,
    OwnWeightOut,
    ScoresOut,
    WeightOut,
)

router = APIRouter(tags=["weights"])


@router.post("/rounds/{round}/scores")
def take_scores(asking: Operating, new: NewScores) -> ScoresOut:
    """Take evidence about donors, which the curve of the round turns into weights; the newest score counts."""
    return scores.take(asking, new)


@router.post("/rounds/{round}/scores.csv", openapi_extra=FILE)
def take_score_file(asking: Operating, body: Octets) -> ScoresOut:
    """Take evidence about donors from a file with the columns donor, score and perhaps model."""
    return scores.take_file(asking, body)


@router.get("/rounds/{round}/weights/curve")
def read_curve(asking: AnyoneOfRound) -> CurveOut:
    """How a score becomes a weight."""
    return evidence.curve_of(asking.round)


@router.get("/rounds/{round}/weights")
def list_weights(asking: AnyoneOfRound, after: After = None, limit: Limit = LIMIT) -> Page[WeightOut]:
    """What operators decided about the weights of donors, with their reasons, newest first."""
    return overrides.listed(asking, after, limit)


@router.post("/rounds/{round}/weights", status_code=201)
def decide_weight(asking: Operating, new: NewWeight) -> WeightOut:
    """Decide how much a donor counts, whatever the score; public, with its reason."""
    return overrides.shown_of(asking, overrides.decide(asking, new))


@router.get("/rounds/{round}/weights/mine")
def read_own_weight(asking: SignedInToRound) -> OwnWeightOut:
    """How much I count, from what, and what would raise it."""
    found = evidence.own_weight(asking.session, asking.round, asking.account)
    if found is None:
        raise NotFound("This account has no wallet and no donor code to give with.", "no_names")
    return found


@router.post("/rounds/{round}/weights/appeals", status_code=201)
def appeal(asking: SignedInToRound, new: NewAppeal) -> AppealOut:
    """Say what is wrong with my weight; a reviewer answers."""
    return appeals.shown(appeals.appeal(asking, new))


@router.get("/rounds/{round}/weights/appeals/mine")
def list_own_appeals(asking: SignedInToRound) -> list[AppealOut]:
    """My appeals and their answers, newest first."""
    return [appeals.shown(row) for row in appeals.own(asking.session, asking.round.id, asking.account)]


@router.get("/rounds/{round}/weights/appeals")
def list_appeals(asking: Reviewing, after: After = None, limit: Limit = LIMIT) -> Page[AppealToReview]:
    """The appeals of a round, oldest first, with what is known of each donor."""
    return appeals.to_review(asking, after, limit)


@router.post("/rounds/{round}/weights/appeals/{appeal}/answer")
def answer_appeal(asking: Reviewing, appeal: IdPath, new: NewAnswer) -> AppealOut:
    """Answer an appeal; an operator can give the donor a weight with it."""
    return appeals.shown(appeals.answer(asking, appeal, new))
