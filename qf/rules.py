"""Text -> `Round` and back: the keys of round.toml, their defaults, presets, and every mistake named at once.

    [round]        id, title, opens, closes, unit, unit_decimals, reconciled
    [pool]         amount, token, decimals, policy, match_cap_fraction or match_cap_amount, cap, rounding, min_payout
    [mechanism]    id and its parameters, or preset
    [eligibility]  min_donation, min_donation_scope, allow_self_donation, excluded_donors
    [weights]      convention, curve, default, max_weight

Numbers are integers or strings ("0.2"), never TOML floats: a float is not what was written.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from importlib.resources import files
from typing import Any

from qf.canonical import fraction_text
from qf.columns import canonical_name
from qf.errors import Problem, RoundError
from qf.mechanisms import mechanism, mechanism_of
from qf.round import EligibilityRule, MechanismRule, Pool, PoolPolicy, Round, WeightRule
from qf.rule_values import READERS, WRITERS, Reader
from qf.units import WEIGHT_ONE, to_units


def preset(name: str, *, pool: int | str, parameters: Mapping[str, Any] | None = None, **rules: Any) -> Round:
    """Return the round of a preset with this pool, in base units of the payout token.

    Args:
        name: one of `preset_names()`.
        pool: what there is to pay out, in base units.
        parameters: parameters of the mechanism that differ from the preset.
        rules: any key of a round file that differs from the preset: id, title, opens, unit, unit_decimals, token,
            decimals, policy, match_cap_fraction, match_cap_amount, cap, rounding, min_payout, min_donation, ...

    >>> preset("octant", pool=35_000).pool.match_cap
    7000

    Raises:
        RoundError: naming everything malformed.
    """
    sections: dict[str, dict[str, Any]] = {section: {} for section in READERS}
    sections["mechanism"] = {**(parameters or {}), "preset": name}
    sections["pool"]["amount"] = pool
    home = {key: section for section, readers in READERS.items() for key in readers if key != "amount"}
    unknown = [key for key in rules if key not in home]
    if unknown:
        raise RoundError(_unknown_key("preset", key, home) for key in unknown)
    for key, value in rules.items():
        if value is not None:
            sections[home[key]][key] = value
    sections["round"].setdefault("id", name)
    return round_of(sections)


def preset_names() -> tuple[str, ...]:
    """Return the names of the presets.

    >>> "yen" in preset_names()
    True
    """
    folder = files("qf.mechanisms") / "presets"
    return tuple(sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml")))


def round_of(document: Mapping[str, Any]) -> Round:
    """Return the round that a parsed round file describes.

    >>> round_of({"round": {"id": "demo"}, "pool": {"amount": "1000"}, "mechanism": {"preset": "yen"}}).pool.amount
    1000

    Raises:
        RoundError: naming every unknown key and malformed value.
    """
    problems = [
        _unknown_key("the round file", name, {*READERS, "mechanism"})
        for name in document
        if name not in READERS and name != "mechanism"
    ]
    sections = {name: dict(_section(document, name, problems)) for name in (*READERS, "mechanism")}
    base = _preset_sections(sections["mechanism"].pop("preset", None), problems)
    merged = {name: _merged(name, base.get(name, {}), given) for name, given in sections.items()}
    values = {name: _read_section(name, merged[name], problems) for name in READERS}
    rule = _mechanism_rule(merged["mechanism"], problems)
    problems += _contradictions(merged, values)
    _convert_minimum(values, problems)
    if problems:
        raise RoundError(problems)
    pool = Pool(**values["pool"])
    found = Round(
        **values["round"],
        pool=pool,
        mechanism=rule,
        eligibility=EligibilityRule(**values["eligibility"]),
        weights=WeightRule(**values["weights"]),
    )
    return _resolved(found)


def document_of(round: Round) -> dict[str, dict[str, Any]]:
    """Return the sections of the round file that describes `round`, every choice spelled out.

    >>> from qf.units import BaseUnits
    >>> document_of(Round("demo", Pool(BaseUnits(5))))["pool"]["amount"]
    '5'
    """
    parts = {"round": round, "pool": round.pool, "eligibility": round.eligibility, "weights": round.weights}
    sections: dict[str, dict[str, Any]] = {
        name: {key: WRITERS.get(key, str)(value) for key in READERS[name] if (value := getattr(part, key)) is not None}
        for name, part in parts.items()
    }
    least = Fraction(round.eligibility.min_donation, 10**round.unit_decimals)
    sections["eligibility"]["min_donation"] = fraction_text(least)
    if round.pool.match_cap_amount is not None:
        del sections["pool"]["match_cap_fraction"]
    sections["mechanism"] = {"id": round.mechanism.id, **dict(sorted(round.mechanism.parameters.items()))}
    return sections


def _section(document: Mapping[str, Any], name: str, problems: list[Problem]) -> Mapping[str, Any]:
    section = document.get(name, {})
    if isinstance(section, Mapping):
        return section
    problems.append(Problem(f"[{name}]", "is not a table", f"write [{name}] and its keys below it"))
    return {}


def _preset_sections(name: Any, problems: list[Problem]) -> Mapping[str, Mapping[str, Any]]:
    if name is None:
        return {}
    if name not in preset_names():
        close = difflib.get_close_matches(str(name), preset_names(), n=1)
        hint = f"did you mean {close[0]}?" if close else f"known: {', '.join(preset_names())}"
        problems.append(Problem("[mechanism] preset", f"{name!r} is not a preset", hint))
        return {}
    return tomllib.loads((files("qf.mechanisms") / "presets" / f"{name}.toml").read_text("utf-8"))


def _merged(section: str, base: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """A given cap replaces the preset's, in whichever of its two forms; another mechanism drops its parameters."""
    caps = {"match_cap_fraction", "match_cap_amount"}
    if section == "pool" and caps & set(given):
        base = {key: value for key, value in base.items() if key not in caps}
    if section == "mechanism" and given.get("id", base.get("id")) != base.get("id"):
        base = {}
    return {**base, **given}


