"""A fortieth of the requests of `python -m tests.programs`: not one entry with another's id, or with none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.programs import load
from tests.programs.programs import PROGRAMS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.programs.programs import Program

PART = 40
USUAL = [program for program in PROGRAMS if not program.worker]
OVER_A_BROKER = [program for program in PROGRAMS if program.worker]


def named(program: Program) -> str:
    return program.name


@pytest.mark.parametrize("program", USUAL, ids=named)
def test_every_line_has_the_id_of_its_request(program: Program, tmp_path: Path) -> None:
    check(load.run(program, program.share // PART, tmp_path))


@pytest.mark.needs_redis
@pytest.mark.parametrize("program", OVER_A_BROKER, ids=named)
def test_every_line_of_a_task_has_the_id_of_the_request_that_sent_it(
    program: Program, tmp_path: Path, broker: str
) -> None:
    check(load.run(program, program.share // PART, tmp_path, broker))


def check(row: load.Row) -> None:
    assert row.verdict.wrong == []
    assert row.wrong_answers == {}
    assert row.verdict.tagged > 1.5 * row.requests


def test_there_are_100_000_requests() -> None:
    assert sum(program.share for program in PROGRAMS) == load.ALL
