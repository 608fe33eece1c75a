"""The two streams of a run: data on standard output, everything else on standard error. rich lives behind this."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import sys
import time
from functools import lru_cache
from io import StringIO
from typing import IO, TYPE_CHECKING, Final, Literal, cast

import rich.console
from rich.segment import Segment
from rich.style import Style
from rich.text import Text

from asayer_cli.output.sanitise import clean, encodable, one_line
from asayer_cli.output.wrapping import Hanging
from asayer_cli.result import Level, Message
from asayer_cli.secret import redact

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from rich.console import ConsoleOptions, RenderableType

    from asayer_cli.result import Failure

_UNBOUNDED: Final = 10_000
_TRACED: Final = "asayer_cli"
_ERASE_LINE: Final = "\r\x1b[2K"
_OFTEN_ENOUGH: Final = 0.05
_ColorSystem = Literal["auto", "standard", "256", "truecolor", "windows"]


class _SafeConsole(rich.console.Console):
    """A rich console in which every piece of text is cleaned, and redacted unless secrets are to be shown."""

    reveal: bool = False

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            if segment.control:
                yield segment
            else:
                text = clean(segment.text)
                yield Segment(text if self.reveal else redact(text), segment.style)

    def on_broken_pipe(self) -> None:
        """Leave it to the program's boundary; rich would end the process with 1, which means a failed check."""
        raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))


class OutputLostError(OSError):
    """Standard output cannot be written."""


@contextlib.contextmanager
def _to_output() -> Iterator[None]:
    """Tell what goes wrong with standard output from what goes wrong with any other file."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputLostError(error.errno, error.strerror) from error


class _Trimmed:
    """Renders without blanks at the ends of lines, which fill columns up and are in the way of programs."""

    def __init__(self, renderable: RenderableType) -> None:
        self._renderable = renderable

    def __rich_console__(self, console: rich.console.Console, options: ConsoleOptions) -> Iterable[Segment]:
        for line in Segment.split_lines(console.render(self._renderable, options)):
            yield from _without_trailing_blanks(line)
            yield Segment.line()


def _without_trailing_blanks(line: list[Segment]) -> list[Segment]:
    kept = list(line)
    while kept and not kept[-1].control:
        last = kept.pop()
        if text := last.text.rstrip(" "):
            return [*kept, Segment(text, last.style)]
    return kept


class Console:
    """Prints; also the `Reporter` that work in progress speaks to."""

    def __init__(
        self,
        *,
        environ: Mapping[str, str],
        color: str = "auto",
        verbose: bool = False,
        quiet: bool = False,
        debug: bool = False,
    ) -> None:
        self._quiet = quiet
        self._verbose = verbose or debug
        self.out = _console(sys.stdout, environ, color)
        self.err = _console(sys.stderr, environ, color)
        self._redraws = sys.stderr.isatty() and not self.err.is_dumb_terminal
        self._progressing = False
        self._handed_over = 0.0
        self.printed = False
        self.messages: list[Message] = []
        self._trace = _TraceHandler(self) if debug else None
        if self._trace:
            _trace_calls(self._trace)

    @property
    def width(self) -> int:
        """The terminal's width in columns; unbounded where standard output is no terminal."""
        return self.out.width

    def say(self, text: str) -> None:
        """Tell something that the user should read."""
        if not self._quiet:
            self._line(_told(text))

    def warn(self, text: str) -> None:
        """Tell something that is not wrong enough to stop, and keep it for the result's messages."""
        self.messages.append(Message(Level.WARNING, text))
        self.message(Message(Level.WARNING, text))

    def detail(self, text: str) -> None:
        """Tell something that only `--verbose` shows."""
        if self._verbose:
            self._line(_told(text, "dim"))

    def progress(self, text: str) -> None:
        """Show what is being waited for in one line that the next one replaces; silent off a terminal."""
        if self._quiet or not self._redraws:
            return
        shown = redact(one_line(text))[: max(self.err.width - 1, 1)]
        self.err.file.write(_ERASE_LINE + shown)
        self.err.file.flush()
        self._progressing = True

    def message(self, message: Message) -> None:
        """Print a result's message."""
        if message.level is Level.WARNING:
            self._line(Text.assemble(("warning: ", "bold yellow"), _told(message.text)))
        elif not self._quiet:
            self._line(Text.assemble(("note: ", "bold"), _told(message.text)))

    def failure(self, failure: Failure) -> None:
        """Print an error: what and why, and what to do next."""
        self._line(Text.assemble(("error: ", "bold red"), _told(failure.message)))
        if failure.hint:
            self._line(Text.assemble(("hint: ", "bold"), _told(failure.hint)))

    def show(self, renderable: RenderableType, *, reveal: bool = False, wrap: bool = True) -> None:
        """Print data for people on standard output; without `wrap` a line too long is the terminal's to break."""
        self.clear_progress()
        self.printed = True
        self.out.reveal = reveal
        with _to_output():
            _print(self.out, renderable, wrap=wrap)

    def explain(self, renderable: RenderableType) -> None:
        """Print something for people, such as a plan, on standard error, also when quiet."""
        self._line(renderable)

    def capture(self, parts: Iterable[RenderableType]) -> str:
        """Return what `show` would print, without colour and without a width."""
        buffer = StringIO()
        plain = _SafeConsole(
            file=buffer, width=_UNBOUNDED, color_system=None, highlight=False, markup=False, emoji=False
        )
        for part in parts:
            plain.print(_Trimmed(part), soft_wrap=True, end="")
        return buffer.getvalue()

    def write(self, text: str) -> None:
        """Write text as it is, with a newline at its end, on standard output."""
        self.clear_progress()
        self.printed = True
        with _to_output():
            self.out.file.write(text if text.endswith("\n") else text + "\n")

    def write_pieces(self, pieces: Iterable[tuple[str, str]]) -> None:
        """Write a line of texts, each with the name of its style, on standard output: cleaned, redacted, unbroken."""
        self.clear_progress()
        self.printed = True
        line = "".join(self._painted(_harmless(text), style) for text, style in pieces)
        with _to_output():
            self.out.file.write(line + "\n")

    def _painted(self, text: str, style: str) -> str:
        if not style or not text or self.out.color_system is None:
            return text
        return _style(style).render(text, color_system=rich.console.COLOR_SYSTEMS[self.out.color_system])

    def hand_over(self, *, seldom: bool = False) -> None:
        """Let the reader have what was written; `seldom` only now and then, as each time costs."""
        now = time.monotonic()
        if seldom and now - self._handed_over < _OFTEN_ENOUGH:
            return
        self._handed_over = now
        with _to_output():
            self.out.file.flush()

    @contextlib.contextmanager
    def diverted(self, file: IO[str]) -> Iterator[None]:
        """Let what is for standard output, a terminal, go to a pager that shows it there; progress would garble it."""
        self.clear_progress()
        terminal, redraws = self.out, self._redraws
        self.out, self._redraws = self._like(terminal, file), False
        try:
            yield
        finally:
            self.out, self._redraws = terminal, redraws

    def _like(self, terminal: _SafeConsole, file: IO[str]) -> _SafeConsole:
        return _SafeConsole(
            file=file,
            width=terminal.width,
            color_system=cast("_ColorSystem | None", terminal.color_system),
            force_terminal=True,
            legacy_windows=False,
            highlight=False,
            markup=False,
            emoji=False,
        )

    def write_json(self, text: str) -> None:
        """Write JSON text on standard output, escaped as far as its encoding asks for."""
        self.write(encodable(text, sys.stdout.encoding or "ascii"))

    def flush(self) -> None:
        """Hand everything over to the operating system; BrokenPipeError when nobody reads any more."""
        self.clear_progress()
        with _to_output():
            self.out.file.flush()
            sys.stdout.flush()

    def close(self) -> None:
        """Stop tracing: another run of this process has a console of its own."""
        if self._trace:
            logging.getLogger(_TRACED).removeHandler(self._trace)

    def clear_progress(self) -> None:
        """Remove the progress line."""
        if self._progressing:
            self.err.file.write(_ERASE_LINE)
            self.err.file.flush()
            self._progressing = False

    def _line(self, renderable: RenderableType) -> None:
        self.clear_progress()
        with _to_output():
            sys.stdout.flush()
        _print(self.err, renderable)


