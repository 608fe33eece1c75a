from __future__ import annotations

import base64
import json
import threading
import time
import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from asayer_cli.sandbox.faults import Fault
from asayer_cli.session_id import SessionId
from tests.contracts import check_exchange, is_described
from tests.verification.conftest import READ_POLICY, api_key, check, document, source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.verification.conftest import Admin, Verify

ALL_READABLE = {"cluster": [], "indices": [{"names": ["*"], "privileges": ["read", "view_index_metadata"]}]}
FOREIGN = "[asayer_session_id=4113219715072001793]"


def tag(session_id: SessionId) -> str:
    return f"[asayer_session_id={session_id}]"


@pytest.fixture
def failing(admin: Admin) -> Iterator[Callable[..., None]]:
    """Let calls to a front fail for the rest of the test: `failing("aws", Fault(...))`."""
    ordered: set[str] = set()

    def order(front: str, *faults: Fault) -> None:
        ordered.add(front)
        admin.front(front).order(*faults)

    yield order
    for front in ordered:
        admin.front(front).order()


def test_passes_when_both_sources_have_a_collectible_entry(verify: Verify, admin: Admin, session_id: SessionId) -> None:
    message = f"{tag(session_id)} ValueError: bad card"
    run = verify(group=admin.log([message, "untagged"]), index=admin.index([document(message)]))
    assert run.code == 0, run.out
    assert run.json["schema"] == 1
    assert {check["status"] for check in run.data["checks"]} == {"pass"}
    for name in ("aws", "elastic"):
        report = source(run, name)
        assert (report["tagged"], report["collectible"], report["rejected"]) == (1, 1, {})
        assert report["complete"] is True
        assert "entries" not in report or report["entries"] is None


def test_asks_with_the_collectors_own_key(verify: Verify, admin: Admin, session_id: SessionId) -> None:
    run = verify(group=admin.log([f"{tag(session_id)} ERROR boom"]))
    assert "user/verify-" in check(run, "aws.credentials")["summary"]


def test_info_is_counted_and_not_complained_of(verify: Verify, admin: Admin, session_id: SessionId) -> None:
    messages = [f"{tag(session_id)} ERROR boom", f"{tag(session_id)} INFO payment accepted"]
    documents = [document(messages[0]), document(messages[1], tags=["info"], **{"log.level": "info"})]
    run = verify(group=admin.log(messages), index=admin.index(documents))
    assert run.code == 0
    assert source(run, "aws")["rejected"] == {"no_error_word": 1}
    assert source(run, "elastic")["rejected"] == {"missing_error_tag": 1}
    assert check(run, "aws.near_misses")["status"] == "pass"
    assert check(run, "elastic.near_misses")["status"] == "pass"


CLOUDWATCH_NEAR_MISSES = {
    "case_mismatch": "[Asayer_Session_Id=4113219715072001793] ERROR boom",
    "wrong_tag_name": "[asayerSessionId=42] ERROR boom",
    "malformed_tag": "[asayer_session_id\\u003d42] ERROR boom",
    "id_not_numeric": "[asayer_session_id=k3j2.1x.9z] ERROR boom",
    "id_out_of_range": "[asayer_session_id=18446744073709551616] ERROR boom",
    "no_error_word": f"{FOREIGN} CRITICAL db is gone",
    "unsearchable_field": "xasayer_session_id=42 ERROR boom",
}


@pytest.mark.parametrize(("reason", "message"), CLOUDWATCH_NEAR_MISSES.items())
def test_cloudwatch_near_miss_is_a_warning_with_a_sample_and_the_fix(
    verify: Verify, admin: Admin, session_id: SessionId, reason: str, message: str
) -> None:
    group = admin.log([f"{tag(session_id)} ERROR boom", message])
    run = verify(group=group)
    assert run.code == 0, run.out
    near = check(run, "aws.near_misses")
    assert near["status"] == "warn"
    assert reason in near["summary"]
    assert near["sample"] == message
    assert near["remedy"]
    assert source(run, "aws")["rejected"] == {reason: 1}
    assert verify("--strict", group=group).code == 1


