"""Whether every entry of a session is found once and in order, whatever CloudWatch does: random fault plans by seed.

A plan has ties in one millisecond, events that can be searched only later, events answered twice, partial and empty
pages, bursts of throttling, connections that are cut in the middle of an answer, and answers with status 500.
"""

from __future__ import annotations

import random
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tests.benchmarks import reading
from tests.benchmarks.cloudwatch import Model, model
from tests.benchmarks.conduct import Conduct
from tests.benchmarks.elastic import orders_in
from tests.benchmarks.log_events import Group, GroupSpec
from tests.benchmarks.measure import Program, run
from tests.benchmarks.table import Row

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SEEDS: Final = range(20)


@dataclass(frozen=True, slots=True)
class Plan:
    """A log group, and how the service behaves while it is read."""

    spec: GroupSpec
    conduct: Conduct

    @classmethod
    def of(cls, seed: int) -> Plan:
        """Draw a plan, the same for the same seed."""
        chance = random.Random(seed)  # noqa: S311 - the same plan each time
        spec = GroupSpec(
            name=f"/bench/plan/{seed}",
            end_ms=int(time.time() * 1000),
            events=chance.randrange(2_000, 8_000),
            hours=3.0,
            tagged_every=chance.randrange(1, 6),
            session_after=chance.uniform(0.5, 1.5),
            session_entries=chance.randrange(50, 400),
            ties=chance.choice((1, 3, 30, 300)),
            late=chance.uniform(0.01, 0.1),
            seed=seed,
        )
        conduct = Conduct(
            latency=0.005,
            quota=chance.choice((10, 25, 50)),
            page_bytes=chance.choice((20_000, 100_000, 1_048_576)),
            seed=seed,
            throttle=chance.uniform(0, 0.1),
            cut=chance.uniform(0, 0.15),
            failed=chance.uniform(0, 0.1),
            partial=chance.uniform(0, 0.7),
            empty=chance.uniform(0, 0.3),
            duplicates=True,
        )
        return cls(spec, conduct)


def rows() -> Iterator[Row]:
    """Carry all plans out and yield the line."""
    wrong = {seed: problem for seed, problem in problems(SEEDS) if problem}
    measured = "; ".join(f"seed {seed}: {problem}" for seed, problem in wrong.items())
    yield Row(
        "completeness with ties, late events, duplicates, throttling, cut connections: random plans of faults",
        f"{len(SEEDS) - len(wrong)} of {len(SEEDS)}{measured and f'; {measured}'}",
        f"every entry once, in order, {len(SEEDS)} seeds",
        not wrong,
    )


def problems(seeds: Iterable[int]) -> Iterator[tuple[int, str]]:
    """Yield what is wrong with the entries found by each seed's plan; empty when nothing is."""
    with model() as cloudwatch, reading.environment(cloudwatch, "") as environ:
        for seed in seeds:
            yield seed, _problem(Plan.of(seed), cloudwatch, environ)


def _problem(plan: Plan, cloudwatch: Model, environ: dict[str, str]) -> str:
    group = Group(plan.spec)
    for released in (False, True):
        cloudwatch.control(groups=[plan.spec], conduct=plan.conduct, release=released)
        there = [index for index in group.session if released or index not in group.late]
        if problem := compare(group, there, _found(plan, environ)):
            return f"{problem}{' after the late ones came' if released else ''}"
    return ""


def _found(plan: Plan, environ: dict[str, str]) -> list[int]:
    command = [sys.executable, "-m", "asayer_cli", "session", str(plan.spec.session_id), "--output", "jsonl"]
    ended = run(Program("session", command, {**environ, "ASAYER_AWS_LOG_GROUPS": plan.spec.name}))
    return orders_in(ended.output)


def compare(group: Group, there: list[int], found: list[int]) -> str:
    """Say what is wrong with the events that were found; empty when each is there once, in the order of time."""
    if len(set(found)) < len(found):
        return f"{len(found) - len(set(found))} of {len(there)} twice"
    if set(found) != set(there):
        return f"{len(set(there) - set(found))} of {len(there)} missing, {len(set(found) - set(there))} too many"
    times = [group.times[index] for index in found]
    return "" if times == sorted(times) else "not in order"
