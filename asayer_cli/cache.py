"""What services said a little while ago, in files of mode 0600: names, never a secret, and nothing that matters."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

FRESH_SECONDS: Final = 300.0
# A service that did not answer is not asked again at every key stroke.
RETRY_SECONDS: Final = 30.0
_FORGOTTEN_SECONDS: Final = 7 * 86400.0


@dataclass(frozen=True, slots=True)
class Entry:
    """Some names; `complete` when there are no more of them, `fresh` when they need not be asked for again."""

    names: tuple[str, ...]
    complete: bool
    fresh: bool


@dataclass(frozen=True, slots=True)
class NameCache:
    """Lists of names by what was asked; a cache that cannot be read or written is an empty one."""

    folder: Path

    def get(self, question: Iterable[str]) -> Entry | None:
        """Return what was answered, however long ago; None when nothing is known."""
        path = self._path(question)
        try:
            age = time.time() - path.stat().st_mtime
            kept = json.loads(path.read_text(encoding="utf-8"))
            names, complete = tuple(map(str, kept["names"])), bool(kept["complete"])
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return Entry(names, complete, 0 <= age < FRESH_SECONDS)

    def put(self, question: Iterable[str], names: Iterable[str], *, complete: bool) -> None:
        """Keep an answer for a few minutes."""
        self._write(question, names, complete=complete, fresh_for=FRESH_SECONDS)

    def postpone(self, question: Iterable[str]) -> None:
        """Note that there was no answer: what is known so far serves until it is time to ask again."""
        question = tuple(question)
        known = self.get(question)
        names, complete = (known.names, known.complete) if known else ((), False)
        self._write(question, names, complete=complete, fresh_for=RETRY_SECONDS)

    def _write(self, question: Iterable[str], names: Iterable[str], *, complete: bool, fresh_for: float) -> None:
        from asayer_cli.atomic_file import replace  # noqa: PLC0415 - reading, which must be fast, needs none of it

        path = self._path(question)
        written = time.time() - FRESH_SECONDS + fresh_for
        with contextlib.suppress(OSError):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            replace(path, json.dumps({"names": list(names), "complete": complete}))
            os.utime(path, (written, written))
            self._forget_old()

    def _forget_old(self) -> None:
        for path in self.folder.glob("*.json"):
            if time.time() - path.stat().st_mtime > _FORGOTTEN_SECONDS:
                path.unlink(missing_ok=True)

    def _path(self, question: Iterable[str]) -> Path:
        digest = hashlib.sha256(json.dumps(list(question)).encode()).hexdigest()
        return self.folder / f"names-{digest[:32]}.json"
