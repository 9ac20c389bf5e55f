"""The names of `qf`: what it exports, and that it uses one word for one thing."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.source import PACKAGE, REPOSITORY, definitions, dotted, is_public, modules, parameters, tree

OUR_WORD = {
    "algorithm": "mechanism",
    "allocation": "donation or payout",
    "allocations": "donations or payouts",
    "calculate": "settle or estimate",
    "epoch": "round",
    "epochs": "rounds",
    "grant": "project",
    "grants": "projects",
    "leftover": "unspent",
    "matched": "ideal_match, scaled_match, capped_match or payout",
    "percent": "_fraction or _bps",
    "percentage": "_fraction or _bps",
    "poll": "round",
    "polls": "rounds",
    "recipient": "project",
    "recipients": "projects",
    "strategy": "mechanism",
    "vote": "donation",
    "voter": "donor or identity",
    "voters": "donors or identities",
    "votes": "donations",
}
"""Words that mean different things in different systems, and the word this project uses instead."""

PROPER_NAMES = re.compile(r"grants_?stack|gitcoin_?grants|quadratic_?vot(e|ing)", re.IGNORECASE)
"""Names of other people's programs, which keep their words."""

ADAPTERS = ("formats", "chain")
"""The packages of `qf` that read other systems and may speak of them in their words."""

WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


def test_a_name_is_split_into_words() -> None:
    assert foreign_words("matched_HTTPVoterCount") == ["matched", "voter"]
    assert foreign_words("gitcoin_grants_stack_unmatched_GrantsStack") == []


def foreign_words(name: str) -> list[str]:
    """Return the words in `name` that are not ours."""
    words = [word.lower() for word in WORD.findall(PROPER_NAMES.sub("", name))]
    return [word for word in words if word in OUR_WORD]


def public_names(path: Path) -> Iterator[tuple[int, str]]:
    """Return the line and the name of each public module, class, function, parameter, field and constant."""
    if is_public(path.stem):
        yield 1, path.stem
    yield from assigned_names(tree(path))
    for found in definitions(path):
        if not found.public:
            continue
        yield found.node.lineno, found.node.name
        if isinstance(found.node, ast.ClassDef):
            yield from assigned_names(found.node)
        else:
            yield from ((parameter.lineno, parameter.arg) for parameter in parameters(found.node))


def assigned_names(owner: ast.Module | ast.ClassDef) -> Iterator[tuple[int, str]]:
    """Return the line and the name of each public constant of a module, or field of a class."""
    for node in owner.body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        for target in targets:
            if isinstance(target, ast.Name) and is_public(target.id):
                yield target.lineno, target.id


def test_public_names_use_the_words_of_the_glossary() -> None:
    ours = [path for path in modules() if path.relative_to(PACKAGE).parts[0] not in ADAPTERS]
    faults = [
        f"{path.relative_to(REPOSITORY)}:{line} {name}: not {word!r} but {OUR_WORD[word]}"
        for path in ours
        for line, name in public_names(path)
        for word in foreign_words(name)
    ]
    assert faults == []


def exporting_modules() -> list[str]:
    """Return the modules of `qf` that say what they export."""
    return [dotted(path) for path in modules() if "__all__" in assigned(tree(path))]


def assigned(module: ast.Module) -> set[str]:
    """Return the names that are plainly assigned to in a module."""
    targets = [target for node in module.body if isinstance(node, ast.Assign) for target in node.targets]
    return {target.id for target in targets if isinstance(target, ast.Name)}


def names_bound(path: Path) -> set[str]:
    """Return the public names that a module binds by definition, assignment or `from qf... import`."""
    bound = {name for _, name in assigned_names(tree(path))}
    for node in tree(path).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            bound.add(node.name)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "qf":
            bound.update(alias.asname or alias.name for alias in node.names)
    return {name for name in bound if is_public(name)}


def test_qf_exports_every_public_name_it_binds() -> None:
    surface = PACKAGE / "__init__.py"
    if not surface.is_file():
        pytest.skip("qf/__init__.py is not written yet")
    assert names_bound(surface) - set(importlib.import_module("qf").__all__) == set()


def test_every_export_list_is_sorted_and_true() -> None:
    for name in exporting_modules():
        module = importlib.import_module(name)
        assert list(module.__all__) == sorted(set(module.__all__), key=place), name
        assert [entry for entry in module.__all__ if not hasattr(module, entry)] == [], name


def place(name: str) -> tuple[int, str]:
    """Return what exported names are sorted by: constants, then classes, then the rest; each by the alphabet."""
    group = 0 if name.isupper() else 1 if name[:1].isupper() else 2
    return group, name
