from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.failures.plan import carry_out, cases_of
from tests.failures.scenarios import SCENARIOS, Scenario
from tests.failures.table import lines
from tests.failures.world import Services

if TYPE_CHECKING:
    from asayer_cli.sandbox.supervisor import Addresses

# `python -m tests.failures` runs the whole plan, which takes longer than anybody waits; this spreads over all of it.
EVERY = 149


@pytest.fixture(scope="module")
def services(sandbox_addresses: Addresses) -> Services:
    return Services(sandbox_addresses)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_one_more_run_makes_it_right(scenario: Scenario, services: Services) -> None:
    chosen = cases_of(scenario, services)[SCENARIOS.index(scenario) :: EVERY]
    outcomes = [carry_out(case, services) for case in chosen]
    print(scenario.name, *lines(outcomes), sep="\n")  # noqa: T201 - for whoever looks into a failure
    assert [f"{outcome.case}: {problem}" for outcome in outcomes for problem in outcome.problems] == []
    assert sum(outcome.unheld + outcome.leaks for outcome in outcomes) == 0
