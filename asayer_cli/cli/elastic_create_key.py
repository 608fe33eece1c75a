"""`elastic create-key`: make the API key that the product reads with."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import click

from asayer_cli.cli import complete
from asayer_cli.cli.base import command, dry_run_option, secret_store_option, yes_option
from asayer_cli.cli.elastic_login import access_options, changing, is_typed
from asayer_cli.cli.types import DURATION
from asayer_cli.result import Result

if TYPE_CHECKING:
    from datetime import timedelta

    from asayer_cli.cli.app import App
    from asayer_cli.cli.elastic_login import Access
    from asayer_cli.elastic.create_key import KeyMaker
    from asayer_cli.elastic.key_request import KeyRequest
    from asayer_cli.elastic.model import RequestForms
    from asayer_cli.integrations import ElasticAddress
    from asayer_cli.settings import Settings

_NO_ADDRESS = "https://YOUR-CLUSTER:9200"


@command("create-key")
@access_options("User who makes the key; asked for on a terminal.")
@click.option(
    "--index",
    "indexes",
    metavar="PATTERN",
    multiple=True,
    envvar="ASAYER_ELASTIC_INDEXES",
    shell_complete=complete.index_names,
    help="Index pattern that the key may read; repeatable.  [default: *log*]",
)
@click.option(
    "--expires-in", type=DURATION, metavar="DURATION", help="Lifetime of the key, such as 90d; without it, no end."
)
@click.option("--name", metavar="NAME", default="asayer-api-key", show_default=True, help="Name of the key.")
@click.option(
    "--cluster-privilege",
    "cluster_privileges",
    metavar="NAME",
    multiple=True,
    help="Cluster privilege of the key; repeatable. None is needed: the collector only searches, and `all`, as older "
    "guides have it, would let whoever holds the key make users.",
)
@click.option("--replace", is_flag=True, help="Make a new key though there is one; the old one stays valid.")
@click.option(
    "--print-request", is_flag=True, help="Print the request for Kibana's Dev Tools and for curl; contact nothing."
)
@secret_store_option
@dry_run_option
@yes_option
def create_key(
    app: App,
    access: Access,
    indexes: tuple[str, ...],
    expires_in: timedelta | None,
    name: str,
    cluster_privileges: tuple[str, ...],
    secret_store: str | None,
    *,
    replace: bool,
    print_request: bool,
    dry_run: bool,
    yes: bool,
) -> Result:
    """Make an API key that may read your logs and nothing else; prove it and keep its secret.

    The key is made as the user that you name; it has that user's rights at most. Run it again at any time: with the
    key in place it proves it and changes nothing.
    """
    from asayer_cli.cli.elastic_making import key_maker
    from asayer_cli.elastic.former_key import former_key
    from asayer_cli.elastic.key_request import KeyRequest
    from asayer_cli.settings import load_file

    settings = app.settings()
    request = KeyRequest(name, _patterns(settings, indexes), expires_in, cluster_privileges)
    address = access.address(settings)
    if print_request:
        return Result(_forms(request, address, access.username))
    _choose_store(app, settings, secret_store)
    former = former_key(load_file(app.profile, app.environ), address, replace=replace)
    cluster = access.connect(app, address, access.login(app, "makes the key"))
    try:
        with changing(app, dry_run=dry_run):
            maker = key_maker(app, access, app.settings(), cluster, address, request, former)
            return _run(app, _replacing(maker, replace=replace), replace=replace, dry_run=dry_run, yes=yes)
    finally:
        cluster.close()


def _choose_store(app: App, settings: Settings, chosen: str | None) -> None:
    from asayer_cli.store_choice import refuse_to_lose

    so_far = app.store(settings)
    app.secret_store = chosen or ""
    if is_typed("secret_store"):
        refuse_to_lose("aws", settings, so_far, app.store(settings))


def _run(app: App, maker: KeyMaker, *, replace: bool, dry_run: bool, yes: bool) -> Result:
    plan = maker.plan(replace=replace)
    if plan.changes_something:
        app.console.explain("Plan:")
        for line in plan.lines():
            app.console.explain(line)
    if dry_run:
        return Result(plan.foretell())
    if plan.changes_something and not app.confirm("Do this?", yes=yes):
        raise click.Abort
    return Result(maker.carry_out(plan))


def _replacing(maker: KeyMaker, *, replace: bool) -> KeyMaker:
    """Let the new key name the one whose place it takes."""
    request = dataclasses.replace(maker.request, replaces=maker.held.key_id if replace else "")
    return dataclasses.replace(maker, request=request)


def _patterns(settings: Settings, given: tuple[str, ...]) -> tuple[str, ...]:
    from asayer_cli.integrations import DEFAULT_INDEXES
    from asayer_cli.settings import find_key, parse_value

    patterns = parse_value(find_key("elastic.indexes"), given) if any(given) else ()
    return tuple(patterns) or settings.many("elastic.indexes", DEFAULT_INDEXES)


def _forms(request: KeyRequest, address: ElasticAddress, username: str | None) -> RequestForms:
    from asayer_cli.elastic.endpoint import endpoint_of

    url = endpoint_of(address).url if address.url or address.cloud_id else _NO_ADDRESS
    return request.forms(url, username or "elastic", address.ca_cert)
