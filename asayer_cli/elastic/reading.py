"""What `verify` asks of a cluster, all of it with the collector's own API key."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from asayer_cli.elastic import fields, queries, shapes
from asayer_cli.elastic.answers import entry_of, identity_of, match_of_name, matches_of, records_of, time_of
from asayer_cli.elastic.connection import Cluster, connect
from asayer_cli.elastic.index_names import joined
from asayer_cli.elastic.privileges import WRITES
from asayer_cli.elastic.search import all_hits, note_partial
from asayer_cli.errors import AsayerError, PermissionDeniedError
from asayer_cli.tag import ASAYER

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from asayer_cli.elastic.model import ApiKeyRecord, FieldProblem, IndexMatch, KeyIdentity
    from asayer_cli.entries import LogEntry, Window
    from asayer_cli.integrations import ElasticIntegration
    from asayer_cli.tag import TagConvention

MOST_WITHOUT_TIME: Final = 1000


class ElasticReader:
    """One configured cluster, asked as the collector asks it. Methods raise our errors; nothing is ever written."""

    def __init__(self, integration: ElasticIntegration, *, allow_http: bool = False) -> None:
        self._key_id = integration.key.api_key_id
        self._cluster = connect(integration.address, integration.key, allow_http=allow_http)
        self._expressions = integration.indexes
        self._expression = ",".join(integration.indexes)
        self.rights = IndexRights(self._cluster, integration.indexes)
        self._notes: list[str] = []

    def take_notes(self) -> tuple[str, ...]:
        """Return why the searches since the last call may have found less than there is; empty when they did not."""
        notes = tuple(self._notes)
        self._notes.clear()
        return notes

    def look_anew(self) -> None:
        """Forget which indices there are and how they are mapped: both may have changed."""
        self.rights = IndexRights(self._cluster, self._expressions)
        self.__dict__.pop("_layouts", None)

    def close(self) -> None:
        """Close the connection."""
        self._cluster.close()

    def identity(self) -> KeyIdentity:
        """Return who the cluster says is asking; CredentialsRejectedError when it does not accept the key."""
        return identity_of(self._cluster.ask(lambda client: client.security.authenticate().body))

    def key_record(self) -> ApiKeyRecord | None:
        """Return what the cluster keeps about this key, which it may read itself; None where it does not tell."""
        try:
            answer = self._cluster.ask(lambda client: client.security.get_api_key(id=self._key_id).body)
        except PermissionDeniedError:
            return None
        return next(iter(records_of(answer)), None)

    def matches(self) -> tuple[IndexMatch, ...]:
        """Return what the index expressions match, as far as the key may see it; a name that is missing is left out."""
        return self.rights.matches

    def unreadable(self) -> tuple[str, ...]:
        """Return what the index expressions match that the key may not read."""
        return self.rights.unreadable()

    def may_write(self) -> bool:
        """Tell whether the key may change anything in what the index expressions match; asked, never tried."""
        return self.rights.may_write()

    def field_problems(self, convention: TagConvention = ASAYER) -> tuple[FieldProblem, ...]:
        """Return where a field that the collector searches is mapped so that nothing is found."""
        return fields.problems(self._layouts, strict=convention is ASAYER)

    def has_sound_index(self, convention: TagConvention = ASAYER) -> bool:
        """Tell whether there is an index with messages in which the collector's search can find entries."""
        return any(fields.is_sound(layout, strict=convention is ASAYER) for layout in self._layouts)

    def collector_search(self, convention: TagConvention, window: Window) -> Iterator[LogEntry]:
        """Yield what the collector's own search finds in the window, oldest first among indices mapped alike.

        AsayerError with code `index_not_found` when an index without a wildcard in its name is missing, on which the
        collector fails as well.
        """
        query = queries.collected(convention, window)
        strict = convention is ASAYER
        expression = self._expression if strict else queries.OPENREPLAY_INDEX
        sort = queries.BY_UTC_TIME if strict else queries.IN_STORED_ORDER
        for names in self._groups(expression) if strict else [expression]:
            for hit in all_hits(self._cluster, names, query, sort, self._notes):
                entry = entry_of(hit)
                if _in_window(entry, window):
                    yield entry

    def suspect_search(self, convention: TagConvention, window: Window) -> Iterator[LogEntry]:
        """Yield whatever was meant as a tag, in no order: by either time, and up to 1000 entries that have neither.

        For Asayer's convention nothing that the collector's search finds is among it.
        """
        for layout in self._layouts:
            for names in self._names_of(layout):
                for entry in self._suspects(convention, layout, names, window):
                    if _in_window(entry, window):
                        yield entry

    def _suspects(
        self, convention: TagConvention, layout: fields.Layout, names: str, window: Window
    ) -> Iterator[LogEntry]:
        order = queries.IN_STORED_ORDER
        if query := queries.suspected(convention, layout, window):
            yield from map(entry_of, all_hits(self._cluster, names, query, order, self._notes))
        if query := queries.suspected_without_time(convention, layout, window):
            found = all_hits(self._cluster, names, query, order, self._notes, MOST_WITHOUT_TIME)
            yield from map(entry_of, found)

    def mentions(self, texts: Sequence[str], window: Window) -> Iterator[LogEntry]:
        """Yield up to 1000 documents of a kind in which one of the texts stands, of any message, in no order."""
        for layout in self._layouts:
            if query := queries.mentioning(texts, layout, window):
                for names in self._names_of(layout):
                    hits = all_hits(
                        self._cluster, names, query, queries.IN_STORED_ORDER, self._notes, MOST_WITHOUT_TIME
                    )
                    yield from map(entry_of, hits)

    def newest(self, window: Window) -> datetime | None:
        """Return the time of the newest document of any kind in the window, None when there is none."""
        times = [
            found
            for layout in self._layouts
            for field, kind in ((fields.TIMESTAMP, layout.timestamp), (fields.UTC_TIME, layout.utc_time))
            if kind in fields.DATE_TYPES
            for names in self._names_of(layout)
            if (found := self._newest_by(field, kind, names, window))
        ]
        return max(times, default=None)

    def _newest_by(self, field: str, kind: str, names: str, window: Window) -> datetime | None:
        query = queries.time_range(field, kind, window)
        sort = [{field: {"order": "desc", "numeric_type": "date"}}]
        answer = self._cluster.ask(
            lambda client: (
                client.search(
                    index=names, query=query, sort=sort, size=1, source_includes=[field], track_total_hits=False
                ).body
            )
        )
        answer = shapes.checked(answer, shapes.HITS, "POST /_search")
        note_partial(answer, self._notes)
        return next((_sorted_time(value) for hit in answer["hits"]["hits"] for value in hit.get("sort") or ()), None)

    @cached_property
    def _layouts(self) -> tuple[fields.Layout, ...]:
        answer = self._cluster.ask(
            lambda client: (
                client.field_caps(
                    index=self._expression, fields=fields.ASKED, include_unmapped=True, ignore_unavailable=True
                ).body
            )
        )
        return fields.layouts(shapes.checked(answer, shapes.FIELDS, "POST /_field_caps"))

    def _groups(self, expression: str) -> list[str]:
        """Return the expression as it is where all indices are mapped alike, else the names of each kind.

        A mapping decides for itself in Elasticsearch, so the answers are the same; one index whose `utc_time` cannot
        be sorted does not spoil the search of the others.
        """
        if len(self._layouts) <= 1:
            return [expression]
        return [names for layout in self._layouts for names in self._names_of(layout)]

    def _names_of(self, layout: fields.Layout) -> list[str]:
        if len(self._layouts) == 1:
            return [self._expression]
        return joined(layout.indices)


