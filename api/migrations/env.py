"""Run by Alembic, with the connection that `api.database.upgrade` opened."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlmodel.sql.sqltypes import AutoString

from api.database.types import Document, Seconds, Uint256
from api.tables import METADATA


def _written(kind: str, item: Any, _: AutogenContext) -> str | Literal[False]:
    """Return how a column type is written in a new revision."""
    if kind != "type":
        return False
    if isinstance(item, AutoString):
        return "sa.String()"
    if isinstance(item, Uint256):
        return "Uint256()"
    return {id(Document): "Document", id(Seconds): "Seconds"}.get(id(item), False)


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    render_as_batch=True,
    render_item=_written,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
