"""A timeline with how it is to be shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from zoneinfo import ZoneInfo

    from asayer_cli.timeline.model import Timeline


@dataclass(frozen=True, slots=True)
class TimelineView:
    """What a renderer needs: times are shown in `zone`; `full` unfolds what is folded; `page` is a file for the page.

    `pager` allows for one; `stop` ends the reading, so that its end can be told.
    """

    timeline: Timeline
    zone: ZoneInfo
    stop: Callable[[], None]
    full: bool = False
    page: Path | None = None
    pager: bool = False
