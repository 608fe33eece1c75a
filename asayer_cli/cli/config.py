"""`config`: read and change the settings of a profile."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from asayer_cli.cli import complete
from asayer_cli.cli.base import command
from asayer_cli.result import Result

if TYPE_CHECKING:
    from asayer_cli.cli.app import App


@click.group("config")
def group() -> None:
    """Read and change the settings of this machine."""


@command("path")
def path(app: App) -> Result:
    """Print the path of the settings file."""
    from asayer_cli.config_view import SettingsPath
    from asayer_cli.settings import FILE_NAME

    return Result(SettingsPath(app.config_folder / FILE_NAME))


@command("show")
def show(app: App) -> Result:
    """Show the settings of a profile, and where each comes from."""
    from asayer_cli.config_view import view

    return Result(view(app.settings(), app.config_folder))


@command("set")
@click.argument("name", shell_complete=complete.setting_names)
@click.argument("values", nargs=-1, required=True, shell_complete=complete.setting_values)
def set_(app: App, name: str, values: tuple[str, ...]) -> Result:
    """Set NAME to a value; several values, or commas, make a list.

    \b
    asayer-cli config set aws.region eu-west-1
    asayer-cli config set aws.log_groups /ecs/shop-api /ecs/shop-worker
    """
    from asayer_cli.config_view import SettingChange, check_storable
    from asayer_cli.network import absolute
    from asayer_cli.settings import check_value, find_key, parse_value

    key = find_key(name)
    check_storable(key.name, values)
    value = check_value(key, parse_value(key, values))
    if key.is_path:
        value = absolute(str(value))
    app.save({key.name: value})
    return Result(SettingChange(key.name, value, app.profile))


@command("unset")
@click.argument("name", shell_complete=complete.setting_names)
def unset(app: App, name: str) -> Result:
    """Remove NAME from the settings."""
    from asayer_cli.config_view import SettingChange
    from asayer_cli.settings import find_key

    app.save({find_key(name).name: None})
    return Result(SettingChange(name, None, app.profile))


for _command in (path, show, set_, unset):
    group.add_command(_command)
