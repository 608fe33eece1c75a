"""Numbers of bytes for people."""

from __future__ import annotations


def human_size(count: int) -> str:
    """Write a number of bytes in the largest unit in which it is at least one: 0 B, 12 KiB, 3.4 GiB."""
    size, units = float(count), ["B", "KiB", "MiB", "GiB", "TiB"]
    while size >= 1024 and len(units) > 1:  # noqa: PLR2004 - bytes in a KiB
        size /= 1024
        units.pop(0)
    digits = 1 if size < 10 and units[0] != "B" else 0  # noqa: PLR2004 - one digit before the point
    return f"{size:.{digits}f} {units[0]}"
