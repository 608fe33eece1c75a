"""CloudWatch Logs as `verify` sees it: through the collector's own access key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asayer_cli.collector import CloudWatchCollector
from asayer_cli.errors import AsayerError, CredentialsRejectedError, PermissionDeniedError
from asayer_cli.verification.checklist import Checklist, Finding, failed, passed
from asayer_cli.verification.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from asayer_cli.aws.model import LogGroup
    from asayer_cli.aws.reading import CloudWatchReader
    from asayer_cli.entries import LogEntry, Window
    from asayer_cli.integrations import AwsIntegration
    from asayer_cli.verification.wishes import Wishes


class AwsSource:
    """The checks of a CloudWatch integration; only its first log group counts, since only that is collected."""

    name = "aws"

    def __init__(self, integration: AwsIntegration, reader: CloudWatchReader) -> None:
        self.checklist = Checklist(self.name)
        self._integration = integration
        self._reader = reader
        self._group = integration.collected_group
        self._found: LogGroup | None = None
        self._denied: PermissionDeniedError | None = None

    @property
    def place(self) -> str:
        """Where the entries are read."""
        return f"log group {self._group}"

    def prepare(self) -> bool:
        """Make the checks that reading rests on, and the one on writing; False when there is no use in reading."""
        self.checklist.begin()
        questions = {"credentials": self._credentials, "region": self._region, "log_group": self._log_group}
        if not self.checklist.make_in_turn(questions, ("write_denied", "read")):
            return False
        self.checklist.make("write_denied", self._write_denied)
        return True

    def search(self, window: Window, wishes: Wishes) -> Tally:
        """Read and judge what the collector would find, and what it would miss."""
        from asayer_cli.aws.reading import collector_pattern, suspect_pattern  # noqa: PLC0415 - the SDK is heavy

        tally = Tally(CloudWatchCollector(wishes.convention), wishes.session_ids, wishes.explain)
        collected = collector_pattern(wishes.convention)

        def again(narrower: Window) -> Iterator[LogEntry]:
            return self._reader.search(self._group, collected, narrower)

        tally.add_both(again(window), self._suspects(suspect_pattern(wishes.convention), window, tally), again)
        return tally

    def _suspects(self, pattern: str, window: Window, tally: Tally) -> Iterator[LogEntry]:
        try:
            yield from self._reader.search(self._group, pattern, window)
        except AsayerError as error:
            tally.notes = (f"near misses cannot be looked for ({error.message})",)

    def newest(self, window: Window) -> datetime | None:
        """Return the time of the newest entry of any kind."""
        return self._reader.newest(self._group, window)

    def mentions(self, texts: Sequence[str], window: Window) -> Iterator[LogEntry]:
        """Yield the events of any kind in which one of the texts stands, none of which may hold a double quote.

        One search for each, for a quoted term alone is what filter patterns surely know.
        """
        for text in texts:
            yield from self._reader.search(self._group, f'"{text}"', window)

    def entry_findings(self, _tally: Tally) -> None:
        """Write down nothing more: an event has no fields to be wrong."""

    def _credentials(self) -> Finding:
        try:
            identity = self._reader.identity()
        except CredentialsRejectedError as error:
            remedy = "The key may be deleted, inactive or mistyped; what became of it: asayer-cli aws status"
            return failed(error.message, remedy, error.exit_code)
        return passed(f"access key {self._integration.key.access_key_id} is accepted as {identity.arn}")

    def _region(self) -> Finding:
        try:
            self._found = self._reader.find_group(self._group)
        except PermissionDeniedError as error:
            self._denied = error
        return passed(f"region {self._integration.region} is enabled")

    def _log_group(self) -> Finding:
        if self._denied:
            raise self._denied
        group = self._found
        if group is None:
            return failed(
                f"there is no log group {self._group} in {self._integration.region}",
                "List what is there: asayer-cli aws log-groups. Then: asayer-cli config set aws.log_groups NAME.",
            )
        if not group.collectible:
            return failed(
                f"log group {self._group} cannot be collected: {group.why_not}",
                "Send the logs to a group of class STANDARD; a group's class cannot be changed later.",
            )
        others = self._integration.log_groups[1:]
        searched = f"; searched only, never counted: {', '.join(others)}" if others else ""
        return passed(f"log group {self._group} is there and can be collected{searched}")

    def _write_denied(self) -> Finding:
        if self._reader.may_write() or self._reader.may_write(self._group):
            return failed(
                "the key may write log events; the collector needs to read only",
                "Detach what lets it write from the user; AWS shows it: aws iam list-attached-user-policies.",
            )
        return passed("writing is denied")
