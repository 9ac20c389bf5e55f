"""Donor codes over HTTP."""

from __future__ import annotations

from fastapi import APIRouter, Response

from api.access import OperatingOrganisation
from api.codes import sheets
from api.codes.sheets import NewSheet, SheetOut, SheetSummary
from api.pages import LIMIT, After, Limit
from api.schema import IdPath, Page

router = APIRouter(tags=["donor codes"])


class Table(Response):
    """CSV."""

    media_type = "text/csv"


@router.post("/organisations/{organisation}/codes", status_code=201)
def make_sheet(asking: OperatingOrganisation, new: NewSheet) -> SheetOut:
    """A sheet of donor codes to print; they are shown this once."""
    return sheets.make(asking, new)


@router.post("/organisations/{organisation}/codes.csv", status_code=201, response_class=Table)
def make_sheet_csv(asking: OperatingOrganisation, new: NewSheet) -> Table:
    """A sheet of donor codes as CSV, for a program that prints labels; they are shown this once."""
    return Table(sheets.table_of(sheets.make(asking, new)), status_code=201)


@router.get("/organisations/{organisation}/codes")
def list_sheets(asking: OperatingOrganisation, after: After = None, limit: Limit = LIMIT) -> Page[SheetSummary]:
    """The sheets that were made, newest first."""
    return sheets.summaries(asking.session, asking.organisation.id, after, limit)


@router.delete("/organisations/{organisation}/codes/{sheet}", status_code=204)
def revoke_sheet(asking: OperatingOrganisation, sheet: IdPath) -> None:
    """Make all codes of a sheet useless and end their sessions; what was given with them stays."""
    sheets.revoke(asking, sheet)
