"""What became of a completion script, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.text import Text

from asayer_cli.completion_install import CompletionsChange, Step
from asayer_cli.output.text_common import render

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

_DONE: Final = {
    Step.WRITE: "Installed",
    Step.UPDATE: "Updated",
    Step.REMOVE: "Removed",
    Step.UP_TO_DATE: "Up to date",
    Step.ABSENT: "Not installed",
}


@render.register(CompletionsChange)
def _(data: CompletionsChange) -> Iterator[RenderableType]:
    done = data.done or not data.changes_something
    yield Text(f"{_DONE[data.step] if done else f'Would {data.step}'}: {data.path}")
    if data.lines:
        yield Text(f"\nPut this into {data.start_file}, unless it is there:")
        for line in data.lines:
            yield Text(f"  {line}")
    if data.done and data.step in (Step.WRITE, Step.UPDATE):
        yield Text(f"\nA new {data.shell} completes with it.")
