"""A random bipartite graph with given degrees, no edge twice, and a given overlap of the projects' donors.

The configuration model: every donor and every project has as many stubs as its degree; stubs are joined at random, and
edges that came out twice are rewired, which leaves all degrees as they are. Then more pairs of edges are rewired, each
time only if it brings the overlap closer to what is wanted. Source: Newman, Strogatz, Watts (2001), section V;
rewiring: Maslov and Sneppen (2002).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from qf.kernels.compiled import compiled

Degrees = NDArray[np.int64]

PASSES = 200
"""How often edges that occur twice are tried with other partners. Those that remain are dropped."""

PROPOSALS = 60
"""How many rewirings are tried, by the number of edges, to reach an overlap."""

NEAR = 0.005
"""How near the overlap has to come, relative to what is wanted."""


def random_graph(
    rng: np.random.Generator, donors: Degrees, projects: Degrees, overlap: float | None = None
) -> NDArray[np.bool_]:
    """Return who gives to what, shape (donors, projects).

    Args:
        rng: draws.
        donors: degree of each donor.
        projects: degree of each project, of the same sum.
        overlap: root mean square, over pairs of projects, of the cosine of their sets of donors; None: as it falls.
    """
    donor = np.repeat(np.arange(len(donors)), donors)
    project = rng.permutation(np.repeat(np.arange(len(projects)), projects))
    edges = np.zeros((len(donors), len(projects)), dtype=np.int32)
    np.add.at(edges, (donor, project), 1)
    for _ in range(PASSES):
        twice = np.flatnonzero(edges[donor, project] > 1)
        if not len(twice):
            break
        _make_simple(donor, project, edges, twice, rng.integers(len(donor), size=len(twice)))
    graph = edges > 0
    if overlap is not None and len(projects) > 1:
        _approach(rng, graph, overlap)
    return graph


def _approach(rng: np.random.Generator, graph: NDArray[np.bool_], overlap: float) -> None:
    """Rewire the graph in place until its overlap is as wanted, or no more is tried."""
    donor, project = np.nonzero(graph)
    start = np.concatenate([[0], np.cumsum(np.bincount(donor, minlength=len(graph)))])
    known = graph.astype(np.float32)
    shared = np.asarray(known.T @ known, dtype=np.float64)
    size = np.maximum(np.diag(shared), 1)
    weight = 1 / np.outer(size, size)
    np.fill_diagonal(weight, 0)
    pairs = len(size) * (len(size) - 1)
    now, wanted = float((shared**2 * weight).sum()), overlap**2 * pairs
    for _ in range(PROPOSALS):
        if abs(now - wanted) <= 2 * NEAR * wanted:
            break
        one, other = rng.integers(len(donor), size=(2, len(donor)))
        now = _rewire(donor, project, start, graph, shared, weight, one, other, now, wanted)


@compiled
def _make_simple(
    donor: NDArray[np.int64],
    project: NDArray[np.int64],
    edges: NDArray[np.int32],
    twice: NDArray[np.int64],
    partner: NDArray[np.int64],
) -> None:
    """Exchange the projects of edges that occur twice with those of partners, where it makes no edge occur twice."""
    for number in range(len(twice)):
        a, b = twice[number], partner[number]
        i, p, j, q = donor[a], project[a], donor[b], project[b]
        if edges[i, p] > 1 and edges[i, q] == 0 and edges[j, p] == 0:
            edges[i, p] -= 1
            edges[j, q] -= 1
            edges[i, q] += 1
            edges[j, p] += 1
            project[a], project[b] = q, p


@compiled
def _rewire(
    donor: NDArray[np.int64],
    project: NDArray[np.int64],
    start: NDArray[np.int64],
    graph: NDArray[np.bool_],
    shared: NDArray[np.float64],
    weight: NDArray[np.float64],
    one: NDArray[np.int64],
    other: NDArray[np.int64],
    now: float,
    wanted: float,
) -> float:
    """Exchange the projects of proposed pairs of edges where it brings sum of n**2 w closer; return that sum."""
    for number in range(len(one)):
        a, b = one[number], other[number]
        i, p, j, q = donor[a], project[a], donor[b], project[b]
        if graph[i, q] or graph[j, p]:
            continue
        change = 0.0
        for turn in range(2):  # i has q instead of p, then j has p instead of q
            who, old, new, slot = (i, p, q, a) if turn == 0 else (j, q, p, b)
            for place in range(start[who], start[who + 1]):
                r = project[place]
                if place != slot:
                    change -= 2 * (2 * shared[old, r] - 1) * weight[old, r]
                    shared[old, r] -= 1
                    shared[r, old] -= 1
                    change += 2 * (2 * shared[new, r] + 1) * weight[new, r]
                    shared[new, r] += 1
                    shared[r, new] += 1
        if abs(now + change - wanted) < abs(now - wanted):
            now += change
            graph[i, p] = graph[j, q] = False
            graph[i, q] = graph[j, p] = True
            project[a], project[b] = q, p
            continue
        for turn in range(2):
            who, old, new, slot = (i, p, q, a) if turn == 0 else (j, q, p, b)
            for place in range(start[who], start[who + 1]):
                r = project[place]
                if place != slot:
                    shared[old, r] += 1
                    shared[r, old] += 1
                    shared[new, r] -= 1
                    shared[r, new] -= 1
        if abs(now - wanted) <= 1e-6 * wanted:
            break
    return now
