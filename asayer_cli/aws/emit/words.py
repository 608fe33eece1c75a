"""What the code says of itself, in the comments at its head."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_WIDTH: Final = 79
NO_KEY: Final = (
    "There is no access key in it, on purpose: stacks and state files would keep the secret, readable for everybody "
    "who can read them."
)


def comment(*paragraphs: str, commands: Iterable[str] = ()) -> Iterator[str]:
    """Yield comment lines for a language whose comments begin with `#`; commands stand on lines of their own."""
    for paragraph in paragraphs:
        yield from (f"# {line}" for line in textwrap.wrap(paragraph, _WIDTH - 2, break_on_hyphens=False))
    yield from (f"#   {command}" for command in commands)


def how_to_make_the_key(command: str) -> Iterator[str]:
    """Yield the comment that says how the key is made afterwards."""
    yield from comment(
        "The tag managed-by=asayer-cli makes the user one that asayer-cli takes for its own. Once it is there, this "
        "finds it, makes the key, proves it and keeps its secret in your secret store:",
        commands=(command,),
    )
