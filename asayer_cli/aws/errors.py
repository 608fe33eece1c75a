"""The SDK's exceptions turned into ours, in one place: what happened, why, and what to do next.

Error codes are compared, never exception classes: the SDK makes its classes from each service's model, and codes
such as InvalidOperationException or AccessDenied are in no model.
"""

from __future__ import annotations

import contextlib
import re
from traceback import walk_tb
from typing import TYPE_CHECKING, Final

import botocore.exceptions as sdk
from botocore.parsers import ResponseParserError

from asayer_cli.aws.connection_errors import BROKEN, of_connection_error
from asayer_cli.aws.permissions import Needed, statement_for
from asayer_cli.errors import (
    AsayerError,
    CredentialsRejectedError,
    NotConfiguredError,
    PermissionDeniedError,
    RefusedError,
    UnreachableError,
    UsageError,
)
from asayer_cli.secret import redact

if TYPE_CHECKING:
    from collections.abc import Iterator

EXPIRED: Final = frozenset({"ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"})
_WRONG_SECRET: Final = frozenset({"InvalidSignatureException", "SignatureDoesNotMatch"})
REJECTED: Final = (
    EXPIRED
    | _WRONG_SECRET
    | {
        "AuthFailure",
        "IncompleteSignature",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "RequestExpired",
        "RequestTimeTooSkewed",
        "UnrecognizedClientException",
    }
)
DENIED: Final = frozenset({"AccessDenied", "AccessDeniedException", "AuthorizationError", "UnauthorizedOperation"})
THROTTLED: Final = frozenset(
    {
        "RequestLimitExceeded",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "TooManyRequestsException",
    }
)
LIMITED: Final = frozenset({"LimitExceeded", "LimitExceededException", "ServiceQuotaExceededException"})
MISSING: Final = frozenset({"NoSuchEntity", "ResourceNotFoundException"})
_BUSY: Final = frozenset({"ConcurrentModification", "OperationAbortedException"})
_INVALID: Final = frozenset(
    {
        "InvalidInput",
        "InvalidOperationException",
        "InvalidParameterException",
        "MalformedPolicyDocument",
        "ValidationError",
    }
)
_CALL: Final = ("_make_api_call", "botocore.client")
_UNKNOWN: Final = "aws_error"
_LONGEST_WORDS: Final = 1_000
_SKEWED: Final = re.compile(r"Signature (?:expired|not yet current)", re.IGNORECASE)
_ACTION: Final = re.compile(r"perform: ([\w-]+:\w+)")
_RESOURCE: Final = re.compile(r"on resource: (\S+)")
_WHO: Final = re.compile(r"(arn:[\w-]+:(?:iam|sts)::\S+) is not authorized")
_HTTP_OF_SERVICE: Final = 500


@contextlib.contextmanager
def translated(
    action: str, *, region: str = "", resource: str = "*", needed: Needed = Needed.BY_SETUP
) -> Iterator[None]:
    """Turn what the SDK raises inside into an AsayerError.

    `action` is the IAM action of the call (`iam:CreateUser`); `resource` the ARN that a statement would name, `needed`
    the command whose actions it would hold.
    """
    try:
        yield
    except sdk.ClientError as error:
        raise of_client_error(error, action, region=region, resource=resource, needed=needed) from error
    except sdk.BotoCoreError as error:
        raise _of_sdk_error(error, action, region) from error
    except (ResponseParserError, KeyError) as error:  # a page of somebody else's, with a status of success
        raise _foreign(f"{action} in {region}" if region else action, "no answer of its form") from error
    except (AttributeError, TypeError, ValueError, RecursionError) as error:
        if not _is_of_a_call(error):
            raise
        raise _foreign(f"{action} in {region}" if region else action, "an answer of a wrong form") from error
    except EOFError as error:  # the SDK asks for an MFA code itself
        raise NotConfiguredError(
            "The AWS profile wants an MFA code, and there is no terminal to ask on.",
            hint="Get a session first (aws sts get-session-token, aws sso login), and run it with those credentials.",
            code="mfa_needed",
        ) from error
    except OSError as error:  # a file that the AWS configuration names
        raise _unusable_configuration(f"{error.filename}: {error.strerror}" if error.filename else "") from error


def _is_of_a_call(error: Exception) -> bool:
    """Whether the SDK raised it in a call: it trips over answers that are JSON and nothing like the service's."""
    frames = (frame for frame, _ in walk_tb(error.__traceback__))
    return any((frame.f_code.co_name, frame.f_globals.get("__name__")) == _CALL for frame in frames)


