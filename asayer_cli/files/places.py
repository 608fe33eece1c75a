"""Which files a PATH means, and which of them can be read at all."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from asayer_cli.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

STANDARD_INPUT: Final = "-"


@dataclass(frozen=True, slots=True)
class Place:
    """One file to read; `path` is `-` for standard input.

    `again` says whether it can be read a second time: a pipe cannot.
    """

    path: str
    again: bool = True

    @property
    def name(self) -> str:
        """What people call it."""
        return "standard input" if self.path == STANDARD_INPUT else self.path


def places(paths: Iterable[str]) -> tuple[Place, ...]:
    """Return the files that the paths mean, each file once, in the order of the paths.

    A folder means every file below it, by name, but hidden ones and what is no plain file; `-` means standard input.
    UsageError for what is not there, may not be read, is a device, or a folder without files.
    """
    found: dict[object, Place] = {}
    for path in paths:
        for place in _meant(path):
            found.setdefault(_identity(place), place)
    return tuple(found.values())


def described(paths: Iterable[str]) -> str:
    """Return what people call the paths together: the first ones by name."""
    names = [Place(path).name for path in paths]
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""  # noqa: PLR2004 - as many as fit a line
    return ", ".join(names[:3]) + more


def _identity(place: Place) -> object:
    if place.path == STANDARD_INPUT:
        return STANDARD_INPUT
    found = os.stat(place.path)  # noqa: PTH116 - paths stay as they were typed
    return found.st_dev, found.st_ino


def _meant(path: str) -> list[Place]:
    if path == STANDARD_INPUT:
        return [Place(path, again=False)]
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116 - paths stay as they were typed
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from error
    if stat.S_ISDIR(mode):
        return _files_below(path)
    if not (stat.S_ISREG(mode) or stat.S_ISFIFO(mode)):
        raise UsageError(
            f"{path} is neither a file nor a folder nor a pipe.",
            hint="For what another program writes, name -: kubectl logs POD | asayer-cli ... --file -",
            code="file_unreadable",
        )
    if not os.access(path, os.R_OK):
        raise _unreadable(path, PermissionError("Permission denied"))
    return [Place(path, again=stat.S_ISREG(mode))]


def _files_below(folder: str) -> list[Place]:
    found = [Place(path) for path in _walk(folder)]
    if not found:
        raise UsageError(f"There is no file in {folder}.", hint="Name a file, or a folder of them.", code="no_file")
    return found


def _walk(folder: str) -> Iterator[str]:
    for parent, folders, names in os.walk(folder, onerror=_refuse):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = os.path.join(parent, name)  # noqa: PTH118 - paths stay as they were typed
            if not name.startswith(".") and os.path.isfile(path):  # noqa: PTH113 - the same
                yield path


def _refuse(error: OSError) -> None:
    raise _unreadable(str(error.filename), error) from error


def _unreadable(path: str, error: OSError | ValueError) -> UsageError:
    why = getattr(error, "strerror", None) or str(error)
    return UsageError(
        f"{path} cannot be read: {why}.", hint="Name a file that is there and may be read.", code="file_unreadable"
    )
