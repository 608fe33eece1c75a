"""The newest document of any kind: how far what was written has arrived."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asayer_cli.elastic import shapes
from asayer_cli.elastic.documents import when
from asayer_cli.elastic.fields import DATE_TYPES
from asayer_cli.elastic.index_names import joined
from asayer_cli.elastic.layout import TimeField
from asayer_cli.elastic.queries import time_range
from asayer_cli.errors import AsayerError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from asayer_cli.elastic.connection import Cluster
    from asayer_cli.elastic.layout import SearchLayout
    from asayer_cli.entries import Window


def newest_by(
    cluster: Cluster, layouts: Sequence[SearchLayout], expression: str, window: Window, field: str
) -> datetime | None:
    """Return the newest value of a date `field` ("" for the entry's time) among the documents of a window.

    None where there is none, or where the cluster does not tell.
    """
    times = []
    for layout in layouts:
        if not layout.times:
            continue
        sorted_by = TimeField(field, layout.kinds.get(field, "")) if field else layout.times[0]
        if sorted_by.kind in DATE_TYPES:
            parts = [expression] if len(layouts) == 1 else joined(layout.indices)
            times += [_newest(cluster, names, layout.times[0], window, sorted_by) for names in parts]
    return max((time for time in times if time), default=None)


def _newest(cluster: Cluster, names: str, time: TimeField, window: Window, sorted_by: TimeField) -> datetime | None:
    held = time_range(time.name, time.kind, window)
    if sorted_by != time:
        held = {"bool": {"filter": [held, {"exists": {"field": sorted_by.name}}]}}
    try:
        answer = cluster.ask(
            lambda client: (
                client.search(
                    index=names,
                    query=held,
                    sort=[{sorted_by.name: {"order": "desc"}}],
                    size=1,
                    source_includes=[sorted_by.name],
                    track_total_hits=False,
                    ignore_unavailable=True,
                ).body
            )
        )
        hits = shapes.checked(answer, shapes.HITS, "POST /_search")["hits"]["hits"]
    except AsayerError:  # it is only told beside what was found
        return None
    return when(hits[0], sorted_by) if hits else None
