"""A secret store on the command line, for a profile that has secrets already."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from asayer_cli.errors import NotConfiguredError
from asayer_cli.secret import Secret
from asayer_cli.secret_store import EnvironmentStore, FileStore, secret_name
from asayer_cli.settings import load
from asayer_cli.settings_file import update
from asayer_cli.store_choice import refuse_to_lose
from tests.conftest import run_program

if TYPE_CHECKING:
    from pathlib import Path

    from tests.sandbox.elastic_fixtures import LocalElastic

pytest_plugins = ["tests.sandbox.elastic_fixtures"]
KEY_ID = "AKIAIOSFODNN7EXAMPLE"
NAME = secret_name("default", "aws", KEY_ID)


def test_a_secret_is_not_left_behind_in_another_store(tmp_path: Path) -> None:
    update(tmp_path, "default", {"aws.access_key_id": KEY_ID})
    settings = load("default", {"ASAYER_CONFIG_DIR": str(tmp_path)})
    one, other = FileStore(tmp_path / "one.json"), FileStore(tmp_path / "other.json")
    refuse_to_lose("aws", settings, one, other)
    one.put(NAME, Secret("planted-secret"))
    with pytest.raises(NotConfiguredError, match=KEY_ID) as refused:
        refuse_to_lose("aws", settings, one, other)
    assert (refused.value.code, "--profile NAME" in refused.value.hint) == ("secret_store_differs", True)
    refuse_to_lose("elastic", settings, one, other)
    refuse_to_lose("aws", settings, EnvironmentStore(), other)
    other.put(NAME, Secret("planted-secret"))
    refuse_to_lose("aws", settings, one, other)


def test_a_store_that_cannot_be_read_may_have_the_secret(tmp_path: Path) -> None:
    update(tmp_path, "default", {"aws.access_key_id": KEY_ID})
    settings = load("default", {"ASAYER_CONFIG_DIR": str(tmp_path)})
    (tmp_path / "broken.json").mkdir()
    with pytest.raises(NotConfiguredError) as refused:
        refuse_to_lose("aws", settings, FileStore(tmp_path / "broken.json"), FileStore(tmp_path / "other.json"))
    assert refused.value.code == "secret_store_differs"


def test_create_key_keeps_the_store_of_the_other_integration(
    elastic: LocalElastic, bare_environ: dict[str, str], tmp_path: Path
) -> None:
    folder = tmp_path / "settings"
    update(folder, "default", {"aws.access_key_id": KEY_ID, "secret_store": "file"})
    FileStore(folder / "secrets.json").put(NAME, Secret("planted-secret"))
    environ = {
        **bare_environ,
        "ASAYER_CONFIG_DIR": str(folder),
        "ASAYER_ELASTIC_URL": elastic.url,
        "ASAYER_ELASTIC_USERNAME": elastic.username,
        "ASAYER_ELASTIC_PASSWORD": elastic.password,
    }
    run = run_program(
        "elastic", "create-key", "--dry-run", "--secret-store", "environment", "-o", "json", environ=environ
    )
    assert (run.code, run.json["errors"][0]["code"]) == (3, "secret_store_differs")
    assert run_program("elastic", "create-key", "--dry-run", "--secret-store", "file", environ=environ).code == 0
