"""Donor codes over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field
from sqlalchemy import func, update
from sqlmodel import col, select

from api.access import OperatingOrganisation
from api.clock import new_id
from api.problems import NotFound
from api.schema import Answer, Body, IdPath, Shown
from api.sign_in.codes import code_key, donor_of, new_code
from api.tables import DonorCode

router = APIRouter(tags=["donor codes"])


class NewSheet(Body):
    """How many codes to make."""

    count: Annotated[int, Field(ge=1, le=1_000)]


class CodeOut(Answer):
    """A code, shown this once, and what it is called in ledgers."""

    code: str
    donor: str


class SheetOut(Answer):
    """A sheet to print; its codes are not shown again."""

    sheet: str
    codes: list[CodeOut]


class SheetSummary(Answer):
    """A sheet that was made."""

    sheet: str
    codes: int
    revoked: int
    created_at: Shown


@router.post("/organisations/{organisation}/codes", status_code=201)
def make_sheet(asking: OperatingOrganisation, new: NewSheet) -> SheetOut:
    """A sheet of donor codes to print; they are shown this once."""
    secrecy, sheet = asking.services.secrecy, new_id()
    codes = [new_code() for _ in range(new.count)]
    rows = [
        DonorCode(
            key=code_key(secrecy, code),
            organisation_id=asking.organisation.id,
            donor=donor_of(secrecy, code),
            sheet=sheet,
            created_at=asking.at,
            created_by=asking.actor.name,
        )
        for code in codes
    ]
    asking.session.add_all(rows)
    asking.record("codes.made", f"sheet/{sheet}", count=new.count)
    return SheetOut(
        sheet=sheet, codes=[CodeOut(code=code, donor=row.donor) for code, row in zip(codes, rows, strict=True)]
    )


@router.get("/organisations/{organisation}/codes")
def list_sheets(asking: OperatingOrganisation) -> list[SheetSummary]:
    """The sheets that were made, newest first."""
    query = (
        select(
            DonorCode.sheet,
            func.count(),
            func.count(col(DonorCode.revoked_at)),
            func.min(DonorCode.created_at),
        )
        .where(DonorCode.organisation_id == asking.organisation.id)
        .group_by(DonorCode.sheet)
        .order_by(func.min(DonorCode.created_at).desc(), DonorCode.sheet)
    )
    rows = asking.session.execute(query).all()
    return [SheetSummary(sheet=sheet, codes=count, revoked=gone, created_at=at) for sheet, count, gone, at in rows]


@router.delete("/organisations/{organisation}/codes/{sheet}", status_code=204)
def revoke_sheet(asking: OperatingOrganisation, sheet: IdPath) -> None:
    """Make all codes of a sheet useless; what was given with them stays."""
    mine = [col(DonorCode.organisation_id) == asking.organisation.id, col(DonorCode.sheet) == sheet]
    if asking.session.exec(select(DonorCode).where(*mine)).first() is None:
        raise NotFound(f"There is no sheet {sheet}.")
    asking.session.execute(
        update(DonorCode).where(*mine, col(DonorCode.revoked_at).is_(None)).values(revoked_at=asking.at)
    )
    asking.record("codes.revoked", f"sheet/{sheet}")
