"""Expressions of Logs Insights: fields, functions, comparisons, `and`, `or`, `not`. Pure.

Facts: Amazon CloudWatch Logs User Guide, "CloudWatch Logs Insights language query syntax", "filter" and "Boolean,
comparison, numeric, datetime, and other functions". What they do not say is refused, never guessed. A comparison with
a field that an event has not is neither true nor false, and so is its negation: the strict reading, by which nothing is
found here that AWS might not find.
"""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from asayer_cli.entries import moment
from asayer_cli.sandbox.aws.insights_tokens import MalformedQueryError, Token, Words, compiled

if TYPE_CHECKING:
    import re
    from collections.abc import Callable

OWN_FIELDS = frozenset({"@timestamp", "@message", "@log", "@logStream", "@ingestionTime", "@ptr"})
TIMES = frozenset({"@timestamp", "@ingestionTime"})
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
# the largest number before each unit; bin(300s) is refused, bin(5m) is not
_PERIODS = {"ms": (1, 1000), "s": (1000, 60), "m": (60_000, 60), "h": (3_600_000, 24), "d": (86_400_000, 366)}


class Moment(NamedTuple):
    """A time: milliseconds since 1970."""

    ms: int


Value = str | int | float | bool | Moment


class Event(Protocol):
    """Whatever has fields."""

    def get(self, name: str) -> Value | None:
        """Return a field, None where there is none of that name."""


@dataclass(frozen=True, slots=True)
class Expression:
    """Something that has a value for each event; `text` is how it is written, `fields` are the names it reads."""

    text: str
    fields: frozenset[str]
    value: Callable[[Event], Value | None]
    is_boolean: bool = False


def shown(value: Value) -> str:
    """Write a value as GetQueryResults does: everything is text."""
    if isinstance(value, Moment):
        return moment(value.ms).strftime("%Y-%m-%d %H:%M:%S.") + f"{value.ms % 1000:03}"
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def number(value: Value | None) -> int | float | None:
    """Return a value as a number, None where it is none."""
    if value is None or isinstance(value, Moment):
        return None
    if isinstance(value, str):
        try:
            return int(value) if value.lstrip("-").isdigit() else float(value)
        except ValueError:
            return None
    return int(value) if isinstance(value, bool) else value


def field_name(words: Words) -> str:
    """Read the name of a field."""
    token = words.take("name")
    if token.text.startswith("@") and token.text not in OWN_FIELDS:
        raise MalformedQueryError(f"the sandbox has no field {token.text}", token.at)
    return token.text


def field(name: str) -> Expression:
    """Return the expression that is a field."""
    return Expression(name, frozenset({name}), lambda event: event.get(name))


def condition(words: Words) -> Expression:
    """Read an expression that is true or false."""
    at = words.next
    found = _either(words)
    if not found.is_boolean:
        raise MalformedQueryError(f"{found.text!r} is no condition: compare it with something", at.at)
    return found


def period_ms(token: Token) -> int:
    """Return the milliseconds of a period such as 5m."""
    digits = token.text.rstrip("mshd")
    unit_ms, most = _PERIODS[token.text[len(digits) :]]
    if not 1 <= int(digits) <= most:
        raise MalformedQueryError(f"the period {token.text} is too long for its unit: {most} at most", token.at)
    return int(digits) * unit_ms


def _either(words: Words) -> Expression:
    found = _both(words)
    while words.found("or"):
        found = _joined(found, _both(words), "or", decisive=True)
    return found


def _both(words: Words) -> Expression:
    found = _negation(words)
    while words.found("and"):
        found = _joined(found, _negation(words), "and", decisive=False)
    return found


def _joined(left: Expression, right: Expression, word: str, *, decisive: bool) -> Expression:
    """Join two conditions, of which one that has the decisive value decides; otherwise the unknown prevails."""
    for side in (left, right):
        if not side.is_boolean:
            raise MalformedQueryError(f"{side.text!r} beside {word!r} is no condition")

    def value(event: Event) -> bool | None:
        first = left.value(event)
        if first is decisive:
            return decisive
        second = right.value(event)
        if second is decisive:
            return decisive
        return None if first is None or second is None else not decisive

    return Expression(f"{left.text} {word} {right.text}", left.fields | right.fields, value, is_boolean=True)


def _negation(words: Words) -> Expression:
    if not words.found("not"):
        return _comparison(words)
    inner = _negation(words)
    if not inner.is_boolean:
        raise MalformedQueryError(f"{inner.text!r} behind 'not' is no condition")
    return _negated(inner)


def _negated(inner: Expression) -> Expression:
    def value(event: Event) -> bool | None:
        found = inner.value(event)
        return None if found is None else not found

    return Expression(f"not {inner.text}", inner.fields, value, is_boolean=True)


def _comparison(words: Words) -> Expression:
    left = operand(words)
    if symbol := words.found(*_COMPARISONS):
        return _compared(left, symbol, operand(words))
    if words.found("=~"):
        return _like(left, words.take("regex"))
    negated = bool(words.found("not"))
    if words.found("like"):
        found = _like(left, words.take("text", "regex"))
    elif words.found("in"):
        found = _in(left, _list(words))
    elif negated:
        raise words.unexpected(", 'like' or 'in' expected")
    else:
        return left
    return _negated(found) if negated else found


