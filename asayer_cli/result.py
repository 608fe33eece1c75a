"""What a command returns: data for one place to print, as text for people or as one JSON envelope for programs."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, unique
from typing import TYPE_CHECKING, Any, Final

from asayer_cli.exit_codes import ExitCode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from asayer_cli.errors import AsayerError

SCHEMA: Final = 1


@unique
class Level(StrEnum):
    """How much a message matters."""

    NOTE = "note"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Message:
    """Something to tell beside the data."""

    level: Level
    text: str


@dataclass(frozen=True, slots=True)
class Failure:
    """One error in the envelope: a stable `code`, what and why, what to do next."""

    code: str
    message: str
    hint: str

    @classmethod
    def of(cls, error: AsayerError) -> Failure:
        """Return the envelope's form of an error."""
        return cls(error.code, error.message, error.hint)


@dataclass(frozen=True, slots=True)
class Result:
    """What a command did: `data` is a frozen dataclass that output knows how to show, or None.

    Secrets in `data` are masked in every form of output unless `reveal`. Reports for CI leave log messages out unless
    `show_messages`; `report_file` takes the report while text goes to the screen, `summary_file` a CI job's summary.
    """

    data: object = None
    messages: tuple[Message, ...] = ()
    exit_code: ExitCode = ExitCode.OK
    errors: tuple[Failure, ...] = ()
    reveal: bool = False
    show_messages: bool = False
    report_file: Path | None = None
    summary_file: Path | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a streamed table: the row attribute `name`, its heading, its width in text (0: as it comes).

    `shown` turns the value into what text shows to people; the other forms have the value as it is.
    """

    name: str
    title: str
    width: int = 0
    right: bool = False
    shown: Callable[[Any], str] | None = None


@dataclass(frozen=True, slots=True)
class RowStream:
    """Rows that are printed as they arrive.

    `name` is the list's name in JSON; `rows` yields frozen dataclasses; `finish` is called after the last row and gives
    the messages, errors and exit code (its `data` is not used). Text has `text_columns`, where there are any, in the
    place of `columns`: people may need another order.
    """

    name: str
    columns: tuple[Column, ...]
    rows: Iterator[object]
    finish: Callable[[], Result]
    text_columns: tuple[Column, ...] = ()
