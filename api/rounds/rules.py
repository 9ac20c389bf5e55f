"""The rules of a round: written while it is a draft, spelled out and frozen before it opens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from api.schema import moment_text
from api.states import State
from api.tables import Round
from qf import round_of
from qf.canonical import canonical_json, digest
from qf.errors import Problem, RoundError
from qf.rules import document_of

Document = Mapping[str, Mapping[str, Any]]
"""Section -> key -> value, as in a round file."""

_OWN = frozenset({"id", "title", "opens", "closes"})
"""Keys of the section [round] that a copy does not take over."""


def merged(base: Document, more: Document) -> dict[str, dict[str, Any]]:
    """Return `base`, but for the keys that `more` gives.

    >>> merged({"pool": {"amount": "1", "cap": "clip"}}, {"pool": {"amount": "2"}})
    {'pool': {'amount': '2', 'cap': 'clip'}}
    """
    return {name: {**base.get(name, {}), **more.get(name, {})} for name in dict.fromkeys([*base, *more])}


def without_dates(rules: Document) -> dict[str, Mapping[str, Any]]:
    """Return rules as another round begins with them: without name and dates."""
    return {**rules, "round": {key: value for key, value in rules.get("round", {}).items() if key not in _OWN}}


def file_of(round: Round) -> bytes:
    """Return the rules of a round as a file that `qf settle` reads; a draft's are spelled out as freezing would.

    Raises:
        RoundError: a draft whose rules are malformed; names everything.
    """
    return canonical_json(_resolved(round) if round.state == State.DRAFT else round.rules)


def freeze_rules(round: Round) -> None:
    """Spell out every choice of a draft, from which its digest is.

    Raises:
        RoundError: a rule is malformed, or a date is missing; names everything.
    """
    written = round.rules.get("round", {})
    missing = [
        Problem(f"[round] {key}", "is missing", f"say when donations {what} to count")
        for key, what in (("opens", "begin"), ("closes", "cease"))
        if key not in written
    ]
    try:
        rules = _resolved(round)
    except RoundError as error:
        raise RoundError([*error.problems, *missing]) from None
    if missing:
        raise RoundError(missing)
    _set(round, rules)


def extend_rules(round: Round, closes_at: int) -> None:
    """Give the rules of a frozen round a later end, and their new digest."""
    _set(round, document_of(round_of(merged(round.rules, {"round": {"closes": moment_text(closes_at)}}))))


def _resolved(round: Round) -> dict[str, dict[str, Any]]:
    return document_of(round_of(merged(round.rules, {"round": {"id": round.id, "title": round.title}})))


def _set(round: Round, rules: dict[str, dict[str, Any]]) -> None:
    found = round_of(rules)
    round.rules, round.rules_digest = rules, digest(canonical_json(rules))
    round.opens_at, round.closes_at = found.opens, found.closes
