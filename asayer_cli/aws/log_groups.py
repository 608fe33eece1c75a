"""Log groups: of one region page by page, or of many regions at once."""

from __future__ import annotations

import queue
import re
import threading
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from asayer_cli.aws.errors import translated
from asayer_cli.aws.model import STANDARD, LogGroup, why_not_collectible
from asayer_cli.aws.regions import credentials_are_good
from asayer_cli.aws.shapes import moment_of
from asayer_cli.errors import AsayerError, CredentialsRejectedError, UsageError
from asayer_cli.together import together

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from asayer_cli.aws.session import AwsSession

# More than AWS has regions in any partition: the slowest one alone decides how long it takes.
MOST_WORKERS: Final = 48
_ACTION: Final = "logs:DescribeLogGroups"
_NAME: Final = re.compile(r"[.\-_/#A-Za-z0-9]{1,512}", re.ASCII)


def check_name(text: str, what: str = "log group") -> str:
    """Return a log group's name, or a part of one; UsageError when AWS would take no such name."""
    if _NAME.fullmatch(text):
        return text
    raise UsageError(
        f"{text!r} is no name of a {what}.",
        hint="AWS takes letters, digits and . - _ / # in up to 512 characters; an ARN is not needed, only the name.",
        code="malformed_log_group",
    )


def to_log_group(described: dict[str, Any], region: str) -> LogGroup:
    """Turn one of DescribeLogGroups' groups into ours."""
    log_class = described.get("logGroupClass", STANDARD)
    why_not = why_not_collectible(log_class)
    return LogGroup(
        region=region,
        name=described["logGroupName"],
        log_class=log_class,
        retention_days=described.get("retentionInDays"),
        stored_bytes=described.get("storedBytes", 0),
        created_at=moment_of(described["creationTime"]),
        collectible=not why_not,
        why_not=why_not,
    )


def find_group(session: AwsSession, region: str, name: str) -> LogGroup | None:
    """Return the log group of exactly this name, None when there is none."""
    return next((group for group in list_groups(session, region, prefix=name) if group.name == name), None)


def require_groups(session: AwsSession, region: str, names: Sequence[str]) -> None:
    """Raise UsageError for a group that is not there, or whose class the collector cannot read."""
    with credentials_are_good(region):
        found = together([partial(find_group, session, region, name) for name in names])
    for name, group in zip(names, found, strict=True):
        if group is None:
            raise UsageError(
                f"There is no log group {name} in {region}.",
                hint=f"The groups there are: asayer-cli aws log-groups --region {region}.",
                code="log_group_not_found",
            )
        if not group.collectible:
            raise UsageError(
                f"The log group {name} cannot be collected: {group.why_not}.",
                hint="Send the logs to a group of class STANDARD; a group's class cannot be changed later.",
                code="log_group_unreadable",
            )


def list_groups(session: AwsSession, region: str, *, prefix: str = "", contains: str = "") -> Iterator[LogGroup]:
    """Yield the groups of a region, page by page, whose name begins with `prefix` and has `contains` in it."""
    with translated(_ACTION, region=region):
        logs = session.client("logs", region)
    if contains and not prefix:
        yield from _containing(logs, region, contains)
        return
    for group in _pages(logs, region, {"logGroupNamePrefix": prefix} if prefix else {}):
        if contains in group.name:
            yield group


def _containing(logs: Any, region: str, contains: str) -> Iterator[LogGroup]:  # noqa: ANN401 - botocore's client
    """Find by pattern, then fetch by name: an answer to a pattern has no class, retention or size."""
    found = _pages(logs, region, {"logGroupNamePattern": contains})
    while names := [group.name for group in islice(found, 50)]:
        for group in _pages(logs, region, {"logGroupIdentifiers": names}):
            if contains in group.name:
                yield group


def _pages(logs: Any, region: str, request: dict[str, Any]) -> Iterator[LogGroup]:  # noqa: ANN401 - botocore's client
    pages = iter(logs.get_paginator("describe_log_groups").paginate(**request))
    while True:
        with translated(_ACTION, region=region):
            page = next(pages, None)
            if page is None:
                return
            groups = [to_log_group(described, region) for described in page["logGroups"]]
        yield from groups


class Sweep:
    """The log groups of several regions, asked at the same time, in the order in which they arrive.

    After the last one, `not_enabled` names the regions that the account does not have, and `failures` tells what went
    wrong in which region. The credentials must be known to be good: a region that is not enabled answers as if
    they were not.
    """

    def __init__(self, session: AwsSession, regions: Sequence[str], *, prefix: str = "", contains: str = "") -> None:
        self.not_enabled: list[str] = []
        self.failures: list[tuple[str, AsayerError]] = []
        self._session = session
        self._regions = regions
        self._prefix = prefix
        self._contains = contains
        self._stop = threading.Event()
        self._arrived: queue.SimpleQueue[LogGroup | _Ended] = queue.SimpleQueue()

    def __iter__(self) -> Iterator[LogGroup]:
        """Start asking, and yield what arrives."""
        waiting: queue.SimpleQueue[str] = queue.SimpleQueue()
        for region in self._regions:
            waiting.put(region)
        for _ in range(min(MOST_WORKERS, len(self._regions))):
            # Daemons, so that an interrupt need not wait for the slowest answer.
            threading.Thread(target=self._work, args=(waiting,), daemon=True).start()
        try:
            yield from self._arriving(len(self._regions))
        finally:
            self._stop.set()

    def _arriving(self, regions: int) -> Iterator[LogGroup]:
        while regions:
            item = self._arrived.get()
            if isinstance(item, LogGroup):
                yield item
                continue
            regions -= 1
            self._note(item)

    def _note(self, ended: _Ended) -> None:
        if _says_not_enabled(ended.error):
            self.not_enabled.append(ended.region)
        elif isinstance(ended.error, AsayerError):
            self.failures.append((ended.region, ended.error))
        elif ended.error is not None:
            raise ended.error

    def _work(self, waiting: queue.SimpleQueue[str]) -> None:
        while not self._stop.is_set():
            try:
                region = waiting.get_nowait()
            except queue.Empty:
                return
            self._ask(region)

    def _ask(self, region: str) -> None:
        error: Exception | None = None
        try:
            for group in list_groups(self._session, region, prefix=self._prefix, contains=self._contains):
                if self._stop.is_set():
                    return
                self._arrived.put(group)
        except Exception as problem:  # noqa: BLE001 - it is raised again in the thread that reads
            error = problem
        self._arrived.put(_Ended(region, error))


def _says_not_enabled(error: Exception | None) -> bool:
    return isinstance(error, CredentialsRejectedError) and error.code == CredentialsRejectedError.default_code


class _Ended:
    """The last thing that arrives from a region."""

    def __init__(self, region: str, error: Exception | None) -> None:
        self.region = region
        self.error = error


def by_cause(failures: Iterable[tuple[str, AsayerError]]) -> list[tuple[AsayerError, list[str]]]:
    """Join the failures that are the same but for the region: one error with its regions."""
    causes: dict[tuple[str, str], tuple[AsayerError, list[str]]] = {}
    for region, error in failures:
        causes.setdefault((error.code, error.hint), (error, []))[1].append(region)
    return [(error, sorted(regions)) for error, regions in causes.values()]