def _print(console: _SafeConsole, renderable: RenderableType, *, wrap: bool = True) -> None:
    if isinstance(renderable, str | Text):
        renderable = Hanging(Text(renderable) if isinstance(renderable, str) else renderable)
    if console.file.isatty():
        console.print(renderable, soft_wrap=not wrap, crop=False)
    else:
        console.print(_Trimmed(renderable), soft_wrap=console.width >= _UNBOUNDED, crop=False, end="")


def _harmless(text: str) -> str:
    """Return `clean(redact(text))`, sooner for most texts."""
    if text.isascii() and text.isprintable() and "::" not in text and "##" not in text:
        return redact(text)
    return clean(redact(text))


@lru_cache(maxsize=64)
def _style(name: str) -> Style:
    return Style.parse(name)


def _told(text: str, style: str = "") -> Text:
    """Return text for a line, redacted before wrapping could part a secret."""
    return Text(redact(text), style=style)


def _console(stream: IO[str], environ: Mapping[str, str], color: str) -> _SafeConsole:
    if (encoding := getattr(stream, "reconfigure", None)) is not None:
        encoding(errors="backslashreplace")
    terminal = stream.isatty()
    return _SafeConsole(
        file=stream,
        # off a terminal, TERM does not tell what reads; a dumb one would mean 80 columns
        _environ={name: value for name, value in environ.items() if terminal or name != "TERM"},
        color_system=_color_system(environ, color),
        no_color=False,
        force_terminal=True if color == "always" and not terminal else None,
        width=None if terminal else _width(environ),
        highlight=False,
        markup=False,
        emoji=False,
    )


def _color_system(environ: Mapping[str, str], color: str) -> Literal["auto", "standard"] | None:
    """Return rich's name for the escapes to use: None for none at all, neither colour nor bold."""
    if color == "always":
        return "standard"
    return None if color == "never" or environ.get("NO_COLOR") else "auto"


def _width(environ: Mapping[str, str]) -> int:
    columns = environ.get("COLUMNS", "")
    return int(columns) if columns.isdecimal() and int(columns) > 0 else _UNBOUNDED


class _TraceHandler(logging.Handler):
    """Shows the records of our own loggers, and of the Elasticsearch transport's, which log no bodies or headers."""

    def __init__(self, console: Console) -> None:
        super().__init__(logging.DEBUG)
        self._console = console

    def emit(self, record: logging.LogRecord) -> None:
        self._console.detail(f"{record.name}: {record.getMessage()}")


def _trace_calls(handler: _TraceHandler) -> None:
    logger = logging.getLogger(_TRACED)
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    logger.addHandler(handler)
