"""What to run next, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import RenderableType

_WHY: Final = " " * 6


def next_lines(steps: Sequence[str]) -> Iterator[RenderableType]:
    """Yield what to run next: each command on a line of its own, fit to be pasted in every shell, and below it why."""
    if steps:
        yield Text("Next:", style="bold")
    for step in steps:
        command, _, why = step.partition("  # ")
        yield Text.assemble("  ", (command, "bold"))
        if why:
            yield Text.assemble(_WHY, (why, "dim"))
