"""The collector's IAM user: what it is, and single changes of it."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from botocore import xform_name
from botocore.exceptions import ClientError

from asayer_cli.aws.claim import CLAIM_KEY, parse_claim
from asayer_cli.aws.errors import MISSING, error_code, translated
from asayer_cli.aws.identity import home_of
from asayer_cli.aws.model import AccessKey, UserState
from asayer_cli.aws.permissions import Needed
from asayer_cli.errors import PermissionDeniedError
from asayer_cli.integrations import AwsKey
from asayer_cli.secret import Secret
from asayer_cli.together import together

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from asayer_cli.aws.claim import Claim
    from asayer_cli.aws.model import Identity
    from asayer_cli.aws.session import AwsSession

TAG_KEY: Final = "managed-by"
TAG_VALUE: Final = "asayer-cli"
_TAGS: Final = [{"Key": TAG_KEY, "Value": TAG_VALUE}]
MANAGED_POLICY: Final = "CloudWatchReadOnlyAccess"
GROUP_POLICY: Final = "asayer-cli-log-groups"
# What GetAccessKeyLastUsed says of a key that was never used (its API reference).
_NEVER: Final = "N/A"
_PAUSE_SECONDS: Final = 0.5
_KEY_MEMBERS: Final = ("AccessKeyId", "Status", "CreateDate")


class UserAccess:
    """One IAM user, by its name; every method asks AWS and raises our errors."""

    def __init__(
        self,
        session: AwsSession,
        identity: Identity,
        name: str,
        path: str = "/",
        needed: Needed = Needed.BY_SETUP,
    ) -> None:
        self.name = name
        self._needed = needed
        self.managed_policy = f"arn:{identity.partition}:iam::aws:policy/{MANAGED_POLICY}"
        self._arn = f"arn:{identity.partition}:iam::{identity.account}:user{path}{name}"
        self._session = session
        self._region = home_of(identity, session)

    def state(self) -> UserState | None:
        """Return the user as it is, None when there is none; its parts are asked for at the same time."""
        parts: list[Callable[[], Any]] = [self._user, self._attached, self._inline, self._groups, self.keys]
        user, attached, inline, groups, keys, document = together([*parts, self._group_policy])
        if user is None:
            return None
        self._arn = user["Arn"]
        tags = {tag["Key"]: tag["Value"] for tag in user.get("Tags", ())}
        return UserState(
            name=user["UserName"],
            arn=user["Arn"],
            path=user["Path"],
            managed=tags.get(TAG_KEY) == TAG_VALUE,
            claim=parse_claim(tags.get(CLAIM_KEY, "")),
            boundary=user.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn", ""),
            attached=tuple(attached),
            inline=tuple(inline),
            groups=tuple(groups),
            group_policy=document,
            keys=tuple(keys),
        )

    def keys(self) -> list[AccessKey]:
        """Return the user's access keys, oldest first, with their last use; none when there is no such user."""
        described = self._listed_keys()["AccessKeyMetadata"]
        keys = together([partial(self._with_last_use, key) for key in described])
        return sorted(keys, key=lambda key: key.created_at)

    def key_dates(self) -> tuple[dict[str, datetime], datetime]:
        """Return when each of the user's access keys was made, by id, and AWS's own time (whole seconds) of that."""
        answer = self._listed_keys()
        dates = {key["AccessKeyId"]: key["CreateDate"] for key in answer["AccessKeyMetadata"]}
        return dates, _date_of(answer["ResponseMetadata"]["HTTPHeaders"])

    def policy_is_there(self, arn: str) -> bool:
        """Tell whether a policy exists; True when that may not be asked, for attaching it will tell."""
        try:
            with translated("iam:GetPolicy", resource=arn):
                return self._found("GetPolicy", PolicyArn=arn) is not None
        except PermissionDeniedError:
            return True

    def create_user(self, path: str, boundary: str) -> bool:
        """Make the user, tagged as ours; False when there is one of that name already."""
        request: dict[str, Any] = {"Path": path, "Tags": _TAGS}
        if boundary:
            request["PermissionsBoundary"] = boundary
        with translated("iam:CreateUser", resource=self._arn, needed=self._needed):
            try:
                self._call("CreateUser", **request)
            except ClientError as error:
                if error_code(error) != "EntityAlreadyExists":
                    raise
                return False
        return True

    def appears_managed(self, seconds: float) -> bool:
        """Tell whether there is a user of this name with our tag; a new one may take a moment to appear."""
        end = time.monotonic() + seconds
        while (user := self._user()) is None and time.monotonic() < end:
            time.sleep(_PAUSE_SECONDS)
        return user is not None and {"Key": TAG_KEY, "Value": TAG_VALUE} in user.get("Tags", ())

    def tag_as_managed(self) -> None:
        """Mark the user as managed by asayer-cli."""
        self._change("TagUser", Tags=_TAGS)

    def claim(self) -> Claim | None:
        """Return the claim of the run that is making a key, or was cut off while it did."""
        user = self._user() or {}
        return parse_claim({tag["Key"]: tag["Value"] for tag in user.get("Tags", ())}.get(CLAIM_KEY, ""))

    def put_claim(self, claim: Claim) -> None:
        """Write a claim on the user, over any other."""
        self._change("TagUser", Tags=[{"Key": CLAIM_KEY, "Value": claim.text}])

    def drop_claim(self) -> None:
        """Take the claim off the user; no error when there is none."""
        self._change("UntagUser", TagKeys=[CLAIM_KEY])

    def put_boundary(self, arn: str) -> None:
        """Set the permissions boundary."""
        self._change("PutUserPermissionsBoundary", PermissionsBoundary=arn)

    def attach_managed_policy(self) -> None:
        """Attach CloudWatchReadOnlyAccess."""
        self._change("AttachUserPolicy", PolicyArn=self.managed_policy)

    def detach_managed_policy(self) -> None:
        """Detach CloudWatchReadOnlyAccess; no error when it is not attached."""
        self._remove("DetachUserPolicy", PolicyArn=self.managed_policy)

    def put_group_policy(self, document: Mapping[str, object]) -> None:
        """Give the user the inline policy that names the log groups."""
        self._change("PutUserPolicy", PolicyName=GROUP_POLICY, PolicyDocument=json.dumps(document))

    def delete_group_policy(self) -> None:
        """Remove that inline policy; no error when there is none."""
        self._remove("DeleteUserPolicy", PolicyName=GROUP_POLICY)

    def create_key(self) -> AwsKey:
        """Make an access key with one request that is never repeated.

        An UnreachableError leaves unknown whether there is a new key now.
        """
        iam = self._session.client("iam", self._region, once=True)
        with translated("iam:CreateAccessKey", resource=self._arn, needed=self._needed):
            made = iam.create_access_key(UserName=self.name)["AccessKey"]
            return AwsKey(made["AccessKeyId"], Secret(made["SecretAccessKey"]))

    def set_active(self, key_id: str, *, active: bool) -> None:
        """Make an access key active or inactive."""
        self._change("UpdateAccessKey", AccessKeyId=key_id, Status="Active" if active else "Inactive")

    def delete_key(self, key_id: str) -> None:
        """Delete an access key; no error when there is none of that id."""
        self._remove("DeleteAccessKey", AccessKeyId=key_id)

    def hurry(self) -> None:
        """Wait less from now on: a person who wants to go waits for what is cleaned up."""
        self._session.hurry()

    def _user(self) -> dict[str, Any] | None:
        answer = self._read("GetUser")
        return None if answer is None else answer["User"]

    def _attached(self) -> list[str]:
        return [policy["PolicyArn"] for policy in self._all("ListAttachedUserPolicies", "AttachedPolicies")]

    def _inline(self) -> list[str]:
        return list(self._all("ListUserPolicies", "PolicyNames"))

    def _groups(self) -> list[str]:
        return [group["GroupName"] for group in self._all("ListGroupsForUser", "Groups")]

    def _group_policy(self) -> Mapping[str, object] | None:
        answer = self._read("GetUserPolicy", PolicyName=GROUP_POLICY)
        return None if answer is None else answer["PolicyDocument"]

    def _with_last_use(self, described: dict[str, Any]) -> AccessKey:
        key_id = described["AccessKeyId"]
        with translated("iam:GetAccessKeyLastUsed", resource=self._arn, needed=self._needed):
            answer = self._client.get_access_key_last_used(AccessKeyId=key_id)["AccessKeyLastUsed"]
        used: datetime | None = answer.get("LastUsedDate")
        service, region = (answer.get(name, _NEVER) if used else "" for name in ("ServiceName", "Region"))
        return AccessKey(key_id, described["Status"], described["CreateDate"], used, service, region)

    def _listed_keys(self) -> dict[str, Any]:
        """Return the answer to ListAccessKeys, of one page since there are two keys at most; no key of no user."""
        with translated("iam:ListAccessKeys", resource=self._arn, needed=self._needed):
            try:
                answer: dict[str, Any] = self._client.list_access_keys(UserName=self.name)
            except ClientError as error:
                if error_code(error) not in MISSING:
                    raise
                answer = dict(error.response)
            keys = [{name: key[name] for name in _KEY_MEMBERS} for key in answer.get("AccessKeyMetadata", ())]
            return {**answer, "AccessKeyMetadata": keys}

    def _all(self, operation: str, member: str) -> list[Any]:
        """Return all pages of a list; empty when there is no such user."""
        with translated(f"iam:{operation}", resource=self._arn, needed=self._needed):
            try:
                pages = self._client.get_paginator(xform_name(operation)).paginate(UserName=self.name)
                return [item for page in pages for item in page[member]]
            except ClientError as error:
                if error_code(error) not in MISSING:
                    raise
                return []

    def _read(self, operation: str, **request: str) -> dict[str, Any] | None:
        with translated(f"iam:{operation}", resource=self._arn, needed=self._needed):
            return self._found(operation, UserName=self.name, **request)

    def _found(self, operation: str, **request: str) -> dict[str, Any] | None:
        try:
            answer: dict[str, Any] = getattr(self._client, xform_name(operation))(**request)
        except ClientError as error:
            if error_code(error) not in MISSING:
                raise
            return None
        return answer

    def _change(self, operation: str, **request: object) -> None:
        with translated(f"iam:{operation}", resource=self._arn, needed=self._needed):
            self._call(operation, **request)

    def _remove(self, operation: str, **request: object) -> None:
        with translated(f"iam:{operation}", resource=self._arn, needed=self._needed):
            try:
                self._call(operation, **request)
            except ClientError as error:
                if error_code(error) not in MISSING:
                    raise

    def _call(self, operation: str, **request: object) -> None:
        getattr(self._client, xform_name(operation))(UserName=self.name, **request)

    @property
    def _client(self) -> Any:  # noqa: ANN401 - botocore makes the type
        return self._session.client("iam", self._region)


def _date_of(headers: Mapping[str, str]) -> datetime:
    """Return when an answer was given; by this machine's clock where it does not tell."""
    try:
        given = parsedate_to_datetime(headers.get("date", ""))
    except (ValueError, TypeError):  # of another form, or out of range
        return datetime.now(UTC)
    return given if given.tzinfo else given.replace(tzinfo=UTC)
