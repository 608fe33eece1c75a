"""The alternative without long-lived keys: a role that another account may assume, as a CloudFormation template."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asayer_cli.aws.emit.blueprint import PARTITION
from asayer_cli.aws.emit.cloudformation import FORMAT, rights
from asayer_cli.aws.emit.words import comment
from asayer_cli.aws.emit.yaml import Attribute, document

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asayer_cli.aws.emit.blueprint import Blueprint, Trust


def as_role(blueprint: Blueprint) -> str:
    """Return the template, in YAML; ValueError without `trust`."""
    if blueprint.trust is None:
        raise ValueError("a role trusts somebody")
    return "\n".join(_lines(blueprint, blueprint.trust)) + "\n"


def _lines(blueprint: Blueprint, trust: Trust) -> Iterator[str]:
    yield from comment(
        f"An IAM role that the AWS account {trust.account} may assume to read CloudWatch Logs. Nothing long-lived can "
        "leak: a session of it ends by itself.",
        "It serves a collector that can assume a role. The product's form under Preferences > Integrations takes an "
        "access key, not a role: for that, make the user (aws setup, or --emit cloudformation).",
        "The external id must come with every sts:AssumeRole, so that nobody can have the trusted account act for "
        "them here (the confused deputy). It is no secret: whoever may read the role sees it. Keep this file: "
        "emitting it again without --external-id makes another one.",
    )
    yield from document(
        {
            "AWSTemplateFormatVersion": FORMAT,
            "Description": "IAM role that reads CloudWatch Logs for session replays",
            "Resources": {"CollectorRole": {"Type": "AWS::IAM::Role", "Properties": _role(blueprint, trust)}},
            "Outputs": {
                "CollectorRoleArn": {
                    "Description": "ARN to assume, together with the external id",
                    "Value": Attribute("CollectorRole.Arn"),
                }
            },
        }
    )


def _role(blueprint: Blueprint, trust: Trust) -> dict[str, object]:
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:{PARTITION}:iam::{trust.account}:root"},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"sts:ExternalId": trust.external_id}},
    }
    return {
        "RoleName": blueprint.name,
        "Description": "Reads CloudWatch Logs for session replays",
        "MaxSessionDuration": trust.session_seconds,
        "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        **rights(blueprint),
    }