def operand(words: Words) -> Expression:
    """Read a field, a function, a text, a number, or a condition in parentheses."""
    if words.found("("):
        inner = _either(words)
        words.expect(")")
        return inner
    if words.next.kind == "text":
        return _constant(words.take("text").text)
    if words.next.kind == "number":
        return _constant(number(words.take("number").text) or 0)
    token = words.next
    if token.text in FUNCTIONS and token.kind == "name":
        return _function(words)
    return field(field_name(words))


def _constant(constant: Value) -> Expression:
    return Expression(shown(constant), frozenset(), lambda _event: constant)


def _compared(left: Expression, symbol: str, right: Expression) -> Expression:
    if (left.fields | right.fields) & TIMES and not left.text.startswith("toMillis"):
        raise MalformedQueryError("a time is compared by toMillis() only")
    compare = _COMPARISONS[symbol]

    def value(event: Event) -> bool | None:
        one, other = left.value(event), right.value(event)
        if one is None or other is None:
            return None
        numbers = number(one), number(other)
        if None not in numbers:
            return compare(*numbers)
        return compare(shown(one), shown(other))

    text = f"{left.text} {symbol} {right.text}"
    return Expression(text, left.fields | right.fields, value, is_boolean=True)


def _like(left: Expression, wanted: Token) -> Expression:
    matches = _containing(wanted)

    def value(event: Event) -> bool | None:
        found = left.value(event)
        return None if found is None else matches(shown(found))

    return Expression(f"{left.text} like {wanted.text}", left.fields, value, is_boolean=True)


def _containing(wanted: Token) -> Callable[[str], bool]:
    if wanted.kind == "text":
        return lambda text: wanted.text in text
    regex = compiled(wanted)
    return lambda text: regex.search(text) is not None


def _list(words: Words) -> frozenset[str]:
    words.expect("[")
    found = [words.take("text", "number").text]
    while words.found(","):
        found.append(words.take("text", "number").text)
    words.expect("]")
    return frozenset(found)


def _in(left: Expression, allowed: frozenset[str]) -> Expression:
    def value(event: Event) -> bool | None:
        found = left.value(event)
        return None if found is None else shown(found) in allowed

    return Expression(f"{left.text} in [...]", left.fields, value, is_boolean=True)


def _function(words: Words) -> Expression:
    token = words.take("name")
    words.expect("(")
    if token.text == "bin":
        found = bin_of(words)
    else:
        arguments = [operand(words)]
        while words.found(","):
            arguments.append(operand(words))
        found = _called(token, arguments)
    words.expect(")")
    return found


def bin_of(words: Words) -> Expression:
    """Read the period of a `bin`, behind its parenthesis."""
    token = words.take("period")
    length = period_ms(token)

    def value(event: Event) -> Moment | None:
        at = event.get("@timestamp")
        return Moment(at.ms - at.ms % length) if isinstance(at, Moment) else None

    return Expression(f"bin({token.text})", frozenset({"@timestamp"}), value)


class Function(NamedTuple):
    """A function: how many arguments it takes (least and most), whether it is a condition, and what it does."""

    least: int
    most: int
    is_boolean: bool
    call: Callable[..., Value | None]


def _called(token: Token, arguments: list[Expression]) -> Expression:
    function = FUNCTIONS[token.text]
    if function is None or not function.least <= len(arguments) <= function.most:
        raise MalformedQueryError(f"{token.text}() takes another number of arguments", token.at)
    call = function.call

    def value(event: Event) -> Value | None:
        return call(*(argument.value(event) for argument in arguments))

    text = f"{token.text}({', '.join(argument.text for argument in arguments)})"
    return Expression(text, frozenset().union(*(one.fields for one in arguments)), value, function.is_boolean)


def _coalesce(*values: Value | None) -> Value | None:
    return next((value for value in values if value is not None), None)


def _to_millis(value: Value | None) -> int | None:
    return value.ms if isinstance(value, Moment) else None


def _text_function(call: Callable[[str], Value]) -> Callable[[Value | None], Value | None]:
    return lambda value: None if value is None else call(shown(value))


def _contains(value: Value | None, wanted: Value | None) -> int | None:
    return None if value is None or wanted is None else int(shown(wanted) in shown(value))


def _is_empty(value: Value | None) -> int:
    return int(value is None or not shown(value))


def _substring(value: Value | None, start: Value | None, length: Value | None = None) -> str | None:
    first, count = number(start), number(length)
    if value is None or first is None:
        return None
    text = shown(value)[int(first) :]
    return text if count is None else text[: int(count)]


def _concat(*values: Value | None) -> str:
    return "".join(shown(value) for value in values if value is not None)


# `bin` is read on its own: its argument is a period
FUNCTIONS: dict[str, Function | None] = {
    "bin": None,
    "coalesce": Function(1, 99, False, _coalesce),
    "concat": Function(2, 99, False, _concat),
    "isempty": Function(1, 1, False, _is_empty),
    "ispresent": Function(1, 1, True, lambda value: value is not None),
    "strcontains": Function(2, 2, False, _contains),
    "strlen": Function(1, 1, False, _text_function(len)),
    "substr": Function(2, 3, False, _substring),
    "toMillis": Function(1, 1, False, _to_millis),
    "tolower": Function(1, 1, False, _text_function(str.lower)),
    "toupper": Function(1, 1, False, _text_function(str.upper)),
    "trim": Function(1, 1, False, _text_function(str.strip)),
}


def group_names(regex: re.Pattern[str]) -> tuple[str, ...]:
    """Return the names of a regular expression's groups, in their order."""
    return tuple(regex.groupindex)
