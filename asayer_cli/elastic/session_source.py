"""The indices of a cluster as a source of sessions' entries."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

from asayer_cli.elastic import shapes
from asayer_cli.elastic.ahead import begun
from asayer_cli.elastic.connection import Cluster, connect
from asayer_cli.elastic.layout import INGESTED, SearchLayout, asked_fields, search_layouts
from asayer_cli.elastic.newest import newest_by
from asayer_cli.elastic.search import add_note
from asayer_cli.elastic.seen import Seen
from asayer_cli.elastic.session_streams import Asking, SessionStreams
from asayer_cli.elastic.slices import Sizes
from asayer_cli.entries import Window
from asayer_cli.errors import AsayerError
from asayer_cli.sources import Reading

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator
    from concurrent.futures import Future

    from asayer_cli.integrations import ElasticIntegration
    from asayer_cli.reporting import Reporter
    from asayer_cli.sources import Found, SessionSearch, SessionSource
    from asayer_cli.tag import TagConvention

# An index is made searchable every second, a serverless one every five; agents deliver late, by minutes at the worst.
POLL_SECONDS: Final = 2.0
OVERLAP: Final = timedelta(minutes=5)
_MAPPED_ANEW_SECONDS: Final = 30.0

# When the newest entry was written, and when the newest one was taken in.
_Newest = tuple["datetime | None", "datetime | None"]


class ElasticSessionSource:
    """What the index expressions of an integration match, asked with the collector's own key."""

    name = "elastic"

    def __init__(
        self,
        cluster: Cluster,
        indexes: tuple[str, ...],
        reporter: Reporter,
        *,
        poll_seconds: float = POLL_SECONDS,
        overlap: timedelta = OVERLAP,
        sizes: Sizes | None = None,
    ) -> None:
        self._cluster = cluster
        self._asking = Asking(cluster, sizes or Sizes())
        self._expression = ",".join(indexes)
        self._reporter = reporter
        self._poll_seconds = poll_seconds
        self._overlap = overlap
        self._layouts: tuple[SearchLayout, ...] = ()
        self._newest: Future[_Newest] | None = None
        self._read_at: datetime | None = None
        self._seen = Seen()

    @property
    def place(self) -> str:
        """Where the entries lie."""
        return f"indices {self._expression} at {self._cluster.endpoint.host}"

    def find(self, search: SessionSearch) -> Iterator[Found]:
        """Yield the entries of the sessions, oldest first, those without a time last."""
        self._read_at = datetime.now(UTC)
        self._seen.begin(self._read_at - self._overlap)
        self._layouts = self._mapped(search.convention)
        streams = self._streams(search)
        self._newest = begun(partial(self._ask_newest, search, streams.asked_besides))
        for found in streams.found(with_untimed=True):
            self._seen.is_new(found.entry)
            yield found

    def follow(self, search: SessionSearch, stopped: threading.Event) -> Iterator[Found]:
        """Yield what becomes searchable from now on; what comes late by less than the overlap is found as well."""
        mapped_at = time.monotonic()
        while not stopped.wait(self._poll_seconds):
            fresh = not self._layouts or time.monotonic() - mapped_at > _MAPPED_ANEW_SECONDS
            if fresh:
                self._layouts, mapped_at = self._mapped(search.convention), time.monotonic()
            yield from self._come_since(search, with_untimed=fresh)
        self._newest = begun(partial(self._ask_newest, search))

    def _come_since(self, search: SessionSearch, *, with_untimed: bool) -> Iterator[Found]:
        now = datetime.now(UTC)
        since = (self._read_at or now) - self._overlap
        spans = tuple(
            replace(span, window=Window(max(span.window.start, since), span.window.end))
            for span in search.spans
            if span.window.end > since
        )
        self._seen.begin(since)
        if spans:
            for found in self._streams(replace(search, spans=spans)).found(with_untimed=with_untimed):
                if self._seen.is_new(found.entry):
                    yield found
        self._read_at = now

    def _streams(self, search: SessionSearch) -> SessionStreams:
        whole = self._expression if len(self._layouts) == 1 else ""
        return SessionStreams(self._asking, self._layouts, search, whole)

    def _mapped(self, convention: TagConvention) -> tuple[SearchLayout, ...]:
        """Ask how the fields are mapped, anew: indices come and go."""
        try:
            layouts = self._ask_mapped(convention, lenient=False)
        except AsayerError as error:
            if error.code != "index_not_found":
                raise
            add_note(self._asking.notes, error.message.rstrip("."))
            layouts = self._ask_mapped(convention, lenient=True)
        if not layouts:
            add_note(self._asking.notes, f"{self._expression} matches no index that the API key may read")
        self._reporter.detail(f"{self.place}: {sum(len(layout.indices) for layout in layouts)} indices to search")
        return layouts

    def _ask_mapped(self, convention: TagConvention, *, lenient: bool) -> tuple[SearchLayout, ...]:
        answer = self._cluster.ask(
            lambda client: (
                client.field_caps(
                    index=self._expression,
                    fields=list(asked_fields(convention)),
                    include_unmapped=True,
                    ignore_unavailable=lenient,
                ).body
            )
        )
        return search_layouts(shapes.checked(answer, shapes.FIELDS, "POST /_field_caps"), convention)

    def reading(self) -> Reading:
        """Return how reading went; the newest document of any kind was asked for meanwhile."""
        newest, ingested = self._newest.result() if self._newest else (None, None)
        return Reading("search", tuple(self._asking.notes), tuple(self._asking.remarks), newest, ingested)

    def _ask_newest(self, search: SessionSearch, after: threading.Event | None = None) -> _Newest:
        if after is not None:
            after.wait()
        if not search.spans:
            return None, None
        window = Window(search.spans[0].window.start, search.spans[-1].window.end)
        asked = partial(newest_by, self._cluster, self._layouts, self._expression, window)
        return asked(""), asked(INGESTED)

    def close(self) -> None:
        """Close the connection."""
        self._cluster.close()


def elastic_sources(
    integration: ElasticIntegration, reporter: Reporter, *, allow_http: bool = False
) -> list[SessionSource]:
    """Return the source of a configured cluster; UsageError for an address that cannot be asked."""
    cluster = connect(integration.address, integration.key, allow_http=allow_http)
    return [ElasticSessionSource(cluster, integration.indexes, reporter)]
