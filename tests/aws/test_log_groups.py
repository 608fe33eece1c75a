"""`aws log-groups`: every page of every region, as it arrives."""

from __future__ import annotations

import csv
import io
import json
import time
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from asayer_cli.sandbox.faults import Fault
from asayer_cli.sizes import human_size
from tests.aws.conftest import REGION, Account, Program

if TYPE_CHECKING:
    from asayer_cli.sandbox.control import Control
    from tests.conftest import Run

COLUMNS = ["region", "name", "log_class", "retention_days", "stored_bytes", "created_at", "collectible", "why_not"]


@pytest.fixture
def listed(program: Program) -> Program:
    """Run `aws log-groups` with JSON output."""

    def run(*arguments: str, env: dict[str, str | None] | None = None) -> Run:
        return program("aws", "log-groups", "-o", "json", *arguments, env=env)

    return run


def groups(run: Run) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = run.data["log_groups"]
    return rows


def notes(run: Run) -> str:
    return " ".join(message["text"] for message in run.json["messages"] if message["level"] == "note")


def test_lists_the_region_of_the_environment(listed: Program) -> None:
    run = listed()
    assert run.code == 0, run.err
    by_name = {group["name"]: group for group in groups(run)}
    group = by_name["/ecs/shop-api"]
    assert group["region"] == REGION
    assert group["log_class"] == "STANDARD"
    assert group["retention_days"] == 30
    assert group["stored_bytes"] > 0
    assert group["created_at"].endswith("Z")
    assert group["collectible"] is True
    assert by_name["/ecs/shop-worker"]["retention_days"] is None


def test_marks_what_the_collector_cannot_read(listed: Program) -> None:
    run = listed()
    refused = {group["name"]: group["why_not"] for group in groups(run) if not group["collectible"]}
    assert "Infrequent Access" in refused["/ecs/shop-archive"]
    assert "Delivery" in refused["/aws/vendedlogs/shop-cdn"]
    assert "cannot be collected" in notes(run)


def test_the_region_of_the_settings_comes_before_that_of_aws(listed: Program, program: Program) -> None:
    program("config", "set", "aws.region", "us-east-1")
    assert {group["region"] for group in groups(listed())} == {"us-east-1"}


def test_several_regions(listed: Program) -> None:
    run = listed("--region", REGION, "--region", "us-east-1", "--region", REGION)
    assert {group["region"] for group in groups(run)} == {REGION, "us-east-1"}
    assert len(groups(run)) == len({(group["region"], group["name"]) for group in groups(run)})


def test_all_regions_asks_only_the_enabled_ones(listed: Program, aws: Control) -> None:
    run = listed("--all-regions")
    assert run.code == 0, run.err
    assert {group["region"] for group in groups(run)} >= {REGION, "us-east-1"}
    asked = {call["region"] for call in aws.requests() if call["operation"] == "DescribeLogGroups"}
    assert len(asked) > 10
    assert "me-south-1" not in asked


def test_regions_that_are_not_enabled_are_a_note(listed: Program, account: Account) -> None:
    key_id, secret = account.make_user("CloudWatchReadOnlyAccess")
    run = listed("--all-regions", env={"AWS_ACCESS_KEY_ID": key_id, "AWS_SECRET_ACCESS_KEY": secret})
    assert run.code == 0, run.json["errors"]
    assert "Not enabled in this account: af-south-1, ap-east-1" in notes(run)
    named = listed("--region", "me-south-1", "--region", "us-east-1")
    assert named.code == 0
    assert "me-south-1" in notes(named)
    assert groups(named)


def test_all_regions_take_about_as_long_as_the_slowest(listed: Program, aws: Control) -> None:
    begun = time.monotonic()
    listed("--all-regions")
    undisturbed = time.monotonic() - begun
    aws.order(Fault("logs", "DescribeLogGroups", "slow", times=100, seconds=0.5))
    begun = time.monotonic()
    run = listed("--all-regions")
    took = time.monotonic() - begun
    asked = sum(call["operation"] == "DescribeLogGroups" for call in aws.requests()) // 2
    assert run.code == 0
    assert asked > 25
    assert took - undisturbed < 0.5 * asked / 5


def test_a_region_that_fails_is_an_error_and_the_others_are_shown(listed: Program, aws: Control) -> None:
    aws.order(Fault("logs", "DescribeLogGroups", "denied"))
    run = listed("--region", REGION, "--region", "us-east-1")
    assert run.code == 4
    assert len({group["region"] for group in groups(run)}) == 1
    (error,) = run.json["errors"]
    assert error["code"] == "permission_denied"
    assert "logs:DescribeLogGroups" in error["message"]


