"""What the tests of a key's life share: a machine with folders of its own, and the program run on it."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from asayer_cli.journal import Journal, Record
from asayer_cli.secret import Secret
from asayer_cli.secret_store import FileStore, secret_name
from asayer_cli.settings_file import update
from tests.conftest import Run, run_program

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.sandbox.elastic_fixtures import LocalElastic

CREATION = "elastic.create_api_key"
REVOCATION = "elastic.invalidate_api_key"


@dataclass(frozen=True)
class Machine:
    """A person's machine: settings, secrets and journal in a folder, and a way to a cluster."""

    elastic: LocalElastic
    environ: Mapping[str, str]

    @property
    def config(self) -> Path:
        return Path(self.environ["ASAYER_CONFIG_DIR"])

    @property
    def journal(self) -> Journal:
        return Journal(Path(self.environ["ASAYER_STATE_DIR"]) / "journal.jsonl")

    @property
    def store(self) -> FileStore:
        return FileStore(self.config / "secrets.json")

    def run(self, *arguments: str, without: tuple[str, ...] = (), stdin: str = "", **variables: str) -> Run:
        """Run an `elastic` command; nothing secret that this machine keeps may be in its output, unless revealed."""
        environ = {name: value for name, value in {**self.environ, **variables}.items() if name not in without}
        before = self.secrets()
        ended = run_program("elastic", *arguments, environ=environ, stdin=stdin)
        if "--reveal" not in arguments:
            for secret in (*before, *self.secrets(), self.elastic.password):
                assert secret not in ended.out + ended.err
                assert secret not in self.traces()
        assert "Traceback" not in ended.err
        return ended

    def data(self, *arguments: str, **options: Any) -> dict[str, Any]:
        """Run an `elastic` command that ends well, and return its result."""
        ended = self.run(*arguments, "-o", "json", **options)
        assert ended.code == 0, ended.err + ended.out
        return ended.data

    def error(self, code: int, *arguments: str, **options: Any) -> dict[str, str]:
        """Run an `elastic` command that ends with an exit code, and return its error."""
        ended = self.run(*arguments, "-o", "json", **options)
        assert ended.code == code, ended.err + ended.out
        (error,) = ended.json["errors"]
        found: dict[str, str] = error
        return found

    def create(self, *arguments: str) -> str:
        """Make a key and return its id."""
        return str(self.data("create-key", "--yes", *arguments)["api_key_id"])

    def as_user(self, login: tuple[str, str]) -> Machine:
        """Return this machine with another user at it."""
        variables = {"ASAYER_ELASTIC_USERNAME": login[0], "ASAYER_ELASTIC_PASSWORD": login[1]}
        return replace(self, environ={**self.environ, **variables})

    def secrets(self) -> list[str]:
        path = self.config / "secrets.json"
        return [str(value) for value in json.loads(path.read_text()).values()] if path.exists() else []

    def traces(self) -> str:
        """Return what lies in this machine's files beside the secrets."""
        folders = (self.config, Path(self.environ["ASAYER_STATE_DIR"]))
        files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
        return "".join(path.read_text() for path in files if path.name != "secrets.json")

    def cut_off_while_making(self, *, replaces: str = "", stored: bool = False, saved: bool = False) -> str:
        """Leave what a run leaves that is killed after it made a key; return the key's id."""
        change = self.begin(CREATION, "profile/default/api_key/asayer-api-key")
        role = {"indices": [{"names": ["*log*"], "privileges": ["read", "view_index_metadata"]}]}
        metadata = {"managed_by": "asayer-cli", "run": change.change, "replaces": replaces}
        with self.elastic.client() as client:
            made = client.security.create_api_key(
                name="asayer-api-key", role_descriptors={"asayer-role": role}, metadata=metadata
            )
        if stored:
            self.store.put(secret_name("default", "elastic", made["id"]), Secret(made["api_key"]))
        if saved:
            update(self.config, "default", {"elastic.api_key_id": made["id"]})
        return str(made["id"])

    def begin(self, action: str, target: str) -> Record:
        """Leave the journal's record of a change that is about to be made."""
        return self.journal.begin(self.elastic.url, action, target)

    def unsettled(self) -> set[str]:
        """Return the changes whose outcome the journal does not tell."""
        records = list(self.journal.records())
        return {record.change for record in records} - {r.change for r in records if r.state != "begun"}

    def changed(self) -> list[str]:
        """Return the operations so far that changed the cluster's keys."""
        operations = [str(request["operation"]) for request in self.elastic.control.requests()]
        return [name for name in operations if "create_api_key" in name or "invalidate" in name]
