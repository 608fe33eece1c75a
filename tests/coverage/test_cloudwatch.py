from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from asayer_cli.collector import CloudWatchCollector
from asayer_cli.coverage.rules import COLLECTIBLE, class_of
from asayer_cli.entries import LogEntry
from tests.coverage.corpus import CORPUS

if TYPE_CHECKING:
    from tests.coverage.conftest import Coverage
    from tests.verification.conftest import Admin


def classes(group: dict[str, Any]) -> dict[str, int]:
    """Return how many errors of a place belong to each class."""
    found = {rejection["reason"]: rejection["count"] for rejection in group["rejected"]}
    return {**found, **({COLLECTIBLE: group["collectible"]} if group["collectible"] else {})}


@pytest.fixture(scope="module")
def group(admin: Admin) -> str:
    return admin.log(list(CORPUS))


def test_insights_classes_each_message_as_the_collector_does(group: str, coverage: Coverage) -> None:
    expected = Counter(name for name in CORPUS.values() if name)
    here = [class_of(LogEntry(None, message, "", ""), CloudWatchCollector()) for message in CORPUS]
    assert [found.name if found else None for found in here] == list(CORPUS.values())
    run = coverage(groups=(group,))
    assert run.code == 0, run.err
    [found] = run.data["sources"][0]["groups"]
    assert classes(found) == expected
