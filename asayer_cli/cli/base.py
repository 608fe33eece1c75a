"""What every command shares: the common options, and one way from a function to a printed result."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, cast

import click

from asayer_cli.cli import complete
from asayer_cli.cli.app import App

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from asayer_cli.result import Result


ENVIRONMENT_PREFIX = "ASAYER"
_NETWORK = frozenset({"ca_bundle", "proxy", "timeout"})
_EVERY_OUTPUT = frozenset({"text", "json", "jsonl", "csv", "plain", "html", "junit", "github"})


class _OutputOption(click.Option):
    """`--output`; a form in ASAYER_OUTPUT that only other commands know leaves this one at its default."""

    def resolve_envvar_value(self, ctx: click.Context) -> str | None:
        value = super().resolve_envvar_value(ctx)
        known = cast("click.Choice[str]", self.type).choices
        return None if value in _EVERY_OUTPUT and value not in known else value


def _common_options(outputs: tuple[str, ...]) -> list[click.Parameter]:
    return [
        _OutputOption(
            ("--output", "-o"),
            type=click.Choice(outputs),
            default="text",
            show_default=True,
            envvar="ASAYER_OUTPUT",
            help="How the result is printed.",
        ),
        click.Option(
            ("--profile",),
            metavar="NAME",
            default="default",
            show_default=True,
            envvar="ASAYER_PROFILE",
            shell_complete=complete.profiles,
            help="Named set of settings.",
        ),
        click.Option(
            ("--color",),
            type=click.Choice(("auto", "always", "never")),
            default="auto",
            show_default=True,
            envvar="ASAYER_COLOR",
            help="When to colour the output.",
        ),
        click.Option(("--verbose", "-v"), is_flag=True, envvar="ASAYER_VERBOSE", help="Tell more on standard error."),
        click.Option(("--quiet", "-q"), is_flag=True, envvar="ASAYER_QUIET", help="Only results, warnings and errors."),
        click.Option(
            ("--debug",), is_flag=True, envvar="ASAYER_DEBUG", help="Trace each call to a service, without secrets."
        ),
    ]


def _network_options() -> list[click.Parameter]:
    return [
        click.Option(
            ("--ca-bundle",),
            metavar="FILE",
            envvar="ASAYER_CA_BUNDLE",
            shell_complete=complete.files,
            help="PEM file of the certificate authorities to trust, such as that of a proxy which opens TLS.",
        ),
        click.Option(
            ("--proxy",),
            metavar="URL",
            envvar="ASAYER_PROXY",
            help="Proxy on the way to the service, without a login; HTTPS_PROXY when not given. NO_PROXY is heeded.",
        ),
        click.Option(
            ("--timeout",),
            metavar="DURATION",
            envvar="ASAYER_TIMEOUT",
            help="How long to wait for each answer of the service, up to 10m.  [default: 30s]",
        ),
    ]


def command(
    name: str,
    *,
    outputs: tuple[str, ...] = ("text", "json"),
    **attributes: Any,  # noqa: ANN401 - click's own keywords
) -> Callable[[Callable[..., Result]], click.Command]:
    """Make a click command of a function `(app, **its options) -> Result`, with the common options after its own.

    A command with `--allow-http` talks to a service: it also takes how that is reached, which the function itself does
    not get, for every connection finds it in `asayer_cli.network`. The result is printed in one place and its exit code
    becomes the process's.
    """

    def decorate(function: Callable[..., Result]) -> click.Command:
        def run(**params: object) -> None:
            context = click.get_current_context()
            app = _prepare(context, params)
            result = function(app, **params)
            from asayer_cli.output import show

            # the result has them now, and what goes wrong while it is printed must not replace its reports
            app.report_file = app.summary_file = None
            context.exit(show(result, app.command, app.output, app.console).exit_code)

        make: Any = click.command(name, **attributes)
        made = cast("click.Command", make(functools.update_wrapper(run, function)))
        if any(option.name == "allow_http" for option in made.params):
            made.params += _network_options()
        made.params += _common_options(outputs)
        return made

    return decorate


def _prepare(context: click.Context, params: dict[str, object]) -> App:
    app = context.ensure_object(App)
    note_reports(app, params)
    _spare_what_is_read(params)
    params.pop("report_file", None)
    for name in ("output", "profile", "color", "verbose", "quiet", "debug"):
        setattr(app, name, params.pop(name))
    app.command = context.command_path.partition(" ")[2]
    if params.keys() >= _NETWORK:
        app.choose_network(**{name: str(params.pop(name) or "") for name in _NETWORK})
    return app


def note_reports(app: App, params: Mapping[str, Any]) -> None:
    """Remember where a command that writes reports for CI shall write them, should it come to an early end."""
    if "report_file" in params:
        from pathlib import Path

        summary = app.environ.get("GITHUB_STEP_SUMMARY") if app.environ.get("GITHUB_ACTIONS") == "true" else None
        app.report_file = Path(params["report_file"]) if params["report_file"] else None
        if app.report_file and _is_one_of(app.report_file, params.get("file")):
            app.report_file = None
        app.summary_file = Path(summary) if summary else None


def _spare_what_is_read(params: Mapping[str, Any]) -> None:
    """Raise UsageError where a report or page would be written over a file that is to be read."""
    for path in filter(None, (params.get("report_file"), params.get("html"))):
        if _is_one_of(path, params.get("file")):
            from asayer_cli.errors import UsageError

            raise UsageError(
                f"{path} is one of the files to read.", hint="Name another one to write to.", code="report_unwritable"
            )


def _is_one_of(path: str | Path, others: Iterable[str] | None) -> bool:
    from pathlib import Path

    def same(other: str) -> bool:
        try:
            return Path(path).samefile(other)
        except OSError:
            return False

    return any(same(other) for other in others or ())


def asked_for(arguments: list[str], context: click.Context | None) -> dict[str, Any]:
    """Return the options of a command line that is wrong, as far as they can be understood."""
    known = context.command.params if context and not isinstance(context.command, click.Group) else []
    params = known if any(param.name == "output" for param in known) else _common_options(("text", "json"))
    lenient = click.Command("lenient", params=params).make_context(
        None,
        list(arguments),
        resilient_parsing=True,
        ignore_unknown_options=True,
        auto_envvar_prefix=context.auto_envvar_prefix if context else None,
    )
    return lenient.params


secret_store_option = click.option(
    "--secret-store",
    type=click.Choice(("keyring", "file", "environment")),
    envvar="ASAYER_SECRET_STORE",
    help="Where secrets are kept; the keyring when nothing else is chosen.",
)
dry_run_option = click.option("--dry-run", is_flag=True, help="Show the plan and change nothing.")
yes_option = click.option("--yes", "-y", is_flag=True, help="Do not ask for confirmation.")
