"""How long `aws log-groups --all-regions` and `verify` take in the sandbox."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from asayer_cli.sandbox.application import LOG_GROUP, log_errors
from asayer_cli.sandbox.control import Control
from asayer_cli.sandbox.faults import Fault
from asayer_cli.sandbox.supervisor import environment, sandbox
from asayer_cli.session_id import SessionId
from tests.benchmarks.measure import Figure, Program, median_wall_seconds, wall_seconds
from tests.benchmarks.startup import clean_environ, own_program

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

REGION: Final = "eu-west-1"
SLOW_SECONDS: Final = 2.0
MANY: Final = 10_000
VERIFY_BUDGET_SECONDS: Final = 2.0
ALL_REGIONS_BUDGET: Final = 1.5


def figures(rounds: int) -> Iterator[Figure]:
    """Start a sandbox, set both integrations up, measure, and yield the times in seconds."""
    with sandbox() as addresses, tempfile.TemporaryDirectory() as folder:
        environ = environment(addresses, Path(folder), clean_environ())
        yield from _verify(environ, rounds)
        yield from _log_groups(environ, Control(addresses.aws_endpoint_url, addresses.control_token), rounds)


def _program(environ: Mapping[str, str], *arguments: str) -> Program:
    return Program(f"asayer-cli {' '.join(arguments)}", [own_program(), *arguments], environ)


def _verify(environ: Mapping[str, str], rounds: int) -> Iterator[Figure]:
    wall_seconds(_program(environ, "aws", "setup", "--region", REGION, "--log-group", LOG_GROUP, "--yes"))
    wall_seconds(_program(environ, "elastic", "create-key", "--yes"))
    log_errors(SessionId.starting_at(datetime.now(UTC), 1), environ)
    verify = _program(environ, "verify")
    yield Figure(verify.name, median_wall_seconds(verify, rounds), "s", None, VERIFY_BUDGET_SECONDS)


def _log_groups(environ: Mapping[str, str], control: Control, rounds: int) -> Iterator[Figure]:
    one = _program(environ, "aws", "log-groups", "--region", REGION)
    everywhere = _program(environ, "aws", "log-groups", "--all-regions")
    control.order(Fault("logs", "DescribeLogGroups", "slow", times=10_000, seconds=SLOW_SECONDS))
    slowest = median_wall_seconds(one, rounds)
    yield Figure(f"{one.name}, each call {SLOW_SECONDS:.0f} s", slowest, "s", None, None)
    taken = median_wall_seconds(everywhere, rounds)
    yield Figure(f"{everywhere.name}, each call {SLOW_SECONDS:.0f} s", taken, "s", slowest, ALL_REGIONS_BUDGET)
    control.order()
    control.create_log_groups(REGION, "/bench/", MANY)
    yield Figure(f"{one.name}, {MANY} groups", median_wall_seconds(one, rounds), "s", None, None)
