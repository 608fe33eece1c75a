"""How AWS services word their refusals: a code, a status and a body in the protocol of the service.

IAM and STS speak the query protocol (XML), EC2 its own XML, CloudWatch Logs and most others JSON; botocore reads the
error code from a different place in each (botocore/parsers.py).
"""

from __future__ import annotations

import json
from html import escape
from http import HTTPStatus
from uuid import uuid4

from asayer_cli.sandbox.wsgi import Reply

QUERY_NAMESPACES = {
    "cloudformation": "http://cloudformation.amazonaws.com/doc/2010-05-15/",
    "iam": "https://iam.amazonaws.com/doc/2010-05-08/",
    "sts": "https://sts.amazonaws.com/doc/2011-06-15/",
}
INVALID_TOKEN = "The security token included in the request is invalid."  # noqa: S105 - AWS's sentence, not a token
BAD_SIGNATURE = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
    "and signing method. Consult the service documentation for details."
)


def refuse(service: str, code: str, message: str, status: int = 400) -> Reply:
    """Answer with an error in the shape of `service` (its signing name, such as ``iam`` or ``logs``)."""
    if service == "ec2":
        return _ec2(code, message, status)
    if service in QUERY_NAMESPACES:
        return _query(service, code, message, status)
    return _json(service, code, message, status)


def _query(service: str, code: str, message: str, status: int) -> Reply:
    kind = "Sender" if status < HTTPStatus.INTERNAL_SERVER_ERROR else "Receiver"
    body = (
        f'<ErrorResponse xmlns="{QUERY_NAMESPACES[service]}"><Error><Type>{kind}</Type><Code>{escape(code)}</Code>'
        f"<Message>{escape(message)}</Message></Error><RequestId>{uuid4()}</RequestId></ErrorResponse>"
    )
    return Reply(status, (("Content-Type", "text/xml"),), body.encode())


def _ec2(code: str, message: str, status: int) -> Reply:
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<Response><Errors><Error>'
        f"<Code>{escape(code)}</Code><Message>{escape(message)}</Message>"
        f"</Error></Errors><RequestID>{uuid4()}</RequestID></Response>"
    )
    return Reply(status, (("Content-Type", "text/xml;charset=UTF-8"),), body.encode())


def _json(service: str, code: str, message: str, status: int) -> Reply:
    headers = [("x-amzn-RequestId", str(uuid4())), ("Content-Type", "application/x-amz-json-1.1")]
    if service != "logs":
        # REST JSON services (account) name the error in a header, too
        headers.append(("x-amzn-ErrorType", code))
    return Reply(status, tuple(headers), json.dumps({"__type": code, "message": message}).encode())


def unknown_key(service: str) -> Reply:
    """Refuse a key that does not exist, is inactive, or is not known in this service or region yet."""
    if service == "ec2":
        return refuse(service, "AuthFailure", "AWS was not able to validate the provided access credentials", 401)
    if service in QUERY_NAMESPACES:
        return refuse(service, "InvalidClientTokenId", INVALID_TOKEN, 403)
    status = 400 if service == "logs" else 403
    return refuse(service, "UnrecognizedClientException", INVALID_TOKEN, status)


def wrong_signature(service: str) -> Reply:
    """Refuse a request whose key exists and which was signed with another secret."""
    if service == "ec2":
        return refuse(service, "AuthFailure", "AWS was not able to validate the provided access credentials", 401)
    if service in QUERY_NAMESPACES:
        return refuse(service, "SignatureDoesNotMatch", BAD_SIGNATURE, 403)
    status = 400 if service == "logs" else 403
    return refuse(service, "InvalidSignatureException", BAD_SIGNATURE, status)


def denied(service: str, message: str) -> Reply:
    """Refuse a caller who is known and may not do this."""
    if service == "ec2":
        return refuse(service, "UnauthorizedOperation", message, 403)
    if service in QUERY_NAMESPACES:
        return refuse(service, "AccessDenied", message, 403)
    return refuse(service, "AccessDeniedException", message, 400 if service == "logs" else 403)


def throttled(service: str) -> Reply:
    """Refuse because the service's request rate is used up."""
    if service == "ec2":
        return refuse(service, "RequestLimitExceeded", "Request limit exceeded.", 503)
    code = "Throttling" if service in QUERY_NAMESPACES else "ThrottlingException"
    return refuse(service, code, "Rate exceeded")


def internal_failure(service: str) -> Reply:
    """Answer as a service that broke."""
    code = "ServiceFailure" if service == "iam" else "InternalFailure"
    return refuse(service, code, "The request processing has failed because of an unknown error.", 500)
