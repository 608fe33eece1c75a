"""The command `stats` of Logs Insights: aggregates of events by fields and spans of time. Pure.

Facts: Amazon CloudWatch Logs User Guide, "stats" (aggregation and non-aggregation functions). Groups are fields or one
`bin`; what a function says of an event is grouped by under the name that `fields` gave it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from asayer_cli.sandbox.aws.insights_events import Row
from asayer_cli.sandbox.aws.insights_expressions import (
    TIMES,
    Expression,
    Moment,
    Value,
    bin_of,
    field,
    field_name,
    number,
    shown,
)
from asayer_cli.sandbox.aws.insights_tokens import MalformedQueryError, Words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


class Aggregate(NamedTuple):
    """One result of `stats`: its name, and what it makes of the events of a group, which are in the order of time."""

    name: str
    compute: Callable[[list[Row]], Value | None]


class Group(NamedTuple):
    """What events are grouped by, and the name of the column."""

    name: str
    by: Expression


@dataclass(frozen=True, slots=True)
class Plan:
    """What a `stats` shall do."""

    aggregates: tuple[Aggregate, ...]
    groups: tuple[Group, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The names in a row: groups first."""
        return (*(group.name for group in self.groups), *(one.name for one in self.aggregates))

    def carry_out(self, rows: list[Row]) -> list[Row]:
        """Return one row for each group; without groups one row, whatever there is."""
        members: dict[tuple[Value | None, ...], list[Row]] = {} if self.groups else {(): []}
        for row in rows:
            members.setdefault(tuple(group.by.value(row) for group in self.groups), []).append(row)
        return [self._row(key, found) for key, found in members.items()]

    def _row(self, key: tuple[Value | None, ...], rows: list[Row]) -> Row:
        rows = sorted(rows, key=_time_of)
        grouped = {group.name: value for group, value in zip(self.groups, key, strict=True)}
        return Row({**grouped, **{one.name: one.compute(rows) for one in self.aggregates}}, discovered={})


def read(words: Words) -> Plan:
    """Read what stands behind the word `stats`."""
    aggregates = [_aggregate(words)]
    while words.found(","):
        aggregates.append(_aggregate(words))
    groups = []
    if words.found("by"):
        groups.append(_group(words))
        while words.found(","):
            groups.append(_group(words))
    return Plan(tuple(aggregates), tuple(groups))


def _aggregate(words: Words) -> Aggregate:
    token = words.take("name")
    words.expect("(")
    if token.text == "count" and (words.found("*") or words.next.text == ")"):
        words.expect(")")
        return Aggregate(_alias(words, "count(*)"), len)
    name = field_name(words)
    words.expect(")")
    function = _FUNCTIONS.get(token.text)
    if function is None:
        raise MalformedQueryError(f"the sandbox has no {token.text}() for stats", token.at)
    if name in TIMES and token.text != "count":
        raise MalformedQueryError(f"how AWS writes {token.text}({name}) is not documented", token.at)
    return Aggregate(_alias(words, f"{token.text}({name})"), lambda rows: function([row.get(name) for row in rows]))


def _alias(words: Words, name: str) -> str:
    return words.take("name").text if words.found("as") else name


def _group(words: Words) -> Group:
    token = words.next
    if token.text == "bin" and token.kind == "name":
        words.take("name")
        words.expect("(")
        by = bin_of(words)
        words.expect(")")
        return Group(_alias(words, by.text), by)
    by = field(field_name(words))
    if words.next.text == "(":
        raise MalformedQueryError(
            f"stats groups by fields and bin(): name it first, such as: fields {by.text}(...) as name", token.at
        )
    return Group(_alias(words, by.text), by)


def _time_of(row: Row) -> int:
    at = row.get("@timestamp")
    return at.ms if isinstance(at, Moment) else 0


def _present(values: Iterable[Value | None]) -> list[Value]:
    return [value for value in values if value is not None]


def _numbers(values: Iterable[Value | None]) -> list[int | float]:
    return [found for value in values if (found := number(value)) is not None]


def _average(values: list[Value | None]) -> float | None:
    found = _numbers(values)
    return sum(found) / len(found) if found else None


def _extreme(values: list[Value | None], choose: Callable[[list[int | float]], int | float]) -> Value | None:
    found = _present(values)
    numbers = _numbers(found)
    if len(numbers) < len(found):
        raise MalformedQueryError("min() and max() of texts: how AWS compares them is not documented")
    return choose(numbers) if numbers else None


_FUNCTIONS: dict[str, Callable[[list[Value | None]], Value | None]] = {
    "avg": _average,
    "count": lambda values: len(_present(values)),
    "count_distinct": lambda values: len({shown(value) for value in _present(values)}),
    "earliest": lambda values: values[0] if values else None,
    "latest": lambda values: values[-1] if values else None,
    "max": lambda values: _extreme(values, max),
    "min": lambda values: _extreme(values, min),
    "sum": lambda values: sum(_numbers(values)) if _numbers(values) else None,
}
