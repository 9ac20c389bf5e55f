"""What donors object to their weights, and what reviewers answer."""

from __future__ import annotations

from sqlmodel import Session, col, select

from api.access import Right, RoundAsking
from api.clock import new_id
from api.pages import cursor, place_of
from api.problems import Conflict, Forbidden, Invalid, NotFound
from api.schema import Page
from api.tables import Credential, WeightAppeal
from api.weights.evidence import Evidence
from api.weights.overrides import decide
from api.weights.schema import AppealOut, AppealToReview, Decision, NewAnswer, NewAppeal, NewWeight
from api.weights.scores import under_way


def appeal(asking: RoundAsking, new: NewAppeal) -> WeightAppeal:
    """Return an appeal that waits for an answer from now on.

    Raises:
        Conflict: the round is not under way, or an appeal about this name waits already.
        Invalid: the name is not one's own.
    """
    round = asking.lock()
    under_way(round)
    account = asking.account
    owned = select(Credential).where(Credential.account_id == account, Credential.donor == new.donor)
    if asking.session.exec(owned).first() is None:
        raise Invalid.at("donor", "is not one of your names", "name one that GET /v1/me shows")
    mine = select(WeightAppeal).where(WeightAppeal.round_id == round.id, WeightAppeal.donor == new.donor)
    if asking.session.exec(mine.where(col(WeightAppeal.answered_at).is_(None))).first() is not None:
        raise Conflict("An appeal about this name waits for its answer already.", "appeal_waits")
    row = WeightAppeal(id=new_id(), round_id=round.id, account_id=account, donor=new.donor, text=new.text, at=asking.at)
    asking.session.add(row)
    return row


def own(session: Session, round_id: str, account: str) -> list[WeightAppeal]:
    """Return the appeals of an account in a round, newest first."""
    query = select(WeightAppeal).where(WeightAppeal.round_id == round_id, WeightAppeal.account_id == account)
    return list(session.exec(query.order_by(col(WeightAppeal.at).desc(), col(WeightAppeal.id))))


def to_review(asking: RoundAsking, after: str | None, limit: int) -> Page[AppealToReview]:
    """Return the appeals of a round, oldest first, with what is known of each donor now."""
    query = select(WeightAppeal).where(WeightAppeal.round_id == asking.round.id)
    if after is not None:
        at, name = place_of(after, int, str)
        later = (col(WeightAppeal.at) == at) & (col(WeightAppeal.id) > name)
        query = query.where((col(WeightAppeal.at) > at) | later)
    rows = list(asking.session.exec(query.order_by(col(WeightAppeal.at), col(WeightAppeal.id)).limit(limit + 1)))
    end = cursor(rows[limit - 1].at, rows[limit - 1].id) if len(rows) > limit else None
    evidence = Evidence.of(asking.session, asking.round, [row.donor for row in rows[:limit]])
    items = [AppealToReview(**dict(shown(row)), evidence=evidence.shown(row.donor)) for row in rows[:limit]]
    return Page(items=items, next=end)


def answer(asking: RoundAsking, name: str, new: NewAnswer) -> WeightAppeal:
    """Return an appeal that is answered; a weight that is given with the answer counts from now on, and is public.

    Raises:
        NotFound: there is no such appeal.
        Conflict: it is answered already, or the round is not under way.
        Forbidden: it is one's own, or only an operator may give a weight.
        Invalid: a rejected appeal comes with a weight, or the weight is malformed.
    """
    round = asking.lock()
    under_way(round)
    row = asking.session.get(WeightAppeal, name)
    if row is None or row.round_id != round.id:
        raise NotFound(f"There is no appeal {name} in this round.")
    if row.answered_at is not None:
        raise Conflict("This appeal is answered already.", "answered")
    if row.account_id == asking.actor.account:
        raise Forbidden("This appeal is your own; somebody else answers it.")
    if new.weight is not None and new.decision == Decision.REJECTED:
        raise Invalid.at("weight", "changes nothing where an appeal is rejected", "leave it out")
    if new.weight is not None:
        asking.require(round.organisation_id, Right.OPERATE)
        decide(asking, NewWeight(donor=row.donor, weight=new.weight, reason=new.answer))
    row.decision, row.answer = new.decision, new.answer
    row.answered_at, row.answered_by = asking.at, asking.actor.name
    asking.session.add(row)
    asking.record("appeal.answered", new.answer, subject=f"appeal/{row.id}", decision=new.decision)
    return row


def shown(row: WeightAppeal) -> AppealOut:
    """Return an appeal as its donor sees it."""
    known = row.model_dump(include={"id", "donor", "text", "at", "answer", "answered_at"})
    return AppealOut(**known, decision=Decision(row.decision) if row.decision else None)
