"""`sandbox`: a local AWS and Elasticsearch to try everything on."""

from __future__ import annotations

import shlex
import time
from typing import TYPE_CHECKING, Final

import click

from asayer_cli.cli.base import command
from asayer_cli.result import Result

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from contextlib import AbstractContextManager

    from asayer_cli.cli.app import App

_LOOK_SECONDS: Final = 0.5


@click.group("sandbox")
def group() -> None:
    """Try everything on a local AWS and a local Elasticsearch.

    Both listen on loopback only, hold sample logs, enforce rights, and are gone afterwards. Nothing reaches a real
    account: the environment of yours that could lead there is left out. Needs the extra: pip install
    'asayer-cli[sandbox]'.
    """


@command("run", outputs=("text",), context_settings={"allow_interspersed_args": False})
@click.option("--no-samples", is_flag=True, help="Start empty.")
@click.argument("argv", nargs=-1, required=True, type=click.UNPROCESSED, metavar="-- COMMAND...")
def run(app: App, argv: tuple[str, ...], *, no_samples: bool) -> Result:
    """Run a command in a sandbox, and end with its exit code.

    \b
    asayer-cli sandbox run -- bash
    asayer-cli sandbox run -- asayer-cli aws log-groups
    """
    from asayer_cli.sandbox.run import NOT_EXECUTABLE, NOT_FOUND, run_command

    with sandbox_environment(app, samples=not no_samples) as environ:
        code = run_command(argv, environ)
    if code in (NOT_FOUND, NOT_EXECUTABLE):
        app.console.say(f"asayer-cli: the command {argv[0]!r} was not found or cannot be executed.")
    click.get_current_context().exit(code)


@command("start", outputs=("text",))
@click.option("--no-samples", is_flag=True, help="Start empty.")
def start(app: App, *, no_samples: bool) -> Result:
    """Start a sandbox, print the environment for a shell, and stay until interrupted.

    The credentials printed are worthless: they are the sandbox's own, made for this run.
    """
    with sandbox_environment(app, samples=not no_samples) as environ:
        try:
            for line in _shell_lines(app.environ, environ):
                app.console.write(line)
            app.console.flush()
            app.console.say("The sandbox is running; press Ctrl-C to end it.")
            while True:
                # not signal.pause(): a signal between two lines of Python would leave it waiting for the next one
                time.sleep(_LOOK_SECONDS)
        except KeyboardInterrupt:
            app.console.say("The sandbox has ended.")
    return Result()


def _shell_lines(inherited: Mapping[str, str], environ: Mapping[str, str]) -> Iterator[str]:
    """Yield what turns a shell's environment into the sandbox's; what could lead to a real account is unset."""
    for name in sorted(inherited.keys() - environ.keys()):
        yield f"unset {name}"
    for name, value in sorted(environ.items()):
        if inherited.get(name) != value:
            yield f"export {name}={shlex.quote(value)}"


def sandbox_environment(app: App, *, samples: bool = True) -> AbstractContextManager[dict[str, str]]:
    """Start a sandbox and give its environment; NotConfiguredError when it cannot start here."""
    from contextlib import contextmanager

    from asayer_cli.errors import NotConfiguredError
    from asayer_cli.sandbox.supervisor import SandboxUnavailable

    @contextmanager
    def started() -> Iterator[dict[str, str]]:
        from asayer_cli.sandbox.run import sandbox_environment as enter

        app.console.progress("starting the sandbox ...")
        try:
            with enter(app.environ, samples=samples) as environ:
                app.console.clear_progress()
                yield environ
        except SandboxUnavailable as error:
            raise NotConfiguredError(str(error), code="sandbox_unavailable") from error

    return started()


group.add_command(run)
group.add_command(start)
