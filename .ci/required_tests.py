"""A pytest plugin of the gate: tests that need a program of the system must have run, not been skipped."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from _pytest.terminal import TerminalReporter

READY_VARIABLE: Final = "ASAYER_GATE_READY"
PROGRAMS_VARIABLE: Final = "ASAYER_GATE_PROGRAMS"
PROGRAMS_WITHIN_SECONDS: Final = 300
MARKERS: Final = ("needs_browser", "needs_keyring", "needs_nginx", "needs_redis", "needs_shell")


class RequiredTests:
    """Watches the reports, in the process that gathers them from all workers."""

    def __init__(self) -> None:
        self.ran: set[str] = set()
        self.skipped: list[str] = []

    @property
    def complaints(self) -> list[str]:
        """What is wrong, one line each."""
        idle = [f"no test marked {marker} ran" for marker in MARKERS if marker not in self.ran]
        return [f"skipped, and must not be: {name}" for name in self.skipped] + idle

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note a test that ran or was skipped; an expected failure counts as run."""
        for marker in MARKERS:
            if marker not in report.keywords:
                continue
            if report.skipped and not hasattr(report, "wasxfail"):
                self.skipped.append(report.nodeid)
            elif report.when == "call":
                self.ran.add(marker)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Make the run a failure when something is wrong."""
        if self.complaints and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: TerminalReporter) -> None:
        """Say what is wrong."""
        if self.complaints:
            terminalreporter.section("required tests")
            for line in self.complaints:
                terminalreporter.line(line)


def pytest_configure(config: pytest.Config) -> None:
    """Register the watcher, but not in the workers of pytest-xdist, which see only their part."""
    if not hasattr(config, "workerinput"):
        if told := os.environ.get(READY_VARIABLE):
            Path(told).touch()  # what the tests need is installed: the gate's other work may begin
        if made := os.environ.get(PROGRAMS_VARIABLE):
            _await(Path(made))
        config.pluginmanager.register(RequiredTests(), "required-tests")


def _await(path: Path) -> None:
    """Wait until the programs are installed, whose tests are left out where they are missing."""
    deadline = time.monotonic() + PROGRAMS_WITHIN_SECONDS
    while not path.exists() and time.monotonic() < deadline:
        time.sleep(0.2)
