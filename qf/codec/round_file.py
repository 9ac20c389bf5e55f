"""The file of a round's rules -> `Round`."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

from qf.codec.tables import FilePath
from qf.codec.text_files import decoded
from qf.errors import Problem, RoundError
from qf.round import Round
from qf.rules import round_of

_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
"""How `tomllib` ends its messages."""


def read_round(path: FilePath) -> Round:
    """Return the round in a TOML file, or in the round.json of a bundle.

    Raises:
        RoundError: naming every malformed value by file, line and key.
    """
    name = str(path)
    problems: list[Problem] = []
    try:
        text = decoded(Path(path).read_bytes(), name, problems)
    except OSError as error:
        raise RoundError.at(name, f"cannot be read: {error.strerror or error}") from None
    if text is None:
        raise RoundError(problems)
    document = _json(text, name) if name.lower().endswith(".json") else _toml(text, name)
    try:
        return round_of(document)
    except RoundError as error:
        raise RoundError(_placed(problem, name, text) for problem in error.problems) from None


def _toml(text: str, name: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = _PLACE.search(str(error))
        told = _PLACE.sub("", str(error))
        line, column = place.groups() if place else (None, None)
        where = f"{name} line {line}, column {column}" if line else f"{name}, at its end"
        raise RoundError.at(where, f"is not TOML: {told}", 'text stands in quotes: title = "..."') from None
    except ValueError as error:
        raise RoundError.at(name, f"holds a number that is too long: {error}", "put numbers in quotes") from None
    except RecursionError:
        raise RoundError.at(name, "is nested too deeply") from None


def _json(text: str, name: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise RoundError.at(f"{name} line {error.lineno}", f"is not JSON: {error.msg}") from None
    except RecursionError:
        raise RoundError.at(name, "is nested too deeply") from None
    if not isinstance(document, dict):
        raise RoundError.at(name, "is not a JSON object", "give the round.json of a bundle")
    return document


def _placed(problem: Problem, name: str, text: str) -> Problem:
    """Add the file, and the line if a key or its section is found on one."""
    line = _line_of(problem, text.splitlines())
    return replace(problem, where=f"{name} line {line}, {problem.where}" if line else f"{name}, {problem.where}")


def _line_of(problem: Problem, lines: list[str]) -> int | None:
    """Look for "[section]", and below it for the key, which `where` names or `what` quotes."""
    place = re.match(r"\[(\w+)\](?: (\w+))?", problem.where)
    key = (place and place[2]) or next(iter(re.findall(r"^'([\w-]+)' is not known", problem.what)), None)
    section = place[1] if place else None
    here, found = None, None
    for number, line in enumerate(lines, start=1):
        header = re.match(r"\s*\[+\s*([\w-]+)\s*\]", line)
        if header:
            here = header[1]
            if here == section or (section is None and here == key):
                found = number
        elif here == section and key and re.match(rf"""\s*["']?{re.escape(key)}["']?\s*=""", line):
            return number
    return found
