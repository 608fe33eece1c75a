"""AWS shows what is new late, in any order, and now and then not again: set-up still ends well."""

from __future__ import annotations

import os
import random
import time
from typing import TYPE_CHECKING

import pytest

from tests.failures.scenarios import BY_NAME
from tests.failures.world import Services, world

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asayer_cli.sandbox.supervisor import Addresses

# The longest delay, in seconds; 30 is what is asked of the program, and takes minutes.
LONGEST = float(os.environ.get("ASAYER_TEST_LONGEST_DELAY", "4"))
SEEDS = (0, 11)
SERVICES = ("sts", "logs")
NO_DELAY = {"user_delay_s": 0, "key_list_delay_s": 0, "key_delay_s": 0, "policy_delay_s": 0, "flickering": False}
SETUP, ROTATE = BY_NAME["aws setup"], BY_NAME["aws rotate-key"]


@pytest.fixture
def services(sandbox_addresses: Addresses) -> Iterator[Services]:
    found = Services(sandbox_addresses)
    yield found
    found.aws.change(**NO_DELAY)


def delays(seed: int) -> dict[str, object]:
    chance = random.Random(seed)  # noqa: S311 - the same each time
    return {
        "user_delay_s": chance.uniform(0, LONGEST),
        "key_list_delay_s": chance.uniform(0, LONGEST),
        "policy_delay_s": chance.uniform(0, LONGEST),
        "key_delay_s": {service: chance.uniform(0, LONGEST) for service in SERVICES},
        "flickering": seed % 2 == 1,
    }


@pytest.mark.parametrize("seed", SEEDS)
def test_set_up_ends_well_however_late_things_show(services: Services, seed: int) -> None:
    with world(services) as home:
        services.aws.change(**delays(seed))
        run, _ = home.run(*SETUP.arguments(home))
        services.aws.change(**NO_DELAY)
        assert run.code == 0, run.out + run.err
        assert SETUP.missing(home) == []
        assert home.leaks() == []


@pytest.mark.parametrize("seed", [1])
def test_a_rotation_ends_well_however_late_things_show(services: Services, seed: int) -> None:
    with world(services) as home:
        ROTATE.prepare(home)
        time.sleep(LONGEST)  # the old key is no news
        services.aws.change(**{**delays(seed), "user_delay_s": 0})
        run, _ = home.run(*ROTATE.arguments(home))
        services.aws.change(**NO_DELAY)
        assert run.code == 0, run.out + run.err
        assert ROTATE.missing(home) == []
