"""Budgets and duties of the source of `qf`: sizes, docstrings, annotations."""

from __future__ import annotations

import ast

from tests.architecture.source import REPOSITORY, Function, definitions, dotted, is_public, modules, parameters, tree

MAX_FILE_LINES = 300
"""Lines in a file; the aim is 200. A file that outgrows this holds more than one subject."""

MAX_FUNCTION_LINES = 40
"""Lines in a function without its docstring; the aim is 25."""


def lines_of(function: Function) -> int:
    """Return the number of lines from `def` to the end, the docstring and the decorators left out."""
    total = (function.end_lineno or function.lineno) - function.lineno + 1
    first = function.body[0]
    if ast.get_docstring(function, clean=False) is None:
        return total
    return total - ((first.end_lineno or first.lineno) - first.lineno + 1)


def test_no_file_is_longer_than_the_budget() -> None:
    sizes = {str(path.relative_to(REPOSITORY)): len(path.read_text("utf-8").splitlines()) for path in modules()}
    assert {name: size for name, size in sizes.items() if size > MAX_FILE_LINES} == {}


def test_no_function_is_longer_than_the_budget() -> None:
    sizes = {
        found.where: lines_of(found.node)
        for path in modules()
        for found in definitions(path)
        if isinstance(found.node, Function)
    }
    assert {where: size for where, size in sizes.items() if size > MAX_FUNCTION_LINES} == {}


def test_every_module_has_a_docstring() -> None:
    assert [dotted(path) for path in modules() if is_public(path.stem) and not ast.get_docstring(tree(path))] == []


def test_every_public_definition_has_a_docstring() -> None:
    public = [found for path in modules() for found in definitions(path) if found.public]
    assert [found.where for found in public if not ast.get_docstring(found.node)] == []


def test_every_function_is_annotated() -> None:
    functions = [(found.where, found.node) for path in modules() for found in definitions(path)]
    faults = [where for where, node in functions if isinstance(node, Function) and missing_annotations(node)]
    assert faults == []


def missing_annotations(function: Function) -> list[str]:
    """Return the parameters of `function` that have no type, and `return` when that has none."""
    missing = [arg.arg for arg in parameters(function) if arg.annotation is None and arg.arg not in {"self", "cls"}]
    return missing if function.returns is not None else [*missing, "return"]
