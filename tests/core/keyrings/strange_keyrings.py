"""Keyring back ends as they are met in the wild, for tests to choose by PYTHON_KEYRING_BACKEND."""

# ruff: noqa: ARG002 - the interface of back ends

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import ClassVar
from urllib.parse import quote

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


class FolderKeyring(KeyringBackend):
    """Works, and keeps each password in a file of the test's own folder."""

    priority = 1

    def get_password(self, service: str, username: str) -> str | None:
        try:
            return self._path(username).read_text()
        except FileNotFoundError:
            return None

    def set_password(self, service: str, username: str, password: str) -> None:
        self._path(username).write_text(password)

    def delete_password(self, service: str, username: str) -> None:
        self._path(username).unlink()

    def _path(self, username: str) -> Path:
        return Path(os.environ["TEST_KEYRING_FOLDER"], quote(username, safe=""))
