"""`elastic rotate-key`: a new API key like the current one, and later the end of the old one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from asayer_cli.cli.base import command, dry_run_option, yes_option
from asayer_cli.cli.elastic_login import access_options, changing
from asayer_cli.cli.types import DURATION
from asayer_cli.result import Result

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import timedelta

    from asayer_cli.cli.app import App
    from asayer_cli.cli.elastic_login import Access
    from asayer_cli.elastic.connection import Cluster
    from asayer_cli.elastic.model import ApiKeyRecord
    from asayer_cli.elastic.rotation import OldKeys, Rotation
    from asayer_cli.elastic.situation import Held
    from asayer_cli.integrations import ElasticAddress, ElasticKey
    from asayer_cli.settings import Settings


@command("rotate-key")
@access_options("User who makes the new key, or revokes the old one; asked for on a terminal.")
@click.option(
    "--expires-in",
    type=DURATION,
    metavar="DURATION",
    help="Lifetime of the new key, such as 90d; that of the current one when not given.",
)
@click.option("--revoke-old", is_flag=True, help="Revoke the old key, once the current one is proved.")
@click.option("--reveal", is_flag=True, help="Show the new secret too.")
@dry_run_option
@yes_option
def rotate_key(
    app: App,
    access: Access,
    expires_in: timedelta | None,
    *,
    revoke_old: bool,
    reveal: bool,
    dry_run: bool,
    yes: bool,
) -> Result:
    """Make a new API key like the current one; the old one stays valid until you revoke it.

    The new key has the same name, indices, privileges and lifetime. It is proved, kept in the secret store and written
    into the settings. Enter it under Preferences > Integrations; then revoke the old one with --revoke-old. A rotation
    that was cut off is finished by running it again.

    \b
    asayer-cli elastic rotate-key --dry-run
    asayer-cli elastic rotate-key --reveal
    asayer-cli elastic rotate-key --revoke-old
    """
    from asayer_cli.errors import UsageError

    if revoke_old and (expires_in or reveal):
        raise UsageError("--revoke-old makes no key.", hint="Leave out --expires-in and --reveal.")
    settings = app.settings()
    address = access.address(settings)
    _refuse_without_key(app, settings, address)
    cluster = access.connect(app, address, access.login(app, "revokes the old key" if revoke_old else "makes the key"))
    try:
        with changing(app, dry_run=dry_run):
            job = _Job(app, access, app.settings(), address, cluster)
            if revoke_old:
                return _revoke(app, job.old_keys(), dry_run=dry_run, yes=yes)
            return _rotate(app, job.rotation(expires_in, reveal=reveal), dry_run=dry_run, yes=yes)
    finally:
        cluster.close()


def _rotate(app: App, rotation: Rotation, *, dry_run: bool, yes: bool) -> Result:
    plan = rotation.plan()
    if plan.making.changes_something:
        _show(app, plan.lines())
    if dry_run:
        return Result(rotation.planned(plan))
    if plan.making.changes_something and not app.confirm("Do this?", yes=yes):
        raise click.Abort
    return Result(rotation.carry_out(plan), reveal=rotation.revealed)


def _revoke(app: App, old_keys: OldKeys, *, dry_run: bool, yes: bool) -> Result:
    plan = old_keys.plan()
    if plan.changes_something:
        _show(app, plan.lines())
    if dry_run:
        return Result(old_keys.outcome(plan, done=False))
    if plan.older and not app.confirm("Revoke this for good?", yes=yes):
        raise click.Abort
    return Result(old_keys.carry_out(plan))


def _show(app: App, lines: Iterable[str]) -> None:
    app.console.explain("Plan:")
    for line in lines:
        app.console.explain(line)


def _refuse_without_key(app: App, settings: Settings, address: ElasticAddress) -> None:
    from asayer_cli.cli.elastic_login import is_configured
    from asayer_cli.errors import NotConfiguredError
    from asayer_cli.profile_option import for_profile

    if settings.text("elastic.api_key_id") and is_configured(settings, address):
        return
    where = f" for {address.url or address.cloud_id}" if address.url or address.cloud_id else ""
    raise NotConfiguredError(
        f"Profile {app.profile} has no API key{where} that could be rotated.",
        hint=f"Make the first one: asayer-cli elastic create-key{for_profile(app.profile)}.",
        code="no_key",
    )


class _Job:
    """A rotation's parts, of this run."""

    def __init__(self, app: App, access: Access, settings: Settings, address: ElasticAddress, cluster: Cluster) -> None:
        self._app, self._access, self._settings = app, access, settings
        self._address, self._cluster = address, cluster

    def rotation(self, expires_in: timedelta | None, *, reveal: bool) -> Rotation:
        """Return the rotation of the profile's key."""
        from asayer_cli.cli.elastic_making import held, key_maker
        from asayer_cli.elastic.rotation import Rotation, request_like

        holding = held(self._app, self._settings, self._address)
        current = self._current(holding)
        request = request_like(current, self._indexes, expires_in)
        maker = key_maker(self._app, self._access, self._settings, self._cluster, self._address, request)
        return Rotation(maker, current, self._address, reveal)

    def old_keys(self) -> OldKeys:
        """Return the revocation of what was the profile's key before."""
        from asayer_cli.cli.elastic_making import held, key_maker
        from asayer_cli.elastic.creator import introduce
        from asayer_cli.elastic.key_request import KeyRequest
        from asayer_cli.elastic.rotation import OldKeys

        introduce(self._cluster, self._app.console)
        holding = held(self._app, self._settings, self._address)
        current = self._current(holding)
        request = KeyRequest(current.name, current.indexes or self._indexes)
        maker = key_maker(self._app, self._access, self._settings, self._cluster, self._address, request)
        return OldKeys(maker, current, self._key(holding))

    @property
    def _indexes(self) -> tuple[str, ...]:
        from asayer_cli.integrations import DEFAULT_INDEXES

        return self._settings.many("elastic.indexes", DEFAULT_INDEXES)

    def _key(self, holding: Held) -> ElasticKey | None:
        """Return the profile's key, from the store or, where that is the one, from the environment."""
        from asayer_cli.cli.elastic_making import given_key

        named = given_key(self._app)
        return named if named and named.api_key_id == holding.key_id else holding.key(holding.key_id)

    def _current(self, holding: Held) -> ApiKeyRecord:
        from asayer_cli.elastic.api_keys import ApiKeys
        from asayer_cli.elastic.rotation import current_record

        def connect_with(key: ElasticKey) -> Cluster:
            return self._access.connect(self._app, self._address, key)

        return current_record(ApiKeys(self._cluster), holding, self._key(holding), connect_with)
