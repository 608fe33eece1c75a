"""`completions`: the scripts that complete commands, options and values in a shell, printed or installed."""

from __future__ import annotations

import click

from asayer_cli.completion_scripts import SCRIPTS, SHELLS


@click.group("completions")
def group() -> None:
    """Complete commands, options and values with the Tab key."""


def _printer(shell: str) -> click.Command:
    def print_script() -> None:
        click.echo(SCRIPTS[shell], nl=False)

    return click.Command(shell, callback=print_script, help=f"Print the completion script for {shell}.")


for _shell in SHELLS:
    group.add_command(_printer(_shell))
