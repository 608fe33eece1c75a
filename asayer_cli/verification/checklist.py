"""Make checks in order; when one that the others rest on fails, the others are skipped."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from asayer_cli.errors import AsayerError
from asayer_cli.exit_codes import ExitCode
from asayer_cli.verification.model import Check, Status

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping


@dataclass(frozen=True, slots=True)
class Finding:
    """How a check ended, in words; a failure exits with `exit_code`, and `code` may name why."""

    status: Status
    summary: str
    remedy: str = ""
    sample: str = ""
    exit_code: ExitCode = ExitCode.CHECK_FAILED
    code: str = ""


def passed(summary: str) -> Finding:
    """Return the finding of a check that holds."""
    return Finding(Status.PASS, summary)


def failed(
    summary: str, remedy: str, exit_code: ExitCode = ExitCode.CHECK_FAILED, *, sample: str = "", code: str = ""
) -> Finding:
    """Return the finding of a check that does not hold."""
    return Finding(Status.FAIL, summary, remedy, sample, exit_code, code)


def warned(summary: str, remedy: str, sample: str = "", code: str = "") -> Finding:
    """Return the finding of a check that holds, with something to look at."""
    return Finding(Status.WARN, summary, remedy, sample, code=code)


def skipped(summary: str) -> Finding:
    """Return the finding of a check that was not made."""
    return Finding(Status.SKIP, summary)


def exit_code_of(error: AsayerError) -> ExitCode:
    """Return the exit code of a check that ended in an error; what is configured wrongly is a check that failed."""
    return ExitCode.CHECK_FAILED if error.exit_code is ExitCode.USAGE else error.exit_code


@dataclass
class Checklist:
    """The checks of one source; `name` stands before each id."""

    name: str
    checks: list[Check] = field(default_factory=list)

    def make(self, check_id: str, question: Callable[[], Finding]) -> bool:
        """Make a check and tell whether it did not fail; one of our errors fails it with its hint and exit code."""
        try:
            finding = question()
        except AsayerError as error:
            finding = failed(error.message, error.hint, exit_code_of(error), code=error.code)
        self.record(check_id, finding)
        return finding.status is not Status.FAIL

    def begin(self) -> None:
        """Forget all checks, to make them anew."""
        self.checks = []

    def make_in_turn(self, questions: Mapping[str, Callable[[], Finding]], resting: tuple[str, ...]) -> bool:
        """Make checks of which each rests on the one before; when one fails, skip the rest and those `resting`."""
        check_ids = (*questions, *resting)
        for position, (check_id, question) in enumerate(questions.items(), start=1):
            if not self.make(check_id, question):
                self.skip(check_ids[position:])
                return False
        return True

    def record(self, check_id: str, finding: Finding) -> None:
        """Write a finding down."""
        code = finding.exit_code if finding.status is Status.FAIL else ExitCode.OK
        self.checks.append(
            Check(
                f"{self.name}.{check_id}",
                self.name,
                finding.status,
                finding.summary,
                finding.remedy,
                finding.sample,
                code,
                finding.code,
            )
        )

    def skip(self, check_ids: tuple[str, ...]) -> None:
        """Write down that the checks were not made, because one before them failed."""
        for check_id in check_ids:
            self.record(check_id, skipped("not checked: an earlier check failed"))

    def fails_only(self, check_ids: Collection[str]) -> bool:
        """Tell whether something failed, all of it among these checks and none for lack of rights or connection."""
        failures = [check for check in self.checks if check.status is Status.FAIL]
        named = {f"{self.name}.{check_id}" for check_id in check_ids}
        return bool(failures) and all(
            check.id in named and check.exit_code is ExitCode.CHECK_FAILED for check in failures
        )

    def end_late(self, check_ids: Collection[str]) -> None:
        """Let the failures of these checks count as "not there before the deadline"."""
        if self.fails_only(check_ids):
            self.checks = [
                replace(check, exit_code=ExitCode.NOT_THERE) if check.status is Status.FAIL else check
                for check in self.checks
            ]
