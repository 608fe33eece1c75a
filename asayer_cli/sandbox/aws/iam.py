"""IAM where moto differs from AWS: unique names, boundaries, deletion order, young users, the policy simulator.

Messages are AWS's own, as far as they are known; codes and statuses are those of botocore's IAM model.
"""

from __future__ import annotations

import re
from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import urlencode
from uuid import uuid4

from asayer_cli.sandbox.aws import errors, iam_credentials, iam_policy
from asayer_cli.sandbox.aws.account import age
from asayer_cli.sandbox.aws.resources import ABOUT_ONESELF, context
from asayer_cli.sandbox.wsgi import Reply, replace_body

if TYPE_CHECKING:
    from collections.abc import Callable

    from moto.iam.models import Role, User

    from asayer_cli.sandbox.aws.call import ApiCall

HTTP_ERRORS = 400
NAMES = re.compile(r"[A-Za-z0-9_+=,.@-]{1,64}")
PATHS = re.compile(r"/|/[\x21-\x7e]+/")
MOST_TAGS = 50


def handle(call: ApiCall) -> Reply:
    """Answer a request to IAM."""
    refusal = _refusal(call)
    if refusal:
        return refusal
    own = OWN_ANSWERS.get(call.request.operation)
    if own:
        return own(call)
    reply = _answer_about_oneself(call) if _is_about_oneself(call) else call.pass_on()
    if reply.status < HTTP_ERRORS:
        _after(call)
    hides = call.request.operation == "ListAccessKeys" and call.settings.key_list_delay_s
    return _without_young_keys(call, reply) if hides else reply


def _is_about_oneself(call: ApiCall) -> bool:
    return call.request.operation in ABOUT_ONESELF and not call.request.text("UserName")


def _answer_about_oneself(call: ApiCall) -> Reply:
    """Name the caller's user in the request: moto would take the signer's, which may become the administrator."""
    named = {**call.request.parameters, "UserName": call.caller.name}
    replace_body(call.environ, urlencode(named).encode())
    return call.pass_on_as_administrator()


def _after(call: ApiCall) -> None:
    request, account = call.request, call.account
    user = account.user(request.text("UserName"))
    if user and request.operation == "CreateUser" and request.text("PermissionsBoundary"):
        account.set_boundary(user, request.text("PermissionsBoundary"))
    entities = (user, account.iam.groups.get(request.text("GroupName")))
    for entity in entities:
        if entity:
            account.note_policies(entity)


def _refusal(call: ApiCall) -> Reply | None:
    check = CHECKS.get(call.request.operation)
    return _too_young(call) or (check(call) if check else None)


def _too_young(call: ApiCall) -> Reply | None:
    user = call.account.user(call.request.text("UserName"))
    operation, settings = call.request.operation, call.settings
    may_miss = operation.startswith(("Get", "List")) or (settings.flickering and operation != "CreateUser")
    if user and may_miss and settings.hides(age(user.create_date), settings.user_delay_s):
        return _no_such_user(user.name)
    return None


def _without_young_keys(call: ApiCall, reply: Reply) -> Reply:
    """Take out of a list of keys those that are not to be seen yet."""
    keys = list(call.account.iam.access_keys.values())
    hidden = {
        key.access_key_id for key in keys if call.settings.hides(age(key.create_date), call.settings.key_list_delay_s)
    }
    members = re.split(r"(<member>.*?</member>)", reply.body.decode(), flags=re.DOTALL)
    shown = (part for part in members if not (part.startswith("<member>") and any(key in part for key in hidden)))
    return replace(reply, body="".join(shown).encode())


def _no_such_user(name: str) -> Reply:
    return errors.refuse("iam", "NoSuchEntity", f"The user with name {name} cannot be found.", 404)


def _check_create_user(call: ApiCall) -> Reply | None:
    request = call.request
    name, path = request.text("UserName"), request.text("Path") or "/"
    if not NAMES.fullmatch(name):
        return _invalid("userName", "It must contain only alphanumeric characters and/or the following: +=,.@_-")
    if not PATHS.fullmatch(path):
        return _invalid(
            "path", "It must begin and end with / and contain only alphanumeric characters and/or / characters."
        )
    if name.lower() in {known.lower() for known in list(call.account.iam.users)}:
        return errors.refuse("iam", "EntityAlreadyExists", f"User with name {name} already exists.", 409)
    return _check_tags(call) or _check_boundary(call)


def _invalid(parameter: str, rule: str) -> Reply:
    return errors.refuse("iam", "ValidationError", f"The specified value for {parameter} is invalid. {rule}")


def _check_tags(call: ApiCall) -> Reply | None:
    names = [value for key, value in call.request.parameters.items() if re.fullmatch(r"Tags\.member\.\d+\.Key", key)]
    if len(names) > MOST_TAGS:
        message = f"Cannot exceed quota for TagsPerUser: {MOST_TAGS}"
        return errors.refuse("iam", "LimitExceeded", message, 409)
    if len({name.lower() for name in names}) < len(names):
        message = "Duplicate tag keys found. Please note that Tag keys are case insensitive."
        return errors.refuse("iam", "InvalidInput", message)
    return None


