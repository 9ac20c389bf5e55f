"""Taking away what nobody needs any more: jobs that are done, and what sign-ins left behind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete
from sqlmodel import col, select

from api.queue import Handler
from api.services import Services
from api.tables import Job, Nonce, RefreshToken, SignIn

DAY = 86_400

KEPT_DONE = 7 * DAY
"""Seconds for which a job that is done can be seen."""

KEPT_FAILED = 90 * DAY
"""The same for one that failed."""


def tidy(services: Services, work: Mapping[str, Any]) -> None:
    """Remove old jobs, nonces nobody can use any more, and sessions that have ended by themselves."""
    at = services.clock()
    over = select(SignIn.id).where(col(SignIn.expires_at) < at)
    with services.database.writing() as session:
        for state, kept in (("done", KEPT_DONE), ("failed", KEPT_FAILED)):
            session.execute(delete(Job).where(col(Job.state) == state, col(Job.ended_at) < at - kept))
        session.execute(delete(Nonce).where(col(Nonce.expires_at) < at))
        session.execute(delete(RefreshToken).where(col(RefreshToken.sign_in_id).in_(over)))
        session.execute(delete(SignIn).where(col(SignIn.expires_at) < at))


JOBS: Mapping[str, Handler] = {"jobs.tidy": tidy}
