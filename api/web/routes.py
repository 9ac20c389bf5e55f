"""The pages. Each is read by a guard of its own, as endpoints are; none changes anything."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import StringConstraints

from api.access import Anyone, AnyoneOfRound, MemberReading, SignedIn
from api.pages import After
from api.schema import Line, Name
from api.web import carts, donors, results, rounds, static
from api.web.carts import Amounts, Gift, Projects, Typed
from api.web.language import wanted_language
from api.web.organisations import dashboard_of
from api.web.view import Viewed

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
"""The pages of one language; included once for each."""

plain = APIRouter(include_in_schema=False)
"""What has no language: static files, and addresses that lead to the language of the reader."""

Seed = Annotated[str, Query(pattern=r"^[0-9a-z]{0,32}$")]

LocalPath = Annotated[str, StringConstraints(pattern=r"^/(?:ja|en)(?:/[A-Za-z0-9._~%-]+)*$", max_length=300)]
"""A page of ours, to go on to."""


@router.get("")
def front(asking: Anyone, view: Viewed, after: After = None) -> HTMLResponse:
    """The rounds of the installation: open, coming, closed, published."""
    return view.page("front.html", asking.actor.account, **rounds.groups_of(asking, after))


@router.get("/rounds/{round}")
def round_page(
    asking: AnyoneOfRound, view: Viewed, request: Request, search: Line = "", after: After = None, seed: Seed = ""
) -> HTMLResponse:
    """A round: its rules in plain words, where it stands, and its projects."""
    return view.page("round.html", asking.actor.account, **rounds.round_of(asking, view, request, search, after, seed))


@router.get("/rounds/{round}/projects/{project}")
def project_page(
    asking: AnyoneOfRound,
    view: Viewed,
    project: Annotated[Name, Path()],
    amount: Typed = "",
    token: Line = "",
) -> HTMLResponse:
    """A project, and what a gift to it would do."""
    shown = rounds.project_of(asking, view, project)
    ways = carts.ways_of(asking)
    gift = Gift(project, shown["project"].title, amount.strip())
    unit = token if token in ways.units else ways.units[0]
    answered = carts.answered(asking, [gift], unit) if gift.typed else None
    return view.page("project.html", asking.actor.account, **shown, gift=gift, ways=ways, token=unit, answered=answered)


@router.get("/rounds/{round}/cart")
def cart_page(
    asking: AnyoneOfRound,
    view: Viewed,
    project: Projects,
    amount: Amounts,
    token: Line = "",
) -> HTMLResponse:
    """Several gifts, what they would do together, how to give, and what became of what was sent."""
    ways = carts.ways_of(asking)
    unit = token if token in ways.units else ways.units[0]
    titles = rounds.titles_of(asking)
    gifts = carts.gifts_of(titles, project, amount)
    return view.page(
        "cart.html",
        asking.actor.account,
        **rounds.frame_of(asking, view),
        gifts=gifts,
        others=carts.others_of(titles, gifts),
        without={gift.project: carts.address_of([each for each in gifts if each != gift], unit) for gift in gifts},
        answered=carts.answered(asking, gifts, unit) if gifts else None,
        ways=ways,
        token=unit,
        followed=donors.followed_of(asking),
    )


@router.get("/rounds/{round}/results")
def results_page(asking: AnyoneOfRound, view: Viewed) -> HTMLResponse:
    """The published result, and how to verify it."""
    return view.page("results.html", asking.actor.account, **results.result_of(asking, view))


@router.get("/sign-in")
def sign_in_page(asking: Anyone, view: Viewed, to: LocalPath | None = None) -> HTMLResponse:
    """Signing in: with a wallet, a donor code, or OpenID."""
    return view.page("sign_in.html", asking.actor.account, to=to or f"/{view.language}/me")


@router.get("/me")
def me_page(asking: SignedIn, view: Viewed) -> HTMLResponse:
    """What I gave, how it counted and why, and what I can do about it."""
    return view.page("me.html", asking.actor.account, **donors.donor_of(asking))


@router.get("/organisations/{organisation}")
def organisation_page(asking: MemberReading, view: Viewed) -> HTMLResponse:
    """What members of an organisation have to look after."""
    return view.page("organisation.html", asking.actor.account, **dashboard_of(asking))


@plain.get("/static/{version}/{name}")
def static_file(version: str, name: str) -> Response:
    """A style sheet or script."""
    return static.file_of(version, name)


def _to_reader(request: Request) -> RedirectResponse:
    language = wanted_language(request.headers.get("accept-language", ""))
    rest = request.url.path.rstrip("/")
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"/{language}{rest}{query}", 302, headers={"Vary": "Accept-Language"})


@plain.get("/", response_class=RedirectResponse)
def front_in_your_language(request: Request) -> Any:
    """The front page in the language of the reader."""
    return _to_reader(request)


@plain.get("/rounds/{rest:path}", response_class=RedirectResponse)
def round_in_your_language(request: Request, rest: str) -> Any:
    """A page of a round in the language of the reader."""
    return _to_reader(request)
