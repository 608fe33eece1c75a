"""Reading log groups with the collector's own key: what `verify` asks."""

from __future__ import annotations

import contextlib
import threading
import time
import uuid
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError

from asayer_cli.aws.errors import DENIED, MISSING, error_code, translated
from asayer_cli.aws.filter_engine import FilterEngine
from asayer_cli.aws.identity import who_am_i_anywhere
from asayer_cli.aws.log_groups import find_group
from asayer_cli.aws.regions import region_not_enabled
from asayer_cli.aws.session import collector_session
from asayer_cli.aws.shapes import moment_of
from asayer_cli.errors import CredentialsRejectedError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from asayer_cli.aws.model import Identity, LogGroup
    from asayer_cli.aws.session import AwsSession
    from asayer_cli.entries import LogEntry, Window
    from asayer_cli.integrations import AwsKey
    from asayer_cli.session_id import SessionId
    from asayer_cli.tag import TagConvention

_NEVER: Final = threading.Event()
PROBE_PREFIX: Final = "/asayer-cli/write-probe/"
_KEY_HINT: Final = (
    "The access key of the integration may be deleted, inactive or mistyped: asayer-cli aws status tells what AWS "
    "knows of it, with an administrator's credentials."
)
_LONGEST_PATTERN: Final = 1024
# A number this long is hardly anything else than the id that was looked for.
_TELLING_DIGITS: Final = 12
# FilterLogEvents reads newest first only from here on (its API reference, startFromHead).
_NEWEST_FIRST_SINCE_MS: Final = 1_704_067_200_000


def collector_pattern(convention: TagConvention) -> str:
    """Return the filter pattern that the product's collector uses: the tag's name as a bare, case-sensitive term."""
    name = convention.tag_name
    return name if name.replace("_", "").isalnum() else f'"{name}"'


def suspect_pattern(convention: TagConvention) -> str:
    """Return a filter pattern that finds whatever may have been meant as the tag.

    Its words in any case, with at most one character of any kind between them. Filter patterns know neither groups nor
    a case-insensitive switch ("Filter pattern syntax", regular expressions).
    """
    words = ("".join(f"[{letter.upper()}{letter}]" for letter in word) for word in convention.words)
    pattern = "%" + ".?".join(words) + "%"
    if len(pattern) > _LONGEST_PATTERN:
        raise ValueError(f"the tag name {convention.tag_name} is too long for a filter pattern")
    return pattern


def session_patterns(convention: TagConvention, session_ids: Iterable[SessionId]) -> tuple[str, ...]:
    """Return filter patterns that find the entries of sessions, several where one has no room for all of them.

    Whether a quoted term matches inside longer words is not documented, so that the tag is asked for with its brackets
    and without; and an id of many digits by itself, for it may be a field of JSON.
    """
    patterns: list[str] = []
    for session_id in sorted(session_ids):
        texts = (convention.write(session_id), f"{convention.tag_name}={session_id}", str(session_id))
        terms = " ".join(f'?"{text}"' for text in texts if len(text) >= _TELLING_DIGITS)
        if patterns and len(patterns[-1]) + 1 + len(terms) <= _LONGEST_PATTERN:
            patterns[-1] += f" {terms}"
        else:
            patterns.append(terms)
    return tuple(patterns)


