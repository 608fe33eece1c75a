"""Moments and spans as a page's HTML; its script writes them anew when the reader chooses another zone."""

from __future__ import annotations

from datetime import UTC, tzinfo
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from asayer_cli.entries import milliseconds, rfc3339
from asayer_cli.output.page.document import escaped

if TYPE_CHECKING:
    from datetime import datetime, timedelta


def zone_of(name: str) -> tzinfo:
    """Return the zone of an IANA name; UTC where this machine does not know it."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown, malformed, or a folder of the zone database
        return UTC


def moment_html(when: datetime | None, zone: tzinfo) -> str:
    """Return a moment as a `time` element, to the second; a dash where there is none."""
    if when is None:
        return "&ndash;"
    text = when.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")
    return f'<time datetime="{rfc3339(when)}" data-ms="{milliseconds(when)}">{text}</time>'


def zone_fact(zone: tzinfo) -> str:
    """Return the item that names the zone where no control does: on paper, and in browsers that run no script."""
    return f'<li class="zone">times in <span data-zone>{escaped(str(zone))}</span></li>'


def offset_text(offset: timedelta | None) -> str:
    """Write the time since a session began: `+01:02.003`, or `+1:01:02.003` after an hour; empty for None."""
    if offset is None:
        return ""
    ms = round(abs(offset).total_seconds() * 1000)
    minutes, rest = divmod(ms, 60_000)
    hours, minutes = divmod(minutes, 60)
    sign = "−" if offset.total_seconds() < 0 else "+"  # noqa: RUF001 - a minus as wide as the plus
    whole = f"{hours}:{minutes:02}" if hours else f"{minutes:02}"
    return f"{sign}{whole}:{rest // 1000:02}.{rest % 1000:03}"
