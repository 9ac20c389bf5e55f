"""What everybody may read of a round, over HTTP."""

from __future__ import annotations

import io
import tarfile
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi import Path as PathParameter

from api.access import AnyoneOfRound
from api.etags import fresh
from api.pages import LIMIT, After, Limit, cursor, place_of
from api.problems import NotFound
from api.publishing import donations
from api.publishing.donations import MEDIA_TYPES, Format
from api.schema import Answer, Page, Shown
from api.settlement.bundles import bundle_of, files_of
from api.settlement.changes import published

router = APIRouter(tags=["published"])


class ResultOut(Answer):
    """The result of a round; SHA-256 of result.json of its bundle is its digest."""

    result_digest: str
    published_at: Shown
    summary: dict[str, Any]


class FileOut(Answer):
    """A file of a bundle."""

    path: str
    size: int


class DonationOut(Answer):
    """A donation, its donor under a pseudonym of this round."""

    position: int
    donor: str
    project: str
    token: str
    amount_base: str
    time: str


@router.get("/rounds/{round}/result")
def read_result(asking: AnyoneOfRound, request: Request, response: Response) -> ResultOut:
    """The published result: every number on the way from gifts to payouts."""
    row = published(asking.session, asking.round.id)
    fresh(request, response, row.result_digest)
    return ResultOut(result_digest=row.result_digest, published_at=row.published_at or 0, summary=row.summary)


@router.get("/rounds/{round}/bundle")
def list_bundle(asking: AnyoneOfRound) -> list[FileOut]:
    """The files of the published bundle, from which `qf verify` recomputes the result."""
    path = bundle_of(asking.services, published(asking.session, asking.round.id))
    return [FileOut(path=name, size=(path / name).stat().st_size) for name in files_of(path)]


@router.get("/rounds/{round}/bundle.tar")
def download_bundle(asking: AnyoneOfRound, request: Request, response: Response) -> Response:
    """The published bundle as one file; the same bytes each time."""
    row = published(asking.session, asking.round.id)
    fresh(request, response, "tar", row.result_digest)
    path = bundle_of(asking.services, row)
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name in files_of(path):
            entry = tarfile.TarInfo(f"{asking.round.id}/{name}")
            entry.size, entry.mtime = (path / name).stat().st_size, row.published_at or 0
            archive.addfile(entry, io.BytesIO((path / name).read_bytes()))
    headers = {"Content-Disposition": f'attachment; filename="{asking.round.id}.tar"', "ETag": response.headers["ETag"]}
    return Response(data.getvalue(), media_type="application/x-tar", headers=headers)


@router.get("/rounds/{round}/bundle/{path:path}")
def download_file(
    asking: AnyoneOfRound,
    path: Annotated[str, PathParameter(max_length=200)],
    request: Request,
    response: Response,
) -> Response:
    """One file of the published bundle, its very bytes."""
    row = published(asking.session, asking.round.id)
    folder = bundle_of(asking.services, row)
    if path not in files_of(folder):
        raise NotFound("There is no such file in the bundle.")
    fresh(request, response, path, row.result_digest)
    kinds = {"csv": "text/csv", "json": "application/json"}
    return Response(
        (folder / path).read_bytes(),
        media_type=kinds.get(path.rpartition(".")[2], "application/octet-stream"),
        headers={"ETag": response.headers["ETag"]},
    )


@router.get("/rounds/{round}/donations")
def list_donations(
    asking: AnyoneOfRound, request: Request, response: Response, after: After = None, limit: Limit = LIMIT
) -> Page[DonationOut]:
    """The donations that stand, page by page, donors under pseudonyms of this round."""
    fresh(request, response, asking.round.id, asking.round.entries, after or "", limit)
    place = 0 if after is None else int(place_of(after, int)[0])
    names = donations.pseudonyms_of(asking.services.secrecy, asking.round)
    rows = list(donations.rows_of(asking.session, names, asking.round, place, limit + 1))
    items = [DonationOut(**dict(zip(donations.COLUMNS, row, strict=True))) for row in rows[:limit]]
    return Page(items=items, next=cursor(items[-1].position) if len(rows) > limit else None)


@router.get("/rounds/{round}/donations/export")
def export_donations(
    asking: AnyoneOfRound, request: Request, response: Response, format: Annotated[Format, Query()] = Format.CSV
) -> Response:
    """All donations that stand, as CSV, JSON lines or Parquet, donors under pseudonyms of this round."""
    fresh(request, response, asking.round.id, asking.round.entries, format)
    names = donations.pseudonyms_of(asking.services.secrecy, asking.round)
    rows = donations.rows_of(asking.session, names, asking.round)
    name = f"{asking.round.id}-donations.{format}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "ETag": response.headers["ETag"]}
    return Response(b"".join(donations.exported(rows, format)), media_type=MEDIA_TYPES[format], headers=headers)
