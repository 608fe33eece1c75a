"""`elastic`: the API key that the product reads Elasticsearch with."""

from __future__ import annotations

import dataclasses
import sys
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from asayer_cli.cli.base import command, dry_run_option, secret_store_option, yes_option
from asayer_cli.cli.types import DURATION
from asayer_cli.result import Result

if TYPE_CHECKING:
    from datetime import timedelta

    from asayer_cli.cli.app import App
    from asayer_cli.elastic.create_key import KeyMaker
    from asayer_cli.elastic.key_request import KeyRequest
    from asayer_cli.elastic.model import FormerKey, RequestForms, UserPassword
    from asayer_cli.integrations import ElasticAddress, ElasticKey
    from asayer_cli.secret import Secret
    from asayer_cli.settings import Settings

_PASSWORD_VARIABLE = "ASAYER_ELASTIC_PASSWORD"  # noqa: S105 - a variable's name
_NO_ADDRESS = "https://YOUR-CLUSTER:9200"


@click.group("elastic")
def group() -> None:
    """Give the product an API key for Elasticsearch."""


@command("create-key")
@click.option(
    "--url",
    metavar="URL",
    envvar="ASAYER_ELASTIC_URL",
    help="Address of the cluster. Without a port, https:// means 443 and http:// means 9200.",
)
@click.option("--cloud-id", metavar="ID", envvar="ASAYER_ELASTIC_CLOUD_ID", help="Elastic Cloud id, instead of --url.")
@click.option(
    "--username",
    metavar="NAME",
    envvar="ASAYER_ELASTIC_USERNAME",
    help="User who makes the key; asked for on a terminal.",
)
@click.option(
    "--password-stdin",
    is_flag=True,
    help=f"Read the password from standard input. Else {_PASSWORD_VARIABLE} or a prompt gives it; no option does.",
)
@click.option(
    "--ca-cert",
    metavar="FILE",
    envvar="ASAYER_ELASTIC_CA_CERT",
    help="PEM file of the authority that signed the cluster's certificate.",
)
@click.option(
    "--fingerprint",
    metavar="HEX",
    envvar="ASAYER_ELASTIC_FINGERPRINT",
    help="SHA-256 fingerprint of the certificate, or of its authority's; checked instead of the authority.",
)
@click.option("--allow-http", is_flag=True, help="Send credentials over plain HTTP to other computers too.")
@click.option(
    "--index",
    "indexes",
    metavar="PATTERN",
    multiple=True,
    envvar="ASAYER_ELASTIC_INDEXES",
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
    url: str | None,
    cloud_id: str | None,
    username: str | None,
    ca_cert: str | None,
    fingerprint: str | None,
    indexes: tuple[str, ...],
    expires_in: timedelta | None,
    name: str,
    cluster_privileges: tuple[str, ...],
    secret_store: str | None,
    *,
    password_stdin: bool,
    allow_http: bool,
    replace: bool,
    print_request: bool,
    dry_run: bool,
    yes: bool,
) -> Result:
    """Make an API key that may read your logs and nothing else; prove it and keep its secret.

    The key is made as the user that you name; it has that user's rights at most. Run it again at any time: with the
    key in place it proves it and changes nothing.
    """
    from asayer_cli.elastic.former_key import former_key
    from asayer_cli.elastic.key_request import KeyRequest
    from asayer_cli.settings import load_file

    settings = app.settings()
    request = KeyRequest(name, _patterns(settings, indexes), expires_in, cluster_privileges)
    address = _address(settings, url, cloud_id, ca_cert, fingerprint)
    if print_request:
        return Result(_forms(request, address, username))
    _choose_store(app, settings, secret_store)
    former = former_key(load_file(app.profile, app.environ), address, replace=replace)
    login = _login(app, username, stdin=password_stdin)
    maker = _maker(app, settings, address, request, login, former, allow_http=allow_http)
    try:
        return _run(app, maker, replace=replace, dry_run=dry_run, yes=yes)
    finally:
        maker.keys.cluster.close()


def _choose_store(app: App, settings: Settings, chosen: str | None) -> None:
    from asayer_cli.store_choice import refuse_to_lose

    so_far = app.store(settings)
    app.secret_store = chosen or ""
    if _is_typed("secret_store"):
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


def _maker(
    app: App,
    settings: Settings,
    address: ElasticAddress,
    request: KeyRequest,
    login: UserPassword,
    former: FormerKey | None,
    *,
    allow_http: bool,
) -> KeyMaker:
    from asayer_cli.elastic.api_keys import ApiKeys
    from asayer_cli.elastic.connection import Cluster, connect
    from asayer_cli.elastic.create_key import KeyMaker
    from asayer_cli.elastic.situation import Held
    from asayer_cli.known_secrets import key_holders

    def connect_with(auth: ElasticKey | UserPassword) -> Cluster:
        return connect(address, auth, allow_http=allow_http, environ=app.environ)

    cluster, store = connect_with(login), app.store(settings)
    holders = key_holders("elastic", app.config_folder, app.profile, store)
    key_id = settings.text("elastic.api_key_id") if not former and _is_configured(settings, address) else ""
    return KeyMaker(
        keys=ApiKeys(cluster),
        held=Held(app.profile, store, key_id, app.journal(), holders),
        request=request,
        reporter=app.console,
        connect_with=connect_with,
        save=lambda key: app.save(_settings_of(app, address, request, key)),
        moved=address != _configured(settings),
        former=former,
    )


