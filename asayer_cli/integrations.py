"""What is configured: the product's integrations of one profile, with their keys."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from asayer_cli.errors import NotConfiguredError, UsageError
from asayer_cli.profile_option import for_profile
from asayer_cli.secret import Secret
from asayer_cli.secret_store import SecretStore, secret_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from asayer_cli.settings import Settings

DEFAULT_INDEXES: Final = ("*log*",)
AWS_SECRET_VARIABLE: Final = "ASAYER_AWS_SECRET_ACCESS_KEY"  # noqa: S105 - a variable's name
ELASTIC_KEY_VARIABLE: Final = "ASAYER_ELASTIC_API_KEY"
_KEY_ID_VARIABLE: Final = "ASAYER_AWS_ACCESS_KEY_ID"


@dataclass(frozen=True, slots=True)
class AwsKey:
    """An access key of the collector's IAM user."""

    access_key_id: str
    secret_access_key: Secret


@dataclass(frozen=True, slots=True)
class ElasticKey:
    """An Elasticsearch API key: the two values that the product asks for."""

    api_key_id: str
    api_key: Secret


@dataclass(frozen=True, slots=True)
class AwsIntegration:
    """CloudWatch as the product knows it; the first of `log_groups` is collected, the others are only searched."""

    key: AwsKey
    region: str
    log_groups: tuple[str, ...]

    @property
    def collected_group(self) -> str:
        """The one log group that the product collects."""
        return self.log_groups[0]


@dataclass(frozen=True, slots=True)
class ElasticAddress:
    """Where a cluster is (`url` or `cloud_id`), how its certificate is checked (`ca_cert` file or `fingerprint`)."""

    url: str = ""
    cloud_id: str = ""
    ca_cert: str = ""
    fingerprint: str = ""


@dataclass(frozen=True, slots=True)
class ElasticIntegration:
    """Elasticsearch as the product knows it."""

    address: ElasticAddress
    key: ElasticKey
    indexes: tuple[str, ...]


def aws_key(settings: Settings, store: SecretStore, environ: Mapping[str, str]) -> AwsKey | None:
    """Return the collector's access key, from the environment or the secret store; None when none is named.

    NotConfiguredError when a key id is named and its secret is nowhere.
    """
    key_id = settings.text("aws.access_key_id")
    given = environ.get(AWS_SECRET_VARIABLE, "").strip()
    if not key_id:
        if given:
            raise NotConfiguredError(
                f"{AWS_SECRET_VARIABLE} is set and {_KEY_ID_VARIABLE} is not.", hint="Set both, or neither."
            )
        return None
    if given:
        return AwsKey(key_id, Secret(given))
    secret = store.get(secret_name(settings.profile, "aws", key_id))
    if secret is None:
        raise NotConfiguredError(
            f"The secret of access key {key_id} is not in {store.label}.",
            hint=f"Set {AWS_SECRET_VARIABLE}, or make a key that is kept here: asayer-cli aws setup --add-key"
            f"{for_profile(settings.profile)}.",
            code="secret_missing",
        )
    return AwsKey(key_id, secret)


def aws_integration(settings: Settings, store: SecretStore, environ: Mapping[str, str]) -> AwsIntegration | None:
    """Return CloudWatch's integration, None when nothing of it is configured; NotConfiguredError when half of it is."""
    key = aws_key(settings, store, environ)
    if key is None:
        return None
    region, groups = settings.text("aws.region"), settings.many("aws.log_groups")
    missing = [name for name, value in (("ASAYER_AWS_REGION", region), ("ASAYER_AWS_LOG_GROUPS", groups)) if not value]
    if missing:
        raise NotConfiguredError(
            f"CloudWatch is half configured: {' and '.join(missing)} missing.",
            hint="Run asayer-cli aws setup, or set what is missing.",
        )
    return AwsIntegration(key, region, groups)


def elastic_key(settings: Settings, store: SecretStore, environ: Mapping[str, str]) -> ElasticKey | None:
    """Return the collector's API key, from the environment or the secret store; None when none is named."""
    if given := environ.get(ELASTIC_KEY_VARIABLE, "").strip():
        return parse_api_key(given)
    key_id = settings.text("elastic.api_key_id")
    if not key_id:
        return None
    secret = store.get(secret_name(settings.profile, "elastic", key_id))
    if secret is None:
        raise NotConfiguredError(
            f"The secret of API key {key_id} is not in {store.label}.",
            hint=f"Set {ELASTIC_KEY_VARIABLE}, or make one that is kept here: asayer-cli elastic create-key --replace"
            f"{for_profile(settings.profile)}.",
            code="secret_missing",
        )
    return ElasticKey(key_id, secret)


def elastic_integration(
    settings: Settings, store: SecretStore, environ: Mapping[str, str]
) -> ElasticIntegration | None:
    """Return Elasticsearch's integration, None when no key of it is configured; NotConfiguredError without address."""
    key = elastic_key(settings, store, environ)
    if key is None:
        return None
    address = elastic_address(settings)
    if not address.url and not address.cloud_id:
        raise NotConfiguredError(
            "Elasticsearch is half configured: ASAYER_ELASTIC_URL is missing.",
            hint="Set it (or ASAYER_ELASTIC_CLOUD_ID), or run asayer-cli elastic create-key.",
        )
    return ElasticIntegration(address, key, settings.many("elastic.indexes", DEFAULT_INDEXES))


def elastic_address(settings: Settings) -> ElasticAddress:
    """Return the cluster's address as configured; a URL from the environment sets a cloud id of the file aside."""
    url, cloud_id = settings.text("elastic.url"), settings.text("elastic.cloud_id")
    if url and cloud_id and settings.origin("elastic.url") != settings.origin("elastic.cloud_id"):
        url = url if settings.origin("elastic.url") == "environment" else ""
        cloud_id = "" if url else cloud_id
    return ElasticAddress(url, cloud_id, settings.text("elastic.ca_cert"), settings.text("elastic.fingerprint"))


def parse_api_key(text: str) -> ElasticKey:
    """Read an API key in either form that Elasticsearch gives it: `id:key`, or base64 of that (`encoded`)."""
    decoded = text if ":" in text else _decode(text)
    key_id, _, api_key = decoded.partition(":")
    if not key_id or not api_key or not decoded.isascii() or any(c.isspace() for c in decoded):
        raise UsageError(
            f"{ELASTIC_KEY_VARIABLE} holds no API key.",
            hint="Give what Elasticsearch calls `encoded`, or the id and the key as id:key.",
            code="malformed_api_key",
        )
    return ElasticKey(key_id, Secret(api_key))


def _decode(text: str) -> str:
    Secret(text)  # so that nothing prints what may be a key
    try:
        return base64.b64decode(text, validate=True).decode()
    except ValueError:  # no base64, or not of text
        return ""
