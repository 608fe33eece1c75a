"""What the `elastic` commands share: which cluster is meant, and who asks it."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import click
from click.core import ParameterSource

from asayer_cli.cli import complete

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from asayer_cli.cli.app import App
    from asayer_cli.elastic.connection import Cluster
    from asayer_cli.elastic.model import UserPassword
    from asayer_cli.integrations import ElasticAddress, ElasticKey
    from asayer_cli.result import Result
    from asayer_cli.secret import Secret
    from asayer_cli.settings import Settings

T = TypeVar("T")
_KEY_ID_VARIABLE = "ASAYER_ELASTIC_API_KEY_ID"
_PASSWORD_VARIABLE = "ASAYER_ELASTIC_PASSWORD"  # noqa: S105 - a variable's name


@dataclass(frozen=True, slots=True)
class Access:
    """The options that lead to a cluster, as given; None for what is not."""

    url: str | None
    cloud_id: str | None
    username: str | None
    ca_cert: str | None
    fingerprint: str | None
    password_stdin: bool
    allow_http: bool

    def address(self, settings: Settings) -> ElasticAddress:
        """Return the address of the command line, else the configured one; a certificate's check belongs to its own."""
        from asayer_cli.errors import UsageError
        from asayer_cli.integrations import ElasticAddress

        url = (self.url or "") if is_typed("url") else ""
        cloud_id = (self.cloud_id or "") if is_typed("cloud_id") else ""
        if url and cloud_id:
            raise UsageError("Both --url and --cloud-id are given.", hint="Give the one that leads to the cluster.")
        there = configured(settings)
        if not url and not cloud_id:
            url, cloud_id = there.url, there.cloud_id
        ca_cert, fingerprint = self.ca_cert, self.fingerprint
        if (url, cloud_id) == (there.url, there.cloud_id):
            ca_cert, fingerprint = ca_cert or there.ca_cert, fingerprint or there.fingerprint
        return ElasticAddress(url.strip(), cloud_id.strip(), _absolute(ca_cert), (fingerprint or "").strip())

    def connect(self, app: App, address: ElasticAddress, auth: ElasticKey | UserPassword) -> Cluster:
        """Prepare a connection to the cluster."""
        from asayer_cli.elastic.connection import connect

        return connect(address, auth, allow_http=self.allow_http, environ=app.environ)

    def login(self, app: App, what: str) -> UserPassword:
        """Return the user, asked for where there is a terminal; `what` does he, such as `makes the key`."""
        from asayer_cli.elastic.creator import refuse_api_key
        from asayer_cli.errors import NotConfiguredError
        from asayer_cli.integrations import ELASTIC_KEY_VARIABLE

        if not self.username and app.environ.get(ELASTIC_KEY_VARIABLE):
            raise refuse_api_key(f"{ELASTIC_KEY_VARIABLE} is set, and no user is named")
        if app.environ.get(ELASTIC_KEY_VARIABLE):
            app.console.warn(
                f"{ELASTIC_KEY_VARIABLE} is set: as long as it is, verify uses that key, not the stored one."
            )
        elif app.environ.get(_KEY_ID_VARIABLE):
            app.console.warn(
                f"{_KEY_ID_VARIABLE} is set: commands take the key it names for this profile's, whatever the settings "
                "say. Set it to the new key's id after a change, or unset it."
            )
        if not self.username and (self.password_stdin or not app.interactive):
            raise NotConfiguredError(
                f"No user is named who {what}.", hint="Give --username, or set ASAYER_ELASTIC_USERNAME."
            )
        return self.named_login(app, self.username or click.prompt("User of the cluster", default="elastic", err=True))

    def named_login(self, app: App, username: str) -> UserPassword:
        """Return a user with the password, from standard input, the environment or a prompt."""
        from asayer_cli.elastic.model import UserPassword

        return UserPassword(username, self._password(app, username))

    def _password(self, app: App, username: str) -> Secret:
        from asayer_cli.errors import NotConfiguredError
        from asayer_cli.secret import Secret

        if self.password_stdin:
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


def access_options(user: str) -> Callable[[Callable[..., Result]], Callable[..., Result]]:
    """Add the options that lead to a cluster to a function, which gets them as `access`; `user` helps with --username.

    It stands right above the command's own options.
    """

    def decorate(function: Callable[..., Result]) -> Callable[..., Result]:
        @functools.wraps(function)
        def run(app: App, **params: object) -> Result:
            given = {field.name: params.pop(field.name) for field in dataclasses.fields(Access)}
            return function(app, access=Access(**given), **params)  # type: ignore[arg-type]

        for option in reversed(_options(user)):
            option(run)
        return run

    return decorate


def _options(user: str) -> list[Callable[[Callable[..., Result]], Callable[..., Result]]]:
    return [
        click.option(
            "--url",
            metavar="URL",
            envvar="ASAYER_ELASTIC_URL",
            help="Address of the cluster. Without a port, https:// means 443 and http:// means 9200.",
        ),
        click.option(
            "--cloud-id",
            metavar="ID",
            envvar="ASAYER_ELASTIC_CLOUD_ID",
            help="Elastic Cloud id, instead of --url.",
        ),
        click.option("--username", metavar="NAME", envvar="ASAYER_ELASTIC_USERNAME", help=user),
        click.option(
            "--password-stdin",
            is_flag=True,
            help=f"Read the password from standard input. Else {_PASSWORD_VARIABLE} or a prompt gives it; no option "
            "does.",
        ),
        click.option(
            "--ca-cert",
            metavar="FILE",
            envvar="ASAYER_ELASTIC_CA_CERT",
            shell_complete=complete.files,
            help="PEM file of the authority that signed the cluster's certificate.",
        ),
        click.option(
            "--fingerprint",
            metavar="HEX",
            envvar="ASAYER_ELASTIC_FINGERPRINT",
            help="SHA-256 fingerprint of the certificate, or of its authority's; checked instead of the authority.",
        ),
        click.option("--allow-http", is_flag=True, help="Send credentials over plain HTTP to other computers too."),
    ]


def changing(app: App, *, dry_run: bool) -> AbstractContextManager[None]:
    """Keep other runs from changing the profile's keys, where this one may change anything."""
    return contextlib.nullcontext() if dry_run else app.exclusive("elastic")


def is_typed(parameter: str) -> bool:
    """Tell whether an option stands on the command line, not in the environment."""
    return click.get_current_context().get_parameter_source(parameter) is ParameterSource.COMMANDLINE


def configured(settings: Settings) -> ElasticAddress:
    """Return the address as configured, the certificate's file with its whole path."""
    from asayer_cli.integrations import elastic_address

    address = elastic_address(settings)
    return dataclasses.replace(address, ca_cert=_absolute(address.ca_cert))


def is_configured(settings: Settings, address: ElasticAddress) -> bool:
    """Tell whether the configured key belongs to this address: a key is never sent to another cluster."""
    from asayer_cli.elastic.endpoint import endpoint_of

    there = configured(settings)
    return bool(there.url or there.cloud_id) and endpoint_of(there) == endpoint_of(address)


def _absolute(ca_cert: str | None) -> str:
    from pathlib import Path

    return str(Path(ca_cert).expanduser().absolute()) if ca_cert else ""
