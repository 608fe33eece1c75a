"""Two runs at the same moment: from two terminals of one machine, and from two machines, each with its own home."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from tests.failures.scenarios import BY_NAME, Scenario, cluster_with_key, user_with_key
from tests.failures.world import Services, World, world

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asayer_cli.sandbox.supervisor import Addresses
    from tests.conftest import Run

SETUP, ROTATE = BY_NAME["aws setup"], BY_NAME["aws rotate-key"]
CREATE, ROTATE_ELASTIC = BY_NAME["elastic create-key"], BY_NAME["elastic rotate-key"]


@pytest.fixture
def worlds(sandbox_addresses: Addresses) -> Iterator[tuple[World, World]]:
    """Two homes, whose users and keys have the same names."""
    services = Services(sandbox_addresses)
    with ExitStack() as stack:
        one, other = (stack.enter_context(world(services)) for _ in range(2))
        other.name = one.name
        yield one, other


def at_once(*runs: tuple[World, list[str]]) -> list[Run]:
    ended: dict[int, Run] = {}

    def begin(number: int, home: World, arguments: list[str]) -> None:
        ended[number] = home.run(*arguments)[0]

    threads = [threading.Thread(target=begin, args=(n, *run)) for n, run in enumerate(runs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [ended[number] for number in range(len(runs))]


def codes(runs: list[Run]) -> list[str]:
    return sorted(run.json["errors"][0]["code"] if run.code else "" for run in runs)


@pytest.mark.parametrize("scenario", [SETUP, CREATE], ids=lambda scenario: scenario.name)
def test_of_two_terminals_one_waits_and_finds_it_done(worlds: tuple[World, World], scenario: Scenario) -> None:
    home, _ = worlds
    runs = at_once(*[(home, scenario.arguments(home))] * 2)
    assert codes(runs) == ["", ""]
    assert scenario.missing(home) == []


def test_of_two_terminals_one_rotates_and_one_is_told(worlds: tuple[World, World]) -> None:
    home, _ = worlds
    user_with_key(home)
    runs = at_once(*[(home, ROTATE.arguments(home))] * 2)
    assert codes(runs) == ["", "two_keys"]
    assert ROTATE.missing(home) == []


@pytest.mark.parametrize("attempt", range(2))
def test_two_machines_make_one_access_key(worlds: tuple[World, World], attempt: int) -> None:
    runs = at_once(*[(home, SETUP.arguments(home)) for home in worlds])
    assert len(worlds[0].keys) <= 1
    held = {key for home in worlds for key in home.held("aws")}
    assert set(worlds[0].keys) == held
    assert {run.json["errors"][0]["code"] for run in runs if run.code} <= {"busy", "key_secret_elsewhere"}
    again = [home.run(*SETUP.arguments(home))[0] for home in worlds]
    assert codes(again) == ["", "key_secret_elsewhere"] or codes(again) == ["", "busy"]
    assert len(worlds[0].keys) == 1


@pytest.mark.parametrize("attempt", range(2))
def test_two_machines_make_one_api_key(worlds: tuple[World, World], attempt: int) -> None:
    runs = at_once(*[(home, CREATE.arguments(home)) for home in worlds])
    alive = {key for key, lives in worlds[0].services.api_keys(worlds[0].name).items() if lives}
    assert len(alive) <= 1
    assert alive == {key for home in worlds for key in home.held("elastic")}
    assert {run.json["errors"][0]["code"] for run in runs if run.code} <= {"busy", "key_exists"}


def test_two_machines_rotate_once(worlds: tuple[World, World]) -> None:
    one, other = worlds
    user_with_key(one)
    (key_id,) = one.keys
    other.keep("aws", key_id, one.held("aws")[key_id])
    other.set(one.settings)  # type: ignore[arg-type]
    runs = at_once(*[(home, ROTATE.arguments(home)) for home in worlds])
    assert len(one.keys) <= 2
    assert set(one.keys) == {key for home in worlds for key in home.held("aws")}
    assert sum(run.code == 0 for run in runs) <= 1


def test_two_machines_rotate_an_api_key_once(worlds: tuple[World, World]) -> None:
    one, other = worlds
    cluster_with_key(one)
    (key_id,) = one.held("elastic")
    other.keep("elastic", key_id, one.held("elastic")[key_id])
    other.set(one.settings)  # type: ignore[arg-type]
    runs = at_once(*[(home, ROTATE_ELASTIC.arguments(home)) for home in worlds])
    alive = {key for key, lives in one.services.api_keys(one.name).items() if lives}
    assert len(alive) <= 2
    assert alive == {key for home in worlds for key in home.held("elastic")}
    assert sum(run.code == 0 for run in runs) <= 1
