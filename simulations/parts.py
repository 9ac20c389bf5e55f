"""A part of a scenario is a frozen dataclass whose fields are the keys of a table, each made with `key`.

A part that can be one of several kinds is a table with the key `model`; the kinds are in a registry, by name. Whatever
is wrong with a scenario is collected, with a suggestion, before anything runs.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from typing import Any, TypeVar, get_origin, get_type_hints

from qf.errors import InputError, Problem

Part = TypeVar("Part")

Models = Mapping[str, type[Any]]
"""The kinds of a part, by the name that `model` has."""


class ScenarioError(InputError):
    """A scenario is malformed; every problem is named."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What a key means and which values it takes.

    Attributes:
        meaning: what the value is, with its unit.
        least, most: the smallest and the largest value that is taken; None: no limit.
        above: the value has to be larger than this; None: no limit.
        options: the texts that are taken; empty: any.
        models: the kinds of part that stand here; None: a plain value.
    """

    meaning: str
    least: float | None = None
    most: float | None = None
    above: float | None = None
    options: tuple[str, ...] = ()
    models: Models | None = None


def key(
    meaning: str,
    default: Any = MISSING,
    *,
    least: float | None = None,
    most: float | None = None,
    above: float | None = None,
    options: tuple[str, ...] = (),
    models: Models | None = None,
) -> Any:
    """Return a field of a part: what it means, what it is without being given, and which values it takes."""
    rule = Rule(meaning, least, most, above, options, models)
    metadata = {"rule": rule}
    if isinstance(default, type) or callable(default):
        return field(default_factory=default, metadata=metadata)
    return field(default=default, metadata=metadata)


def read_part(kind: type[Part], table: Any, where: str, problems: list[Problem]) -> Part | None:
    """Return the part of this kind that a table describes, or None after adding everything that is wrong with it."""
    if not isinstance(table, Mapping):
        problems.append(Problem(where, f"{table!r} is not a table", "write its keys and values"))
        return None
    rules = _rules(kind)
    hints = get_type_hints(kind)
    defaults = {entry.name: entry.default_factory for entry in fields(kind)}  # type: ignore[arg-type]
    before = len(problems)
    known = [*rules, "model"] if hasattr(kind, "model") else [*rules]
    problems += [unknown(where, name, known) for name in table if name not in known]
    values: dict[str, Any] = {}
    for name, rule in rules.items():
        here = f"{where} {name}"
        if name in table:
            usual = getattr(defaults.get(name), "model", None)
            values[name] = _read(hints[name], rule, table[name], here, problems, usual)
        elif name in _required(kind):
            problems.append(Problem(here, "is missing", rule.meaning))
    if len(problems) > before:
        return None
    try:
        return kind(**values)
    except ScenarioError as error:
        problems += [Problem(f"{where} {problem.where}", problem.what, problem.fix) for problem in error.problems]
        return None


def read_model(models: Models, table: Any, where: str, problems: list[Problem], usual: str | None = None) -> Any:
    """Return the part that a table with the key `model` describes, or None after adding what is wrong with it.

    A table without `model` is of the `usual` kind; a text alone is a model with all its defaults.
    """
    name = table.get("model", usual) if isinstance(table, Mapping) else table
    if isinstance(name, str) and name in models:
        return read_part(models[name], table if isinstance(table, Mapping) else {}, where, problems)
    if name is None:
        problems.append(Problem(f"{where} model", "is missing", f"one of {', '.join(models)}"))
    else:
        problems.append(unknown(f"{where} model", str(name), models))
    return None


def document_of(part: Any) -> Any:
    """Return a part as plain values, every default spelled out; `read_part` reads it back."""
    if is_dataclass(part):
        kind: Any = type(part)
        model = {"model": kind.model} if hasattr(kind, "model") else {}
        return {**model, **{entry.name: document_of(getattr(part, entry.name)) for entry in fields(part)}}
    if isinstance(part, tuple):
        return [document_of(entry) for entry in part]
    return part


def unknown(where: str, name: str, known: Any) -> Problem:
    """Return the problem that `name` is none of `known`, with the nearest of them."""
    close = difflib.get_close_matches(name, list(known), n=1)
    hint = f"did you mean {close[0]}?" if close else f"known: {', '.join(known)}"
    return Problem(where, f"{name!r} is not known", hint)


def _rules(kind: type[Any]) -> dict[str, Rule]:
    return {entry.name: entry.metadata["rule"] for entry in fields(kind)}


def _required(kind: type[Any]) -> set[str]:
    return {entry.name for entry in fields(kind) if entry.default is MISSING and entry.default_factory is MISSING}


def _read(hint: Any, rule: Rule, value: Any, where: str, problems: list[Problem], usual: str | None) -> Any:
    if rule.models is not None and get_origin(hint) is tuple:
        rows = value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
        return tuple(read_model(rule.models, row, f"{where} {n}", problems) for n, row in enumerate(rows, start=1))
    if rule.models is not None:
        return read_model(rule.models, value, where, problems, usual)
    if isinstance(hint, type) and is_dataclass(hint):
        return read_part(hint, value, where, problems)
    try:
        return _plain(hint, rule, value)
    except ValueError as error:
        problems.append(Problem(where, str(error), rule.meaning))
        return None


def _plain(hint: Any, rule: Rule, value: Any) -> Any:
    if get_origin(hint) is tuple:
        if not isinstance(value, Sequence) or isinstance(value, str):
            raise ValueError(f"{value!r} is not a list")
        return tuple(_plain(hint.__args__[0], rule, entry) for entry in value)
    wanted = hint if isinstance(hint, type) else hint.__args__[0]  # X | None
    number = wanted is float and isinstance(value, int) and not isinstance(value, bool)
    if not number and (type(value) is not wanted):
        raise ValueError(f"{value!r} is not {_NAMES[wanted]}")
    if wanted in (int, float):
        _check_range(rule, value)
    if rule.options and value not in rule.options:
        close = difflib.get_close_matches(value, rule.options, n=1)
        hint = f"; did you mean {close[0]}?" if close else ""
        raise ValueError(f"{value!r} is none of {', '.join(rule.options)}{hint}")
    return float(value) if number else value


def _check_range(rule: Rule, value: float) -> None:
    if not abs(value) < float("inf"):
        raise ValueError(f"{value} is not a finite number")
    if rule.least is not None and value < rule.least:
        raise ValueError(f"{value} is below {rule.least}")
    if rule.above is not None and value <= rule.above:
        raise ValueError(f"{value} is not above {rule.above}")
    if rule.most is not None and value > rule.most:
        raise ValueError(f"{value} is above {rule.most}")


_NAMES = {int: "a whole number", float: "a number", str: "text", bool: "true or false"}
