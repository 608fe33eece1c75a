"""What `--file` means to `verify`: which options it rules out, and the source that it names."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from click.core import ParameterSource

if TYPE_CHECKING:
    from collections.abc import Sequence

    import click

    from asayer_cli.tag import TagConvention
    from asayer_cli.verification.file_source import FileSource
    from asayer_cli.verification.wishes import Wishes

_NOT_WITH_FILES: Final = ("canary", "only", "allow_http")


def refuse_mixtures(context: click.Context, paths: Sequence[str]) -> None:
    """Raise UsageError for options that say nothing about files, or that only files have.

    What only the environment has, for other runs perhaps, is no contradiction.
    """
    from asayer_cli.errors import UsageError

    def typed(name: str) -> bool:
        return context.get_parameter_source(name) is ParameterSource.COMMANDLINE

    if not paths and typed("collector"):
        raise UsageError(
            "--collector is about files, and there is none.",
            hint="Name one: --file app.log. Each integration has its own collector.",
            code="file_options",
        )
    if paths and (other := next((name for name in _NOT_WITH_FILES if typed(name)), None)):
        raise UsageError(
            f"--{other.replace('_', '-')} and --file exclude each other.",
            hint="Files stand in for the integrations, and need no service. Leave one of the two out.",
            code="file_options",
        )


def file_source(context: click.Context, paths: Sequence[str], collector: str, wishes: Wishes) -> FileSource:
    """Return the files as a source, and begin to read them; UsageError for what cannot be read, or not so."""
    from asayer_cli.errors import UsageError
    from asayer_cli.verification.file_source import FileSource

    source = FileSource(paths, _collector(context, collector, wishes.convention))
    if wishes.wait and not source.again:
        raise UsageError(
            "Standard input and pipes can be read only once, which --wait is not content with.",
            hint="Leave --wait out, or write to a file and name that.",
            code="file_options",
        )
    source.begin(wishes)
    return source


def without_window(wishes: Wishes) -> Wishes:
    """Return wishes in which every line counts, but for what the user bounds."""
    from asayer_cli.entries import EARLIEST, LATEST

    return replace(wishes, since=wishes.since or EARLIEST, until=wishes.until or LATEST)


def _collector(context: click.Context, collector: str, convention: TagConvention) -> str:
    from asayer_cli.errors import UsageError
    from asayer_cli.tag import ASAYER

    if convention is ASAYER or collector == "elasticsearch":
        return collector
    if context.get_parameter_source("collector") is ParameterSource.COMMANDLINE:
        raise UsageError("OpenReplay's collector reads Elasticsearch only.", hint="Leave --collector cloudwatch out.")
    return "elasticsearch"
