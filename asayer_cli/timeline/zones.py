"""The time zone that times are shown in."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from asayer_cli.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

LOCAL: Final = "local"
UTC: Final = "UTC"
_LOCAL_FILE: Final = Path("/etc/localtime")


def zone_named(name: str, environ: Mapping[str, str]) -> ZoneInfo:
    """Return a time zone by its name in the IANA database, `UTC`, or `local`; UsageError where there is none.

    The local one is UTC where this computer does not say which it is.
    """
    if name.lower() == LOCAL:
        return _local(environ)
    wanted = UTC if name.upper() in (UTC, "Z") else name
    try:
        return ZoneInfo(wanted)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UsageError(f"There is no time zone {name!r} here.", hint=_hint(), code="unknown_time_zone") from error


def _hint() -> str:
    known = "Write it as in Europe/Berlin, or give UTC or local."
    if len(available_timezones()) > 1:
        return known
    return f"{known} This computer has no time zone data: install its package tzdata, or pip install tzdata."


def _local(environ: Mapping[str, str]) -> ZoneInfo:
    for name in (environ.get("TZ", "").removeprefix(":"), _linked()):
        try:
            if name:
                return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):  # TZ may also be a rule, or a file's name
            continue
    try:
        with _LOCAL_FILE.open("rb") as file:
            return ZoneInfo.from_file(file, key="local time")
    except (OSError, ValueError):
        return ZoneInfo(UTC)


def _linked() -> str:
    """Return the name of the zone that the system's own file is a link to, empty where it is none."""
    target = os.path.realpath(_LOCAL_FILE)
    return target.partition("/zoneinfo/")[2]
