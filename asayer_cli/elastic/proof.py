"""Prove a key: the cluster accepts it, it reads what the collector reads, and it cannot write."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from asayer_cli.elastic.answers import identity_of
from asayer_cli.elastic.index_names import narrower
from asayer_cli.elastic.model import KeyReport
from asayer_cli.elastic.reading import IndexRights
from asayer_cli.errors import CheckFailedError, CredentialsRejectedError

if TYPE_CHECKING:
    from asayer_cli.elastic.connection import Cluster
    from asayer_cli.elastic.model import KeyIdentity
    from asayer_cli.reporting import Reporter

PATIENCE_SECONDS: Final = 8.0
_STEP_SECONDS: Final = 0.4


def prove(cluster: Cluster, key_id: str, indexes: tuple[str, ...], reporter: Reporter, patience: float) -> KeyReport:
    """Ask a cluster, connected to with the key, what the key is and may do; nothing is written.

    A key just made may be unknown to a node for a moment: for `patience` seconds a refusal is asked again.
    CredentialsRejectedError when it stays one.
    """
    identity = _identity(cluster, reporter, time.monotonic() + patience)
    if identity.api_key_id != key_id:
        raise CheckFailedError(
            f"The cluster takes the key for {identity.username} ({identity.authentication_type}), not for API key "
            f"{key_id}.",
            hint="Something between this program and the cluster replaces the credentials.",
        )
    rights = IndexRights(cluster, indexes)
    return KeyReport(
        api_key_id=key_id,
        made_by=identity.username,
        readable=rights.may_read(),
        writable=rights.may_write(),
        matches=rights.matches,
    )


def _identity(cluster: Cluster, reporter: Reporter, deadline: float) -> KeyIdentity:
    while True:
        try:
            return identity_of(cluster.ask(lambda client: client.security.authenticate().body))
        except CredentialsRejectedError:
            if time.monotonic() + _STEP_SECONDS > deadline:
                raise
        reporter.progress("waiting until the cluster knows the new key")
        time.sleep(_STEP_SECONDS)


def demand(report: KeyReport, indexes: tuple[str, ...]) -> None:
    """Raise CheckFailedError for a key that cannot do the collector's work, or can do more than that."""
    pattern = ",".join(indexes)
    if not report.readable:
        raise CheckFailedError(
            f"The key may not read {pattern}: a key has at most the rights of the user who makes it.",
            hint=f"Make it as a user who holds read and view_index_metadata on {pattern}, or name other indices.",
            code="key_cannot_read",
        )
    if report.writable:
        raise CheckFailedError(
            f"The key may change what {pattern} matches; the collector only needs to read.",
            hint="Leave out --cluster-privilege.",
            code="key_can_write",
        )


def remark(report: KeyReport, indexes: tuple[str, ...], reporter: Reporter) -> None:
    """Warn where the patterns match nothing, or what looks like no log."""
    pattern = ",".join(indexes)
    if not report.matches:
        reporter.warn(
            f"{pattern} matches no index yet. Check the names: *log* does not match filebeat-*, for instance; "
            "give others with --index."
        )
    elif report.not_logs:
        shown = ", ".join(report.not_logs[:5]) + (", ..." if len(report.not_logs) > 5 else "")  # noqa: PLR2004 - as shown
        reporter.warn(
            f"{pattern} also lets the product read what looks like no log: {shown}. "
            f"Narrower patterns do not: {narrower(match.name for match in report.matches)}"
        )
