"""Measure programs in turns, so that a change of the machine's load meets all of them alike."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

# What a process weighed before it became the program counts in its peak: so a small one starts it, and tells.
_LAUNCHER: Final = """
import json, os, sys, time
os.set_inheritable(3, False)
begin = time.perf_counter()
pid = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_, status, usage = os.wait4(pid, 0)
took = time.perf_counter() - begin
told = [os.waitstatus_to_exitcode(status), took, usage.ru_utime + usage.ru_stime, usage.ru_maxrss]
os.write(3, json.dumps(told).encode())
"""


@dataclass(frozen=True, slots=True)
class Program:
    """A command line with its whole environment."""

    name: str
    command: list[str]
    environ: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured quantity beside its peer's, in the same unit; `budget` caps their ratio, or the value without peer."""

    name: str
    value: float
    unit: str
    peer: float | None
    budget: float | None

    @property
    def ratio(self) -> float | None:
        """How many times the peer's."""
        return self.value / self.peer if self.peer else None

    @property
    def holds(self) -> bool | None:
        """Whether the budget holds; None when there is none."""
        measured = self.value if self.ratio is None else self.ratio
        return None if self.budget is None else measured <= self.budget


def cpu_seconds(program: Program) -> float:
    """Run a program and return the processor time that it took, user and system; RuntimeError when it fails."""
    silent = [(os.POSIX_SPAWN_OPEN, stream, os.devnull, os.O_RDWR, 0) for stream in (0, 1, 2)]
    pid = os.posix_spawn(program.command[0], program.command, dict(program.environ), file_actions=silent)
    _, status, usage = os.wait4(pid, 0)
    if status:
        raise RuntimeError(f"{program.name} ended with status {os.waitstatus_to_exitcode(status)}")
    return usage.ru_utime + usage.ru_stime


def wall_seconds(program: Program) -> float:
    """Run a program and return how long it took, from start to end; RuntimeError when it fails."""
    begin = time.perf_counter()
    ended = subprocess.run(program.command, env=dict(program.environ), capture_output=True, text=True, check=False)
    took = time.perf_counter() - begin
    if ended.returncode:
        raise RuntimeError(f"{program.name} ended with exit code {ended.returncode}: {ended.stdout}{ended.stderr}")
    return took


def median_cpu_ms(programs: Iterable[Program], rounds: int) -> dict[str, float]:
    """Run the programs in turns and return each one's median processor time in milliseconds."""
    programs = list(programs)
    for program in programs:
        cpu_seconds(program)  # writes compiled files and warms the disk's cache
    taken: dict[str, list[float]] = {program.name: [] for program in programs}
    for _ in range(rounds):
        for program in programs:
            taken[program.name].append(cpu_seconds(program) * 1000)
    return {name: statistics.median(values) for name, values in taken.items()}


def median_wall_seconds(program: Program, rounds: int) -> float:
    """Run a program several times and return the median of how long it took, in seconds."""
    return statistics.median(wall_seconds(program) for _ in range(rounds))


@dataclass(frozen=True, slots=True)
class Ended:
    """A program that ran: from start to end in seconds, processor seconds, the most memory in KiB, what it wrote."""

    seconds: float
    cpu_seconds: float
    peak_kib: int
    output: bytes


def run(program: Program, expected: Collection[int] = (0,)) -> Ended:
    """Run a program to its end; RuntimeError when it ends with another exit code than expected."""
    told, tells = os.pipe()
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as complaints:
        files = [(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0), (os.POSIX_SPAWN_DUP2, output.fileno(), 1)]
        files += [(os.POSIX_SPAWN_DUP2, complaints.fileno(), 2), (os.POSIX_SPAWN_DUP2, tells, 3)]
        command = [sys.executable, "-S", "-E", "-c", _LAUNCHER, *program.command]
        pid = os.posix_spawn(sys.executable, command, dict(program.environ), file_actions=files)
        os.close(tells)
        with os.fdopen(told, "rb") as pipe:
            report = pipe.read()
        os.waitpid(pid, 0)
        output.seek(0)
        complaints.seek(0)
        code, took, cpu, peak = json.loads(report)
        if code not in expected:
            raise RuntimeError(f"{program.name} ended with exit code {code}: {complaints.read().decode()[-2000:]}")
        return Ended(took, cpu, peak, output.read())


def in_turns(programs: Sequence[Program], rounds: int) -> dict[str, float]:
    """Run the programs in turns and return each one's least time from start to end, in seconds."""
    taken: dict[str, list[float]] = {program.name: [] for program in programs}
    for _ in range(rounds):
        for program in programs:
            taken[program.name].append(run(program).seconds)
    return {name: min(values) for name, values in taken.items()}
