"""What an API key can and cannot do, asked with the key itself; nothing is tried."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from asayer_cli.elastic.answers import identity_of
from asayer_cli.elastic.life_model import KeyAbility
from asayer_cli.elastic.privileges import POWERS
from asayer_cli.elastic.reading import IndexRights

if TYPE_CHECKING:
    from asayer_cli.elastic.connection import Cluster
    from asayer_cli.elastic.model import IndexMatch

_SHOWN: Final = 6


def ability_of(cluster: Cluster, indexes: tuple[str, ...]) -> KeyAbility:
    """Ask a cluster, connected to with a key, what that key may do; CredentialsRejectedError where it is not taken."""
    identity = identity_of(cluster.ask(lambda client: client.security.authenticate().body))
    rights, held = IndexRights(cluster, indexes), _powers(cluster)
    pattern, unreadable, writable = ", ".join(indexes), rights.unreadable(), rights.may_write()
    can, cannot = [], []
    if len(unreadable) < max(1, len(rights.matches)):
        can.append(_reading(pattern, [match for match in rights.matches if match.name not in unreadable]))
    if unreadable:
        cannot.append(f"read {_some(unreadable)}")
    (can if writable else cannot).append(f"write, change or delete anything in {pattern}")
    can += [POWERS[name] for name in held]
    cannot += [power for name, power in POWERS.items() if name not in held]
    return KeyAbility(
        identity.api_key_id, identity.username, tuple(can), tuple(cannot), rights.matches, not unreadable, writable
    )


def _powers(cluster: Cluster) -> list[str]:
    answer = cluster.ask(lambda client: client.security.has_privileges(cluster=list(POWERS)).body)
    held = answer.get("cluster") or {}
    return [name for name in POWERS if held.get(name)]


def _reading(pattern: str, matches: list[IndexMatch]) -> str:
    if not matches:
        return f"read {pattern}, which matches no index yet"
    names = _some(tuple(match.name for match in matches))
    return f"read {pattern}, which matches {len(matches)} now: {names}"


def _some(names: tuple[str, ...]) -> str:
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
