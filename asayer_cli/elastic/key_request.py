"""What key is asked for, and the request that makes it: for the cluster, for Kibana's Dev Tools and for curl."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from asayer_cli.elastic.model import MANAGED_BY, RequestForms
from asayer_cli.elastic.privileges import KEY_INDEX
from asayer_cli.errors import UsageError

if TYPE_CHECKING:
    from datetime import timedelta

DEFAULT_NAME: Final = "asayer-api-key"
ROLE: Final = "asayer-role"
_LONGEST_NAME: Final = 256
_NOT_IN_INDEX_NAMES: Final = re.compile(r'[\s"\\/<>|?#:,]')
_UNITS: Final = (("d", 86_400), ("h", 3600), ("m", 60), ("s", 1))


@dataclass(frozen=True, slots=True)
class KeyRequest:
    """A key to be made: its name, index patterns, lifetime (None: for ever) and cluster privileges.

    `replaces` is the id of the key whose place it takes; the new key's metadata keep it.
    UsageError for a name or a pattern that Elasticsearch does not take.
    """

    name: str
    indexes: tuple[str, ...]
    expires_in: timedelta | None = None
    cluster_privileges: tuple[str, ...] = ()
    replaces: str = ""

    def __post_init__(self) -> None:
        _check_name(self.name)
        if not self.indexes:
            raise UsageError("No index pattern is given.", hint="Give one with --index, such as --index 'logs-*'.")
        for pattern in self.indexes:
            _check_pattern(pattern)

    def body(self, run: str = "") -> dict[str, Any]:
        """Return the body of the request; `run` marks the key as made by one run of this program."""
        body: dict[str, Any] = {"name": self.name}
        if self.expires_in is not None:
            body["expiration"] = time_value(self.expires_in)
        indices = {"names": list(self.indexes), "privileges": list(KEY_INDEX)}
        body["role_descriptors"] = {ROLE: {"cluster": list(self.cluster_privileges), "indices": [indices]}}
        marks = {"run": run, "replaces": self.replaces}
        body["metadata"] = {"managed_by": MANAGED_BY, **{name: mark for name, mark in marks.items() if mark}}
        return body

    def forms(self, url: str, username: str, ca_cert: str) -> RequestForms:
        """Return the request as Kibana's Dev Tools and curl take it; curl asks for the password itself."""
        text = json.dumps(self.body(), indent=2)
        options = [["--user", username], ["--header", "Content-Type: application/json"], ["--data", text]]
        if ca_cert:
            options.insert(0, ["--cacert", ca_cert])
        # In short lines: where a terminal breaks a line, what is copied from it breaks too.
        lines = ["curl", *(shlex.join(option) for option in options), shlex.quote(f"{url}/_security/api_key")]
        return RequestForms(dev_tools=f"POST /_security/api_key\n{text}", curl=" \\\n  ".join(lines))


def time_value(duration: timedelta) -> str:
    """Write a duration as Elasticsearch reads it, in its largest whole unit; parts of a second are lost."""
    seconds = max(1, int(duration.total_seconds()))
    return next(f"{seconds // size}{unit}" for unit, size in _UNITS if seconds % size == 0)


def revoke_form(ids: list[str], *, own: bool = False) -> str:
    """Return the Dev Tools request that revokes keys; a user who may revoke none but his `own` must say so."""
    body = {"ids": ids, "owner": True} if own else {"ids": ids}
    return f"DELETE /_security/api_key\n{json.dumps(body)}"


def _check_name(name: str) -> None:
    if not name or len(name) > _LONGEST_NAME or name != name.strip() or name.startswith("_") or "*" in name:
        raise UsageError(
            f"{name!r} is no name for an API key.",
            hint="It has 1 to 256 characters, does not begin with _ or a space, and has no * in it.",
            code="malformed_name",
        )


def _check_pattern(pattern: str) -> None:
    why = ""
    if ":" in pattern:
        why = "it names another cluster, and the product reads one only"
    elif not pattern or _NOT_IN_INDEX_NAMES.search(pattern) or pattern.startswith(("-", "+", "_")):
        why = "it has a character that index names cannot have there"
    elif pattern != pattern.lower():
        why = "index names are in lower case, so it matches nothing"
    if why:
        raise UsageError(
            f"{pattern!r} is no index pattern: {why}.",
            hint="Write patterns such as 'logs-*', 'filebeat-*' or '*log*'.",
            code="malformed_index",
        )
