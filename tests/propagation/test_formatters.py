from __future__ import annotations

import json
import logging
import logging.config
import sys
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asayer_cli.collector import CloudWatchCollector, ElasticsearchCollector, is_rfc3339
from asayer_cli.entries import LogEntry
from asayer_cli.propagation import JsonFormatter, PlainFormatter, collectible_fields, session_context

ID = "4113219715072001793"
TAG = f"[asayer_session_id={ID}] "


def record(message: Any = "boom", level: int = logging.ERROR, error: BaseException | None = None, **extra: Any) -> Any:
    exc_info = (type(error), error, error.__traceback__) if error else None
    return logging.getLogger("shop").makeRecord(
        "shop", level, "shop.py", 1, message, (), exc_info, extra=extra, sinfo=None
    )


def failure() -> ValueError:
    try:
        raise ValueError("bad\ncard")  # noqa: TRY301 - it needs a traceback
    except ValueError as error:
        return error


def entry(message: str, fields: dict[str, Any] | None = None) -> LogEntry:
    return LogEntry(time=datetime.now(UTC), message=message, place="test", entry_id="1", fields=fields or {})


def taken_from_cloudwatch(line: str) -> bool:
    verdict = CloudWatchCollector().judge(entry(line))
    return verdict is not None and verdict.collectible and str(verdict.session_id) == ID


def taken_from_elasticsearch(line: str) -> bool:
    fields = json.loads(line)
    verdict = ElasticsearchCollector().judge(entry(fields["message"], fields))
    return verdict is not None and verdict.collectible and str(verdict.session_id) == ID


def format_in_session(formatter: logging.Formatter, given: logging.LogRecord) -> str:
    with session_context(ID):
        return formatter.format(given)


def test_every_line_of_a_plain_entry_has_the_tag_and_the_first_is_collectible() -> None:
    text = format_in_session(PlainFormatter(), record(error=failure()))
    lines = text.split("\n")
    assert len(lines) > 4
    assert all(line.startswith(TAG) for line in lines)
    assert "ERROR shop: boom" in lines[0]
    assert taken_from_cloudwatch(lines[0])


@pytest.mark.parametrize("level", [logging.ERROR, logging.CRITICAL, 45])
@pytest.mark.parametrize("fmt", [None, "%(message)s", "%(asctime)s %(message)s"])
def test_plain_errors_are_collectible_whatever_the_format_and_level(level: int, fmt: str | None) -> None:
    assert taken_from_cloudwatch(format_in_session(PlainFormatter(fmt), record("payment declined", level)))


def test_what_is_no_error_gets_no_word_and_without_session_no_tag() -> None:
    assert format_in_session(PlainFormatter("%(message)s"), record("fine", logging.INFO)) == f"{TAG}fine"
    assert PlainFormatter("%(message)s").format(record("fine", logging.INFO)) == "fine"


def test_a_plain_formatter_in_other_styles() -> None:
    assert PlainFormatter("{message}", style="{").format(record("fine", logging.INFO)) == "fine"
    assert PlainFormatter(None, None, "{").format(record()).endswith("ERROR shop: boom")
    assert PlainFormatter(style="$").format(record()).endswith("ERROR shop: boom")


def test_a_json_entry_is_collectible_from_both_stores() -> None:
    line = format_in_session(JsonFormatter(), record(error=failure()))
    fields = json.loads(line)
    assert fields["message"] == f"{TAG}boom"
    assert fields["log.level"] == "error"
    assert fields["tags"] == ["error"]
    assert fields["error.type"] == "ValueError"
    assert fields["error.message"] == "bad\ncard"
    assert fields["error.stack_trace"].startswith("Traceback")
    assert is_rfc3339(fields["utc_time"])
    assert fields["@timestamp"] == fields["utc_time"]
    assert "\n" not in line
    assert taken_from_cloudwatch(line)
    assert taken_from_elasticsearch(line)


def test_json_errors_of_any_level_are_collectible() -> None:
    line = format_in_session(JsonFormatter(), record("payment declined", logging.CRITICAL))
    assert taken_from_cloudwatch(line)
    assert taken_from_elasticsearch(line)
    assert "tags" not in json.loads(JsonFormatter().format(record(level=logging.INFO)))


