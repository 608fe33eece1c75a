"""Requests of many items, each with an index of its own: bulk and multi-get. Items are refused one by one."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from asayer_cli.sandbox.elastic.errors import error, illegal_argument
from asayer_cli.sandbox.elastic.gate import AUTO_CREATE, demand_somewhere, has_all_indices, refusal_sentence
from asayer_cli.sandbox.elastic.routes import BULK
from asayer_cli.sandbox.wsgi import Reply, json_reply

if TYPE_CHECKING:
    from collections.abc import Sequence

    from asayer_cli.sandbox.elastic.indices import Catalog
    from asayer_cli.sandbox.elastic.requests import Request
    from asayer_cli.sandbox.elastic.security import Principal
    from asayer_cli.sandbox.elastic.upstream import Upstream

MULTI_GET: Final = "indices:data/read/mget"
_ACTIONS: Final = {
    "index": "indices:data/write/index:op_type/index",
    "create": "indices:data/write/index:op_type/create",
    "update": "indices:data/write/update",
    "delete": "indices:data/write/delete",
}


@dataclass(frozen=True, slots=True)
class BulkItem:
    """One operation of a bulk request, with its lines as they came."""

    operation: str
    index: str
    id: str | None
    lines: tuple[bytes, ...]


def bulk(request: Request, default_index: str | None, principal: Principal, upstream: Upstream) -> Reply:
    """Carry out the items that the principal may do, and answer for all of them in their order."""
    demand_somewhere(principal, BULK)
    if has_all_indices(principal):
        return upstream.send(request)
    items, catalog = read_bulk(request.body, default_index), upstream.catalog()
    problems = [_bulk_problem(item, principal, catalog) for item in items]
    lines = [line for item, problem in zip(items, problems, strict=True) if not problem for line in item.lines]
    answer: dict[str, object] = {"took": 0, "errors": False, "items": []}
    if lines:
        reply = upstream.send(replace(request, body=b"\n".join(lines) + b"\n"))
        answer = json.loads(reply.body)
        if "items" not in answer:
            return reply
    refused = [_refused_item(item, problem) if problem else None for item, problem in zip(items, problems, strict=True)]
    merged = {**answer, "errors": bool(answer["errors"]) or any(problems), "items": _merge(refused, answer["items"])}
    return json_reply(200, merged)


def read_bulk(body: bytes, default_index: str | None) -> list[BulkItem]:
    """Split a bulk body into its items; refuses what does not read as one."""
    lines = [line for line in body.split(b"\n") if line.strip()]
    items: list[BulkItem] = []
    place = 0
    while place < len(lines):
        operation, target = _action_line(lines[place], place + 1)
        length = 1 if operation == "delete" else 2
        index = target.get("_index", default_index)
        if not isinstance(index, str):
            raise illegal_argument(f"the item at line [{place + 1}] names no index")
        key = target.get("_id")
        taken = tuple(lines[place : place + length])
        if len(taken) < length:
            raise illegal_argument("The bulk request must be terminated by a newline [\\n]")
        items.append(BulkItem(operation, index, str(key) if key is not None else None, taken))
        place += length
    return items


def _action_line(line: bytes, number: int) -> tuple[str, dict[str, object]]:
    try:
        ((operation, target),) = json.loads(line).items()
    except (ValueError, AttributeError) as problem:
        raise illegal_argument(f"Malformed action/metadata line [{number}]") from problem
    if operation not in _ACTIONS or not isinstance(target, dict):
        raise illegal_argument(f"Malformed action/metadata line [{number}], found [{operation}]")
    return operation, target


def _bulk_problem(item: BulkItem, principal: Principal, catalog: Catalog) -> str | None:
    actions = [f"{BULK}[s]", _ACTIONS[item.operation]]
    if item.index not in catalog.names and item.operation != "delete":
        actions.insert(0, AUTO_CREATE)
    return _first_problem(actions, principal, item.index)


def _first_problem(actions: Sequence[str], principal: Principal, index: str) -> str | None:
    refused = (action for action in actions if not principal.rights.allows(action, index))
    action = next(refused, None)
    return refusal_sentence(principal, action, index) if action else None


def _refused_item(item: BulkItem, problem: str) -> dict[str, object]:
    cause = {"type": "security_exception", "reason": problem}
    return {item.operation: {"_index": item.index, "_id": item.id, "status": 403, "error": cause}}


def _merge(refused: Sequence[object | None], answered: object) -> list[object]:
    """Put the answered items into the gaps of the refused ones."""
    rest = iter(answered if isinstance(answered, list) else [])
    return [item if item is not None else next(rest) for item in refused]


def multi_get(request: Request, default_index: str | None, principal: Principal, upstream: Upstream) -> Reply:
    """Read the documents that the principal may, and answer for all of them in their order."""
    demand_somewhere(principal, MULTI_GET)
    documents = _documents(request.json_object(), default_index)
    problems = [_first_problem([MULTI_GET], principal, str(document["_index"])) for document in documents]
    allowed = [document for document, problem in zip(documents, problems, strict=True) if not problem]
    refused = [
        _refused_document(document, problem) if problem else None
        for document, problem in zip(documents, problems, strict=True)
    ]
    if not allowed:
        return json_reply(200, {"docs": refused})
    reply = upstream.send(replace(request.with_json({"docs": allowed}), segments=("_mget",)))
    answer = json.loads(reply.body)
    return json_reply(200, {"docs": _merge(refused, answer["docs"])}) if "docs" in answer else reply


def _documents(body: dict[str, object], default_index: str | None) -> list[dict[str, object]]:
    listed, ids = body.get("docs", []), body.get("ids", [])
    if not isinstance(listed, list) or not isinstance(ids, list):
        raise illegal_argument("docs and ids are arrays")
    documents = [{"_index": default_index, **document} for document in [*listed, *({"_id": key} for key in ids)]]
    if not documents or any(not isinstance(document["_index"], str) for document in documents):
        raise error(400, "action_request_validation_exception", "Validation Failed: 1: no documents to get;")
    return documents


def _refused_document(document: dict[str, object], problem: str) -> dict[str, object]:
    cause = {"type": "security_exception", "reason": problem}
    return {"_index": document["_index"], "_id": document.get("_id"), "error": {"root_cause": [cause], **cause}}
