from __future__ import annotations

import gzip
import json
import tracemalloc
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
import zstandard

from asayer_cli.files.blocks import LONGEST_LINE
from asayer_cli.files.documents import document_in, message_of
from asayer_cli.files.entries import read_entries
from asayer_cli.files.notes import Notes
from asayer_cli.files.source import FileSource
from asayer_cli.files.times import Clock
from tests.files.conftest import TAG, found_in, messages, search

if TYPE_CHECKING:
    from tests.files.conftest import Write

HALF_PAST = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
BEFORE_EPOCH = 1_795_339_800  # 2026-11-22T09:30:00Z


@pytest.mark.parametrize(
    ("head", "more"),
    [
        ("2026-11-22T09:30:00Z", timedelta(0)),
        ("2026-11-22T09:30:00.123456789Z", timedelta(microseconds=123456)),
        ("2026-11-22T11:30:00.5+02:00 INFO", timedelta(milliseconds=500)),
        ("2026-11-22T11:30:00+0200", timedelta(0)),
        (f"{TAG} 2026-11-22 09:30:00,123 ERROR", timedelta(milliseconds=123)),
        (f'{TAG} 10.0.0.1 - - [22/Nov/2026:10:30:00 +0100] "GET /"', timedelta(0)),
        ("2026-11-22 09:30:00,123 ERROR", timedelta(milliseconds=123)),
        ("ERROR 2026-11-22 09:30:00.250 [main]", timedelta(milliseconds=250)),
        ("[2026-11-22T09:30:00Z] boom", timedelta(0)),
        ("[ERROR]\t2026-11-22T09:30:00.123Z\t1f0a", timedelta(milliseconds=123)),
        ("Nov 22 09:30:00 host shop[4]:", timedelta(0)),
        ("<34>Nov 22 09:30:00 host", timedelta(0)),
        ("<34>1 2026-11-22T09:30:00Z host", timedelta(0)),
        ('10.0.0.1 - - [22/Nov/2026:10:30:00 +0100] "GET /"', timedelta(0)),
        ("2026/11/22 09:30:00.000250 main.go:7:", timedelta(microseconds=250)),
        ("22-Nov-2026 09:30:00.123 SEVERE", timedelta(milliseconds=123)),
        ("[Sun Nov 22 09:30:00.000001 2026] [core:error]", timedelta(microseconds=1)),
        ("E1122 09:30:00.123456   1 pod.go:4]", timedelta(microseconds=123456)),
        ("2026-11-22 10:30:00.5+01 ERROR", timedelta(milliseconds=500)),
        ("2026-11-22 09:30:00 -10 left", timedelta(0)),
        ("time=2026-11-22T09:30:00.000Z level=ERROR msg=x", timedelta(0)),
        ('level=error app=shop time="2026-11-22T10:30:00+01:00" msg=x', timedelta(0)),
        (f"ts={BEFORE_EPOCH}.5 until=12:30:00", timedelta(milliseconds=500)),
        (f"{BEFORE_EPOCH} boom", timedelta(0)),
        (f"{BEFORE_EPOCH}.25 boom", timedelta(milliseconds=250)),
        (f"{BEFORE_EPOCH}123 boom", timedelta(milliseconds=123)),
        (f"{BEFORE_EPOCH}123456789 boom", timedelta(microseconds=123456)),
    ],
)
def test_times(head: str, more: timedelta) -> None:
    clock = Clock(now=datetime(2026, 12, 1, tzinfo=UTC))
    assert clock.of_line(head.encode()) == HALF_PAST + more
    assert clock.of_value(head.split(" boom", maxsplit=1)[0]) == HALF_PAST + more


def test_what_is_assumed_of_times() -> None:
    clock = Clock(now=datetime(2027, 1, 3, tzinfo=UTC))
    assert clock.of_line(b"2026-11-22T09:30:00Z x") == HALF_PAST
    assert (clock.assumed_utc, clock.assumed_year) == (False, False)
    assert clock.of_line(b"Dec 31 09:30:00 host") == datetime(2026, 12, 31, 9, 30, tzinfo=UTC)
    assert (clock.assumed_utc, clock.assumed_year) == (True, True)
    assert clock.of_line(b"Feb 29 09:30:00 host") == datetime(2024, 2, 29, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "boom",
        "  at 2026-11-22 09:30:00",
        "2026-13-45T09:30:00Z",
        "12:30:00",
        "1234567890123456789012",
        "time=soon x=2026-11-22T09:30:00Z",
    ],
)
def test_no_time(line: str) -> None:
    assert Clock().of_line(line.encode()) is None


@pytest.mark.parametrize("value", [BEFORE_EPOCH, BEFORE_EPOCH * 1000, BEFORE_EPOCH * 10**9, "2026-11-22T09:30:00Z"])
def test_json_times(write: Write, value: object) -> None:
    for name in ("@timestamp", "time", "timestamp", "ts", "utc_time"):
        path = write(json.dumps({"level": "error", "message": f"{TAG} boom", name: value}) + "\n")
        (found,) = found_in(path)
        assert found.time == HALF_PAST
        assert json.loads(found.entry.message)["message"] == f"{TAG} boom"


