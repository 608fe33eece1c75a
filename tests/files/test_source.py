from __future__ import annotations

import os
import resource
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asayer_cli.entries import LogEntry, by_time, moment
from asayer_cli.errors import UsageError
from asayer_cli.files.ordering import ordered
from asayer_cli.files.source import FileSource
from tests.files.conftest import SESSION, START, TAG, found_in, messages, search

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.files.conftest import Write


def at(seconds: int) -> str:
    return (START + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")


def test_files_are_merged_by_time_and_lines_keep_their_order(write: Write) -> None:
    first = write(f"{TAG} before any time\n{at(1)} {TAG} a\n{at(9)} {TAG} late\n{at(3)} {TAG} c\n{TAG} behind c\n")
    second = write(f"{at(2)} {TAG} b\n{at(3)} {TAG} same\n{at(-1)} {TAG} too early\n{at(4 * 3600)} {TAG} too late\n")
    found = [message.rpartition("] ")[2] for message in messages(first, second)]
    assert found == ["a", "b", "c", "behind c", "same", "late", "before any time"]


@given(st.lists(st.none() | st.integers(0, 9), max_size=40), st.integers(1, 9))
def test_what_does_not_fit_memory_is_ordered_all_the_same(seconds: list[int | None], most: int) -> None:
    entries = [
        LogEntry(None if second is None else moment(second * 1000), "x", "", str(number))
        for number, second in enumerate(seconds)
    ]
    assert list(ordered(entries, lambda entry: len(entry.message), most)) == sorted(entries, key=by_time)


def test_many_runs_need_few_files() -> None:
    entries = [LogEntry(moment(number * 7919 % 1009), "x", "", str(number)) for number in range(2_000)]
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(
        resource.RLIMIT_NOFILE, (max(int(fd.name) for fd in Path("/proc/self/fd").iterdir()) + 90, limit[1])
    )
    try:
        assert list(ordered(entries, lambda entry: len(entry.message), most=3)) == sorted(entries, key=by_time)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limit)


def test_what_is_nearly_in_order_needs_one_file() -> None:
    entries = [LogEntry(moment(number - number % 5), "x", "", str(number)) for number in range(1_000)]
    shuffled = [entries[number ^ 3] for number in range(1_000)]
    open_before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - numbers, not paths
    found = ordered(shuffled, lambda entry: len(entry.message), most=20)
    assert next(found) is not None
    assert len(os.listdir("/proc/self/fd")) == open_before + 1  # noqa: PTH208
    assert [by_time(entry) for entry in found] == sorted(map(by_time, entries))[1:]


def test_traces_and_context(write: Write) -> None:
    trace = ["Traceback (most recent call last):", '  File "shop.py", line 3, in pay', "ValueError: bad card"]
    lines = ["one", "two", f"{at(1)} {TAG} ERROR failed", *trace, "three", "four"]
    (found,) = found_in(write("\n".join(lines)), context=1)
    assert [line.message for line in found.trace] == trace
    assert [line.message for line in found.before] == ["two"]
    assert [line.message for line in found.after] == ["three"]
    assert {line.time for line in found.trace} == {found.time}


def test_other_sessions_and_other_spellings_are_left(write: Write) -> None:
    other = TAG.replace(str(SESSION), "42")
    path = write(f'{other}\n{SESSION}\n{TAG.upper()}\n{{"asayer_session_id":"{SESSION}"}}\n{other} {TAG}\n')
    assert messages(path) == [TAG.upper(), f'{{"asayer_session_id":"{SESSION}"}}', f"{other} {TAG}"]


def test_a_folder_means_the_files_below_it(tmp_path: Path) -> None:
    for name in ("b/2.log", "a/1.log", ".git/hidden", "b/.hidden"):
        path = tmp_path / "logs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{TAG} {name}\n")
    (tmp_path / "logs" / "again.log").symlink_to(tmp_path / "logs" / "a" / "1.log")
    assert messages(tmp_path / "logs", tmp_path / "logs" / "b" / "2.log") == [f"{TAG} a/1.log", f"{TAG} b/2.log"]
    source = FileSource([str(tmp_path / "logs")])
    assert source.place == str(tmp_path / "logs")


