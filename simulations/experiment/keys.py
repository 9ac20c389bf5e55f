"""Values of a scenario by dotted keys: `population.donors`, `attacks.0.accounts`, `identity`."""

from __future__ import annotations

import copy
import difflib
from collections.abc import Iterator, Mapping
from typing import Any

from qf.errors import Problem
from simulations.parts import ScenarioError
from simulations.scenario import Scenario, scenario_of

FIXED = ("scenario.id", "scenario.about", "scenario.title")
"""Keys that say what a scenario is called; a sweep over them would change nothing."""


def changed(scenario: Scenario, settings: Mapping[str, Any]) -> Scenario:
    """Return the scenario with other values under some dotted keys.

    A key that stands for a whole part takes its name or its table; another model brings its own defaults. Parts are set
    before the keys inside them, in whatever order they are given.

    >>> scenario = scenario_of({"scenario": {"id": "demo"}})
    >>> changed(scenario, {"identity.recall": 0.5, "identity": "detection"}).parts.identity.recall
    0.5

    Raises:
        ScenarioError: naming every key that is not there, or everything that is wrong with the values.
    """
    document = copy.deepcopy(scenario.document)
    problems: list[Problem] = []
    for key in sorted(settings, key=_outer_first):
        replaced = _put(document, key, settings[key], problems)
        if replaced and not problems:
            document = copy.deepcopy(scenario_of(document).document)
    if problems:
        raise ScenarioError(problems)
    return scenario_of(document)


def _outer_first(key: str) -> tuple[int, bool, str]:
    return key.count("."), not key.endswith(".model"), key


def _put(document: dict[str, Any], key: str, value: Any, problems: list[Problem]) -> bool:
    """Set the value in the document; return whether that replaced a whole part."""
    *path, last = key.split(".")
    inside: Any = document
    for step in path:
        inside = _inside(inside, step)
    old = _inside(inside, last)
    if old is None:
        problems.append(_no_key(document, key))
        return False
    if last == "model":
        inside.clear()
    place: Any = int(last) if isinstance(inside, list) else last
    inside[place] = str(value) if isinstance(old, str) and type(value) in (int, float) else value
    return last == "model" or isinstance(old, dict) or key == "attacks"


def _inside(part: Any, step: str) -> Any:
    """Return what is called `step` in a table or a list; None: nothing is."""
    if isinstance(part, Mapping):
        return part.get(step)
    if isinstance(part, list) and step.isdecimal() and int(step) < len(part):
        return part[int(step)]
    return None


def _no_key(document: Mapping[str, Any], key: str) -> Problem:
    """Return the problem that there is no such key, with the nearest one there is."""
    known = list(_keys(document, ""))
    behind = [name for name in known if name.endswith(f".{key}")]
    close = behind or difflib.get_close_matches(key, known, n=1)
    listed = [step for step in key.split(".")[:1] if step == "attacks"]
    if not close and listed:
        return Problem(f"key {key}", "there is no such attack", f"there are {len(document['attacks'])}, from attacks.0")
    hint = f"did you mean {' or '.join(close)}?" if close else f"known: {', '.join(document)}, and the keys inside them"
    return Problem(f"key {key}", "is not in the scenario", hint)


def _keys(part: Any, before: str) -> Iterator[str]:
    entries = part.items() if isinstance(part, Mapping) else enumerate(part)
    for name, value in entries:
        here = f"{before}{name}"
        yield here
        if isinstance(value, Mapping) or (isinstance(value, list) and value and isinstance(value[0], Mapping)):
            yield from _keys(value, f"{here}.")