def _read_section(name: str, given: Mapping[str, Any], problems: list[Problem]) -> dict[str, Any]:
    readers: Mapping[str, Reader] = READERS[name]
    problems += [_unknown_key(f"[{name}]", key, readers) for key in given if key not in readers]
    values = {}
    for key, reader in readers.items():
        if key not in given:
            if reader.required:
                problems.append(Problem(f"[{name}] {key}", "is missing", reader.meaning))
            continue
        try:
            values[key] = reader.read(given[key])
        except ValueError as error:
            problems.append(Problem(f"[{name}] {key}", str(error), reader.meaning))
    return values


def _mechanism_rule(section: Mapping[str, Any], problems: list[Problem]) -> MechanismRule:
    given = {key: value for key, value in section.items() if key != "id"}
    parameters = {}
    for key, value in given.items():
        if isinstance(value, str | int) and not isinstance(value, bool):
            parameters[key] = str(value)
        else:
            problems.append(Problem(f"[mechanism] {key}", f"{value!r} is neither text nor integer", "put it in quotes"))
    return MechanismRule(str(section.get("id", "quadratic")), parameters)


def _contradictions(merged: Mapping[str, Mapping[str, Any]], values: Mapping[str, Mapping[str, Any]]) -> list[Problem]:
    problems = []
    if {"match_cap_fraction", "match_cap_amount"} <= set(merged["pool"]):
        problems.append(Problem("[pool] match_cap_amount", "there is a match_cap_fraction too", "give one of them"))
    opens, closes = values["round"].get("opens"), values["round"].get("closes")
    if opens is not None and closes is not None and closes <= opens:
        problems.append(Problem("[round] closes", "is not after opens", "give the later moment as closes"))
    default, most = (values["weights"].get(key, getattr(WeightRule(), key)) for key in ("default", "max_weight"))
    if default > most:
        problems.append(Problem("[weights] default", "is above max_weight", "lower it"))
    if any(weight * WEIGHT_ONE > most for _, weight in values["weights"].get("curve", ())):
        problems.append(Problem("[weights] curve", "goes above max_weight", "lower the weights of the curve"))
    policy, least = values["pool"].get("policy"), values["pool"].get("min_payout", 0)
    if policy is PoolPolicy.ALPHA and least:
        told = "alpha pays contributions back, however small"
        problems.append(Problem("[pool] min_payout", told, "leave it out, or use another policy"))
    return problems


def _convert_minimum(values: Mapping[str, dict[str, Any]], problems: list[Problem]) -> None:
    """The minimum is written in whole units and held in round units."""
    least, places = values["eligibility"].get("min_donation"), values["round"].get("unit_decimals", 0)
    if least is None:
        return
    try:
        values["eligibility"]["min_donation"] = to_units(least, places)
    except ValueError as error:
        problems.append(Problem("[eligibility] min_donation", str(error), "write it in the unit of the round"))


def _resolved(round: Round) -> Round:
    """Spell out every parameter, so that a default which changes later cannot change an old round."""
    mechanism_of(round)
    parameters = mechanism(round.mechanism.id).spelled_out(round.mechanism.parameters)
    excluded = tuple(sorted({canonical_name(donor) for donor in round.eligibility.excluded_donors}))
    eligibility = replace(round.eligibility, excluded_donors=excluded)
    return replace(round, mechanism=MechanismRule(round.mechanism.id, parameters), eligibility=eligibility)


def _unknown_key(where: str, key: str, known: Any) -> Problem:
    close = difflib.get_close_matches(key, known, n=1)
    hint = f"did you mean {close[0]}?" if close else f"known: {', '.join(sorted(known))}"
    return Problem(where, f"{key!r} is not known", hint)
