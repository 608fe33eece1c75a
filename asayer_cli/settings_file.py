"""Change the settings file: atomically, keeping what else and which comments are in it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import tomlkit
from tomlkit.exceptions import TOMLKitError

from asayer_cli.errors import NotConfiguredError
from asayer_cli.settings import FILE_NAME, Value, read_profile

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tomlkit.toml_document import TOMLDocument


def update(folder: Path, profile: str, changes: Mapping[str, Value | None]) -> Path:
    """Set the named settings of a profile, remove those that are None, and return the file's path.

    NotConfiguredError when the folder or file cannot be written; UsageError when the file is broken already.
    """
    path = folder / FILE_NAME
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _locked(folder):
            read_profile(folder, profile)
            document = _load(path)
            for name, value in changes.items():
                _put(document, ["profiles", profile, *name.split(".")], value)
            _replace(path, tomlkit.dumps(document))
    except OSError as error:
        raise NotConfiguredError(
            f"The settings file {path} cannot be written: {error.strerror}.",
            hint="Make its folder writable, or point ASAYER_CONFIG_DIR to another folder.",
            code="settings_unwritable",
        ) from error
    return path


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    with (folder / f".{FILE_NAME}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _load(path: Path) -> TOMLDocument:
    try:
        return tomlkit.parse(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return tomlkit.document()
    except TOMLKitError as error:  # tomllib, which read it just now, takes what tomlkit does not
        raise NotConfiguredError(
            f"The settings file {path} cannot be changed: {error}.", hint="Change it in an editor."
        ) from error


def _put(document: TOMLDocument, path: list[str], value: Value | None) -> None:
    table = cast("dict[str, Any]", document)
    for name in path[:-1]:
        if name not in table:
            if value is None:
                return
            table[name] = tomlkit.table(is_super_table=name == "profiles")
        table = table[name]
    if value is None:
        table.pop(path[-1], None)
    else:
        table[path[-1]] = list(value) if isinstance(value, tuple) else value


def _replace(path: Path, text: str) -> None:
    target = Path(os.path.realpath(path))
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{FILE_NAME}.")
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
