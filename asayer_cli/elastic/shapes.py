"""The forms of the answers that are read (official OpenAPI descriptions of 8.15): what answers may be anything.

A member that is optional or null in some version may be missing or null here; members that nobody reads are not judged.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from asayer_cli.entries import moment
from asayer_cli.errors import UnreachableError

if TYPE_CHECKING:
    from collections.abc import Mapping

# Judges a value at a place such as `api_keys[0].id`; ValueError, with the place and what is wrong, for another form.
Shape = Callable[[object, str], None]


def checked(answer: object, shape: Shape, question: str) -> Any:  # noqa: ANN401 - JSON that has its shape
    """Return an answer when it has the shape; UnreachableError, which names what is wrong, when it has not."""
    try:
        shape(answer, "")
    except ValueError as error:
        raise malformed(question, str(error)) from error
    return answer


def malformed(question: str, why: str) -> UnreachableError:
    """Return the error for an answer that Elasticsearch does not give."""
    return UnreachableError(
        f"What answered {question} does not speak like Elasticsearch: {why}.",
        hint="Check that the URL leads to Elasticsearch itself: a proxy, a gateway or another service may answer.",
        code="malformed_answer",
    )


def _instance(kind: type, named: str) -> Shape:
    def judge(value: object, place: str) -> None:
        if not isinstance(value, kind):
            raise ValueError(f"{place or 'the answer'} is no {named}")  # noqa: TRY004 - one kind for all that is wrong

    return judge


def _milliseconds(value: object, place: str) -> None:
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            moment(int(value))
            return
    except (ValueError, OverflowError):
        pass
    raise ValueError(f"{place} is no time")


def _may_be(shape: Shape) -> Shape:
    return lambda value, place: None if value is None else shape(value, place)


def _list(shape: Shape) -> Shape:
    def judge(value: object, place: str) -> None:
        _LIST(value, place)
        for number, item in enumerate(value if isinstance(value, list) else ()):
            shape(item, f"{place}[{number}]")

    return judge


def _map(shape: Shape) -> Shape:
    def judge(value: object, place: str) -> None:
        _OBJECT(value, place)
        for name, item in value.items() if isinstance(value, dict) else ():
            shape(item, f"{place}.{name}".lstrip("."))

    return judge


def _object(needed: Mapping[str, Shape] | None = None, /, **optional: Shape) -> Shape:
    shapes = {**(needed or {}), **{name: _may_be(shape) for name, shape in optional.items()}}

    def judge(value: object, place: str) -> None:
        _OBJECT(value, place)
        members: dict[str, object] = value if isinstance(value, dict) else {}
        for name, shape in shapes.items():
            shape(members.get(name), f"{place}.{name}".lstrip("."))

    return judge


def _text_or_list(value: object, place: str) -> None:
    if not isinstance(value, str):
        _TEXTS(value, place)


_TEXT: Final = _instance(str, "text")
_FLAG: Final = _instance(bool, "truth value")
_LIST: Final = _instance(list, "list")
_OBJECT: Final = _instance(dict, "object")
_TEXTS: Final = _list(_TEXT)
_ROLE: Final = _object(indices=_list(_object(names=_text_or_list, privileges=_TEXTS)), cluster=_TEXTS)
_API_KEY: Final = _object(
    {"id": _TEXT},
    name=_TEXT,
    creation=_milliseconds,
    expiration=_milliseconds,
    invalidated=_FLAG,
    username=_TEXT,
    realm=_TEXT,
    metadata=_OBJECT,
    role_descriptors=_map(_ROLE),
)
_FIELD: Final = _object(indices=_text_or_list, non_searchable_indices=_text_or_list, searchable=_FLAG)
_SHARDS: Final = _object(failures=_list(_object(reason=_OBJECT)))

AUTHENTICATED: Final = _object(
    {"username": _TEXT}, authentication_type=_TEXT, api_key=_object(id=_TEXT), authentication_realm=_object(name=_TEXT)
)
API_KEYS: Final = _object(api_keys=_list(_API_KEY))
INVALIDATED: Final = _object(invalidated_api_keys=_TEXTS, previously_invalidated_api_keys=_TEXTS)
PRIVILEGES: Final = _object(cluster=_map(_FLAG), index=_map(_map(_FLAG)))
RESOLVED: Final = _object(
    indices=_list(_object({"name": _TEXT}, data_stream=_TEXT)),
    aliases=_list(_object({"name": _TEXT}, indices=_text_or_list)),
    data_streams=_list(_object({"name": _TEXT})),
)
FIELDS: Final = _object(indices=_text_or_list, fields=_map(_map(_FIELD)))
POINT: Final = _object({"id": _TEXT})
HITS: Final = _object(
    {"hits": _object({"hits": _list(_object({"_index": _TEXT, "_id": _TEXT}, _source=_OBJECT, sort=_LIST))})},
    pit_id=_TEXT,
    _shards=_SHARDS,
)
_COUNT: Final = _instance(int, "number")
_TIMES: Final = _object({"buckets": _list(_object({"key": _milliseconds, "doc_count": _COUNT}))})
_PLACE: Final = _object({"doc_count": _COUNT}, key=_TEXT, times=_TIMES)
_STRATUM: Final = _object(
    {"doc_count": _COUNT},
    places=_object({"buckets": _list(_PLACE)}, sum_other_doc_count=_COUNT, doc_count_error_upper_bound=_COUNT),
    unnamed=_PLACE,
)
STRATA: Final = _object(
    {
        "aggregations": _object(
            {"errors": _object({"buckets": _map(_object({"kinds": _object({"buckets": _map(_STRATUM)})}))})}
        )
    },
    _shards=_SHARDS,
    timed_out=_FLAG,
)
