"""The desk that the AWS room works at: this profile's settings, secrets, journal and sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asayer_cli.aws.known_secrets import KnownSecrets
    from asayer_cli.aws.setup import Collection, Desk
    from asayer_cli.cli.app import App
    from asayer_cli.secret_store import SecretStore
    from asayer_cli.settings import Settings, Value


def desk_of(
    app: App,
    settings: Settings,
    collection: Collection,
    aws_profile: str,
    *,
    allow_http: bool,
    keeps: bool = True,
) -> Desk:
    """Return the desk of this run's profile; a run that `keeps` secrets also remembers a store chosen for it."""
    from asayer_cli.aws.session import collector_session
    from asayer_cli.aws.setup import Desk
    from asayer_cli.settings import read_profile

    store, saved = app.store(settings), read_profile(app.config_folder, app.profile)
    network_profile = aws_profile or app.environ.get("AWS_PROFILE", "")
    return Desk(
        profile=app.profile,
        secrets=known_secrets(app, settings, store),
        journal=app.journal(),
        reporter=app.console,
        saved=saved,
        also_save=_store_setting(app, settings, saved, store) if keeps else {},
        save=app.save,
        key_session=lambda key: collector_session(key, collection.region, network_profile, allow_http=allow_http),
    )


def known_secrets(app: App, settings: Settings, store: SecretStore) -> KnownSecrets:
    """Return the secrets of this run's profile, beside the keys of the other profiles."""
    from asayer_cli.aws.known_secrets import KnownSecrets
    from asayer_cli.known_secrets import key_holders

    holders = key_holders("aws", app.config_folder, app.profile, store)
    return KnownSecrets(app.profile, holders, settings.text("aws.access_key_id"), store, app.environ)


def _store_setting(app: App, settings: Settings, saved: dict[str, Value], store: SecretStore) -> dict[str, Value]:
    """Save a store that was chosen for this run, where the profile has chosen none: later commands must find it."""
    from asayer_cli.secret_store import open_store
    from asayer_cli.store_choice import refuse_to_lose

    if not app.secret_store or saved.get("secret_store") == app.secret_store:
        return {}
    if "secret_store" in saved:
        app.console.warn(
            f"Profile {app.profile} keeps its secrets in another place ({saved['secret_store']}): give later commands "
            f"--secret-store {app.secret_store}, too."
        )
        return {}
    refuse_to_lose("elastic", settings, open_store("", app.config_folder, app.environ), store)
    return {"secret_store": app.secret_store}
