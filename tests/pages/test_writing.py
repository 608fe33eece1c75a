"""What is written, seen without a browser: as a whole or not at all, private, and read as it comes."""

from __future__ import annotations

import os
import stat
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from asayer_cli.errors import UsageError
from asayer_cli.exit_codes import ExitCode
from asayer_cli.output.page import write_session
from asayer_cli.output.page.plain_list import MOST_CHARACTERS
from asayer_cli.secret import Secret
from tests.pages import samples

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asayer_cli.timeline.model import TimelineEntry


def test_a_page_is_private_and_replaces_what_was_there(tmp_path: Path) -> None:
    page, link = tmp_path / "page.html", tmp_path / "link.html"
    page.write_text("before")
    page.chmod(0o644)
    link.symlink_to(page)
    entries = samples.shop()
    finish = samples.Finish(samples.completeness(entries), ExitCode.UNREACHABLE)
    assert write_session(link, samples.timeline(entries, finish)) == (finish.completeness, ExitCode.UNREACHABLE)
    assert finish.calls == 1
    assert link.is_symlink()
    assert stat.S_IMODE(page.stat().st_mode) == 0o600
    assert "payment of order 4411 failed" in page.read_text()
    assert sorted(tmp_path.iterdir()) == [link, page]


def test_a_pipe_is_written_as_it_is(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    page = samples.timeline([], samples.Finish(samples.completeness()))
    with os.fdopen(reading, encoding="utf-8") as pipe, ThreadPoolExecutor(1) as beside:
        shown = beside.submit(pipe.read)
        write_session(Path(f"/dev/fd/{writing}"), page)
        os.close(writing)
        assert shown.result(10).endswith("</html>\n")


def test_what_was_there_stays_when_reading_breaks_off(tmp_path: Path) -> None:
    def broken() -> Iterator[TimelineEntry]:
        yield samples.entry(1, "one")
        raise KeyboardInterrupt

    page = tmp_path / "page.html"
    page.write_text("before")
    with pytest.raises(KeyboardInterrupt):
        write_session(page, samples.timeline(broken(), samples.Finish(samples.completeness())))
    assert page.read_text() == "before"
    assert list(tmp_path.iterdir()) == [page]


def test_a_page_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no/page\.html cannot be written: No such file") as caught:
        write_session(tmp_path / "no" / "page.html", samples.timeline([], samples.Finish(samples.completeness())))
    assert caught.value.code == "report_unwritable"


def test_no_part_of_a_secret_is_on_a_page(tmp_path: Path) -> None:
    secret = Secret("planted-secret-of-a-page").reveal()
    parted = "x" * (MOST_CHARACTERS - 10) + secret
    entries = [samples.entry(1, parted, trace=("Traceback:", parted), place=secret, stream=secret, raw=secret)]
    write_session(tmp_path / "page.html", samples.timeline(entries, samples.Finish(samples.completeness(entries))))
    assert "planted" not in (tmp_path / "page.html").read_text()


def peak_of(page: Path, count: int) -> int:
    tracemalloc.start()
    write_session(page, samples.timeline(samples.many(count), samples.Finish(samples.completeness())))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def test_memory_does_not_grow_with_the_entries(tmp_path: Path) -> None:
    peak_of(tmp_path / "first.html", 1)  # what is loaded once
    more = tmp_path / "more.html"
    assert peak_of(more, 1400) < 1.05 * peak_of(tmp_path / "some.html", 1000)
    plain = more.read_text().partition("<noscript>")[2].partition("</noscript>")[0]
    assert "The first 1,000 of 1,400 entries follow" in plain
    assert plain.count("<li ") == 1000
