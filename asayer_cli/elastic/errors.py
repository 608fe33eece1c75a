"""What the cluster answered instead of what was asked for: from the client library's exceptions to ours.

Forms of the answers: elastic/elasticsearch and its issues, as collected for versions 7.17 to 9.x.
"""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

import elastic_transport
import elasticsearch

from asayer_cli.elastic.route import DIRECT, Route
from asayer_cli.elastic.transport_errors import translate_transport_error
from asayer_cli.errors import AsayerError, CredentialsRejectedError, PermissionDeniedError, UnreachableError
from asayer_cli.network import name_of, proxy_refused
from asayer_cli.secret import redact

if TYPE_CHECKING:
    from asayer_cli.elastic.endpoint import Endpoint

_ACTION: Final = re.compile(r"action \[([^\]]+)\]")
_GRANTED_BY: Final = re.compile(r"granted by the (index|cluster) privileges \[([^\]]+)\]")
_ON_INDICES: Final = re.compile(r"on (?:restricted )?indices \[([^\]]+)\]")
_LONGEST_REASON: Final = 300
_ASK_FOR_RIGHTS: Final = "Run it as a user who has the right, or ask an administrator of the cluster for it."
_PRODUCT_HEADER: Final = "x-elastic-product"
# How the server says that a key has ended, our code for it, and what the key has.
_ENDED: Final = (
    ("expired", "api_key_expired", "expired"),
    ("invalidated", "api_key_invalidated", "been revoked"),
)
_UNAVAILABLE: Final = (HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT)


def translate(error: Exception, endpoint: Endpoint, who: str, route: Route = DIRECT) -> AsayerError:
    """Return our form of an exception of the client library; `who` asked, such as `user elastic`, on that `route`."""
    if isinstance(error, elastic_transport.TransportError):
        return translate_transport_error(error, endpoint, route)
    if isinstance(error, elasticsearch.UnsupportedProductError):
        return _unsupported(endpoint)
    if isinstance(error, elasticsearch.ApiError):
        return _api_error(error, endpoint, who, route)
    raise error


def error_type(error: elasticsearch.ApiError) -> str:
    """Return Elasticsearch's own name of an error, such as `index_not_found_exception`; empty when it has none."""
    cause = _cause(error)
    return str(cause.get("type") or "")


def error_reason(error: elasticsearch.ApiError) -> str:
    """Return Elasticsearch's own words for an error, at most 300 characters; empty when it has none."""
    inner = error.body.get("error") if isinstance(error.body, dict) else None
    said = str(inner if isinstance(inner, str) else _cause(error).get("reason") or "")
    return redact(said)[:_LONGEST_REASON]  # masked before a secret could be parted


def _cause(error: elasticsearch.ApiError) -> dict[str, object]:
    """Return the most telling part of an error's body: the first root cause, or the error itself."""
    inner = error.body.get("error") if isinstance(error.body, dict) else None
    if not isinstance(inner, dict):
        return {}
    roots = inner.get("root_cause")
    root = roots[0] if isinstance(roots, list) and roots and isinstance(roots[0], dict) else {}
    return {**inner, **root}


def _is_elasticsearch(error: elasticsearch.ApiError) -> bool:
    # gateways give their errors a type too; all of Elasticsearch's own end like this
    return error.meta.headers.get(_PRODUCT_HEADER) == "Elasticsearch" or error_type(error).endswith("exception")


def _api_error(error: elasticsearch.ApiError, endpoint: Endpoint, who: str, route: Route) -> AsayerError:
    if not _is_elasticsearch(error) and (foreign := _foreign_answer(error, endpoint, route)):
        return foreign
    if special := _missing_feature(error, endpoint):
        return special
    if error.meta.status == HTTPStatus.UNAUTHORIZED:
        return _rejected(error, endpoint, who)
    if error.meta.status == HTTPStatus.FORBIDDEN:
        return _denied(error, who)
    return _failed(error, endpoint)


def _failed(error: elasticsearch.ApiError, endpoint: Endpoint) -> AsayerError:
    status = error.meta.status
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return UnreachableError(
            f"{endpoint.url} is overloaded and turned the request away (429).",
            hint="Try again later.",
            code="throttled",
        )
    if status in _UNAVAILABLE:
        return UnreachableError(
            f"{endpoint.url} is not available ({status}).", hint="Try again later.", code="unavailable"
        )
    if error_type(error) == "index_not_found_exception":
        return _no_such_index(error)
    return _unknown(error, endpoint)


