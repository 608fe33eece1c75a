"""What Preferences > Integrations asks for, field by field in its order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

from asayer_cli.elastic.endpoint import host_and_port
from asayer_cli.errors import AsayerError, NotConfiguredError
from asayer_cli.exit_codes import first_of
from asayer_cli.integrations import aws_integration, elastic_integration
from asayer_cli.result import Failure, Level, Message, Result

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from asayer_cli.integrations import AwsIntegration, ElasticIntegration
    from asayer_cli.secret import Secret
    from asayer_cli.secret_store import SecretStore
    from asayer_cli.settings import Settings

T = TypeVar("T")

CLOUDWATCH: Final = "CloudWatch"
ELASTICSEARCH: Final = "Elasticsearch"


@dataclass(frozen=True, slots=True)
class CloudWatchFields:
    """The form for CloudWatch; `searched_log_groups` are not part of it: the product collects one group."""

    access_key_id: str
    secret_access_key: Secret
    region: str
    log_group: str
    searched_log_groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ElasticsearchFields:
    """The form for Elasticsearch; `indexes` is the expression, comma-separated."""

    host: str
    port: int
    api_key_id: str
    api_key: Secret
    indexes: str


@dataclass(frozen=True, slots=True)
class IntegrationsView:
    """What is configured in a profile; None for what is not."""

    profile: str
    cloudwatch: CloudWatchFields | None
    elasticsearch: ElasticsearchFields | None
    revealed: bool


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What `integrations remove` was to forget on this machine (`plan`), what it forgot, and what stays alive."""

    profile: str
    plan: tuple[str, ...]
    forgotten: tuple[str, ...]
    alive: tuple[str, ...]


def show(settings: Settings, store: SecretStore, environ: Mapping[str, str], *, revealed: bool) -> Result:
    """Return the forms of what is configured; one that is configured by half is an error beside the other.

    NotConfiguredError where there is nothing at all, and whatever is wrong where there is nothing to show beside it.
    """
    errors: dict[str, AsayerError] = {}
    aws = _one(CLOUDWATCH, errors, lambda: aws_integration(settings, store, environ))
    elastic = _one(ELASTICSEARCH, errors, lambda: elastic_integration(settings, store, environ))
    if aws is None and elastic is None:
        raise next(iter(errors.values()), _nothing(settings.profile))
    return Result(
        view(settings.profile, aws, elastic, revealed=revealed),
        tuple(Message(Level.WARNING, f"{name} is not shown, for it is not usable as it is.") for name in errors),
        first_of(error.exit_code for error in errors.values()),
        tuple(map(Failure.of, errors.values())),
        reveal=revealed,
    )


def _one(name: str, errors: dict[str, AsayerError], read: Callable[[], T | None]) -> T | None:
    try:
        return read()
    except AsayerError as error:
        errors[name] = error
        return None


def _nothing(profile: str) -> NotConfiguredError:
    return NotConfiguredError(
        f"Profile {profile} has no integration.", hint="Make one: asayer-cli aws setup, asayer-cli elastic create-key."
    )


def view(
    profile: str, aws: AwsIntegration | None, elastic: ElasticIntegration | None, *, revealed: bool
) -> IntegrationsView:
    """Return the forms of what is configured."""
    return IntegrationsView(
        profile, _cloudwatch(aws) if aws else None, _elasticsearch(elastic) if elastic else None, revealed
    )


def _cloudwatch(aws: AwsIntegration) -> CloudWatchFields:
    return CloudWatchFields(
        aws.key.access_key_id, aws.key.secret_access_key, aws.region, aws.collected_group, aws.log_groups[1:]
    )


def _elasticsearch(elastic: ElasticIntegration) -> ElasticsearchFields:
    host, port = host_and_port(elastic.address)
    return ElasticsearchFields(host, port, elastic.key.api_key_id, elastic.key.api_key, ",".join(elastic.indexes))
