"""What Preferences > Integrations asks for, field by field in its order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from asayer_cli.elastic.endpoint import host_and_port

if TYPE_CHECKING:
    from asayer_cli.integrations import AwsIntegration, ElasticIntegration
    from asayer_cli.secret import Secret

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
    """What `integrations remove` forgot on this machine, and what stays alive elsewhere."""

    profile: str
    forgotten: tuple[str, ...]
    alive: tuple[str, ...]


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
