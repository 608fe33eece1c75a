"""CloudWatch Logs where moto differs from AWS: log classes, listing, filter patterns and paging.

Facts: botocore's model of CloudWatch Logs and "Log classes" of its user guide. moto holds groups, streams and events.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from moto.logs.models import logs_backends

from asayer_cli.sandbox.aws import errors, filter_pattern, insights, live_tail
from asayer_cli.sandbox.aws.log_events import filter_log_events, stream_events
from asayer_cli.sandbox.aws.resources import log_group_arn
from asayer_cli.sandbox.faults import InvalidControlError
from asayer_cli.sandbox.supervisor import ACCOUNT_ID
from asayer_cli.sandbox.wsgi import Reply, json_reply

if TYPE_CHECKING:
    from collections.abc import Callable

    from moto.logs.models import LogGroup

    from asayer_cli.sandbox.aws.call import ApiCall

HTTP_ERRORS = 400
CLASSES = ("STANDARD", "INFREQUENT_ACCESS", "DELIVERY", "ESSENTIALS")
READ_BY_QUERY_ONLY = frozenset({"INFREQUENT_ACCESS", "DELIVERY", "ESSENTIALS"})
# Which classes an operation does not read ("Log classes").
REFUSED_CLASSES = {
    "FilterLogEvents": READ_BY_QUERY_ONLY,
    "GetLogEvents": READ_BY_QUERY_ONLY,
    "StartLiveTail": READ_BY_QUERY_ONLY,
    "StartQuery": frozenset({"DELIVERY"}),
}
GROUP_NAMES = re.compile(r"[.\-_/#A-Za-z0-9]{1,512}")
LARGEST_PAGE = 50
MOST_TEST_MESSAGES = 50


def handle(call: ApiCall) -> Reply:
    """Answer a request to CloudWatch Logs."""
    refusal = _refusal(call)
    if refusal:
        return refusal
    return OWN_ANSWERS.get(call.request.operation, _moto)(call)


def _moto(call: ApiCall) -> Reply:
    return call.pass_on()


def invalid(message: str) -> Reply:
    """Refuse a parameter."""
    return errors.refuse("logs", "InvalidParameterException", message)


def _invalid_value(name: str, value: object, rule: str) -> Reply:
    return invalid(f"1 validation error detected: Value '{value}' at '{name}' failed to satisfy constraint: {rule}")


def log_groups(region: str) -> dict[str, LogGroup]:
    """Return moto's log groups of a region by name."""
    groups: dict[str, LogGroup] = logs_backends[ACCOUNT_ID][region].groups
    return groups


def class_of(group: LogGroup) -> str:
    """Return the log class, which moto does not know and the front keeps on moto's object."""
    return str(getattr(group, "log_group_class", "STANDARD"))


def set_class(group: LogGroup, log_class: str) -> None:
    """Give a log group its class."""
    group.log_group_class = log_class  # type: ignore[attr-defined]


def _refusal(call: ApiCall) -> Reply | None:
    name = call.request.text("logGroupName")
    if name and not GROUP_NAMES.fullmatch(name):
        rule = r"Member must satisfy regular expression pattern: [\.\-_/#A-Za-z0-9]+"
        return _invalid_value("logGroupName", name, rule)
    if call.request.operation in REFUSED_CLASSES:
        return _refusal_of_class(call)
    return None


def _refusal_of_class(call: ApiCall) -> Reply | None:
    operation = call.request.operation
    named = insights.identifiers(call.request.parameters) or [group_identifier(call)]
    for identifier in named:
        group = find_group(identifier, call.request.region)
        if group and class_of(group) in REFUSED_CLASSES[operation]:
            message = f"The {operation} operation is not supported: {operation} is not supported for this log class"
            return errors.refuse("logs", "InvalidOperationException", message)
    return None


def group_identifier(call: ApiCall) -> str:
    """Return the name or ARN that a request names its log group by."""
    return call.request.text("logGroupName") or call.request.text("logGroupIdentifier")


def find_group(name_or_arn: str, region: str) -> LogGroup | None:
    """Return a log group by its name or ARN."""
    arn = log_group_arn(name_or_arn, region)
    return log_groups(region).get(arn.partition(":log-group:")[2])


def _create_log_group(call: ApiCall) -> Reply:
    log_class = call.request.text("logGroupClass") or "STANDARD"
    if log_class not in CLASSES:
        return _invalid_value("logGroupClass", log_class, f"Member must satisfy enum value set: [{', '.join(CLASSES)}]")
    reply = call.pass_on()
    if reply.status < HTTP_ERRORS:
        set_class(log_groups(call.request.region)[call.request.text("logGroupName")], log_class)
    return reply


def create_many(order: dict[str, Any]) -> None:
    """Create ``count`` log groups in ``region`` named ``prefix`` and five digits, for tests of long lists."""
    try:
        region, prefix, count = str(order["region"]), str(order["prefix"]), int(order["count"])
        backend = logs_backends[ACCOUNT_ID][region]
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidControlError("log-groups needs a region of AWS, a prefix and a count") from error
    for number in range(count):
        backend.ensure_log_group(f"{prefix}{number:05}")


