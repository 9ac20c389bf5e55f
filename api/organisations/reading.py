"""What was done in the name of an organisation, as it is shown."""

from __future__ import annotations

from sqlmodel import col, select

from api.access import OrganisationAsking
from api.organisations.schema import AuditOut
from api.tables import Audit


def newest_deeds(asking: OrganisationAsking, limit: int) -> list[AuditOut]:
    """Return the end of the audit log, newest first."""
    query = select(Audit).where(Audit.organisation_id == asking.organisation.id)
    rows = asking.session.exec(query.order_by(col(Audit.number).desc()).limit(limit))
    return [AuditOut(**row.model_dump(exclude={"organisation_id"})) for row in rows]
