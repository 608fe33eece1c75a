"""Run a command line in this process, where thousands of runs cost seconds: the same boundary, other streams."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import sys
import tempfile
from typing import TYPE_CHECKING, Final

from asayer_cli.cli.boundary import run
from asayer_cli.exit_codes import ExitCode
from tests.conftest import Run

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

# a bug is none, and nobody interrupts
DOCUMENTED: Final = frozenset(ExitCode) - {ExitCode.BUG, ExitCode.INTERRUPTED}
PLANTED: Final = "planted-secret"
_SIGNALS: Final = (signal.SIGTERM, signal.SIGHUP)


def run_here(arguments: Sequence[str], environ: Mapping[str, str]) -> Run:
    """Run `asayer-cli` with exactly this environment and nothing at standard input."""
    with tempfile.TemporaryFile("w+", encoding="utf-8") as out, tempfile.TemporaryFile("w+", encoding="utf-8") as err:
        with _world(environ), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = run(list(arguments))
        return Run(int(code), _text(out), _text(err))


def _text(file: io.TextIOBase | tempfile._TemporaryFileWrapper[str]) -> str:
    file.seek(0)
    return file.read()


@contextlib.contextmanager
def _world(environ: Mapping[str, str]) -> Iterator[None]:
    before, handlers, stdin = dict(os.environ), [signal.getsignal(number) for number in _SIGNALS], sys.stdin
    _replace_environ(environ)
    sys.stdin = io.StringIO()
    try:
        yield
    finally:
        sys.stdin = stdin
        _replace_environ(before)
        for number, handler in zip(_SIGNALS, handlers, strict=True):
            signal.signal(number, handler)


def _replace_environ(environ: Mapping[str, str]) -> None:
    os.environ.clear()
    os.environ.update(environ)


def check(run: Run) -> None:
    """Assert what holds for every run: a documented exit code, said in words, no traceback and no secret."""
    said = run.out + run.err
    assert run.code in DOCUMENTED, said
    assert "Traceback" not in run.err
    assert PLANTED not in said
    if run.code:
        assert said.strip(), "it failed without a word"
