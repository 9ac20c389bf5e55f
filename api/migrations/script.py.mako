"""${message}."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from api.database.types import Document, Seconds, Uint256

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    """Undo it."""
    ${downgrades if downgrades else "pass"}