def _foreign_answer(error: elasticsearch.ApiError, endpoint: Endpoint, route: Route) -> AsayerError | None:
    """Judge an answer that does not come from Elasticsearch: it says nothing about the credentials."""
    status, reason = error.meta.status, error_reason(error)
    if "no handler found for uri" in reason or status == HTTPStatus.NOT_ACCEPTABLE:
        return _unsupported(endpoint)
    if route.proxy and (status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED or status in _UNAVAILABLE):
        refused = proxy_refused(route.proxy, endpoint.url, status)
        if status in _UNAVAILABLE:  # it may have passed the request on, and given up on the answer
            refused.code = "unavailable"
        return refused
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.PROXY_AUTHENTICATION_REQUIRED):
        way = f" It may be the proxy {name_of(route.proxy)}." if route.proxy else ""
        return UnreachableError(
            f"Something in front of {endpoint.url} refused the request ({status}); it did not come from Elasticsearch.",
            hint="Check that the URL leads to Elasticsearch itself, and what a proxy or gateway on the way wants."
            f"{way} The credentials were not judged.",
            code="gateway_refused",
        )
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        return AsayerError(
            f"{endpoint.url} redirects to another address ({status}).",
            hint="Give the address that it redirects to; an http:// address often wants https://.",
            code="redirected",
        )
    return None


def _unsupported(endpoint: Endpoint) -> AsayerError:
    return AsayerError(
        f"{endpoint.url} is not Elasticsearch 8 or later: OpenSearch, an old version or another service is there.",
        hint="Check the URL. OpenSearch has no Elasticsearch API keys: the product cannot be connected to it this way.",
        code="unsupported_product",
    )


def _missing_feature(error: elasticsearch.ApiError, endpoint: Endpoint) -> AsayerError | None:
    kind, reason = error_type(error), error_reason(error)
    if kind == "media_type_header_exception":
        return AsayerError(
            f"{endpoint.url} is an Elasticsearch too old for this program: it does not know version 8's requests.",
            hint="Elasticsearch 8 and 9 are supported. For 7.x, make it by hand: elastic create-key --print-request.",
            code="unsupported_version",
        )
    if kind == "feature_not_enabled_exception" or "api keys are not enabled" in reason:
        return AsayerError(
            f"API keys are switched off in the cluster at {endpoint.url}.",
            hint="Set xpack.security.authc.api_key.enabled: true in elasticsearch.yml (and TLS on its HTTP port).",
            code="api_keys_disabled",
        )
    asked_security = "_security" in reason and ("no handler found" in reason or kind == "invalid_index_name_exception")
    if asked_security or "Security must be explicitly enabled" in reason:
        return AsayerError(
            f"Security is switched off in the cluster at {endpoint.url}: it has no users and no API keys.",
            hint="Set xpack.security.enabled: true in elasticsearch.yml. Until then, whoever reaches it can read it.",
            code="security_disabled",
        )
    return None


def _rejected(error: elasticsearch.ApiError, endpoint: Endpoint, who: str) -> AsayerError:
    detail = f"{_cause(error).get('additional_unsuccessful_credentials') or ''} {error_reason(error)}"
    if who.startswith("API key"):
        for word, code, has in _ENDED:
            if word in detail:
                return CredentialsRejectedError(
                    f"The {who} has {has}.",
                    hint="Make a new one: asayer-cli elastic create-key --replace.",
                    code=code,
                )
    return CredentialsRejectedError(
        f"{endpoint.url} does not accept the {who}.",
        hint="Check that it belongs to this cluster and was copied in full."
        if who.startswith("API key")
        else "Check the user name and the password (ASAYER_ELASTIC_PASSWORD, --password-stdin or the prompt).",
    )


def _denied(error: elasticsearch.ApiError, who: str) -> AsayerError:
    reason = error_reason(error)
    action = _ACTION.search(reason)
    if not action:
        return PermissionDeniedError(
            f"The {who} may not do this: {reason or error_type(error) or 'no reason given'}.", hint=_ASK_FOR_RIGHTS
        )
    indices, granted = _ON_INDICES.search(reason), _GRANTED_BY.search(reason)
    where = f" on {indices[1]}" if indices else ""
    return PermissionDeniedError(
        f"The {who} lacks a right: {action[1]}{where}.",
        hint=f"Any of these {granted[1]} privileges grants it: {', '.join(granted[2].split(','))}."
        if granted
        else _ASK_FOR_RIGHTS,
        action=action[1],
    )


def _no_such_index(error: elasticsearch.ApiError) -> AsayerError:
    name = str(_cause(error).get("index") or "of that name")
    return AsayerError(
        f"There is no index {name}.",
        hint="Check the index names; a pattern such as logs-* may match nothing, a plain name must exist.",
        code="index_not_found",
    )


def _unknown(error: elasticsearch.ApiError, endpoint: Endpoint) -> AsayerError:
    kind, reason = error_type(error), error_reason(error)
    described = ": ".join(part for part in (kind, reason) if part) or "without a reason"
    unreachable = error.meta.status >= HTTPStatus.INTERNAL_SERVER_ERROR
    made = UnreachableError if unreachable else AsayerError
    hint = "Run it again; if it stays, look into the cluster's own log." if unreachable else ""
    return made(f"{endpoint.url} answered {error.meta.status}: {described}.", hint=hint, code="elastic_error")
