"""The one place where exceptions become messages and exit codes."""

from __future__ import annotations

import _thread
import os
import signal
import sys
import threading
import time
from typing import TYPE_CHECKING, Final

import click

from asayer_cli.cli.app import App
from asayer_cli.cli.base import asked_for, note_reports
from asayer_cli.cli.root import COMPLETION_VARIABLE, PROGRAM, root
from asayer_cli.errors import AsayerError, UsageError
from asayer_cli.exit_codes import ExitCode

if TYPE_CHECKING:
    from types import FrameType

_FORMS_OF_FAILURES: Final = frozenset({"json", "junit", "github", "html"})
_MOMENT: Final = 0.02


def run(arguments: list[str]) -> int:
    """Run a command line and return its exit code; never raises for what the user or the world did."""
    _open_closed_streams()
    app = App()
    try:
        _end_tidily_on_signals()
        return _invoke(arguments, app)
    except (KeyboardInterrupt, click.Abort) as error:
        return _report_interrupt(app, error)
    except click.ClickException as error:
        return _report_usage(app, arguments, error)
    except AsayerError as error:
        return _fail(app, error.exit_code, error.code, error.message, error.hint)
    except OSError as error:
        return _report_system_error(app, error)
    except Exception as error:  # noqa: BLE001 - the boundary: whatever is left is a bug of ours
        return _report_bug(app, error)
    finally:
        app.close()


def _open_closed_streams() -> None:
    """Give a process that was started with closed streams empty ones, so that no file of ours takes their place."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_RDWR), mode, encoding="utf-8", closefd=False))


def _invoke(arguments: list[str], app: App) -> int:
    """Do what `click.Command.main` does, which ends the process with 1 where the reader of a pipe has gone."""
    if app.environ.get(COMPLETION_VARIABLE):
        from asayer_cli.cli.completion_answers import answer

        return answer(root, PROGRAM, arguments, app.environ, COMPLETION_VARIABLE)
    try:
        with root.make_context(PROGRAM, list(arguments), obj=app) as context:
            root.invoke(context)
    except click.exceptions.Exit as end:
        sys.stdout.flush()
        return end.exit_code
    sys.stdout.flush()
    return ExitCode.OK


def _end_tidily_on_signals() -> None:
    """Let them end a run as Ctrl-C does, with its clean-ups; what nohup or a shell ignores stays ignored."""
    signal.signal(signal.SIGTERM, _interrupt)
    for number in (signal.SIGINT, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _interrupt)


def _end_at_once_on_signals() -> None:
    """Let a second Ctrl-C end the run where the first one is being told."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        if signal.getsignal(number) is _interrupt:
            signal.signal(number, signal.SIG_DFL)


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Raise KeyboardInterrupt, behind an import: inside one Python may lose it, and keep a lock that threads need."""
    if not _imports(frame):
        raise KeyboardInterrupt
    _thread.start_new_thread(_send_again, (number,))


def _send_again(number: int) -> None:
    time.sleep(_MOMENT)
    signal.pthread_kill(threading.main_thread().ident or 0, number)


def _imports(frame: FrameType | None) -> bool:
    while frame:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


def _usage_words(error: click.ClickException) -> tuple[str, str]:
    """Return message and hint."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        return "A command is missing.", f"See {error.ctx.command_path} --help."
    if isinstance(error, click.UsageError) and error.ctx is not None:
        variable = _variable_of(error.ctx, error.param) if isinstance(error, click.BadParameter) else ""
        origin = f"The value comes from {variable}. " if variable else ""
        return error.format_message(), f"{origin}See {error.ctx.command_path} --help."
    return error.format_message(), ""


def _variable_of(context: click.Context, param: click.Parameter | None) -> str:
    """Return the environment variable that a value was taken from, empty when it was not."""
    if param is None or param.name is None:
        return ""
    if context.get_parameter_source(param.name) is not click.core.ParameterSource.ENVIRONMENT:
        return ""
    return str(param.envvar or f"{context.auto_envvar_prefix}_{param.name.upper()}")