@contextlib.contextmanager
def configuring(service: str, region: str = "") -> Iterator[None]:
    """Turn what the SDK raises while it reads its configuration into an AsayerError."""
    try:
        with translated(f"{service}:*", region=region):
            yield
    except ValueError as error:
        if "endpoint" in str(error) or "URL" in str(error) or "Port" in str(error):
            raise malformed_endpoint() from error
        raise _unusable_configuration("") from error
    except AsayerError as error:
        if error.code != _UNKNOWN:
            raise
        raise _unusable_configuration(" ".join(str(error.__cause__).split())) from error


def malformed_endpoint() -> UsageError:
    """Return the error for an endpoint that is no URL; it is not shown, for it may hold a password."""
    return UsageError(
        "The AWS endpoint URL is no URL.", hint="Mend AWS_ENDPOINT_URL, or unset it.", code="malformed_url"
    )


def _unusable_configuration(why: str) -> NotConfiguredError:
    return NotConfiguredError(
        "The AWS configuration cannot be used" + (f": {why.rstrip('.')}." if why else "."),
        hint="Look at ~/.aws/config, ~/.aws/credentials and the variables that begin with AWS_: aws configure list.",
        code="aws_config",
    )


def error_code(error: sdk.ClientError) -> str:
    """Return the service's own code of an error."""
    return str(error.response.get("Error", {}).get("Code", ""))


def of_client_error(
    error: sdk.ClientError, action: str, *, region: str = "", resource: str = "*", needed: Needed = Needed.BY_SETUP
) -> AsayerError:
    """Return our form of an answer that is an error."""
    code, said = error_code(error), service_words(error)
    where = f" in {region}" if region else ""
    if code in REJECTED:
        return _rejected(code, said, where)
    if code in DENIED:
        return _denied(said, action, resource, needed)
    if code in THROTTLED:
        return UnreachableError(
            f"AWS throttled {action}{where}, also after several tries.",
            hint="Wait a minute and run it again.",
            code="throttled",
        )
    return _refused(code, said, action) or _unexpected(error, code, said, f"{action}{where}")


def _rejected(code: str, said: str, where: str) -> AsayerError:
    if _SKEWED.search(said) or code in ("RequestExpired", "RequestTimeTooSkewed"):
        return CredentialsRejectedError(
            f"AWS rejected the request{where}: the clock of this computer is wrong ({said}).",
            hint="Set the clock (timedatectl set-ntp true), then run it again.",
            code="clock_skew",
        )
    if code in EXPIRED:
        return CredentialsRejectedError(
            f"The AWS credentials have expired{where}.",
            hint="Log in again: aws sso login, aws login, or whatever made them; then run it again.",
            code="credentials_expired",
        )
    if code in _WRONG_SECRET:
        return CredentialsRejectedError(
            f"AWS knows the access key{where}, and the secret does not belong to it: {code}.",
            hint="Copy the secret access key again, or log in again; which one is in use: aws configure list.",
            code="wrong_secret",
        )
    return CredentialsRejectedError(
        f"AWS does not accept these credentials{where}: {code}.",
        hint="Look which ones are in use: aws configure list. The key may be deleted, inactive or mistyped.",
    )


def _denied(said: str, action: str, resource: str, needed: Needed) -> PermissionDeniedError:
    """Word a denial. AWS names the action it missed, which may be another one than that of the call."""
    named = _ACTION.search(said)
    action = named[1] if named else action
    found = _RESOURCE.search(said)
    on = found[1].rstrip(".,") if found and found[1].startswith("arn:") else resource
    who = _WHO.search(said)
    subject = who[1] if who else "The credentials in use"
    message = f"{subject} may not {action}" + ("" if on == "*" else f" on {on}") + "."
    return PermissionDeniedError(message, hint=_denial_hint(said, statement_for(action, on, needed)), action=action)


def _denial_hint(said: str, statement: str) -> str:
    if "permissions boundary allows" in said:
        return f"The permissions boundary does not allow it: add this statement to it: {statement}"
    if "explicit deny" in said:
        kind = re.search(r"explicit deny in (?:an? )?([\w -]+? policy|permissions boundary)", said)
        where = kind[1] if kind else "a policy"
        return f"An explicit deny in {where} forbids it, which no further Allow lifts: ask your administrator."
    return f"Ask your administrator for this statement: {statement}"


def _refused(code: str, said: str, action: str) -> AsayerError | None:
    if code in LIMITED:
        return RefusedError(
            f"AWS refused {action}: a limit of the account or user is reached ({said}).",
            hint="Remove what is not used any more, or ask AWS for a higher quota.",
            code="limit_exceeded",
        )
    if code in MISSING:
        return UsageError(f"{action} found nothing of that name: {said}.", code="not_found")
    if code in _BUSY:
        return UnreachableError(
            f"AWS is still busy with an earlier change ({said}).", hint="Run it again in a few minutes.", code="busy"
        )
    if code in _INVALID:
        return UsageError(f"AWS refused a value of {action}: {said}.", code="invalid_value")
    return None


