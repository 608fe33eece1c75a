"""Snippets highlighted on a terminal and byte for byte anywhere else; vendored copies for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pygments.token import Comment, Keyword, Name, Number, String  # type: ignore[import-untyped]
from rich.style import Style
from rich.syntax import ANSISyntaxTheme, Syntax
from rich.text import Text

from asayer_cli.snippets.states import CopiesView, State

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

    from asayer_cli.output.console import Console

# the terminal's own colours, without those that vanish on a light ground or on a dark one
_THEME: Final = ANSISyntaxTheme(
    {
        Comment: Style(dim=True),
        Keyword: Style(color="magenta"),
        Name.Decorator: Style(color="cyan"),
        Name.Tag: Style(color="magenta"),
        Name.Function: Style(bold=True),
        Name.Class: Style(bold=True),
        Number: Style(color="cyan"),
        String: Style(color="green"),
    }
)
_MARKS: Final = {State.CURRENT: "green"}


def print_code(console: Console, text: str, language: str) -> None:
    """Print code, never wrapped, so that it can be copied; without colours it is written as it is."""
    if console.out.color_system is None:
        console.write(text)
        return
    highlighted = Syntax("", language, theme=_THEME).highlight(text)
    highlighted.rstrip()
    console.show(_Lines(highlighted), wrap=False)


class _Lines:
    """Text whose lines are the terminal's to break."""

    def __init__(self, text: Text) -> None:
        self._text = text

    def __rich_console__(self, *_: object) -> Iterator[RenderableType]:
        yield self._text


def render(data: CopiesView) -> Iterator[RenderableType]:
    """Yield a line for each file, and what to do below those that are not current."""
    for copy in data.files:
        version = f" (asayer-cli {copy.version})" if copy.version else ""
        yield Text.assemble((f"{copy.state:<10}", _MARKS.get(copy.state, "bold red")), f"  {copy.path}{version}")
        if copy.advice:
            yield Text(f"            {copy.advice}")