def _report_interrupt(app: App, error: BaseException) -> int:
    """Tell of an interrupt, or of a "no": commands raise Abort for that, click while it handles Ctrl-C or Ctrl-D."""
    _end_at_once_on_signals()
    if isinstance(error, click.Abort) and error.__context__ is None:
        return _fail(app, ExitCode.INTERRUPTED, "declined", "Nothing was changed.")
    if sys.stderr.isatty():
        click.echo(err=True)  # the terminal has printed ^C
    return _fail(app, ExitCode.INTERRUPTED, "interrupted", "Interrupted.")


def _report_usage(app: App, arguments: list[str], error: click.ClickException) -> int:
    context = error.ctx if isinstance(error, click.UsageError) else None
    asked = asked_for(arguments, context)
    note_reports(app, asked)
    app.output = asked["output"] or "text"
    app.command = context.command_path.partition(" ")[2] if context else ""
    if isinstance(error, click.exceptions.NoArgsIsHelpError) and app.output != "json":
        click.echo(error.format_message(), err=True)
        return ExitCode.USAGE
    return _fail(app, ExitCode.USAGE, UsageError.default_code, *_usage_words(error))


def _fail(app: App, exit_code: ExitCode, code: str, message: str, hint: str = "") -> int:
    """Tell an error in the form asked for, as text where standard output holds something already."""
    from asayer_cli.output import show
    from asayer_cli.profile_option import led_to
    from asayer_cli.result import Failure, Result

    failure = Failure(code, message, led_to(app.profile, hint))
    result = Result(errors=(failure,), exit_code=exit_code, report_file=app.report_file, summary_file=app.summary_file)
    try:
        show(result, app.command, _form_of_failure(app), app.console)
    except UsageError as unwritten:
        app.console.failure(Failure.of(unwritten))
    except BrokenPipeError:
        return _die_of_broken_pipe()
    except OSError:  # the terminal has gone, or the disk is full: there is nowhere to tell it
        _silence_output()
    return exit_code


def _form_of_failure(app: App) -> str:
    shown = app.console.printed and not app.report_file
    return "text" if shown or app.output not in _FORMS_OF_FAILURES else app.output


def _report_system_error(app: App, error: OSError) -> int:
    """Tell what the computer refuses; an error without a number is none of its own."""
    if isinstance(error, BrokenPipeError):
        return _die_of_broken_pipe()
    if _is_of_output(error):
        _silence_output()
        app.output = "text"
        message = f"Standard output cannot be written: {error.strerror}."
        return _fail(app, ExitCode.USAGE, "output_unwritable", message, "Make room, or send it elsewhere.")
    if error.errno is None:
        return _report_bug(app, error)
    _trace(app, error)
    where = f" ({error.filename})" if error.filename else ""
    message = f"This computer refuses something that is needed: {error.strerror}{where}."
    hint = "Look at room, rights and limits there, and at the folder for temporary files (TMPDIR)."
    return _fail(app, ExitCode.NOT_CONFIGURED, "system", message, hint)


def _is_of_output(error: OSError) -> bool:
    """Whether it is about standard output: ours says so, click's help is in the buffer still."""
    from asayer_cli.output.console import OutputLostError

    if isinstance(error, OutputLostError):
        return True
    try:
        sys.stdout.flush()
    except OSError:
        return True
    return False


def _report_bug(app: App, error: Exception) -> int:
    message = f"asayer-cli met a bug of its own: {type(error).__name__}."
    hint = "Run it again with --debug and report what it prints." if not app.debug else "Please report the lines above."
    _trace(app, error)
    return _fail(app, ExitCode.BUG, "bug", message, hint)


def _trace(app: App, error: Exception) -> None:
    if app.debug:
        import traceback

        from asayer_cli.secret import redact

        app.console.detail(redact("".join(traceback.format_exception(error))))


def _die_of_broken_pipe() -> int:
    """End as other programs do when the reader of a pipe has gone."""
    _silence_output()
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGPIPE)
    return 128 + signal.SIGPIPE


def _silence_output() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
