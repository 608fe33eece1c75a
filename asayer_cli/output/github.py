"""The answer of `verify` for GitHub Actions: annotations as workflow commands, and a job summary in Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from asayer_cli.output.sanitise import for_markdown, for_workflow_command, for_workflow_property
from asayer_cli.verification.model import Status

if TYPE_CHECKING:
    from collections.abc import Iterable

    from asayer_cli.canary.model import CanaryVerification
    from asayer_cli.result import Failure
    from asayer_cli.verification.model import Check, Verification

_COMMANDS: Final = {Status.FAIL: "error", Status.WARN: "warning"}
_MARKS: Final = {Status.PASS: "✅", Status.WARN: "⚠️", Status.FAIL: "❌", Status.SKIP: "⏭️"}


def write(data: Verification | CanaryVerification, *, show_messages: bool = False) -> str:
    """Return one line for each check: annotations for failures and warnings, plain lines for the others."""
    return "\n".join(_line(check, show_messages=show_messages) for check in data.checks)


def write_failures(failures: Iterable[Failure]) -> str:
    """Return an annotation for each error that kept anything from being checked."""
    texts = ("\n".join(filter(None, (failure.message, failure.hint))) for failure in failures)
    return "\n".join(f"::error title=asayer-cli::{for_workflow_command(text)}" for text in texts)


def _line(check: Check, *, show_messages: bool) -> str:
    command = _COMMANDS.get(check.status)
    if command is None:
        return for_workflow_command(f"{check.status.value}: {check.id}: {check.summary}").lstrip(":")
    text = "\n".join(_parts(check, show_messages=show_messages))
    return f"::{command} title={for_workflow_property(f'asayer {check.id}')}::{for_workflow_command(text)}"


def _parts(check: Check, *, show_messages: bool) -> list[str]:
    return [part for part in (check.summary, check.remedy, check.sample if show_messages else "") if part]


def summary(data: Verification | CanaryVerification, *, show_messages: bool = False) -> str:
    """Return the job summary."""
    rows = [
        f"| {_MARKS[check.status]} | {for_markdown(check.id)} | "
        f"{'<br>'.join(for_markdown(part) for part in _parts(check, show_messages=show_messages))} |"
        for check in data.checks
    ]
    counts = [
        f"| {for_markdown(source.name)} | {source.tagged} | {source.collectible} | {sum(source.rejected.values())} |"
        for source in data.sources
    ]
    lines = ["## asayer-cli verify", "", "| | check | finding |", "| --- | --- | --- |", *rows, ""]
    lines += ["| source | tagged | collectible | dropped |", "| --- | ---: | ---: | ---: |", *counts, ""]
    return "\n".join(lines) + "\n"


def summary_failures(failures: Iterable[Failure]) -> str:
    """Return the job summary of a run that could not check anything."""
    lines = [
        f"{_MARKS[Status.FAIL]} {'<br>'.join(for_markdown(part) for part in (failure.message, failure.hint) if part)}"
        for failure in failures
    ]
    return "\n".join(("## asayer-cli verify", "", *lines, "")) + "\n"
