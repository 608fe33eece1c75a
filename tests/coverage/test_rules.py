"""The query of Logs Insights against the rules that it must agree with, on messages made of their odd pieces."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asayer_cli.aws.coverage_query import query, row_of
from asayer_cli.collector import CloudWatchCollector
from asayer_cli.coverage.model import By
from asayer_cli.coverage.rules import class_of
from asayer_cli.entries import LogEntry
from asayer_cli.sandbox.aws.insights_events import Row
from asayer_cli.sandbox.aws.insights_expressions import Moment
from asayer_cli.sandbox.aws.insights_query import answered, matched, parse, shown_row
from asayer_cli.tag import ASAYER
from tests.coverage.corpus import UNTAGGED

PIECES: Final = (
    *("asayer_session_id=", "Asayer_Session_Id=", "asayerSessionId", "asayer session id", "asayer_session_id"),
    *("42", "0", "18446744073709551615", "18446744073709551616", "none", "NULL", "-", "k3j2", r"\u003d", "%3d"),
    *("=", ":", " ", ",", ";", "]", "[", '"', "\n", "x", "5", "é"),
    *("error", "ERROR", "Exception", "CRITICAL", "critical", "panic: ", "Traceback (most recent call last)"),
    *("500 Internal Server Error", "500 internal server ", "Internal Server Error", '"level": "fatal"', "_"),
)
QUERY: Final = parse(query(ASAYER, By.STREAM, timedelta(hours=1)))


def class_in_insights(message: str) -> str | None:
    row = Row({"@timestamp": Moment(0), "@message": message, "@log": "1:/group", "@logStream": "web/app/1"})
    rows = answered(QUERY, matched(QUERY, [row]), 10)
    if not rows:
        return None
    found = row_of({pair["field"]: pair["value"] for pair in shown_row(QUERY, rows[0])})
    assert (found.log_group, found.stream, found.count) == ("/group", "web/app", 1)
    return found.error_class.name


@given(st.lists(st.sampled_from(PIECES), max_size=9).map("".join))
def test_the_query_classes_every_message_as_the_collector_does(message: str) -> None:
    found = class_of(LogEntry(None, message, "", ""), CloudWatchCollector())
    assert class_in_insights(message) == (found.name if found else None)


@pytest.mark.parametrize("depth", [900, 100_000])
def test_a_message_of_any_depth_is_classed(depth: int) -> None:
    assert class_in_insights('{"a":' * depth + '"ERROR"' + "}" * depth) == UNTAGGED
