"""Show a timeline while it is read: as text, in a pager, as JSON lines or one envelope, and as a page beside that."""

from __future__ import annotations

import contextlib
import dataclasses
import os
from typing import TYPE_CHECKING, Protocol, cast

from asayer_cli.exit_codes import ExitCode
from asayer_cli.output.envelope import write_envelope

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asayer_cli.output.console import Console
    from asayer_cli.output.pager import Pager
    from asayer_cli.result import Failure, Result
    from asayer_cli.timeline.model import Completeness, TimelineEntry
    from asayer_cli.timeline.view import TimelineView


class _Form(Protocol):
    """One way to print a timeline."""

    def entry(self, entry: TimelineEntry) -> None:
        """Print, or keep, one entry."""

    def end(self, told: Completeness, exit_code: ExitCode) -> None:
        """Print what comes behind the last entry."""


def show_timeline(result: Result, command: str, output: str, console: Console) -> Result:
    """Print a timeline in the wanted form as it arrives, and return the result with its exit code and failures.

    NotConfiguredError, and whatever else nobody can read the rest after, is raised before anything is printed.
    """
    view = cast("TimelineView", result.data)
    if output == "text":
        return _show_text(result, view, console)
    form: _Form = _Lines(view, console) if output == "jsonl" else _Envelope(result, view, command, console)
    return _shown(result, view, form)


def _shown(result: Result, view: TimelineView, form: _Form) -> Result:
    told, exit_code = _read(view, form)
    form.end(told, exit_code)
    return dataclasses.replace(result, data=None, exit_code=exit_code, errors=failures(told))


def _read(view: TimelineView, form: _Form) -> tuple[Completeness, ExitCode]:
    entries = _passing(view, form)
    if view.page is None:
        for _ in entries:
            pass
        return view.timeline.finish()
    from asayer_cli.output.page.session import write_session  # noqa: PLC0415 - only where a page is asked for

    return write_session(view.page, dataclasses.replace(view.timeline, entries=entries))


def _passing(view: TimelineView, form: _Form) -> Iterator[TimelineEntry]:
    for entry in view.timeline.entries:
        form.entry(entry)
        yield entry


def failures(told: Completeness) -> tuple[Failure, ...]:
    """Return why sources could not be read."""
    return tuple(reading.failure for reading in told.readings if reading.failure)


class _Lines:
    """JSON lines, each handed over as it is found."""

    def __init__(self, view: TimelineView, console: Console) -> None:
        from asayer_cli.output import jsonl  # noqa: PLC0415 - one of several forms

        self._jsonl = jsonl
        self._view = view
        self._console = console
        self._begun = False

    def entry(self, entry: TimelineEntry) -> None:
        """Print an entry."""
        self._begin()
        self._write(self._jsonl.entry_line(entry))

    def end(self, told: Completeness, exit_code: ExitCode) -> None:
        """Print the last line."""
        self._begin()
        self._write(self._jsonl.end_line(told, exit_code))

    def _begin(self) -> None:
        if not self._begun:
            self._begun = True
            for session in self._view.timeline.sessions:
                self._write(self._jsonl.session_line(session, self._view.timeline.zone))

    def _write(self, line: str) -> None:
        self._console.write_json(line)
        self._console.hand_over(seldom=True)


class _Envelope:
    """One JSON document; everything is kept until the end."""

    def __init__(self, result: Result, view: TimelineView, command: str, console: Console) -> None:
        self._result = result
        self._view = view
        self._command = command
        self._console = console
        self._entries: list[TimelineEntry] = []

    def entry(self, entry: TimelineEntry) -> None:
        """Keep an entry."""
        self._entries.append(entry)

    def end(self, told: Completeness, exit_code: ExitCode) -> None:
        """Print it all."""
        timeline = self._view.timeline
        data = {"sessions": timeline.sessions, "zone": timeline.zone, "entries": self._entries, "completeness": told}
        result = dataclasses.replace(self._result, data=data, exit_code=exit_code, errors=failures(told))
        messages = (*self._console.messages, *result.messages)
        self._console.write_json(write_envelope(result, self._command, messages))


def _show_text(result: Result, view: TimelineView, console: Console) -> Result:
    form = _Text(view, console)
    try:
        with form.paging():
            told, exit_code = _read(view, form)
            form.end(told, exit_code)
            console.flush()
    except BrokenPipeError:
        view.stop()
        if form.pager is None:
            raise
        return dataclasses.replace(result, data=None, exit_code=ExitCode.OK)  # the reader has seen enough
    return dataclasses.replace(result, data=None, exit_code=exit_code)


class _Text:
    """Text for people, in a pager where there is one; nothing is printed before the first entry, or the end."""

    def __init__(self, view: TimelineView, console: Console) -> None:
        from asayer_cli.output.text_timeline import Columns, EntryLines  # noqa: PLC0415 - one of several forms

        self.pager: Pager | None = None
        self._view = view
        self._console = console
        columns = Columns.for_terminal(console.width, len(view.timeline.sessions))
        self._lines = EntryLines(columns, view.zone, view.timeline.sessions, full=view.full)
        self._begun = False

    def entry(self, entry: TimelineEntry) -> None:
        """Print an entry at once."""
        self._begin()
        for pieces in self._lines.lines(entry):
            self._console.write_pieces(pieces)
        self._console.hand_over(seldom=True)

    def end(self, told: Completeness, _exit_code: ExitCode) -> None:
        """Print the error kinds and the completeness statement."""
        from asayer_cli.output.text_completeness import end_lines  # noqa: PLC0415 - the entries come first

        self._begin()
        for line in end_lines(told, self._view.timeline.sessions, self._view.zone, full=self._view.full):
            self._console.show(line)

    @contextlib.contextmanager
    def paging(self) -> Iterator[None]:
        """Have the pager, should one be started meanwhile, wait for its reader."""
        from asayer_cli.output.pager import forget  # noqa: PLC0415 - one of several forms

        with contextlib.ExitStack() as self._stack:
            try:
                yield
            except BrokenPipeError:
                forget(self._console.out.file)
                raise
            finally:
                if self.pager is not None:
                    self.pager.wait()

    def _begin(self) -> None:
        if self._begun:
            return
        self._begun = True
        self._start_pager()
        from asayer_cli.output.text_completeness import header_lines  # noqa: PLC0415 - one of several forms

        for line in header_lines(self._view.timeline, self._view.zone):
            self._console.show(line)

    def _start_pager(self) -> None:
        from asayer_cli.output.pager import Pager, interrupts_for_pager, pager_command  # noqa: PLC0415 - the same

        command = pager_command(os.environ) if self._view.pager else ""
        if command:
            self._console.flush()
            self._stack.enter_context(interrupts_for_pager(self._view.stop))
            self.pager = Pager(command, os.environ)
            self._stack.enter_context(self._console.diverted(self.pager.file))