@pytest.mark.parametrize(
    "document",
    [
        {"message": "boom"},
        {"msg": "boom", "level": 50},
        {"log": "boom\n", "kubernetes": {}},
        {"@message": "boom"},
        {"@timestamp": "x", "log": {"level": "error", "original": "boom"}},
        {"jsonPayload": {"message": "boom"}},
        {"body": {"text": "boom"}},
        {"error": {"message": "boom"}},
        {"_index": "logs", "_source": {"message": "boom"}},
    ],
)
def test_json_messages(document: dict[str, object]) -> None:
    read = document_in(json.dumps(document).encode())
    assert read is not None
    assert message_of(read).strip() == "boom"


def test_documents_have_fields(write: Write) -> None:
    path = write('{"message":"boom","utc_time":"2026-11-22T09:30:00Z","tags":["error"]}\nplain\n')
    document, plain = read_entries([str(path)], documents=True)
    assert (document.message, document.time, document.fields["tags"]) == ("boom", HALF_PAST, ["error"])
    assert (plain.message, dict(plain.fields)) == ("plain", {"message": "plain"})


def docker(log: str, stream: str = "stderr", second: int = 0) -> str:
    return json.dumps({"log": log, "stream": stream, "time": f"2026-11-22T09:30:{second:02d}.5Z"}) + "\n"


def test_docker_joins_what_it_cut(write: Write) -> None:
    long = "x" * 16_384
    cut = f"{TAG} ERROR {'y' * 5_000}"
    lines = [docker("other\n", "stdout"), docker(long), docker("between\n", "stdout"), docker(f"{cut[:20]}")]
    lines += [docker(f"{cut[20:]}\n", second=9), docker("after\n")]
    (found,) = found_in(write("".join(lines)))
    assert found.entry.message == long + cut
    assert found.time == HALF_PAST + timedelta(milliseconds=500)
    assert found.entry.stream.endswith(" stderr")


def test_kubernetes_joins_what_it_cut(write: Write) -> None:
    begin = "2026-11-22T09:30:00.123456789Z"
    text = (
        f"{begin} stdout P {TAG[:9]}\n{begin} stderr F beside\n{begin} stdout P {TAG[9:]} ERR\n{begin} stdout F OR 1\n"
    )
    (found,) = found_in(write(f"{text}{begin} stdout F after\n"))
    assert found.entry.message == f"{TAG} ERROR 1"
    assert found.time == HALF_PAST + timedelta(microseconds=123456)


def test_cloudwatch_export_keeps_events_together(write: Write) -> None:
    text = (
        "2026-11-22T09:30:00.000Z START\n"
        f"2026-11-22T09:30:00.001Z {TAG} first\nsecond\n\n"
        f"2026-11-22T09:30:00.002Z begin\n  {TAG} in the middle\nend\n2026-11-22T09:30:00.003Z END\n"
    )
    found = found_in(write(gzip.compress(text.encode())))
    assert [one.entry.message for one in found] == [f"{TAG} first\nsecond", f"begin\n  {TAG} in the middle\nend"]
    assert [one.time for one in found] == [HALF_PAST + timedelta(milliseconds=ms) for ms in (1, 2)]


def test_cloudwatch_events_as_json(write: Write) -> None:
    milliseconds = BEFORE_EPOCH * 1000
    event = {
        "logStreamName": "web/1",
        "timestamp": milliseconds,
        "message": f"{TAG}\nERROR",
        "ingestionTime": 1,
        "eventId": "3",
    }
    printed = json.dumps({"events": [{**event, "message": "no"}, event], "searchedLogStreams": []}, indent=4)
    (found,) = found_in(write(printed))
    assert (found.entry.message, found.entry.entry_id, found.time) == (f"{TAG}\nERROR", "3", HALF_PAST)
    assert found.entry.stream.endswith("web/1")
    assert found.entry.ingested_at == datetime(1970, 1, 1, 0, 0, 0, 1000, UTC)
    delivered = {
        "messageType": "DATA_MESSAGE",
        "logGroup": "/shop",
        "logStream": "web/2",
        "subscriptionFilters": ["all"],
        "logEvents": [{"id": "7", "timestamp": milliseconds, "message": f"{TAG} delivered"}],
    }
    (found,) = found_in(write(gzip.compress((json.dumps(delivered) * 1).encode())))
    assert (found.entry.message, found.entry.stream.rpartition(" ")[2]) == (f"{TAG} delivered", "web/2")
    again = [json.dumps(delivered).replace('"7"', f'"{number}"') for number in (7, 8, 7)]
    assert len(found_in(write("".join(again)), write(again[0]), write(f"{TAG}\n{TAG}\n"))) == 4
    broken = FileSource([str(write(printed[: printed.index("eventId", 300)]))])
    list(broken.find(search()))
    assert "no JSON to its end" in broken.reading().notes[0]


