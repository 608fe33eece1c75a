"""The sample events are worth looking at: some that the collector takes, and every near miss."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from asayer_cli.collector import CloudWatchCollector, Verdict
from asayer_cli.entries import LogEntry
from asayer_cli.tag import Reason

Client = Callable[..., Any]


@pytest.fixture
def judged(client: Client) -> list[tuple[LogEntry, Verdict | None]]:
    pages = client("logs").get_paginator("filter_log_events").paginate(logGroupName="/ecs/shop-api")
    entries = [
        LogEntry(
            time=datetime.fromtimestamp(event["timestamp"] / 1000, UTC),
            message=event["message"],
            place=event["logStreamName"],
            entry_id=event["eventId"],
        )
        for page in pages
        for event in page["events"]
    ]
    return [(entry, CloudWatchCollector().judge(entry)) for entry in entries]


def test_the_collector_takes_some_and_misses_some_for_every_reason(
    judged: list[tuple[LogEntry, Verdict | None]],
) -> None:
    verdicts = [verdict for _, verdict in judged if verdict]
    assert sum(verdict.collectible for verdict in verdicts) >= 6
    assert any(verdict.reason is Reason.NO_ERROR_WORD and not verdict.near_miss for verdict in verdicts)
    assert sum(verdict is None for _, verdict in judged) >= 4
    missed = Counter(verdict.reason for verdict in verdicts if verdict.near_miss)
    assert set(missed) >= {
        Reason.CASE_MISMATCH,
        Reason.WRONG_TAG_NAME,
        Reason.MALFORMED_TAG,
        Reason.ID_NOT_NUMERIC,
        Reason.ID_OUT_OF_RANGE,
        Reason.NO_ERROR_WORD,
    }


def test_the_sample_sessions_began_before_their_entries(judged: list[tuple[LogEntry, Verdict | None]]) -> None:
    samples = [
        (entry.time, verdict.session_id.started_at)
        for entry, verdict in judged
        if entry.time and verdict and verdict.session_id and entry.place.startswith("api/")
    ]
    assert len(samples) >= 10
    assert all(timedelta(0) <= time - began <= timedelta(hours=1) for time, began in samples)
