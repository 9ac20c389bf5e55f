"""What is simulated, as one object: read from TOML, written back with every default spelled out, known by its digest.

[scenario]     id, title, seed, replications, mechanisms, measures
[pool]         as in a round file; the amount in hundredths of the unit, unless `decimals` says otherwise
[eligibility]  [weights]: as in a round file
[projects]     count, spread
[population]   model and its keys
[behaviour]    model and its keys
[identity]     model and its keys
[[attacks]]    model and its keys, one table for each attack
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from qf.allocate import base_units_per_round_unit
from qf.compare.choices import Choice, choice_of
from qf.errors import Problem, QfError, RoundError
from qf.prices import PriceSnapshot
from qf.round import Round
from qf.rules import document_of as round_document
from qf.rules import round_of
from simulations.attacks import ATTACKS
from simulations.behaviour import BEHAVIOURS, Habit
from simulations.gifts import UNIT_DECIMALS
from simulations.identity import IDENTITIES, Unknown
from simulations.parts import ScenarioError, document_of, key, read_part, unknown
from simulations.population import POPULATIONS, Synthetic
from simulations.projects import Projects

RULES = ("pool", "eligibility", "weights")
"""The tables of a round file that a scenario has as well."""


EXTRA_MEASURES = (
    "overlap_jaccard",
    "overlap_cosine",
    "utilitarian_l1",
    "egalitarian_l1",
    "robustness",
    "bribery_cost",
    "removal_cost",
    "adding_cost",
    "extractable",
    "marginal_leverage",
    "optimality_gap",
)
"""What is measured only where a scenario asks for it; `simulations.metrics.EXTRA` says what each is."""


@dataclass(frozen=True, slots=True)
class Head:
    """What a scenario is called, how often it is run, and what is compared."""

    id: str = key("name for files")
    title: str = key("name for people", "")
    about: str = key("what the scenario is to show", "")
    seed: int = key("the same seed gives the same bytes", 1, least=0, most=2**63 - 1)
    replications: int = key("how often it is run, each time with other donors", 100, least=1, most=1_000_000)
    mechanisms: tuple[str, ...] = key(
        "mechanisms or presets, as `qf compare` takes them: quadratic, pairwise:strength=25", ("quadratic",)
    )
    measures: tuple[str, ...] = key("what is measured beyond the usual; each takes longer", (), options=EXTRA_MEASURES)


@dataclass(frozen=True, slots=True)
class Parts:
    """The world in which rounds take place."""

    projects: Projects = key("what is funded", Projects)
    population: Any = key("who gives", Synthetic, models=POPULATIONS)
    behaviour: Any = key("what they give", Habit, models=BEHAVIOURS)
    identity: Any = key("what is known of them", Unknown, models=IDENTITIES)
    attacks: tuple[Any, ...] = key("who attacks, in this order", (), models=ATTACKS)

    def __post_init__(self) -> None:
        self.population.check(self.projects.count)


@dataclass(frozen=True)
class Scenario:
    """All that a simulation depends on.

    Attributes:
        head: its name, seed, replications and mechanisms.
        rules: pool, eligibility and weights, as a round; its mechanism means nothing.
        parts: projects, donors, attackers.
    """

    head: Head
    rules: Round
    parts: Parts

    @cached_property
    def choices(self) -> tuple[Choice, ...]:
        """What is compared: the round of each mechanism."""
        return tuple(choice_of(self.rules, text) for text in self.head.mechanisms)

    @property
    def document(self) -> dict[str, Any]:
        """The scenario as plain values, every default spelled out; `scenario_of` reads it back."""
        rules = round_document(self.rules)
        return {"scenario": document_of(self.head), **{name: rules[name] for name in RULES}, **document_of(self.parts)}

    @property
    def digest(self) -> str:
        """The SHA-256 of the document: equal scenarios, equal digests, however they were written."""
        text = json.dumps(self.document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()


def read_scenario(path: Path) -> Scenario:
    """Return the scenario in a TOML file.

    Raises:
        ScenarioError: naming everything that is wrong.
    """
    return scenario_of(read_document(path))


def read_document(path: Path) -> dict[str, Any]:
    """Return what a TOML file says, not read any further.

    Raises:
        ScenarioError: there is no such file, or it is no TOML.
    """
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ScenarioError.at(str(path), error.strerror or "cannot be read", "name a scenario file") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ScenarioError.at(str(path), str(error), "write it as TOML") from None


def scenario_of(document: Mapping[str, Any]) -> Scenario:
    """Return the scenario that a document describes.

    >>> scenario_of({"scenario": {"id": "demo"}, "projects": {"count": 3}}).parts.projects.count
    3
    >>> scenario_of({"scenario": {"id": "demo", "sede": 1}})
    Traceback (most recent call last):
        ...
    simulations.parts.ScenarioError: [scenario]: 'sede' is not known; did you mean seed?

    Raises:
        ScenarioError: naming everything that is wrong.
    """
    problems: list[Problem] = []
    tables = ("scenario", *RULES, *Parts.__dataclass_fields__)
    problems += [unknown("the scenario", name, tables) for name in document if name not in tables]
    head = read_part(Head, document.get("scenario", {}), "[scenario]", problems)
    world = {name: document[name] for name in Parts.__dataclass_fields__ if name in document}
    inside: list[Problem] = []
    parts = read_part(Parts, world, "", inside)
    problems += [Problem(_bracketed(problem.where), problem.what, problem.fix) for problem in inside]
    rules = _rules(document, problems)
    if head is not None and rules is not None:
        problems += _choices_problems(rules, head.mechanisms)
    if problems or head is None or parts is None or rules is None:
        raise ScenarioError(problems)
    return Scenario(head, rules, parts)


def _rules(document: Mapping[str, Any], problems: list[Problem]) -> Round | None:
    sections = {name: document[name] for name in RULES if name in document}
    pool = sections.get("pool", {})
    if isinstance(pool, Mapping):
        sections["pool"] = {"amount": "1000000", "decimals": UNIT_DECIMALS, **pool}
    try:
        return round_of({"round": {"id": "simulated", "unit_decimals": UNIT_DECIMALS}, **sections})
    except RoundError as error:
        problems += error.problems
        return None


def _choices_problems(rules: Round, mechanisms: tuple[str, ...]) -> list[Problem]:
    problems = []
    if not mechanisms:
        problems.append(Problem("[scenario] mechanisms", "there are none", "name at least one: quadratic"))
    for text in mechanisms:
        try:
            base_units_per_round_unit(choice_of(rules, text).round, PriceSnapshot())
        except QfError as error:
            told = error.problems if isinstance(error, RoundError) else [Problem("mechanism", str(error))]
            problems += [Problem(f"[scenario] mechanisms, {text!r}", each.what, each.fix) for each in told]
    if len(set(mechanisms)) < len(mechanisms):
        problems.append(Problem("[scenario] mechanisms", "one is named twice", "name each once"))
    return problems


def _bracketed(where: str) -> str:
    """Return "[population] budgets median" for " population budgets median"."""
    name, _, rest = where.strip().partition(" ")
    return f"[{name}] {rest}".rstrip()
