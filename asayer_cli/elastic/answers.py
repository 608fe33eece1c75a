"""Read the cluster's answers into plain data."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from asayer_cli.elastic import shapes
from asayer_cli.elastic.index_names import looks_like_log
from asayer_cli.elastic.model import MANAGED_BY, ApiKeyRecord, IndexKind, IndexMatch, KeyIdentity
from asayer_cli.entries import LogEntry, moment

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def identity_of(given: object) -> KeyIdentity:
    """Read an _authenticate answer; UnreachableError when it is none."""
    answer = shapes.checked(given, shapes.AUTHENTICATED, "GET /_security/_authenticate")
    key, realm = answer.get("api_key") or {}, answer.get("authentication_realm") or {}
    return KeyIdentity(
        str(answer.get("username", "")),
        str(answer.get("authentication_type", "")),
        str(key.get("id", "")),
        str(realm.get("name", "")),
    )


def records_of(given: object) -> tuple[ApiKeyRecord, ...]:
    """Read a _security/api_key answer; UnreachableError when it is none."""
    answer = shapes.checked(given, shapes.API_KEYS, "GET /_security/api_key")
    return tuple(map(record_of, answer.get("api_keys") or ()))


def record_of(item: Mapping[str, Any]) -> ApiKeyRecord:
    """Read one API key as Elasticsearch describes it."""
    metadata = item.get("metadata") or {}
    ours = metadata if metadata.get("managed_by") == MANAGED_BY else {}
    expiration = item.get("expiration")
    roles = (item.get("role_descriptors") or {}).values()
    grants = [grant for role in roles for grant in role.get("indices") or ()]
    return ApiKeyRecord(
        id=str(item["id"]),
        name=str(item.get("name") or ""),
        created_at=moment(int(item.get("creation") or 0)),
        expires_at=None if expiration is None else moment(int(expiration)),
        invalidated=bool(item.get("invalidated")),
        username=str(item.get("username") or ""),
        realm=str(item.get("realm") or ""),
        managed=bool(ours),
        run=str(ours.get("run") or ""),
        indexes=_all(grants, "names"),
        index_privileges=_all(grants, "privileges"),
        cluster_privileges=_all(roles, "cluster"),
        replaces=str(ours.get("replaces") or ""),
        limited=any(grant.get("query") or grant.get("field_security") for grant in grants),
    )


def _all(items: Iterable[Mapping[str, Any]], field: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(value) for item in items for value in item.get(field) or ()))


def matches_of(given: object) -> tuple[IndexMatch, ...]:
    """Read a _resolve/index answer: a backing index counts as its data stream, an alias only where it adds indices.

    UnreachableError when it is none.
    """
    answer = shapes.checked(given, shapes.RESOLVED, "GET /_resolve/index")
    found = [_match(item["name"], IndexKind.DATA_STREAM) for item in answer.get("data_streams") or ()]
    indices = [item for item in answer.get("indices") or () if not item.get("data_stream")]
    found += [_match(item["name"], IndexKind.INDEX) for item in indices]
    known = {item["name"] for item in answer.get("indices") or ()}
    for alias in answer.get("aliases") or ():
        behind = alias.get("indices") or ()
        if not known.issuperset([behind] if isinstance(behind, str) else behind):
            found.append(_match(alias["name"], IndexKind.ALIAS))
    return tuple(sorted(found, key=lambda match: match.name))


def match_of_name(name: str) -> IndexMatch:
    """Return the match of a concrete index of which only the name is known."""
    return _match(name, IndexKind.INDEX)


def _match(name: str, kind: IndexKind) -> IndexMatch:
    return IndexMatch(name, kind, looks_like_log(name))


def entry_of(hit: Mapping[str, Any]) -> LogEntry:
    """Read one hit; the time is `utc_time` where that can be read, else `@timestamp`."""
    source = hit.get("_source") or {}
    return LogEntry(
        time=time_of(source.get("utc_time")) or time_of(source.get("@timestamp")),
        message=_text(source.get("message")),
        place=str(hit["_index"]),
        entry_id=f"{hit['_index']}/{hit['_id']}",
        fields=source,
    )


def _text(message: object) -> str:
    if isinstance(message, str):
        return message
    return "" if message is None else json.dumps(message, ensure_ascii=False)


def time_of(value: object) -> datetime | None:
    """Read a time as Elasticsearch's default date format does: ISO 8601, UTC without a zone, or milliseconds."""
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return moment(int(value))
        if isinstance(value, str):
            when = datetime.fromisoformat(value.strip())
            return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    return None