def _check_boundary(call: ApiCall) -> Reply | None:
    arn = call.request.text("PermissionsBoundary")
    if arn and arn not in call.account.iam.managed_policies:
        message = f"Scope ARN: {arn} does not exist or is not attachable."
        return errors.refuse("iam", "NoSuchEntity", message, 404)
    return None


def _check_delete_user(call: ApiCall) -> Reply | None:
    user = call.account.user(call.request.text("UserName"))
    if user is None:
        return None
    if rule := iam_credentials.in_the_way(user):
        return _conflict(rule)
    return _conflict("must remove users from group first.") if call.account.iam.get_groups_for_user(user.name) else None


def _conflict(rule: str) -> Reply:
    return errors.refuse("iam", "DeleteConflict", f"Cannot delete entity, {rule}", 409)


def _put_boundary(call: ApiCall) -> Reply:
    return _change_boundary(call, call.request.text("PermissionsBoundary"))


def _delete_boundary(call: ApiCall) -> Reply:
    return _change_boundary(call, None)


def _change_boundary(call: ApiCall, policy_arn: str | None) -> Reply:
    name = call.request.text("UserName")
    user = call.account.user(name)
    if user is None:
        return _no_such_user(name)
    refusal = _check_boundary(call)
    if refusal:
        return refusal
    call.account.set_boundary(user, policy_arn)
    return _answer(call.request.operation, "")


def _answer(operation: str, result: str) -> Reply:
    body = (
        f'<{operation}Response xmlns="{errors.QUERY_NAMESPACES["iam"]}">'
        + (f"<{operation}Result>{result}</{operation}Result>" if result else "")
        + f"<ResponseMetadata><RequestId>{uuid4()}</RequestId></ResponseMetadata></{operation}Response>"
    )
    return Reply(200, (("Content-Type", "text/xml"),), body.encode())


def _service_credential(call: ApiCall) -> Reply:
    """Answer about passwords for single services, which moto does not have."""
    request = call.request
    user = call.account.user(request.text("UserName"))
    if user is None:
        return _no_such_user(request.text("UserName"))
    if request.operation.startswith("Create"):
        return _answer(request.operation, iam_credentials.create(user, request.text("ServiceName")))
    if request.operation.startswith("List"):
        return _answer(request.operation, iam_credentials.listed(user))
    credential_id = request.text("ServiceSpecificCredentialId")
    if not iam_credentials.delete(user, credential_id):
        message = f"The service specific credential {credential_id} cannot be found."
        return errors.refuse("iam", "NoSuchEntity", message, 404)
    return _answer(request.operation, "")


def _simulate(call: ApiCall) -> Reply:
    """Answer SimulatePrincipalPolicy for a user or role, with ContextEntries of one value each."""
    source = call.request.text("PolicySourceArn")
    holder = next((holder for holder in call.account.holders() if holder.arn == source), None)
    if holder is None:
        message = f"The Principal with the ARN {source} cannot be found."
        return errors.refuse("iam", "NoSuchEntity", message, 404)
    keys = {**context(call.request, call.caller, call.account), **_context_entries(call)}
    results = "".join(
        _evaluation(call, holder, iam_policy.Request(action, resource, keys))
        for action in call.request.listed("ActionNames")
        for resource in call.request.listed("ResourceArns") or ["*"]
    )
    return _answer(
        "SimulatePrincipalPolicy",
        f"<EvaluationResults>{results}</EvaluationResults><IsTruncated>false</IsTruncated>",
    )


def _context_entries(call: ApiCall) -> dict[str, str]:
    values = call.request.parameters
    names = {key.removesuffix(".ContextKeyName"): value for key, value in values.items() if key.endswith("KeyName")}
    return {name.lower(): values.get(f"{prefix}.ContextKeyValues.member.1", "") for prefix, name in names.items()}


def _evaluation(call: ApiCall, holder: User | Role, request: iam_policy.Request) -> str:
    decision = call.account.decide(holder, request, call.settings)
    allowed_by_boundary = call.account.boundary_allows(holder, request)
    boundary = (
        ""
        if allowed_by_boundary is None
        else "<PermissionsBoundaryDecisionDetail><AllowedByPermissionsBoundary>"
        f"{str(allowed_by_boundary).lower()}</AllowedByPermissionsBoundary></PermissionsBoundaryDecisionDetail>"
    )
    return (
        f"<member><EvalActionName>{escape(request.action)}</EvalActionName>"
        f"<EvalResourceName>{escape(request.resource)}</EvalResourceName>"
        f"<EvalDecision>{decision}</EvalDecision><MatchedStatements/><MissingContextValues/>{boundary}</member>"
    )


CHECKS: dict[str, Callable[[ApiCall], Reply | None]] = {
    "CreateUser": _check_create_user,
    "DeleteUser": _check_delete_user,
}
OWN_ANSWERS: dict[str, Callable[[ApiCall], Reply]] = {
    "PutUserPermissionsBoundary": _put_boundary,
    "DeleteUserPermissionsBoundary": _delete_boundary,
    "SimulatePrincipalPolicy": _simulate,
    "CreateServiceSpecificCredential": _service_credential,
    "ListServiceSpecificCredentials": _service_credential,
    "DeleteServiceSpecificCredential": _service_credential,
}
