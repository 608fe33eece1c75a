"""A session is whole, whatever the service does: the small part of what the benchmark tries with twenty seeds."""

from __future__ import annotations

from tests.benchmarks.completeness import problems


def test_every_entry_of_a_session_is_found_once_and_in_order_whatever_the_service_does() -> None:
    assert dict(problems((1,))) == {1: ""}
