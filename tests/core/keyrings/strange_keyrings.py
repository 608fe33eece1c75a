"""Keyring back ends as they are met in the wild, for tests to choose by PYTHON_KEYRING_BACKEND."""

# ruff: noqa: ARG002 - the interface of back ends

from __future__ import annotations

import time
from typing import ClassVar

from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked, PasswordDeleteError


class MemoryKeyring(KeyringBackend):
    """Works, for as long as its process lives."""

    priority = 1
    kept: ClassVar[dict[tuple[str, str], str]] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if self.kept.pop((service, username), None) is None:
            raise PasswordDeleteError("no such password")


class PlaintextKeyring(MemoryKeyring):
    """Stands for those that keep secrets readable; they are called that."""

    priority = 9


class HangingKeyring(MemoryKeyring):
    """Waits for a prompt that nobody sees."""

    def get_password(self, service: str, username: str) -> str | None:
        time.sleep(3600)
        return None

    def set_password(self, service: str, username: str, password: str) -> None:
        time.sleep(3600)


class LockedKeyring(MemoryKeyring):
    """Says that it is locked."""

    def get_password(self, service: str, username: str) -> str | None:
        raise KeyringLocked("the collection is locked")

    def set_password(self, service: str, username: str, password: str) -> None:
        raise KeyringLocked("the collection is locked")


class ForgetfulKeyring(MemoryKeyring):
    """Takes everything and keeps nothing."""

    def set_password(self, service: str, username: str, password: str) -> None:
        return


class CrashingKeyring(MemoryKeyring):
    """Raises what its platform's library raises, without a word."""

    def get_password(self, service: str, username: str) -> str | None:
        raise OSError
