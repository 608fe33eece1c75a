"""Check exchanges with Elasticsearch against the official OpenAPI descriptions in `contracts/`.

Allowances: `oneOf` counts as `anyOf` (several kinds of number take the same integer), discriminators are dropped (their
mappings do not resolve), and `{"type": "object"}` with nothing more, which stands for user-defined values, takes any
value. Only success answers are described, so only these are checked.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote

from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FOLDER = Path(__file__).parent / "contracts"
NAMES = ("elasticsearch-8.15", "elasticsearch-serverless-2026-08")
# Every API takes these; the descriptions leave them out (common parameters).
COMMON_PARAMETERS = {"error_trace", "filter_path", "format", "human", "pretty"}
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path template."""

    contract: Contract
    template: str
    definition: Json

    def problems(self, exchange: Mapping[str, Any]) -> Iterator[str]:
        """Say what in an exchange is not as described."""
        yield from self._query_problems(str(exchange["query"]))
        body = self.contract.resolve(self.definition.get("requestBody") or {})
        if exchange["request_body"] is not None:
            yield from self._body_problems("request", body, exchange["request_body"])
        elif body.get("required"):
            yield "request: the body is missing"
        answer = self.contract.resolve(self.definition["responses"].get(str(exchange["status"])) or {})
        if exchange["response_body"] is not None and answer:
            yield from self._body_problems("response", answer, exchange["response_body"])

    def _query_problems(self, query: str) -> Iterator[str]:
        described = [self.contract.resolve(parameter) for parameter in self.definition.get("parameters", [])]
        schemas = {parameter["name"]: parameter["schema"] for parameter in described if parameter["in"] == "query"}
        for name, value in parse_qsl(query, keep_blank_values=True):
            if name not in schemas and name not in COMMON_PARAMETERS:
                yield f"query: [{name}] is not described"
            elif name in schemas and not any(
                self.contract.accepts(schemas[name], reading) for reading in _readings(value)
            ):
                yield f"query: [{name}] does not take {value!r}"

    def _body_problems(self, side: str, described: Json, value: object) -> Iterator[str]:
        content = described.get("content")
        if not content:
            yield f"{side}: no body is described"
            return
        schema = next(iter(content.values()))["schema"]
        for error in self.contract.errors(schema, value):
            place = "/".join(str(part) for part in error.absolute_path)
            yield f"{side}: at /{place}: {error.message[:300]}"


class Contract:
    """One OpenAPI description."""

    def __init__(self, name: str) -> None:
        document = json.loads((FOLDER / f"{name}.openapi.json").read_text(encoding="utf-8"))
        self.name = name
        self.paths: Json = document["paths"]
        self._document = _with_allowances(document)
        self._registry = Registry().with_resource("urn:contract", DRAFT202012.create_resource(self._document))

    def find(self, method: str, path: str) -> Operation | None:
        """Find the operation of a request, the template with the fewest variables first."""
        for template in sorted(self.paths, key=lambda template: template.count("{")):
            if method.lower() in self.paths[template] and _matches(template, path):
                return Operation(self, template, self.paths[template][method.lower()])
        return None

    def resolve(self, value: Json) -> Json:
        """Follow a reference to a parameter, body or answer; their names hold what JSON pointers escape."""
        while "$ref" in value:
            _, kind, name = value["$ref"].removeprefix("#/").split("/", 2)
            value = self._document["components"][kind][name]
        return value

    def errors(self, schema: Json, value: object) -> list[Any]:
        """Return jsonschema's errors."""
        absolute = _absolute(_with_allowances(schema))
        return list(Draft202012Validator(absolute, registry=self._registry).iter_errors(value))

    def accepts(self, schema: Json, value: object) -> bool:
        """Tell whether a value is as described."""
        return not self.errors(schema, value)


@cache
def contract(name: str) -> Contract:
    """Load a description once."""
    return Contract(name)


def is_described(exchange: Mapping[str, Any], contracts: tuple[str, ...] = NAMES) -> bool:
    """Tell whether all the descriptions have the API of an exchange."""
    return all(contract(name).find(str(exchange["method"]), str(exchange["path"])) for name in contracts)


def check_exchange(exchange: Mapping[str, Any], contracts: tuple[str, ...] = NAMES) -> list[str]:
    """Check one exchange, as `GET /_sandbox/exchanges` gives it, against each description.

    The request always, and the answer where it is a success. Returns what is wrong, one sentence for each.
    """
    problems = []
    for name in contracts:
        operation = contract(name).find(str(exchange["method"]), str(exchange["path"]))
        found = operation.problems(exchange) if operation else ["the API is not described"]
        problems += [f"{name}: {exchange['method']} {exchange['path']}: {problem}" for problem in found]
    return problems


def _matches(template: str, path: str) -> bool:
    parts, segments = template.strip("/").split("/"), unquote(path).strip("/").split("/")
    return len(parts) == len(segments) and all(map(_part_matches, parts, segments))


def _part_matches(part: str, segment: str) -> bool:
    if part == "{index}":
        return bool(segment) and (not segment.startswith("_") or segment == "_all")
    return bool(segment) if part.startswith("{") else part == segment


def _readings(value: str) -> Iterator[object]:
    """Yield what a parameter can mean: text, a list with commas, or JSON's words and numbers."""
    yield value
    yield value.split(",")
    if value in ("true", "false", ""):
        yield value != "false"
    try:
        yield float(value)
    except ValueError:
        return


def _with_allowances(value: Any) -> Any:
    if isinstance(value, list):
        return [_with_allowances(item) for item in value]
    if not isinstance(value, dict):
        return value
    kept = {name: _with_allowances(item) for name, item in value.items() if name != "discriminator"}
    if "oneOf" in kept and isinstance(kept["oneOf"], list):
        kept["anyOf"] = kept.pop("oneOf")
    if kept.get("type") == "object" and not kept.keys() & {"properties", "additionalProperties", "allOf", "anyOf"}:
        return {}
    if kept.get("nullable") is True:
        del kept["nullable"]
        return {"anyOf": [kept, {"type": "null"}]}
    return kept


def _absolute(value: Any) -> Any:
    """Let references start from the description instead of the schema at hand."""
    if isinstance(value, list):
        return [_absolute(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {name: f"urn:contract{item}" if name == "$ref" else _absolute(item) for name, item in value.items()}
