"""clr.fund rounds finished under the capital-constrained formula: two on Arbitrum, and EthStaker's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path

from qf.replay.cases import Replay, rows_of
from qf.replay.tables import document
from qf.rules import preset
from qf.secret_ballots import settle_sums

FOLDER = "clrfund_rounds"
"""Where the rounds lie, under the data folder. Rounds on xDai were settled by an older, linear formula."""

DECIMALS = 18
"""Decimal places of DAI."""

VECTORS = "vectors/clrfund_alpha.json"
"""Beside the data folder: the fixture with the amounts claimed in the EthStaker round."""


def replays(data: Path) -> Iterator[Replay]:
    """Yield a replay per finished round, to the wei."""
    for path in sorted((data / FOLDER).glob("arbitrum_*.json")):
        yield _arbitrum(path)
    fixture = data.parent / VECTORS
    if fixture.is_file():
        yield from _ethstaker(fixture)


def _arbitrum(path: Path) -> Replay:
    published = document(path)
    facts = published["round"]
    projects = published["projects"]
    sums = {row["id"]: (int(row["tallyResult"]), int(row["spentVoiceCredits"])) for row in projects}
    expected = {row["id"]: int(row["allocatedAmount"]) for row in projects}
    factor = int(facts["voiceCreditFactor"])
    budget = int(facts["matchingPoolSize"]) + int(facts["totalSpent"]) * factor
    return _replay(f"clr.fund, {facts['operator']}", f"{FOLDER}/{path.name}", budget, factor, sums, expected)


def _ethstaker(fixture: Path) -> Iterator[Replay]:
    for case in document(fixture)["cases"]:
        if case["id"] != "clrfund.alpha.ethstaker_real_round":
            continue
        columns = zip(case["tally_votes"], case["spent_voice_credits"], case["expected"]["allocated"], strict=True)
        table = {f"option {place:02d}": row for place, row in enumerate(columns)}
        sums = {name: (int(votes), int(spent)) for name, (votes, spent, _) in table.items()}
        expected = {name: int(allocated) for name, (_, _, allocated) in table.items()}
        factor = int(case["voice_credit_factor"])
        yield _replay("clr.fund, EthStaker", f"../{VECTORS}", int(case["budget"]), factor, sums, expected)


def _replay(
    name: str,
    source: str,
    budget: int,
    factor: int,
    sums: Mapping[str, tuple[int, int]],
    expected: Mapping[str, int],
) -> Replay:
    round = preset(
        "clrfund",
        pool=budget,
        decimals=DECIMALS,
        unit_decimals=DECIMALS,
        unit="DAI",
        token="DAI",
        parameters={"voice_credit_factor": factor},
    )
    result = settle_sums(round, sums)
    published = {project: Fraction(amount, 10**DECIMALS) for project, amount in expected.items()}
    return Replay(name, source, "DAI", Fraction(0), rows_of(result, published, exact=True))
