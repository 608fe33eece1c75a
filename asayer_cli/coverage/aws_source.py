"""The errors of log groups, counted by Logs Insights."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Final

from asayer_cli.coverage.measure import summed
from asayer_cli.coverage.model import By, SourceCoverage
from asayer_cli.coverage.steps import begin_of
from asayer_cli.coverage.tally import Tally
from asayer_cli.entries import Window
from asayer_cli.errors import PermissionDeniedError, RefusedError, UsageError
from asayer_cli.sizes import human_size
from asayer_cli.together import together

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Sequence

    from asayer_cli.aws.insights import Insights, InsightsAnswer
    from asayer_cli.aws.model import LogGroup
    from asayer_cli.aws.session import AwsSession
    from asayer_cli.coverage.measure import Wishes
    from asayer_cli.errors import AsayerError

DEFAULT_MOST_COST: Final = 5.0
MOST_ROWS: Final = 10_000
_Part = tuple["Sequence[str]", Window]
_GROUPS_OF_A_QUERY: Final = 50


@dataclass
class AwsSource:
    """Log groups of one region, of which the product collects `collected` alone.

    A query that would cost more than `max_cost` dollars is not started. A result of `most_rows` may have been cut off,
    and is asked for in halves. `account` stands for the account whose call quotas are shared.
    """

    session: AwsSession
    log_groups: tuple[str, ...]
    collected: str
    max_cost: float = DEFAULT_MOST_COST
    most_rows: int = MOST_ROWS
    account: str = ""
    name: str = "aws"
    ways: tuple[By, ...] = (By.GROUP, By.STREAM)
    _notes: list[str] = field(default_factory=list)
    _insights: Insights | None = None

    @property
    def place(self) -> str:
        """Where the events lie."""
        if len(self.log_groups) == 1:
            return f"log group {self.log_groups[0]} in {self.session.region}"
        return f"{len(self.log_groups)} log groups in {self.session.region}"

    def count(self, wishes: Wishes, by: By) -> SourceCoverage:
        """Count the errors of all groups, up to 50 with one query; RefusedError where that would cost too much."""
        from asayer_cli.aws.insights import Insights  # noqa: PLC0415 - the SDK is heavy

        groups = self._readable()
        self._check_cost(groups, wishes.window)
        tally = Tally(wishes.convention, wishes.window, wishes.step)
        if by is By.GROUP:
            for group in groups:
                tally.show(group.name)
        insights = self._insights = Insights(self.session, account=self.account)
        dead = {group.name for group in groups if group.name != self.collected or not group.collectible}
        uncollected = set(dead)
        for answer in self._answers(insights, groups, wishes, by):
            uncollected |= _add(tally, answer, by, dead)
        counted = summed(self, wishes, by, tally, uncollected=frozenset(uncollected))
        return replace(
            counted,
            scanned_bytes=insights.scanned_bytes,
            cost=self._cost(),
            complete=not self._notes,
            notes=tuple(self._notes),
            remarks=tuple(self._remarks(groups)),
        )

    def close(self) -> None:
        """Stop the queries that still run, which are billed until then."""
        if self._insights:
            self._insights.close()

    def _readable(self) -> list[LogGroup]:
        """Return the groups that Logs Insights can read; UsageError when there is none, a note for each other one."""
        from asayer_cli.aws.log_groups import find_group  # noqa: PLC0415 - the SDK is heavy

        region = self.session.region
        found = together([partial(find_group, self.session, region, name) for name in self.log_groups])
        for name, group in zip(self.log_groups, found, strict=True):
            if group is None:
                self._notes.append(f"there is no log group {name} in {region}")
            elif group.log_class == "DELIVERY":
                self._notes.append(f"log group {name} cannot be counted: {group.why_not}")
        readable = [group for group in found if group and group.log_class != "DELIVERY"]
        if not readable:
            raise UsageError(
                f"No log group can be counted: {'; '.join(self._notes)}.",
                hint=f"The log groups there are: asayer-cli aws log-groups --region {region}.",
                code="log_group_not_found",
            )
        return readable

    def _check_cost(self, groups: Sequence[LogGroup], window: Window) -> None:
        from asayer_cli.aws.coverage_cost import most_cost, most_scanned  # noqa: PLC0415 - with its room

        now = datetime.now(UTC)
        cost = most_cost(groups, window, now, self.session.region)
        if cost <= self.max_cost:
            return
        size = human_size(most_scanned(groups, window, now))
        raise RefusedError(
            f"Counting the errors may cost up to ${max(cost, 0.01):,.2f}, and no more than ${self.max_cost:,.2f} is "
            f"allowed: Logs Insights would scan up to {size}. This is estimated from the stored size that AWS "
            "tells, as if compressed to 15%, and the part of it that falls into the window.",
            hint="Ask for a shorter time with --since and --until, or allow more with --max-cost DOLLARS.",
            code="too_expensive",
        )

    def _answers(
        self, insights: Insights, groups: Sequence[LogGroup], wishes: Wishes, by: By
    ) -> Iterator[InsightsAnswer]:
        from asayer_cli.aws.coverage_query import query  # noqa: PLC0415 - with its room

        text = query(wishes.convention, by, wishes.step)
        waiting: list[_Part] = [(names, wishes.window) for names in _asked_together(groups)]
        answered = False
        while waiting:
            part, within = waiting.pop()
            try:
                answer = insights.run(part, text, within, self.most_rows)
            except (PermissionDeniedError, UsageError) as error:
                if len(part) == 1 and not (waiting or answered):
                    raise
                waiting += self._apart(part, within, error)
                continue
            answered = True
            halves = self._halves(part, within, wishes, answer) if len(answer.rows) >= self.most_rows else []
            waiting += halves
            # rows that are asked for again are billed all the same
            yield replace(answer, rows=[]) if halves else answer

    def _apart(self, part: Sequence[str], within: Window, error: AsayerError) -> list[_Part]:
        """Return the groups one by one when not all of them can be asked; of one that cannot, there is a note."""
        if len(part) > 1:
            return [([name], within) for name in part]
        self._note(f"log group {part[0]} could not be counted: {error.message.rstrip('.')}")
        return []

    def _halves(self, part: Sequence[str], within: Window, wishes: Wishes, answer: InsightsAnswer) -> list[_Part]:
        """Return in what halves to ask again, where they can be paid for; else there is a note."""
        halves = _halves(part, within, wishes)
        if halves and self._cost(answer.bytes_scanned) <= self.max_cost:
            return halves
        why = f", for asking again would cost more than ${self.max_cost:,.2f} in all" if halves else ""
        which = part[0] if len(part) == 1 else f"{part[0]} and {len(part) - 1} more"
        self._note(f"more than {self.most_rows:,} rows were found for {which}, and the rest left out{why}")
        return []

    def _cost(self, more_bytes: int = 0) -> float:
        """Return what the queries so far have cost, with one that scans so much more."""
        from asayer_cli.aws.insights import estimated_cost  # noqa: PLC0415 - the SDK is heavy

        scanned = self._insights.scanned_bytes if self._insights else 0
        return estimated_cost(scanned + more_bytes, self.session.region)

    def _note(self, note: str) -> None:
        if note not in self._notes:
            self._notes.append(note)

    def _remarks(self, groups: Sequence[LogGroup]) -> Iterator[str]:
        for group in groups:
            if group.name == self.collected and not group.collectible:
                yield f"nothing of log group {group.name} is collected: {group.why_not}"
        if len(groups) > 1:
            yield f"the product collects one log group, {self.collected}; the totals are its own"


def _asked_together(groups: Sequence[LogGroup]) -> Iterator[list[str]]:
    """Yield the names of up to 50 groups of one class each, as AWS queries no others together."""
    for log_class in dict.fromkeys(group.log_class for group in groups):
        names = [group.name for group in groups if group.log_class == log_class]
        yield from (names[at : at + _GROUPS_OF_A_QUERY] for at in range(0, len(names), _GROUPS_OF_A_QUERY))


def _add(tally: Tally, answer: InsightsAnswer, by: By, dead: Container[str]) -> set[str]:
    """Add the rows of an answer; return the places that lie in one of the `dead` groups, of which nothing is taken."""
    from asayer_cli.aws.coverage_query import row_of  # noqa: PLC0415 - with its room

    uncollected = set()
    for row in map(row_of, answer.rows):
        name = f"{row.log_group} {row.stream}" if by is By.STREAM else row.log_group
        tally.add(name, row.time, row.error_class, row.count, row.sample)
        if row.log_group in dead:
            uncollected.add(name)
    return uncollected


def _halves(names: Sequence[str], window: Window, wishes: Wishes) -> list[_Part]:
    """Cut what a query was about in two, by groups where there are several, else by time; none for a single step."""
    if len(names) > 1:
        middle = len(names) // 2
        return [(names[:middle], window), (names[middle:], window)]
    cut = begin_of(window.start + (window.end - window.start) / 2, wishes.step)
    if not window.start < cut < window.end:
        return []
    return [(names, Window(window.start, cut)), (names, Window(cut, window.end))]
