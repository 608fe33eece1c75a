"""What vendored copies are to this version of the program."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, unique
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@unique
class State(StrEnum):
    """Current, or why not."""

    CURRENT = "current"
    OLDER = "older"
    NEWER = "newer"
    CHANGED = "changed"
    FOREIGN = "foreign"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Copy:
    """One file: its state, the version of the program that wrote it (empty when not known), and what to do."""

    path: Path
    state: State
    version: str
    advice: str


@dataclass(frozen=True, slots=True)
class CopiesView:
    """The files that were asked about."""

    files: tuple[Copy, ...]

    @property
    def all_current(self) -> bool:
        """Whether none of them needs anything."""
        return all(copy.state is State.CURRENT for copy in self.files)
