"""The database: both kinds behave alike, and the tables come and go without losing what they hold."""

from __future__ import annotations

import threading

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text
from sqlalchemy.exc import IntegrityError, StatementError
from sqlmodel import select

from api.database import Database, downgrade, missing_revisions, upgrade
from api.tables import METADATA, Entry, Organisation, Round, Source

HUGE = 2**256 - 1


@pytest.fixture
def database(database_url: str):
    made = Database(database_url)
    yield made
    made.close()


def fill(database: Database, amount: int = HUGE) -> None:
    with database.writing() as session:
        session.add(Organisation(id="town", name="Town", created_at=0))
        session.flush()
        session.add(
            Round(
                id="spring",
                organisation_id="town",
                title="Spring",
                state="open",
                rules={"pool": {"amount": "5"}},
                pseudonym_key="",
                created_at=0,
                created_by="ann",
            )
        )
        session.flush()
        session.add(Source(id="s", round_id="spring", name="card", kind="webhook", created_at=0, created_by="ann"))
        session.flush()
        session.add(entry(1, amount=amount))


def entry(position: int, **values: object) -> Entry:
    given = {
        "round_id": "spring", "position": position, "source_id": "s", "external_id": str(position),
        "ledger_id": f"card/{position}", "donor": "ann", "project": "well", "amount": 1, "time": 0, "at": 0,
        "actor": "service", **values,
    }  # fmt: skip
    return Entry(**given)


def test_amounts_up_to_uint256_come_back_as_they_were(database):
    fill(database)
    with database.reading() as session:
        assert session.exec(select(Entry)).one().amount == HUGE


@pytest.mark.parametrize("amount", [-1, 2**256, 1.0, True, "1"])
def test_what_is_no_uint256_is_refused(database, amount):
    fill(database)
    with pytest.raises((StatementError, ValueError)), database.writing() as session:
        session.add(entry(2, amount=amount))
    with database.reading() as session:
        assert len(session.exec(select(Entry)).all()) == 1


def test_a_block_that_raises_leaves_nothing(database):
    def half_done() -> None:
        with database.writing() as session:
            session.add(Organisation(id="town", name="Town", created_at=0))
            session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half_done()
    with database.reading() as session:
        assert session.exec(select(Organisation)).all() == []


def test_a_row_of_nobody_is_refused(database):
    with pytest.raises(IntegrityError), database.writing() as session:
        session.add(entry(1))


def test_writers_at_the_same_time_wait_for_each_other(database):
    fill(database)

    def give(number: int) -> None:
        with database.writing() as session:
            found = session.exec(select(Round).with_for_update()).one()
            found.entries += 1
            session.add(found)

    threads = [threading.Thread(target=give, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.reading() as session:
        assert session.exec(select(Round)).one().entries == 12


def test_the_migrations_make_the_tables_that_the_code_expects(database):
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []
    assert missing_revisions(database) == ()


def test_down_and_up_again_with_rows_in_the_tables(database):
    fill(database)
    downgrade(database, "base")
    assert set(inspect(database.engine).get_table_names()) <= {"alembic_version"}
    assert missing_revisions(database)[0] == "0001"
    upgrade(database)
    fill(database)
    with database.reading() as session:
        assert session.exec(select(Entry)).one().amount == HUGE


def test_positions_of_entries_are_unique_in_a_round(database):
    fill(database)
    with pytest.raises(IntegrityError), database.writing() as session:
        session.add(entry(1, external_id="other"))
    with pytest.raises(IntegrityError), database.writing() as session:
        session.add(entry(2, external_id="1"))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_sqlite_keeps_foreign_keys_and_a_journal_that_readers_do_not_wait_for(database):
    with database.engine.connect() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1
