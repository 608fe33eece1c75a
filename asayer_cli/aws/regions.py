"""Regions: which there are, and which the account has enabled."""

from __future__ import annotations

import contextlib
from difflib import get_close_matches
from typing import TYPE_CHECKING

from asayer_cli.aws.errors import translated
from asayer_cli.aws.identity import check_partition, home_of
from asayer_cli.errors import CredentialsRejectedError, PermissionDeniedError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asayer_cli.aws.model import Identity
    from asayer_cli.aws.session import AwsSession


def enabled_regions(session: AwsSession, identity: Identity) -> tuple[str, ...]:
    """Return the regions that the account has enabled, sorted.

    Where that may not be asked, all regions that the SDK knows: the caller then meets some that are not enabled.
    """
    try:
        return _described(session, identity, all_regions=False)
    except PermissionDeniedError:
        return tuple(sorted(session.known_regions(identity.partition)))


def check_region(session: AwsSession, identity: Identity, region: str) -> None:
    """Raise UsageError for a region that does not exist, or that lies in another partition than the credentials."""
    check_partition(session, identity, region)
    known = session.known_regions(identity.partition)
    if region in known or region in _asked(session, identity):
        return
    close = get_close_matches(region, known, n=3)
    raise UsageError(
        f"There is no AWS region {region}.",
        hint=f"Did you mean {' or '.join(close)}?"
        if close
        else "The regions: asayer-cli aws log-groups --all-regions.",
        code="unknown_region",
    )


@contextlib.contextmanager
def credentials_are_good(region: str) -> Iterator[None]:
    """Where STS has accepted the credentials, turn a rejection by a region into what it means: it is not enabled."""
    try:
        yield
    except CredentialsRejectedError as error:
        if error.code != CredentialsRejectedError.default_code:
            raise
        raise region_not_enabled(region) from error


def region_not_enabled(region: str) -> UsageError:
    """Return the error for a region that the account has not enabled."""
    return UsageError(
        f"Region {region} is not enabled in this account: it does not take credentials that STS accepts.",
        hint="Choose another region, or enable this one under Account > AWS Regions. A key made in the last minute may "
        "also need a little longer.",
        code="region_not_enabled",
    )


def _asked(session: AwsSession, identity: Identity) -> tuple[str, ...]:
    """Return all regions as AWS itself tells them, for those that are newer than the SDK; none where denied."""
    try:
        return _described(session, identity, all_regions=True)
    except PermissionDeniedError:
        return ()


def _described(session: AwsSession, identity: Identity, *, all_regions: bool) -> tuple[str, ...]:
    home = home_of(identity, session)
    with translated("ec2:DescribeRegions", region=home):
        answer = session.client("ec2", home).describe_regions(AllRegions=all_regions)
    return tuple(sorted(region["RegionName"] for region in answer["Regions"]))
