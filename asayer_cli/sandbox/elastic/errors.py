"""How Elasticsearch 8 words its refusals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from asayer_cli.sandbox.wsgi import Reply, json_reply

if TYPE_CHECKING:
    from collections.abc import Iterable

CHALLENGES: Final = ('Basic realm="security" charset="UTF-8"', 'Bearer realm="security"', "ApiKey")


class ElasticError(Exception):
    """A request that ends in a refusal: ``reply`` is the whole answer."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(f"HTTP {reply.status}")
        self.reply = reply


def error(status: int, kind: str, reason: str, **details: object) -> ElasticError:
    """Return an error of type `kind` in Elasticsearch's shape; `details` are further fields of the cause."""
    cause: dict[str, object] = {"type": kind, "reason": reason, **details}
    return ElasticError(json_reply(status, {"error": {"root_cause": [cause], **cause}, "status": status}))


def illegal_argument(reason: str) -> ElasticError:
    """Return the error for a value that makes no sense."""
    return error(400, "illegal_argument_exception", reason)


def invalid_request(*problems: str) -> ElasticError:
    """Return the error for a request whose parts are wrong, one by one."""
    numbered = "".join(f" {number}: {problem};" for number, problem in enumerate(problems, 1))
    return error(400, "action_request_validation_exception", f"Validation Failed:{numbered}")


def unparsable(reason: str, **details: object) -> ElasticError:
    """Return the error for a body that is not of the API's form."""
    return error(400, "x_content_parse_exception", reason, **details)


def no_handler(method: str, path: str) -> ElasticError:
    """Return the error for an API that does not exist (also: `_security` where security is off, 8 and later)."""
    return ElasticError(json_reply(400, {"error": f"no handler found for uri [{path}] and method [{method}]"}))


def unauthenticated(reason: str, rejected: str | None = None) -> ElasticError:
    """Return the 401 for missing or wrong credentials; `rejected` says what was wrong with an API key."""
    cause: dict[str, object] = {"type": "security_exception", "reason": reason}
    if rejected:
        cause["additional_unsuccessful_credentials"] = rejected
    cause["header"] = {"WWW-Authenticate": list(CHALLENGES)}
    body = {"error": {"root_cause": [cause], **cause}, "status": 401}
    return ElasticError(json_reply(401, body, [("WWW-Authenticate", challenge) for challenge in CHALLENGES]))


def denied(
    action: str, subject: str, kind: str, privileges: Iterable[str], indices: Iterable[str] = ()
) -> ElasticError:
    """Return the 403 for `subject` (such as ``user [ada] with effective roles [reader]``).

    `privileges` of that `kind` (index or cluster) would allow the action; `indices` are those that it was denied on.
    """
    return error(403, "security_exception", denial(action, subject, kind, privileges, indices))


def denial(action: str, subject: str, kind: str, privileges: Iterable[str], indices: Iterable[str] = ()) -> str:
    """Return the sentence of a 403, which bulk items carry on their own."""
    names = ",".join(sorted(indices))
    where = f" on indices [{names}]" if names else ""
    granted_by = ",".join(privileges)
    hint = f", this action is granted by the {kind} privileges [{granted_by}]" if granted_by else ""
    return f"action [{action}] is unauthorized for {subject}{where}{hint}"


def index_not_found(name: str) -> ElasticError:
    """Return the 404 for an index that does not exist."""
    resource = {"resource.type": "index_or_alias", "resource.id": name, "index_uuid": "_na_", "index": name}
    return error(404, "index_not_found_exception", f"no such index [{name}]", **resource)


def search_context_missing(context_id: str) -> ElasticError:
    """Return the 404 for a point in time or scroll that has ended, or was opened by somebody else."""
    cause = {"type": "search_context_missing_exception", "reason": f"No search context found for id [{context_id}]"}
    failure = {"shard": -1, "index": None, "reason": cause}
    body = {"type": "search_phase_execution_exception", "reason": "all shards failed", "phase": "query"}
    answer = {"root_cause": [cause], **body, "grouped": True, "failed_shards": [failure], "caused_by": cause}
    return ElasticError(json_reply(404, {"error": answer, "status": 404}))
