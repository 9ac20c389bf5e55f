"""The composition root: settings in, application out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI

from api import answers, wall
from api.accounts import routes as accounts
from api.applications import routes as applications
from api.clock import Clock, now
from api.codes import routes as codes
from api.document import describe
from api.estimates import routes as estimates
from api.etags import Heads
from api.giving import routes as giving
from api.health import routes as health
from api.health import watching
from api.health.metrics import Metrics
from api.history import routes as history
from api.hooks import routes as hooks
from api.intake import routes as intake
from api.live import routes as live
from api.organisations import routes as organisations
from api.publishing import routes as publishing
from api.reconciliation import routes as reconciliation
from api.rounds import routes as rounds
from api.services import Services
from api.settings import Settings
from api.settlement import routes as settlement
from api.sign_in import routes as sign_in
from api.sources import routes as sources
from api.telemetry import telemetry
from api.web import routes as web
from api.web.errors import error_page
from api.web.language import Language
from api.weights import routes as weights
from api.worker import routes as worker
from qf import __doc__ as _about

ROUTERS: tuple[APIRouter, ...] = (
    sign_in.router,
    accounts.router,
    organisations.router,
    codes.router,
    rounds.router,
    applications.router,
    sources.router,
    intake.router,
    reconciliation.router,
    weights.router,
    settlement.router,
    estimates.router,
    live.router,
    giving.router,
    hooks.router,
    publishing.router,
    history.router,
    worker.router,
)
"""The endpoints under /v1, one router per feature."""


def create_app(settings: Settings | None = None, clock: Clock = now) -> FastAPI:
    """Return the application; without `settings` they are read from the environment.

    Raises:
        ValidationError: a setting is missing, malformed or unsafe; names them all.
    """
    services = Services.of(settings or Settings(), clock)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        services.books.start()
        yield
        await services.feed.close()
        services.close()

    app = FastAPI(
        title="qf",
        description=(_about or "").partition("\n")[0],
        version="1",
        lifespan=lifespan,
        responses=answers.PROBLEM,
        docs_url=None,
        redoc_url=None,
        openapi_url="/v1/openapi.json",
        redirect_slashes=False,
        telemetry=telemetry(services.settings),
    )
    app.state.services = services
    app.state.metrics = Metrics(services)
    app.state.error_page = error_page
    answers.install(app)
    app.add_middleware(Heads)
    for router in ROUTERS:
        app.include_router(router, prefix="/v1")
    app.include_router(sign_in.well_known)
    app.include_router(health.router)
    app.include_router(web.plain)
    for language in Language:
        app.include_router(web.router, prefix=f"/{language}")
    describe(app, ROUTERS, "/v1")
    wall.build(app, services.settings)
    watching.build(app, app.state.metrics)
    return app
