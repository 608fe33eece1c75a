"""How work in progress tells a person about itself, without knowing terminals."""

from __future__ import annotations

from typing import Protocol


class Reporter(Protocol):
    """Takes what is to be said while a command runs; all of it goes to standard error."""

    def say(self, text: str) -> None:
        """Tell something that the user should read: who is acting, what was done."""

    def warn(self, text: str) -> None:
        """Tell something that is not wrong enough to stop; it is repeated in the result's messages."""

    def detail(self, text: str) -> None:
        """Tell something that only `--verbose` shows."""

    def progress(self, text: str) -> None:
        """Tell what is being waited for; on a terminal each replaces the one before, elsewhere it is silent."""


class Silent:
    """A reporter that says nothing."""

    def say(self, text: str) -> None:
        """Say nothing."""

    warn = detail = progress = say
