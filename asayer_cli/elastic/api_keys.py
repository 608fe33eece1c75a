"""API keys of a cluster: make one, find them, revoke one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from asayer_cli.elastic.answers import record_of
from asayer_cli.entries import moment
from asayer_cli.errors import AsayerError, OutcomeUnknownError, PermissionDeniedError
from asayer_cli.integrations import ElasticKey
from asayer_cli.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping
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
class ApiKeys:
    """The API keys of a cluster, as one user may see and change them."""

    cluster: Cluster

    def create(self, request: KeyRequest, run: str) -> NewKey:
        """Make a key, asking once only; OutcomeUnknownError when no usable answer came back: it may exist."""
        body = request.body(run)
        answer = self.cluster.ask_once(lambda client: client.security.create_api_key(**body).body)
        key_id, api_key = answer.get("id"), answer.get("api_key")
        if not isinstance(key_id, str) or not isinstance(api_key, str) or not key_id or not api_key:
            raise OutcomeUnknownError(
                f"{self.cluster.endpoint.url} answered without the new key.", code="malformed_answer"
            )
        expiration = answer.get("expiration")
        return NewKey(ElasticKey(key_id, Secret(api_key)), None if expiration is None else moment(int(expiration)))

    def by_name(self, name: str) -> tuple[ApiKeyRecord, ...]:
        """Return all keys of a name, newest first: everybody's where that may be seen, else the user's own."""
        return tuple(sorted(self._find(name=name), key=lambda record: record.created_at, reverse=True))

    def by_id(self, key_id: str) -> ApiKeyRecord | None:
        """Return a key, None where there is none of this id or it may not be seen."""
        return next(iter(self._find(id=key_id)), None)

    def _find(self, **selection: Any) -> list[ApiKeyRecord]:  # noqa: ANN401 - passed on
        try:
            answer = self._get({**selection, "owner": False})
        except PermissionDeniedError:
            answer = self._get({**selection, "owner": True})
        return [record_of(item) for item in answer.get("api_keys", ())]

    def _get(self, selection: dict[str, Any]) -> Mapping[str, Any]:
        return self.cluster.ask(lambda client: client.options(ignore_status=404).security.get_api_key(**selection).body)

    def revoke(self, key_id: str) -> None:
        """Revoke a key of the user's own; one that is gone already is fine. AsayerError when it is not certain."""
        answer = self.cluster.ask(
            lambda client: client.options(ignore_status=404).security.invalidate_api_key(ids=[key_id], owner=True).body
        )
        if answer.get("error_count"):
            raise AsayerError(f"The cluster did not revoke API key {key_id}.", code="not_revoked")
