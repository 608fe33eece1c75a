"""The collector's user as a CloudFormation template."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asayer_cli.aws.emit.blueprint import TAGS
from asayer_cli.aws.emit.words import NO_KEY, comment, how_to_make_the_key
from asayer_cli.aws.emit.yaml import Attribute, document

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asayer_cli.aws.emit.blueprint import Blueprint

FORMAT = "2010-09-09"


def as_cloudformation(blueprint: Blueprint) -> str:
    """Return the template, in YAML."""
    return "\n".join(_lines(blueprint)) + "\n"


def _lines(blueprint: Blueprint) -> Iterator[str]:
    yield from comment(
        "The IAM user that the session replay's collector reads CloudWatch Logs with. IAM is global: deploy this once, "
        "in any region. " + NO_KEY
    )
    yield from how_to_make_the_key(blueprint.next_command)
    yield from comment("A key made so is none of the stack's: delete it before you delete the stack.")
    yield from document(
        {
            "AWSTemplateFormatVersion": FORMAT,
            "Description": "IAM user that reads CloudWatch Logs for session replays",
            "Resources": {"CollectorUser": {"Type": "AWS::IAM::User", "Properties": _user(blueprint)}},
            "Outputs": {
                "CollectorUserArn": {
                    "Description": "ARN of the user",
                    "Value": Attribute("CollectorUser.Arn"),
                }
            },
        }
    )


def _user(blueprint: Blueprint) -> dict[str, object]:
    return {"UserName": blueprint.name, **rights(blueprint)}


def rights(blueprint: Blueprint) -> dict[str, object]:
    """Return the properties that users and roles share, leaving out what is empty."""
    policies = [{"PolicyName": name, "PolicyDocument": policy} for name, policy in blueprint.inline_policies.items()]
    properties: dict[str, object] = {
        "Path": blueprint.path,
        "PermissionsBoundary": blueprint.boundary,
        "ManagedPolicyArns": blueprint.managed_policies,
        "Policies": policies,
        "Tags": [{"Key": key, "Value": value} for key, value in TAGS.items()],
    }
    return {name: value for name, value in properties.items() if value}
