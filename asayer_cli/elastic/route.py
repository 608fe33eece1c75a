"""The way to a cluster, for those who word what went wrong on it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True, slots=True)
class Route:
    """The URL of the proxy on the way, None for none."""

    proxy: str | None = field(default=None, repr=False)


DIRECT: Final = Route()
