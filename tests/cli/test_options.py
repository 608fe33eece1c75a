"""Every command and every option: a help text, an environment variable, and no variable with two meanings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import pytest

from asayer_cli.cli.root import root
from asayer_cli.completion_scripts import SHELLS
from asayer_cli.settings import KEYS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Cli

WITHOUT_VARIABLE = {"help", "version"}
COMMON = {"--output", "--profile", "--color", "--verbose", "--quiet", "--debug"}


def contexts(context: click.Context) -> Iterator[click.Context]:
    yield context
    if isinstance(context.command, click.Group):
        for name in context.command.list_commands(context):
            command = context.command.get_command(context, name)
            assert command is not None, name
            yield from contexts(click.Context(command, parent=context, info_name=name, **command.context_settings))


ALL = list(contexts(click.Context(root, info_name="asayer-cli", **root.context_settings)))
OPTIONS = [
    (context, option)
    for context in ALL
    for option in context.command.get_params(context)
    if isinstance(option, click.Option)
]


def variable_of(context: click.Context, option: click.Option) -> str | None:
    if option.envvar:
        assert isinstance(option.envvar, str)
        return option.envvar
    if context.auto_envvar_prefix and option.allow_from_autoenv and option.name:
        return f"{context.auto_envvar_prefix}_{option.name.upper()}"
    return None


def test_the_commands() -> None:
    assert {context.command_path.partition(" ")[2] for context in ALL} == {
        "",
        "aws",
        "aws setup",
        "aws credential-process",
        "aws log-groups",
        "aws rotate-key",
        "aws status",
        "aws teardown",
        "elastic",
        "elastic create-key",
        "elastic status",
        "elastic rotate-key",
        "elastic revoke-key",
        "integrations",
        "integrations show",
        "integrations remove",
        "snippet",
        "verify",
        "session",
        "coverage",
        "audit",
        "config",
        "config path",
        "config show",
        "config set",
        "config unset",
        "completions",
        "completions bash",
        "completions zsh",
        "completions fish",
        "completions install",
        "completions uninstall",
        "sandbox",
        "sandbox run",
        "sandbox start",
        "demo",
    }


@pytest.mark.parametrize("context", ALL, ids=lambda context: context.command_path)
def test_every_command_has_help(context: click.Context) -> None:
    text = context.get_help()
    first = (context.command.help or "").partition("\n")[0]
    assert first.endswith((".", ":")), first
    assert "  -h, --help" in text
    assert not context.command.get_short_help_str(limit=200).endswith("...")
    if not isinstance(context.command, click.Group) and context.command.name not in SHELLS:
        assert {name for option in context.command.params for name in option.opts} >= COMMON


@pytest.mark.parametrize(("context", "option"), OPTIONS, ids=lambda part: getattr(part, "command_path", part))
def test_every_option_has_help_and_a_variable(context: click.Context, option: click.Option) -> None:
    assert option.help
    assert option.help.endswith((".", "]"))
    if option.name not in WITHOUT_VARIABLE:
        variable = variable_of(context, option)
        assert variable is not None
        assert variable.startswith("ASAYER_")


def test_a_variable_has_one_meaning() -> None:
    meanings: dict[str, set[str | None]] = {}
    for context, option in OPTIONS:
        if option.name not in WITHOUT_VARIABLE:
            meanings.setdefault(variable_of(context, option) or "", set()).add(option.opts[0])
    assert {variable: names for variable, names in meanings.items() if len(names) > 1} == {}
    settings = {key.variable for key in KEYS} | {"ASAYER_CONFIG_DIR", "ASAYER_STATE_DIR", "ASAYER_SANDBOX"}
    automatic = {variable_of(context, option) for context, option in OPTIONS if not option.envvar}
    assert not settings & automatic


def test_no_option_takes_a_secret() -> None:
    for context, option in OPTIONS:
        if {"password", "secret", "token", "api_key"} & set((option.name or "").split("_")):
            assert option.is_flag or option.name == "secret_store", context.command_path


@pytest.mark.parametrize(
    ("variable", "value", "arguments", "said"),
    [
        ("ASAYER_PROFILE", "staging", ["integrations", "show"], "Profile staging has no integration"),
        ("ASAYER_VERIFY_SINCE", "yesterday", ["verify"], "'yesterday' is no time"),
        ("ASAYER_VERIFY_MIN_ENTRIES", "0", ["verify"], "0 is not in the range"),
        ("ASAYER_CONVENTION", "sentry", ["verify"], "'sentry' is not one of"),
        ("ASAYER_SECRET_STORE", "pocket", ["integrations", "show"], "'pocket' is not one of"),
        ("ASAYER_COLOR", "blue", ["config", "show"], "'blue' is not one of"),
        ("ASAYER_DEBUG", "perhaps", ["config", "show"], "'perhaps' is not a valid boolean"),
    ],
)
def test_variables_reach_their_options(bare: Cli, variable: str, value: str, arguments: list[str], said: str) -> None:
    run = bare(*arguments, env={variable: value})
    assert run.code == (3 if variable == "ASAYER_PROFILE" else 2)
    assert said in run.err
    assert (f"hint: The value comes from {variable}. See asayer-cli " in run.err) == (run.code == 2)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--since", "yesterday"], "write an age such as 2h, or ISO 8601 such as"),
        (["--since", "2026-11-22T09:30:00"], "append Z for UTC"),
        (["--until", "2026-13-01T00:00:00Z"], "is no time"),
        (["--wait", "soon"], "write a number and a unit, such as 30s, 15m, 2h or 90d"),
        (["--wait", "0s"], "out of range"),
        (["--session", "k3j2.1x.9z"], "'k3j2.1x.9z' is no session id: a session id is written in decimal digits"),
        (["--session", "18446744073709551616"], "a session id is an unsigned 64-bit integer"),
        (["--session", ""], "is no session id"),
        (["--min-entries", "-1"], "not in the range"),
        (["--only", "sentry"], "'sentry' is not one of 'aws', 'elastic'"),
    ],
)
def test_malformed_values(bare: Cli, arguments: list[str], said: str) -> None:
    run = bare("verify", *arguments)
    assert (run.code, run.out) == (2, "")
    assert said in run.err
    assert f"Invalid value for '{arguments[0]}'" in run.err
    assert "hint: See asayer-cli verify --help." in run.err
    assert "Traceback" not in run.err
