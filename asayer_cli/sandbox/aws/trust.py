"""sts:AssumeRole: who a role trusts. moto knows no account as a principal, and no longest session."""

from __future__ import annotations

import json
from datetime import UTC
from html import escape
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from moto.sts.models import sts_backends

from asayer_cli.sandbox.aws import errors, iam_policy
from asayer_cli.sandbox.aws.resources import context
from asayer_cli.sandbox.supervisor import ACCOUNT_ID
from asayer_cli.sandbox.wsgi import Reply

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from moto.iam.models import Role
    from moto.sts.models import AssumedRole

    from asayer_cli.sandbox.aws.call import ApiCall

DEFAULT_SECONDS = 3600


def assume_role(call: ApiCall) -> Reply:
    """Answer AssumeRole as the role's trust policy wants it; what the caller's own policies say was asked before."""
    arn, seconds = call.request.text("RoleArn"), int(call.request.text("DurationSeconds") or DEFAULT_SECONDS)
    role = next((role for role in call.account.iam.get_roles() if role.arn == arn), None)
    if role is None or not _trusts(role, call):
        message = f"User: {call.caller.arn} is not authorized to perform: sts:AssumeRole on resource: {arn}"
        return errors.denied("sts", message)
    if seconds > int(role.max_session_duration or DEFAULT_SECONDS):
        message = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
        return errors.refuse("sts", "ValidationError", message)
    return _answer(
        sts_backends[ACCOUNT_ID]["aws"].assume_role(
            region_name=call.request.region,
            role_session_name=call.request.text("RoleSessionName"),
            role_arn=arn,
            policy=call.request.text("Policy"),
            duration=seconds,
            external_id=call.request.text("ExternalId"),
        )
    )


def _trusts(role: Role, call: ApiCall) -> bool:
    keys = context(call.request, call.caller, call.account)
    if external_id := call.request.text("ExternalId"):
        keys["sts:externalid"] = external_id
    question = iam_policy.Request("sts:AssumeRole", role.arn, keys)
    about_caller = [*_about(json.loads(role.assume_role_policy_document), call.caller.arn)]
    return iam_policy.evaluate([iam_policy.parse({"Statement": about_caller})], question) == "allowed"


def _about(document: Mapping[str, Any], caller: str) -> Iterator[dict[str, Any]]:
    """Yield the statements of a trust policy that are about a caller; in such a policy the resource is the role."""
    statements = document["Statement"]
    for statement in statements if isinstance(statements, list) else [statements]:
        principal = statement.get("Principal", {})
        named = "*" if principal == "*" else principal.get("AWS", ())
        names = {named} if isinstance(named, str) else set(named)
        if names & {"*", caller, ACCOUNT_ID, f"arn:aws:iam::{ACCOUNT_ID}:root"}:
            yield {**statement, "Resource": "*"}


def _answer(session: AssumedRole) -> Reply:
    ends = session.expiration.replace(tzinfo=UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    body = (
        f'<AssumeRoleResponse xmlns="{errors.QUERY_NAMESPACES["sts"]}"><AssumeRoleResult><Credentials>'
        f"<AccessKeyId>{session.access_key_id}</AccessKeyId>"
        f"<SecretAccessKey>{escape(session.secret_access_key)}</SecretAccessKey>"
        f"<SessionToken>{escape(session.session_token)}</SessionToken><Expiration>{ends}</Expiration></Credentials>"
        f"<AssumedRoleUser><AssumedRoleId>{session.user_id}</AssumedRoleId><Arn>{escape(session.arn)}</Arn>"
        "</AssumedRoleUser><PackedPolicySize>6</PackedPolicySize></AssumeRoleResult>"
        f"<ResponseMetadata><RequestId>{uuid4()}</RequestId></ResponseMetadata></AssumeRoleResponse>"
    )
    return Reply(200, (("Content-Type", "text/xml"),), body.encode())
