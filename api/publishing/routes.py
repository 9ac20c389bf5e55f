"""What everybody may read of a round, over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi import Path as PathParameter
from fastapi.responses import FileResponse, StreamingResponse

from api.access import AnyoneOfOrganisation, AnyoneOfRound
from api.etags import fresh
from api.pages import LIMIT, After, Limit, cursor, place_of
from api.problems import NotFound
from api.publishing import daoip5, donations
from api.publishing.archive import archive_of
from api.publishing.donations import MEDIA_TYPES, Format
from api.publishing.matches import matches_of, table_of
from api.schema import Answer, Decimals, Page, Shown, Units
from api.settlement.bundles import bundle_of, files_of
from api.settlement.changes import published
from api.tables import Organisation
from qf.formats.daoip5 import applications_document, pools_document, projects_document, system_document

router = APIRouter(tags=["published"])


class ResultOut(Answer):
    """The result of a round; SHA-256 of result.json of its bundle is its digest."""

    result_digest: str
    published_at: Shown
    summary: dict[str, Any]


class MatchOut(Answer):
    """What a project is matched with, in base units of the payout token; whole ones once it is final.

    Attributes:
        contributed: what counts of all it was given, in the smallest unit of the round.
        donors: how many people gave it.
    """

    project: str
    match_base: str
    contributed: Units
    donors: int


class MatchesOut(Answer):
    """What all projects are matched with, as the round stood when it had so many entries."""

    final: bool
    entries: int
    matches: list[MatchOut]


class MatchFormat(StrEnum):
    """How matches are written."""

    JSON = "json"
    CSV = "csv"


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


@router.get("/rounds/{round}/matches", responses={200: {"content": {"text/csv": {}}}})
def read_matches(
    asking: AnyoneOfRound,
    request: Request,
    response: Response,
    format: Annotated[MatchFormat, Query()] = MatchFormat.JSON,
) -> MatchesOut:
    """What every project is matched with: its payout once the round is settled, before that as it would be now."""
    found = matches_of(asking)
    fresh(request, response, asking.round.id, found.entries, found.made_of, format)
    if format == MatchFormat.CSV:
        return Response(table_of(found), headers=dict(response.headers), media_type="text/csv")  # type: ignore[return-value]
    matches = [
        MatchOut(project=name, match_base=match, contributed=found.given[name][0], donors=found.given[name][1])
        for name, match in found.match.items()
    ]
    return MatchesOut(final=found.final, entries=found.entries, matches=matches)


@router.get("/rounds/{round}/bundle")
def list_bundle(asking: AnyoneOfRound, request: Request, response: Response) -> list[FileOut]:
    """The files of the published bundle, from which `qf verify` recomputes the result."""
    row = published(asking.session, asking.round.id)
    fresh(request, response, "bundle", row.result_digest)
    path = bundle_of(asking.services, row)
    return [FileOut(path=name, size=(path / name).stat().st_size) for name in files_of(path)]


@router.get("/rounds/{round}/bundle.tar", response_class=StreamingResponse)
def download_bundle(asking: AnyoneOfRound, request: Request, response: Response) -> Response:
    """The published bundle as one file; the same bytes each time."""
    row = published(asking.session, asking.round.id)
    fresh(request, response, "tar", row.result_digest)
    pieces = archive_of(bundle_of(asking.services, row), asking.round.id, row.published_at or 0)
    return _file(pieces, response, f"{asking.round.id}.tar", "application/x-tar")


@router.get("/rounds/{round}/bundle/{path:path}", response_class=FileResponse)
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
    kind = "text/csv" if path.endswith(".csv") else "application/json"
    return FileResponse(folder / path, headers=dict(response.headers), media_type=kind)


@router.get("/rounds/{round}/donations")
def list_donations(
    asking: AnyoneOfRound, request: Request, response: Response, after: After = None, limit: Limit = LIMIT
) -> Page[DonationOut]:
    """The donations that stand, page by page, donors under pseudonyms of this round."""
    upto = donations.last_shown(asking.session, asking.round)
    fresh(request, response, asking.round.id, upto, after or "", limit)
    place = 0 if after is None else int(place_of(after, int)[0])
    names = donations.pseudonyms_of(asking.services.secrecy, asking.round)
    rows = donations.rows_of(asking.session, names, asking.round.id, upto, place, limit + 1)
    items = [DonationOut(**dict(zip(donations.COLUMNS, row, strict=True))) for row in rows[:limit]]
    return Page(items=items, next=cursor(items[-1].position) if len(rows) > limit else None)


@router.get("/rounds/{round}/donations/export", response_class=StreamingResponse)
def export_donations(
    asking: AnyoneOfRound, request: Request, response: Response, format: Annotated[Format | None, Query()] = None
) -> Response:
    """All donations that stand, as CSV, JSON lines or Parquet (or as `Accept` says), donors under pseudonyms."""
    form = format or _accepted(request)
    upto = donations.last_shown(asking.session, asking.round)
    fresh(request, response, asking.round.id, upto, form)
    response.headers["Vary"] = "Accept"
    names = donations.pseudonyms_of(asking.services.secrecy, asking.round)
    parts = donations.parts_of(asking.services.database, names, asking.round.id, upto)
    name = f"{asking.round.id}-donations.{form}"
    return _file(donations.exported(parts, form), response, name, MEDIA_TYPES[form])


class OfRound(StrEnum):
    """The documents of a round."""

    POOLS = "pools"
    PROJECTS = "projects"
    APPLICATIONS = "applications"


class OfOrganisation(StrEnum):
    """The documents of an organisation."""

    SYSTEM = "system"
    POOLS = "pools"


@router.get("/rounds/{round}/daoip5/{document}")
def describe_round(
    asking: AnyoneOfRound,
    document: OfRound,
    usd_rate: Annotated[Decimals | None, Query(description="dollars for a whole token of the pool")] = None,
    usd_date: Annotated[date | None, Query(description="the day of the rate")] = None,
) -> dict[str, Any]:
    """The round, its projects or their applications as DAOIP-5 has them."""
    session, settings, round = asking.session, asking.services.settings, asking.round
    system = daoip5.system_of(settings, session.get_one(Organisation, round.organisation_id))
    pool = daoip5.pool_of(session, settings, round, daoip5.rate_of(usd_rate, usd_date))
    if document == OfRound.POOLS:
        return pools_document(system, [pool])
    listed = daoip5.listed_in(session, settings, round)
    if document == OfRound.PROJECTS:
        return projects_document(system, listed)
    return applications_document(system, pool, listed)


@router.get("/organisations/{organisation}/daoip5/{document}")
def describe_organisation(asking: AnyoneOfOrganisation, document: OfOrganisation) -> dict[str, Any]:
    """The organisation, or all its rounds, as DAOIP-5 has them."""
    settings = asking.services.settings
    system = daoip5.system_of(settings, asking.organisation)
    if document == OfOrganisation.SYSTEM:
        return system_document(system)
    return pools_document(system, daoip5.pools_of(asking.session, settings, asking.organisation))


def _file(pieces: Iterator[bytes], response: Response, name: str, media_type: str) -> Response:
    headers = {**response.headers, "Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(pieces, headers=headers, media_type=media_type)


def _accepted(request: Request) -> Format:
    """Return the first form that `Accept` names; CSV if it names none of them."""
    accepted = [part.partition(";")[0].strip() for part in request.headers.get("accept", "").split(",")]
    known = {media_type.partition(";")[0]: form for form, media_type in MEDIA_TYPES.items()}
    return next((known[media_type] for media_type in accepted if media_type in known), Format.CSV)
