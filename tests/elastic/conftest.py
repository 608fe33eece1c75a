"""The machine that the tests of a key's life work on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.elastic.life import Machine

if TYPE_CHECKING:
    from tests.sandbox.elastic_fixtures import LocalElastic


@pytest.fixture
def machine(elastic: LocalElastic, bare_environ: dict[str, str]) -> Machine:
    """A machine whose user is the cluster's administrator."""
    return Machine(
        elastic,
        {
            **bare_environ,
            "ASAYER_ELASTIC_URL": elastic.url,
            "ASAYER_ELASTIC_USERNAME": elastic.username,
            "ASAYER_ELASTIC_PASSWORD": elastic.password,
            "ASAYER_SECRET_STORE": "file",
        },
    )
