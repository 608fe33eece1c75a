"""README.md as its tests read it."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Final

import click

from asayer_cli.cli.root import root
from tests.docs.reference import README

if TYPE_CHECKING:
    from collections.abc import Iterator

TEXT: Final = README.read_text(encoding="utf-8")
_BLOCK: Final = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_INVOCATION: Final = re.compile(r"^\s*(?:\$ |- (?:run: )?)?(?:\S+/)?asayer-cli +([^|#>&]+)")


def blocks(language: str, text: str = TEXT) -> list[str]:
    """Return the fenced blocks of one language."""
    return [body for found, body in _BLOCK.findall(text) if found == language]


def invocations(text: str) -> Iterator[list[str]]:
    """Yield the arguments of each line that runs the program."""
    for line in text.splitlines():
        if found := _INVOCATION.match(line):
            yield shlex.split(found.group(1))


def parse(arguments: list[str]) -> click.Context:
    """Parse a command line as the program does and return the context of its command; run nothing.

    Raises click.ClickException for a command line that the program would refuse.
    """
    context = root.make_context("asayer-cli", list(arguments))
    while isinstance(context.command, click.Group):
        rest = [*context._protected_args, *context.args]  # noqa: SLF001 - click resolves a group's rest from both
        name, command, rest = context.command.resolve_command(context, rest)
        assert command is not None
        context = command.make_context(name, rest, parent=context)
    return context
