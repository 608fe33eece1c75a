"""An application that logs as it should: errors with the tag, into both of the sandbox's stores."""

from __future__ import annotations

import base64
import ipaddress
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import botocore.session
import urllib3
from botocore.config import Config

from asayer_cli.entries import milliseconds, rfc3339
from asayer_cli.sandbox.supervisor import ACCOUNT_ID
from asayer_cli.tag import ASAYER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from asayer_cli.session_id import SessionId

LOG_GROUP: Final = "/ecs/shop-api"
STREAM: Final = "api/demo"
ERRORS: Final = ("ValueError: bad card number", "TimeoutError: payment provider did not answer")


class NotTheSandboxError(Exception):
    """What the environment leads to is not the sandbox."""


def log_errors(session_id: SessionId, environ: Mapping[str, str]) -> int:
    """Log errors of a session into both stores and return how many each got; NotTheSandboxError outside the sandbox."""
    client = _guarded_client(environ)
    messages = [f"{ASAYER.write(session_id)} ERROR {error}" for error in ERRORS]
    _log_to_cloudwatch(client, messages)
    _log_to_elasticsearch(environ, messages)
    return len(messages)


def _guarded_client(environ: Mapping[str, str]) -> Any:  # noqa: ANN401 - botocore makes the type
    for name in ("AWS_ENDPOINT_URL", "ASAYER_ELASTIC_URL"):
        if not _is_loopback(environ.get(name, "")):
            raise NotTheSandboxError(f"{name} leads away from this computer; nothing was written.")
    session = botocore.session.Session()
    session.set_credentials(environ["AWS_ACCESS_KEY_ID"], environ["AWS_SECRET_ACCESS_KEY"])
    options = {
        "region_name": environ["AWS_REGION"],
        "endpoint_url": environ["AWS_ENDPOINT_URL"],
        "config": Config(proxies={}),
    }
    account = session.create_client("sts", **options).get_caller_identity()["Account"]
    if account != ACCOUNT_ID:
        raise NotTheSandboxError(f"Account {account} is not the sandbox's; nothing was written.")
    return session.create_client("logs", **options)


def _is_loopback(url: str) -> bool:
    try:
        return ipaddress.ip_address(urlsplit(url).hostname or "").is_loopback
    except ValueError:
        return False


def _log_to_cloudwatch(client: Any, messages: list[str]) -> None:  # noqa: ANN401 - the same
    now = milliseconds(datetime.now(UTC))
    streams = client.describe_log_streams(logGroupName=LOG_GROUP, logStreamNamePrefix=STREAM)["logStreams"]
    if not streams:
        client.create_log_stream(logGroupName=LOG_GROUP, logStreamName=STREAM)
    events = [{"timestamp": now + position, "message": message} for position, message in enumerate(messages)]
    client.put_log_events(logGroupName=LOG_GROUP, logStreamName=STREAM, logEvents=events)


def _log_to_elasticsearch(environ: Mapping[str, str], messages: list[str]) -> None:
    user = f"{environ['ASAYER_ELASTIC_USERNAME']}:{environ['ASAYER_ELASTIC_PASSWORD']}"
    now = datetime.now(UTC)
    lines: list[dict[str, object]] = []
    for message in messages:
        lines.append({"create": {}})
        lines.append({"@timestamp": rfc3339(now), "utc_time": rfc3339(now), "message": message, "tags": ["error"]})
    response = urllib3.request(
        "POST",
        f"{environ['ASAYER_ELASTIC_URL']}/shop-logs-{now:%Y.%m.%d}/_bulk?refresh=true",
        body="".join(json.dumps(line) + "\n" for line in lines),
        headers={
            "Content-Type": "application/x-ndjson",
            "Authorization": f"Basic {base64.b64encode(user.encode()).decode()}",
        },
    )
    if response.status != 200 or response.json()["errors"]:  # noqa: PLR2004 - HTTP's OK
        raise RuntimeError(f"the sandbox's Elasticsearch answered {response.status} to a bulk request")
