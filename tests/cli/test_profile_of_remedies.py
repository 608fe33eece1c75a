from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.conftest import Cli


def test_the_remedies_of_verify_name_the_profile(cli: Cli) -> None:
    assert cli("elastic", "create-key", "--profile", "shop", "--name", "of-shop", "--yes").code == 0
    checks = cli("verify", "--profile", "shop", "-o", "json").data["checks"]
    remedies = [check["remedy"] for check in checks if "asayer-cli" in check["remedy"]]
    assert remedies
    assert all("--profile shop" in remedy for remedy in remedies)
