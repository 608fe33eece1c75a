"""The root command; each command group is imported when it is asked for."""

from __future__ import annotations

import importlib
from typing import Any, Final, cast

import click

from asayer_cli import __version__
from asayer_cli.cli.base import ENVIRONMENT_PREFIX

PROGRAM: Final = "asayer-cli"
COMPLETION_VARIABLE: Final = "_ASAYER_CLI_COMPLETE"
_MODULES: Final = {
    "aws": "aws",
    "elastic": "elastic",
    "integrations": "integrations",
    "snippet": "snippet",
    "verify": "verify",
    "session": "session",
    "coverage": "coverage",
    "audit": "audit",
    "config": "config",
    "completions": "completions",
    "sandbox": "sandbox",
    "demo": "demo",
}


class _LazyGroup(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(_MODULES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        if cmd_name not in _MODULES:
            return None
        module: Any = importlib.import_module(f"asayer_cli.cli.{_MODULES[cmd_name]}")
        return cast("click.Command", module.group)


@click.command(
    cls=_LazyGroup,
    name=PROGRAM,
    context_settings={"auto_envvar_prefix": ENVIRONMENT_PREFIX, "help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, message="%(prog)s %(version)s")
def root() -> None:
    """Connect your logs to Asayer session replays, and prove that it works.

    \b
    First time, in this order:
      asayer-cli aws setup            an IAM user that may read CloudWatch Logs
      asayer-cli elastic create-key   an API key that may read *log*
      asayer-cli integrations show    what to paste into the product
      asayer-cli verify               the proof, on your machine and in CI
    """
