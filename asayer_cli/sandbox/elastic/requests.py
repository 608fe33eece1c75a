"""A request to the local Elasticsearch as one value."""

from __future__ import annotations

import gzip
import json
import zlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from asayer_cli.sandbox.elastic.errors import ElasticError, error, illegal_argument, unparsable
from asayer_cli.sandbox.wsgi import read_body

if TYPE_CHECKING:
    from collections.abc import Mapping

    from _typeshed.wsgi import WSGIEnvironment

_SAFE_IN_SEGMENT: Final = "*,-._~"


@dataclass(frozen=True, slots=True)
class Request:
    """``segments`` are the decoded parts of the path, ``query`` the decoded parameters; ``body`` is unpacked."""

    method: str
    segments: tuple[str, ...]
    query: Mapping[str, str]
    body: bytes
    content_type: str = "application/json"
    accept: str = "*/*"
    authorization: str | None = None

    @property
    def path(self) -> str:
        """The decoded path, as Elasticsearch's messages show it."""
        return "/" + "/".join(self.segments)

    @property
    def target(self) -> str:
        """Path and query, encoded for the next server."""
        path = "/" + "/".join(quote(segment, safe=_SAFE_IN_SEGMENT) for segment in self.segments)
        return f"{path}?{urlencode(self.query)}" if self.query else path

    def flag(self, name: str, *, default: bool = False) -> bool:
        """Read a boolean parameter; refuses with Elasticsearch's 400."""
        value = self.query.get(name, "true" if default else "false")
        if value in ("true", ""):
            return True
        if value == "false":
            return False
        raise illegal_argument(f"Failed to parse value [{value}] as only [true] or [false] are allowed.")

    def json_object(self) -> dict[str, object]:
        """Read the body as a JSON object, empty where there is none; refuses with Elasticsearch's 400."""
        if not self.body.strip():
            return {}
        try:
            value = json.loads(self.body)
        except ValueError as problem:
            raise unparsable("[1:1] the request body is not valid JSON") from problem
        if not isinstance(value, dict):
            raise error(400, "parsing_exception", "Expected [START_OBJECT] at the start of the request body")
        return value

    def with_json(self, value: object) -> Request:
        """Return the request with another body."""
        return replace(self, body=json.dumps(value).encode())


def read_request(environ: WSGIEnvironment) -> Request:
    """Read a WSGI request; refuses a body that does not unpack, and the API version 9, which 8.x does not speak."""
    url = urlsplit(environ.get("REQUEST_URI") or environ.get("PATH_INFO", "/"))
    segments = tuple(unquote(segment) for segment in url.path.split("/") if segment)
    query = dict(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True))
    content_type, accept = environ.get("CONTENT_TYPE", ""), environ.get("HTTP_ACCEPT", "*/*")
    for header, value in (("Content-Type", content_type), ("Accept", accept)):
        if "compatible-with=9" in value:
            raise _too_new(header, value)
    return Request(
        environ["REQUEST_METHOD"],
        segments,
        query,
        _unpacked(environ),
        content_type or "application/json",
        accept,
        environ.get("HTTP_AUTHORIZATION"),
    )


def _too_new(header: str, value: str) -> ElasticError:
    reason = f"{header} version must be either version 8 or 7, but found 9. {header}={value}"
    return error(400, "media_type_header_exception", reason)


def _unpacked(environ: WSGIEnvironment) -> bytes:
    body = read_body(environ)
    if environ.get("HTTP_CONTENT_ENCODING") != "gzip":
        return body
    try:
        return gzip.decompress(body)
    except (OSError, EOFError, zlib.error) as problem:
        raise illegal_argument("the request body is not in gzip format") from problem
