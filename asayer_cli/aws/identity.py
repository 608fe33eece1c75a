"""Who is acting."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from botocore.parsers import ResponseParserError

from asayer_cli.aws.errors import translated
from asayer_cli.aws.model import Identity
from asayer_cli.errors import CredentialsRejectedError, RefusedError, UsageError
from asayer_cli.profile_option import for_profile

if TYPE_CHECKING:
    from asayer_cli.aws.session import AwsSession

# A region of each partition that is always enabled, and where its global services are addressed.
HOME_REGIONS: Final = {
    "aws": "us-east-1",
    "aws-cn": "cn-north-1",
    "aws-us-gov": "us-gov-west-1",
    "aws-eusc": "eusc-de-east-1",
    "aws-iso": "us-iso-east-1",
    "aws-iso-b": "us-isob-east-1",
    "aws-iso-e": "eu-isoe-west-1",
    "aws-iso-f": "us-isof-south-1",
}

_ARN: Final = re.compile(r"arn:([\w-]+):(?:sts|iam):", re.ASCII)


def home_region(session: AwsSession, region: str) -> str:
    """Return the always enabled region of the partition that `region` (empty: the common one) belongs to."""
    partition = session.partition_of(region) if region else "aws"
    return HOME_REGIONS.get(partition, region)


def home_of(identity: Identity, session: AwsSession) -> str:
    """Return the region in which the account's global services and region list are asked."""
    return HOME_REGIONS.get(identity.partition, session.region)


def who_am_i(session: AwsSession, region: str) -> Identity:
    """Ask STS in a region whose credentials these are."""
    with translated("sts:GetCallerIdentity", region=region):
        answer = session.client("sts", region).get_caller_identity()
        arn: str = answer["Arn"]
        if not (parts := _ARN.match(arn)):
            raise ResponseParserError("the caller's ARN is none")
        return Identity(arn=arn, account=answer["Account"], partition=parts[1], user_id=answer["UserId"])


def who_am_i_anywhere(session: AwsSession, region: str) -> Identity:
    """Ask STS in a region, then in the partition's home region.

    A region that is not enabled answers as if the credentials were wrong; one that is may be all that a closed network
    reaches.
    """
    home = home_region(session, region)
    try:
        return who_am_i(session, region or home)
    except CredentialsRejectedError:
        if home == region:
            raise
        return who_am_i(session, home)


def refuse_other_account(profile: str, saved: object, identity: Identity) -> None:
    """Raise RefusedError when a profile's settings are about an account (empty: none yet) that is not the caller's."""
    if saved and saved != identity.account:
        raise RefusedError(
            f"Profile {profile} is set up for the AWS account {saved}, and your credentials are of {identity.account}.",
            hint="Use credentials of that account (--aws-profile NAME), or another profile: --profile NAME. To forget "
            f"that account here: asayer-cli integrations remove --only aws{for_profile(profile)}.",
            code="other_account",
        )


def check_partition(session: AwsSession, identity: Identity, region: str) -> None:
    """Raise UsageError when a region belongs to another partition than the credentials."""
    partition = session.partition_of(region)
    if partition != identity.partition:
        raise UsageError(
            f"Region {region} belongs to the partition {partition}, and these credentials to {identity.partition}.",
            hint="Choose a region of the account's partition, or credentials of the other one.",
            code="wrong_partition",
        )