class Unprintable:
    def __repr__(self) -> str:
        raise RuntimeError

    __str__ = __repr__


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), "\udc80", {("a", 1): 2}, {1}, b"x", datetime.now(UTC), Unprintable(), [Unprintable()]],
)
def test_no_extra_attribute_loses_the_entry(value: Any) -> None:
    line = format_in_session(JsonFormatter(), record(order=value))
    assert "order" in json.loads(line)
    json.loads(line.encode("utf-8"), parse_constant=pytest.fail)
    assert taken_from_elasticsearch(line)


def test_a_cycle_is_written_and_extra_tags_are_kept() -> None:
    cycle: list[Any] = []
    cycle.append(cycle)
    fields = json.loads(format_in_session(JsonFormatter(), record(order=cycle, tags=["billing"], utc_time=5)))
    assert fields["tags"] == ["billing", "error"]
    assert is_rfc3339(fields["utc_time"])


@given(st.text(), st.sampled_from([logging.ERROR, logging.CRITICAL]))
def test_any_message_is_one_collectible_json_line(message: str, level: int) -> None:
    given_record = record("%s", level)
    given_record.args = (message,)
    line = format_in_session(JsonFormatter(), given_record)
    assert "\n" not in line
    assert taken_from_cloudwatch(line)
    assert taken_from_elasticsearch(line)


@given(st.text())
def test_any_message_is_tagged_on_each_physical_line(message: str) -> None:
    text = format_in_session(PlainFormatter("%(message)s"), record(message.replace("%", "%%"), logging.ERROR))
    assert all(line.startswith(TAG) for line in text.split("\n") if line)
    assert taken_from_cloudwatch(text.split("\n")[0])


def test_fields_that_are_there_stay() -> None:
    assert collectible_fields({"event": "boom", "tags": "billing"}, logging.ERROR, ID) | {"utc_time": ""} == {
        "event": f"{TAG}boom",
        "tags": ["billing", "error"],
        "utc_time": "",
    }
    made = collectible_fields({"message": f"{TAG}boom", "utc_time": "2026-01-01T00:00:00Z"}, logging.INFO, ID)
    assert made == {"message": f"{TAG}boom", "utc_time": "2026-01-01T00:00:00Z"}


@pytest.mark.parametrize(
    ("written", "is_taken"),
    [
        ("2026-01-01T00:00:00.123456+02:00", True),
        ("2026-01-01T00:00:00Z", True),
        ("2026-01-01 00:00:00,123", False),
        ("2026-01-01T00:00:00.123456", False),
        ("2026-01-01T00:00:00.123+0200", False),
        (1767225600, False),
    ],
)
def test_the_time_of_an_entry_is_taken_when_the_collector_can_read_it(written: object, is_taken: bool) -> None:  # noqa: FBT001
    made = collectible_fields({"message": "boom", "@timestamp": written}, logging.ERROR, ID)
    assert made["@timestamp"] == written
    assert (made["utc_time"] == written) is is_taken
    assert is_rfc3339(made["utc_time"])


def test_both_can_be_named_in_a_logging_configuration(capsys: pytest.CaptureFixture[str]) -> None:
    handler = {"class": "logging.StreamHandler", "stream": sys.stderr}
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "plain": {"class": "asayer_cli.propagation.PlainFormatter", "format": "%(message)s"},
                "json": {"()": "asayer_cli.propagation.JsonFormatter"},
                "json2": {"class": "asayer_cli.propagation.JsonFormatter"},
            },
            "handlers": {name: handler | {"formatter": name} for name in ("plain", "json", "json2")},
            "loggers": {"configured": {"handlers": ["plain", "json", "json2"], "propagate": False}},
        }
    )
    with session_context(ID):
        logging.getLogger("configured").error("declined")
    logging.getLogger("configured").handlers.clear()
    plain, first, second = capsys.readouterr().err.splitlines()
    assert plain == f"{TAG}ERROR declined"
    assert json.loads(first) == json.loads(second)
