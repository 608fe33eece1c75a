"""A collector with keys of its own in the sandbox, and places to log to."""

from __future__ import annotations

import base64
import itertools
import json
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

import botocore.session
import pytest
import urllib3

from asayer_cli.entries import milliseconds, rfc3339
from asayer_cli.sandbox.control import Control
from asayer_cli.session_id import SessionId
from tests.conftest import run_program

if TYPE_CHECKING:
    from asayer_cli.sandbox.supervisor import Addresses
    from tests.conftest import Run

Doc = dict[str, object]
READ_POLICY = "arn:aws:iam::aws:policy/CloudWatchReadOnlyAccess"


@cache
def _client(addresses: Addresses, service: str, region: str) -> Any:
    return botocore.session.Session().create_client(
        service,
        region_name=region,
        endpoint_url=addresses.aws_endpoint_url,
        aws_access_key_id=addresses.aws_access_key_id,
        aws_secret_access_key=addresses.aws_secret_access_key,
    )


@dataclass(frozen=True)
class Admin:
    """The administrator of the sandbox's account and cluster."""

    addresses: Addresses

    def aws(self, service: str, region: str = "") -> Any:
        return _client(self.addresses, service, region or self.addresses.aws_region)

    def elastic(self, method: str, path: str, body: object = None) -> Any:
        user = f"{self.addresses.elastic_username}:{self.addresses.elastic_password}"
        lines = "".join(json.dumps(line) + "\n" for line in body) if isinstance(body, list) else json.dumps(body)
        response = urllib3.request(
            method,
            self.addresses.elastic_url + path,
            body=None if body is None else lines,
            headers={
                "Authorization": f"Basic {base64.b64encode(user.encode()).decode()}",
                "Content-Type": "application/x-ndjson" if isinstance(body, list) else "application/json",
            },
        )
        assert response.status < 300, response.data
        return response.json()

    def front(self, service: str) -> Control:
        """The control requests of the front of `aws` or `elastic`."""
        fronts = {"aws": self.addresses.aws_endpoint_url, "elastic": self.addresses.elastic_url}
        return Control(fronts[service], self.addresses.control_token)

    def log(self, messages: list[str], *, region: str = "", log_class: str = "STANDARD") -> str:
        """Log messages, a millisecond apart, into a log group of their own and return its name."""
        logs = self.aws("logs", region)
        group = f"/verify/{uuid.uuid4().hex}"
        logs.create_log_group(logGroupName=group, logGroupClass=log_class)
        self.log_to(group, messages, region=region)
        return group

    def log_to(self, group: str, messages: list[str], *, region: str = "") -> None:
        logs = self.aws("logs", region)
        stream = uuid.uuid4().hex
        logs.create_log_stream(logGroupName=group, logStreamName=stream)
        times = itertools.count(milliseconds(datetime.now(UTC) - timedelta(minutes=5)))
        events = [{"timestamp": next(times), "message": message} for message in messages]
        if events:
            logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)

    def index(self, documents: list[Doc], mappings: Mapping[str, object] | None = None) -> str:
        """Index documents into an index of their own and return its name."""
        name = f"verify-log-{uuid.uuid4().hex}"
        types = {"message": "text", "utc_time": "date", "@timestamp": "date", "tags": "keyword"}
        properties = {field: {"type": kind} for field, kind in types.items()} | dict(mappings or {})
        self.elastic("PUT", f"/{name}", {"mappings": {"properties": properties}})
        lines = [line for document in documents for line in ({"index": {"_index": name}}, document)]
        if lines:
            answer = self.elastic("POST", "/_bulk?refresh=true", lines)
            assert not answer["errors"], answer
        return name


@pytest.fixture(scope="session")
def admin(sandbox_addresses: Addresses) -> Admin:
    return Admin(sandbox_addresses)


@pytest.fixture(scope="session")
def aws_key(admin: Admin) -> dict[str, str]:
    """An access key of a user that may read CloudWatch, as environment variables."""
    iam, name = admin.aws("iam"), f"verify-{uuid.uuid4().hex[:12]}"
    iam.create_user(UserName=name)
    iam.attach_user_policy(UserName=name, PolicyArn=READ_POLICY)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return {
        "ASAYER_AWS_ACCESS_KEY_ID": key["AccessKeyId"],
        "ASAYER_AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
        "ASAYER_AWS_REGION": admin.addresses.aws_region,
    }


def api_key(admin: Admin, **body: object) -> str:
    """Make an API key that may read `*log*`, or as `body` says, and return its encoded form."""
    role = {"cluster": [], "indices": [{"names": ["*log*"], "privileges": ["read", "view_index_metadata"]}]}
    request = {"name": f"verify-{uuid.uuid4().hex}", "role_descriptors": {"reader": role}, **body}
    encoded: str = admin.elastic("POST", "/_security/api_key", request)["encoded"]
    return encoded


@pytest.fixture(scope="session")
def elastic_key(admin: Admin) -> dict[str, str]:
    return {"ASAYER_ELASTIC_URL": admin.addresses.elastic_url, "ASAYER_ELASTIC_API_KEY": api_key(admin)}


Verify = Callable[..., "Run"]


@pytest.fixture
def verify(bare_environ: dict[str, str], admin: Admin, aws_key: dict[str, str], elastic_key: dict[str, str]) -> Verify:
    """Run `verify -o json` from environment variables alone, on a log group, an index, or both.

    No keyring, no home folder, no settings: `verify("--explain", group=..., index=..., env={...})`.
    """
    environ = {name: value for name, value in bare_environ.items() if name not in ("HOME", "ASAYER_CONFIG_DIR")}

    def run(
        *arguments: str, group: str = "", index: str = "", env: Mapping[str, str] | None = None, output: str = "json"
    ) -> Run:
        sources: dict[str, str] = {"AWS_ENDPOINT_URL": admin.addresses.aws_endpoint_url}
        if group:
            sources |= {**aws_key, "ASAYER_AWS_LOG_GROUPS": group}
        if index:
            sources |= {**elastic_key, "ASAYER_ELASTIC_INDEXES": index}
        return run_program("verify", "-o", output, *arguments, environ={**environ, **sources, **(env or {})})

    return run


@pytest.fixture
def session_id() -> SessionId:
    """The id of a session that began ten minutes ago."""
    return SessionId.starting_at(datetime.now(UTC) - timedelta(minutes=10), time.monotonic_ns())


def document(message: object, age: timedelta = timedelta(minutes=5), /, **fields: object) -> Doc:
    """Return an error document as the Elasticsearch collector wants it; None removes a field."""
    when = rfc3339(datetime.now(UTC) - age)
    doc: Doc = {"message": message, "utc_time": when, "@timestamp": when, "tags": ["error"], **fields}
    return {name: value for name, value in doc.items() if value is not None}


def check(run: Run, check_id: str) -> dict[str, Any]:
    """Return the check of this id."""
    found: dict[str, Any] = next(check for check in run.data["checks"] if check["id"] == check_id)
    return found


def source(run: Run, name: str) -> dict[str, Any]:
    """Return the report of a source."""
    found: dict[str, Any] = next(source for source in run.data["sources"] if source["name"] == name)
    return found
