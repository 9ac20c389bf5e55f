"""The projects of a round as its contracts list them, with what their descriptions say: the file of projects."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from qf.chain.chain_file import ChainFile, project_key
from qf.chain.ledger import SourceLedger
from qf.chain.metadata import ApplicationText, Cid, Library, application_text
from qf.chain.types import ChainProject, Status
from qf.codec.aside import write_file
from qf.eligibility import Project
from qf.errors import ChainError, InputError, Problem

HEADER = ("project", "title", "payout_address", "owners")
"""Columns of the file of projects; see docs/reference/files.md."""


@dataclass(frozen=True, slots=True)
class ListedProject:
    """A project as a contract lists it, in the words of the round.

    Attributes:
        project: id, title and payee for the round; the title is the id where no description was read.
        status: what the round decided last.
        doubt: what is wrong with its description; "" if nothing is.
    """

    project: Project
    status: Status
    doubt: str = ""


def listed_projects(
    file: ChainFile, ledgers: Iterable[SourceLedger], descriptions: Library | None = None
) -> list[ListedProject]:
    """Return every project that contracts list, sorted by id.

    Args:
        file: what the round calls them.
        ledgers: what was read of each source.
        descriptions: where to read what their pointers name; None: nowhere.

    Raises:
        InputError: contracts name two payees for one project of the round; names them all.
    """
    found: dict[str, ListedProject] = {}
    problems = []
    for each in (project for ledger in ledgers for project in ledger.decoded.projects):
        name = file.projects.get(project_key(each.project), project_key(each.project))
        listed = _listed(name, each, descriptions)
        known = found.setdefault(name, listed)
        if known.project.payout_address != listed.project.payout_address:
            told = f"is paid at {known.project.payout_address} and at {listed.project.payout_address}"
            problems.append(Problem(f"project {name}", told, "give the two contracts' projects different names"))
    if problems:
        raise InputError(problems)
    return [found[name] for name in sorted(found)]


def write_projects(path: Path, listed: Iterable[ListedProject]) -> int:
    """Write the accepted projects as a file that `qf settle` reads, and return how many those are."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    accepted = [each.project for each in listed if each.status is Status.ACCEPTED]
    for project in accepted:
        writer.writerow((project.id, project.title, project.payout_address, ""))
    write_file(path, text.getvalue().encode())
    return len(accepted)


def _listed(name: str, each: ChainProject, descriptions: Library | None) -> ListedProject:
    told, doubt = _description(each, descriptions)
    title = told.title if told is not None else ""
    payee = each.payee or (told.payee if told is not None else "")
    if told is not None and told.payee and each.payee and told.payee != each.payee:
        doubt = f"its description names {told.payee} as payee, the contract {each.payee}"
    return ListedProject(Project(name, title or name, payee), each.status, doubt)


def _description(each: ChainProject, descriptions: Library | None) -> tuple[ApplicationText | None, str]:
    if descriptions is None or not each.pointer:
        return None, ""
    try:
        return application_text(descriptions.fetch(Cid.of(each.pointer))), ""
    except (InputError, ChainError) as error:
        return None, str(error)
