"""How the fields that the collector searches are mapped, and where its search can find nothing because of that."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from asayer_cli.elastic.model import FieldProblem

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MESSAGE: Final = "message"
UTC_TIME: Final = "utc_time"
TAGS: Final = "tags"
TIMESTAMP: Final = "@timestamp"
SEARCHED: Final = (MESSAGE, UTC_TIME, TAGS, TIMESTAMP)
# An object is told of where something in it is asked for.
ASKED: Final = (*SEARCHED, f"{MESSAGE}.*")
UNMAPPED: Final = "unmapped"
NOT_INDEXED: Final = ", not indexed"
TEXT_TYPES: Final = frozenset({"text", "match_only_text"})
WHOLE_VALUE_TYPES: Final = frozenset({"keyword", "wildcard", "constant_keyword"})
NUMBER_TYPES: Final = frozenset({"long", "integer", "unsigned_long", "double", "float"})
DATE_TYPES: Final = frozenset({"date", "date_nanos"})


@dataclass(frozen=True, slots=True)
class Layout:
    """Indices whose searched fields are mapped alike; each type is Elasticsearch's, `unmapped`, or `…, not indexed`."""

    indices: tuple[str, ...]
    message: str
    utc_time: str
    tags: str
    timestamp: str


def layouts(answer: Mapping[str, Any]) -> tuple[Layout, ...]:
    """Group the indices of a _field_caps answer (of `SEARCHED`, `include_unmapped`) by how they map the fields."""
    groups: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for index in sorted(names(answer.get("indices"))):
        groups[tuple(type_in(answer, field, index) for field in SEARCHED)].append(index)
    return tuple(Layout(tuple(indices), *types) for types, indices in groups.items())


def names(value: object) -> list[str]:
    """Return the names in a value that is a text or a list of them; none in any other."""
    return [value] if isinstance(value, str) else list(value) if isinstance(value, list) else []


def type_in(answer: Mapping[str, Any], field: str, index: str) -> str:
    """Return a field's type in one index of a _field_caps answer.

    `indices` is left out where all indices share the type.
    """
    for kind, capability in ((answer.get("fields") or {}).get(field) or {}).items():
        where = capability.get("indices")
        if where is None or index in names(where):
            return str(kind) + (
                NOT_INDEXED if kind not in (UNMAPPED, "object") and _is_hidden(capability, index) else ""
            )
    return UNMAPPED


def _is_hidden(capability: Mapping[str, Any], index: str) -> bool:
    """Tell whether the field cannot be searched in an index; the exceptions are listed where only some indices are."""
    exceptions = capability.get("non_searchable_indices")
    return index in names(exceptions) if exceptions else capability.get("searchable") is False


def is_sound(layout: Layout, *, strict: bool) -> bool:
    """Tell whether the collector's search can find entries in indices of this layout."""
    return layout.message != UNMAPPED and not _problems_of(layout, strict=strict)


def problems(found: Iterable[Layout], *, strict: bool) -> tuple[FieldProblem, ...]:
    """Return where the collector's search finds nothing; with `strict` off only `message` is searched."""
    where: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for layout in found:
        for field, mapped_as, effect in _problems_of(layout, strict=strict):
            where[field, mapped_as, effect].extend(layout.indices)
    return tuple(
        FieldProblem(field, mapped_as, tuple(sorted(indices)), effect)
        for (field, mapped_as, effect), indices in sorted(where.items())
    )


def _problems_of(layout: Layout, *, strict: bool) -> list[tuple[str, str, str]]:
    """Return field, type and effect. An index without `message` holds no log messages, so nothing is missing in it."""
    if layout.message == UNMAPPED:
        return []
    effects = [(MESSAGE, layout.message, _message_effect(layout.message))]
    if strict:
        effects += [
            (UTC_TIME, layout.utc_time, _utc_time_effect(layout.utc_time)),
            (TAGS, layout.tags, _tags_effect(layout.tags)),
        ]
    return [found for found in effects if found[2]]


def _message_effect(kind: str) -> str:
    if kind in TEXT_TYPES:
        return ""
    if kind in WHOLE_VALUE_TYPES:
        return "the search for a word compares the whole message, so no tag in it is found"
    if kind.endswith(NOT_INDEXED):
        return "messages are kept but cannot be searched"
    return "it is no text, so no tag in it is found"


def _utc_time_effect(kind: str) -> str:
    if kind in DATE_TYPES:
        return ""
    if kind == UNMAPPED:
        return "entries have no time that the collector asks for, so none is found"
    if kind.endswith(NOT_INDEXED):
        return "times are kept but cannot be searched"
    if kind in NUMBER_TYPES:
        return "a time that is a number stops the collector"
    return "a range of times cannot be searched in it"


def _tags_effect(kind: str) -> str:
    if kind in TEXT_TYPES or kind in WHOLE_VALUE_TYPES:
        return ""
    if kind == UNMAPPED:
        return "no entry has the tag error, so none is found"
    if kind.endswith(NOT_INDEXED):
        return "tags are kept but cannot be searched"
    return "it is no keyword, so the tag error is not found"
