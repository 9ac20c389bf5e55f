"""Bringing the tables of a database to the state this version expects, and back; by Alembic."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.script.revision import RevisionError
from sqlalchemy import Connection

from api.database.engine import Database
from qf.errors import InputError

MIGRATIONS = Path(__file__).resolve().parents[1] / "migrations"


def upgrade(database: Database, revision: str = "head") -> None:
    """Bring the tables up to `revision`, all of it or nothing."""
    with database.engine.begin() as connection:
        command.upgrade(_config(connection), revision)


def downgrade(database: Database, revision: str) -> None:
    """Take the tables back to `revision`; "base" removes them all."""
    with database.engine.begin() as connection:
        command.downgrade(_config(connection), revision)


def missing_revisions(database: Database) -> tuple[str, ...]:
    """Return the revisions that the database has not seen yet, oldest first; empty if it is up to date.

    Raises:
        InputError: it has seen revisions that this version of the program does not know.
    """
    scripts = ScriptDirectory(str(MIGRATIONS))
    with database.engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision() or "base"
    try:
        return tuple(reversed([script.revision for script in scripts.iterate_revisions("head", current)]))
    except RevisionError:
        told = f"has revision {current}, of a later version of this program"
        raise InputError.at("the database", told, "run the version that migrated it, or a newer one") from None


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config
