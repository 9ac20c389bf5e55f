"""What donors have in common, and how far a division is from what each of them would choose. Taken only on demand."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np

from simulations.metrics.view import Floats, View


def shared_donors(view: View) -> Floats:
    """Return n[p, q] = how many accounts gave to both, shape (projects, projects); on the diagonal, to p."""
    scene = view.made.after
    gave = np.zeros((scene.accounts, len(view.payout)), dtype=np.float32)
    gave[scene.gifts.donor, scene.original[scene.gifts.project]] = 1
    return np.asarray(gave.T @ gave, dtype=np.float64)


def jaccard(view: View) -> float:
    """Return the mean over pairs of projects of |A and B| / |A or B|, A, B their donors; 0 where nobody gave."""
    both = shared_donors(view)
    own = np.diag(both)
    either = own[:, None] + own - both
    return _mean_over_pairs(both / np.where(either > 0, either, 1))


def cosine(view: View) -> float:
    """Return the mean over pairs of projects of |A and B| / sqrt(|A| |B|), A, B their donors; 0 where nobody gave."""
    both = shared_donors(view)
    size = np.sqrt(np.outer(np.diag(both), np.diag(both)))
    return _mean_over_pairs(both / np.where(size > 0, size, 1))


def utilitarian(view: View) -> float:
    """Return the mean over donors of |x - v[i]|, l1 distance between shares of payouts and of valuations, 0 to 2.

    Times the pool it is the "utilitarian welfare" of GovXS, which is better the smaller it is.
    """
    return float(_regrets(view).mean())


def egalitarian(view: View) -> float:
    """Return the largest |x - v[i]| of any donor: how far the worst served is from the own division, 0 to 2."""
    return float(_regrets(view).max())


def _regrets(view: View) -> Floats:
    value = view.made.people.value
    total = value.sum(axis=1, keepdims=True)
    wished = value / np.where(total > 0, total, 1)
    return np.asarray(np.abs(view.share - wished).sum(axis=1)[total[:, 0] > 0])


def _mean_over_pairs(matrix: Floats) -> float:
    many = len(matrix)
    pairs = many * (many - 1)
    return float((matrix.sum() - np.trace(matrix)) / pairs) if pairs else math.nan


METRICS: Mapping[str, Callable[[View], float]] = {
    "overlap_jaccard": jaccard,
    "overlap_cosine": cosine,
    "utilitarian_l1": utilitarian,
    "egalitarian_l1": egalitarian,
}
"""Column -> measure."""
