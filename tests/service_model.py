"""Check requests and answers against the SDK's own description of a service: types, names, limits, values."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from botocore.model import Shape


def problems(shape: Shape, value: Any, place: str = "") -> Iterator[str]:
    """Yield what a value of JSON has that its shape has not, or lacks, or has otherwise."""
    types, check = _KINDS[shape.type_name]
    if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
        yield f"{place}: {value!r} is no {shape.type_name}"
    else:
        yield from check(shape, value, place)


def _structure(shape: Any, value: dict[str, Any], place: str) -> Iterator[str]:
    yield from (f"{place}.{name} is unknown" for name in sorted(set(value) - set(shape.members)))
    yield from (f"{place}.{name} is missing" for name in shape.required_members if name not in value)
    for name in set(value) & set(shape.members):
        yield from problems(shape.members[name], value[name], f"{place}.{name}")


def _list(shape: Any, value: list[Any], place: str) -> Iterator[str]:
    yield from _size(shape, len(value), place)
    for item in value:
        yield from problems(shape.member, item, f"{place}[]")


def _text(shape: Any, value: str, place: str) -> Iterator[str]:
    yield from _size(shape, len(value), place)
    if shape.enum and value not in shape.enum:
        yield f"{place}: {value!r} is none of {shape.enum}"
    pattern = shape.metadata.get("pattern")
    if pattern and not re.fullmatch(pattern, value):
        yield f"{place}: {value!r} does not match {pattern}"


def _size(shape: Any, size: float, place: str) -> Iterator[str]:
    least, most = shape.metadata.get("min", size), shape.metadata.get("max", size)
    if not least <= size <= most:
        yield f"{place}: {size} is not from {least} to {most}"


_KINDS: dict[str, tuple[tuple[type, ...], Callable[[Any, Any, str], Iterator[str]]]] = {
    "string": ((str,), _text),
    "boolean": ((bool,), lambda *_: iter(())),
    "integer": ((int,), _size),
    "long": ((int,), _size),
    "double": ((int, float), _size),
    "structure": ((dict,), _structure),
    "list": ((list,), _list),
}
