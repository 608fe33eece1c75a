from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from asayer_cli.profile_option import led_to

if TYPE_CHECKING:
    from tests.conftest import Cli


@pytest.mark.parametrize(
    ("hint", "led"),
    [
        ("Run asayer-cli verify.", "Run asayer-cli verify --profile shop."),
        (
            "What is tagged: asayer-cli coverage --since 2h",
            "What is tagged: asayer-cli coverage --profile shop --since 2h",
        ),
        ("asayer-cli aws rotate-key --revoke-old", "asayer-cli aws rotate-key --profile shop --revoke-old"),
        ("Run asayer-cli aws status; or asayer-cli verify", "Run asayer-cli aws status{}; or asayer-cli verify{}"),
        ("Run asayer-cli aws status, then asayer-cli verify", "Run asayer-cli aws status{}, then asayer-cli verify{}"),
        ("asayer-cli aws setup --add-key --profile other.", "asayer-cli aws setup --add-key --profile other."),
        (
            "asayer-cli aws status --profile other or asayer-cli aws setup",
            "asayer-cli aws status --profile other or asayer-cli aws setup --profile shop",
        ),
        ("asayer-cli config set aws.region NAME", "asayer-cli config set --profile shop aws.region NAME"),
        ("Print it: asayer-cli completions bash.", "Print it: asayer-cli completions bash."),
        ("asayer-cli met a bug of its own", "asayer-cli met a bug of its own"),
        ("aws configure list", "aws configure list"),
    ],
)
def test_the_commands_of_a_hint_lead_to_the_profile(hint: str, led: str) -> None:
    assert led_to("shop", hint) == led.replace("{}", " --profile shop")
    assert led_to("default", hint) == hint


def test_errors_and_remedies_name_the_profile(bare: Cli) -> None:
    nothing = bare("verify", "--profile", "my shop")
    assert "asayer-cli aws setup --profile 'my shop'" in nothing.err
    assert "asayer-cli elastic create-key --profile 'my shop'" in nothing.err
    unreached = {"ASAYER_ELASTIC_URL": "http://127.0.0.1:9", "ASAYER_ELASTIC_API_KEY": "some-id:planted-0123456789"}
    assert "--profile" not in bare("verify", env=unreached).out
    half = bare("integrations", "show", "--profile", "shop", env={"ASAYER_ELASTIC_API_KEY": "some-id:planted-01234567"})
    assert "asayer-cli elastic create-key --profile shop" in half.err
