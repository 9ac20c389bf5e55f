"""Running the service: the application and its workers, in the processes of one command."""

from __future__ import annotations

import signal
import socket
import threading

import structlog
import uvicorn
from fastapi import FastAPI
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from api import logs
from api.app import create_app
from api.database import Database, missing_revisions, upgrade
from api.services import Services
from api.settings import Settings
from api.worker.processes import Workers
from qf.errors import InputError

PATIENCE = 15
"""Seconds in which open requests may end when the service is stopped."""

BACKLOG = 2_048
"""Connections that wait to be taken."""

_log = structlog.get_logger()


class Server(uvicorn.Server):
    """A server that stops the workers and the streams of those who listen before it waits for open requests."""

    def __init__(self, app: FastAPI, stopping: threading.Event) -> None:
        self._app, self._stopping = app, stopping
        super().__init__(
            uvicorn.Config(
                app,
                access_log=False,
                log_config=None,
                proxy_headers=False,
                server_header=False,
                timeout_graceful_shutdown=PATIENCE,
            )
        )

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop taking connections, and let the open ones end."""
        self._stopping.set()
        await self._app.state.services.feed.close()
        await super().shutdown(sockets)


def bind(host: str, port: int) -> socket.socket:
    """Return a socket that listens; port 0 is any free one.

    Raises:
        OSError: somebody else listens there, or the host is none of this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=BACKLOG)


def serve(settings: Settings, listening: socket.socket, *, with_worker: bool) -> None:
    """Answer requests, and do jobs unless somebody else does, until the process is told to stop.

    Raises:
        InputError: the database is not up to date.
    """
    logs.configure()
    prepare(settings)
    stopping = _until_told()
    app = create_app(settings)
    workers = threading.Thread(target=Workers(app.state.services).run, args=(stopping,), name="workers")
    if with_worker:
        workers.start()
    try:
        Server(app, stopping).run([listening])
    finally:
        stopping.set()
        if with_worker:
            workers.join()


def work(settings: Settings) -> None:
    """Do jobs until the process is told to stop.

    Raises:
        InputError: the database is not up to date.
    """
    logs.configure()
    prepare(settings)
    services = Services.of(settings)
    try:
        Workers(services).run(_until_told())
    finally:
        services.close()


def prepare(settings: Settings) -> None:
    """Bring the tables of SQLite up to date, which nobody else uses; those of PostgreSQL have to be.

    Raises:
        InputError: they are not, or the database does not answer.
    """
    database = opened(settings)
    try:
        missing = missing_revisions(database)
        if missing and not database.is_sqlite:
            told = f"lacks the revisions {', '.join(missing)}"
            raise InputError.at("the database", told, "make a backup, then run: qf migrate up")
        if missing:
            upgrade(database)
            _log.info("migrated", revisions=list(missing))
    finally:
        database.close()


def opened(settings: Settings) -> Database:
    """Return the database, which answers.

    Raises:
        InputError: its address is malformed, or it does not answer.
    """
    try:
        database = Database(settings.database_url)
        database.engine.connect().close()
    except (ArgumentError, ValueError):
        told = "is no address of a database"
        raise InputError.at("QF_DATABASE_URL", told, "write sqlite:///path or postgresql://host/name") from None
    except SQLAlchemyError as error:
        told = f"the database does not answer: {type(error.__cause__ or error).__name__}"
        raise InputError.at("QF_DATABASE_URL", told, "is it running, and are its name and password right?") from None
    return database


def _until_told() -> threading.Event:
    """Return what is set when the process is told to stop."""
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    return stopping
