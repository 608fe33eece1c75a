"""What the programs put out goes line by line into both stores, and the product's collectors take it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.programs import load, shipper
from tests.programs.programs import PROGRAMS
from tests.verification.conftest import check, source

if TYPE_CHECKING:
    from pathlib import Path

    from tests.verification.conftest import Admin, Verify

REQUESTS = 100
TAG = re.compile(r"\[asayer_session_id=([0-9]+)\]")
ERROR = re.compile("error|exception", re.IGNORECASE)


@pytest.mark.parametrize("name", ["Flask, gunicorn, threads", "asyncio, all at once, JSON"])
def test_every_error_is_collectible(name: str, verify: Verify, admin: Admin, tmp_path: Path) -> None:
    program = next(program for program in PROGRAMS if program.name == name)
    lines = load.run(program, REQUESTS, tmp_path).lines
    stores = shipper.stores(admin)
    stores.take(lines)
    run = verify(group=stores.group, index=stores.index)
    assert run.code == 0, run.out
    tagged = [line for line in lines if TAG.search(line)]
    assert source(run, "aws")["collectible"] == sum(bool(ERROR.search(line)) for line in tagged)
    assert source(run, "elastic")["collectible"] == sum(_has_error_tag(line) for line in tagged)
    assert [source(run, store)["tagged"] for store in ("aws", "elastic")] == [len(tagged)] * 2
    if lines[-1].startswith("{"):  # a traceback in lines has some without the word
        for store in ("aws", "elastic"):
            assert check(run, f"{store}.near_misses")["status"] == "pass"


def _has_error_tag(line: str) -> bool:
    return '"tags": ["error"]' in line or (not line.startswith("{") and shipper.is_error(line))
