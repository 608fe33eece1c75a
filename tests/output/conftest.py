"""Secrets that these tests plant are forgotten afterwards, so that no later test sees its text masked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from asayer_cli import secret

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True, scope="module")
def _forget_planted_secrets() -> Iterator[None]:
    known = set(secret._known)  # noqa: SLF001 - the program itself never forgets
    yield
    secret._known.intersection_update(known)  # noqa: SLF001 - as above
