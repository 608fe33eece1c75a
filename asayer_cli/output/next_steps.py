"""What to run next, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import RenderableType


def next_lines(steps: Sequence[str]) -> Iterator[RenderableType]:
    """Yield what to run next, a line for each command, with why behind it as a shell's comment."""
    if steps:
        yield Text("Next:", style="bold")
    for step in steps:
        command, mark, why = step.partition("  # ")
        yield Text.assemble("  ", (command, "bold"), (mark + why, "dim"))
