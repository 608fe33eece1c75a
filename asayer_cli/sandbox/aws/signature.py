"""Signature Version 4, from the server's side: check a request's signature, and sign it again as somebody else."""

from __future__ import annotations

from hmac import compare_digest
from typing import TYPE_CHECKING

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from asayer_cli.sandbox.wsgi import read_body

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    from asayer_cli.sandbox.aws.requests import Signature


def is_signed_with(environ: WSGIEnvironment, signature: Signature, secret: str) -> bool:
    """Tell whether the request was signed with this secret access key."""
    signer = SigV4Auth(Credentials(signature.access_key_id, secret), signature.service, signature.region)
    request = _request(environ, signature.signed_headers)
    request.context["timestamp"] = environ.get("HTTP_X_AMZ_DATE", "")
    text = signer.string_to_sign(request, signer.canonical_request(request))
    return compare_digest(str(signer.signature(text, request)), signature.signature)


def sign_as(environ: WSGIEnvironment, signature: Signature, access_key_id: str, secret: str) -> None:
    """Replace the request's signature by one of another key, for the same service and region."""
    environ.pop("HTTP_X_AMZ_SECURITY_TOKEN", None)
    request = _request(environ, ("host", "content-type", "x-amz-target"))
    SigV4Auth(Credentials(access_key_id, secret), signature.service, signature.region).add_auth(request)
    environ["HTTP_AUTHORIZATION"] = request.headers["Authorization"]
    environ["HTTP_X_AMZ_DATE"] = request.headers["X-Amz-Date"]


def _request(environ: WSGIEnvironment, header_names: tuple[str, ...]) -> AWSRequest:
    query = environ.get("QUERY_STRING", "")
    url = f"http://{environ.get('HTTP_HOST', '')}{environ.get('PATH_INFO', '/')}{'?' if query else ''}{query}"
    headers = {name: value for name in header_names if (value := _header(environ, name)) is not None}
    return AWSRequest(method=environ["REQUEST_METHOD"], url=url, data=read_body(environ), headers=headers)


def _header(environ: WSGIEnvironment, name: str) -> str | None:
    key = name.upper().replace("-", "_")
    value = environ.get(key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}")
    return None if value is None else str(value)
