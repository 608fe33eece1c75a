"""What AWS answers, judged by the SDK's own model: the SDK hands on whatever JSON says, of any type."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import IncompleteReadError
from botocore.parsers import ResponseParserError

from asayer_cli.entries import moment

if TYPE_CHECKING:
    import botocore.session
    from botocore.model import OperationModel, Shape

# the SDK decodes these texts itself, at this same event
_DECODED: Final = "policyDocumentType"
_SIMPLE: Final[dict[str, tuple[type, ...]]] = {
    "string": (str,),
    "character": (str,),
    "blob": (bytes, bytearray),
    "boolean": (bool,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "timestamp": (datetime,),
}


def judge_answers(session: botocore.session.Session) -> None:
    """Let every client of a session raise ResponseParserError for an answer that its service's model does not know.

    And IncompleteReadError for one that was cut off.
    """
    session.register("after-call", _judge)


def judge_event(model: OperationModel, event: dict[str, Any]) -> None:
    """Raise ResponseParserError for an event of an event stream that the operation's model does not know."""
    _check(model.get_event_stream_output(), event, model.name)


def moment_of(ms: int) -> datetime:
    """Return the UTC moment of milliseconds since 1970; ResponseParserError for one that no calendar has."""
    try:
        return moment(ms)
    except OverflowError as error:
        raise ResponseParserError("a time is out of range") from error


def _judge(model: OperationModel, parsed: Any, http_response: Any, **_: object) -> None:  # noqa: ANN401 - as it came
    if model.has_event_stream_output:  # what comes is judged event by event, as it comes
        return
    _expect_all_of_it(http_response)
    shape = model.output_shape
    if not isinstance(parsed, dict):
        raise ResponseParserError(f"the answer to {model.name} is no object")
    if shape is not None and "Error" not in parsed:
        _check(shape, parsed, model.name)


def _expect_all_of_it(response: Any) -> None:  # noqa: ANN401 - botocore's AWSResponse
    """Raise IncompleteReadError for a body that was cut off.

    The SDK minds no Content-Length: half of a page of events would read as an empty page, and as the last one.
    """
    expected, came = response.headers.get("Content-Length", ""), len(response.content)
    if expected.isdecimal() and came < int(expected):
        raise IncompleteReadError(actual_bytes=came, expected_bytes=int(expected))


def _check(shape: Shape, value: Any, place: str) -> None:  # noqa: ANN401 - whatever was parsed
    """Raise ResponseParserError for a value that is not of the model's type; one that is null was not given."""
    if value is None or shape.name == _DECODED:
        return
    if shape.type_name == "structure":
        _expect(value, (dict,), place)
        if missing := [name for name in shape.required_members if value.get(name) is None]:
            raise ResponseParserError(f"{place} lacks {missing[0]}")
        for name, member in shape.members.items():
            _check(member, value.get(name), f"{place}.{name}")
    elif shape.type_name == "list":
        _expect(value, (list,), place)
        for item in value:
            _expect(item, (object,) if item is not None else (), f"{place}[]")
            _check(shape.member, item, f"{place}[]")
    elif shape.type_name == "map":
        _expect(value, (dict,), place)
        for item in value.values():
            _check(shape.value, item, f"{place}.*")
    else:
        _expect(value, _SIMPLE.get(shape.type_name, (object,)), place)


def _expect(value: object, kinds: tuple[type, ...], place: str) -> None:
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds and object not in kinds):
        raise ResponseParserError(f"{place} is of another type than the model's")