@pytest.mark.parametrize(
    ("name", "why"),
    [("missing", "No such file"), ("empty", "no file in"), ("device", "neither a file"), ("a\0b", "cannot be read")],
)
def test_what_cannot_be_read(tmp_path: Path, name: str, why: str) -> None:
    (tmp_path / "empty").mkdir()
    path = "/dev/zero" if name == "device" else f"{tmp_path}/{name}"
    with pytest.raises(UsageError, match=why):
        FileSource([path])


def test_a_file_that_goes_away_is_told(write: Write) -> None:
    path = write(f"{TAG}\n")
    source = FileSource([str(path)])
    path.unlink()
    assert list(source.find(search())) == []
    assert source.reading().notes == (f"{path} cannot be read to its end: No such file or directory",)


def test_what_reading_tells(write: Write) -> None:
    path = write("2026-11-22 09:30:00 INFO\nNov 22 09:31:00 last\n")
    source = FileSource([str(path)])
    assert list(source.find(search())) == []
    reading = source.reading()
    assert (reading.engine, reading.notes, reading.scanned_bytes) == ("file", (), path.stat().st_size)
    assert len(reading.remarks) == 2
    assert reading.newest is not None
    assert reading.newest.minute == 31
    docker = FileSource([str(write('{"log":"x\\n","stream":"stderr","time":"2026-11-22T09:32:00Z"}\n'))])
    assert list(docker.find(search())) == []
    assert docker.reading().newest == datetime(2026, 11, 22, 9, 32, tzinfo=UTC)


def test_a_pipe_is_read(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=lambda: path.write_text(f"{at(1)} {TAG} a\n{TAG} b"))
    writer.start()
    assert messages(path) == [f"{at(1)} {TAG} a", f"{TAG} b"]
    writer.join()


def within(seconds: float, holds: Callable[[], bool]) -> bool:
    until = time.monotonic() + seconds
    while not holds() and time.monotonic() < until:
        time.sleep(0.02)
    return holds()


def test_following(tmp_path: Path) -> None:
    path, pipe = tmp_path / "app.log", tmp_path / "pipe"
    path.write_text(f"{TAG} known\nhalf of {TAG[:9]}")
    os.mkfifo(pipe)
    held = os.open(pipe, os.O_RDWR)
    source = FileSource([str(path), str(pipe)], follow=True)
    assert len(list(source.find(search()))) == 1
    stopped, seen = threading.Event(), list[str]()

    def read() -> None:
        for found in source.follow(search(), stopped):
            seen.append(found.entry.message.partition("] ")[2])

    reader = threading.Thread(target=read)
    reader.start()
    try:
        with path.open("a") as file:
            file.write(f"{TAG[9:]} whole\n{TAG} added\nother\n")
        assert within(20, lambda: "added" in seen)
        os.write(held, f"{TAG} piped\n".encode())
        assert within(20, lambda: "piped" in seen)
        path.rename(tmp_path / "app.log.1")
        with (tmp_path / "app.log.1").open("a") as file:
            file.write(f"{TAG} after the move\n")
        path.write_text(f"{TAG} rotated\n{'x' * 500}\n")
        assert within(20, lambda: "rotated" in seen)
        path.write_text(f"{at(99)} {TAG} cut\n")
        assert within(20, lambda: "cut" in seen)
    finally:
        stopped.set()
        reader.join()
        os.close(held)
    assert [*seen, source.reading().newest] == [
        *("whole", "added", "piped", "after the move", "rotated", "cut"),
        START + timedelta(seconds=99),
    ]


def test_following_waits_for_no_pipe_and_knows_a_file_that_was_rotated_before(tmp_path: Path) -> None:
    idle, path = tmp_path / "idle", tmp_path / "app.log"
    os.mkfifo(idle)
    path.write_text("short\n")
    source = FileSource([str(idle), str(path)], follow=True)
    assert list(source.find(search())) == []
    path.rename(tmp_path / "app.log.1")
    path.write_text(f"{TAG} first\nsecond\n")
    stopped, seen = threading.Event(), list[str]()
    follow = lambda: seen.extend(found.entry.message for found in source.follow(search(), stopped))  # noqa: E731
    reader = threading.Thread(target=follow, daemon=True)
    reader.start()
    read_on = within(20, lambda: source.reading().scanned_bytes == path.stat().st_size + len("short\n"))
    stopped.set()
    assert read_on
    reader.join(20)
    assert seen == [f"{TAG} first"]
