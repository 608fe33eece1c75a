"""Run the whole plan and print the table: `python -m tests.failures [--only TEXT] [--every N] [--lanes N]`."""

from __future__ import annotations

import argparse
import queue
import sys
import threading
from contextlib import ExitStack

from asayer_cli.sandbox.supervisor import sandbox
from tests.failures.plan import Case, Outcome, carry_out, cases_of
from tests.failures.scenarios import SCENARIOS
from tests.failures.table import lines
from tests.failures.world import Services


def main() -> int:
    """Return 1 when any case went wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.failures", description=__doc__)
    parser.add_argument("--only", default="", help="only cases with this in their name")
    parser.add_argument("--every", type=int, default=1, help="only each N-th case")
    parser.add_argument("--lanes", type=int, default=4, help="cases at the same time, each in a sandbox of its own")
    given = parser.parse_args()
    with ExitStack() as stack:
        lanes = [Services(stack.enter_context(sandbox(record=True))) for _ in range(given.lanes)]
        cases = [case for scenario in SCENARIOS for case in cases_of(scenario, lanes[0])]
        chosen = [case for case in cases if given.only in str(case)][:: given.every]
        outcomes = _carry_out(chosen, lanes)
    for line in lines(outcomes):
        print(line)  # noqa: T201 - what it is for
    return 1 if any(outcome.problems for outcome in outcomes) else 0


def _carry_out(cases: list[Case], lanes: list[Services]) -> list[Outcome]:
    waiting: queue.SimpleQueue[Case] = queue.SimpleQueue()
    outcomes: list[Outcome] = []
    for case in cases:
        waiting.put(case)

    def work(services: Services) -> None:
        while True:
            try:
                case = waiting.get_nowait()
            except queue.Empty:
                return
            outcome = carry_out(case, services)
            outcomes.append(outcome)
            for problem in outcome.problems:
                sys.stderr.write(f"{case}: {problem}\n")

    threads = [threading.Thread(target=work, args=(services,)) for services in lanes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


if __name__ == "__main__":
    sys.exit(main())
