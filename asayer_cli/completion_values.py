"""What can stand as a value on the command line, as far as this machine and its services tell.

Log groups and index names are asked for with the credentials at hand, for at most two seconds, and remembered for
five minutes. Where there is no answer there are no names, and no word about it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from asayer_cli import network
from asayer_cli.cache import NameCache
from asayer_cli.errors import AsayerError
from asayer_cli.settings import cache_folder, config_folder, load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from asayer_cli.secret_store import SecretStore
    from asayer_cli.settings import Settings

WAIT_VARIABLE: Final = "ASAYER_COMPLETION_SECONDS"
WAIT_SECONDS: Final = 2.0
# Each may lead to another account; those that hold a secret are left out.
_ACCOUNT_VARIABLES: Final = (
    "AWS_ACCESS_KEY_ID",
    "AWS_CONFIG_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_DEFAULT_PROFILE",
    "AWS_DEFAULT_REGION",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_CLOUDWATCH_LOGS",
    "AWS_PROFILE",
    "AWS_REGION",
    "AWS_ROLE_ARN",
    "AWS_SHARED_CREDENTIALS_FILE",
    "HOME",
)
_AWS_SETTINGS: Final = ("aws.region", "aws.access_key_id")
_ELASTIC_SETTINGS: Final = ("elastic.url", "elastic.cloud_id", "elastic.api_key_id")


@dataclass(frozen=True, slots=True)
class Place:
    """Where to ask: what the command line and the environment say about it; empty where they say nothing."""

    environ: Mapping[str, str]
    profile: str = "default"
    aws_profile: str = ""
    region: str = ""
    ca_bundle: str = ""
    proxy: str = ""


def profiles(environ: Mapping[str, str]) -> list[str]:
    """Return the profiles of the settings file; none where it is broken."""
    from asayer_cli.settings import profile_names  # noqa: PLC0415 - beside its namesake of AWS

    try:
        return profile_names(config_folder(environ))
    except AsayerError:
        return []


def log_groups(place: Place, prefix: str) -> list[str]:
    """Return the names of log groups that begin with `prefix`."""
    settings = _settings(place)
    if settings is None:
        return []
    variables = [place.environ.get(name, "") for name in _ACCOUNT_VARIABLES]
    question = ["log-groups", place.profile, place.aws_profile, place.region, *variables]
    question += [settings.text(name) for name in _AWS_SETTINGS]
    return _remembered(place, question, prefix, lambda begin: _ask_log_groups(place, settings, begin))


def index_names(place: Place, prefix: str) -> list[str]:
    """Return the names of indices, data streams and aliases that the profile's key sees, beginning with `prefix`."""
    settings = _settings(place)
    if settings is None:
        return []
    question = ["indices", place.profile, *(settings.text(name) for name in _ELASTIC_SETTINGS)]
    return _remembered(place, question, prefix, lambda _: _ask_indices(place, settings))


def _settings(place: Place) -> Settings | None:
    try:
        return load(place.profile, place.environ)
    except AsayerError:
        return None


def _remembered(place: Place, question: list[str], prefix: str, ask: Callable[[str], Iterable[str]]) -> list[str]:
    """Return what is remembered, or ask: at first for everything, then, where that is too much, for the prefix."""
    cache = NameCache(cache_folder(place.environ))
    everything = cache.get([*question, ""])
    if everything and everything.fresh and (everything.complete or not prefix):
        return _beginning(prefix, everything.names)
    asked = prefix if everything and everything.fresh else ""
    part = cache.get([*question, asked])
    if not (part and part.fresh):
        _ask(place, cache, [*question, asked], lambda: ask(asked))
    known = [found for key in {"", asked} if (found := cache.get([*question, key]))]
    return _beginning(prefix, (name for entry in known for name in entry.names))


def _beginning(prefix: str, names: Iterable[str]) -> list[str]:
    return sorted({name for name in names if name.startswith(prefix)})


def _ask(place: Place, cache: NameCache, question: list[str], ask: Callable[[], Iterable[str]]) -> None:
    from asayer_cli.bounded import gathered  # noqa: PLC0415 - what is remembered needs none of it

    names, complete = gathered(ask, _patience(place.environ))
    if names or complete:
        cache.put(question, names, complete=complete)
    else:
        cache.postpone(question)


def _patience(environ: Mapping[str, str]) -> float:
    try:
        return max(0.0, float(environ.get(WAIT_VARIABLE, "")))
    except ValueError:
        return WAIT_SECONDS


def _go_the_usual_way(place: Place, settings: Settings) -> None:
    network.use(network.choose(settings, ca_bundle=place.ca_bundle, proxy=place.proxy))


def _ask_log_groups(place: Place, settings: Settings, prefix: str) -> Iterator[str]:
    from asayer_cli.aws.log_groups import list_groups  # noqa: PLC0415 - the SDK is heavy
    from asayer_cli.aws.session import caller_session, collector_session  # noqa: PLC0415 - the same
    from asayer_cli.integrations import aws_key  # noqa: PLC0415 - only where there is something to ask

    _go_the_usual_way(place, settings)
    session = caller_session(place.aws_profile)
    region = place.region or settings.text("aws.region") or session.region
    if not place.aws_profile and not session.has_credentials():
        key = aws_key(settings, _store(place, settings), place.environ)
        if key is None:
            return
        session = collector_session(key, region)
    session.hurry()
    for group in list_groups(session, region, prefix=prefix):
        yield group.name


def _ask_indices(place: Place, settings: Settings) -> Iterator[str]:
    from asayer_cli.elastic.answers import matches_of  # noqa: PLC0415 - the SDK is heavy
    from asayer_cli.elastic.connection import connect  # noqa: PLC0415 - the same
    from asayer_cli.integrations import elastic_integration  # noqa: PLC0415 - only where there is something to ask

    _go_the_usual_way(place, settings)
    integration = elastic_integration(settings, _store(place, settings), place.environ)
    if integration is None:
        return
    cluster = connect(integration.address, integration.key, environ=place.environ)
    answer = cluster.ask_once(lambda client: client.indices.resolve_index(name="*").body)
    for match in matches_of(answer):
        yield match.name


def _store(place: Place, settings: Settings) -> SecretStore:
    from asayer_cli.secret_store import open_store  # noqa: PLC0415 - only where there is something to ask

    return open_store(settings.text("secret_store"), config_folder(place.environ), place.environ)
