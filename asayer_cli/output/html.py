"""The answer of `coverage` as a page for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asayer_cli.output.page.coverage import coverage_page, failure_page

if TYPE_CHECKING:
    from collections.abc import Sequence

    from asayer_cli.coverage.model import Coverage
    from asayer_cli.result import Failure


def write(data: Coverage, *, show_messages: bool = False) -> str:  # noqa: ARG001 - people find the line by its sample
    """Return the page's HTML; the samples are in it, whatever reports for CI leave out."""
    return coverage_page(data)


def write_failures(failures: Sequence[Failure]) -> str:
    """Return the page of a run that could not count anything."""
    return failure_page(failures)
