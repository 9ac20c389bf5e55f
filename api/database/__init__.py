"""The database: how it is opened, what its columns hold, and how its tables come to be."""

from api.database.engine import POOL, Database
from api.database.types import Document, Seconds, Uint256
from api.database.upgrade import downgrade, missing_revisions, upgrade

__all__ = ["POOL", "Database", "Document", "Seconds", "Uint256", "downgrade", "missing_revisions", "upgrade"]
