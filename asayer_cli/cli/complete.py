"""Completers: what a parameter's `shell_complete` is. Each imports what it needs only when it is asked."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import click
    from click.shell_completion import CompletionItem

    from asayer_cli.completion_values import Place


def regions(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG001 - click's signature
    """Offer the AWS regions that the SDK knows, with what they are called."""
    from asayer_cli.aws.region_names import region_names

    return _items(region_names(), incomplete)


def aws_profiles(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG001 - click's signature
    """Offer the profiles of the AWS configuration files."""
    from asayer_cli.aws.profile_names import profile_names

    return _items(profile_names(os.environ), incomplete)


def profiles(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG001 - click's signature
    """Offer the profiles of the settings file."""
    from asayer_cli.completion_values import profiles as names

    return _items(names(os.environ), incomplete)


def log_groups(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG001 - click's signature
    """Offer the log groups of the region in question."""
    from asayer_cli.completion_values import log_groups as names

    return _items(names(_place(ctx), incomplete), incomplete)


def index_names(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG001 - click's signature
    """Offer the indices that the profile's key sees; none where the command line names a cluster itself.

    A key is never sent to a cluster that it is not for.
    """
    from asayer_cli.completion_values import index_names as names

    return [] if _is_elsewhere(ctx) else _items(names(_place(ctx), incomplete), incomplete)


def files(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG001 - click's signature
    """Leave it to the shell, which knows files best."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(incomplete, type="file")]


def setting_names(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG001 - click's signature
    """Offer the names of the settings, with their meaning."""
    from asayer_cli.settings import KEYS

    return _items({key.name: key.help for key in KEYS}, incomplete)


def setting_values(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer what the setting named before can be."""
    from asayer_cli.settings import KEYS

    name = str(ctx.params.get("name") or "")
    by_name = {"aws.region": regions, "aws.log_groups": log_groups, "elastic.indexes": index_names}
    by_name |= {key.name: files for key in KEYS if key.is_path}
    if name in by_name:
        return by_name[name](ctx, param, incomplete)
    return _items([choice for key in KEYS if key.name == name for choice in key.choices], incomplete)


def _items(names: Iterable[str] | Mapping[str, str], incomplete: str) -> list[CompletionItem]:
    """Return those that begin as typed, with help where there is any; what cannot be shown is not offered."""
    from click.shell_completion import CompletionItem

    helps: Mapping[str, str] = names if isinstance(names, dict) else dict.fromkeys(names, "")
    return [
        CompletionItem(name, help=text or None)
        for name, text in helps.items()
        if name.startswith(incomplete) and name.isprintable()
    ]


def _place(ctx: click.Context) -> Place:
    from asayer_cli.completion_values import Place

    return Place(
        os.environ,
        str(ctx.params.get("profile") or "default"),
        str(ctx.params.get("aws_profile") or ""),
        _last(ctx.params.get("region")),
        str(ctx.params.get("ca_bundle") or ""),
        str(ctx.params.get("proxy") or ""),
    )


def _last(given: object) -> str:
    values = [given] if isinstance(given, str) else list(given) if isinstance(given, tuple) else []
    return str(values[-1]).strip() if values else ""


def _is_elsewhere(ctx: click.Context) -> bool:
    from click.core import ParameterSource

    return any(ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE for name in ("url", "cloud_id"))