def test_the_same_failure_in_many_regions_is_told_once(listed: Program, account: Account) -> None:
    key_id, secret = account.make_user()
    run = listed("--all-regions", env={"AWS_ACCESS_KEY_ID": key_id, "AWS_SECRET_ACCESS_KEY": secret})
    assert run.code == 4
    (error,) = run.json["errors"]
    assert "us-east-1" in error["message"]
    assert json.loads(error["hint"].partition("statement: ")[2])["Action"] == "logs:DescribeLogGroups"


def test_wrong_credentials_are_not_regions_that_are_not_enabled(listed: Program) -> None:
    run = listed("--all-regions", env={"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE"})
    assert (run.code, run.json["errors"][0]["code"]) == (4, "credentials_rejected")


def test_ten_thousand_groups(listed: Program, aws: Control) -> None:
    mark = uuid.uuid4().hex[:8]
    aws.create_log_groups("ca-central-1", f"/many/{mark}/", 10_000)
    run = listed("--region", "ca-central-1", "--prefix", f"/many/{mark}/")
    assert run.code == 0, run.err
    assert len({group["name"] for group in groups(run)}) == 10_000
    aws.forget_requests()
    found = listed("--region", "ca-central-1", "--contains", f"{mark}/0499")
    assert len(groups(found)) == 10
    assert {group["log_class"] for group in groups(found)} == {"STANDARD"}
    assert sum(call["operation"] == "DescribeLogGroups" for call in aws.requests()) == 2


def test_rows_come_before_the_last_page(program: Program, aws: Control) -> None:
    mark = uuid.uuid4().hex[:8]
    aws.create_log_groups("ca-central-1", f"/early/{mark}/", 120)
    aws.order(Fault("logs", "DescribeLogGroups", "denied", after=1))
    run = program("aws", "log-groups", "--region", "ca-central-1", "--prefix", f"/early/{mark}/", "-o", "plain")
    assert run.code == 4
    assert len(run.out.splitlines()) == 50


def test_prefix_and_contains(listed: Program) -> None:
    def names(*arguments: str) -> set[str]:
        return {group["name"] for group in groups(listed(*arguments))}

    assert names("--prefix", "/aws/lambda/") == {"/aws/lambda/checkout", "/aws/lambda/thumbnails"}
    assert names("--contains", "shop-a") == {"/ecs/shop-admin", "/ecs/shop-api", "/ecs/shop-archive", "shop-audit"}
    assert names("--prefix", "/ecs/", "--contains", "w") == {"/ecs/shop-worker"}
    assert names("--contains", "SHOP") == set()


def test_no_group_is_told(listed: Program) -> None:
    run = listed("--prefix", "/no/such")
    assert (run.code, groups(run)) == (0, [])
    assert "no log group whose name begins with /no/such in eu-west-1" in notes(run)


def test_csv_and_plain(program: Program) -> None:
    run = program("aws", "log-groups", "-o", "csv")
    rows = list(csv.reader(io.StringIO(run.out)))
    assert rows[0] == COLUMNS
    assert next(row for row in rows if "shop-admin" in row[1])[:4] == [REGION, "/ecs/shop-admin", "STANDARD", "365"]
    plain = program("aws", "log-groups", "-o", "plain")
    assert [line.split("\t")[1] for line in plain.out.splitlines()] == [row[1] for row in rows[1:]]


def test_text_shows_the_name_last_and_whole(program: Program) -> None:
    run = program("aws", "log-groups")
    line = next(line for line in run.out.splitlines() if "shop-archive" in line)
    assert line.split() == ["✗", REGION, "infrequent", "731", "d", "48", "B", line.split()[-2], "/ecs/shop-archive"]


def test_without_credentials_of_the_caller_it_uses_the_collectors_key(
    setup: Program, listed: Program, aws: Control, account: Account
) -> None:
    setup()
    aws.forget_requests()
    run = listed(env={"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None})
    assert run.code == 0, run.out
    assert {call["principal"] for call in aws.requests()} == {account.user}


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--region", REGION, "--all-regions"), "usage"),
        (("--region", "nowhere-1"), "unknown_region"),
        (("--region", "cn-north-1"), "wrong_partition"),
        (("--prefix", "what?"), "malformed_log_group"),
        (("--contains", "a b"), "malformed_log_group"),
    ],
)
def test_bad_input_is_wrong_usage(listed: Program, arguments: tuple[str, ...], code: str) -> None:
    run = listed(*arguments)
    assert (run.code, run.json["errors"][0]["code"]) == (2, code)


def test_without_credentials_it_says_what_to_do(listed: Program) -> None:
    run = listed(env={"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None})
    assert (run.code, run.json["errors"][0]["code"]) == (3, "no_credentials")


@pytest.mark.parametrize(
    ("count", "shown"), [(0, "0 B"), (999, "999 B"), (1484, "1.4 KiB"), (5 * 2**30, "5.0 GiB"), (2**52, "4096 TiB")]
)
def test_sizes(count: int, shown: str) -> None:
    assert human_size(count) == shown
