from __future__ import annotations

import logging
import queue
import threading
from logging.handlers import QueueHandler
from typing import TYPE_CHECKING, Any

import pytest

from asayer_cli.propagation import SessionFilter, install_record_factory, record_session_id, session_context
from asayer_cli.propagation.records import remove_record_factory

if TYPE_CHECKING:
    from collections.abc import Iterator

ID = "4113219715072001793"


@pytest.fixture
def factory() -> Iterator[None]:
    install_record_factory()
    yield
    remove_record_factory()
    assert logging.getLogRecordFactory() is logging.LogRecord


class Kept(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


def logger_to(handler: logging.Handler) -> logging.Logger:
    logger = logging.Logger("app")  # noqa: LOG001 - one that no other test knows
    logger.addHandler(handler)
    return logger


def test_a_filter_makes_the_id_part_of_the_record() -> None:
    kept = Kept()
    kept.addFilter(SessionFilter())
    logger = logger_to(kept)
    with session_context(ID):
        logger.error("boom")
    logger.error("boom")
    formatter = logging.Formatter("%(asayer_session_id)s %(message)s")
    assert [formatter.format(record) for record in kept.records] == [f"{ID} boom", " boom"]


@pytest.mark.usefixtures("factory")
def test_the_id_is_captured_where_the_record_is_made() -> None:
    waiting: queue.Queue[Any] = queue.Queue()
    logger = logger_to(QueueHandler(waiting))
    with session_context(ID):
        logger.error("boom")
    logger.error("outside")
    found: list[str | None] = []

    def listen() -> None:
        with session_context("5"):
            found.extend(record_session_id(waiting.get()) for _ in range(2))

    thread = threading.Thread(target=listen)
    thread.start()
    thread.join()
    assert found == [ID, None]


@pytest.mark.usefixtures("factory")
def test_a_caller_may_give_the_id_itself() -> None:
    kept = Kept()
    kept.addFilter(SessionFilter())
    logger = logger_to(kept)
    with session_context("5"):
        logger.error("boom", extra={"asayer_session_id": ID})
        logger.error("boom", extra={"asayer_session_id": "no id"})
    assert [record_session_id(record) for record in kept.records] == [ID, "5"]


@pytest.mark.usefixtures("factory")
def test_an_error_reported_after_its_request_has_the_id_that_it_left() -> None:
    kept = Kept()
    try:
        with session_context(ID):
            raise ValueError("bad card")  # noqa: TRY301 - what leaves the block is the matter
    except ValueError:
        logger_to(kept).exception("Error handling request")
    assert record_session_id(kept.records[0]) == ID


@pytest.mark.usefixtures("factory")
@pytest.mark.parametrize("given", [True, (), (ValueError,), (None, None, None), "text"])
def test_a_record_that_is_made_with_an_odd_exception_is_made(given: Any) -> None:
    record = logging.getLogRecordFactory()("app", logging.ERROR, "x.py", 1, "boom", (), given)
    assert record.exc_info is given
    assert record_session_id(record) is None
    assert record_session_id(logging.LogRecord("app", logging.ERROR, "x.py", 1, "boom", (), given)) is None


def test_the_factory_goes_over_another_and_installs_once() -> None:
    def other(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = logging.LogRecord(*args, **kwargs)
        record.other = True
        return record

    logging.setLogRecordFactory(other)
    try:
        install_record_factory()
        install_record_factory()
        with session_context(ID):
            record = logging.getLogRecordFactory()("app", logging.ERROR, "x.py", 1, "boom", (), None)
        assert record.__dict__["other"]
        assert record_session_id(record) == ID
        remove_record_factory()
        assert logging.getLogRecordFactory() is other
    finally:
        logging.setLogRecordFactory(logging.LogRecord)


def test_what_another_copy_of_the_module_has_captured_stays() -> None:
    def of_another_copy(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = logging.LogRecord(*args, **kwargs)
        record.__dict__["_asayer_session_id"] = "5"
        return record

    logging.setLogRecordFactory(of_another_copy)
    try:
        install_record_factory()
        assert record_session_id(logging.makeLogRecord({})) == "5"
        with session_context(ID):
            assert record_session_id(logging.makeLogRecord({})) == ID
        remove_record_factory()
    finally:
        logging.setLogRecordFactory(logging.LogRecord)


def test_without_factory_and_filter_the_current_id_counts() -> None:
    kept = Kept()
    with session_context(ID):
        logger_to(kept).error("boom")
        assert record_session_id(kept.records[0]) == ID
    assert record_session_id(kept.records[0]) is None