class IndexRights:
    """What the holder of a connection sees of, and may do with, the indices of some expressions."""

    def __init__(self, cluster: Cluster, expressions: tuple[str, ...]) -> None:
        self._cluster = cluster
        self._expressions = expressions

    @cached_property
    def matches(self) -> tuple[IndexMatch, ...]:
        """What the expressions match, asked in one call where that is allowed and nothing is missing."""
        try:
            return self._resolve(",".join(self._expressions))
        except PermissionDeniedError:
            return self._match_by_fields()
        except AsayerError as error:
            if error.code != "index_not_found" or len(self._expressions) == 1:
                if error.code == "index_not_found":
                    return ()
                raise
        found = {match for name in self._expressions for match in self._resolve_if_there(name)}
        return tuple(sorted(found, key=lambda match: match.name))

    def _resolve(self, names: str) -> tuple[IndexMatch, ...]:
        return matches_of(self._cluster.ask(lambda client: client.indices.resolve_index(name=names).body))

    def _resolve_if_there(self, name: str) -> tuple[IndexMatch, ...]:
        try:
            return self._resolve(name)
        except PermissionDeniedError:
            return self._match_by_fields()
        except AsayerError as error:
            if error.code == "index_not_found":
                return ()
            raise

    def _match_by_fields(self) -> tuple[IndexMatch, ...]:
        """Take the names from the field capabilities, which `read` alone allows in every version."""
        try:
            answer = self._cluster.ask(
                lambda client: (
                    client.field_caps(
                        index=list(self._expressions), fields=[fields.MESSAGE], ignore_unavailable=True
                    ).body
                )
            )
        except PermissionDeniedError:
            return ()
        answer = shapes.checked(answer, shapes.FIELDS, "POST /_field_caps")
        return tuple(match_of_name(name) for name in sorted(fields.names(answer.get("indices"))))

    def may_read(self) -> bool:
        """Tell whether all that the expressions match may be read, now and in future or at least as it is now."""
        return not self.unreadable()

    def unreadable(self) -> tuple[str, ...]:
        """Return what may not be read: names that the expressions match, or the expressions that match nothing."""
        refused = self._refused(self._expressions)
        if refused and (names := self._names()):
            return self._refused(names)
        return refused

    def _refused(self, names: tuple[str, ...]) -> tuple[str, ...]:
        held = self._held(names, ("read",))
        return tuple(name for name in names if not held.get(name, {}).get("read"))

    def may_write(self) -> bool:
        """Tell whether anything that the expressions match may be changed in any way."""
        held = self._held((*self._expressions, *self._names()), WRITES)
        return any(any(privileges.values()) for privileges in held.values())

    def _names(self) -> tuple[str, ...]:
        return tuple(match.name for match in self.matches)

    def _held(self, names: tuple[str, ...], privileges: tuple[str, ...]) -> dict[str, dict[str, bool]]:
        wanted: list[dict[str, Any]] = [{"names": list(dict.fromkeys(names)), "privileges": list(privileges)}]
        answer = self._cluster.ask(lambda client: client.security.has_privileges(index=wanted).body)
        answer = shapes.checked(answer, shapes.PRIVILEGES, "POST /_security/user/_has_privileges")
        return dict(answer.get("index") or {})


def _in_window(entry: LogEntry, window: Window) -> bool:
    """Check again what the search was asked for: one of the entry's times is in the window, or none can be read."""
    times = [time for name in (fields.UTC_TIME, fields.TIMESTAMP) if (time := time_of(entry.fields.get(name)))]
    return not times or any(window.start <= time < window.end for time in times)


def _sorted_time(value: object) -> datetime | None:
    return time_of(value)
