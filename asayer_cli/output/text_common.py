"""Settings and integrations for people."""

from __future__ import annotations

from functools import singledispatch
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from asayer_cli.config_view import SettingChange, SettingsPath, SettingsView
from asayer_cli.integrations_view import CLOUDWATCH, ELASTICSEARCH, Forgotten, IntegrationsView

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

    from asayer_cli.secret import Secret
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


@render.register(IntegrationsView)
def _(data: IntegrationsView) -> Iterator[RenderableType]:
    if data.cloudwatch:
        fields = data.cloudwatch
        searched = ", ".join(fields.searched_log_groups)
        yield from _form(
            CLOUDWATCH,
            {
                "Access key ID": fields.access_key_id,
                "Secret access key": _secret(fields.secret_access_key, revealed=data.revealed),
                "Region": fields.region,
                "Log group": fields.log_group,
                **({"(searched only)": searched} if searched else {}),
            },
        )
    if data.elasticsearch:
        form = data.elasticsearch
        yield from _form(
            ELASTICSEARCH,
            {
                "Host": form.host,
                "Port": str(form.port),
                "API key ID": form.api_key_id,
                "API key": _secret(form.api_key, revealed=data.revealed),
                "Indexes": form.indexes,
            },
        )
    if not data.revealed:
        yield Text("Secrets are masked; show them with --reveal.", style="dim")


@render.register(Forgotten)
def _(data: Forgotten) -> Iterator[RenderableType]:
    for name in data.forgotten:
        yield Text(f"forgotten: {name}")
    if data.forgotten:
        for line in data.alive:
            yield Text(f"still alive: {line}")


def _form(title: str, fields: dict[str, str]) -> Iterator[RenderableType]:
    yield Text(f"Preferences > Integrations > {title}", style="bold")
    width = max(len(name) for name in fields)
    for name, value in fields.items():
        yield Text.assemble("  ", (f"{name:<{width}}", "dim"), "  ", value)
    yield Text()


def _secret(secret: Secret, *, revealed: bool) -> str:
    return secret.reveal() if revealed else str(secret)


from asayer_cli.output import text_completions  # noqa: E402, F401 - for its effect: it registers with `render`