def test_what_is_hardly_json_is_told_and_needs_little_memory(write: Write) -> None:
    list_of_one = {"messageType": "DATA_MESSAGE", "logStream": "web", "logEvents": [{"message": "no", "timestamp": 1}]}
    deep = FileSource([str(write('{"events": [' + "[" * 100_000))])
    assert list(deep.find(search())) == []
    assert "no JSON to its end" in deep.reading().notes[0]
    junk = write(json.dumps(list_of_one) + " " * 30_000_000)
    tracemalloc.start()
    assert messages(junk) == []
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 15_000_000


def test_other_lines_in_an_export_are_entries_of_their_own(write: Write) -> None:
    lines = [
        f"2026-11-22T09:30:00.250Z {TAG} a\n  more of a",
        f"2026-11-22T09:30:00.250500Z {TAG} b",
        f"2026-11-22T09:30:01Z {TAG} c",
        f'{{"time": "2026-11-22T09:30:02Z", "message": "{TAG} d"}}',
        f"{TAG} e",
    ]
    found = messages(write(gzip.compress("\n".join(lines).encode())))
    assert [message.rpartition("] ")[2] for message in found] == ["a\n  more of a", "b", "c", 'd"}', "e"]


def test_compressed(write: Write) -> None:
    lines = [f"2026-11-22T09:30:0{number}Z {TAG} {number}\n".encode() for number in range(4)]
    wanted = [line.decode().strip() for line in lines]
    assert messages(write(gzip.compress(b"".join(lines[:2])) + gzip.compress(b"".join(lines[2:])))) == wanted
    packer = zstandard.ZstdCompressor()
    assert messages(write(packer.compress(b"".join(lines[:2])) + packer.compress(b"".join(lines[2:])))) == wanted


def test_what_swells_when_it_is_unpacked_needs_little_memory(write: Write) -> None:
    bomb = FileSource([str(write(zstandard.compress(bytes(200_000_000))))])
    tracemalloc.start()
    found = list(bomb.find(search()))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found == []
    assert peak < 60_000_000
    assert "a line longer than 4 MB" in bomb.reading().notes[0]


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.ZstdCompressor(write_checksum=True).compress])
def test_what_a_damaged_file_still_has_counts(write: Write, pack: object) -> None:
    assert callable(pack)
    tagged = f"2026-11-22T09:30:00Z {TAG} ERROR first\n".encode()
    noise = b"".join(b"%d %d\n" % (number, number * 7919 % 10007) for number in range(100_000))
    whole = pack(tagged + noise)
    cut = FileSource([str(write(whole[: len(whole) // 2]))])
    assert len(list(cut.find(search()))) == 1
    assert "ends too early" in cut.reading().notes[0]
    middle = len(whole) // 2
    damaged = FileSource([str(write(whole[:middle] + b"\xff" * 400 + whole[middle + 400 :]))])
    assert len(list(damaged.find(search()))) <= 1
    assert "is damaged" in damaged.reading().notes[0]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be"])
def test_encodings(write: Write, encoding: str) -> None:
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    path = write(f"{mark}2026-11-22T09:30:00Z {TAG} Zürich 🚀\r\n{TAG} next".encode(encoding))
    first, second = found_in(path)
    assert first.entry.message == f"2026-11-22T09:30:00Z {TAG} Zürich 🚀"
    assert (second.entry.message, second.time) == (f"{TAG} next", HALF_PAST)


def test_strange_bytes_are_shown(write: Write) -> None:
    path = write(b"\x00\x00" + TAG.encode() + b" \xff\xfe bad\x00\r\n" + TAG.encode())
    assert messages(path) == [f"\x00\x00{TAG} \ufffd\ufffd bad\x00", TAG]
    assert messages(write(b"")) == []


def test_long_lines_are_bounded(write: Write) -> None:
    whole = f"{TAG} {'x' * (1 << 20)}"
    path = write(f"{whole}\n{TAG} {'y' * (LONGEST_LINE * 3)}{TAG}\n{TAG} last\n")
    source = FileSource([str(path)])
    lengths = [len(found.entry.message) for found in source.find(search())]
    assert lengths[0] == len(whole)
    assert lengths[1] <= LONGEST_LINE + 1
    assert lengths[2:] == [len(f"{TAG} last")]
    assert source.reading().notes == (f"{path} has a line longer than 4 MB; its rest was skipped",)


def test_entries_leave_traces_out(write: Write) -> None:
    text = "INFO a\nERROR b\nTraceback (most recent call last):\n  File 'x'\nValueError: c\n\n"
    text += "ERROR d\n\tat x.y(Z)\nINFO e\n"
    notes = Notes()
    assert [entry.message for entry in read_entries([str(write(text))], notes=notes)] == [
        "INFO a", "ERROR b", "ERROR d", "INFO e",
    ]  # fmt: skip
    assert (notes.read_bytes, notes.incomplete) == (len(text), {})
    lines = "".join(docker(line + "\n") for line in text.splitlines())
    assert len(list(read_entries([str(write(lines))]))) == 4
