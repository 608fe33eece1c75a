from __future__ import annotations

import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
import urllib3

from asayer_cli.sandbox.elastic import noida

if TYPE_CHECKING:
    from pathlib import Path


def answers(url: str) -> bool:
    try:
        return urllib3.request("GET", url, retries=False, timeout=1).status == 200
    except urllib3.exceptions.HTTPError:
        return False


def test_it_answers_once_started_and_not_once_stopped(tmp_path: Path) -> None:
    server = noida.start(tmp_path / "data")
    try:
        assert answers(server.url)
    finally:
        server.stop()
    assert server.process.returncode is not None
    assert not answers(server.url)
    server.stop()


def test_two_run_side_by_side(tmp_path: Path) -> None:
    first, second = noida.start(tmp_path / "a"), noida.start(tmp_path / "b")
    try:
        assert first.url != second.url
        assert answers(first.url)
        assert answers(second.url)
    finally:
        first.stop()
        second.stop()


def test_what_it_writes_stays_in_its_folder(tmp_path: Path) -> None:
    server = noida.start(tmp_path / "data")
    server.stop()
    assert (tmp_path / "data" / noida.LOG_NAME).is_file()
    assert [entry.name for entry in tmp_path.iterdir()] == ["data"]


def test_why_it_does_not_start_is_told(tmp_path: Path) -> None:
    first = noida.start(tmp_path / "data")
    try:
        with pytest.raises(noida.NoidaError, match=r"(?s)exit code 1; its log ends with:.*already running"):
            noida.start(tmp_path / "data")
    finally:
        first.stop()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent is gone")
def test_it_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    program = (
        "import pathlib, sys, time; from asayer_cli.sandbox.elastic import noida;"
        "print(noida.start(pathlib.Path(sys.argv[1])).url, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        url = parent.stdout.readline().strip()
        assert answers(url)
        parent.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 10
    while answers(url) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not answers(url)
