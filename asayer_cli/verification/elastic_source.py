"""Elasticsearch as `verify` sees it: through the collector's own API key."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from asayer_cli.collector import collector_for_elasticsearch
from asayer_cli.elastic.index_names import narrower
from asayer_cli.entries import rfc3339
from asayer_cli.errors import AsayerError
from asayer_cli.exit_codes import ExitCode
from asayer_cli.tag import ASAYER
from asayer_cli.times import format_duration
from asayer_cli.verification.checklist import Checklist, Finding, failed, passed, warned
from asayer_cli.verification.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from asayer_cli.elastic.reading import ElasticReader
    from asayer_cli.entries import LogEntry, Window
    from asayer_cli.integrations import ElasticIntegration
    from asayer_cli.tag import TagConvention
    from asayer_cli.verification.wishes import Wishes

_SOON: Final = timedelta(days=14)


class ElasticSource:
    """The checks of an Elasticsearch integration."""

    name = "elastic"

    def __init__(self, integration: ElasticIntegration, reader: ElasticReader, convention: TagConvention) -> None:
        self.checklist = Checklist(self.name)
        self._integration = integration
        self._reader = reader
        self._convention = convention
        self._pattern = ",".join(integration.indexes)

    @property
    def place(self) -> str:
        """Where the entries are read."""
        return f"indices {self._pattern}"

    def prepare(self) -> bool:
        """Make the checks that reading rests on, and the one on writing; False when nothing can be read."""
        self.checklist.begin()
        self._reader.look_anew()
        questions = {
            "api_key": self._api_key,
            "expiry": self._expiry,
            "indexes": self._indexes,
            "read_allowed": self._read_allowed,
        }
        if not self.checklist.make_in_turn(questions, ("write_denied", "read", "utc_time", "fields")):
            return False
        self.checklist.make("write_denied", self._write_denied)
        return True

    def search(self, window: Window, wishes: Wishes) -> Tally:
        """Read and judge what the collector would find, and what it would miss."""
        tally = Tally(collector_for_elasticsearch(wishes.convention), wishes.session_ids, wishes.explain)
        self._reader.look_anew()
        are_disjoint = wishes.convention is ASAYER
        found = self._reader.collector_search(wishes.convention, window)
        suspects = self._reader.suspect_search(wishes.convention, window)
        _count(tally, found, found=True) if are_disjoint else tally.add_found(found)
        tally.partial = self._reader.take_notes()
        try:
            _count(tally, suspects, found=False) if are_disjoint else tally.add_suspects(suspects)
        except AsayerError as error:
            tally.notes = (f"near misses cannot be looked for ({error.message})",)
        if tally.hidden:
            tally.settle(self._reader.collector_search(wishes.convention, window))
        tally.notes += self._reader.take_notes()
        return tally

    def newest(self, window: Window) -> datetime | None:
        """Return the time of the newest document of any kind."""
        return self._reader.newest(window)

    def mentions(self, texts: Sequence[str], window: Window) -> Iterator[LogEntry]:
        """Yield the documents of any kind in which one of the texts stands."""
        return self._reader.mentions(texts, window)

    def entry_findings(self, tally: Tally) -> None:
        """Write down whether a document would stop the collector, and whether the fields can be searched."""
        self.checklist.make("fields", self._fields)
        if tally.crashing:
            remedy = (
                "Index utc_time as a text such as 2026-11-22T09:30:00Z, never as a number, and remove the document."
            )
            self.checklist.record(
                "utc_time",
                failed(f"{tally.crashing} has a utc_time that is no text; the collector stops at it", remedy),
            )
        else:
            self.checklist.record("utc_time", passed("no document would stop the collector"))

    def _api_key(self) -> Finding:
        identity = self._reader.identity()
        return passed(f"API key {self._integration.key.api_key_id} is accepted, made by {identity.username}")

    def _expiry(self) -> Finding:
        record = self._reader.key_record()
        if record is None:
            return warned(
                "the server does not tell when the API key expires", "Look under Stack Management > API keys."
            )
        if record.expires_at is None:
            return passed("the API key never expires")
        left = record.expires_at - datetime.now(UTC)
        when = f"{rfc3339(record.expires_at)}, in {format_duration(left)}"
        if left < _SOON:
            return warned(
                f"the API key expires soon: {when}",
                "Make the next one while this one still works: asayer-cli elastic create-key --replace.",
            )
        return passed(f"the API key expires at {when}")

    def _indexes(self) -> Finding:
        matches = self._reader.matches()
        if not matches:
            return failed(
                f"{self._pattern} matches no index that the key may read",
                "Name the right ones: asayer-cli elastic create-key --index PATTERN (*log* does not match filebeat-*).",
            )
        strange = [match.name for match in matches if not match.looks_like_log]
        if strange:
            return warned(
                f"{self._pattern} matches {len(matches)}, and some look like no log: {', '.join(strange[:5])}",
                f"Narrower patterns read only logs: {narrower(match.name for match in matches)}",
            )
        return passed(f"{self._pattern} matches {', '.join(match.name for match in matches[:5])}")

    def _read_allowed(self) -> Finding:
        unreadable = self._reader.unreadable()
        if unreadable:
            return failed(
                f"the API key may not read {', '.join(unreadable[:5])}",
                "Make a key that may: asayer-cli elastic create-key --replace.",
                ExitCode.ACCESS_REFUSED,
            )
        return passed("reading is allowed")

    def _write_denied(self) -> Finding:
        if self._reader.may_write():
            return failed(
                "the API key may write documents; the collector needs to read only",
                "Make a key that may only read: asayer-cli elastic create-key --replace.",
            )
        return passed("writing is denied")

    def _fields(self) -> Finding:
        problems = self._reader.field_problems(self._convention)
        if not problems:
            return passed("the fields that the collector needs are searchable")
        shown = "; ".join(
            f"{problem.field} is {problem.mapped_as} in {', '.join(problem.indices[:3])}: {problem.effect}"
            for problem in problems
        )
        blocking = not self._reader.has_sound_index(self._convention)
        advice = "Change the index template: message as text, utc_time as date, tags as keyword; then roll over."
        return failed(shown, advice) if blocking else warned(shown, advice)


def _count(tally: Tally, entries: Iterable[LogEntry], *, found: bool) -> None:
    for entry in entries:
        tally.add(entry, found=found)
