"""One request to an AWS API as one value: which service, which operation, which parameters."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from asayer_cli.sandbox.wsgi import read_body

if TYPE_CHECKING:
    from collections.abc import Mapping

    from _typeshed.wsgi import WSGIEnvironment

REQUEST_KEY = "asayer_cli.sandbox.aws_request"


@dataclass(frozen=True, slots=True)
class Signature:
    """The parts of a Signature Version 4 Authorization header."""

    access_key_id: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    signature: str


@dataclass(frozen=True, slots=True)
class AwsRequest:
    """A request, before anyone knows whether it is allowed.

    ``service`` is the signing name. ``parameters`` are a flat mapping of strings for the query protocols (``iam``,
    ``sts``, ``ec2``: lists as ``ActionNames.member.1``) and the JSON object for the others. ``signature`` is None when
    the request is not signed.
    """

    service: str
    operation: str
    region: str
    parameters: Mapping[str, Any]
    signature: Signature | None

    def text(self, name: str) -> str:
        """Return a parameter that is a string; empty when it was not sent."""
        return str(self.parameters.get(name) or "")

    def listed(self, name: str) -> list[str]:
        """Return a list parameter of a query protocol (``name.member.N`` in IAM and STS, ``name.N`` in EC2)."""
        prefix = f"{name}." if self.service == "ec2" else f"{name}.member."
        numbered = {
            int(key.removeprefix(prefix)): value
            for key, value in self.parameters.items()
            if key.startswith(prefix) and key.removeprefix(prefix).isdigit()
        }
        return [numbered[number] for number in sorted(numbered)]


def read_request(environ: WSGIEnvironment) -> AwsRequest:
    """Read the request once; later calls return the same value."""
    request = environ.get(REQUEST_KEY)
    if request is None:
        request = environ[REQUEST_KEY] = _read(environ)
    assert isinstance(request, AwsRequest)  # noqa: S101 - the key is ours
    return request


def _read(environ: WSGIEnvironment) -> AwsRequest:
    signature = parse_authorization(environ.get("HTTP_AUTHORIZATION", ""))
    parameters = _parameters(environ)
    return AwsRequest(
        service=signature.service if signature else "",
        operation=_operation(environ, parameters),
        region=signature.region if signature else "",
        parameters=parameters,
        signature=signature,
    )


def _operation(environ: WSGIEnvironment, parameters: Mapping[str, Any]) -> str:
    if target := environ.get("HTTP_X_AMZ_TARGET"):
        return str(target).rpartition(".")[2]
    if action := parameters.get("Action"):
        return str(action)
    # REST services (account) name the operation in the path, such as /listRegions
    name = str(environ.get("PATH_INFO", "")).strip("/")
    return name[:1].upper() + name[1:]


def _parameters(environ: WSGIEnvironment) -> dict[str, Any]:
    body = read_body(environ)
    if "json" in environ.get("CONTENT_TYPE", "") or body.startswith(b"{"):
        return _json_object(body)
    text = body.decode("utf-8", "replace") or environ.get("QUERY_STRING", "")
    return dict(parse_qsl(text, keep_blank_values=True))


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body or b"{}")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def parse_authorization(header: str) -> Signature | None:
    """Read ``AWS4-HMAC-SHA256 Credential=..., SignedHeaders=..., Signature=...``; None for anything else."""
    algorithm, _, rest = header.partition(" ")
    fields = dict(part.strip().split("=", 1) for part in rest.split(",") if "=" in part)
    scope = fields.get("Credential", "").split("/")
    if algorithm != "AWS4-HMAC-SHA256" or len(scope) != 5:  # noqa: PLR2004 - key, day, region, service, aws4_request
        return None
    return Signature(
        access_key_id=scope[0],
        region=scope[2],
        service=scope[3],
        signed_headers=tuple(fields.get("SignedHeaders", "").split(";")),
        signature=fields.get("Signature", ""),
    )
