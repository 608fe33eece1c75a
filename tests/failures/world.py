"""One case's world: a home and an IAM user, or a name of API keys, of its own in a sandbox; and what is true of it."""

from __future__ import annotations

import base64
import itertools
import json
import os
import re
import tempfile
import uuid
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.request import ProxyHandler, Request, build_opener

import botocore.session
from botocore.config import Config

from asayer_cli.sandbox.control import Control
from asayer_cli.sandbox.supervisor import environment
from asayer_cli.secret import Secret
from asayer_cli.secret_store import secret_name
from asayer_cli.settings import read_profile
from asayer_cli.settings_file import update
from tests import warm
from tests.conftest import BUFFERING, Run
from tests.failures.strike import VARIABLE, Strike

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from asayer_cli.sandbox.faults import Fault
    from asayer_cli.sandbox.supervisor import Addresses
    from asayer_cli.settings import Value

REGION, GROUP = "eu-west-1", "/ecs/shop-api"
PATIENCE_SECONDS = 150
# The form of AWS's secrets: a token of it in any output is one that nobody planted.
AWS_SECRET = re.compile(r"(?<![A-Za-z0-9/+=])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])")


@dataclass
class Services:
    """A sandbox's two services, asked as their administrators."""

    addresses: Addresses
    aws: Control = field(init=False)
    elastic: Control = field(init=False)
    iam: Any = field(init=False)

    def __post_init__(self) -> None:
        addresses = self.addresses
        self.aws = Control(addresses.aws_endpoint_url, addresses.control_token)
        self.elastic = Control(addresses.elastic_url, addresses.control_token)
        session = botocore.session.Session()
        self.iam = session.create_client(
            "iam",
            "us-east-1",
            endpoint_url=addresses.aws_endpoint_url,
            aws_access_key_id=addresses.aws_access_key_id,
            aws_secret_access_key=addresses.aws_secret_access_key,
            config=Config(proxies={}, retries={"total_max_attempts": 1}),
        )

    def order(self, *faults: Fault) -> None:
        """Let calls fail, in the front whose service they name."""
        self.aws.order(*(fault for fault in faults if fault.service != "elastic"))
        self.elastic.order(*(fault for fault in faults if fault.service == "elastic"))

    def calls(self) -> list[tuple[str, str]]:
        """Return service and operation of each call since they were forgotten."""
        return [(call["service"], call["operation"]) for front in (self.aws, self.elastic) for call in front.requests()]

    def forget_calls(self) -> None:
        self.aws.forget_requests()
        self.elastic.forget_requests()

    def api_keys(self, name: str) -> dict[str, bool]:
        """Return the API keys of a name: id, and whether it is alive."""
        answer = self._elastic("GET", f"/_security/api_key?name={name}")
        return {key["id"]: not key["invalidated"] for key in answer["api_keys"]}

    def make_api_key(self, name: str) -> tuple[str, str]:
        """Make an API key as asayer-cli does."""
        role = {"cluster": [], "indices": [{"names": ["*log*"], "privileges": ["read", "view_index_metadata"]}]}
        metadata = {"managed-by": "asayer-cli", "run": uuid.uuid4().hex}
        body = {"name": name, "role_descriptors": {"collector": role}, "metadata": metadata}
        made = self._elastic("POST", "/_security/api_key", body)
        return made["id"], made["api_key"]

    def _elastic(self, method: str, path: str, body: object = None) -> Any:
        login = f"{self.addresses.elastic_username}:{self.addresses.elastic_password}".encode()
        headers = {"Authorization": f"Basic {base64.b64encode(login).decode()}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = Request(  # noqa: S310 - an address of the sandbox's own
            self.addresses.elastic_url + path, data=data, headers=headers, method=method
        )
        with build_opener(ProxyHandler({})).open(request, timeout=30) as answer:
            return json.load(answer)


