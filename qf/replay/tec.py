"""Token Engineering Commons: TEGR2 (GG18, August 2023) and TEGR3 (GG19, November 2023).

The tables these rounds were published with come from a notebook with two habits of its own, kept here and nowhere
else: TEGR2 takes the root of every row, not of every donor; TEGR3 averages a donor's repeated gifts to a project
before the root, while the gifts it subtracts are the sum.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path

from qf.allocate import Totals, allocate
from qf.inputs import Inputs
from qf.mechanisms import IdealMatch
from qf.replay.cases import Replay, rows_of
from qf.replay.tables import number, rows
from qf.result import RoundResult
from qf.round import Round
from qf.rules import preset
from qf.settle import match, settle
from qf.units import Amounts

FOLDER = "tec_rounds"
"""Where the tables lie, under the data folder."""

TOLERANCE = Fraction(1, 10**6)
"""US dollars: the tables were computed in float64."""

DECIMALS = 18
"""Places that averages of published amounts are kept to."""


def replays(data: Path) -> Iterator[Replay]:
    """Yield the replays of TEGR2 and of TEGR3 without and with boosts."""
    folder = data / FOLDER
    if not folder.is_dir():
        return
    yield _tegr2(folder)
    yield _tegr3(folder, boosted=False)
    yield _tegr3(folder, boosted=True)


def _tegr2(folder: Path) -> Replay:
    source = "tegr2_Token_Engineering_squelched_coefficients.csv"
    votes = rows(folder / source)
    gifts = [(row["id"], row["grantAddress"], row["amountUSD"]) for row in votes]
    expected = {row["grantAddress"].lower(): number(row["matching"]) for row in rows(folder / "tegr2_results.csv")}
    round = preset("tec_tegr2", pool=25_000 * 10**DECIMALS, decimals=DECIMALS)
    result = settle(round, gifts)
    found = rows_of(result, expected, exact=False)
    note = "the original takes the root of every row; each row is its own donor here"
    return Replay("TEGR2", f"{FOLDER}/{source}", "USD", TOLERANCE, found, note)


def _tegr3(folder: Path, *, boosted: bool) -> Replay:
    source = "tegr3_vote_coefficients-0x0F0b9d9F72C1660905C57864e79CeB409ADa0C9e.csv"
    titles = {row["Grant Address"].lower(): row["Grant Name"] for row in rows(folder / "tegr3_grants.csv")}
    given: defaultdict[tuple[str, str], list[Fraction]] = defaultdict(list)
    for row in rows(folder / source):
        given[row["voter"], row["grantAddress"].lower()].append(number(row["amountUSD"]))
    means = [(donor, project, _cut(sum(gifts, Fraction(0)) / len(gifts))) for (donor, project), gifts in given.items()]
    direct: defaultdict[str, Fraction] = defaultdict(Fraction)
    for (_, project), gifts in given.items():
        direct[project] += sum(gifts)
    column = "Matching Funds Boosted" if boosted else "Matching Funds Not Boosted"
    published = {row["Grant Name"]: number(row[column]) for row in rows(folder / "tegr3_tool_results.csv")}
    expected = {project: published[title] for project, title in titles.items()}
    parameters = {"subtract": "nothing", **({} if boosted else {"boosts": ""})}
    round = preset("tec_tegr3", pool=50_000 * 10**DECIMALS, decimals=DECIMALS, parameters=parameters)
    inputs = Inputs.of(round, means, attributes=_holdings(folder))
    result = _settle_less(round, inputs, direct)
    name = "TEGR3 boosted" if boosted else "TEGR3"
    note = "the original averages a donor's repeated gifts to a project, and subtracts their sum"
    return Replay(name, f"{FOLDER}/{source}", "USD", TOLERANCE, rows_of(result, expected, exact=False), note)


def _settle_less(round: Round, inputs: Inputs, direct: Mapping[str, Fraction]) -> RoundResult:
    """Settle with `direct` (whole units per project) subtracted from the ideal matches."""
    counted, ideal = match(round, inputs)
    unit = 10**round.unit_decimals
    projects = counted.contributions.projects
    less = [
        max(Fraction(0), amount - direct[project] * unit)
        for project, amount in zip(projects, ideal.amounts.fractions(), strict=True)
    ]
    return allocate(round, IdealMatch(Amounts.of(less), ideal.direct), inputs.prices, Totals.of(counted, ideal))


def _holdings(folder: Path) -> dict[str, dict[str, str]]:
    return {
        "tec": {row["address"]: row["balance"] for row in rows(folder / "tegr3_tec_holders.csv")},
        "tea": {row["address"]: row["balance"] for row in rows(folder / "tegr3_tea_holders.csv")},
    }


def _cut(amount: Fraction) -> Fraction:
    return Fraction(int(amount * 10**DECIMALS), 10**DECIMALS)
