"""The one place where exceptions become messages and exit codes."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from typing import TYPE_CHECKING

import click

from asayer_cli.cli.app import App
from asayer_cli.cli.root import root
from asayer_cli.errors import AsayerError, UsageError
from asayer_cli.exit_codes import ExitCode
from asayer_cli.result import Failure, Result

if TYPE_CHECKING:
    from types import FrameType


def run(arguments: list[str]) -> int:
    """Run a command line and return its exit code; never raises for what the user or the world did."""
    app = App()
    try:
        signal.signal(signal.SIGTERM, _interrupt)
        return _invoke(arguments, app)
    except BrokenPipeError:
        return _die_of_broken_pipe()
    except (KeyboardInterrupt, click.Abort):
        return _fail(app, Failure("interrupted", "Interrupted.", ""), ExitCode.INTERRUPTED)
    except click.ClickException as error:
        app.output = _wanted_output(arguments, app)
        app.command = _command_of(error)
        return _fail(app, _usage_failure(error), ExitCode.USAGE)
    except AsayerError as error:
        return _fail(app, Failure.of(error), error.exit_code)
    except Exception as error:  # noqa: BLE001 - the boundary: whatever is left is a bug of ours
        return _report_bug(app, error)


def _invoke(arguments: list[str], app: App) -> int:
    code = root.main(arguments, prog_name="asayer-cli", standalone_mode=False, obj=app)
    sys.stdout.flush()
    return code if isinstance(code, int) else ExitCode.OK


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _command_of(error: click.ClickException) -> str:
    context = error.ctx if isinstance(error, click.UsageError) else None
    return context.command_path.partition(" ")[2] if context else ""


def _usage_failure(error: click.ClickException) -> Failure:
    hint = ""
    if isinstance(error, click.UsageError) and error.ctx is not None:
        hint = f"See {error.ctx.command_path} --help."
    return Failure(UsageError.default_code, error.format_message(), hint)


def _wanted_output(arguments: list[str], app: App) -> str:
    """Return the output asked for on a command line that could not be parsed."""
    wanted = app.environ.get("ASAYER_OUTPUT", "text")
    for position, argument in enumerate(arguments):
        if argument in ("--output", "-o") and position + 1 < len(arguments):
            wanted = arguments[position + 1]
        elif argument.startswith("--output="):
            wanted = argument.partition("=")[2]
    return wanted


def _fail(app: App, failure: Failure, code: ExitCode) -> int:
    try:
        from asayer_cli.output import show

        result = Result(errors=(failure,), exit_code=code)
        show(result, app.command, app.output if app.output in ("json", "junit", "github") else "text", app.console)
    except BrokenPipeError:
        return _die_of_broken_pipe()
    return code


def _report_bug(app: App, error: Exception) -> int:
    message = f"asayer-cli met a bug of its own: {type(error).__name__}."
    hint = "Run it again with --debug and report what it prints." if not app.debug else "Please report the lines above."
    if app.debug:
        from asayer_cli.secret import redact

        app.console.detail(redact("".join(traceback.format_exception(error))))
    return _fail(app, Failure("bug", message, hint), ExitCode.BUG)


def _die_of_broken_pipe() -> int:
    """End as other programs do when the reader of a pipe has gone."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGPIPE)
    return 128 + signal.SIGPIPE
