"""The one place that prints. rich lives here and nowhere else."""

from __future__ import annotations

import dataclasses
import importlib
from typing import TYPE_CHECKING, Any, Final

from asayer_cli.errors import UsageError
from asayer_cli.output.envelope import write_envelope
from asayer_cli.output.report_file import append_summary, write_report
from asayer_cli.output.rows import print_rows
from asayer_cli.result import Result, RowStream

if TYPE_CHECKING:
    from asayer_cli.output.console import Console

_TEXT_ROOMS: Final = {
    "asayer_cli.aws": "text_aws",
    "asayer_cli.elastic": "text_elastic",
    "asayer_cli.verification": "text_verification",
}


def show(result: Result, command: str, output: str, console: Console) -> Result:
    """Print a result in the wanted form, and return it; a stream's own end is merged into it."""
    if isinstance(result.data, RowStream):
        result = _show_rows(result.data, command, output, console)
    elif result.report_file or output == "text":
        _show_text(result, console)
        _write_reports(result, command, output, console)
    else:
        _write_reports(result, command, output, console)
        _show_document(result, command, output, console)
    console.flush()
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


def _write_reports(result: Result, command: str, output: str, console: Console) -> None:
    if result.report_file:
        write_report(result.report_file, _as_text(result, command, output, console))
    if result.summary_file and result.data is not None:
        github = importlib.import_module("asayer_cli.output.github")
        try:
            append_summary(result.summary_file, github.summary(result.data, show_messages=result.show_messages))
        except UsageError as error:  # the CI system's file, which nobody asked us for
            console.warn(error.message)


def _as_text(result: Result, command: str, output: str, console: Console) -> str:
    if output == "json":
        return write_envelope(result, command, (*console.messages, *result.messages))
    if result.data is None:
        return ""
    if output in ("junit", "github"):
        report = importlib.import_module(f"asayer_cli.output.{output}")
        return str(report.write(result.data, show_messages=result.show_messages))
    return console.capture(_renderer(result.data).render(result.data))


def _renderer(data: object) -> Any:  # noqa: ANN401 - a module
    module = type(data).__module__
    room = next((name for prefix, name in _TEXT_ROOMS.items() if module.startswith(prefix)), "text_common")
    return importlib.import_module(f"asayer_cli.output.{room}")
