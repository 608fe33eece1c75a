"""`completions`: the scripts that complete commands, options and values in a shell, printed or installed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from asayer_cli.cli.base import command, dry_run_option, yes_option
from asayer_cli.completion_scripts import SCRIPTS, SHELLS
from asayer_cli.result import Result

if TYPE_CHECKING:
    from asayer_cli.cli.app import App


@click.group("completions")
def group() -> None:
    """Complete commands, options and values with the Tab key.

    \b
    asayer-cli completions install       for the shell that you use
    asayer-cli completions bash          print the script, to put it elsewhere
    """


def _printer(shell: str) -> click.Command:
    def print_script() -> None:
        click.echo(SCRIPTS[shell], nl=False)

    return click.Command(shell, callback=print_script, help=f"Print the completion script for {shell}.")


@command("install")
@click.argument("shell", type=click.Choice(SHELLS), required=False)
@dry_run_option
@yes_option
def install(app: App, shell: str | None, *, dry_run: bool, yes: bool) -> Result:
    """Put the completion script where the shell looks for it; SHELL is yours when not given.

    Start files such as ~/.zshrc are never changed: where one needs a line, it is shown.
    """
    return _change(app, shell, remove=False, dry_run=dry_run, yes=yes)


@command("uninstall")
@click.argument("shell", type=click.Choice(SHELLS), required=False)
@dry_run_option
@yes_option
def uninstall(app: App, shell: str | None, *, dry_run: bool, yes: bool) -> Result:
    """Remove the completion script that `completions install` put in place."""
    return _change(app, shell, remove=True, dry_run=dry_run, yes=yes)


def _change(app: App, shell: str | None, *, remove: bool, dry_run: bool, yes: bool) -> Result:
    from asayer_cli.completion_install import carry_out, current_shell, place_of, plan_lines, planned

    change = planned(place_of(shell or current_shell(app.environ), app.environ), remove=remove)
    if change.changes_something:
        app.console.explain("Plan:")
        for line in plan_lines(change):
            app.console.explain(line)
    if dry_run or not change.changes_something:
        return Result(change)
    if not app.confirm("Do this?", yes=yes):
        raise click.Abort
    return Result(carry_out(change))


for _shell in SHELLS:
    group.add_command(_printer(_shell))
for _command in (install, uninstall):
    group.add_command(_command)