def _describe_log_groups(call: ApiCall) -> Reply:
    parameters = call.request.parameters
    prefix, pattern = call.request.text("logGroupNamePrefix"), call.request.text("logGroupNamePattern")
    if prefix and pattern:
        return invalid("LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.")
    limit = parameters.get("limit", LARGEST_PAGE)
    if not isinstance(limit, int) or not 1 <= limit <= LARGEST_PAGE:
        bound = "greater than or equal to 1" if limit == 0 else f"less than or equal to {LARGEST_PAGE}"
        return _invalid_value("limit", limit, f"Member must have value {bound}")
    after = call.request.text("nextToken")
    wanted = _same_family(call.request.text("logGroupClass"))
    chosen = _chosen(call)
    names = sorted(
        name
        for name, group in list(log_groups(call.request.region).items())
        if name > after and name.startswith(prefix) and pattern in name and (not wanted or class_of(group) in wanted)
        if chosen is None or name in chosen
    )
    groups = log_groups(call.request.region)
    page = [groups[name] for name in names[:limit] if name in groups]
    answer: dict[str, Any] = {"logGroups": [_description(group, short=bool(pattern)) for group in page]}
    if len(names) > limit:
        answer["nextToken"] = names[limit - 1]
    return json_reply(200, answer)


def _chosen(call: ApiCall) -> frozenset[str] | None:
    """Return the groups that a request names, by name or ARN; None when it names none."""
    identifiers = call.request.parameters.get("logGroupIdentifiers")
    if not identifiers:
        return None
    return frozenset(group.name for item in identifiers if (group := find_group(str(item), call.request.region)))


def _same_family(log_class: str) -> tuple[str, ...]:
    """Return the classes that a filter by class lets through; AWS takes these two for one."""
    family = ("INFREQUENT_ACCESS", "ESSENTIALS")
    return family if log_class in family else (log_class,) if log_class else ()


def _description(group: LogGroup, *, short: bool) -> dict[str, Any]:
    whole = {**group.to_describe_dict(), "logGroupClass": class_of(group)}
    return {name: whole[name] for name in ("arn", "creationTime", "logGroupName")} if short else whole


def _filter_log_events(call: ApiCall) -> Reply:
    if bool(call.request.text("logGroupName")) == bool(call.request.text("logGroupIdentifier")):
        return invalid("Exactly one of logGroupName and logGroupIdentifier must be given.")
    group = find_group(group_identifier(call), call.request.region)
    if group is None:
        message = "The specified log group does not exist."
        return errors.refuse("logs", "ResourceNotFoundException", message)
    try:
        return json_reply(200, filter_log_events(group, call.request.parameters, call.settings))
    except ValueError as error:
        return invalid(str(error))


def _get_log_events(call: ApiCall) -> Reply:
    """Answer GetLogEvents as moto does, but for the end of the span, which AWS excludes here."""
    if bool(call.request.text("logGroupName")) == bool(call.request.text("logGroupIdentifier")):
        return invalid("Exactly one of logGroupName and logGroupIdentifier must be given.")
    group = find_group(group_identifier(call), call.request.region)
    stream = group.streams.get(call.request.text("logStreamName")) if group else None
    if stream is None:
        message = f"The specified log {'stream' if group else 'group'} does not exist."
        return errors.refuse("logs", "ResourceNotFoundException", message)
    try:
        return json_reply(200, stream_events(stream, call.request.parameters))
    except ValueError as error:
        return invalid(str(error))


def _test_metric_filter(call: ApiCall) -> Reply:
    messages = call.request.parameters.get("logEventMessages") or []
    if not 1 <= len(messages) <= MOST_TEST_MESSAGES:
        rule = f"Member must have length between 1 and {MOST_TEST_MESSAGES}"
        return _invalid_value("logEventMessages", f"{len(messages)} messages", rule)
    try:
        matches = filter_pattern.parse(call.request.text("filterPattern"))
    except filter_pattern.InvalidPatternError as error:
        return invalid(str(error))
    found = [
        {"eventNumber": number, "eventMessage": message, "extractedValues": {}}
        for number, message in enumerate(messages, 1)
        if matches(message)
    ]
    return json_reply(200, {"matches": found})


def _start_query(call: ApiCall) -> Reply:
    groups = (find_group(name, call.request.region) for name in insights.identifiers(call.request.parameters))
    if len({class_of(group) for group in groups if group}) > 1:
        return invalid("All log groups of a query must be of the same log class.")
    return insights.start_query(call, find_group)


def _start_live_tail(call: ApiCall) -> Reply:
    return live_tail.start_live_tail(call, find_group)


OWN_ANSWERS: dict[str, Callable[[ApiCall], Reply]] = {
    "CreateLogGroup": _create_log_group,
    "DescribeLogGroups": _describe_log_groups,
    "FilterLogEvents": _filter_log_events,
    "GetLogEvents": _get_log_events,
    "GetQueryResults": insights.get_query_results,
    "StartLiveTail": _start_live_tail,
    "StartQuery": _start_query,
    "StopQuery": insights.stop_query,
    "TestMetricFilter": _test_metric_filter,
}