def _unexpected(error: sdk.ClientError, code: str, said: str, what: str) -> AsayerError:
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if not code or code.isdecimal():
        return _foreign(what, f"HTTP {status or code}")
    if status >= _HTTP_OF_SERVICE:
        return UnreachableError(
            f"AWS failed at {what} ({code}), also after several tries.",
            hint="Run it again later; see https://health.aws.amazon.com.",
            code="service_failure",
        )
    return AsayerError(f"AWS refused {what}: {code}: {said}.", code=_UNKNOWN)


def _foreign(what: str, status: str) -> UnreachableError:
    return UnreachableError(
        f"What answered {what} does not speak like AWS ({status}).",
        hint="A proxy, a firewall or a login page of the network may stand between: look at HTTPS_PROXY, NO_PROXY and "
        "AWS_ENDPOINT_URL, or open any page in a browser.",
        code="unexpected_answer",
    )


def service_words(error: sdk.ClientError) -> str:
    """Return the service's own words for an error, at most 1,000 characters; empty when it has none."""
    said = " ".join(str(error.response.get("Error", {}).get("Message", "")).split()).rstrip(".")
    return redact(said)[:_LONGEST_WORDS]  # masked before a secret could be parted


def _of_sdk_error(error: sdk.BotoCoreError, action: str, region: str) -> AsayerError:
    if re.search(r"header value|can't encode", str(error)):
        return NotConfiguredError(
            "The AWS credentials have characters that no credentials have, such as a line break.",
            hint="Set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN again, without what came along.",
            code="malformed_credentials",
        )
    if isinstance(error, BROKEN):
        return of_connection_error(error, action, region)
    return _of_credentials_error(error) or _of_configuration_error(error) or _of_unknown(error, action)


def _of_credentials_error(error: sdk.BotoCoreError) -> AsayerError | None:
    if isinstance(error, sdk.NoCredentialsError):
        return NotConfiguredError(
            "There are no AWS credentials.",
            hint="Log in (aws sso login, aws configure), name a profile (--aws-profile), or set AWS_ACCESS_KEY_ID and "
            "AWS_SECRET_ACCESS_KEY.",
            code="no_credentials",
        )
    if isinstance(error, sdk.PartialCredentialsError):
        return NotConfiguredError(
            f"The AWS credentials are incomplete: {error.kwargs.get('cred_var', 'a part')} is missing.",
            hint="Set both AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or complete the profile: aws configure.",
            code="partial_credentials",
        )
    if isinstance(error, sdk.SSOError | sdk.TokenRetrievalError | sdk.NoAuthTokenError | sdk.LoginError):
        return CredentialsRejectedError(
            "The AWS login has expired, or there was none yet.",
            hint="Log in again: aws sso login (with --profile NAME for a named profile), or aws login.",
            code="login_needed",
        )
    if isinstance(
        error, sdk.CredentialRetrievalError | sdk.MetadataRetrievalError | sdk.RefreshWithMFAUnsupportedError
    ):
        return CredentialsRejectedError(
            f"The AWS credentials cannot be fetched ({type(error).__name__}).",
            hint="Try the same profile with: aws sts get-caller-identity.",
            code="credentials_unavailable",
        )
    return None


def _of_configuration_error(error: sdk.BotoCoreError) -> AsayerError | None:
    if isinstance(error, sdk.ProfileNotFound):
        return NotConfiguredError(
            f"There is no AWS profile {error.kwargs.get('profile')!r}.",
            hint="The profiles there are: aws configure list-profiles. Name one with --aws-profile or AWS_PROFILE.",
            code="aws_profile_missing",
        )
    if isinstance(error, sdk.ConfigParseError | sdk.InvalidConfigError | sdk.ConfigNotFound):
        return _unusable_configuration(str(error))
    if isinstance(error, sdk.InvalidRegionError | sdk.UnknownRegionError | sdk.NoRegionError):
        return UsageError(
            f"{error.kwargs.get('region_name', '')!r} is no AWS region.",
            hint="Write it like eu-west-1; the regions are in: asayer-cli aws log-groups --all-regions.",
            code="unknown_region",
        )
    if isinstance(error, sdk.ParamValidationError):
        return UsageError(f"AWS does not take such a value: {error.kwargs.get('report', error)}.", code="invalid_value")
    return None


def _of_unknown(error: sdk.BotoCoreError, action: str) -> AsayerError:
    said = " ".join(str(error).split()).rstrip(".")
    return AsayerError(f"The AWS SDK failed at {action}: {type(error).__name__}: {said}.", code=_UNKNOWN)
