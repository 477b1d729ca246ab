"""The command line: ``workbench serve | worker | migrate | mode | import | demo | doctor | users | lab``."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from workbench import __version__, clock
from workbench.enums import Mode, Role
from workbench.errors import WorkbenchError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


class Group(click.Group):
    """Shows an error of ours as one clear sentence and ends with 1: a traceback helps nobody at a terminal."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except WorkbenchError as error:
            raise click.ClickException(error.message) from error


#: Who asks, for the commands that go through the operator contract.
_as = click.option("--as", "who", help="Your name, once the workbench has users.")


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def main() -> None:
    """Command Center: a workbench for the people who run AI-assisted marketing campaigns."""


@main.command()
@click.option("--address", default="127.0.0.1", show_default=True, help="The address to bind.")
@click.option("--port", default=5006, show_default=True, help="The port to bind.")
@click.option("--demo", is_flag=True, help="Fill an empty database with demo data first.")
@click.option("--worker/--no-worker", default=True, show_default=True, help="Run a worker beside the app.")
@click.option("--oauth", metavar="PROVIDER", help="Sign in there; its keys stand in PANEL_OAUTH_KEY and _SECRET.")
def serve(address: str, port: int, demo: bool, worker: bool, oauth: str | None) -> None:
    """Serve the workbench, with a worker beside it. Ctrl-C stops both."""
    _log()
    from workbench.bootstrap import fill_with_demo, open_workbench
    from workbench.companion import Companion

    wb = open_workbench(keep_mirror=True)
    if demo and fill_with_demo(wb.engine, clock.now()):
        click.echo("Filled the empty database with demo data.")
    companion = Companion([sys.executable, "-m", "workbench.cli", "worker", "--while-parent-lives"])
    if worker:
        # Before the screens are imported, which takes longer than a worker needs to start.
        companion.start()
    try:
        from workbench.web import make_server, settle

        try:
            server = make_server(wb, address=address, port=port, oauth=oauth)
        except OSError as error:
            reason = error.strerror or error
            raise click.ClickException(f"Port {port} of {address} cannot be bound: {reason}. Try --port.") from error
        signal.signal(signal.SIGTERM, lambda *_: server.io_loop.add_callback_from_signal(server.io_loop.stop))
        server.start()
        wb.load_metrics()
        shown = "localhost" if address in ("127.0.0.1", "0.0.0.0", "") else address  # noqa: S104 - compared, not bound
        click.echo(f"Command Center is on http://{shown}:{port}. Ctrl-C stops it.")
        settle()
        server.io_loop.start()
        server.stop()
    finally:
        companion.stop()
        wb.close()


@main.command()
@click.option("--while-parent-lives", is_flag=True, hidden=True, help="Stop when the process that started it ends.")
def worker(while_parent_lives: bool) -> None:
    """Send what is due, until stopped. SIGTERM and Ctrl-C finish what is being sent and give back the rest."""
    _log()
    from workbench.bootstrap import open_database
    from workbench.execution.worker import Worker
    from workbench.operator_services._edge import build_runtime
    from workbench.settings import load

    settings = load()
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    if while_parent_lives:
        threading.Thread(target=_watch_parent, args=(os.getppid(), stop), daemon=True).start()
    engine = open_database(settings)
    try:
        Worker(engine, build_runtime(settings)).run(stop)
    finally:
        engine.dispose()


def _watch_parent(parent: int, stop: threading.Event) -> None:
    while not stop.wait(1):
        if os.getppid() != parent:
            stop.set()


@main.command()
def migrate() -> None:
    """Bring the database to the version of this workbench. SQLite is backed up first."""
    from workbench import migrate as migrations
    from workbench.db import make_engine
    from workbench.settings import load

    settings = load()
    engine = make_engine(settings.url)
    migrations.upgrade(engine, backup_to=settings.data_dir / "backups" if settings.embedded else None)
    click.echo("The database is at head.")


@main.command()
@click.argument("mode", type=click.Choice([mode.value for mode in Mode]), required=False)
@click.option("--reason", help="Why; stands in the audit log.")
@_as
def mode(mode: str | None, reason: str | None, who: str | None) -> None:
    """Show the mode, or change it. Going live takes everything queued in simulation off the queue."""
    from workbench.operator_services import get_mode, set_mode

    with _session(who) as db:
        if mode is None:
            click.echo(get_mode(db))
            return
        if mode == Mode.LIVE:
            click.confirm("From then on messages really go to people. Go live?", abort=True)
        set_mode(db, mode, reason)
        click.echo(f"The mode is {mode}.")


