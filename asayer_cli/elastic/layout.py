"""How the fields in which a session is looked for are mapped, and which indices map them alike."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from asayer_cli.elastic.fields import (
    DATE_TYPES,
    MESSAGE,
    NOT_INDEXED,
    NUMBER_TYPES,
    TEXT_TYPES,
    TIMESTAMP,
    UNMAPPED,
    UTC_TIME,
    WHOLE_VALUE_TYPES,
    names,
    type_in,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from asayer_cli.tag import TagConvention

# Where a message, or a stack trace with the tag in it, may stand: ECS, and OpenTelemetry's body.
TEXTS: Final = (MESSAGE, "error.message", "error.stack_trace", "log.original", "body.text")
# the objects that some of those are in, and the types in which nothing can be found that stands in a text
_AROUND: Final = tuple(dict.fromkeys(field.partition(".")[0] for field in TEXTS if "." in field))
_OPAQUE: Final = frozenset({"flattened", "nested", "binary"})
INGESTED: Final = "event.ingested"
# What names one writer, the surest first; all fields of one line must be there.
STREAMS: Final = (
    ("container.id",),
    ("kubernetes.pod.uid", "kubernetes.container.name"),
    ("kubernetes.pod.uid",),
    ("log.file.path", "host.name"),
    ("log.file.path", "agent.id"),
    ("log.file.path",),
    ("agent.id", "service.name"),
    ("host.name", "service.name"),
    ("host.name",),
)
STREAM_FIELDS: Final = tuple(dict.fromkeys(field for fields in STREAMS for field in fields))
TIME_TYPES: Final = DATE_TYPES | NUMBER_TYPES | WHOLE_VALUE_TYPES


@dataclass(frozen=True, slots=True)
class TimeField:
    """A field that a range of times can be asked of, and its type."""

    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class SearchLayout:
    """Indices whose searched fields are mapped alike; `kinds` has the type of each field that is mapped."""

    indices: tuple[str, ...]
    kinds: Mapping[str, str]

    @property
    def times(self) -> tuple[TimeField, ...]:
        """The fields that have an entry's time, the one that counts first."""
        return tuple(
            TimeField(name, kind) for name in (TIMESTAMP, UTC_TIME) if (kind := self.kinds.get(name, "")) in TIME_TYPES
        )

    @property
    def words(self) -> tuple[str, ...]:
        """The fields in which words can be searched; those in an object that stands where a text should be."""
        plain = [name for field in TEXTS for name in (field, f"{field}.text") if self.kinds.get(name) in TEXT_TYPES]
        return (*plain, *(f"{field}.*" for field in TEXTS if self.kinds.get(field) == "object"))

    @property
    def whole_values(self) -> tuple[str, ...]:
        """The fields whose words can be found by a wildcard only."""
        return tuple(
            field
            for field in TEXTS
            if self.kinds.get(field) in WHOLE_VALUE_TYPES and self.kinds.get(f"{field}.text") not in TEXT_TYPES
        )

    @property
    def hidden_texts(self) -> tuple[str, ...]:
        """The fields that keep texts which cannot be searched; an object stands for those in it."""
        texts = (field for field in TEXTS if self.kinds.get(field, "").endswith(NOT_INDEXED))
        opaque = (field for field in (*TEXTS, *_AROUND) if _is_opaque(self.kinds.get(field, "")))
        return tuple(dict.fromkeys((*texts, *opaque)))

    def exact(self, field: str) -> str:
        """Return the name by which a field can be asked for a whole value, empty where it cannot."""
        exact = (name for name in (field, f"{field}.keyword") if self.kinds.get(name) in WHOLE_VALUE_TYPES)
        return next(exact, "")


def asked_fields(convention: TagConvention) -> tuple[str, ...]:
    """Return the fields to ask _field_caps for; an object is told of where something in it is asked for."""
    texts = [name for field in TEXTS for name in (field, f"{field}.text", f"{field}.*")]
    streams = [name for field in STREAM_FIELDS for name in (field, f"{field}.keyword")]
    return (*texts, *_AROUND, *streams, TIMESTAMP, UTC_TIME, INGESTED, convention.tag_name)


def search_layouts(answer: Mapping[str, Any], convention: TagConvention) -> tuple[SearchLayout, ...]:
    """Group the indices of a _field_caps answer (of `asked_fields`) by how they map the fields."""
    fields = [field for field in asked_fields(convention) if not field.endswith("*")]
    groups: dict[tuple[tuple[str, str], ...], list[str]] = defaultdict(list)
    for index in sorted(names(answer.get("indices"))):
        kinds = ((field, type_in(answer, field, index)) for field in fields)
        groups[tuple((field, kind) for field, kind in kinds if _matters(field, kind))].append(index)
    return tuple(SearchLayout(tuple(indices), dict(kinds)) for kinds, indices in groups.items())


def _matters(field: str, kind: str) -> bool:
    return _is_opaque(kind) if field in _AROUND else kind != UNMAPPED


def _is_opaque(kind: str) -> bool:
    return kind.removesuffix(NOT_INDEXED) in _OPAQUE
