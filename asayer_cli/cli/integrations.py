"""`integrations`: what to paste under Preferences > Integrations, and how to forget it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import click

from asayer_cli.cli.base import command, dry_run_option, secret_store_option, yes_option
from asayer_cli.result import Result

if TYPE_CHECKING:
    from asayer_cli.cli.app import App


SERVICES: Final[tuple[Literal["aws", "elastic"], ...]] = ("aws", "elastic")


@click.group("integrations")
def group() -> None:
    """Show or forget what the product needs to read your logs."""


@command("show")
@click.option("--reveal", is_flag=True, help="Show the secrets too.")
@secret_store_option
def show_forms(app: App, secret_store: str | None, *, reveal: bool) -> Result:
    """Show what to paste under Preferences > Integrations, field by field."""
    from asayer_cli.integrations_view import show

    app.secret_store = secret_store or ""
    settings = app.settings()
    return show(settings, app.store(settings), app.environ, revealed=reveal)


@command("remove")
@click.option("--only", type=click.Choice(SERVICES), help="Forget only this integration.")
@secret_store_option
@dry_run_option
@yes_option
def remove(app: App, only: str | None, secret_store: str | None, *, dry_run: bool, yes: bool) -> Result:
    """Forget the settings and secrets of this machine.

    Nothing in the AWS account or the cluster is changed: the keys stay valid until they are deleted there.
    """
    from contextlib import ExitStack

    app.secret_store = secret_store or ""
    with ExitStack() as locks:
        for service in SERVICES:
            if only in (None, service) and not dry_run:
                locks.enter_context(app.exclusive(service))
        return _remove(app, only, dry_run=dry_run, yes=yes)


def _remove(app: App, only: str | None, *, dry_run: bool, yes: bool) -> Result:
    from asayer_cli.integrations_remove import Machine, carry_out, outcome
    from asayer_cli.settings import load_file

    store, journal = app.store(app.settings()), app.journal()
    machine = Machine(load_file(app.profile, app.environ), store, tuple(journal.records()))
    removal = machine.plan(only)
    if not removal.names:
        app.console.say(f"Profile {app.profile} has nothing to forget in {app.config_folder}.")
    for line in removal.lines() if removal.names else ():
        app.console.explain(line)
    if dry_run:
        return Result(outcome(removal))
    if removal.names and not app.confirm("Forget this?", yes=yes):
        raise click.Abort
    return Result(carry_out(removal, store, app.save, journal))


group.add_command(show_forms)
group.add_command(remove)
