"""`aws setup --emit`: the user or role as code, on standard output."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any, Final

import click
from click.core import ParameterSource

from asayer_cli.cli.types import DURATION
from asayer_cli.errors import UsageError
from asayer_cli.result import Level, Message, Result

if TYPE_CHECKING:
    from collections.abc import Callable

    from asayer_cli.aws.emit import Blueprint, Trust
    from asayer_cli.aws.setup_plan import Wishes
    from asayer_cli.cli.app import App
    from asayer_cli.settings import Settings

LANGUAGES: Final = ("cloudformation", "terraform", "aws-cli", "role")
# What only has a meaning where something is done, and what only a role has.
_DOES: Final = frozenset(
    {"add_key", "adopt", "allow_http", "aws_profile", "delete_key", "drop_other_groups", "dry_run", "secret_store"}
    | {"wait_for_key", "yes"}
)
_OF_A_ROLE: Final = frozenset({"trusted_account", "external_id", "max_session"})
_OPTIONS: Final = (
    click.option(
        "--emit",
        type=click.Choice(LANGUAGES),
        help="Do nothing, and print the same user and rights as code to review. role: instead of a user with a key, a "
        "role for collectors that can assume one.",
    ),
    click.option("--trusted-account", metavar="ID", help="With --emit role: the AWS account that may assume the role."),
    click.option(
        "--external-id",
        metavar="TEXT",
        help="With --emit role: what must come with every assumption; made up when not given. No secret, but the "
        "environment variable keeps it out of the process list.",
    ),
    click.option(
        "--max-session",
        type=DURATION,
        default="1h",
        show_default=True,
        metavar="DURATION",
        help="With --emit role: the longest session, 1h to 12h.",
    ),
)


def emit_options(function: Callable[..., Result]) -> Callable[..., Result]:
    """Give a command the options of --emit."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def refuse_without_emit() -> None:
    """Raise UsageError for options that have a meaning for a role only."""
    _refuse(_OF_A_ROLE, "goes with --emit role only")


def emit_code(app: App, given: dict[str, Any], wishes_of: Callable[..., Wishes]) -> Result:
    """Print the code; nothing is asked of AWS, and no credentials are looked for."""
    from asayer_cli.aws.emit import Language, emit

    language = Language(given["emit"])
    _refuse(_DOES, "has no meaning with --emit, which changes nothing")
    trust = _trust(given) if language is Language.ROLE else None
    if trust is None:
        _refuse(_OF_A_ROLE, f"goes with --emit role, not with --emit {language}")
    settings = app.settings()
    emitted = emit(language, _blueprint(app, settings, given, wishes_of(given, settings), trust))
    if app.output == "json":
        return Result(emitted)
    app.console.write(emitted.code)
    return Result(messages=tuple(Message(Level.NOTE, f"Next: {step}") for step in emitted.next_steps))


def _refuse(names: frozenset[str], why: str) -> None:
    """Raise UsageError for the first of these options that was typed; what the environment sets is no wish."""
    context = click.get_current_context()
    for option in context.command.params:
        if option.name in names and context.get_parameter_source(option.name) is ParameterSource.COMMANDLINE:
            raise UsageError(f"{option.opts[0]} {why}.", hint="Leave it out.", code="emit_options")


def _trust(given: dict[str, Any]) -> Trust:
    import secrets

    from asayer_cli.aws.emit import Trust

    if not given["trusted_account"]:
        raise UsageError(
            "The account that may assume the role is missing.",
            hint="Name the collector's AWS account, twelve digits: --trusted-account.",
            code="no_trusted_account",
        )
    external_id = given["external_id"] or f"asayer-{secrets.token_hex(16)}"
    return Trust(given["trusted_account"].strip(), external_id, int(given["max_session"].total_seconds()))


def _blueprint(app: App, settings: Settings, given: dict[str, Any], wishes: Wishes, trust: Trust | None) -> Blueprint:
    from asayer_cli.aws.emit import Blueprint
    from asayer_cli.aws.log_groups import check_name
    from asayer_cli.aws.model import Scope

    region = (given["region"] or "").strip() or settings.text("aws.region")
    names = dict.fromkeys(filter(None, given["log_groups"])) or settings.many("aws.log_groups")
    groups = tuple(check_name(name) for name in names)
    scope = wishes.scope or Scope.MANAGED_POLICY
    command = _next_command(app, wishes, scope, region, groups)
    return Blueprint(wishes.user_name, wishes.path or "/", wishes.boundary, scope, region, groups, command, trust)


def _next_command(app: App, wishes: Wishes, scope: object, region: str, groups: tuple[str, ...]) -> str:
    words = ["asayer-cli", "aws", "setup", "--user-name", wishes.user_name, "--scope", str(scope)]
    words += ["--region", region] if region else []
    words += [word for group in groups for word in ("--log-group", group)]
    words += ["--profile", app.profile] if app.profile != "default" else []
    if not "".join(words).isprintable():
        raise UsageError(
            f"The name of profile {app.profile!r} has characters that cannot stand in a comment.",
            hint="Choose another name: --profile.",
            code="malformed_value",
        )
    return shlex.join(words)
