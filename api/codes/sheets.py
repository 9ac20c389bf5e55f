"""Sheets of donor codes: made once, printed, and useless when they are revoked."""

from __future__ import annotations

import csv
from io import StringIO
from typing import Annotated

from pydantic import Field
from sqlalchemy import func, select, update
from sqlmodel import Session, col

from api.access import OrganisationAsking
from api.applications.tables import defused
from api.clock import new_id
from api.pages import cursor, place_of
from api.problems import NotFound
from api.schema import Answer, Body, Line, Page, Shown
from api.sign_in.codes import code_key, donor_of, new_code
from api.tables import Credential, DonorCode, SignIn


class NewSheet(Body):
    """How many codes to make, and what for."""

    count: Annotated[int, Field(ge=1, le=1_000)]
    label: Line = ""


class CodeOut(Answer):
    """A code, shown this once, and what it is called in ledgers."""

    code: str
    donor: str


class SheetOut(Answer):
    """A sheet to print; its codes are not shown again."""

    sheet: str
    label: str
    codes: list[CodeOut]


class SheetSummary(Answer):
    """A sheet that was made."""

    sheet: str
    label: str
    codes: int
    revoked: int
    created_at: Shown


def make(asking: OrganisationAsking, new: NewSheet) -> SheetOut:
    """Return a new sheet; of a code, only what it is looked up with is kept."""
    secrecy, sheet = asking.services.secrecy, new_id()
    codes = [new_code() for _ in range(new.count)]
    rows = [
        DonorCode(
            key=code_key(secrecy, code),
            organisation_id=asking.organisation.id,
            donor=donor_of(secrecy, code),
            sheet=sheet,
            label=new.label,
            created_at=asking.at,
            created_by=asking.actor.name,
        )
        for code in codes
    ]
    asking.session.add_all(rows)
    asking.record("codes.made", f"sheet/{sheet}", count=new.count)
    made = [CodeOut(code=code, donor=row.donor) for code, row in zip(codes, rows, strict=True)]
    return SheetOut(sheet=sheet, label=new.label, codes=made)


def table_of(sheet: SheetOut) -> str:
    """Return a sheet as CSV, for a program that prints labels."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["code", "donor", "label"])
    writer.writerows([each.code, each.donor, defused(sheet.label)] for each in sheet.codes)
    return text.getvalue()


def summaries(session: Session, organisation_id: str, after: str | None, limit: int) -> Page[SheetSummary]:
    """Return a page of the sheets of an organisation, newest first."""
    made = func.min(DonorCode.created_at)
    query = (
        select(col(DonorCode.sheet), col(DonorCode.label), func.count(), func.count(col(DonorCode.revoked_at)), made)
        .where(col(DonorCode.organisation_id) == organisation_id)
        .group_by(DonorCode.sheet, DonorCode.label)
        .order_by(made.desc(), DonorCode.sheet)
    )
    if after is not None:
        at, name = place_of(after, int, str)
        query = query.having((made < at) | ((made == at) & (col(DonorCode.sheet) > name)))
    found = [
        SheetSummary(sheet=sheet, label=label, codes=count, revoked=gone, created_at=at)
        for sheet, label, count, gone, at in session.execute(query.limit(limit + 1))
    ]
    last = found[limit - 1] if len(found) > limit else None
    return Page(items=found[:limit], next=cursor(last.created_at, last.sheet) if last else None)


def revoke(asking: OrganisationAsking, sheet: str) -> None:
    """Make all codes of a sheet useless, and end the sessions that began with one; what was given with them stays.

    Raises:
        NotFound: there is no such sheet.
    """
    mine = [col(DonorCode.organisation_id) == asking.organisation.id, col(DonorCode.sheet) == sheet]
    if asking.session.execute(select(col(DonorCode.key)).where(*mine)).first() is None:
        raise NotFound(f"There is no sheet {sheet}.")
    asking.session.execute(
        update(DonorCode).where(*mine, col(DonorCode.revoked_at).is_(None)).values(revoked_at=asking.at)
    )
    by_code = select(col(Credential.id)).where(
        col(Credential.kind) == "code", col(Credential.subject).in_(select(col(DonorCode.key)).where(*mine))
    )
    began = update(SignIn).where(col(SignIn.credential_id).in_(by_code), col(SignIn.revoked_at).is_(None))
    asking.session.execute(began.values(revoked_at=asking.at))
    asking.record("codes.revoked", f"sheet/{sheet}")
