"""What goes wrong in the program's own process: it is killed, its disk is full, nobody listens, the keyring locks.

Imported in the run itself, before the program begins. Python tells a hook of everything that leaves the process: each
file that is opened to be written, each connection, each piece of a request. The hook notes them, or strikes at one.
"""

from __future__ import annotations

import errno
import json
import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

KEYRINGS = str(Path(__file__).resolve().parent.parent / "core" / "keyrings")
VARIABLE = "ASAYER_TEST_STRIKE"
Kind = Literal["none", "killed", "disk_full", "refused", "keyring_locked"]
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_CHANGES = frozenset({"os.rename", "os.mkdir", "os.remove"})


@dataclass(frozen=True)
class Strike:
    """What happens at the event called `number`, counted from 0 among those that the kind may strike.

    `folders` are those of settings and journal, `keyring` that of the keyring's stand-in; events are noted in `notes`.
    """

    kind: Kind
    number: int
    folders: tuple[str, ...]
    keyring: str
    notes: str


def prepare() -> None:
    """Begin to watch this process."""
    order = json.loads(os.environ.pop(VARIABLE))
    sys.path.append(KEYRINGS)
    sys.addaudithook(_Watch(Strike(**{**order, "folders": tuple(order["folders"])})).see)


class _Watch:
    def __init__(self, strike: Strike) -> None:
        self._strike = strike
        self._seen = dict.fromkeys(("killed", "disk_full", "refused", "keyring_locked"), 0)
        self._notes = os.open(strike.notes, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._down = False

    def see(self, event: str, arguments: tuple[object, ...]) -> None:
        for kind in self._kinds(event, arguments):
            number = self._seen[kind]
            self._seen[kind] += 1
            os.write(self._notes, f"{kind} {self._label(event, arguments)}\n".encode())
            if kind == self._strike.kind and (number == self._strike.number or self._down):
                self._hit(kind)

    def _hit(self, kind: str) -> None:
        if kind == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        if kind == "disk_full":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        if kind == "refused":
            self._down = True  # what does not listen now does not listen in a moment
            raise ConnectionRefusedError(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED))
        from keyring.errors import KeyringLocked  # noqa: PLC0415 - keyring reads its environment when it is imported

        raise KeyringLocked("the collection is locked")

    def _kinds(self, event: str, arguments: tuple[object, ...]) -> tuple[str, ...]:
        if event == "socket.connect":
            return ("refused",) if isinstance(arguments[1], tuple) else ()
        if event == "http.client.send":
            return ("killed",)
        if event not in _CHANGES and event != "open":
            return ()
        path = arguments[0] if isinstance(arguments[0], str) else str(arguments[0])
        if path.startswith(self._strike.keyring):
            return ("killed", "keyring_locked")
        if not path.startswith(self._strike.folders):
            return ()
        writes = event in _CHANGES or (isinstance(arguments[2], int) and arguments[2] & _WRITING)
        return ("killed", "disk_full") if writes else ()

    def _label(self, event: str, arguments: tuple[object, ...]) -> str:
        if event in ("socket.connect", "http.client.send"):
            return event.rpartition(".")[2]
        name = Path(str(arguments[0])).name
        return f"{event.removeprefix('os.')} {name if not name.startswith('.') else name.rpartition('.')[0]}"
