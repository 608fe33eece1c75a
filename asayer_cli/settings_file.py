"""Change the settings file: atomically, keeping what else and which comments are in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import InlineTable

from asayer_cli.atomic_file import locked, replace
from asayer_cli.errors import NotConfiguredError, UsageError
from asayer_cli.settings import FILE_NAME, Value, parse_profile, read_profile

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tomlkit.toml_document import TOMLDocument


def update(folder: Path, profile: str, changes: Mapping[str, Value | None]) -> Path:
    """Set the named settings of a profile, remove those that are None, and return the file's path.

    NotConfiguredError when the folder or file cannot be written; UsageError when the file is broken already.
    """
    path = folder / FILE_NAME
    try:
        with locked(path):
            wanted = {**read_profile(folder, profile), **changes}
            text = _changed(path, profile, changes)
            _check(path, text, profile, {name: value for name, value in wanted.items() if value is not None})
            replace(path, text)
    except OSError as error:
        raise NotConfiguredError(
            f"The settings file {path} cannot be written: {error.strerror}.",
            hint="Make its folder writable, or point ASAYER_CONFIG_DIR to another folder.",
            code="settings_unwritable",
        ) from error
    return path


def _changed(path: Path, profile: str, changes: Mapping[str, Value | None]) -> str:
    try:
        document = _load(path)
        for name, value in changes.items():
            _put(document, ["profiles", profile, *name.split(".")], value)
        return tomlkit.dumps(document)
    except TOMLKitError as error:  # tomllib, which read it just now, takes what tomlkit does not
        raise _unchangeable(path) from error


def _load(path: Path) -> TOMLDocument:
    try:
        return tomlkit.parse(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return tomlkit.document()


def _put(document: TOMLDocument, path: list[str], value: Value | None) -> None:
    table = cast("dict[str, Any]", document)
    for name in path[:-1]:
        if name not in table:
            if value is None:
                return
            table[name] = tomlkit.inline_table() if isinstance(table, InlineTable) else tomlkit.table()
        table = table[name]
    if value is None:
        table.pop(path[-1], None)
    else:
        table[path[-1]] = list(value) if isinstance(value, tuple) else value


def _check(path: Path, text: str, profile: str, wanted: Mapping[str, Value]) -> None:
    """Refuse to write what tomlkit made of a file whose tables are spelled in a way that it does not master."""
    try:
        written = parse_profile(path, text, profile)
    except UsageError as error:
        raise _unchangeable(path) from error
    if written != wanted:
        raise _unchangeable(path)


def _unchangeable(path: Path) -> NotConfiguredError:
    return NotConfiguredError(
        f"The settings file {path} is written in a way that cannot be changed safely.",
        hint="Change it in an editor; with a table for each integration, such as [profiles.default.aws], it can be.",
        code="settings_unchangeable",
    )