@main.command(name="import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--project", required=True, help="The project's name; made when there is none.")
@click.option("--client", default="", help="The client's name, for a new project.")
@click.option("--campaign", required=True, help="The campaign's name; made when there is none.")
@_as
def import_(file: Path, project: str, client: str, campaign: str, who: str | None) -> None:
    """Import leads from a CSV file: Apollo, HubSpot, LinkedIn or plain."""
    from workbench import operator_services as contract

    with _session(who) as db:
        # Read it before anything is made: a file that is no list of leads leaves no empty project behind.
        if "email" not in contract.preview_leads(db, file)["columns"].values():
            raise click.ClickException(
                f"No column of {file.name} is an e-mail address. Call one of them “Email”, or import it on the Leads "
                "page, where columns can be chosen."
            )
        named = [row for row in contract.list_projects(db) if row["name"] == project]
        projects = [row["id"] for row in named if client in ("", row["client"])]
        if len(projects) > 1:
            raise click.ClickException(f"{len(projects)} projects are called {project}. Name the client with --client.")
        project_id = projects[0] if projects else contract.create_project(db, project, client)
        campaigns = [row["id"] for row in contract.list_campaigns(db, project_id) if row["name"] == campaign]
        campaign_id = campaigns[0] if campaigns else contract.create_campaign(db, project_id, campaign)["id"]
        with click.progressbar(length=1, label="Importing", file=sys.stderr) as bar:

            def progress(done: int, rows: int) -> None:
                bar.length = rows
                bar.update(done - bar.pos)

            result = contract.import_leads(db, campaign_id, file, filename=file.name, progress=progress)
    click.echo(
        f"{result['rows']} rows: {result['imported']} imported, {result['merged']} merged, "
        f"{result['unchanged']} unchanged, {result['rejected']} rejected."
    )
    if result["rejected_file"]:
        click.echo(f"The rejected rows, each with its number and reason: {result['rejected_file']}")


@main.command()
@click.option("--as-of", help="The moment the demo is made for, ISO with zone. Default: now.")
@click.option("--scale", default=1, show_default=True, type=click.IntRange(1), help="Multiplies leads and attempts.")
def demo(as_of: str | None, scale: int) -> None:
    """Fill an empty database with a believable agency. Such a database refuses to go live."""
    from workbench.bootstrap import fill_with_demo, open_database
    from workbench.settings import load

    moment = clock.now()
    if as_of:
        try:
            moment = clock.as_utc(datetime.fromisoformat(as_of))
        except ValueError as error:
            raise click.ClickException(f"{as_of} is not a moment. Write it like 2026-11-20T09:00:00Z.") from error
    engine = open_database(load())
    if not fill_with_demo(engine, moment, scale=scale):
        raise click.ClickException(
            "This database has projects already. Use an empty one: WORKBENCH_DATA_DIR=demo workbench demo"
        )
    click.echo("The demo is loaded.")


@main.command()
@click.option("--probe/--no-probe", default=True, show_default=True, help="Ask the systems that are configured.")
def doctor(probe: bool) -> None:
    """Say what is configured, reachable and wrong, and what to do about it."""
    from workbench.doctor import examine
    from workbench.settings import load

    findings = examine(load(), probe=probe)
    for found in findings:
        colour = {"ok": "green", "note": "yellow", "wrong": "red"}[found.state]
        todo = f"\n{'':26}→ {found.todo}" if found.todo else ""
        click.echo(f"{click.style(f'{found.state:6}', fg=colour)} {found.what:18} {found.text}{todo}")
    if any(found.state == "wrong" for found in findings):
        raise click.exceptions.Exit(1)


@main.group(cls=Group)
def users() -> None:
    """People who may sign in. While there are none, whoever sits at this machine is admin."""


@users.command("list")
@_as
def users_list(who: str | None) -> None:
    """Every user with their role."""
    from workbench.operator_services import list_users

    with _session(who) as db:
        for user in list_users(db):
            click.echo(f"{user['name']:30} {user['role']:10} {'disabled' if user['disabled'] else ''}")


@users.command("add")
@click.argument("name")
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True)
@click.password_option()
@_as
def users_add(name: str, role: str, password: str, who: str | None) -> None:
    """Add a user; asks for the password. The first one must be an admin."""
    from workbench.operator_services import add_user

    with _session(who) as db:
        add_user(db, name, role, password)
    click.echo(f"{name} may sign in as {role}. A server that runs without sign-in must be started anew.")


@users.command("role")
@click.argument("name")
@click.argument("role", type=click.Choice([role.value for role in Role]))
@_as
def users_role(name: str, role: str, who: str | None) -> None:
    """Give a user another role."""
    from workbench.operator_services import set_user_role

    with _session(who) as db:
        set_user_role(db, name, role)
    click.echo(f"{name} is {role}.")


@users.command("disable")
@click.argument("name")
@click.option("--undo", is_flag=True, help="Let them in again.")
@_as
def users_disable(name: str, undo: bool, who: str | None) -> None:
    """Shut a user out, open pages included."""
    from workbench.operator_services import disable_user

    with _session(who) as db:
        disable_user(db, name, not undo)
    click.echo(f"{name} {'may sign in again' if undo else 'is shut out'}.")


@users.command("password")
@click.argument("name")
@click.password_option()
@_as
def users_password(name: str, password: str, who: str | None) -> None:
    """Replace a user's password."""
    from workbench.operator_services import set_user_password

    with _session(who) as db:
        set_user_password(db, name, password)
    click.echo(f"{name} has a new password.")


@main.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def lab(arguments: tuple[str, ...]) -> None:
    """Open JupyterLab on the notebooks, with nothing fetched from outside. ARGUMENTS go to JupyterLab."""
    from workbench.web.lab import run_lab

    raise SystemExit(run_lab(list(arguments)))


@contextmanager
def _session(who: str | None) -> Iterator[Session]:
    from workbench.bootstrap import open_workbench

    wb = open_workbench(actor=who)
    try:
        with wb.session() as db:
            yield db
    finally:
        wb.close()


def _log() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("alembic.runtime.plugins").setLevel(logging.WARNING)
    logging.getLogger("bokeh").setLevel(logging.WARNING)
    logging.getLogger("tornado.access").setLevel(logging.ERROR)
    logging.getLogger("httpx").setLevel(logging.WARNING)


if __name__ == "__main__":
    main()
