"""`elastic status`: the API keys in the cluster and on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from asayer_cli.cli.base import command, secret_store_option
from asayer_cli.cli.elastic_login import access_options, is_configured
from asayer_cli.result import Result

if TYPE_CHECKING:
    from asayer_cli.cli.app import App
    from asayer_cli.cli.elastic_login import Access
    from asayer_cli.elastic.status import Findings, Inspector
    from asayer_cli.errors import AsayerError
    from asayer_cli.integrations import ElasticAddress, ElasticKey
    from asayer_cli.settings import Settings


@command("status")
@access_options(
    "User who asks, to see everybody's keys where that is allowed; without one, this profile's key tells of itself."
)
@click.option(
    "--name",
    metavar="NAME",
    default="asayer-api-key",
    show_default=True,
    help="Show keys of this name too, beside all that asayer-cli made.",
)
@secret_store_option
def status(app: App, access: Access, name: str, secret_store: str | None) -> Result:
    """Show the API keys in the cluster and on this machine, side by side.

    Tells who made each key, what it may do, when it ends and who on this machine has it; what interrupted runs left;
    and what this profile's key can and cannot do, asked with the key itself. Changes nothing.
    """
    from asayer_cli.exit_codes import ExitCode
    from asayer_cli.result import Failure

    app.secret_store = secret_store or ""
    settings = app.settings()
    address = access.address(settings)
    inspector = _inspector(app, access, settings, address, name)
    findings = _look(app, access, inspector, address)
    if findings.problem is None:
        return Result(findings.status)
    return Result(findings.status, exit_code=ExitCode.CHECK_FAILED, errors=(Failure.of(findings.problem),))


def _look(app: App, access: Access, inspector: Inspector, address: ElasticAddress) -> Findings:
    from asayer_cli.elastic.creator import introduce

    if not access.username:
        return inspector.look(None)
    cluster = access.connect(app, address, access.named_login(app, access.username))
    try:
        introduce(cluster, app.console)
        return inspector.look(cluster)
    finally:
        cluster.close()


def _inspector(app: App, access: Access, settings: Settings, address: ElasticAddress, name: str) -> Inspector:
    from asayer_cli.cli.elastic_making import held
    from asayer_cli.elastic.endpoint import endpoint_of
    from asayer_cli.elastic.status import Inspector
    from asayer_cli.integrations import DEFAULT_INDEXES

    key, missing = _own_key(app, settings, address)
    if not address.url and not address.cloud_id:
        raise _nothing_configured(app, f"Profile {app.profile} leads to no Elasticsearch cluster.")
    if not key and not missing and not access.username:
        raise _nothing_configured(app, f"Profile {app.profile} has no API key, and no user is named who may look.")
    return Inspector(
        url=endpoint_of(address).url,
        held=held(app, settings, address),
        key=key,
        missing=missing,
        names=(name,),
        indexes=settings.many("elastic.indexes", DEFAULT_INDEXES),
        connect_with=lambda own: access.connect(app, address, own),
        reporter=app.console,
    )


def _own_key(app: App, settings: Settings, address: ElasticAddress) -> tuple[ElasticKey | None, AsayerError | None]:
    """Return this profile's key, or why it is not at hand; a key is never sent to another cluster."""
    from asayer_cli.errors import NotConfiguredError
    from asayer_cli.integrations import elastic_key

    if not is_configured(settings, address):
        return None, None
    try:
        return elastic_key(settings, app.store(settings), app.environ), None
    except NotConfiguredError as error:
        if error.code != "secret_missing":
            raise
        return None, error


def _nothing_configured(app: App, why: str) -> AsayerError:
    from asayer_cli.errors import NotConfiguredError
    from asayer_cli.profile_option import for_profile

    return NotConfiguredError(
        why,
        hint=f"Make a key: asayer-cli elastic create-key{for_profile(app.profile)}. To see the keys of a cluster: "
        "elastic status --url URL --username NAME.",
    )
