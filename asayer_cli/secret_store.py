"""Where secrets are kept: the OS keyring, or what stands in for it.

A secret's name is `<profile>/<aws|elastic>/<key id>`, so that an old key and its replacement lie side by side.
"""

from __future__ import annotations

import json
import threading
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from asayer_cli.atomic_file import locked, replace
from asayer_cli.errors import NotConfiguredError
from asayer_cli.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from keyring.backend import KeyringBackend

T = TypeVar("T")
SERVICE: Final = "asayer-cli"
PATIENCE_SECONDS: Final = 8.0
CHOICES: Final = ("keyring", "file", "environment")
_WITHOUT_KEYRING: Final = (
    "Unlock or install a keyring; or choose a file that only you can read: asayer-cli config set secret_store file "
    "(or ASAYER_SECRET_STORE=file); or, for CI, give the secrets in the environment "
    "(ASAYER_AWS_ACCESS_KEY_ID and ASAYER_AWS_SECRET_ACCESS_KEY, ASAYER_ELASTIC_API_KEY)."
)
_BROKEN: Final = "Mend or remove it; secrets that were in it are lost then, and their keys must be replaced."
_UNWRITABLE: Final = "Make it and its folder yours to read and write, or point ASAYER_CONFIG_DIR to another folder."


class SecretStore(Protocol):
    """Keeps secrets by name; each method raises NotConfiguredError when the store does not work."""

    @property
    def label(self) -> str:
        """What the store is, for people."""

    def get(self, name: str) -> Secret | None:
        """Return a secret, None when there is none of this name."""

    def put(self, name: str, secret: Secret) -> None:
        """Keep a secret, replacing one of the same name."""

    def remove(self, name: str) -> bool:
        """Forget a secret; False when there was none of this name."""

    def names(self) -> tuple[str, ...]:
        """Return the names of its secrets, as far as it can list them: a keyring cannot."""


def secret_name(profile: str, service: str, key_id: str) -> str:
    """Return the name of a key's secret; `service` is `aws` or `elastic`."""
    return f"{profile}/{service}/{key_id}"


def prove_writable(store: SecretStore) -> None:
    """Write, read and remove a worthless value; NotConfiguredError when the store does not keep it."""
    name, value = f"write-test/{uuid.uuid4().hex}", Secret(uuid.uuid4().hex)
    store.put(name, value)
    kept = store.get(name) == value
    store.remove(name)
    if not kept:
        raise NotConfiguredError(
            f"The secret store ({store.label}) does not keep what is written to it.",
            hint=_WITHOUT_KEYRING,
            code="secret_store_broken",
        )


def open_store(choice: str, folder: Path, environ: Mapping[str, str]) -> SecretStore:
    """Return the chosen store, the keyring when none is chosen; nothing is contacted yet."""
    if choice == "file":
        return FileStore(folder / "secrets.json")
    if choice == "environment":
        return EnvironmentStore()
    if choice not in ("", "keyring"):
        raise NotConfiguredError(
            f"There is no secret store {choice!r}.", hint=f"Choose one of: {', '.join(CHOICES)}.", code="secret_store"
        )
    return KeyringStore(named=environ.get("PYTHON_KEYRING_BACKEND", ""))


@dataclass(frozen=True, slots=True)
class EnvironmentStore:
    """Keeps nothing: secrets come from ASAYER_AWS_SECRET_ACCESS_KEY and ASAYER_ELASTIC_API_KEY alone."""

    @property
    def label(self) -> str:
        """What the store is, for people."""
        return "environment variables"

    def get(self, name: str) -> Secret | None:  # noqa: ARG002 - the protocol's signature
        """Return None: the environment is read where credentials are resolved."""
        return None

    def put(self, name: str, secret: Secret) -> None:  # noqa: ARG002 - the protocol's signature
        """Refuse: the environment cannot be written."""
        raise NotConfiguredError(
            "The secret store is the environment, and that cannot be written to.",
            hint="Choose another one: --secret-store keyring or --secret-store file.",
            code="secret_store_readonly",
        )

    def remove(self, name: str) -> bool:  # noqa: ARG002 - the protocol's signature
        """Return False: there is nothing to forget."""
        return False

    def names(self) -> tuple[str, ...]:
        """Return nothing: names of secrets are no part of the environment."""
        return ()


