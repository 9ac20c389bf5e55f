"""What is known of donors, and what weight that gives them: `qf` decides, as it does when the round is settled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from sqlmodel import Session, col, select

from api.inputs import rules_of
from api.tables import Credential, Entry, Round, Score, WeightOverride
from api.weights.schema import Basis, CurveOut, EvidenceOut, OwnWeightOut, PointOut, StepOut
from qf.canonical import fraction_text
from qf.columns import Column
from qf.round import WeightRule
from qf.units import WEIGHT_ONE, parse_decimal
from qf.weights import DonorWeights


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of some donors of a round: scores with models, operators' words with reasons, and who gave."""

    rule: WeightRule
    scores: dict[str, tuple[str, str]]
    words: dict[str, tuple[int, str]]
    gave: frozenset[str]

    @classmethod
    def of(cls, session: Session, round: Round, donors: Sequence[str]) -> Evidence:
        """Read what is known."""
        scores = select(Score).where(Score.round_id == round.id, col(Score.donor).in_(donors))
        words = select(WeightOverride).where(WeightOverride.round_id == round.id, col(WeightOverride.donor).in_(donors))
        gave = select(Entry.donor).where(Entry.round_id == round.id, col(Entry.donor).in_(donors)).distinct()
        newest = {row.donor: row for row in session.exec(words.order_by(col(WeightOverride.id)))}
        return cls(
            rule=rules_of(round).weights,
            scores={row.donor: (row.score, row.model) for row in session.exec(scores.order_by(col(Score.id)))},
            words={donor: (row.weight_bps, row.reason) for donor, row in newest.items() if row.weight_bps is not None},
            gave=frozenset(session.exec(gave)),
        )

    def weight(self, donors: Sequence[str]) -> int:
        """Return how much somebody counts, in bps, who gave under these names."""
        known = DonorWeights.of(
            self.rule,
            weights={donor: weight_text(bps) for donor, (bps, _) in self.words.items()},
            scores={donor: score for donor, (score, _) in self.scores.items()} if self.rule.curve else None,
            links=dict.fromkeys(donors, donors[0]),
        )
        weights = known.identify(Column.of(list(donors)), self.rule).weight
        return WEIGHT_ONE if weights is None else int(weights[0])

    def shown(self, donor: str) -> EvidenceOut:
        """Return what is known of one name."""
        score, model = self.scores.get(donor, (None, ""))
        _, reason = self.words.get(donor, (0, ""))
        counts = score is not None and self.rule.curve
        return EvidenceOut(
            donor=donor,
            gave=donor in self.gave,
            weight=weight_text(self.weight([donor])),
            basis=Basis.OVERRIDE if donor in self.words else Basis.SCORE if counts else Basis.DEFAULT,
            score=score,
            model=model,
            reason=reason,
        )

    def steps(self, donors: Sequence[str], weight: int) -> list[StepOut]:
        """Return the points of the curve above a weight; none where an operator's word stands, whatever the score."""
        scored = [donor for donor in donors if donor not in self.words]
        if not scored:
            return []
        best = max((parse_decimal(self.scores[donor][0]) for donor in scored if donor in self.scores), default=0)
        return [
            StepOut(score=fraction_text(score), weight=fraction_text(reached), missing=fraction_text(score - best))
            for score, reached in self.rule.curve
            if reached * WEIGHT_ONE > weight and score > best
        ]


def own_weight(session: Session, round: Round, account: str) -> OwnWeightOut | None:
    """Return how much the owner of an account counts in a round; None if the account has no name that gives."""
    query = select(Credential.donor).where(Credential.account_id == account, Credential.donor != "")
    donors = sorted(set(session.exec(query)))
    if not donors:
        return None
    evidence = Evidence.of(session, round, donors)
    counted = [donor for donor in donors if donor in evidence.gave] or donors
    weight = evidence.weight(counted)
    return OwnWeightOut(
        weight=weight_text(weight),
        names=[evidence.shown(donor) for donor in donors],
        next=evidence.steps(counted, weight),
    )


def curve_of(round: Round) -> CurveOut:
    """Return how scores become weights in a round."""
    rule = rules_of(round).weights
    return CurveOut(
        points=[PointOut(score=fraction_text(score), weight=fraction_text(weight)) for score, weight in rule.curve],
        default=weight_text(rule.default),
        largest=weight_text(rule.max_weight),
    )


def weight_text(bps: int) -> str:
    """Return a weight as a decimal.

    >>> weight_text(2500)
    '0.25'
    """
    return fraction_text(Fraction(bps, WEIGHT_ONE))
