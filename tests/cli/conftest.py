"""What is configured, as files on this machine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from asayer_cli.secret import Secret
from asayer_cli.secret_store import FileStore, secret_name
from asayer_cli.settings import read_profile
from asayer_cli.settings_file import update

if TYPE_CHECKING:
    from collections.abc import Mapping

    from asayer_cli.settings import Value

AWS: dict[str, Value | None] = {
    "aws.account": "123456789012",
    "aws.user_name": "asayer_cw",
    "aws.access_key_id": "AKIA1",
    "aws.region": "eu-west-1",
    "aws.log_groups": ("/ecs/shop", "/ecs/worker"),
    "secret_store": "file",
}
ELASTIC: dict[str, Value | None] = {
    "elastic.url": "https://elastic.example.com:9243",
    "elastic.api_key_id": "key-1",
    "elastic.indexes": ("logs-*", "filebeat-*"),
    "secret_store": "file",
}
AWS_SECRET = "planted-aws-secret"
ELASTIC_SECRET = "planted-elastic-secret"


@dataclass(frozen=True)
class Machine:
    """The settings and secrets of the user whom the program runs as."""

    folder: Path
    profile: str = "default"

    def set(self, settings: Mapping[str, Value | None]) -> None:
        update(self.folder, self.profile, settings)

    def keep(self, service: str, key_id: str, value: str) -> None:
        self.store.put(secret_name(self.profile, service, key_id), Secret(value))

    def kept(self, service: str, key_id: str) -> bool:
        return self.store.get(secret_name(self.profile, service, key_id)) is not None

    @property
    def store(self) -> FileStore:
        return FileStore(self.folder / "secrets.json")

    @property
    def settings(self) -> dict[str, Value]:
        return read_profile(self.folder, self.profile)

    @property
    def text(self) -> str:
        return (self.folder / "config.toml").read_text()


@pytest.fixture
def machine(bare_environ: dict[str, str]) -> Machine:
    """A machine on which nothing is configured."""
    return Machine(Path(bare_environ["ASAYER_CONFIG_DIR"]))


@pytest.fixture
def configured(machine: Machine) -> Machine:
    """A machine on which both integrations are configured, with their secrets in the file."""
    machine.set(AWS)
    machine.set(ELASTIC)
    machine.keep("aws", "AKIA1", AWS_SECRET)
    machine.keep("elastic", "key-1", ELASTIC_SECRET)
    return machine