def _patterns(settings: Settings, given: tuple[str, ...]) -> tuple[str, ...]:
    from asayer_cli.integrations import DEFAULT_INDEXES
    from asayer_cli.settings import find_key, parse_value

    patterns = parse_value(find_key("elastic.indexes"), given) if any(given) else ()
    return tuple(patterns) or settings.many("elastic.indexes", DEFAULT_INDEXES)


def _address(
    settings: Settings, url: str | None, cloud_id: str | None, ca_cert: str | None, fingerprint: str | None
) -> ElasticAddress:
    """Return the address of the command line, else the configured one; a certificate's check belongs to its address."""
    from asayer_cli.errors import UsageError
    from asayer_cli.integrations import ElasticAddress

    url, cloud_id = (url or "") if _is_typed("url") else "", (cloud_id or "") if _is_typed("cloud_id") else ""
    if url and cloud_id:
        raise UsageError("Both --url and --cloud-id are given.", hint="Give the one that leads to the cluster.")
    configured = _configured(settings)
    if not url and not cloud_id:
        url, cloud_id = configured.url, configured.cloud_id
    if (url, cloud_id) == (configured.url, configured.cloud_id):
        ca_cert, fingerprint = ca_cert or configured.ca_cert, fingerprint or configured.fingerprint
    return ElasticAddress(url.strip(), cloud_id.strip(), _absolute(ca_cert), (fingerprint or "").strip())


def _configured(settings: Settings) -> ElasticAddress:
    from asayer_cli.integrations import elastic_address

    address = elastic_address(settings)
    return dataclasses.replace(address, ca_cert=_absolute(address.ca_cert))


def _is_typed(parameter: str) -> bool:
    return click.get_current_context().get_parameter_source(parameter) is ParameterSource.COMMANDLINE


def _absolute(ca_cert: str | None) -> str:
    from pathlib import Path

    return str(Path(ca_cert).expanduser().absolute()) if ca_cert else ""


def _is_configured(settings: Settings, address: ElasticAddress) -> bool:
    """Tell whether the configured key belongs to this address: a key is never sent to another cluster."""
    from asayer_cli.elastic.endpoint import endpoint_of
    from asayer_cli.integrations import elastic_address

    configured = elastic_address(settings)
    return bool(configured.url or configured.cloud_id) and endpoint_of(configured) == endpoint_of(address)


def _login(app: App, username: str | None, *, stdin: bool) -> UserPassword:
    from asayer_cli.elastic.creator import refuse_api_key
    from asayer_cli.elastic.model import UserPassword
    from asayer_cli.errors import NotConfiguredError
    from asayer_cli.integrations import ELASTIC_KEY_VARIABLE

    if not username and app.environ.get(ELASTIC_KEY_VARIABLE):
        raise refuse_api_key(f"{ELASTIC_KEY_VARIABLE} is set, and no user is named")
    if app.environ.get(ELASTIC_KEY_VARIABLE):
        app.console.warn(f"{ELASTIC_KEY_VARIABLE} is set: as long as it is, verify uses that key, not the stored one.")
    if not username and (stdin or not app.interactive):
        raise NotConfiguredError(
            "No user is named who makes the key.", hint="Give --username, or set ASAYER_ELASTIC_USERNAME."
        )
    username = username or click.prompt("User of the cluster", default="elastic", err=True)
    return UserPassword(username, _password(app, username, stdin=stdin))


def _password(app: App, username: str, *, stdin: bool) -> Secret:
    from asayer_cli.errors import NotConfiguredError
    from asayer_cli.secret import Secret

    if stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    elif not (password := app.environ.get(_PASSWORD_VARIABLE, "")) and app.interactive:
        password = click.prompt(f"Password of {username}", hide_input=True, err=True)
    if not password:
        raise NotConfiguredError(
            f"The password of {username} is missing.",
            hint=f"Set {_PASSWORD_VARIABLE}, or pipe it in with --password-stdin; no option takes it.",
            code="password_missing",
        )
    return Secret(password)


def _forms(request: KeyRequest, address: ElasticAddress, username: str | None) -> RequestForms:
    from asayer_cli.elastic.endpoint import endpoint_of

    url = endpoint_of(address).url if address.url or address.cloud_id else _NO_ADDRESS
    return request.forms(url, username or "elastic", address.ca_cert)


def _settings_of(
    app: App, address: ElasticAddress, request: KeyRequest, key: ElasticKey
) -> dict[str, str | tuple[str, ...] | None]:
    chosen = {"secret_store": app.secret_store} if app.secret_store and _is_typed("secret_store") else {}
    return {
        "elastic.url": address.url or None,
        "elastic.cloud_id": address.cloud_id or None,
        "elastic.api_key_id": key.api_key_id,
        "elastic.indexes": request.indexes,
        "elastic.ca_cert": address.ca_cert or None,
        "elastic.fingerprint": address.fingerprint or None,
        **chosen,
    }


group.add_command(create_key)
