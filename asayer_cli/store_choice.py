"""Another secret store for a profile: only where no secret of the profile is left behind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from asayer_cli.errors import NotConfiguredError
from asayer_cli.secret_store import secret_name

if TYPE_CHECKING:
    from asayer_cli.secret_store import SecretStore
    from asayer_cli.settings import Settings

_KEY_ID_SETTINGS: Final = {"aws": "aws.access_key_id", "elastic": "elastic.api_key_id"}


def refuse_to_lose(
    service: Literal["aws", "elastic"], settings: Settings, so_far: SecretStore, chosen: SecretStore
) -> None:
    """Raise NotConfiguredError where the profile's key of `service` has its secret in the store used so far alone.

    A store that cannot be read counts as having it.
    """
    key_id = settings.text(_KEY_ID_SETTINGS[service])
    name = secret_name(settings.profile, service, key_id)
    if not key_id or not _may_have(so_far, name) or chosen.get(name) is not None:
        return
    raise NotConfiguredError(
        f"The secret of key {key_id} ({service}) of profile {settings.profile} is in {so_far.label}, and a profile "
        f"has one secret store: with {chosen.label} it would not be found any more.",
        hint="Leave out --secret-store, or use a profile of its own for this integration: --profile NAME.",
        code="secret_store_differs",
    )


def _may_have(store: SecretStore, name: str) -> bool:
    try:
        return store.get(name) is not None
    except NotConfiguredError:
        return True
