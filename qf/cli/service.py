"""`qf serve` and its kind: run the service, which is not in the wheel but in a checkout or a container.

This is the one file of `qf` that imports `api`, when a command runs.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from qf.cli.output import Exit, aside, fact
from qf.errors import InputError, MissingExtraError, Problem

if TYPE_CHECKING:
    from api.database import Database
    from api.settings import Settings

Host = Annotated[str, typer.Option(help="Where to listen; 127.0.0.1 is this machine only, behind a proxy.")]
Port = Annotated[int, typer.Option(min=0, max=65_535, help="Port to listen on; 0 is any free one.")]
Worker = Annotated[
    bool, typer.Option("--worker/--no-worker", help="Whether to do jobs too, in processes of their own.")
]
Revision = Annotated[str, typer.Argument(help="A revision; `qf migrate status` lists them.")]
Identifier = Annotated[str, typer.Argument(metavar="NAME", help="Short name in addresses.")]
Title = Annotated[str, typer.Option(help="What people call it; otherwise NAME.")]
Admin = Annotated[str, typer.Option(metavar="eip155:CHAIN:0x...", help="The wallet of its first admin.")]
NewFile = Annotated[Path, typer.Argument(metavar="FILE.tar.gz", help="Where to write it.")]
OldFile = Annotated[Path, typer.Argument(metavar="FILE.tar.gz", help="A file that `qf backup` wrote.")]

service_app = typer.Typer()
"""The commands of the service, which stand beside the others."""

migrate_app = typer.Typer(no_args_is_help=True, help="Bring the tables of the database to what this version needs.")
organisation_app = typer.Typer(no_args_is_help=True, help="Set up communities from the command line.")
service_app.add_typer(migrate_app, name="migrate")
service_app.add_typer(organisation_app, name="organisation")


@service_app.command("serve")
def serve_command(host: Host = "127.0.0.1", port: Port = 8000, worker: Worker = True) -> None:
    """Run the service: HTTP, and a worker. Settings are environment variables QF_..., or a file .env."""
    settings = _settings()
    from api.serving import bind, serve

    with bind(host, port) as listening:
        fact("listening on", f"http://{f'[{host}]' if ':' in host else host}:{listening.getsockname()[1]}")
        fact("public address", settings.public_url)
        serve(settings, listening, with_worker=worker)


@service_app.command("worker")
def worker_command() -> None:
    """Do the jobs of the service. Any number of workers can run, on any machine that reaches the database."""
    settings = _settings()
    from api.serving import work

    work(settings)


@migrate_app.command("up")
def up_command(revision: Revision = "head") -> None:
    """Add what is missing, all of it or nothing. Make a backup first."""
    with _database() as database:
        from api.database import missing_revisions, upgrade

        missing = missing_revisions(database)
        upgrade(database, revision)
        fact("added", ", ".join(sorted(set(missing) - set(missing_revisions(database)))) or "nothing")


@migrate_app.command("down")
def down_command(revision: Revision) -> None:
    """Go back to a revision, and lose what later ones hold; `base` removes everything."""
    with _database() as database:
        from api.database import downgrade

        downgrade(database, revision)
    fact("went back to", revision)


@migrate_app.command("status")
def status_command() -> None:
    """Say what is missing; exit code 1 if anything is."""
    with _database() as database:
        from api.database import missing_revisions

        missing = missing_revisions(database)
    fact("missing", ", ".join(missing) or "nothing")
    raise typer.Exit(Exit.NO if missing else Exit.DONE)


@organisation_app.command("found")
def found_command(name: Identifier, admin: Admin, title: Title = "") -> None:
    """Found a community whose admin is whoever signs in with a wallet."""
    settings = _settings()
    from api.bootstrap import found_organisation
    from api.services import Services
    from api.serving import prepare

    prepare(settings)
    services = Services.of(settings)
    try:
        organisation = found_organisation(services, name, title or name, admin)
    finally:
        services.close()
    fact("founded", organisation.id)


@service_app.command("backup")
def backup_command(path: NewFile) -> None:
    """Write the database (SQLite) and all bundles to one file, while the service goes on."""
    settings = _settings()
    from api.backup import write_backup

    if path.exists():
        raise InputError.at(str(path), "is there already", "name a new file")
    with aside(path) as written:
        made = write_backup(settings, written)
    fact("bundles", made.bundles)
    fact("database", "SQLite" if made.database else "not in it: pg_dump --format=custom, before this command")
    fact("written", path)


@service_app.command("restore")
def restore_command(path: OldFile) -> None:
    """Put in place what `qf backup` wrote, where nothing is yet. The service must not run."""
    settings = _settings()
    from api.backup import restore_backup

    made = restore_backup(settings, path)
    fact("bundles", made.bundles)
    fact("database", "SQLite" if made.database else "not in it: pg_restore")


def _settings() -> Settings:
    """Return what the environment says."""
    if find_spec("api") is None or find_spec("api.settings") is None:
        told = "is not installed with the library"
        raise InputError.at("the service", told, "run it from a checkout of the repository, or from its container")
    if find_spec("sqlmodel") is None:
        raise MissingExtraError("sqlmodel", "api")
    from pydantic import ValidationError

    from api.settings import Settings

    try:
        return Settings()
    except ValidationError as error:
        raise InputError(_problem(each["loc"], each["msg"]) for each in error.errors()) from None


def _problem(place: tuple[int | str, ...], told: str) -> Problem:
    name = "_".join(["QF", *(str(part) for part in place[:1])]).upper()
    return Problem(name if place else "the settings", told.removeprefix("Value error, "))


@contextmanager
def _database() -> Iterator[Database]:
    """Open the database that the settings name, while the block runs."""
    settings = _settings()
    from api.serving import opened

    database = opened(settings)
    try:
        yield database
    finally:
        database.close()
