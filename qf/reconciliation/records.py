"""Two lists of donations compared, both ways."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from qf.errors import InputError, Problem
from qf.reconciliation.findings import Finding
from qf.reconciliation.report import Line, Override, Record


def compare_records(ledger: Iterable[Record], source: Iterable[Record]) -> Iterator[Line]:
    """Yield what differs between the two, both ways.

    >>> here = [Record("a", "ann", "well", "", 5), Record("b", "bob", "well", "", 5)]
    >>> there = [Record("a", "ann", "well", "", 7), Record("c", "cy", "well", "", 5)]
    >>> [(line.finding.value, line.place) for line in compare_records(here, there)]
    [('different_amount', 'a'), ('missing_in_source', 'b'), ('missing_in_ledger', 'c')]
    """
    waiting = {record.id: record for record in source}
    seen: set[str] = set()
    for ours in ledger:
        theirs = waiting.get(ours.id)
        if ours.id in seen:
            yield Line(Finding.DUPLICATED, ours.id, described(ours), described(theirs) if theirs else "")
        elif theirs is None:
            yield Line(Finding.MISSING_IN_SOURCE, ours.id, ledger=described(ours))
        else:
            yield from _differences(ours, theirs)
        seen.add(ours.id)
    for name, theirs in waiting.items():
        if name not in seen:
            yield Line(Finding.MISSING_IN_LEDGER, name, source=described(theirs))


def described(record: Record) -> str:
    """Return a record in one line.

    >>> described(Record("a", "ann", "well", "JPYC", 5))
    '5 base units of JPYC from ann to well'
    """
    unit = f"base units of {record.token}" if record.token else "units"
    return f"{record.amount} {unit} from {record.donor} to {record.project}"


def resolved(lines: Iterable[Line], overrides: Sequence[Override]) -> tuple[Line, ...]:
    """Return `lines` in order, each once, with the overrides written into them.

    Raises:
        InputError: an override has no reason, is given twice, or is of no line; names them all.
    """
    found = {(line.finding, line.place): line for line in lines}
    given = Counter((override.finding, override.place) for override in overrides)
    problems = []
    for override in overrides:
        key = override.finding, override.place
        where = f"override of {override.finding} at {override.place}"
        if key not in found:
            problems.append(Problem(where, "there is no such line", "remove it: what it excuses is not there"))
        elif given[key] > 1:
            problems.append(Problem(where, "is given more than once", "keep one"))
        elif not override.reason.strip():
            problems.append(Problem(where, "has no reason", "say why: it is published with the result"))
        else:
            found[key] = replace(found[key], override=override.reason.strip())
    if problems:
        raise InputError(dict.fromkeys(problems))
    order = {finding: number for number, finding in enumerate(Finding)}
    return tuple(found[key] for key in sorted(found, key=lambda key: (order[key[0]], key[1])))


def _differences(ours: Record, theirs: Record) -> Iterator[Line]:
    pairs = {
        Finding.DIFFERENT_AMOUNT: (str(ours.amount), str(theirs.amount)),
        Finding.DIFFERENT_DONOR: (ours.donor, theirs.donor),
        Finding.DIFFERENT_PROJECT: (ours.project, theirs.project),
        Finding.DIFFERENT_TOKEN: (ours.token, theirs.token),
    }
    if theirs.time is not None:
        pairs[Finding.DIFFERENT_TIME] = "" if ours.time is None else str(ours.time), str(theirs.time)
    for finding, (here, there) in pairs.items():
        if here != there:
            yield Line(finding, ours.id, here, there)
