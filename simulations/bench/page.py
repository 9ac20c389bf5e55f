"""The page of QF-Bench: what was run, who is where, and how to get the same figures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from simulations.bench.calibration import Compared, compared
from simulations.bench.hunting import Hunted, hunted
from simulations.bench.running import HONEST, Row, bench
from simulations.bench.setting import ATTACKS, MECHANISMS, MERIT, TRACKS, VERSION, setting_digest
from simulations.bench.words import (
    ATTACKED,
    BOARD,
    CALIBRATED,
    HUNTED,
    INTRODUCTION,
    LIMITS,
    MERITED,
    TRACKED,
)
from simulations.population.fit import read_fit

SMALL = ("tegr2", "tegr3", "gr3")
"""The tracks that are run again with other values of `merit`."""

MERITS = (0.0, MERIT, 1.0)
"""Those values."""

Select = Callable[[Row], bool]


def write_page(path: Path, *, jobs: int = 1) -> Path:
    """Run the benchmark and return the page that was written about it."""
    rows = bench(jobs=jobs)
    merits = {merit: bench(SMALL, (), merit=merit, jobs=jobs) for merit in MERITS}
    path.write_text(page(rows, merits, hunted(), [compared(track) for track in TRACKS]), "utf-8")
    return path


def page(
    rows: Sequence[Row], merits: Mapping[float, Sequence[Row]], hunt: Sequence[Hunted], fits: Sequence[Compared]
) -> str:
    """Return the page.

    Args:
        rows: of the benchmark.
        merits: rows without attacks, by how much fame tells of quality.
        hunt: what a search for attacks found.
        fits: how near the generated rounds are to the real ones.
    """
    sections = [
        INTRODUCTION.format(version=VERSION, digest=setting_digest(), tracks=_tracks()),
        BOARD + leaderboard(rows),
        ATTACKED + attack_table(rows),
        TRACKED + track_table(rows),
        MERITED + merit_table(merits),
        HUNTED + hunt_table(hunt),
        CALIBRATED + fit_table(fits),
        LIMITS,
    ]
    return "\n".join(sections)


def leaderboard(rows: Sequence[Row]) -> str:
    """Return the mechanisms, best first: by the alignment that is left under the attack that harms it most."""
    lines = []
    for mechanism in MECHANISMS:
        honest = _over_tracks(rows, mechanism, HONEST, "alignment")
        under = {attack: _over_tracks(rows, mechanism, attack, "alignment") for attack in ATTACKS}
        worst = min(under, key=lambda attack: under[attack])
        lines.append(
            (
                under[worst],
                f"`{mechanism}`",
                f"{under[worst]:.3f}",
                worst,
                f"{honest:.3f}",
                f"{_over_tracks(rows, mechanism, HONEST, 'welfare_ratio'):.3f}",
                f"{_over_tracks(rows, mechanism, HONEST, 'gini'):.2f}",
            )
        )
    head = ("mechanism", "alignment, worst attack", "that attack", "alignment, none", "welfare", "Gini")
    return table(head, [line[1:] for line in sorted(lines, key=lambda line: -line[0])])


def attack_table(rows: Sequence[Row]) -> str:
    """Return what attackers make, by mechanism and attack: mean profit over the tracks, in percent of the pool."""
    body = [
        (f"`{name}`", *(f"{100 * _over_tracks(rows, name, attack, 'attack_profit'):.1f}" for attack in ATTACKS))
        for name in MECHANISMS
    ]
    return table(("mechanism", *ATTACKS), body)


def track_table(rows: Sequence[Row]) -> str:
    """Return alignment without attack, and profit of the plain sybils, by track, each with its standard error."""
    tracks = [track for track in TRACKS if any(row["track"] == track for row in rows)]
    body = []
    for name in MECHANISMS:
        cells = []
        for track in tracks:
            cells.append(_with_error(_values(rows, track, name, HONEST, "alignment"), 1, 3))
            cells.append(_with_error(_values(rows, track, name, "sybil", "attack_profit"), 100, 1))
        body.append((f"`{name}`", *cells))
    return table(("mechanism", *(f"{track} {what}" for track in tracks for what in ("alignment", "sybil %"))), body)


def merit_table(merits: Mapping[float, Sequence[Row]]) -> str:
    """Return alignment without attack, by how much fame tells of quality."""
    body = [
        (f"`{name}`", *(f"{_over_tracks(rows, name, HONEST, 'alignment'):.3f}" for rows in merits.values()))
        for name in MECHANISMS
    ]
    return table(("mechanism", *(f"merit {merit:g}" for merit in merits)), body)


def hunt_table(hunt: Sequence[Hunted]) -> str:
    """Return what a search for attacks found, by mechanism."""
    body = [
        (
            f"`{each.mechanism}`",
            f"{each.handmade:,.0f}",
            f"{each.best.profit:,.0f}",
            each.told,
            f"{each.price:,.0f}",
            *(f"{100 * captured:.1f}" for captured in each.captured),
        )
        for each in hunt
    ]
    curve = [f"captured with {budget:,}, %" for budget in (hunt[0].budgets if hunt else ())]
    return table(("mechanism", "hand-made", "found", "how", "account not worth it from", *curve), body)


def fit_table(fits: Sequence[Compared]) -> str:
    """Return what was counted in the real rounds, and in the generated ones."""
    names = list(fits[0].real) if fits else []
    body = [(name, *(f"{fit.real[name]:.4g} / {fit.made[name]:.4g}" for fit in fits)) for name in names]
    return table(("real / generated", *(fit.track for fit in fits)), body)


def table(head: Iterable[str], body: Iterable[Iterable[str]]) -> str:
    """Return a Markdown table.

    >>> print(table(("a", "b"), [("1", "2")]), end="")
    | a | b |
    |---|---|
    | 1 | 2 |
    """
    head = tuple(head)
    lines = [head, *(tuple(row) for row in body)]
    text = [f"| {' | '.join(line)} |" for line in lines]
    return "\n".join([text[0], "|" + "---|" * len(head), *text[1:]]) + "\n"


def _tracks() -> str:
    return table(
        ("track", "like", "donors", "projects", "pool", "replications"),
        [
            (
                name,
                read_fit(track.fit).title,
                f"{read_fit(track.fit).donors:,}",
                str(read_fit(track.fit).projects),
                f"{track.pool:,}",
                str(track.replications),
            )
            for name, track in TRACKS.items()
        ],
    )


def _values(rows: Sequence[Row], track: str, mechanism: str, attack: str, name: str) -> list[float]:
    return [
        float(row[name])
        for row in rows
        if row["track"] == track and row["mechanism"] == mechanism and row["attack"] == attack and not row["error"]
    ]


def _over_tracks(rows: Sequence[Row], mechanism: str, attack: str, name: str) -> float:
    """Return the mean over tracks, each counting the same, of the mean over replications."""
    means = [np.mean(found) for track in TRACKS if (found := _values(rows, track, mechanism, attack, name))]
    return float(np.mean(means))


def _with_error(values: Sequence[float], factor: float, places: int) -> str:
    scaled = np.array(values) * factor
    error = scaled.std(ddof=1) / np.sqrt(len(scaled)) if len(scaled) > 1 else 0.0
    return f"{scaled.mean():.{places}f} ± {error:.{places}f}"
