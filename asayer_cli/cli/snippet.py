"""`snippet`: what to paste into an application, and the vendored copies for those that install nothing of ours."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
from click.core import ParameterSource

from asayer_cli.cli import complete
from asayer_cli.cli.base import command
from asayer_cli.errors import UsageError
from asayer_cli.exit_codes import ExitCode
from asayer_cli.result import Level, Message, Result

if TYPE_CHECKING:
    from asayer_cli.cli.app import App
    from asayer_cli.snippets import Snippet

KINDS: Final = ("javascript", "python", "flask", "django", "fastapi", "celery", "lambda", "cors", "nginx")
_WITHOUT_COPY: Final = ("cors", "nginx")


@command("snippet")
@click.argument("kind", type=click.Choice((*KINDS, "check")), required=False, metavar="[KIND]")
@click.argument("files", nargs=-1, metavar="[FILE]...", shell_complete=complete.files)
@click.option(
    "--vendor",
    metavar="FILE",
    shell_complete=complete.files,
    help="Write one self-contained Python module (with javascript: the script) that needs nothing of ours installed, "
    "and print the snippet that uses it; - for standard output.",
)
@click.option("--force", is_flag=True, help="With --vendor: replace a file that is no unchanged copy of ours.")
def group(app: App, kind: str | None, files: tuple[str, ...], *, vendor: str | None, force: bool) -> Result:
    """Print what to paste into an application, or write it as one file to keep.

    KIND is javascript, python, flask, django, fastapi, celery, lambda, cors or nginx.

    \b
    asayer-cli snippet flask                         to read, or to paste
    asayer-cli snippet nginx > asayer.conf           as a file
    asayer-cli snippet --vendor asayer_session.py    the library as one module, Python 3.9 and later
    asayer-cli snippet javascript --vendor asayer-propagate.js
    asayer-cli snippet check asayer_session.py asayer-propagate.js

    check tells whether such files are current: exit code 1 when one is older, was changed by hand, or is none of ours.
    """
    _refuse_mixture(kind, files)
    if kind == "check":
        return _check(files)
    if vendor and kind not in _WITHOUT_COPY:
        return _with_copy(app, kind, vendor, force=force)
    from asayer_cli.snippets import snippet

    if kind is None:
        raise UsageError(
            "What to print is missing.", hint=f"Name one of: {', '.join(KINDS)}; or --vendor FILE.", code="no_kind"
        )
    return _print(app, snippet(kind))


def _refuse_mixture(kind: str | None, files: tuple[str, ...]) -> None:
    """Raise UsageError for what was typed and has no meaning for this kind."""
    if kind == "check" and not files:
        raise UsageError("There is no file to check.", hint="Name it: asayer-cli snippet check FILE.", code="no_file")
    if kind != "check" and files:
        raise UsageError(
            f"{files[0]!r} is one argument too many.",
            hint=f"To write a file: asayer-cli snippet {kind} --vendor FILE, or > FILE for the snippet itself.",
            code="usage",
        )
    typed = click.get_current_context().get_parameter_source("vendor") is ParameterSource.COMMANDLINE
    if typed and (kind == "check" or kind in _WITHOUT_COPY):
        hint = "Leave --vendor out." if kind == "check" else f"Print it into a file: asayer-cli snippet {kind} > FILE."
        raise UsageError(f"There is nothing to vendor with {kind}.", hint=hint, code="nothing_to_vendor")


def _check(files: tuple[str, ...]) -> Result:
    from asayer_cli.snippets.copies import check

    view = check(tuple(map(Path, files)))
    return Result(view, exit_code=ExitCode.OK if view.all_current else ExitCode.CHECK_FAILED)


def _with_copy(app: App, kind: str | None, target: str, *, force: bool) -> Result:
    from asayer_cli.snippets import PACKAGE, snippet
    from asayer_cli.snippets.copies import STANDARD_OUTPUT, judge, module_name, vendored, write_copy

    script = kind == "javascript"
    module = PACKAGE if script else module_name(target)
    copy = vendored(script=script)
    if target == STANDARD_OUTPUT:
        return _print(app, copy)
    path = write_copy(target, copy.text, force=force)
    written = f"Wrote {path}. Commit it, and let CI run: asayer-cli snippet check {shlex.quote(str(path))}."
    if kind is None:
        return Result(judge(path) if app.output == "json" else None, (Message(Level.NOTE, written),))
    return _print(app, snippet(kind, module, path), written)


def _print(app: App, printed: Snippet, *told: str) -> Result:
    messages = tuple(Message(Level.NOTE, text) for text in (*told, *printed.next_steps))
    if app.output == "json":
        return Result(printed, messages)
    from asayer_cli.output.text_snippet import print_code

    print_code(app.console, printed.text, printed.language)
    return Result(messages=messages)
