"""Small rounds that hypothesis draws, for each mechanism with the parameters its axioms are declared for."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.properties.axioms import Trial

VARIANTS: dict[str, list[dict[str, str]]] = {
    "pairwise": [{}, {"variant": "clr", "strength": "3"}],
    "tunable": [
        {},
        {"boosts": "badges:linear:max=3:threshold=1", "combine": "sum"},
        {"boosts": "badges:log_linear:max=8:threshold=2", "base": "cluster_profile", "factor": "8"},
        {"boosts": "badges:threshold:threshold=4", "base": "cluster_profile", "subtract": "boosted"},
    ],
    "alpha_constrained": [{"voice_credit_factor": "1"}, {"voice_credit_factor": "7"}],
    "quadratic_voting": [{}, {"negative_votes": "ignore"}],
}
"""The parameters axioms are held to; where a mechanism is not listed, its defaults alone."""

DONORS, PROJECTS = "abcde", "pqrs"
"""Names; the ideal match of a project does not depend on them."""


def trials(id: str) -> st.SearchStrategy[Trial]:
    """Return the strategy of rounds for the mechanism `id`."""
    pairs = st.tuples(st.sampled_from(DONORS), st.sampled_from(PROJECTS))
    gifts = st.dictionaries(pairs, st.integers(1, 400), max_size=12)
    against = st.dictionaries(pairs, st.integers(1, 400), max_size=3) if id == "quadratic_voting" else st.just({})
    some = st.dictionaries(st.sampled_from(DONORS), st.integers(1, 10_000), max_size=3)
    return st.builds(
        Trial,
        gifts=gifts,
        against=against,
        attributes=st.fixed_dictionaries({
            "badges": st.dictionaries(st.sampled_from(DONORS), st.integers(0, 9).map(str), max_size=4),
            "group": st.dictionaries(st.sampled_from(DONORS), st.sampled_from(["", "north", "south"]), max_size=5),
        }),
        parameters=st.sampled_from(VARIANTS.get(id, [{}])),
        weights=st.one_of(st.just({}), some),
        donor=st.sampled_from(DONORS),
        project=st.sampled_from(PROJECTS),
        extra=st.integers(1, 300),
        factor=st.integers(2, 40),
        accounts=st.integers(2, 5),
    )  # fmt: skip
