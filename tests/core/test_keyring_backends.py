"""Back ends that do not work, in a process of their own each, chosen as a user would choose them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

KEYRINGS = Path(__file__).parent / "keyrings"
PROGRAM = """if True:
    import json, sys
    from asayer_cli.errors import NotConfiguredError
    from asayer_cli.secret_store import KeyringStore, prove_writable
    try:
        prove_writable(KeyringStore(**json.loads(sys.argv[1])))
        print(json.dumps({}))
    except NotConfiguredError as error:
        print(json.dumps({"message": error.message, "hint": error.hint, "code": error.code}))
"""


@dataclass(frozen=True)
class Proof:
    """What came of writing to a keyring: nothing in `error` when it works."""

    error: dict[str, str]
    seconds: float

    @property
    def message(self) -> str:
        return self.error.get("message", "")


@pytest.fixture
def prove(bare_environ: dict[str, str], tmp_path: Path) -> Callable[..., Proof]:
    def run(
        backend: str = "", *, path: Path = KEYRINGS, environ: Mapping[str, str] | None = None, **store: Any
    ) -> Proof:
        environ = {
            **bare_environ,
            **(environ or {}),
            "PYTHONPATH": os.pathsep.join([str(path), bare_environ.get("PYTHONPATH", "")]),
        }
        environ.pop("PYTHON_KEYRING_BACKEND")
        if backend:
            environ["PYTHON_KEYRING_BACKEND"] = backend
        began = time.monotonic()
        ended = subprocess.run(
            [sys.executable, "-c", PROGRAM, json.dumps(store)],
            env=environ,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr
        return Proof(json.loads(ended.stdout), time.monotonic() - began)

    return run


def test_one_that_works(prove: Callable[..., Proof]) -> None:
    assert prove("strange_keyrings.MemoryKeyring").error == {}


@pytest.mark.parametrize(
    ("backend", "why"),
    [
        ("keyring.backends.fail.Keyring", "is not there"),
        ("keyring.backends.null.Keyring", "keeps nothing"),
        ("strange_keyrings.LockedKeyring", "refused: the collection is locked"),
        ("strange_keyrings.CrashingKeyring", "refused: OSError"),
        ("strange_keyrings.NoSuchKeyring", "refused: "),
        ("no_such_module.Keyring", "refused: No module named"),
    ],
)
def test_those_that_do_not_count(prove: Callable[..., Proof], backend: str, why: str) -> None:
    proof = prove(backend)
    assert why in proof.message
    assert proof.error["code"] == "secret_store_unavailable"
    for way_out in ("secret_store file", "ASAYER_SECRET_STORE=file", "ASAYER_AWS_SECRET_ACCESS_KEY"):
        assert way_out in proof.error["hint"]


def test_no_back_end_at_all(prove: Callable[..., Proof]) -> None:
    assert "is not there: no back end works" in prove().message


def test_one_that_keeps_secrets_readable_counts_when_named(prove: Callable[..., Proof]) -> None:
    named = "strange_keyrings.PlaintextKeyring"
    assert prove(named, named=named).error == {}


def test_one_that_keeps_secrets_readable_counts_when_keyring_is_configured_so(
    prove: Callable[..., Proof], tmp_path: Path
) -> None:
    configured = tmp_path / "xdg" / "python_keyring" / "keyringrc.cfg"
    configured.parent.mkdir(parents=True)
    configured.write_text("[backend]\ndefault-keyring=strange_keyrings.PlaintextKeyring\n")
    environ = {"XDG_CONFIG_HOME": str(tmp_path / "xdg")}
    assert prove(environ=environ).error == {}
    configured.write_text("[backend]\ndefault-keyring=strange_keyrings.MemoryKeyring\n")
    assert prove(environ=environ).error == {}
    configured.unlink()
    readable = installed(tmp_path / "one", "PlaintextKeyring")
    assert "keeps secrets readable" in prove(path=readable, environ=environ).message


def test_one_that_forgets_is_found_out(prove: Callable[..., Proof]) -> None:
    proof = prove("strange_keyrings.ForgetfulKeyring")
    assert "does not keep what is written to it" in proof.message
    assert proof.error["code"] == "secret_store_broken"


def test_one_that_hangs_ends_in_an_error_within_seconds(prove: Callable[..., Proof]) -> None:
    proof = prove("strange_keyrings.HangingKeyring", patience_seconds=1)
    assert "did not answer within 1 seconds: it may be locked" in proof.message
    assert proof.seconds < 10


def installed(folder: Path, *names: str) -> Path:
    """Make a folder with a package of back ends that keyring finds by itself."""
    metadata = folder / "strange-1.0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: strange\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[keyring.backends]\nstrange = found_keyrings\n")
    source = (KEYRINGS / "strange_keyrings.py").read_text()
    kept = [f"class {name}(strange.{name}):\n    priority = {9 - rank}\n" for rank, name in enumerate(names)]
    (folder / "found_keyrings.py").write_text("import strange_keyrings as strange\n\n" + "\n".join(kept))
    (folder / "strange_keyrings.py").write_text(source.replace("priority = ", "priority = -"))
    return folder


def test_the_first_of_a_chain_is_what_counts(prove: Callable[..., Proof], tmp_path: Path) -> None:
    readable = installed(tmp_path / "one", "PlaintextKeyring", "MemoryKeyring")
    assert "keeps secrets readable" in prove(path=readable).message
    assert "keeps secrets readable" in prove(path=readable, named="keyring.backends.chainer.ChainerBackend").message
    assert prove(path=readable, named="found_keyrings.PlaintextKeyring").error == {}
    sound = installed(tmp_path / "other", "MemoryKeyring", "PlaintextKeyring")
    assert prove(path=sound).error == {}
