"""What is compared, read from text: a mechanism, or what a preset does with one."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, replace

from qf.errors import Problem, RoundError
from qf.mechanisms import REGISTRY, Mechanism, mechanism
from qf.round import MechanismRule, Round, WeightConvention
from qf.rules import preset, preset_names


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the things to compare.

    Attributes:
        name: as it was written.
        round: the round with this mechanism; pool, caps and eligibility are those of the round compared under.
        notes: what had to be changed to apply it.
    """

    name: str
    round: Round
    notes: tuple[str, ...]


def choice_of(round: Round, text: str) -> Choice:
    """Return what `text` stands for: "ID", "PRESET", or either with ":NAME=VALUE,NAME=VALUE" behind it.

    >>> choice_of(preset("yen", pool=1), "quadratic:subtract=nothing").round.mechanism.parameters["subtract"]
    'nothing'

    Raises:
        RoundError: there is no such mechanism, preset or parameter.
    """
    name, _, tail = text.partition(":")
    rule, own = _base(name.strip())
    found = mechanism(rule.id)
    given = {**rule.parameters, **_parameters(tail, found)}
    convention, notes = _convention(found, given, (round.weights.convention, WeightConvention.INSIDE_ROOT, own))
    parameters = found.spelled_out(given)
    weights = replace(round.weights, convention=convention)
    return Choice(text, replace(round, mechanism=MechanismRule(rule.id, parameters), weights=weights), notes)


def _base(name: str) -> tuple[MechanismRule, WeightConvention]:
    """Return the rule called `name`, and where that puts weights by itself."""
    if name in REGISTRY:
        return MechanismRule(name), min(REGISTRY[name].conventions)
    if name in preset_names():
        found = preset(name, pool=1)
        return found.mechanism, found.weights.convention
    known = [*REGISTRY, *preset_names()]
    close = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {close[0]}?" if close else f"known: {', '.join(known)}"
    raise RoundError.at("mechanism to compare", f"{name!r} is neither a mechanism nor a preset", hint)


def _parameters(tail: str, found: Mechanism) -> dict[str, str]:
    """Read "name=value,name=value"; a comma that no parameter name follows belongs to the value before it."""
    parameters: dict[str, str] = {}
    last = ""
    for piece in tail.split(",") if tail else ():
        name, equals, value = (part.strip() for part in piece.partition("="))
        if equals and (name in found.parameters or name.startswith(found.part_prefixes)):
            parameters[name], last = value, name
        elif last:
            parameters[last] += f",{piece}"
        else:
            known = ", ".join(found.parameters) or "none"
            raise RoundError.at(f"parameters of {found.id}", f"{piece!r} sets none of them", f"known: {known}")
    return parameters


def _convention(
    found: Mechanism, parameters: Mapping[str, str], wanted: tuple[WeightConvention, ...]
) -> tuple[WeightConvention, tuple[str, ...]]:
    """Return the first of the `wanted` conventions that fits, with a note if it is not the first of all.

    Raises:
        RoundError: none fits; with what is wrong under the first.
    """
    problems: list[Problem] = []
    for convention in wanted:
        try:
            found.terms(parameters, convention)
        except RoundError as error:
            problems = problems or list(error.problems)
            continue
        if convention is wanted[0]:
            return convention, ()
        return convention, (f"{found.id} cannot apply the weights as {wanted[0]}; it applies them as {convention}",)
    raise RoundError(problems)
