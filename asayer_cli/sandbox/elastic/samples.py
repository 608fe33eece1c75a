"""Sample indices for the local Elasticsearch: a shop's logs with tagged errors, and every way to log them wrongly.

`shop-logs-YYYY.MM.DD` is what the collector reads; `catalog-items` holds no logs, yet `*log*` matches it;
`filebeat-shop-YYYY.MM.DD` holds logs, and `*log*` does not match it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import urllib3

from asayer_cli.session_id import SessionId
from asayer_cli.tag import ASAYER

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LOGS: Final = "shop-logs"
FILEBEAT: Final = "filebeat-shop"
CATALOG: Final = "catalog-items"
# What the collector takes of the default indices, `*log*`.
COLLECTIBLE: Final = 6
_SECONDS: Final = 30.0
_SESSIONS_BEGAN_MINUTES_AGO: Final = (50, 40, 21)
_KEYWORD: Final = {"type": "keyword"}
_DATE: Final = {"type": "date"}
_LOG_FIELDS: Final = {
    "@timestamp": _DATE,
    "utc_time": _DATE,
    "message": {"type": "text"},
    "tags": _KEYWORD,
    "log": {"properties": {"level": _KEYWORD}},
    "service": {"properties": {"name": _KEYWORD}},
}
_CATALOG_FIELDS: Final = {"sku": _KEYWORD, "title": {"type": "text"}, "price": {"type": "double"}, "added": _DATE}


@dataclass(frozen=True, slots=True)
class _Line:
    """One document: how many minutes ago, and its text, in which {1}, {2}, {3} are the tags of the sample sessions.

    ``fields`` replace the document's own; a field of None is left out.
    """

    minutes_ago: float
    level: str
    text: str
    fields: Mapping[str, object] = field(default_factory=dict)


_LINES: Final = (
    _Line(49.0, "info", "listening on 0.0.0.0:8080"),
    _Line(47.5, "info", "{1} GET /products 200 31ms", {"tags": ["access"]}),
    _Line(45.3, "error", "{1} ERROR ValueError: bad card number"),
    _Line(43.9, "error", "ERROR {1} ConnectionResetError: payment provider hung up", {"tags": "error"}),
    _Line(39.4, "error", "{2} ERROR TypeError: price is undefined", {"tags": ["error", "checkout"]}),
    _Line(36.0, "warn", "{2} WARN coupon SPRING expired", {"tags": ["coupon"]}),
    _Line(34.2, "error", "ERROR upstream connect error, retrying"),
    _Line(31.8, "error", "ERROR [Asayer_Session_Id={2:id}] KeyError: 'basket'"),
    # meant as errors, and in each something keeps the collector from taking it
    _Line(29.4, "error", "{2} ERROR IntegrityError: duplicate key value in orders_pkey", {"tags": ["checkout"]}),
    _Line(27.7, "error", "{2} ERROR TimeoutError: stock service", {"utc_time": None}),
    _Line(26.1, "error", "{2} ERROR OSError: no space left on device", {"utc_time": "{zoneless}"}),
    _Line(24.6, "error", "", {"message": ["{2} ERROR LookupError: no such basket", "while handling POST /checkout"]}),
    _Line(22.9, "error", "ERROR [asayer_session_id=18446744073709551616] boom"),
    _Line(20.2, "error", "ERROR [asayer_session_id=k3j2.1x.9z] session token instead of an id"),
    _Line(18.5, "error", "ERROR [asayerSessionId={3:id}] AttributeError: 'NoneType' object has no attribute 'total'"),
    _Line(16.8, "error", "ERROR [asayer_session_id: {3:id}] ZeroDivisionError: division by zero"),
    _Line(12.0, "info", "{3} GET /checkout 200 44ms", {"tags": ["access"]}),
    _Line(8.4, "error", "ERROR {3} PaymentError: card declined by issuer"),
    _Line(1.9, "error", "asayer_session_id={3:id} Exception in worker: queue is full"),
)
_FILEBEAT_LINES: Final = (
    _Line(33.0, "info", "nginx: GET / 200"),
    _Line(14.0, "error", "{3} ERROR upstream timed out while reading response header"),
)
_ITEMS: Final = (("A-1001", "Blue teapot", 24.5), ("A-1002", "Oak tray", 39.0), ("A-1003", "Error-proof kettle", 64.9))


def load(url: str, username: str, password: str, now: datetime | None = None) -> None:
    """Create the sample indices, with about 50 minutes of logs that end at `now`, in the Elasticsearch at `url`.

    Raises RuntimeError when it refuses something.
    """
    now = now or datetime.now(UTC)
    documents = list(_documents(now))
    headers = urllib3.make_headers(basic_auth=f"{username}:{password}")
    with urllib3.PoolManager(retries=False, timeout=_SECONDS, headers=headers) as pool:
        for index in dict.fromkeys(name for name, _ in documents):
            fields = _CATALOG_FIELDS if index == CATALOG else _LOG_FIELDS
            _ask(pool, "PUT", f"{url}/{index}", {"mappings": {"properties": fields}})
        lines = [line for index, document in documents for line in ({"index": {"_index": index}}, document)]
        answer = _ask(pool, "POST", f"{url}/_bulk?refresh=true", *lines)
    if answer["errors"]:
        raise RuntimeError(f"sample documents were refused: {answer['items']}")


def session_ids(now: datetime) -> tuple[SessionId, ...]:
    """Return the ids of the three sample sessions, as the product would have made them."""
    return tuple(
        SessionId.starting_at(now - timedelta(minutes=minutes), low_bits=(9 << 8) | number)
        for number, minutes in enumerate(_SESSIONS_BEGAN_MINUTES_AGO, 1)
    )


def _documents(now: datetime) -> Iterator[tuple[str, dict[str, object]]]:
    ids = session_ids(now)
    for prefix, lines in ((LOGS, _LINES), (FILEBEAT, _FILEBEAT_LINES)):
        for line in lines:
            time = now - timedelta(minutes=line.minutes_ago)
            yield f"{prefix}-{time:%Y.%m.%d}", _document(line, time, ids)
    for number, (sku, title, price) in enumerate(_ITEMS):
        yield CATALOG, {"sku": sku, "title": title, "price": price, "added": _rfc3339(now - timedelta(days=number))}


def _document(line: _Line, time: datetime, ids: tuple[SessionId, ...]) -> dict[str, object]:
    utc_time = _rfc3339(time)
    document = {
        "@timestamp": utc_time,
        "utc_time": utc_time,
        "message": line.text,
        "tags": [line.level],
        "log": {"level": line.level},
        "service": {"name": "shop-api"},
        **line.fields,
    }
    return {name: _filled(value, utc_time, ids) for name, value in document.items() if value is not None}


def _filled(value: object, utc_time: str, ids: tuple[SessionId, ...]) -> object:
    if isinstance(value, list):
        return [_filled(item, utc_time, ids) for item in value]
    if not isinstance(value, str):
        return value
    for number, session_id in enumerate(ids, 1):
        value = value.replace(f"{{{number}}}", ASAYER.write(session_id)).replace(f"{{{number}:id}}", str(session_id))
    return value.replace("{zoneless}", utc_time.removesuffix("Z"))


def _rfc3339(time: datetime) -> str:
    return f"{time:%Y-%m-%dT%H:%M:%S}.{time.microsecond // 1000:03}Z"


def _ask(pool: urllib3.PoolManager, method: str, url: str, *lines: object) -> dict[str, Any]:
    body = "".join(f"{json.dumps(line)}\n" for line in lines)
    kind = "application/x-ndjson" if "/_bulk" in url else "application/json"
    answer = pool.request(method, url, body=body.encode(), headers={**pool.headers, "Content-Type": kind})
    if answer.status >= HTTPStatus.BAD_REQUEST:
        raise RuntimeError(f"{method} {url} was refused: {answer.data.decode(errors='replace')}")
    content: dict[str, Any] = answer.json()
    return content
