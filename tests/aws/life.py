"""What the tests of a key's and a user's later life share."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tests.conftest import Run

NO_CREDENTIALS: dict[str, str | None] = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}


def secrets_of(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the secrets in the file by their names."""
    path = Path(environ["ASAYER_CONFIG_DIR"], "secrets.json")
    found: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    return found


def journal_of(environ: Mapping[str, str]) -> list[dict[str, object]]:
    """Return the journal's records."""
    path = Path(environ["ASAYER_STATE_DIR"], "journal.jsonl")
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def open_changes(environ: Mapping[str, str]) -> list[object]:
    """Return the actions whose outcome was never written down."""
    records = journal_of(environ)
    closed = {record["change"] for record in records if record["state"] != "begun"}
    return [record["action"] for record in records if record["change"] not in closed]


def assert_no_secret(runs: Iterable[Run], environ: Mapping[str, str], secrets: Iterable[str]) -> None:
    """Look for secrets in everything that was printed or written, the secrets file aside."""
    folder = Path(environ["ASAYER_CONFIG_DIR"]).parent
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != "secrets.json"]
    texts = [run.out + run.err for run in runs] + [path.read_text() for path in files]
    wanted = [*secrets, environ["AWS_SECRET_ACCESS_KEY"]]
    assert len(wanted) > 1
    assert not [secret for secret in wanted if any(secret in text for text in texts)]


def error_of(run: Run) -> dict[str, str]:
    """Return the one error of a run that failed."""
    assert "Traceback" not in run.err
    (error,) = run.json["errors"]
    assert error["hint"], error
    found: dict[str, str] = error
    return found
