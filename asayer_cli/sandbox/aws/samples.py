"""Sample log groups for the local AWS: a small shop that logs tagged errors, and every way to log them wrongly."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from moto.logs.models import logs_backends

from asayer_cli.sandbox.aws.logs import set_class
from asayer_cli.sandbox.supervisor import ACCOUNT_ID
from asayer_cli.session_id import SessionId
from asayer_cli.tag import ASAYER

MAIN_GROUP: Final = "/ecs/shop-api"
MAIN_REGION: Final = "eu-west-1"


@dataclass(frozen=True, slots=True)
class SampleGroup:
    """A log group; ``retention_days`` None keeps its events for ever."""

    name: str
    region: str = MAIN_REGION
    log_class: str = "STANDARD"
    retention_days: int | None = None
    age_days: int = 90


GROUPS: Final = (
    SampleGroup("/aws/apigateway/shop", retention_days=30, age_days=410),
    SampleGroup("/aws/codebuild/shop-web", retention_days=14, age_days=220),
    SampleGroup("/aws/lambda/checkout", retention_days=30, age_days=365),
    SampleGroup("/aws/lambda/thumbnails", retention_days=7, age_days=120),
    SampleGroup("/aws/rds/instance/shop/error", retention_days=90, age_days=410),
    SampleGroup("/aws/vendedlogs/shop-cdn", log_class="DELIVERY", retention_days=1, age_days=60),
    SampleGroup("/ecs/shop-admin", retention_days=365, age_days=300),
    SampleGroup(MAIN_GROUP, retention_days=30, age_days=400),
    SampleGroup("/ecs/shop-archive", log_class="INFREQUENT_ACCESS", retention_days=731, age_days=200),
    SampleGroup("/ecs/shop-worker", age_days=400),
    SampleGroup("RDSOSMetrics", retention_days=30, age_days=410),
    SampleGroup("shop-audit", retention_days=3653, age_days=700),
    SampleGroup("/aws/lambda/edge-redirects", region="us-east-1", age_days=150),
    SampleGroup("/aws/lambda/mail-templates", region="us-east-1", retention_days=7, age_days=80),
    SampleGroup("aws-waf-logs-shop", region="us-east-1", retention_days=14, age_days=150),
)


@dataclass(frozen=True, slots=True)
class _Line:
    """One event: how many minutes ago, and its text, in which {1}, {2}, {3} are the tags of the sample sessions."""

    minutes_ago: float
    stream: str
    text: str


_LINES: Final = (
    _Line(49.5, "api/1a7f", "INFO  listening on 0.0.0.0:8080"),
    _Line(48.0, "api/1a7f", "INFO  {1} GET /products 200 31ms"),
    _Line(46.2, "api/1a7f", "INFO  {1} POST /cart 201 18ms"),
    _Line(44.9, "api/1a7f", "ERROR {1} ValueError: bad card number"),
    _Line(44.8, "api/1a7f", "{1} Exception in thread payment-3: java.net.SocketTimeoutException: Read timed out"),
    _Line(41.0, "api/9c02", "INFO  GET /healthz 200 1ms"),
    _Line(38.4, "api/9c02", '{"level":"error","message":"{2} TypeError: price is undefined","path":"/checkout"}'),
    _Line(36.1, "api/9c02", "WARN  {2} coupon SPRING expired"),
    _Line(35.0, "api/9c02", "ERROR upstream connect error, retrying"),
    _Line(31.7, "api/9c02", "{2} IntegrityError: duplicate key value violates unique constraint orders_pkey"),
    # meant as errors, and in each something keeps the collector from taking it
    _Line(29.0, "api/1a7f", "CRITICAL {2} payment provider unreachable"),
    _Line(28.2, "api/1a7f", "{2} Traceback (most recent call last):"),
    _Line(26.5, "api/9c02", "ERROR [Asayer_Session_Id={2:id}] KeyError: 'basket'"),
    _Line(24.3, "api/9c02", "ERROR [asayer_session_id=18446744073709551616] boom"),
    _Line(22.8, "api/1a7f", "ERROR [asayer_session_id=k3j2.1x.9z] session token instead of an id"),
    _Line(
        20.6, "api/1a7f", "ERROR [asayerSessionId={3:id}] AttributeError: 'NoneType' object has no attribute 'total'"
    ),
    _Line(18.9, "api/9c02", "ERROR [asayer_session_id: {3:id}] ZeroDivisionError: division by zero"),
    _Line(15.0, "api/1a7f", "INFO  {3} GET /checkout 200 44ms"),
    _Line(9.3, "api/1a7f", "ERROR {3} PaymentError: card declined by issuer"),
    _Line(4.1, "api/9c02", "INFO  GET /healthz 200 1ms"),
    _Line(2.2, "api/9c02", "asayer_session_id={3:id} Exception in worker: queue is full"),
)
_SESSIONS_BEGAN_MINUTES_AGO: Final = (50, 40, 21)
_OTHER_LINES: Final = {
    "/aws/lambda/checkout": ("INIT_START Runtime Version: python:3.13.v54", "Task timed out after 3.01 seconds"),
    "/ecs/shop-admin": ("INFO  administrator signed in",),
    "/ecs/shop-archive": ("ERROR nightly export failed: disk quota exceeded",),
    "shop-audit": ('{"action":"order.refund","by":"support"}',),
}


def load(now: datetime | None = None) -> None:
    """Fill moto's backends with the sample groups and about 50 minutes of events that end at `now`."""
    now = now or datetime.now(UTC)
    for group in GROUPS:
        _create(group, now)
    for stream, events in _main_events(now).items():
        _put(MAIN_GROUP, stream, events)
    for name, lines in _OTHER_LINES.items():
        _put(name, "main", [_event(now - timedelta(minutes=30 - number), line) for number, line in enumerate(lines)])


def _create(group: SampleGroup, now: datetime) -> None:
    created = logs_backends[ACCOUNT_ID][group.region].create_log_group(group.name, {})
    created.creation_time = (now - timedelta(days=group.age_days)).replace(tzinfo=None)
    created.retention_in_days = group.retention_days
    set_class(created, group.log_class)


def session_ids(now: datetime) -> tuple[SessionId, ...]:
    """Return the ids of the three sample sessions, as the product would have made them."""
    return tuple(
        SessionId.starting_at(now - timedelta(minutes=minutes), low_bits=(7 << 8) | number)
        for number, minutes in enumerate(_SESSIONS_BEGAN_MINUTES_AGO, 1)
    )


def _main_events(now: datetime) -> dict[str, list[dict[str, object]]]:
    events: dict[str, list[dict[str, object]]] = {}
    for line in _LINES:
        event = _event(now - timedelta(minutes=line.minutes_ago), _tagged(line.text, session_ids(now)))
        events.setdefault(line.stream, []).append(event)
    return events


def _tagged(text: str, ids: tuple[SessionId, ...]) -> str:
    for number, session_id in enumerate(ids, 1):
        text = text.replace(f"{{{number}}}", ASAYER.write(session_id)).replace(f"{{{number}:id}}", str(session_id))
    return text


def _event(time: datetime, message: str) -> dict[str, object]:
    return {"timestamp": int(time.timestamp() * 1000), "message": message}


def _put(group: str, stream: str, events: list[dict[str, object]]) -> None:
    backend = logs_backends[ACCOUNT_ID][MAIN_REGION]
    backend.create_log_stream(group, stream)
    backend.put_log_events(group, stream, events)