class CloudWatchReader:
    """CloudWatch Logs of one region, asked with one access key and no other credentials.

    `share` is how many log groups are read at the same time, each with a search of its own.
    """

    def __init__(
        self, key: AwsKey, region: str, aws_profile: str = "", *, allow_http: bool = False, share: int = 1
    ) -> None:
        self.region = region
        self.account = key.access_key_id
        self.session = collector_session(key, region, aws_profile, allow_http=allow_http)
        self.engine = FilterEngine.of(self.session, region, self.account, share=share)

    def identity(self) -> Identity:
        """Return whose key this is; CredentialsRejectedError when AWS does not accept it.

        Also works where the region is not enabled for the account.
        """
        try:
            return who_am_i_anywhere(self.session, self.region)
        except CredentialsRejectedError as error:
            if error.code == CredentialsRejectedError.default_code:
                # what the SDK's own chain finds is not what is asked with here
                error.hint = _KEY_HINT
            raise

    def find_group(self, name: str) -> LogGroup | None:
        """Return the log group of exactly this name, None when there is none.

        UsageError with the code `region_not_enabled` where the key is good and the region does not take it.
        """
        with self._asking("logs:DescribeLogGroups"):
            return find_group(self.session, self.region, name)

    def may_write(self, group: str = "") -> bool:
        """Tell whether the key may write log events, without being able to write one; see the function `may_write`."""
        with self._asking("logs:PutLogEvents"):
            return may_write(self.session, group)

    def search(self, group: str, pattern: str, window: Window) -> Iterator[LogEntry]:
        """Yield every event of a group in a window that matches a filter pattern, each once, by time, then by id.

        Reading goes on meanwhile: pages are asked for side by side, within the service's quota.
        """
        with self.explained(group):
            yield from self.engine.search(group, (pattern,), window)

    def newest(self, group: str, window: Window) -> datetime | None:
        """Return the time of the newest event of any kind in a window, None when there is none.

        Costs one request as a rule: events are asked for newest first, one at a time.
        """
        request = {**_span(group, window), "limit": 1, "startFromHead": False}
        request["startTime"] = max(window.start_ms, _NEWEST_FIRST_SINCE_MS)
        if request["startTime"] > request["endTime"]:
            return None
        with self._asking("logs:FilterLogEvents", group):
            times = (event["timestamp"] for page in self._pages(request) for event in page.get("events") or ())
            newest = next(times, None)
            return None if newest is None else moment_of(newest)

    @property
    def _logs(self) -> Any:  # noqa: ANN401 - botocore makes the type
        return self.session.client("logs", self.region)

    def _pages(self, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
        token: dict[str, str] = {}
        while True:
            self.engine.budget.take(_NEVER)
            with self._asking("logs:FilterLogEvents", request["logGroupName"]):
                page = self._logs.filter_log_events(**request, **token)
            yield page
            # a token that comes back would lead here again, for ever
            if page.get("nextToken") in (None, "", token.get("nextToken")):
                return
            token = {"nextToken": page["nextToken"]}

    @contextlib.contextmanager
    def explained(self, group: str = "") -> Iterator[None]:
        """Make more of our errors; a rejection is the region's when STS accepts the key."""
        try:
            yield
        except CredentialsRejectedError as error:
            self.identity()
            raise region_not_enabled(self.region) from error
        except UsageError as error:
            if group and error.code == "not_found":
                raise group_missing(group, self.region) from error
            raise

    @contextlib.contextmanager
    def _asking(self, action: str, group: str = "") -> Iterator[None]:
        with self.explained(group), translated(action, region=self.region, resource=self._arn(group)):
            yield

    def _arn(self, group: str) -> str:
        return (
            f"arn:{self.session.partition_of(self.region)}:logs:{self.region}:*:log-group:{group}:*" if group else "*"
        )


def may_write(session: AwsSession, group: str = "") -> bool:
    """Tell whether a session may write log events in its region, without being able to write one.

    The event goes to a log group that does not exist, under a name made up on the spot, or with `group` to a stream of
    it that does not exist; PutLogEvents makes neither. "Not found" means that the right is there.
    """
    name = uuid.uuid4().hex
    event = {"timestamp": int(time.time() * 1000), "message": "asayer-cli asks whether it may write"}
    with translated("logs:PutLogEvents", region=session.region):
        try:
            session.client("logs", session.region).put_log_events(
                logGroupName=group or PROBE_PREFIX + name, logStreamName=name, logEvents=[event]
            )
        except ClientError as error:
            if error_code(error) in MISSING | DENIED:
                return error_code(error) in MISSING
            raise
        raise ResponseParserError("a log stream that cannot exist took an event")


def read_once(session: AwsSession, group: str, window: Window) -> None:
    """Ask for one page of a group's events, for the sake of the right to; errors are ours."""
    partition = session.partition_of(session.region)
    arn = f"arn:{partition}:logs:{session.region}:*:log-group:{group}:*"
    with translated("logs:FilterLogEvents", region=session.region, resource=arn):
        session.client("logs", session.region).filter_log_events(**_span(group, window), limit=1)


def group_missing(group: str, region: str) -> UsageError:
    """Return the error for a log group that is not there."""
    return UsageError(
        f"There is no log group {group} in {region}.",
        hint=f"The log groups there are: asayer-cli aws log-groups --region {region}.",
        code="log_group_not_found",
    )


def _span(group: str, window: Window) -> dict[str, Any]:
    """Bound a search: unlike the window's, the end of FilterLogEvents belongs to it."""
    return {"logGroupName": group, "startTime": max(window.start_ms, 0), "endTime": max(window.end_ms - 1, 0)}
