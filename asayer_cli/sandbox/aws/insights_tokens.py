"""The words of a Logs Insights query: names, numbers, periods, texts, regular expressions and symbols. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST_QUERY = 10_000
_TOKEN = re.compile(
    r"""\s* (?: (?P<period>\d+(?:ms|[smhd])\b)
          | (?P<number>-?\d+(?:\.\d+)?)(?![\w.])
          | (?P<name>[A-Za-z_@][\w@]*(?:\.\w+)*|`[^`]+`)
          | "(?P<double>(?:[^"\\]|\\.)*)"
          | '(?P<single>(?:[^'\\]|\\.)*)'
          | /(?P<regex>(?:[^/\\]|\\.)+)/
          | (?P<symbol>=~|!=|<=|>=|[=<>(),|*\[\]])
        )""",
    re.VERBOSE | re.DOTALL,
)
_WORDS = frozenset({"and", "or", "not", "like", "in", "as", "by", "asc", "desc"})
# Hyperscan has none of these ("Matches and regular expressions in the filter command" names it; its own reference).
_BEYOND_HYPERSCAN = re.compile(r"\(\?(?:<?[=!]|>|\(|P)|\\[1-9kKG]")
_ESCAPED = re.compile(r"\\[^1-9kKG]")


class MalformedQueryError(ValueError):
    """A query that AWS would not take, or that the sandbox does not know to answer; `at` counts characters."""

    def __init__(self, why: str, at: int = 0) -> None:
        super().__init__(why)
        self.at = at


class Token(NamedTuple):
    """One word: `kind` is name, word, number, period, text, regex or symbol."""

    kind: str
    text: str
    at: int


def tokens(query: str) -> Iterator[Token]:
    """Yield the words of a query; `MalformedQueryError` for what is none."""
    if len(query) > LONGEST_QUERY:
        raise MalformedQueryError(f"the query is longer than {LONGEST_QUERY} characters")
    position, end = 0, len(query.rstrip())
    while position < end:
        found = _TOKEN.match(query, position)
        if found is None:
            raise MalformedQueryError(f"unexpected symbol found {query[position : position + 20].strip()!r}", position)
        yield _token(found)
        position = found.end()


def _token(found: re.Match[str]) -> Token:
    kind, at = str(found.lastgroup), found.start(str(found.lastgroup))
    text = found[kind]
    if kind in ("double", "single"):
        return Token("text", re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL), at)
    if kind == "name":
        return Token("word" if text in _WORDS else "name", text.strip("`"), at)
    return Token(kind, text, at)


def compiled(token: Token) -> re.Pattern[str]:
    """Return what a regular expression means; one that only Python understands is refused."""
    if _BEYOND_HYPERSCAN.search(_ESCAPED.sub("_", token.text)):
        raise MalformedQueryError(f"the regular expression /{token.text}/ has what Hyperscan has not", token.at)
    text = token.text.replace(r"\/", "/").replace("(?<", "(?P<")
    try:
        return re.compile(text, re.ASCII)
    except re.error as error:
        raise MalformedQueryError(f"the regular expression /{token.text}/: {error}", token.at) from error


class Words:
    """The words of a query, read one after the other."""

    def __init__(self, query: str) -> None:
        self._tokens = list(tokens(query))
        self._position = 0

    @property
    def next(self) -> Token:
        """The word that comes next, of the kind `end` behind the last one."""
        if self._position < len(self._tokens):
            return self._tokens[self._position]
        return Token("end", "the end of the query", self._tokens[-1].at if self._tokens else 0)

    def take(self, *kinds: str) -> Token:
        """Return the next word and go on; refused when it is of another kind."""
        token = self.next
        if token.kind not in kinds:
            raise self.unexpected()
        self._position += 1
        return token

    def found(self, *texts: str) -> str:
        """Go on behind the next word when it is one of these symbols or words; return it, or nothing."""
        token = self.next
        if token.kind not in ("symbol", "word") or token.text not in texts:
            return ""
        self._position += 1
        return token.text

    def expect(self, text: str) -> None:
        """Go on behind this symbol or word; refused when something else comes."""
        if not self.found(text):
            raise self.unexpected(f", {text!r} expected")

    def unexpected(self, more: str = "") -> MalformedQueryError:
        """Return the error for the word that comes next."""
        return MalformedQueryError(f"unexpected symbol found {self.next.text!r}{more}", self.next.at)
