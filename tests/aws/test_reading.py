"""Reading with the collector's own key: complete, only in the window, and unable to write."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from asayer_cli.aws.reading import CloudWatchReader, collector_pattern, suspect_pattern
from asayer_cli.entries import Window, milliseconds
from asayer_cli.errors import CredentialsRejectedError, PermissionDeniedError, UsageError
from asayer_cli.integrations import AwsKey
from asayer_cli.sandbox.aws.filter_pattern import parse
from asayer_cli.secret import Secret
from asayer_cli.tag import ASAYER, OPENREPLAY, TagConvention
from tests.aws.conftest import GROUP, REGION, Account

if TYPE_CHECKING:
    from collections.abc import Callable

    from asayer_cli.sandbox.control import Control

NOW = datetime.now(UTC).replace(microsecond=0)
HOUR = Window(NOW - timedelta(hours=1), NOW)


@pytest.fixture
def reader(account: Account) -> CloudWatchReader:
    key_id, secret = account.make_user("CloudWatchReadOnlyAccess")
    return CloudWatchReader(AwsKey(key_id, Secret(secret)), REGION)


@pytest.fixture
def group(account: Account) -> str:
    name = f"/test/{uuid.uuid4().hex}"
    logs = account.client("logs")
    logs.create_log_group(logGroupName=name)
    for stream in ("one", "two"):
        logs.create_log_stream(logGroupName=name, logStreamName=stream)
    return name


@pytest.fixture
def log(account: Account, group: str) -> Callable[..., None]:
    def put(*events: tuple[datetime, str], stream: str = "one") -> None:
        batch = [{"timestamp": milliseconds(moment), "message": message} for moment, message in sorted(events)]
        account.client("logs").put_log_events(logGroupName=group, logStreamName=stream, logEvents=batch)

    return put


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


def test_identity(reader: CloudWatchReader, account: Account) -> None:
    identity = reader.identity()
    assert identity.arn == f"arn:aws:iam::123456789012:user/{account.user}"
    assert (identity.account, identity.partition) == ("123456789012", "aws")


def test_a_wrong_key_is_rejected(environ: dict[str, str]) -> None:
    reader = CloudWatchReader(AwsKey("AKIAIOSFODNN7EXAMPLE", Secret("nonsense-nonsense")), REGION)
    with pytest.raises(CredentialsRejectedError):
        reader.identity()
    with pytest.raises(CredentialsRejectedError):
        reader.find_group(GROUP)


def test_a_region_that_is_not_enabled_is_told_from_a_wrong_key(account: Account) -> None:
    key_id, secret = account.make_user("CloudWatchReadOnlyAccess")
    reader = CloudWatchReader(AwsKey(key_id, Secret(secret)), "me-south-1")
    assert reader.identity().account == "123456789012"
    for ask in (lambda: reader.find_group(GROUP), lambda: list(reader.search(GROUP, "x", HOUR)), reader.may_write):
        with pytest.raises(UsageError) as caught:
            ask()
        assert caught.value.code == "region_not_enabled"


def test_only_the_given_key_counts(
    reader: CloudWatchReader, account: Account, monkeypatch: pytest.MonkeyPatch, environ: dict[str, str]
) -> None:
    with open(environ["AWS_CONFIG_FILE"], "w", encoding="utf-8") as file:  # noqa: PTH123 - a name from the environment
        file.write("[profile other]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = x\n")
    for name, value in {"AWS_PROFILE": "other", "AWS_SESSION_TOKEN": "token", "AWS_ACCESS_KEY_ID": "AKIA0"}.items():
        monkeypatch.setenv(name, value)
    assert reader.identity().arn.endswith(account.user)
    monkeypatch.setenv("AWS_PROFILE", "no-such-profile")
    key_id, secret = account.make_key()
    assert CloudWatchReader(AwsKey(key_id, Secret(secret)), REGION).identity().arn.endswith(account.user)


def test_find_group_takes_exactly_this_name(reader: CloudWatchReader, account: Account, group: str) -> None:
    account.client("logs").create_log_group(logGroupName=f"{group}-longer")
    found = reader.find_group(group)
    assert found is not None
    assert found.name == group
    assert reader.find_group(group[:-1]) is None
    archive = reader.find_group("/ecs/shop-archive")
    assert archive is not None
    assert not archive.collectible


def test_may_write_knows_and_writes_nothing(reader: CloudWatchReader, account: Account, group: str) -> None:
    assert not reader.may_write()
    assert not reader.may_write(group)
    account.iam.attach_user_policy(UserName=account.user, PolicyArn="arn:aws:iam::aws:policy/CloudWatchLogsFullAccess")
    before = account.client("logs").describe_log_streams(logGroupName=group)["logStreams"]
    assert reader.may_write()
    assert reader.may_write(group)
    assert account.client("logs").describe_log_streams(logGroupName=group)["logStreams"] == before
    probes = account.client("logs").describe_log_groups(logGroupNamePrefix="/asayer-cli/")["logGroups"]
    assert probes == []


def test_search_is_case_sensitive_and_keeps_to_the_window(
    reader: CloudWatchReader, log: Callable[..., None], group: str
) -> None:
    log(
        (HOUR.start - timedelta(milliseconds=1), "asayer_session_id=1 before"),
        (HOUR.start, "asayer_session_id=2 at the start"),
        (HOUR.end - timedelta(milliseconds=1), "asayer_session_id=3 at the end"),
        (HOUR.end, "asayer_session_id=4 after"),
        (ago(60), "Asayer_Session_Id=5"),
    )
    found = list(reader.search(group, collector_pattern(ASAYER), HOUR))
    assert [entry.message[:19] for entry in found] == ["asayer_session_id=2", "asayer_session_id=3"]
    assert found[0].time == HOUR.start
    assert found[0].place == f"{group} one"
    assert len({entry.entry_id for entry in found}) == 2


def test_search_goes_on_after_an_empty_page(
    reader: CloudWatchReader, log: Callable[..., None], group: str, aws: Control
) -> None:
    log((ago(10), "asayer_session_id=1"))
    log((ago(20), "asayer_session_id=2"), stream="two")
    aws.change(empty_pages=True)
    assert len(list(reader.search(group, collector_pattern(ASAYER), HOUR))) == 2
    assert reader.newest(group, HOUR) == ago(10)


def test_search_reads_every_page(reader: CloudWatchReader, log: Callable[..., None], group: str) -> None:
    filler = "x" * 100_000
    for number in range(25):
        log((ago(100 - number), f"asayer_session_id={number} {filler}"))
    found = list(reader.search(group, collector_pattern(ASAYER), HOUR))
    assert len(found) == 25


def test_a_missing_group_and_a_missing_right_are_told(reader: CloudWatchReader, account: Account) -> None:
    with pytest.raises(UsageError) as missing:
        list(reader.search("/no/such", "x", HOUR))
    assert missing.value.code == "log_group_not_found"
    account.iam.detach_user_policy(UserName=account.user, PolicyArn="arn:aws:iam::aws:policy/CloudWatchReadOnlyAccess")
    with pytest.raises(PermissionDeniedError) as denied:
        list(reader.search(GROUP, "x", HOUR))
    assert denied.value.action == "logs:FilterLogEvents"
    assert f"log-group:{GROUP}" in denied.value.hint


def test_newest(reader: CloudWatchReader, log: Callable[..., None], group: str, aws: Control) -> None:
    assert reader.newest(group, HOUR) is None
    log((ago(300), "older"), (ago(7200), "before the window"))
    log((ago(30), "newest"), stream="two")
    aws.forget_requests()
    assert reader.newest(group, HOUR) == ago(30)
    assert len(aws.requests()) == 1
    assert reader.newest(group, Window(ago(2000), ago(1000))) is None


def test_newest_in_a_window_that_begins_long_ago(
    reader: CloudWatchReader, log: Callable[..., None], group: str
) -> None:
    log((ago(30), "newest"))
    assert reader.newest(group, Window(datetime(2019, 1, 1, tzinfo=UTC), NOW)) == ago(30)
    assert reader.newest(group, Window(datetime(2019, 1, 1, tzinfo=UTC), datetime(2020, 1, 1, tzinfo=UTC))) is None


@pytest.mark.parametrize("convention", [ASAYER, OPENREPLAY])
def test_the_suspect_pattern_finds_every_way_to_spell_the_tag(convention: TagConvention) -> None:
    pattern = suspect_pattern(convention)
    assert len(pattern) <= 1024
    assert not set(pattern) & set("()\"' ")
    matches = parse(pattern)
    words = convention.words
    for joined in ("-".join(words), "_".join(words), ".".join(words), " ".join(words), "".join(words)):
        for spelled in (joined, joined.upper(), joined.title()):
            assert matches(f"ERROR [{spelled}=42] boom")
    assert matches(f"[{convention.tag_name}=1]")
    assert not matches("ERROR [session=42] boom")


def test_the_collectors_pattern_is_the_bare_term() -> None:
    assert collector_pattern(ASAYER) == "asayer_session_id"
    assert collector_pattern(OPENREPLAY) == '"openReplaySession.id"'
    assert parse(collector_pattern(OPENREPLAY))("[openReplaySession.id=1]")
