"""Evidence about donors: scores that somebody measured, from a program or a file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import insert
from sqlmodel import col, select

from api.access import RoundAsking
from api.inputs import rules_of
from api.intake.files import LONGEST_NAME, read_file
from api.problems import Conflict, Fault, Invalid
from api.states import State
from api.tables import Round, Score
from api.weights.schema import NewScores, ScoresOut
from qf.codec.cells import checked_decimals
from qf.codec.names import Fault as CellFault
from qf.codec.names import spelled
from qf.codec.parquet import Kind
from qf.codec.tables import Format, Table, read_table
from qf.columns import canonical_name
from qf.errors import InputError

NAME = "scores.csv"
"""What the file is called in messages."""

SCORES = Format({"donor": Kind.NAME, "score": Kind.NUMBER, "model": Kind.NAME}, ("donor", "score"))
"""The columns of a file of scores."""


@dataclass(frozen=True, slots=True)
class Scored:
    """A donor's score, as decimal text, and where in what was sent it stands."""

    where: str
    donor: str
    score: str
    model: str


def take(asking: RoundAsking, new: NewScores) -> ScoresOut:
    """Return what came of scores that a program sent.

    Raises:
        Conflict: the round has no curve, or is not under way.
        Invalid: a name is malformed, or there twice; names all.
    """
    faults, read = [], []
    for number, each in enumerate(new.scores):
        where = f"scores.{number}.donor"
        try:
            read.append(Scored(where, canonical_name(each.donor), each.score, each.model))
        except ValueError as error:
            faults.append(Fault(where=where, what=str(error), fix="write the name plainly"))
    return _kept(asking, read, faults)


def take_file(asking: RoundAsking, body: bytes) -> ScoresOut:
    """Return what came of a file of scores.

    Raises:
        Conflict: the round has no curve, or is not under way.
        Invalid, InputError: lines are malformed; names them all.
    """
    return _kept(asking, read_file(body, NAME, _read), [])


def under_way(round: Round) -> None:
    """Raise unless what donors count may change in a round.

    Raises:
        Conflict: it is a draft, or it is over.
    """
    if round.state not in {State.FROZEN, State.OPEN, State.CLOSED}:
        raise Conflict(f"The round is {round.state}; weights do not change in it.", "not_under_way")


def _read(path: Path) -> list[Scored]:
    table = read_table(path, SCORES)
    cells = [_names(table, "donor"), _scores(table), _names(table, "model")]
    table.check(InputError)
    rows = zip(*cells, strict=True)
    return [Scored(table.where(number, "donor").replace(str(path), NAME), *row) for number, row in enumerate(rows)]


def _names(table: Table, column: str) -> list[str]:
    read = spelled(table.filled(column), may_be_empty=column == "model")
    names: list[str] = read.value.to_list()
    told = f"has more than {LONGEST_NAME} characters"
    long = [CellFault(row, told, "shorten it") for row, name in enumerate(names) if len(name) > LONGEST_NAME]
    table.fault(column, [*read.faults, *long])
    return names


def _scores(table: Table) -> list[str]:
    texts = table.filled("score")
    table.fault("score", checked_decimals(texts).faults)
    return list(texts.to_list())


def _kept(asking: RoundAsking, told: list[Scored], faults: list[Fault]) -> ScoresOut:
    """Write the scores that are not known yet; the newest of a donor is the one that counts."""
    round = asking.lock()
    under_way(round)
    if not rules_of(round).weights.curve:
        raise Conflict("The round has no curve that turns a score into a weight; give weights instead.", "no_curve")
    faults += _twice(told)
    if faults:
        raise Invalid.of(faults)
    known = _newest(asking)
    new = [each for each in told if known.get(each.donor) != (each.score, each.model)]
    if new:
        rows = [
            {"round_id": round.id, "donor": each.donor, "score": each.score, "model": each.model}
            | {"at": asking.at, "actor": asking.actor.name}
            for each in new
        ]
        asking.session.execute(insert(Score), rows)
        models = sorted({each.model for each in new if each.model})
        asking.record("scores.taken", new=len(new), known=len(told) - len(new), models=models[:20])
    return ScoresOut(new=len(new), known=len(told) - len(new))


def _twice(told: Iterable[Scored]) -> list[Fault]:
    told = list(told)
    counts = Counter(each.donor for each in told)
    return [
        Fault(where=each.where, what=f"{each.donor} is there more than once", fix="give each donor one score")
        for each in told
        if counts[each.donor] > 1
    ]


def _newest(asking: RoundAsking) -> dict[str, tuple[str, str]]:
    query = select(Score.donor, Score.score, Score.model).where(Score.round_id == asking.round.id)
    rows = asking.session.exec(query.order_by(col(Score.id)))
    return {donor: (score, model) for donor, score, model in rows}
