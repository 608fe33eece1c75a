"""Files of each format, and what is found in them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from asayer_cli.entries import Window
from asayer_cli.files.source import FileSource
from asayer_cli.session_id import SessionId
from asayer_cli.sources import Found, SessionSearch, Span
from asayer_cli.tag import ASAYER

START = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
SESSION = SessionId.starting_at(START, 7)
TAG = ASAYER.write(SESSION)
Write = Callable[[str | bytes], Path]


def search(*, context: int = 0, hours: int = 3) -> SessionSearch:
    """Return a search for the session, from its begin on."""
    return SessionSearch(
        ASAYER, (Span(Window(START, START + timedelta(hours=hours)), frozenset({SESSION})),), context=context
    )


def found_in(*paths: Path | str, context: int = 0) -> list[Found]:
    return list(FileSource([str(path) for path in paths]).find(search(context=context)))


def messages(*paths: Path | str) -> list[str]:
    return [found.entry.message for found in found_in(*paths)]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a file with a name that says nothing, and return its path."""
    count = 0

    def write_one(content: str | bytes) -> Path:
        nonlocal count
        count += 1
        path = tmp_path / f"{count}"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write_one
