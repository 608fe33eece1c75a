"""JSON filter patterns of CloudWatch Logs, as far as they compare with ``=`` and ``!=``. Pure.

``{ $.level = "ERROR" && ($.message = %asayer_session_id=[0-9]+% || $.user.* != 5) }``: ``&&`` binds tighter than
``||``; ``*`` inside a quoted or bare value is a wildcard; one ``*`` selector in a property; an object or array never
matches; a message that is no JSON never matches (Amazon CloudWatch Logs User Guide, "Filter pattern syntax"). The other
comparisons (``<``, ``IS NULL``, ``NOT EXISTS`` and the like) are refused: nothing in this project sends one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator

from asayer_cli.sandbox.aws.filter_regex import InvalidPatternError, compile_regex

Test = Callable[[object], bool]

_TOKEN = re.compile(
    r"""\s* (?: (?P<selector>\$ (?: \.(?:[A-Za-z0-9_\-]+|\*) | \[(?:\d+|\*|'[^']*'|"[^"]*")\] | \.\['[^']*'\] )+ )
          | (?P<symbol>&&|\|\||!=|=|\(|\))
          | "(?P<quoted>(?:[^"\\]|\\.)*)"
          | %(?P<regex>(?:[^%\\]|\\.)*)%
          | (?P<bare>[A-Za-z0-9_.*:\-]+)
        )""",
    re.VERBOSE | re.DOTALL,
)
_STEP = re.compile(r"""\.?\[['"](?P<quoted>[^'"]*)['"]\]|\[(?P<index>\d+|\*)\]|\.(?P<name>[A-Za-z0-9_\-]+|\*)""")


def parse_json_pattern(pattern: str) -> Callable[[str], bool]:
    """Compile ``{...}`` into a function of the message; raises `InvalidPatternError`."""
    if not pattern.endswith("}"):
        raise InvalidPatternError("Invalid filter pattern: the brace is never closed")
    test = _Parser(pattern[1:-1].strip()).whole()

    def matches(message: str) -> bool:
        try:
            return test(json.loads(message))
        except ValueError:
            return False

    return matches


class _Parser:
    """Recursive descent: alternatives of conjunctions of comparisons."""

    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._position = 0

    def whole(self) -> Test:
        test = self._alternatives()
        if self._peek() is not None:
            raise _unreadable(self._peek())
        return test

    def _alternatives(self) -> Test:
        tests = [self._conjunction()]
        while self._take("||"):
            tests.append(self._conjunction())
        return lambda value: any(test(value) for test in tests)

    def _conjunction(self) -> Test:
        tests = [self._factor()]
        while self._take("&&"):
            tests.append(self._factor())
        return lambda value: all(test(value) for test in tests)

    def _factor(self) -> Test:
        if self._take("("):
            test = self._alternatives()
            if not self._take(")"):
                raise _unreadable(self._peek())
            return test
        return self._comparison()

    def _comparison(self) -> Test:
        selector = self._next("selector")
        select = _selection(selector["selector"])
        symbol = self._next("symbol")["symbol"]
        if symbol not in ("=", "!="):
            raise InvalidPatternError(f"Invalid filter pattern: comparison {symbol!r}")
        equals = _equality(self._next("quoted", "regex", "bare"))
        if symbol == "=":
            return lambda value: any(equals(found) for found in select(value))
        return lambda value: any(not equals(found) for found in select(value))

    def _peek(self) -> re.Match[str] | None:
        return self._tokens[self._position] if self._position < len(self._tokens) else None

    def _take(self, symbol: str) -> bool:
        token = self._peek()
        if token is None or token["symbol"] != symbol:
            return False
        self._position += 1
        return True

    def _next(self, *kinds: str) -> re.Match[str]:
        token = self._peek()
        if token is None or token.lastgroup not in kinds:
            raise _unreadable(token)
        self._position += 1
        return token


def _tokens(text: str) -> Iterator[re.Match[str]]:
    position = 0
    while position < len(text):
        found = _TOKEN.match(text, position)
        if found is None:
            raise InvalidPatternError(f"Invalid filter pattern: cannot read {text[position:]!r}")
        yield found
        position = found.end()


def _unreadable(token: re.Match[str] | None) -> InvalidPatternError:
    place = "its end" if token is None else repr(token[0].strip())
    return InvalidPatternError(f"Invalid filter pattern: cannot read it at {place}")


def _selection(selector: str) -> Callable[[object], list[object]]:
    """Make a function that returns the plain values (strings, numbers, booleans, null) at a selector."""
    steps = [str(found[str(found.lastgroup)]) for found in _STEP.finditer(selector)]
    if steps.count("*") > 1:
        raise InvalidPatternError("Invalid filter pattern: more than one wildcard selector in a property")

    def select(value: object) -> list[object]:
        values = [value]
        for step in steps:
            values = [inner for outer in values for inner in _inside(outer, step)]
        return [found for found in values if not isinstance(found, (dict, list))]

    return select


def _inside(value: object, step: str) -> list[object]:
    if isinstance(value, dict):
        return list(value.values()) if step == "*" else [value[step]] if step in value else []
    if isinstance(value, list):
        return value if step == "*" else value[int(step) : int(step) + 1] if step.isdigit() else []
    return []


def _equality(token: re.Match[str]) -> Test:
    if token["regex"] is not None:
        regex = compile_regex(token["regex"])
        return lambda value: isinstance(value, str) and regex.search(value) is not None
    if token["quoted"] is not None:
        return _text_equality(re.sub(r"\\(.)", r"\1", token["quoted"], flags=re.DOTALL))
    number = _number(token["bare"])
    if number is None:
        return _text_equality(token["bare"])
    return lambda value: isinstance(value, (int, float)) and not isinstance(value, bool) and value == number


def _text_equality(text: str) -> Test:
    glob = re.compile(".*".join(re.escape(part) for part in text.split("*")), re.DOTALL)
    return lambda value: isinstance(value, str) and glob.fullmatch(value) is not None


def _number(text: str) -> float | None:
    if re.fullmatch(r"-?[0-9]+", text):
        # a float would lose the low digits of a session id
        return int(text)
    return float(text) if re.fullmatch(r"-?[0-9]*\.[0-9]+(e[+-]?[0-9]+)?", text) else None