@dataclass
class World:
    """One case: a home in `folder`, and `name`, which its IAM user and its API keys are called."""

    services: Services
    folder: Path
    name: str
    keyring: bool = False
    runs: list[Run] = field(default_factory=list)
    secrets: set[str] = field(default_factory=set)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        self.home = self.folder / "home"
        self.home.mkdir(exist_ok=True)
        self.kept = self.folder / "keyring"
        self.kept.mkdir(exist_ok=True)
        addresses = self.services.addresses
        self.secrets |= {addresses.aws_secret_access_key, addresses.elastic_password, addresses.control_token}

    @property
    def environ(self) -> dict[str, str]:
        clean = {name: value for name, value in os.environ.items() if name not in {*BUFFERING, "CI", "GITHUB_ACTIONS"}}
        environ = {**environment(self.services.addresses, self.home, clean), "PYTHONWARNINGS": "error"}
        if self.keyring:
            environ |= {
                "ASAYER_SECRET_STORE": "keyring",
                "PYTHON_KEYRING_BACKEND": "strange_keyrings.FolderKeyring",
                "TEST_KEYRING_FOLDER": str(self.kept),
            }
        return environ

    @property
    def config(self) -> Path:
        return self.home / "config"

    def run(
        self, *arguments: str, strike: tuple[str, int] = ("none", 0), env: Mapping[str, str] | None = None
    ) -> tuple[Run, list[str]]:
        """Run the program; return how it ended, and the events that its process saw."""
        notes = self.folder / f"notes-{next(self._numbers)}"
        folders = (str(self.config), str(self.home / "state"))
        order = Strike(strike[0], strike[1], folders, str(self.kept) + os.sep, str(notes))  # type: ignore[arg-type]
        environ = {
            **self.environ,
            **(env or {}),
            "ASAYER_TEST_PREPARATION": "tests.failures.strike",
            VARIABLE: json.dumps(asdict(order)),
        }
        assert warm.can_run(environ)
        run = Run(*warm.start(*arguments, environ=environ).finish(PATIENCE_SECONDS))
        self.runs.append(run)
        self.secrets |= {*self.held("aws").values(), *self.held("elastic").values()}
        return run, notes.read_text().splitlines()

    def held(self, service: str) -> dict[str, str]:
        """Return the secrets of the home by key id."""
        if self.keyring:
            kept = {path.name.replace("%2F", "/"): path.read_text() for path in self.kept.iterdir()}
        else:
            path = self.config / "secrets.json"
            kept = json.loads(path.read_text()) if path.exists() else {}
        prefix = secret_name("default", service, "")
        return {name.removeprefix(prefix): value for name, value in kept.items() if name.startswith(prefix)}

    def keep(self, service: str, key_id: str, value: str) -> None:
        """Put a secret into the home's store."""
        self.secrets.add(Secret(value).reveal())
        if self.keyring:
            (self.kept / secret_name("default", service, key_id).replace("/", "%2F")).write_text(value)
            return
        self.config.mkdir(mode=0o700, exist_ok=True)
        path = self.config / "secrets.json"
        kept = json.loads(path.read_text()) if path.exists() else {}
        path.touch(mode=0o600)
        path.write_text(json.dumps({**kept, secret_name("default", service, key_id): value}))

    def set(self, settings: Mapping[str, Value | None]) -> None:
        update(self.config, "default", settings)

    @property
    def settings(self) -> dict[str, object]:
        return dict(read_profile(self.config, "default"))

    @property
    def keys(self) -> dict[str, bool]:
        """The user's access keys: id, and whether it is active."""
        try:
            described = self.services.iam.list_access_keys(UserName=self.name)["AccessKeyMetadata"]
        except self.services.iam.exceptions.NoSuchEntityException:
            return {}
        return {key["AccessKeyId"]: key["Status"] == "Active" for key in described}

    @property
    def tags(self) -> dict[str, str]:
        user = self.services.iam.get_user(UserName=self.name)["User"]
        return {tag["Key"]: tag["Value"] for tag in user.get("Tags", [])}

    def user_is_there(self) -> bool:
        try:
            self.services.iam.get_user(UserName=self.name)
        except self.services.iam.exceptions.NoSuchEntityException:
            return False
        return True

    def open_changes(self) -> list[str]:
        """Return the actions whose outcome was never written down."""
        path = self.home / "state" / "journal.jsonl"
        records = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
        closed = {record["change"] for record in records if record["state"] != "begun"}
        return [record["action"] for record in records if record["change"] not in closed]

    def leaks(self) -> list[str]:
        """Return where a secret shows: in what was printed, or in a file that is not the secret store's."""
        places = {f"run {number}": run.out + run.err for number, run in enumerate(self.runs)}
        for path in self.home.rglob("*"):
            if path.is_file() and not path.is_symlink() and path.name != "secrets.json":
                places[path.name] = path.read_text(errors="replace")
        return [place for place, text in places.items() if AWS_SECRET.search(text) or self._shows(text)]

    def _shows(self, text: str) -> bool:
        return any(secret in text for secret in self.secrets)


@contextmanager
def world(services: Services, *, keyring: bool = False) -> Iterator[World]:
    """Make a world for one case."""
    services.order()
    with tempfile.TemporaryDirectory(prefix="case-") as folder:
        yield World(services, Path(folder), f"case-{uuid.uuid4().hex[:10]}", keyring)
    services.order()
