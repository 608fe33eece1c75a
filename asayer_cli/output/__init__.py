"""The one place that prints. rich lives here and nowhere else."""

from __future__ import annotations

import dataclasses
import importlib
from typing import TYPE_CHECKING, Any, Final

from asayer_cli.errors import UsageError
from asayer_cli.output.envelope import write_envelope
from asayer_cli.output.report_file import append_summary, write_report
from asayer_cli.output.rows import print_rows
from asayer_cli.output.sanitise import clean
from asayer_cli.result import Result, RowStream
from asayer_cli.secret import redact
from asayer_cli.timeline.view import TimelineView

if TYPE_CHECKING:
    from asayer_cli.output.console import Console

_TEXT_ROOMS: Final = {
    "asayer_cli.aws": "text_aws",
    "asayer_cli.canary": "text_canary",
    "asayer_cli.coverage": "text_coverage",
    "asayer_cli.elastic": "text_elastic",
    "asayer_cli.snippets": "text_snippet",
    "asayer_cli.verification": "text_verification",
}


def show(result: Result, command: str, output: str, console: Console) -> Result:
    """Print a result in the wanted form, and return it; a stream's own end is merged into it.

    Reports are written first: whoever reads the screen may leave early. UsageError, after all else is printed, when
    the report cannot be written.
    """
    if isinstance(result.data, RowStream):
        result = _show_rows(result.data, command, output, console)
        console.flush()
        return result
    if isinstance(result.data, TimelineView):
        from asayer_cli.output.timelines import show_timeline  # noqa: PLC0415 - one command's

        result = show_timeline(result, command, output, console)
        if output != "json":
            _show_ending(result, console)
        console.flush()
        return result
    unwritten = _write_reports(result, command, output, console)
    if result.report_file or output == "text":
        _show_text(result, console)
    else:
        _show_document(result, command, output, console)
    console.flush()
    if unwritten:
        raise unwritten
    return result


def _show_rows(stream: RowStream, command: str, output: str, console: Console) -> Result:
    if output == "json":
        rows = list(stream.rows)
        result = dataclasses.replace(stream.finish(), data={stream.name: rows})
        console.write_json(write_envelope(result, command, (*console.messages, *result.messages)))
        return result
    print_rows(stream, output, console)
    result = stream.finish()
    _show_ending(result, console)
    return result


def _show_text(result: Result, console: Console) -> None:
    if result.data is not None:
        for part in _renderer(result.data).render(result.data):
            console.show(part, reveal=result.reveal)
    _show_ending(result, console)


def _show_document(result: Result, command: str, output: str, console: Console) -> None:
    text = _as_text(result, command, output, console)
    if output == "json":
        console.write_json(text)
        return
    if text:
        console.write(text)
    _show_ending(result, console)


def _show_ending(result: Result, console: Console) -> None:
    for message in result.messages:
        console.message(message)
    for failure in result.errors:
        console.failure(failure)


def _write_reports(result: Result, command: str, output: str, console: Console) -> UsageError | None:
    """Write the job summary and the report; return the error of a report that cannot be written."""
    if result.summary_file and (result.data is not None or result.errors):
        try:
            append_summary(result.summary_file, _in_format("github", "summary", result))
        except UsageError as error:  # the CI system's file, which nobody asked us for
            console.warn(error.message)
    if result.report_file:
        try:
            write_report(result.report_file, _as_text(result, command, output, console))
        except UsageError as error:
            return error
    return None


def _as_text(result: Result, command: str, output: str, console: Console) -> str:
    if output == "json":
        return write_envelope(result, command, (*console.messages, *result.messages))
    if result.data is None and not result.errors:
        return ""
    if output in ("junit", "github", "html"):
        return _in_format(output, "write", result)
    if result.data is None:
        return "".join(f"error: {clean(redact(failure.message))}\n" for failure in result.errors)
    return console.capture(_renderer(result.data).render(result.data))


def _in_format(room: str, form: str, result: Result) -> str:
    """Return a report of what was found, or of why nothing was."""
    report = importlib.import_module(f"asayer_cli.output.{room}")
    if result.data is None:
        return str(getattr(report, f"{form}_failures")(result.errors))
    return str(getattr(report, form)(result.data, show_messages=result.show_messages))


def _renderer(data: object) -> Any:  # noqa: ANN401 - a module
    module = type(data).__module__
    room = next((name for prefix, name in _TEXT_ROOMS.items() if module.startswith(prefix)), "text_common")
    return importlib.import_module(f"asayer_cli.output.{room}")