def test_elasticsearch_near_misses(verify: Verify, admin: Admin, session_id: SessionId) -> None:
    good = f"{tag(session_id)} ERROR boom"
    documents = [
        document(good),
        document(good, tags=["Error"]),
        document(good, utc_time=None),
        document("[asayerSessionId=42] ERROR boom"),
        document("[asayer-session-id=42] ERROR boom"),
        document("[asayer_session_id=18446744073709551616] ERROR boom"),
        document("[asayer_session_id=k3j2] ERROR boom"),
    ]
    run = verify(index=admin.index(documents))
    assert run.code == 0, run.out
    assert source(run, "elastic")["rejected"] == {
        "missing_error_tag": 1,
        "missing_utc_time": 1,
        "wrong_tag_name": 2,
        "id_out_of_range": 1,
        "id_not_numeric": 1,
    }
    assert check(run, "elastic.near_misses")["status"] == "warn"


def test_elasticsearch_minds_no_case(verify: Verify, admin: Admin) -> None:
    run = verify(index=admin.index([document("[Asayer_Session_Id=5] ERROR boom")]))
    assert run.code == 0
    assert source(run, "elastic")["collectible"] == 1


def test_time_without_a_zone_is_a_near_miss(verify: Verify, admin: Admin, session_id: SessionId) -> None:
    now = datetime.now(UTC) - timedelta(minutes=1)
    bad = document(f"{tag(session_id)} ERROR boom", utc_time=f"{now:%Y-%m-%dT%H:%M:%S}")
    run = verify(index=admin.index([document(f"{tag(session_id)} ERROR boom"), bad]))
    assert source(run, "elastic")["rejected"] == {"bad_utc_time": 1}


def test_a_numeric_time_stops_the_collector(verify: Verify, admin: Admin, session_id: SessionId) -> None:
    now = int((datetime.now(UTC) - timedelta(minutes=1)).timestamp() * 1000)
    documents = [document(f"{tag(session_id)} ERROR boom"), document(f"{tag(session_id)} ERROR boom", utc_time=now)]
    run = verify(index=admin.index(documents))
    assert run.code == 1
    assert check(run, "elastic.utc_time")["status"] == "fail"


def test_a_message_of_keyword_type_cannot_be_found(verify: Verify, admin: Admin, session_id: SessionId) -> None:
    index = admin.index([document(f"{tag(session_id)} ERROR boom")], {"message": {"type": "keyword"}})
    run = verify(index=index)
    assert run.code == 1
    assert check(run, "elastic.fields")["status"] == "fail"
    assert check(run, "elastic.queryable")["status"] == "fail"
    assert source(run, "elastic")["rejected"] == {"unsearchable_field": 1}


def test_nothing_tagged_fails_unless_allowed(verify: Verify, admin: Admin) -> None:
    group, index = admin.log(["ERROR boom"]), admin.index([document("ERROR boom")])
    run = verify(group=group, index=index)
    assert run.code == 1
    assert check(run, "aws.queryable")["status"] == check(run, "elastic.queryable")["status"] == "fail"
    assert verify("--allow-empty", group=group, index=index).code == 0


def test_a_healthy_application_passes_when_empty_is_allowed(verify: Verify, admin: Admin) -> None:
    group = admin.log([f"{FOREIGN} payment accepted"])
    assert verify("--allow-empty", group=group).code == 0
    run = verify(group=group)
    assert run.code == 1
    assert "no_error_word 1" in check(run, "aws.collectible")["summary"]


def test_near_misses_are_not_empty(verify: Verify, admin: Admin) -> None:
    run = verify("--allow-empty", group=admin.log(["[asayerSessionId=42] ERROR boom"]))
    assert run.code == 1
    assert check(run, "aws.collectible")["status"] == "fail"


def test_empty_is_accepted_only_when_the_wait_is_over(verify: Verify, admin: Admin, session_id: SessionId) -> None:
    group = admin.log(["untagged"])
    late = threading.Timer(3, admin.log_to, (group, [f"{tag(session_id)} ERROR boom"]))
    late.start()
    run = verify("--allow-empty", "--wait", "60s", group=group)
    late.join()
    assert run.code == 0
    assert source(run, "aws")["collectible"] == 1


@pytest.mark.parametrize("value", ["", "None", "null", "undefined", "-"])
def test_a_blank_tag_is_a_near_miss_of_errors_only(
    verify: Verify, admin: Admin, session_id: SessionId, value: str
) -> None:
    good = f"{tag(session_id)} ERROR boom"
    anonymous = verify("--strict", group=admin.log([good, f"[asayer_session_id={value}] INFO healthz"]))
    assert anonymous.code == 0, anonymous.out
    error = verify("--strict", group=admin.log([good, f"[asayer_session_id={value}] ERROR boom"]))
    assert error.code == 1


