from __future__ import annotations

import json
import stat
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from asayer_cli.errors import NotConfiguredError
from asayer_cli.secret import Secret
from asayer_cli.secret_store import (
    EnvironmentStore,
    FileStore,
    KeyringStore,
    open_store,
    prove_writable,
    secret_name,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NAME = secret_name("default", "aws", "AKIA1")
PLANTED = Secret("planted-file-secret")


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path / "folder" / "secrets.json")


def test_a_name_holds_the_key_so_that_an_old_one_and_its_replacement_lie_side_by_side(store: FileStore) -> None:
    store.put(NAME, PLANTED)
    store.put(secret_name("default", "aws", "AKIA2"), Secret("another"))
    assert store.get(NAME) == PLANTED


def test_put_get_remove(store: FileStore) -> None:
    assert store.get(NAME) is None
    assert not store.remove(NAME)
    store.put(NAME, Secret("old"))
    store.put(NAME, PLANTED)
    assert store.get(NAME) == PLANTED
    assert store.remove(NAME)
    assert not store.remove(NAME)
    assert store.get(NAME) is None


def test_only_its_owner_reads_it(store: FileStore) -> None:
    store.put(NAME, PLANTED)
    assert stat.S_IMODE(store.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(store.path.parent.stat().st_mode) == 0o700
    prove_writable(store)
    assert json.loads(store.path.read_text()) == {NAME: PLANTED.reveal()}
    assert {path.name for path in store.path.parent.iterdir()} == {"secrets.json", ".secrets.json.lock"}


def test_reading_and_forgetting_make_no_folder(store: FileStore) -> None:
    store.get(NAME)
    store.remove(NAME)
    assert not store.path.parent.exists()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o601])
def test_a_file_that_others_may_open_is_refused(store: FileStore, mode: int) -> None:
    store.put(NAME, PLANTED)
    store.path.chmod(mode)
    uses: list[Callable[[], object]] = [
        lambda: store.get(NAME),
        lambda: store.put(NAME, PLANTED),
        lambda: store.remove(NAME),
    ]
    for use in uses:
        with pytest.raises(NotConfiguredError, match="can be read by others") as refused:
            use()
        assert f"chmod 600 {store.path}" in refused.value.hint
        assert refused.value.code == "secret_store_open"
    assert stat.S_IMODE(store.path.stat().st_mode) == mode


@pytest.mark.parametrize("text", ["", "{", "[]", '{"a": 1}', "null", '{"a": null}', b"\xff"])
def test_a_broken_file_is_neither_read_nor_overwritten(store: FileStore, text: str | bytes) -> None:
    data = text if isinstance(text, bytes) else text.encode()
    store.path.parent.mkdir()
    store.path.touch(mode=0o600)
    store.path.write_bytes(data)
    uses: list[Callable[[], object]] = [lambda: store.get(NAME), lambda: store.put(NAME, PLANTED)]
    for use in uses:
        with pytest.raises(NotConfiguredError, match="is broken"):
            use()
    assert store.path.read_bytes() == data


def test_a_file_that_cannot_be_read_or_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(NotConfiguredError, match="cannot be written") as refused:
        FileStore(tmp_path / "file" / "secrets.json").put(NAME, PLANTED)
    assert "ASAYER_CONFIG_DIR" in refused.value.hint
    (tmp_path / "secrets.json").mkdir(mode=0o700)
    with pytest.raises(NotConfiguredError, match="cannot be read: Is a directory"):
        FileStore(tmp_path / "secrets.json").get(NAME)


def test_a_link_stays_a_link(store: FileStore, tmp_path: Path) -> None:
    real = tmp_path / "vault.json"
    real.touch(mode=0o600)
    real.write_text("{}")
    store.path.parent.mkdir()
    store.path.symlink_to(real)
    store.put(NAME, PLANTED)
    assert store.path.is_symlink()
    assert json.loads(real.read_text()) == {NAME: PLANTED.reveal()}


def test_processes_that_write_at_once_lose_nothing(store: FileStore) -> None:
    program = (
        "import sys; from pathlib import Path; from asayer_cli.secret import Secret\n"
        "from asayer_cli.secret_store import FileStore\n"
        "for number in range(20): FileStore(Path(sys.argv[1])).put(f'{sys.argv[2]}-{number}', Secret(str(number)))"
    )
    writers = [subprocess.Popen([sys.executable, "-c", program, str(store.path), name]) for name in "abcd"]
    assert [writer.wait(60) for writer in writers] == [0] * 4
    assert len(json.loads(store.path.read_text())) == 80


def test_the_environment_keeps_nothing() -> None:
    store = EnvironmentStore()
    assert store.get(NAME) is None
    assert not store.remove(NAME)
    with pytest.raises(NotConfiguredError, match="cannot be written to") as refused:
        prove_writable(store)
    assert "--secret-store file" in refused.value.hint


def test_choices(tmp_path: Path) -> None:
    assert open_store("file", tmp_path, {}) == FileStore(tmp_path / "secrets.json")
    assert open_store("environment", tmp_path, {}) == EnvironmentStore()
    for choice in ("keyring", ""):
        assert open_store(choice, tmp_path, {}) == KeyringStore()
        environ = {"PYTHON_KEYRING_BACKEND": "some.Keyring"}
        assert open_store(choice, tmp_path, environ) == KeyringStore(named="some.Keyring")
    with pytest.raises(NotConfiguredError, match="no secret store 'pocket'") as refused:
        open_store("pocket", tmp_path, {})
    assert "keyring, file, environment" in refused.value.hint
