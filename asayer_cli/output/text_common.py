"""Settings and integrations for people."""

from __future__ import annotations

from functools import singledispatch
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from asayer_cli.config_view import SettingChange, SettingsPath, SettingsView

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

    from asayer_cli.settings import Value


@singledispatch
def render(data: object) -> Iterator[RenderableType]:
    """Yield what to print for a result's data."""
    raise TypeError(f"{type(data).__name__} has no text form")


@render.register(SettingsPath)
def _(data: SettingsPath) -> Iterator[RenderableType]:
    yield Text(str(data.path))


@render.register(SettingChange)
def _(data: SettingChange) -> Iterator[RenderableType]:
    done = "removed" if data.value is None else f"= {_value(data.value)}"
    yield Text(f"{data.name} {done}  (profile {data.profile})")


@render.register(SettingsView)
def _(data: SettingsView) -> Iterator[RenderableType]:
    if not data.settings:
        yield Text(f"Nothing is set in profile {data.profile} ({data.path}).")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("setting", "value", "from"):
        table.add_column(title, overflow="fold")
    for line in data.settings:
        origin = line.variable if line.origin == "environment" else "file"
        table.add_row(Text(line.name), Text(_value(line.value)), Text(origin))
    yield table


def _value(value: Value) -> str:
    return value if isinstance(value, str) else ", ".join(value)
