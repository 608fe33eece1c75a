"""A Logs Insights query as a chain of commands over events. Pure.

Facts: Amazon CloudWatch Logs User Guide, "CloudWatch Logs Insights language query syntax", with the pages of `fields`,
`filter`, `parse`, `stats`, `sort`, `limit` and `display`. The sandbox knows the part of the language that this project
uses, and refuses everything else: another command, a second `stats`, a group that is neither a field nor a `bin`, a
field that `stats` has left behind, a name that is taken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from asayer_cli.sandbox.aws import insights_stats
from asayer_cli.sandbox.aws.insights_events import Row
from asayer_cli.sandbox.aws.insights_expressions import (
    FUNCTIONS,
    OWN_FIELDS,
    Expression,
    Moment,
    Value,
    condition,
    field_name,
    group_names,
    number,
    operand,
    shown,
)
from asayer_cli.sandbox.aws.insights_tokens import MalformedQueryError, Words, compiled

if TYPE_CHECKING:
    import re

Rows = list[Row]
Step = Callable[[Rows], Rows]
MOST_ROWS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Query:
    """A query that was understood: what it does to events, and which fields its rows show.

    `matching` are the steps before `stats`, `sort` and `limit`; what passes them counts as matched. `limit` is that of
    the command, None without one; `is_sorted` where a `sort` says the order; `counts` where a `stats` made the rows.
    """

    matching: tuple[Step, ...] = ()
    steps: tuple[Step, ...] = ()
    columns: tuple[str, ...] = ()
    limit: int | None = None
    is_sorted: bool = False
    counts: bool = False
    known: frozenset[str] = field(default=OWN_FIELDS)


def parse(text: str) -> Query:
    """Read a query; `MalformedQueryError` says what the sandbox does not know or AWS would not take."""
    words = Words(text)
    query = _command(words, Query())
    while words.found("|"):
        query = _command(words, query)
    if words.next.kind != "end":
        raise words.unexpected(", '|' expected")
    return query


def matched(query: Query, rows: Iterable[Row]) -> Rows:
    """Return the events that pass the query's filters."""
    found = list(rows)
    for step in query.matching:
        found = step(found)
    return found


def answered(query: Query, rows: Rows, most: int) -> Rows:
    """Return the rows of the answer, of the events that matched: `most` at most, newest first where nothing sorts."""
    if not query.counts and not query.is_sorted:
        rows = sorted(rows, key=_time_of, reverse=True)
    for step in query.steps:
        rows = step(rows)
    return rows[: min(most, query.limit or most)]


def shown_row(query: Query, row: Row) -> list[dict[str, str]]:
    """Return a row as GetQueryResults writes it; a field that it has not is left out."""
    columns = query.columns or ("@timestamp", "@message")
    names = columns if query.counts or "@ptr" in columns else (*columns, "@ptr")
    values = ((name, row.get(name)) for name in dict.fromkeys(names))
    return [{"field": name, "value": shown(value)} for name, value in values if value is not None]


def _time_of(row: Row) -> int:
    at = row.get("@timestamp")
    return at.ms if isinstance(at, Moment) else 0


def _command(words: Words, query: Query) -> Query:
    token = words.take("name")
    read = _COMMANDS.get(token.text)
    if read is None:
        raise MalformedQueryError(f"unexpected command {token.text!r}: the sandbox has no such", token.at)
    return read(words, query)


def _check_known(query: Query, fields: frozenset[str]) -> None:
    if query.counts and (lost := sorted(fields - query.known)):
        raise MalformedQueryError(f"the field {lost[0]} is not there behind stats")


def _with_step(query: Query, step: Step, *, filters: bool) -> Query:
    if filters and not query.counts and not query.steps:
        return replace(query, matching=(*query.matching, step))
    return replace(query, steps=(*query.steps, step))


def _named(query: Query, name: str) -> Query:
    if name in query.known:
        raise MalformedQueryError(f"Ephemeral field is already defined: {name}")
    return replace(query, known=query.known | {name})


def _fields(words: Words, query: Query) -> Query:
    query = _one_field(words, query)
    while words.found(","):
        query = _one_field(words, query)
    return query


