"""A profile that leads to one cluster, and is about to lead to another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asayer_cli.elastic.endpoint import endpoint_of
from asayer_cli.elastic.model import FormerKey
from asayer_cli.errors import RefusedError
from asayer_cli.integrations import elastic_address

if TYPE_CHECKING:
    from asayer_cli.integrations import ElasticAddress
    from asayer_cli.settings import Settings


def former_key(saved: Settings, address: ElasticAddress, *, replace: bool) -> FormerKey | None:
    """Return the key that a profile has, as saved, on another cluster than `address`; None when it has none.

    RefusedError unless the user said that it is to be replaced.
    """
    key_id, configured = saved.text("elastic.api_key_id"), elastic_address(saved)
    if not key_id or not (configured.url or configured.cloud_id):
        return None
    there, here = endpoint_of(configured), endpoint_of(address)
    if there == here:
        return None
    if not replace:
        renamed = f"asayer-cli config set elastic.url {here.url} --profile {saved.profile}"
        raise RefusedError(
            f"Profile {saved.profile} leads to {there.url} (API key {key_id}), and {here.url} is another address.",
            hint="For another cluster, use a profile of its own: --profile NAME. Or let this profile lead there with "
            f"--replace: API key {key_id} then stays valid until you revoke it."
            + (f" For the same cluster under a new address: {renamed}." if configured.url else ""),
            code="other_cluster",
        )
    return FormerKey(key_id, there.url)
