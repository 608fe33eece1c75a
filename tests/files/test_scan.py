"""The fast scan finds what a loop over the lines finds, wherever blocks and parts begin and end."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from asayer_cli.collector import CloudWatchCollector
from asayer_cli.entries import EARLIEST, LATEST, LogEntry, Window
from asayer_cli.files import opening
from asayer_cli.files.assembling import Assembler
from asayer_cli.files.blocks import blocks_of
from asayer_cli.files.notes import Notes
from asayer_cli.files.places import Place
from asayer_cli.files.scan import IdScan, Letters, WordScan, candidates, rarest_word
from asayer_cli.files.sure_cases import SureCases
from asayer_cli.files.times import Clock
from asayer_cli.tag import ASAYER, OPENREPLAY, find_session, read_tag
from tests.files.conftest import SESSION, TAG

NAMES = st.builds(
    lambda words, gaps, raised: "".join(
        letter.upper() if raised & (1 << place) else letter
        for place, letter in enumerate(words[0] + gaps[0] + words[1] + gaps[1] + words[2])
    ),
    st.just(("asayer", "session", "id")),
    st.tuples(*[st.sampled_from(["", "_", "-", ".", " ", "\n", "__"])] * 2),
    st.integers(0, 2**17) | st.just(0),
)
PIECES = st.one_of(
    NAMES,
    st.sampled_from(
        ["=", ":", "=42", "=none", f"={SESSION}", " ERROR ", "Exception", "[", "]", " CRITICAL ", "\u003d"]
    ),
    st.sampled_from(
        ["\n", "\r\n", "\n\n", "", "2026-11-22T09:30:00.000Z ", "2026-11-22T12:00:00Z\t", "é", "\x00", '"']
    ),
    st.sampled_from(["2026-11-22T09:30:00Z stdout F ", "2026-02-30T09:30:00Z ", "word ", "_", "asayer "]),
    st.text(max_size=5),
)
TEXTS = st.lists(PIECES, max_size=40).map("".join)


def lines_of(text: bytes) -> list[bytes]:
    return [line for line in text.split(b"\n") if line]


@settings(max_examples=150)
@given(TEXTS, st.integers(1, 60))
def test_every_line_that_a_loop_would_judge_is_a_candidate(text: str, size: int) -> None:
    data = text.encode("utf-8", "replace")
    pieces = [data[begin : begin + size] for begin in range(0, len(data), size)]
    found = []
    offset = 0
    for block in blocks_of(pieces, "x", Notes()):
        assert block.offset == offset
        offset += len(block.data)
        found += [block.data[begin:end].rstrip(b"\n") for begin, end, _ in candidates(block.data, WordScan(b"asayer"))]
    assert offset == len(data)
    wanted = [line for line in lines_of(data) if b"asayer" in line.lower()]
    assert found == wanted
    judged = [line for line in lines_of(data) if read_tag(line.decode("utf-8", "replace"))]
    assert [line for line in found if read_tag(line.decode("utf-8", "replace"))] == judged


@given(TEXTS, st.integers(0, 5))
def test_every_way_of_scanning_finds_the_same_lines(text: str, spot: int) -> None:
    data = text.encode("utf-8", "replace")
    scan, letters = WordScan(b"asayer"), Letters(bytes({b"asayer"[spot], b"ASAYER"[spot]}), spot)
    wanted = [line[:2] for line in candidates(data, scan.in_lower_case)]
    assert [line[:2] for line in candidates(data, lambda block: scan.by_letters(block, [letters]) or [])] == wanted
    assert [line[:2] for line in candidates(data, lambda block: scan.by_capitals(block) or [])] == wanted


@given(TEXTS, st.integers(1, 60))
def test_a_session_is_found_by_its_digits(text: str, size: int) -> None:
    data = text.encode("utf-8", "replace")
    wanted = [line for line in lines_of(data) if find_session(line.decode("utf-8", "replace"), {SESSION})]
    pieces = [data[begin : begin + size] for begin in range(0, len(data), size)]
    lines = [
        block.data[begin:end].rstrip(b"\n")
        for block in blocks_of(pieces, "x", Notes())
        for begin, end, _ in candidates(block.data, IdScan([SESSION]))
    ]
    assert [line for line in lines if find_session(line.decode("utf-8", "replace"), {SESSION})] == wanted


WINDOWS = st.sampled_from(
    [
        Window(EARLIEST, LATEST),
        Window(datetime(2026, 11, 22, 9, 29, tzinfo=UTC), LATEST),
        Window(datetime(2026, 11, 22, 9, 30, tzinfo=UTC), datetime(2026, 11, 22, 9, 31, tzinfo=UTC)),
        Window(datetime(2026, 11, 22, 9, 29, 59, tzinfo=UTC), datetime(2026, 11, 22, 12, tzinfo=UTC)),
    ]
)


@settings(max_examples=150)
@given(TEXTS, st.sampled_from([ASAYER, OPENREPLAY]), WINDOWS)
def test_what_is_sure_is_what_the_rules_say(text: str, convention: object, window: Window) -> None:
    assert convention in (ASAYER, OPENREPLAY)
    rules = ASAYER if convention is ASAYER else OPENREPLAY
    data = text.replace("asayer_session_id", rules.tag_name).encode("utf-8", "replace")
    sure = SureCases(rules, window)
    for begin, end, hit in candidates(data, WordScan(rarest_word(rules))):
        if sure.hold(data, begin, end, hit):
            line = data[begin:end].decode("utf-8", "replace")
            verdict = CloudWatchCollector(rules).judge(LogEntry(None, line, "", ""))
            assert verdict is not None
            assert verdict.collectible
            assert window.start != datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
            times = ("2026-11-22T09:30:00", *(["2026-11-22T12:00:00"] if window.end == LATEST else []))
            assert window.start == EARLIEST or line.startswith(times)


def test_a_letter_that_is_common_after_all_is_given_up() -> None:
    block = b"." * 20_000 + b"y" * 40_000 + b"." * 4_000_000 + b"\nAsayer\n"
    assert WordScan(b"asayer").by_letters(block, [Letters(b"yY", 3)]) is None
    assert WordScan(b"asayer")(block) == [len(block) - 7]


def test_lines_are_found_where_windows_of_the_scan_meet() -> None:
    for position in range((256 << 10) - 12, (256 << 10) + 3):
        data = b"." * position + b"ASAYER" + b"." * 9 + b"\n"
        assert [hit for _, _, hit in candidates(data, WordScan(b"asayer"))] == [position]


def test_parts_of_a_file_are_all_of_it(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    line = f"2026-11-22T09:30:00.000Z {TAG} ERROR {'x' * 900}\n".encode()
    path.write_bytes(line * 40_000)
    place = Place(str(path))
    spans = opening.spans(place, 4)
    assert len(spans) == 2
    assert spans[0].end == spans[1].begin
    found, offset = 0, 0
    for span in spans:
        for block in opening.Text(place, Notes(), span).blocks():
            assert block.offset == offset
            assert block.data.endswith(b"\n")
            assert all(data.startswith(b"2026") for data in (block.before, block.after) if data)
            assert bool(block.before) == (offset > 0)
            offset += len(block.data)
            found += block.data.count(b"\n")
    assert (found, offset) == (40_000, path.stat().st_size)


def test_files_are_divided_among_few_processes(tmp_path: Path) -> None:
    places = [Place(str(tmp_path / f"{number}.log")) for number in range(8)]
    for number, place in enumerate(places):
        with Path(place.path).open("wb") as file:
            file.truncate((40 if number == 5 else 3) << 20)
            file.seek(21 << 20)
            file.write(b"\n" if number == 5 else b"")
    shares = opening.shares(places, 2)
    assert [[place for place, _ in share] for share in shares] == [places[:6], places[5:]]
    ends = [(span.begin, span.end) for share in shares for _, span in share if span]
    assert [begin for begin, _ in ends] + [40 << 20] == [0] + [end for _, end in ends]
    assert opening.shares(places[:5], 4) == [[(place, None) for place in places[:5]]]
    assert opening.shares([*places, Place("-", again=False)], 4)[1:] == []
    (tmp_path / "5.log").unlink()
    assert opening.shares(places[5:], 4) == [[(place, None) for place in places[5:]]]


def test_an_entry_that_was_cut_where_parts_meet_is_of_one_of_them(tmp_path: Path) -> None:
    path = tmp_path / "0.log"
    first, last = (f"2026-11-22T09:30:00Z stdout {part} {TAG} ERROR\n".encode() for part in "PF")
    path.write_bytes(first + last)
    middle, end = len(first), len(first + last)
    found = []
    for span in (opening.Span(0, middle, b"", last), opening.Span(middle, end, first, b"")):
        assembler = Assembler(Place(str(path)), Clock(), start=span.begin)
        for block in opening.Text(Place(str(path)), Notes(), span).blocks():
            made = [assembler.entry(block, *line[:2]) for line in candidates(block.data, WordScan(b"asayer"))]
            found += [entry[0].message for entry in made if entry]
    assert found == [f"{TAG} ERROR{TAG} ERROR"]
