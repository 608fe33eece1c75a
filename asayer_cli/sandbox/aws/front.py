"""A local AWS: moto behind a front that decides who may do what, as AWS does.

IAM, STS, CloudWatch Logs, ec2:DescribeRegions, account:ListRegions, and CloudFormation for users and roles; whatever
else is refused. Nothing here connects to anything. moto reads its settings from the environment when it is imported:
see `server.prepare_moto`.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from moto import settings as moto_settings
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from asayer_cli.sandbox.aws import cloudformation, errors, iam, iam_policy, logs, regions, trust
from asayer_cli.sandbox.aws.account import mark_used
from asayer_cli.sandbox.aws.call import ApiCall
from asayer_cli.sandbox.aws.requests import AwsRequest, read_request
from asayer_cli.sandbox.aws.resources import context, resources
from asayer_cli.sandbox.aws.settings import AwsSettings, changed
from asayer_cli.sandbox.aws.signature import is_signed_with
from asayer_cli.sandbox.faults import Call, FaultPlan, with_control
from asayer_cli.sandbox.wsgi import Reply, send

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from asayer_cli.sandbox.aws.account import Account, Principal

REGIONAL_SERVICES = frozenset({"cloudformation", "logs", "sts"})
ALWAYS_ALLOWED = frozenset({("sts", "GetCallerIdentity"), ("sts", "GetSessionToken")})
log = logging.getLogger(__name__)


def create_app(account: Account, *, faults: FaultPlan, control_token: str) -> WSGIApplication:
    """Return the whole local AWS as a WSGI application."""
    if moto_settings.INITIAL_NO_AUTH_ACTION_COUNT != 0:
        raise RuntimeError("moto was imported before its IAM was switched on")
    front = AwsFront(account)
    return with_control(
        faults.middleware(front, front.identify),
        faults,
        control_token,
        front.change_settings,
        actions={"log-groups": logs.create_many},
    )


class AwsFront:
    """Authenticates, authorises, and sends each request to its handler."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._settings = AwsSettings(key_delay_s={})
        self._moto = DomainDispatcherApplication(create_backend_app)

    def change_settings(self, changes: dict[str, object]) -> None:
        """Apply ``PUT /_sandbox/settings`` (see `AwsSettings`)."""
        self._settings = changed(self._settings, changes)

    def identify(self, environ: WSGIEnvironment) -> Call:
        """Tell who calls what, for the record and for failures on order."""
        request = read_request(environ)
        caller = self._account.principal(request.signature.access_key_id) if request.signature else None
        return Call(request.service, request.operation, request.region, caller.name if caller else "")

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer as a WSGI application."""
        request = read_request(environ)
        try:
            return send(self._answer(environ, request), start_response)
        except Exception:
            # moto raises whatever it did not foresee; a client of AWS sees a broken service then, and so it does here
            log.exception("%s:%s", request.service, request.operation)
            return send(errors.internal_failure(request.service), start_response)

    def _answer(self, environ: WSGIEnvironment, request: AwsRequest) -> Reply:
        settings = self._settings
        caller = self._authenticate(environ, request, settings)
        if isinstance(caller, Reply):
            return caller
        refusal = self._authorise(request, caller, settings)
        try:
            if refusal:
                return refusal
            call = ApiCall(request, environ, caller, self._account, settings, self._moto)
            return _handler(request)(call)
        finally:
            mark_used(caller, self._account, request.service, request.region)

    def _authenticate(self, environ: WSGIEnvironment, request: AwsRequest, settings: AwsSettings) -> Principal | Reply:
        service, signature = request.service, request.signature
        if signature is None:
            return errors.refuse(service, "MissingAuthenticationToken", "Request is missing Authentication Token", 403)
        caller = self._account.principal(signature.access_key_id)
        if caller is None or not self._knows(caller, service, settings):
            return errors.unknown_key(service)
        if environ.get("HTTP_X_AMZ_SECURITY_TOKEN", "") != caller.token:
            return errors.unknown_key(service)
        if service in REGIONAL_SERVICES and not regions.is_enabled(request.region, settings):
            return errors.unknown_key(service)
        if not is_signed_with(environ, signature, caller.secret):
            return errors.wrong_signature(service)
        return caller

    def _knows(self, caller: Principal, service: str, settings: AwsSettings) -> bool:
        is_administrator = caller.access_key_id == self._account.administrator.access_key_id
        return caller.active and (is_administrator or not settings.hides(caller.age_s, settings.key_delay(service)))

    def _authorise(self, request: AwsRequest, caller: Principal, settings: AwsSettings) -> Reply | None:
        if (request.service, request.operation) in ALWAYS_ALLOWED:
            return None
        action = f"{request.service}:{request.operation}"
        keys = context(request, caller, self._account)
        for resource in resources(request, caller, self._account):
            question = iam_policy.Request(action, resource, keys)
            decision = self._account.decide(caller.holder, question, settings)
            if decision != "allowed":
                return errors.denied(request.service, _denial(caller, question, decision))
        return None


def _denial(caller: Principal, question: iam_policy.Request, decision: iam_policy.Decision) -> str:
    reason = (
        "with an explicit deny in an identity-based policy"
        if decision == "explicitDeny"
        else f"because no identity-based policy allows the {question.action} action"
    )
    return (
        f"User: {caller.arn} is not authorized to perform: {question.action} on resource: {question.resource} {reason}"
    )


def _handler(request: AwsRequest) -> Callable[[ApiCall], Reply]:
    by_operation = HANDLERS.get((request.service, request.operation))
    return by_operation or HANDLERS.get((request.service, "*")) or _not_here


def _pass_on(call: ApiCall) -> Reply:
    return call.pass_on()


def _not_here(call: ApiCall) -> Reply:
    message = f"The sandbox has no {call.request.service}:{call.request.operation}."
    return errors.refuse(call.request.service, "InvalidAction", message)


HANDLERS: dict[tuple[str, str], Callable[[ApiCall], Reply]] = {
    ("cloudformation", "*"): cloudformation.handle,
    ("iam", "*"): iam.handle,
    ("logs", "*"): logs.handle,
    ("sts", "AssumeRole"): trust.assume_role,
    ("sts", "*"): _pass_on,
    ("ec2", "DescribeRegions"): regions.describe_regions,
    ("account", "ListRegions"): regions.list_regions,
}
