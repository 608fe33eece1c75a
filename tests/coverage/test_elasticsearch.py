from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from asayer_cli.collector import ElasticsearchCollector
from asayer_cli.coverage.rules import class_of
from asayer_cli.entries import LogEntry
from tests.coverage.corpus import COLLECTIBLE, CORPUS, UNTAGGED
from tests.coverage.test_cloudwatch import classes
from tests.verification.conftest import document

if TYPE_CHECKING:
    from tests.coverage.conftest import Coverage
    from tests.verification.conftest import Admin, Doc

TYPES = {
    "log": {"properties": {"level": {"type": "keyword"}}},
    "service": {"properties": {"name": {"type": "keyword"}}},
}
TAGGED = "[asayer_session_id=42] payment refused"
NO_TIME: dict[str, None] = {"utc_time": None}
OF_FIELDS: dict[str, tuple[Doc, str | None]] = {
    "tags say error, the words do not": (document(TAGGED), COLLECTIBLE),
    "one text instead of a list": (document(TAGGED, tags="error"), COLLECTIBLE),
    "the level says error": (document(TAGGED, tags=None, log={"level": "ERROR"}), "missing_error_tag"),
    "the level says info": (document(f"{TAGGED} error", tags=None, log={"level": "info"}), None),
    "another case of the tag": (document(f"{TAGGED} error", tags=["Error"]), "missing_error_tag"),
    "no utc_time": (document(TAGGED, utc_time=None), "missing_utc_time"),
    "no zone": (document(TAGGED, utc_time="2026-11-22T09:30:00"), "bad_utc_time"),
    "neither tags nor time": (document(f"{TAGGED} error", tags=None, utc_time=None), "missing_error_tag"),
    "nothing at all": (document("payment refused"), UNTAGGED),
    "no message": (document(None, log={"level": "error"}), UNTAGGED),
}


def class_here(doc: Doc) -> str | None:
    message = doc.get("message")
    found = class_of(LogEntry(None, str(message or ""), "", "", doc), ElasticsearchCollector())
    return found.name if found else None


@pytest.fixture(scope="module")
def messages(admin: Admin) -> str:
    return admin.index([document(message, tags=None, utc_time=None) for message in CORPUS], TYPES)


def test_aggregations_class_each_message_as_the_collector_does(messages: str, admin: Admin, coverage: Coverage) -> None:
    expected = Counter(filter(None, (class_here(document(message, tags=None, utc_time=None)) for message in CORPUS)))
    run = coverage(indices=(messages,))
    assert run.code == 0, run.err
    [found] = run.data["sources"][0]["groups"]
    assert classes(found) == expected
    assert found["exact"]


def test_fields_decide_too(admin: Admin, coverage: Coverage) -> None:
    docs = [doc for doc, _ in OF_FIELDS.values()]
    assert {name: class_here(doc) for name, (doc, _) in OF_FIELDS.items()} == {
        name: expected for name, (_, expected) in OF_FIELDS.items()
    }
    [found] = coverage(indices=(admin.index(docs, TYPES),)).data["sources"][0]["groups"]
    assert classes(found) == Counter(expected for _, expected in OF_FIELDS.values() if expected)