def test_an_entry_that_arrives_between_the_searches_is_no_near_miss(
    verify: Verify, admin: Admin, session_id: SessionId, failing: Callable[..., None]
) -> None:
    group = admin.log([f"{tag(session_id)} ERROR first"])
    failing("aws", Fault("logs", "FilterLogEvents", "slow", after=1, seconds=3))
    late = threading.Timer(2.5, admin.log_to, (group, [f"{tag(session_id)} ERROR second"]))
    late.start()
    run = verify("--strict", group=group)
    late.join()
    assert run.code == 0, run.out
    assert "unsearchable_field" not in source(run, "aws")["rejected"]


def test_a_key_that_may_write_to_the_collected_group_only(verify: Verify, admin: Admin, session_id: SessionId) -> None:
    group, iam, name = admin.log([f"{tag(session_id)} ERROR boom"]), admin.aws("iam"), f"writer-{uuid.uuid4().hex[:8]}"
    iam.create_user(UserName=name)
    iam.attach_user_policy(UserName=name, PolicyArn=READ_POLICY)
    actions = ["logs:PutLogEvents", "logs:CreateLogStream"]
    statement = {"Effect": "Allow", "Action": actions, "Resource": f"arn:aws:logs:*:*:log-group:{group}:*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName=name, PolicyName="write", PolicyDocument=policy)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    env = {"ASAYER_AWS_ACCESS_KEY_ID": key["AccessKeyId"], "ASAYER_AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
    run = verify(group=group, env=env)
    assert run.code == 1
    assert check(run, "aws.write_denied")["status"] == "fail"


def test_a_key_that_may_read_but_not_list_is_told_so(verify: Verify, admin: Admin, session_id: SessionId) -> None:
    group, iam, name = admin.log([f"{tag(session_id)} ERROR boom"]), admin.aws("iam"), f"reader-{uuid.uuid4().hex[:8]}"
    iam.create_user(UserName=name)
    statement = {"Effect": "Allow", "Action": "logs:FilterLogEvents", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName=name, PolicyName="read", PolicyDocument=policy)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    env = {"ASAYER_AWS_ACCESS_KEY_ID": key["AccessKeyId"], "ASAYER_AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
    run = verify(group=group, env=env)
    assert run.code == 4
    assert check(run, "aws.region")["status"] == "pass"
    assert "logs:DescribeLogGroups" in check(run, "aws.log_group")["summary"]


def test_an_index_that_the_key_may_not_read_is_named(verify: Verify, admin: Admin, session_id: SessionId) -> None:
    readable = admin.index([document(f"{tag(session_id)} ERROR boom")])
    hidden = admin.index([document(f"{tag(session_id)} ERROR boom")])
    role = {
        "cluster": [],
        "indices": [
            {"names": [readable], "privileges": ["read", "view_index_metadata"]},
            {"names": [hidden], "privileges": ["view_index_metadata"]},
        ],
    }
    env = {"ASAYER_ELASTIC_API_KEY": api_key(admin, role_descriptors={"reader": role})}
    run = verify("--allow-empty", index=f"{readable},{hidden}", env=env)
    assert run.code == 4
    assert hidden in check(run, "elastic.read_allowed")["summary"]
    assert verify(index=readable, env=env).code == 0


def test_what_is_made_while_waiting_is_found(verify: Verify, admin: Admin, session_id: SessionId) -> None:
    prefix = f"late-log-{uuid.uuid4().hex}"
    message = f"{tag(session_id)} ERROR boom"

    def make() -> None:
        logs = admin.aws("logs")
        logs.create_log_group(logGroupName=f"/{prefix}")
        admin.log_to(f"/{prefix}", [message])
        lines = [{"index": {"_index": f"{prefix}-1"}}, document(message)]
        admin.elastic("POST", "/_bulk?refresh=true", lines)

    late = threading.Timer(4, make)
    late.start()
    run = verify("--wait", "60s", group=f"/{prefix}", index=f"{prefix}-*")
    late.join()
    assert run.code == 0, run.out


def test_what_is_not_made_before_the_deadline_is_not_there(verify: Verify) -> None:
    run = verify("--wait", "2s", group="/no/such/group", index="no-such-log-*")
    assert run.code == 6
    assert check(run, "aws.log_group")["status"] == check(run, "elastic.indexes")["status"] == "fail"


def test_a_window_that_is_closed_is_not_waited_for(verify: Verify, admin: Admin) -> None:
    began = time.monotonic()
    run = verify("--wait", "60s", "--until", "10m", group=admin.log([]))
    assert run.code == 1
    assert time.monotonic() - began < 30


def test_a_partial_answer_that_heals_while_waiting_is_forgotten(
    verify: Verify, admin: Admin, session_id: SessionId
) -> None:
    index = admin.index([document(f"{tag(session_id)} ERROR boom")])
    admin.front("elastic").change(shard_failures=1)
    healing = threading.Timer(5, admin.front("elastic").change, kwargs={"shard_failures": 0})
    healing.start()
    run = verify("--wait", "60s", index=index)
    healing.join()
    assert run.code == 0, run.out
    assert source(run, "elastic")["complete"] is True


def test_a_broken_field_of_an_alias_fails_too(verify: Verify, admin: Admin, session_id: SessionId) -> None:
    index = admin.index([document(f"{tag(session_id)} ERROR boom")], {"message": {"type": "keyword"}})
    alias = f"alias-log-{uuid.uuid4().hex}"
    admin.elastic("PUT", f"/{index}/_alias/{alias}")
    env = {"ASAYER_ELASTIC_API_KEY": api_key(admin, role_descriptors={"r": ALL_READABLE})}
    assert check(verify(index=alias, env=env), "elastic.fields")["status"] == "fail"


def test_one_sound_index_is_enough(verify: Verify, admin: Admin, session_id: SessionId) -> None:
    sound = admin.index([document(f"{tag(session_id)} ERROR boom")])
    broken = admin.index([document("no tag")], {"message": {"type": "keyword"}})
    run = verify(index=f"{sound},{broken}")
    assert run.code == 0, run.out
    assert check(run, "elastic.fields")["status"] == "warn"


def test_the_search_decides_about_tags_of_type_text(verify: Verify, admin: Admin, session_id: SessionId) -> None:
    documents = [document(f"{tag(session_id)} ERROR boom", tags=["Error"])]
    assert verify(index=admin.index(documents, {"tags": {"type": "text"}})).code == 0
    assert verify(index=admin.index(documents)).code == 1


def test_a_message_that_is_an_object(verify: Verify, admin: Admin, session_id: SessionId) -> None:
    message = {"text": f"{tag(session_id)} ERROR boom"}
    index = admin.index([document(message)], {"message": {"properties": {"text": {"type": "text"}}}})
    run = verify(index=index)
    assert run.code == 1
    assert source(run, "elastic")["rejected"] == {"message_not_text": 1}


def test_times_that_cannot_be_sorted_are_a_fault_of_the_mapping(
    verify: Verify, admin: Admin, session_id: SessionId
) -> None:
    index = admin.index([document(f"{tag(session_id)} ERROR boom")], {"utc_time": {"type": "text"}})
    assert verify(index=index).code == 1


def test_a_misspelt_tag_of_the_wanted_session_is_shown(verify: Verify, admin: Admin, session_id: SessionId) -> None:
    group = admin.log([f"[asayerSessionId={session_id}] ERROR boom", "[asayerSessionId=42] ERROR boom"])
    run = verify("--session", str(session_id), group=group)
    assert source(run, "aws")["rejected"] == {"wrong_tag_name": 1}


def test_a_small_number_is_no_session_of_2019(verify: Verify, admin: Admin) -> None:
    run = verify("--session", "42", group=admin.log(["[asayer_session_id=42] ERROR boom"]))
    assert run.code == 0
    assert any("not made by the product" in message["text"] for message in run.json["messages"])


@pytest.mark.parametrize(
    "arguments",
    [("--until", "0001-01-01T00:00:00Z"), ("--since", "9999-12-31T23:30:00Z", "--session", "4115668834469648201")],
)
def test_a_window_outside_the_calendar(verify: Verify, arguments: tuple[str, ...]) -> None:
    assert verify(*arguments, group="/x").code == 2


def test_min_entries(verify: Verify, admin: Admin, session_id: SessionId) -> None:
    group = admin.log([f"{tag(session_id)} ERROR {number}" for number in range(3)])
    assert verify("--min-entries", "3", group=group).code == 0
    assert verify("--min-entries", "4", group=group).code == 1


def test_session_counts_only_its_own_entries_and_bounds_the_window(
    verify: Verify, admin: Admin, session_id: SessionId
) -> None:
    group = admin.log([f"{tag(session_id)} ERROR boom", f"{FOREIGN} ERROR boom"])
    run = verify("--session", str(session_id), "--explain", group=group)
    report = source(run, "aws")
    assert run.code == 0
    assert [entry["session_id"] for entry in report["entries"]] == [str(session_id)]
    begin = datetime.fromisoformat(report["searched_from"])
    assert timedelta(0) < session_id.started_at - begin <= timedelta(minutes=2)
    assert verify("--session", "4113219715072001794", "--since", "1h", group=group).code == 1


def test_a_session_of_the_future_is_warned_of(verify: Verify, admin: Admin) -> None:
    future = SessionId.starting_at(datetime.now(UTC) + timedelta(days=30))
    run = verify("--session", str(future), group=admin.log([f"{tag(future)} ERROR boom"]))
    assert run.code == 0
    assert any("not made by the product" in message["text"] for message in run.json["messages"])


def test_explain_lists_every_tagged_entry_in_order(verify: Verify, admin: Admin, session_id: SessionId) -> None:
    messages = [f"{tag(session_id)} ERROR boom", f"{tag(session_id)} INFO fine", "untagged"]
    entries = source(verify("--explain", group=admin.log(messages)), "aws")["entries"]
    assert [entry["message"] for entry in entries] == messages[:2]
    assert [entry["collectible"] for entry in entries] == [True, False]
    assert [entry["reason"] for entry in entries] == [None, "no_error_word"]
    assert all(datetime.fromisoformat(entry["time"]).tzinfo for entry in entries)
    assert all(isinstance(entry["session_id"], str) and entry["place"] for entry in entries)


def test_window(verify: Verify, admin: Admin, session_id: SessionId) -> None:
    group = admin.log([f"{tag(session_id)} ERROR boom"])
    assert verify("--since", "2h", "--until", "1h", group=group).code == 1
    assert verify("--since", "2000-01-01T00:00:00Z", group=group).code == 0
    assert verify("--since", "1h", "--until", "2h", group=group).code == 2


def test_half_open_window_takes_its_begin_and_not_its_end(verify: Verify, admin: Admin, session_id: SessionId) -> None:
    when = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=20)
    moment = when.isoformat()
    logs, group = admin.aws("logs"), admin.log([])
    logs.create_log_stream(logGroupName=group, logStreamName="s")
    event = {"timestamp": int(when.timestamp() * 1000), "message": f"{tag(session_id)} ERROR boom"}
    logs.put_log_events(logGroupName=group, logStreamName="s", logEvents=[event])
    index = admin.index([document(f"{tag(session_id)} ERROR boom", utc_time=moment, **{"@timestamp": moment})])
    assert verify("--since", moment, group=group, index=index).code == 0
    before = verify("--since", "1h", "--until", moment, group=group, index=index)
    assert before.code == 1
    assert {report["tagged"] for report in before.data["sources"]} == {0}


def test_wait_ends_as_soon_as_the_entry_is_there(verify: Verify, admin: Admin, session_id: SessionId) -> None:
    group = admin.log(["untagged"])
    late = threading.Timer(4, admin.log_to, (group, [f"{tag(session_id)} ERROR boom"]))
    began = time.monotonic()
    late.start()
    run = verify("--wait", "60s", group=group)
    late.join()
    assert run.code == 0, run.out
    assert time.monotonic() - began < 30


def test_wait_in_vain_tells_not_there_from_not_yet(verify: Verify, admin: Admin) -> None:
    silent = verify("--wait", "2s", group=admin.log([]))
    assert silent.code == 6
    assert "not yet" in check(silent, "aws.queryable")["summary"]
    stale = verify("--wait", "2s", group=admin.log(["ERROR untagged"]))
    assert stale.code == 6
    summary = check(stale, "aws.queryable")["summary"]
    assert "not yet, for the newest entry" in summary
    assert "is still on its way" not in summary  # nobody knows whether anything was logged


def test_wait_in_vain_while_other_entries_arrive_is_not_there(verify: Verify, admin: Admin) -> None:
    index, ended = admin.index([]), threading.Event()

    def keep_logging() -> None:
        while not ended.wait(0.5):
            lines = [{"index": {"_index": index}}, document("ERROR untagged", timedelta(0))]
            admin.elastic("POST", "/_bulk?refresh=true", lines)

    application = threading.Thread(target=keep_logging)
    application.start()
    run = verify("--wait", "4s", index=index)
    ended.set()
    application.join()
    assert run.code == 6
    assert "not there" in check(run, "elastic.queryable")["summary"]


def test_only_the_first_log_group_counts(verify: Verify, admin: Admin, session_id: SessionId) -> None:
    empty, full = admin.log(["untagged"]), admin.log([f"{tag(session_id)} ERROR boom"])
    run = verify(group=f"{empty},{full}")
    assert run.code == 1
    assert f"searched only, never counted: {full}" in check(run, "aws.log_group")["summary"]


def test_wrong_secret(verify: Verify, admin: Admin) -> None:
    run = verify(group=admin.log([]), env={"ASAYER_AWS_SECRET_ACCESS_KEY": "planted/secret/0123456789"})
    assert run.code == 4
    assert check(run, "aws.credentials")["status"] == "fail"
    assert check(run, "aws.credentials")["remedy"].endswith("asayer-cli aws status")
    assert check(run, "aws.queryable")["status"] == "skip"
    assert "planted" not in run.out + run.err


def test_a_region_that_is_not_enabled(verify: Verify, admin: Admin) -> None:
    run = verify(group=admin.log([]), env={"ASAYER_AWS_REGION": "af-south-1"})
    assert run.code == 1
    assert check(run, "aws.credentials")["status"] == "pass"
    assert "af-south-1" in check(run, "aws.region")["summary"]


def test_a_group_that_is_not_there_or_not_collectible(verify: Verify, admin: Admin) -> None:
    missing = verify(group="/no/such/group")
    assert missing.code == 1
    assert "no log group /no/such/group" in check(missing, "aws.log_group")["summary"]
    infrequent = verify(group=admin.log([], log_class="INFREQUENT_ACCESS"))
    assert infrequent.code == 1
    assert "cannot be collected" in check(infrequent, "aws.log_group")["summary"]


def test_a_key_that_may_write_fails(verify: Verify, admin: Admin, session_id: SessionId) -> None:
    message = f"{tag(session_id)} ERROR boom"
    role = {"cluster": [], "indices": [{"names": ["*log*"], "privileges": ["all"]}]}
    strong = api_key(admin, role_descriptors={"writer": role})
    run = verify(
        group=admin.log([message]),
        index=admin.index([document(message)]),
        env={
            "ASAYER_AWS_ACCESS_KEY_ID": admin.addresses.aws_access_key_id,
            "ASAYER_AWS_SECRET_ACCESS_KEY": admin.addresses.aws_secret_access_key,
            "ASAYER_ELASTIC_API_KEY": strong,
        },
    )
    assert run.code == 1
    assert check(run, "aws.write_denied")["status"] == check(run, "elastic.write_denied")["status"] == "fail"


def test_a_key_that_expires_soon_is_warned_of(verify: Verify, admin: Admin, session_id: SessionId) -> None:
    index = admin.index([document(f"{tag(session_id)} ERROR boom")])
    run = verify(index=index, env={"ASAYER_ELASTIC_API_KEY": api_key(admin, expiration="3d")})
    assert run.code == 0
    assert check(run, "elastic.expiry")["status"] == "warn"


def test_an_api_key_in_both_forms(verify: Verify, admin: Admin, session_id: SessionId) -> None:
    index = admin.index([document(f"{tag(session_id)} ERROR boom")])
    pair = base64.b64decode(api_key(admin)).decode()
    assert verify(index=index, env={"ASAYER_ELASTIC_API_KEY": pair}).code == 0
    wrong = verify(index=index, env={"ASAYER_ELASTIC_API_KEY": "no-key"})
    assert wrong.code == 2
    assert "no-key" not in wrong.out + wrong.err


def test_a_rejected_api_key(verify: Verify, admin: Admin) -> None:
    run = verify(index=admin.index([]), env={"ASAYER_ELASTIC_API_KEY": "planted-id:planted-key-0123456789"})
    assert run.code == 4
    assert "planted-key" not in run.out + run.err


def test_an_index_pattern_that_matches_nothing(verify: Verify) -> None:
    run = verify(index="nothing-log-here-*")
    assert run.code == 1
    assert check(run, "elastic.indexes")["status"] == "fail"


def test_one_source_unreachable_shows_the_other(verify: Verify, admin: Admin, session_id: SessionId) -> None:
    group = admin.log([f"{tag(session_id)} ERROR boom"])
    run = verify(group=group, index="*log*", env={"ASAYER_ELASTIC_URL": "http://127.0.0.1:9"})
    assert run.code == 5
    assert check(run, "aws.collectible")["status"] == "pass"
    assert check(run, "elastic.api_key")["status"] == "fail"


def test_only(verify: Verify, admin: Admin, session_id: SessionId) -> None:
    group = admin.log([f"{tag(session_id)} ERROR boom"])
    run = verify("--only", "aws", group=group, index="*log*", env={"ASAYER_ELASTIC_URL": "http://127.0.0.1:9"})
    assert run.code == 0
    assert [report["name"] for report in run.data["sources"]] == ["aws"]
    assert verify("--only", "elastic", group=group).code == 3


def test_nothing_configured(verify: Verify) -> None:
    run = verify()
    assert run.code == 3
    assert run.json["errors"][0]["code"] == "not_configured"


def test_half_configured(verify: Verify, admin: Admin) -> None:
    run = verify(group=admin.log([]), env={"ASAYER_AWS_REGION": ""})
    assert run.code == 3
    assert "ASAYER_AWS_REGION" in run.json["errors"][0]["message"]


def test_openreplay_convention(verify: Verify, admin: Admin, session_id: SessionId) -> None:
    admin.elastic("PUT", "/logs", {"mappings": {"properties": {"message": {"type": "text"}}}})
    lines = [{"index": {"_index": "logs"}}, document(f"openReplaySession.id={session_id} boom", tags=None)]
    admin.elastic("POST", "/_bulk?refresh=true", lines)
    run = verify("--convention", "openreplay", index="logs")
    assert run.code == 0, run.out
    assert source(run, "elastic")["collectible"] == 1
    assert verify("--convention", "openreplay", "--only", "aws", group="/x").code == 2


def test_every_page_is_read(verify: Verify, admin: Admin, session_id: SessionId) -> None:
    messages = [f"{tag(session_id)} ERROR {number}" for number in range(2_345)]
    index = admin.index([document(message) for message in messages])
    group = admin.log(messages)
    run = verify(group=group, index=index)
    assert {report["collectible"] for report in run.data["sources"]} == {2_345}


def test_a_throttled_read_is_tried_again(
    verify: Verify, admin: Admin, session_id: SessionId, failing: Callable[..., None]
) -> None:
    group = admin.log([f"{tag(session_id)} ERROR boom"])
    failing("aws", Fault("logs", "FilterLogEvents", "throttle", times=2))
    assert verify(group=group).code == 0


def test_a_connection_cut_in_the_middle_is_tried_again(
    verify: Verify, admin: Admin, session_id: SessionId, failing: Callable[..., None]
) -> None:
    message = f"{tag(session_id)} ERROR boom"
    group, index = admin.log([message]), admin.index([document(message)])
    failing("aws", Fault("logs", "FilterLogEvents", "cut_after"))
    failing("elastic", Fault("elastic", "*", "cut_before", after=2))
    run = verify(group=group, index=index)
    assert run.code == 0, run.out


def test_throttled_beyond_patience(verify: Verify, admin: Admin, failing: Callable[..., None]) -> None:
    group = admin.log([])
    failing("aws", Fault("logs", "FilterLogEvents", "throttle", times=100))
    run = verify(group=group)
    assert run.code == 5
    assert check(run, "aws.read")["status"] == "fail"


def test_failed_shards_make_the_result_incomplete(verify: Verify, admin: Admin, session_id: SessionId) -> None:
    index = admin.index([document(f"{tag(session_id)} ERROR boom")])
    admin.front("elastic").change(shard_failures=1)
    try:
        run = verify(index=index)
    finally:
        admin.front("elastic").change(shard_failures=0)
    assert run.code == 5
    assert source(run, "elastic")["complete"] is False


def test_every_exchange_is_as_elasticsearch_describes_it(verify: Verify, admin: Admin, session_id: SessionId) -> None:
    index = admin.index([document(f"{tag(session_id)} ERROR boom"), document("[asayerSessionId=42] ERROR boom")])
    before = len(admin.front("elastic").exchanges())
    assert verify("--wait", "2s", "--min-entries", "9", index=index).code == 6
    exchanges = admin.front("elastic").exchanges()[before:]
    described = [exchange for exchange in exchanges if is_described(exchange)]
    assert len(described) >= 10
    assert [problem for exchange in described for problem in check_exchange(exchange)] == []