def _one_field(words: Words, query: Query) -> Query:
    expression = operand(words)
    _check_known(query, expression.fields)
    name = words.take("name").text if words.found("as") else expression.text
    query = replace(query, columns=(*query.columns, name))
    if {name} == expression.fields:
        return query
    return _with_step(_named(query, name), _computing(name, expression), filters=True)


def _computing(name: str, expression: Expression) -> Step:
    return lambda rows: [row.having({name: expression.value(row)}) for row in rows]


def _filter(words: Words, query: Query) -> Query:
    test = condition(words)
    _check_known(query, test.fields)
    return _with_step(query, lambda rows: [row for row in rows if test.value(row)], filters=True)


def _parse(words: Words, query: Query) -> Query:
    source = field_name(words)
    _check_known(query, frozenset({source}))
    token = words.take("regex")
    regex = compiled(token)
    if not group_names(regex):
        raise MalformedQueryError("parse needs a named group, such as (?<name>...)", token.at)
    for name in group_names(regex):
        query = _named(query, name)
    return _with_step(
        query, lambda rows: [row.having(_extracted(regex, row.get(source))) for row in rows], filters=True
    )


def _extracted(regex: re.Pattern[str], value: Value | None) -> Mapping[str, str | None]:
    """Return what the named groups hold; where the expression does not match, the event gets none of these fields."""
    found = None if value is None else regex.search(shown(value))
    return found.groupdict() if found else {}


def _stats(words: Words, query: Query) -> Query:
    if query.counts:
        raise MalformedQueryError("the sandbox knows one stats in a query")
    if query.limit is not None:
        raise MalformedQueryError("the sandbox knows no stats behind a limit")
    plan = insights_stats.read(words)
    columns = plan.columns
    if len(set(columns)) != len(columns):
        raise MalformedQueryError("two results of stats have the same name")
    return replace(
        query,
        steps=(*query.steps, plan.carry_out),
        columns=columns,
        counts=True,
        is_sorted=False,
        known=frozenset(columns),
    )


def _sort(words: Words, query: Query) -> Query:
    keys = [_sort_key(words, query)]
    while words.found(","):
        keys.append(_sort_key(words, query))

    def step(rows: Rows) -> Rows:
        for name, descending in reversed(keys):
            rows = _sorted(rows, name, descending=descending)
        return rows

    return replace(_with_step(query, step, filters=False), is_sorted=True)


def _sort_key(words: Words, query: Query) -> tuple[str, bool]:
    name = operand(words).text if words.next.text in FUNCTIONS else field_name(words)
    _check_known(query, frozenset({name}))
    direction = words.found("asc", "desc")
    if not direction:
        raise words.unexpected(", 'asc' or 'desc' expected")
    return name, direction == "desc"


def _sorted(rows: Rows, name: str, *, descending: bool) -> Rows:
    """Sort by a field, by number where all are numbers; rows without it come last."""
    having = [(row, value) for row in rows if (value := row.get(name)) is not None]
    lacking = [row for row in rows if row.get(name) is None]
    if all(isinstance(value, Moment) for _, value in having):
        having.sort(key=lambda pair: pair[1], reverse=descending)
    elif all(number(value) is not None for _, value in having):
        having.sort(key=lambda pair: number(pair[1]) or 0, reverse=descending)
    else:
        having.sort(key=lambda pair: shown(pair[1]), reverse=descending)
    return [row for row, _ in having] + lacking


def _limit(words: Words, query: Query) -> Query:
    token = words.take("number")
    if not token.text.isdigit() or not 1 <= int(token.text) <= MOST_ROWS:
        raise MalformedQueryError(f"limit takes a number from 1 to {MOST_ROWS}", token.at)
    if query.limit is not None:
        raise MalformedQueryError("the sandbox knows one limit in a query", token.at)
    most = int(token.text)
    return replace(_with_step(query, lambda rows: rows[:most], filters=False), limit=most)


def _display(words: Words, query: Query) -> Query:
    names = [_displayed(words, query)]
    while words.found(","):
        names.append(_displayed(words, query))
    return replace(query, columns=tuple(names))


def _displayed(words: Words, query: Query) -> str:
    name = field_name(words)
    _check_known(query, frozenset({name}))
    return name


_COMMANDS: dict[str, Callable[[Words, Query], Query]] = {
    "display": _display,
    "fields": _fields,
    "filter": _filter,
    "limit": _limit,
    "parse": _parse,
    "sort": _sort,
    "stats": _stats,
}
