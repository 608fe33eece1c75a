"""API keys of a cluster: make one, find them, revoke one."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from asayer_cli.elastic import shapes
from asayer_cli.elastic.answers import records_of, time_of
from asayer_cli.errors import AsayerError, OutcomeUnknownError, PermissionDeniedError
from asayer_cli.integrations import ElasticKey
from asayer_cli.secret import Secret

if TYPE_CHECKING:
    from datetime import datetime

    from asayer_cli.elastic.connection import Cluster
    from asayer_cli.elastic.key_request import KeyRequest
    from asayer_cli.elastic.model import ApiKeyRecord


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key just made; `expires_at` is None for one that never does."""

    key: ElasticKey
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class FoundKeys:
    """Keys as the cluster has them; `everybodys` tells that other users' would be among them, so none is hidden."""

    records: tuple[ApiKeyRecord, ...]
    everybodys: bool


@dataclass(frozen=True, slots=True)
class ApiKeys:
    """The API keys of a cluster, as one user may see and change them."""

    cluster: Cluster

    def create(self, request: KeyRequest, run: str) -> NewKey:
        """Make a key, asking once only; OutcomeUnknownError when no usable answer came back: it may exist."""
        body = request.body(run)
        answer = self.cluster.ask_once(lambda client: client.security.create_api_key(**body).body)
        made = answer if isinstance(answer, dict) else {}
        key_id, api_key = made.get("id"), made.get("api_key")
        if not isinstance(key_id, str) or not isinstance(api_key, str) or not key_id or not api_key:
            raise OutcomeUnknownError(
                f"{self.cluster.endpoint.url} answered without the new key.", code="malformed_answer"
            )
        return NewKey(ElasticKey(key_id, Secret(api_key)), time_of(made.get("expiration")))

    def by_name(self, name: str) -> FoundKeys:
        """Return all keys of a name, newest first: everybody's where that may be seen, else the user's own."""
        return self._find(name=name)

    def by_id(self, key_id: str) -> ApiKeyRecord | None:
        """Return a key, None where there is none of this id or it may not be seen."""
        return next(iter(self._find(id=key_id).records), None)

    def all(self) -> FoundKeys:
        """Return all keys, newest first: everybody's where they may be seen, else the user's own."""
        return self._find()

    def find(self, key_id: str) -> FoundKeys:
        """Return the key of an id, if there is one and it may be seen, and whether any key would be."""
        return self._find(id=key_id)

    def _find(self, **selection: str) -> FoundKeys:
        try:
            return FoundKeys(self._get({**selection, "owner": False}), everybodys=True)
        except PermissionDeniedError:
            return FoundKeys(self._get({**selection, "owner": True}), everybodys=False)

    def _get(self, selection: dict[str, Any]) -> tuple[ApiKeyRecord, ...]:
        answer = self.cluster.ask(
            lambda client: client.options(ignore_status=404).security.get_api_key(**selection).body
        )
        return tuple(sorted(records_of(answer), key=lambda record: record.created_at, reverse=True))

    def revoke(self, key_id: str) -> None:
        """Revoke a key, of another user too where that is allowed; one that is revoked already is fine.

        AsayerError when it is not certain that the key is revoked: the cluster passes over a key that is not the
        user's own, as it does over one that was revoked before.
        """
        if self._invalidate(key_id, owner=True):
            return
        with contextlib.suppress(PermissionDeniedError):
            if self._invalidate(key_id, owner=False):
                return
        found = self._find(id=key_id)
        if not (found.records[0].invalidated if found.records else found.everybodys):
            raise AsayerError(
                f"The cluster did not revoke API key {key_id}{_of_whom(found)}.",
                hint="Run the command again as the user who made the key, or as one with the cluster privilege "
                "manage_api_key.",
                code="not_revoked",
            )

    def _invalidate(self, key_id: str, *, owner: bool) -> bool:
        answer = self.cluster.ask(
            lambda client: client.options(ignore_status=404).security.invalidate_api_key(ids=[key_id], owner=owner).body
        )
        answer = shapes.checked(answer, shapes.INVALIDATED, "DELETE /_security/api_key")
        lists = (answer.get("invalidated_api_keys"), answer.get("previously_invalidated_api_keys"))
        return any(key_id in (ids or ()) for ids in lists)


def _of_whom(found: FoundKeys) -> str:
    return f" of user {found.records[0].username}" if found.records else ", which this user may not see"
