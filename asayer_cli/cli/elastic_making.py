"""What `elastic create-key` and `elastic rotate-key` share: from the options to a key maker, and to its settings."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from asayer_cli.cli.elastic_login import configured, is_configured, is_typed

if TYPE_CHECKING:
    from asayer_cli.cli.app import App
    from asayer_cli.cli.elastic_login import Access
    from asayer_cli.elastic.connection import Cluster
    from asayer_cli.elastic.create_key import KeyMaker
    from asayer_cli.elastic.key_request import KeyRequest
    from asayer_cli.elastic.model import FormerKey
    from asayer_cli.elastic.situation import Held
    from asayer_cli.integrations import ElasticAddress, ElasticKey
    from asayer_cli.settings import Settings


def held(app: App, settings: Settings, address: ElasticAddress, former: FormerKey | None = None) -> Held:
    """Return what this machine holds of the keys of a cluster; a `former` key is one on another."""
    from asayer_cli.elastic.situation import Held
    from asayer_cli.errors import UsageError
    from asayer_cli.known_secrets import key_holders

    store = app.store(settings)
    key_id = settings.text("elastic.api_key_id") if not former and is_configured(settings, address) else ""
    holders = key_holders("elastic", app.config_folder, app.profile, store)
    given = None
    with contextlib.suppress(UsageError):  # whoever asks with it tells what is wrong with it
        given = given_key(app)
    return Held(app.profile, store, key_id, app.journal(), holders, given.api_key_id if given else "")


def given_key(app: App) -> ElasticKey | None:
    """Return the API key that the environment gives, None when it gives none."""
    from asayer_cli.integrations import ELASTIC_KEY_VARIABLE, parse_api_key

    given = app.environ.get(ELASTIC_KEY_VARIABLE, "").strip()
    return parse_api_key(given) if given else None


def key_maker(
    app: App,
    access: Access,
    settings: Settings,
    cluster: Cluster,
    address: ElasticAddress,
    request: KeyRequest,
    former: FormerKey | None = None,
) -> KeyMaker:
    """Return what makes a key on a cluster, as the user that the connection is of."""
    from asayer_cli.elastic.api_keys import ApiKeys
    from asayer_cli.elastic.create_key import KeyMaker

    return KeyMaker(
        keys=ApiKeys(cluster),
        held=held(app, settings, address, former),
        request=request,
        reporter=app.console,
        connect_with=lambda key: access.connect(app, address, key),
        save=lambda key: app.save(_settings_of(app, address, request, key)),
        moved=address != configured(settings),
        former=former,
    )


def _settings_of(
    app: App, address: ElasticAddress, request: KeyRequest, key: ElasticKey
) -> dict[str, str | tuple[str, ...] | None]:
    chosen = {"secret_store": app.secret_store} if app.secret_store and is_typed("secret_store") else {}
    return {
        "elastic.url": address.url or None,
        "elastic.cloud_id": address.cloud_id or None,
        "elastic.api_key_id": key.api_key_id,
        "elastic.indexes": request.indexes,
        "elastic.ca_cert": address.ca_cert or None,
        "elastic.fingerprint": address.fingerprint or None,
        **chosen,
    }
