"""A request on its way through the front: who calls, and how to pass it on to moto."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from asayer_cli.sandbox.aws.signature import sign_as
from asayer_cli.sandbox.wsgi import Reply, capture

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

    from asayer_cli.sandbox.aws.account import Account, Principal
    from asayer_cli.sandbox.aws.requests import AwsRequest
    from asayer_cli.sandbox.aws.settings import AwsSettings

HTTP_OK = 200
HTTP_FORBIDDEN = 403


@dataclass(frozen=True, slots=True)
class ApiCall:
    """An authenticated and allowed request."""

    request: AwsRequest
    environ: WSGIEnvironment
    caller: Principal
    account: Account
    settings: AwsSettings
    moto: WSGIApplication

    def pass_on(self) -> Reply:
        """Let moto answer.

        moto decides by the action alone and denies what only a narrower resource allows; whatever it denies after the
        front allowed it goes to moto again in the administrator's name. Not so for STS: moto checks trust policies,
        which the front leaves to it.
        """
        reply = capture(self.moto, self.environ)
        if reply.status != HTTP_FORBIDDEN or self.request.service == "sts":
            return reply
        return self.pass_on_as_administrator()

    def pass_on_as_administrator(self) -> Reply:
        """Let moto answer as if the administrator had asked."""
        assert self.request.signature is not None  # noqa: S101 - only signed requests become calls
        administrator = self.account.administrator
        sign_as(self.environ, self.request.signature, administrator.access_key_id, administrator.secret)
        return capture(self.moto, self.environ)