@dataclass(frozen=True, slots=True)
class FileStore:
    """Keeps secrets in one JSON file of mode 0600; only by explicit choice."""

    path: Path

    @property
    def label(self) -> str:
        """What the store is, for people."""
        return f"the file {self.path}"

    def get(self, name: str) -> Secret | None:
        """Return a secret, None when there is none of this name."""
        value = self._load().get(name)
        return Secret(value) if value else None

    def put(self, name: str, secret: Secret) -> None:
        """Keep a secret, replacing one of the same name."""
        self._change(lambda values: {**values, name: secret.reveal()})

    def remove(self, name: str) -> bool:
        """Forget a secret; False when there was none of this name."""
        if name not in self._load():
            return False
        self._change(lambda values: {kept: value for kept, value in values.items() if kept != name})
        return True

    def names(self) -> tuple[str, ...]:
        """Return the names of all secrets in the file."""
        return tuple(self._load())

    def _change(self, change: Callable[[dict[str, str]], dict[str, str]]) -> None:
        try:
            with locked(self.path):
                replace(self.path, json.dumps(change(self._load())))
        except OSError as error:
            raise self._unusable(f"cannot be written: {error.strerror}", _UNWRITABLE) from error

    def _load(self) -> dict[str, str]:
        try:
            self._refuse_loose_mode()
            values = json.loads(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise self._unusable(f"cannot be read: {error.strerror}", _UNWRITABLE) from error
        except (ValueError, RecursionError) as error:
            raise self._unusable("is broken") from error
        if not isinstance(values, dict) or not all(isinstance(value, str) for value in values.values()):
            raise self._unusable("is broken")
        return values

    def _refuse_loose_mode(self) -> None:
        if self.path.stat().st_mode & 0o077:
            raise NotConfiguredError(
                f"The secrets file {self.path} can be read by others.",
                hint=f"Close it: chmod 600 {self.path}. If others may have read it, replace the keys in it.",
                code="secret_store_open",
            )

    def _unusable(self, why: str, hint: str = _BROKEN) -> NotConfiguredError:
        return NotConfiguredError(f"The secrets file {self.path} {why}.", hint=hint, code="secret_store_broken")


@dataclass(frozen=True, slots=True)
class KeyringStore:
    """Keeps secrets in the OS keyring.

    A back end that keeps them readable counts only where the user has chosen it: as `named`, the value of
    PYTHON_KEYRING_BACKEND, or in keyring's own configuration file. One that keeps nothing never counts.
    """

    named: str = ""
    patience_seconds: float = PATIENCE_SECONDS

    @property
    def label(self) -> str:
        """What the store is, for people."""
        return "the keyring of this computer"

    def get(self, name: str) -> Secret | None:
        """Return a secret, None when there is none of this name."""
        value = self._ask(lambda backend: backend.get_password(SERVICE, name))
        return Secret(value) if value else None

    def put(self, name: str, secret: Secret) -> None:
        """Keep a secret, replacing one of the same name."""
        self._ask(lambda backend: backend.set_password(SERVICE, name, secret.reveal()))

    def remove(self, name: str) -> bool:
        """Forget a secret; False when there was none of this name."""
        if self.get(name) is None:
            return False
        self._ask(lambda backend: backend.delete_password(SERVICE, name))
        return True

    def names(self) -> tuple[str, ...]:
        """Return nothing: keyrings are asked by name."""
        return ()

    def _ask(self, question: Callable[[KeyringBackend], T]) -> T:
        """Ask the back end in a thread of its own: a locked keyring may wait for a prompt that nobody sees."""
        answers: list[T] = []
        failures: list[Exception] = []

        def ask() -> None:
            try:
                answers.append(question(self._backend()))
            except Exception as error:  # noqa: BLE001 - back ends raise whatever their platform's library raises
                failures.append(error)

        thread = threading.Thread(target=ask, daemon=True)
        thread.start()
        thread.join(self.patience_seconds)
        if failures:
            raise _translate(failures[0])
        if not answers:
            raise _unusable(f"did not answer within {self.patience_seconds:.0f} seconds: it may be locked")
        return answers[0]

    def _backend(self) -> KeyringBackend:
        import keyring  # noqa: PLC0415 - heavy, and not needed with other stores

        backend = keyring.get_keyring()
        writer = _writer(backend)
        module = type(writer).__module__
        if module.startswith(("keyring.backends.fail", "keyring.backends.chainer")):
            raise _unusable("is not there: no back end works on this computer")
        if module.startswith("keyring.backends.null"):
            raise _unusable(f"is {module}, which keeps nothing")
        if "laintext" in type(writer).__name__ and not self._is_chosen(type(writer)):
            raise _unusable(f"is {module}, which keeps secrets readable, and nothing names it as what you want")
        return backend

    def _is_chosen(self, kind: type[KeyringBackend]) -> bool:
        from keyring import core  # noqa: PLC0415 - as above

        return self.named == f"{kind.__module__}.{kind.__qualname__}" or type(core.load_config()) is kind


def _writer(backend: KeyringBackend) -> KeyringBackend:
    """Return what writes: of a chain its first back end, the chain itself when it is empty."""
    if not type(backend).__module__.startswith("keyring.backends.chainer"):
        return backend
    return next(iter(getattr(backend, "backends", ())), backend)


def _translate(error: Exception) -> NotConfiguredError:
    if isinstance(error, NotConfiguredError):
        return error
    return _unusable(f"refused: {str(error) or type(error).__name__}")


def _unusable(why: str) -> NotConfiguredError:
    return NotConfiguredError(
        f"The keyring of this computer {why}.", hint=_WITHOUT_KEYRING, code="secret_store_unavailable"
    )
