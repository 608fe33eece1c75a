"""What can be changed about the local AWS while it runs (``PUT /_sandbox/settings``)."""

from __future__ import annotations

import random
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from asayer_cli.sandbox.faults import InvalidControlError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# Regions that AWS keeps off until the account opts in; the sandbox's account has opted in to the others.
SEEN_OF_WHAT_FLICKERS = 0.5
DEFAULT_DISABLED_REGIONS = frozenset({"af-south-1", "ap-east-1", "me-central-1", "me-south-1"})


@dataclass(frozen=True, slots=True)
class AwsSettings:
    """Delays are seconds.

    ``key_delay_s``: a younger key is unknown, in every service (key ``*``) or in the services named.
    ``policy_delay_s``: a policy attached or put more recently does not count yet.
    ``user_delay_s``: reads of a younger user say NoSuchEntity.
    ``key_list_delay_s``: a younger key is not listed.
    ``flickering``: what is too young is seen by every other request, at random; changes may miss the user, too.
    ``empty_pages``: FilterLogEvents answers one empty page with a token before the first real one.
    ``insights_polls``: how many requests for the results of a query come before it is complete.
    ``insights_end``: the status that queries end with.
    ``insights_default_limit``, ``insights_page``: how many rows a query answers that names no limit, and a page holds.
    ``insights_concurrent``: how many queries may run at once.
    ``live_tail_s``, ``live_tail_end``: how long a Live Tail session lasts, and how it ends: ``timeout``, ``failure``,
    ``silence`` or ``cut``. ``live_tail_sessions``: how many there may be at once.
    """

    key_delay_s: Mapping[str, float]
    policy_delay_s: float = 0.0
    user_delay_s: float = 0.0
    key_list_delay_s: float = 0.0
    flickering: bool = False
    disabled_regions: frozenset[str] = DEFAULT_DISABLED_REGIONS
    empty_pages: bool = False
    insights_polls: int = 1
    insights_end: str = "Complete"
    insights_default_limit: int = 10_000
    insights_page: int = 10_000
    insights_concurrent: int = 100
    live_tail_s: float = 10_800.0
    live_tail_end: str = "timeout"
    live_tail_sessions: int = 15

    def hides(self, age_s: float, delay_s: float) -> bool:
        """Tell whether something of that age is not to be seen by this request."""
        return age_s < delay_s and not (self.flickering and random.random() < SEEN_OF_WHAT_FLICKERS)  # noqa: S311 - chance

    def key_delay(self, service: str) -> float:
        """Return for how many seconds a service does not know a new key."""
        return self.key_delay_s.get(service, self.key_delay_s.get("*", 0.0))


def changed(settings: AwsSettings, changes: Mapping[str, object]) -> AwsSettings:
    """Return the settings with some values replaced; raises `InvalidControlError`."""
    unknown = set(changes) - {field.name for field in fields(AwsSettings)}
    if unknown:
        raise InvalidControlError(f"unknown settings: {', '.join(sorted(unknown))}")
    return replace(settings, **{name: _read(name, value) for name, value in changes.items()})


def _read(name: str, value: object) -> Any:  # noqa: ANN401 - each setting has its own type
    try:
        return _READERS[name](value)
    except (TypeError, ValueError, AttributeError) as error:
        raise InvalidControlError(f"{name} cannot be {value!r}") from error


def _seconds(value: Any) -> float:  # noqa: ANN401 - from JSON
    seconds = float(value)
    if not 0 <= seconds < float("inf"):
        raise ValueError(seconds)
    return seconds


def _seconds_by_service(value: Any) -> dict[str, float]:  # noqa: ANN401 - from JSON
    if isinstance(value, dict):
        return {service: _seconds(delay) for service, delay in value.items()}
    return {"*": _seconds(value)}


def _names(value: Any) -> frozenset[str]:  # noqa: ANN401 - from JSON
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise TypeError(value)
    return frozenset(value)


def _truth(value: Any) -> bool:  # noqa: ANN401 - from JSON
    if not isinstance(value, bool):
        raise TypeError(value)
    return value


def _count(value: Any) -> int:  # noqa: ANN401 - from JSON
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise TypeError(value)
    return value


def _one_of(*known: str) -> Callable[[Any], str]:
    def read(value: Any) -> str:  # noqa: ANN401 - from JSON
        if value not in known:
            raise ValueError(value)
        return str(value)

    return read


_READERS: dict[str, Callable[[Any], Any]] = {
    "key_delay_s": _seconds_by_service,
    "policy_delay_s": _seconds,
    "user_delay_s": _seconds,
    "key_list_delay_s": _seconds,
    "flickering": _truth,
    "disabled_regions": _names,
    "empty_pages": _truth,
    "insights_polls": _count,
    "insights_end": _one_of("Complete", "Failed", "Cancelled", "Timeout", "Unknown"),
    "insights_default_limit": _count,
    "insights_page": _count,
    "insights_concurrent": _count,
    "live_tail_s": _seconds,
    "live_tail_end": _one_of("timeout", "failure", "silence", "cut"),
    "live_tail_sessions": _count,
}
