"""The filter patterns of FilterLogEvents and TestMetricFilter. Pure.

Facts: Amazon CloudWatch Logs User Guide, "Filter pattern syntax". Case-sensitive. Terms side by side are all required;
``?a ?b`` requires one of them, and is ignored beside other terms; ``-a`` excludes; ``"..."`` is a substring;
``%...%`` a regular expression (at most two); ``{...}`` a JSON pattern. A term with other characters than letters,
digits and underscore must stand in double quotes.

AWS does not say whether a bare term matches inside a longer word. Here it must be a whole run of letters, digits and
underscores: the strict reading, so that nothing is found here that AWS might not find.

Space-delimited patterns (``[...]``) are refused: nothing in this project sends one.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from asayer_cli.sandbox.aws.filter_json import parse_json_pattern
from asayer_cli.sandbox.aws.filter_regex import InvalidPatternError, compile_regex

__all__ = ["InvalidPatternError", "Matcher", "parse"]

Matcher = Callable[[str], bool]
LONGEST_PATTERN = 1024
MOST_REGEXES = 2

_TERM = re.compile(
    r"""\s* (?P<sign>[-?]?)
        (?: "(?P<quoted>(?:[^"\\]|\\.)*)"
          | %(?P<regex>(?:[^%\\]|\\.)*)%
          | (?P<bare>[^\s"%]+)
        ) (?=\s|$)""",
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class _Term:
    sign: str
    matches: Matcher
    is_regex: bool


def parse(pattern: str) -> Matcher:
    """Compile a pattern into a function of the message; raises `InvalidPatternError`. An empty one matches all."""
    if len(pattern) > LONGEST_PATTERN:
        raise InvalidPatternError(f"Invalid filter pattern: longer than {LONGEST_PATTERN} characters")
    stripped = pattern.strip()
    if stripped.startswith("{"):
        return parse_json_pattern(stripped)
    if stripped.startswith("["):
        raise InvalidPatternError("Invalid filter pattern: the sandbox knows no space-delimited patterns")
    return _all_of(_terms(stripped))


def _terms(pattern: str) -> list[_Term]:
    terms: list[_Term] = []
    position = 0
    while position < len(pattern):
        found = _TERM.match(pattern, position)
        if found is None:
            raise InvalidPatternError(f"Invalid filter pattern: cannot read {pattern[position:]!r}")
        terms.append(_term(found))
        position = found.end()
    if sum(term.is_regex for term in terms) > MOST_REGEXES:
        raise InvalidPatternError(f"Invalid filter pattern: more than {MOST_REGEXES} regular expressions")
    return terms


def _term(found: re.Match[str]) -> _Term:
    if found["regex"] is not None:
        regex = compile_regex(found["regex"])
        return _Term(found["sign"], lambda message: regex.search(message) is not None, is_regex=True)
    if found["quoted"] is not None:
        text = re.sub(r"\\(.)", r"\1", found["quoted"], flags=re.DOTALL)
        return _Term(found["sign"], lambda message: text in message, is_regex=False)
    return _Term(found["sign"], _whole_word(found["bare"]), is_regex=False)


def _whole_word(term: str) -> Matcher:
    if not re.fullmatch(r"[A-Za-z0-9_]+", term):
        raise InvalidPatternError(f"Invalid character(s) in term '{term}'")
    word = re.compile(rf"(?<![A-Za-z0-9_]){term}(?![A-Za-z0-9_])")
    return lambda message: word.search(message) is not None


def _all_of(terms: list[_Term]) -> Matcher:
    required = [term.matches for term in terms if not term.sign]
    excluded = [term.matches for term in terms if term.sign == "-"]
    optional = [term.matches for term in terms if term.sign == "?"]
    if optional and not required and not excluded:
        return lambda message: any(matches(message) for matches in optional)

    def matcher(message: str) -> bool:
        return all(matches(message) for matches in required) and not any(matches(message) for matches in excluded)

    return matcher
