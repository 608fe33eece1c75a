"""Ways in which an answer can be wrong."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final
from xml.etree import ElementTree as ET

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.properties.answering import Answer, Damage

_PAGE: Final = b"<!DOCTYPE html><html><body><h1>Sign in to the network</h1></body></html>"
_BODIES: Final = {
    "nothing": b"",
    "page": _PAGE,
    "null": b"null",
    "true": b"true",
    "list": b"[]",
    "object": b"{}",
    "number": b"0",
    "text": b'"text"',
    "lists": b"[[[]]]",
    "error that is a list": b'{"error": []}',
    "error without a cause": b'{"error": {"root_cause": [{}]}}',
    "error of wrong types": b'{"__type": 5, "message": []}',
    "error code that is an object": b'{"Error": {"Code": {}}}',
    "no UTF-8": b"\xff\xfe\x00",
    "deep lists": b"[" * 100_000,
    "deep objects": b'{"a":' * 100_000,
    "numbers that are none": b'{"a": NaN, "b": 1e999}',
    "empty error": b"<ErrorResponse><Error><Code/></Error></ErrorResponse>",
    "deep elements": b"<a>" * 5_000,
    "another document": b"<?xml version='1.0'?><r/>",
}
_STATUSES: Final = (200, 201, 202, 204, 301, 302, 304, 400, 401, 403, 404, 405, 407, 409, 410, 413, 418, 500, 501, 599)
# with these the program waits and asks again: they cost seconds, and some examples are enough
_SLOW_STATUSES: Final = (429, 502, 503, 504)
_HEADERS: Final = (
    ("content-type", None),
    ("content-type", "text/html"),
    ("content-type", "application/json; charset=nonsense"),
    ("content-type", "application/vnd.elasticsearch+json;compatible-with=8"),
    ("content-type", "application/cbor"),
    ("content-type", ""),
    ("x-elastic-product", None),
    ("x-elastic-product", "Other"),
    ("content-encoding", "gzip"),
    ("content-encoding", "nonsense"),
    ("transfer-encoding", "chunked"),
    ("date", "yesterday"),
    ("date", "Mon, 99 Foo 2026 25:61:61 GMT"),
    ("date", "Sun, 22 Nov 2026 10:00:00 -0000"),
    ("retry-after", "\xb2"),
    ("retry-after", "-1"),
    ("x-amzn-errortype", ":::"),
    ("x-amzn-query-error", ";;;"),
    ("location", "http://127.0.0.1:1/elsewhere"),
    ("warning", "299 nonsense"),
    ("set-cookie", "a" * 5_000),
)
_JUNK: Final[tuple[Any, ...]] = (
    None,
    True,
    -1,
    0,
    10**30,
    -(10**30),
    1e308,
    0.5,
    "",
    "text",
    "\x1b[31m\u202e",
    "9" * 5_000,
    [],
    {},
    [None],
    [[]],
    ["text"],
    [{}],
    {"text": None},
)
_TEXTS: Final = (
    "",
    "text",
    "-1",
    "0.5",
    "9" * 5_000,
    "true",
    "2026-99-99T00:00:00Z",
    "{}",
    "%7B",
    "%",
    "\u202e",
    "::::",
)


def damages() -> st.SearchStrategy[Damage]:
    """Draw one way to damage an answer; each takes an answer and gives the damaged one."""
    return st.one_of(
        st.sampled_from(tuple(_BODIES)).map(lambda body: partial(_with_body, body=body)),
        st.tuples(st.sampled_from(_STATUSES), st.sampled_from(("", *_BODIES))).map(
            lambda drawn: partial(_with_status, status=drawn[0], body=drawn[1])
        ),
        st.sampled_from(_SLOW_STATUSES).map(lambda status: partial(_with_status, status=status, body="page")),
        st.sampled_from(_HEADERS).map(lambda header: partial(_with_header, header=header)),
        st.floats(0, 1).map(lambda part: partial(_cut, part=part)),
        st.integers(-3, 3).map(lambda more: partial(_with_wrong_length, more=more)),
        *[_inside()] * 6,  # most that can go wrong goes wrong inside
    )


def _inside() -> st.SearchStrategy[Damage]:
    drawn = st.tuples(st.integers(0, 10_000), st.sampled_from(("replace", "drop", "double")), st.integers(0, 10_000))
    return drawn.map(lambda d: partial(_with_other_member, which=d[0], how=d[1], junk=d[2]))


def _with_body(answer: Answer, body: str) -> Answer:
    return replace(answer, body=_BODIES[body])


def _with_status(answer: Answer, status: int, body: str) -> Answer:
    return replace(answer, status=status, body=_BODIES[body] if body else answer.body)


def _with_header(answer: Answer, header: tuple[str, str | None]) -> Answer:
    return answer.with_header(*header)


def _cut(answer: Answer, part: float) -> Answer:
    return replace(answer, body=answer.body[: int(len(answer.body) * part)])


def _with_wrong_length(answer: Answer, more: int) -> Answer:
    return replace(answer, promised=max(0, len(answer.body) + more))


def _with_other_member(answer: Answer, which: int, how: str, junk: int) -> Answer:
    """Replace, drop or double one member of a JSON or XML body, counted over all there are."""
    try:
        body = _other_json(json.loads(answer.body), which, how, _JUNK[junk % len(_JUNK)])
    except ValueError:
        body = _other_xml(answer.body, which, how, _TEXTS[junk % len(_TEXTS)])
    return replace(answer, body=body)


def _other_json(document: Any, which: int, how: str, junk: object) -> bytes:
    holder = {"": copy.deepcopy(document)}
    places = list(_places(holder))
    inside, name = places[which % len(places)]
    if how == "replace" or inside is holder:
        inside[name] = junk
    elif how == "drop":
        del inside[name]
    else:
        inside[name] = [inside[name]] * 2
    return json.dumps(holder[""]).encode()


def _places(inside: Any) -> Iterator[tuple[Any, Any]]:
    names = list(inside) if isinstance(inside, dict) else list(range(len(inside)))
    for name in names:
        yield inside, name
        if isinstance(inside[name], dict | list):
            yield from _places(inside[name])


def _other_xml(body: bytes, which: int, how: str, text: str) -> bytes:
    try:
        root = ET.fromstring(body)
    except ET.ParseError:
        return text.encode()
    pairs = [(parent, child) for parent in root.iter() for child in parent]
    if not pairs:
        return text.encode()
    parent, child = pairs[which % len(pairs)]
    if how == "drop":
        parent.remove(child)
    elif how == "double":
        parent.append(copy.deepcopy(child))
    else:
        child[:] = []
        child.text = text
    return ET.tostring(root)
