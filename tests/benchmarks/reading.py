"""How fast CloudWatch is read, beside `awslogs` and `aws`: one session, and every tagged entry of a day."""

from __future__ import annotations

import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from asayer_cli.sandbox.supervisor import cleaned
from asayer_cli.tag import ASAYER
from tests.benchmarks.cloudwatch import Model, model
from tests.benchmarks.log_events import REGION, GroupSpec
from tests.benchmarks.measure import Ended, Program, run
from tests.benchmarks.peers import searches
from tests.benchmarks.startup import clean_environ, own_program
from tests.benchmarks.table import Row

if TYPE_CHECKING:
    from collections.abc import Iterator

GROUP: Final = "/bench/shop"
SESSION_FACTOR: Final = 20.0
TAGGED_FACTOR: Final = 2.5
QUOTA_SHARE: Final = 0.9
THROTTLED_SHARE: Final = 0.05
_CALL: Final = "FilterLogEvents"
_OURS: Final = 5
_NO_ENTRY: Final = (b'{"type": "session"', b'{"type": "end"')


@dataclass(frozen=True, slots=True)
class Calls:
    """What the model counted of one program: calls `answered` and `throttled`, over so many seconds."""

    answered: int
    throttled: int
    seconds: float

    @property
    def rate(self) -> float:
        """Answered calls a second, from the first to the last."""
        return (self.answered - 1) / self.seconds if self.answered > 1 and self.seconds else 0.0

    @property
    def throttled_share(self) -> float:
        """The share of all calls that were throttled."""
        return self.throttled / max(self.answered + self.throttled, 1)


@dataclass(frozen=True, slots=True)
class Measured:
    """How a program ended, and the calls that it made."""

    ended: Ended
    calls: Calls


@contextmanager
def environment(cloudwatch: Model, group: str) -> Iterator[dict[str, str]]:
    """Yield the environment of programs that shall see the model and nothing else, all in UTC."""
    key = {"ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "SECRET_ACCESS_KEY": "bench/bench/bench/bench/bench/bench/benc"}
    with tempfile.TemporaryDirectory() as folder:
        yield {
            **cleaned(clean_environ()),
            **{f"{prefix}{name}": value for prefix in ("AWS_", "ASAYER_AWS_") for name, value in key.items()},
            "AWS_ENDPOINT_URL": cloudwatch.url,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_CONFIG_FILE": str(Path(folder, "aws-config")),
            "AWS_SHARED_CREDENTIALS_FILE": str(Path(folder, "aws-credentials")),
            "AWS_EC2_METADATA_DISABLED": "true",
            "ASAYER_AWS_REGION": REGION,
            "ASAYER_AWS_LOG_GROUPS": group,
            "ASAYER_CONFIG_DIR": str(Path(folder, "config")),
            "ASAYER_STATE_DIR": str(Path(folder, "state")),
            "ASAYER_CACHE_DIR": str(Path(folder, "cache")),
            "ASAYER_SECRET_STORE": "environment",
            "HOME": folder,
            "NO_PROXY": "127.0.0.1,localhost",
            "no_proxy": "127.0.0.1,localhost",
            "TZ": "UTC",
        }


def rows() -> Iterator[Row]:
    """Measure both works and yield their lines."""
    spec = GroupSpec(GROUP, int(time.time() * 1000))
    with model(spec) as cloudwatch, environment(cloudwatch, GROUP) as environ:
        yield from _session(spec, cloudwatch, environ)
        yield from _all_tagged(spec, cloudwatch, environ)


def _session(spec: GroupSpec, cloudwatch: Model, environ: dict[str, str]) -> Iterator[Row]:
    session = str(spec.session_id)
    ours = Program("asayer-cli session ID", [own_program(), "session", session, "--output", "jsonl"], environ)
    theirs = searches(GROUP, f'"{ASAYER.write(spec.session_id)}"', spec.start_ms, environ)
    best = min((measured(ours, cloudwatch) for _ in range(_OURS)), key=lambda one: one.ended.seconds)
    peers = {peer.name: measured(peer, cloudwatch).ended for peer in theirs}
    work = f"one session of {spec.session_entries} entries in a group of {spec.events:,} events over 24 h"
    _expect(best.ended, peers, session, spec.session_entries)
    yield _beside_peers(work, best.ended.seconds, peers, SESSION_FACTOR)


def _all_tagged(spec: GroupSpec, cloudwatch: Model, environ: dict[str, str]) -> Iterator[Row]:
    ours = all_tagged(spec, environ)
    theirs = searches(GROUP, ASAYER.tag_name, spec.start_ms, environ)
    best = min((measured(ours, cloudwatch) for _ in range(_OURS)), key=lambda one: one.ended.seconds)
    peers = {peer.name: measured(peer, cloudwatch).ended for peer in theirs}
    _expect(best.ended, peers, ASAYER.tag_name, spec.events // spec.tagged_every)
    yield _beside_peers("all tagged entries of that group", best.ended.seconds, peers, TAGGED_FACTOR)
    quota, calls = 10, best.calls
    yield Row(
        "the same: calls a second, of the quota",
        f"{calls.rate:.1f} of {quota}, {calls.rate / quota:.0%}",
        f"at least {QUOTA_SHARE:.0%}",
        calls.rate >= QUOTA_SHARE * quota,
    )
    yield Row(
        "the same: calls that were throttled",
        f"{calls.throttled} of {calls.throttled + calls.answered}, {calls.throttled_share:.1%}",
        f"at most {THROTTLED_SHARE:.0%}",
        calls.throttled_share <= THROTTLED_SHARE,
    )


def all_tagged(spec: GroupSpec, environ: dict[str, str]) -> Program:
    """Return the program that reads all tagged entries of a group through the reading engine."""
    command = [sys.executable, "-m", "tests.benchmarks.read_tagged", spec.name, str(spec.start_ms), str(spec.end_ms)]
    return Program("the reading engine", command, environ)


def measured(program: Program, cloudwatch: Model) -> Measured:
    """Run a program, and take from the model what it asked."""
    warm = [[GROUP, pattern] for pattern in program.command if ASAYER.tag_name in pattern]
    cloudwatch.control(warm=warm)
    ended = run(program)
    return Measured(ended, calls_of(cloudwatch.control()["calls"].get(_CALL, {})))


def calls_of(counted: dict[str, Any]) -> Calls:
    """Read what the model counted of an operation."""
    arrivals = counted.get("arrivals") or [0.0]
    return Calls(counted.get("answered", 0), counted.get("throttled", 0), arrivals[-1] - arrivals[0])


def _expect(ours: Ended, peers: dict[str, Ended], text: str, entries: int) -> None:
    """Raise AssertionError when a program did not find all that is there, each once."""
    for name, ended in {"ours": ours, **peers}.items():
        lines = [line for line in ended.output.splitlines() if not line.startswith(_NO_ENTRY)]
        found = sum(text.encode() in line and b"shop.checkout order" in line for line in lines)
        assert found == entries, f"{name} found {found} of {entries} entries"


def _beside_peers(work: str, ours: float, peers: dict[str, Ended], factor: float) -> Row:
    factors = {name: ended.seconds / ours for name, ended in peers.items()}
    beside = ", ".join(f"{name} {ended.seconds:.1f} s ({factors[name]:.1f} x)" for name, ended in peers.items())
    return Row(work, f"{ours:.2f} s; {beside}", f"{factor:g} x faster", min(factors.values()) >= factor)
