"""All that an IAM user can own, and how each is taken away, up to the user itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from asayer_cli.aws.access import UserAccess
from asayer_cli.aws.errors import error_code, translated
from asayer_cli.errors import PermissionDeniedError, RefusedError
from asayer_cli.together import together

if TYPE_CHECKING:
    from collections.abc import Callable

_CONFLICT = "DeleteConflict"


@dataclass(frozen=True, slots=True)
class Belongings:
    """What setup never makes and somebody may have added: ids, serial numbers, `password` for a console login.

    `unknown` has the refusals where the caller may not ask.
    """

    password: bool = False
    mfa_devices: tuple[str, ...] = ()
    certificates: tuple[str, ...] = ()
    ssh_keys: tuple[str, ...] = ()
    service_credentials: tuple[str, ...] = ()
    unknown: tuple[PermissionDeniedError, ...] = ()


class UserEnd(UserAccess):
    """One IAM user at its end; what is not there any more counts as taken away."""

    def belongings(self) -> Belongings:
        """Return what the user owns beside keys, policies and groups; asked at the same time."""
        unknown: list[PermissionDeniedError] = []

        def allowed(question: Callable[[], list[str]]) -> Callable[[], tuple[str, ...]]:
            def ask() -> tuple[str, ...]:
                try:
                    return tuple(question())
                except PermissionDeniedError as error:
                    unknown.append(error)
                    return ()

            return ask

        questions = (self._password, self._mfa_devices, self._certificates, self._ssh_keys, self._service_credentials)
        password, devices, certificates, ssh_keys, credentials = together([allowed(one) for one in questions])
        return Belongings(bool(password), devices, certificates, ssh_keys, credentials, tuple(unknown))

    def is_gone(self) -> bool:
        """Tell whether AWS says that there is no such user."""
        return self._user() is None

    def detach_policy(self, arn: str) -> None:
        """Detach a managed policy."""
        self._remove("DetachUserPolicy", PolicyArn=arn)

    def delete_policy(self, name: str) -> None:
        """Delete an inline policy."""
        self._remove("DeleteUserPolicy", PolicyName=name)

    def leave_group(self, name: str) -> None:
        """Take the user out of a group."""
        with translated("iam:RemoveUserFromGroup", resource=self._sibling("group", name), needed=self._needed):
            self._unless_missing("RemoveUserFromGroup", UserName=self.name, GroupName=name)

    def delete_password(self) -> None:
        """Take the console password away."""
        self._remove("DeleteLoginProfile")

    def delete_mfa_device(self, serial: str) -> None:
        """Part an MFA device from the user; a virtual one, whose serial number is an ARN, is deleted."""
        self._remove("DeactivateMFADevice", SerialNumber=serial)
        if serial.startswith("arn:"):
            with translated("iam:DeleteVirtualMFADevice", resource=serial, needed=self._needed):
                self._unless_missing("DeleteVirtualMFADevice", SerialNumber=serial)

    def delete_certificate(self, certificate_id: str) -> None:
        """Delete a signing certificate."""
        self._remove("DeleteSigningCertificate", CertificateId=certificate_id)

    def delete_ssh_key(self, key_id: str) -> None:
        """Delete an SSH public key."""
        self._remove("DeleteSSHPublicKey", SSHPublicKeyId=key_id)

    def delete_service_credential(self, credential_id: str) -> None:
        """Delete a password for a single service."""
        self._remove("DeleteServiceSpecificCredential", ServiceSpecificCredentialId=credential_id)

    def delete_user(self) -> None:
        """Delete the user; RefusedError with the code `delete_conflict` while AWS sees something of it."""
        with translated("iam:DeleteUser", resource=self._arn, needed=self._needed):
            try:
                self._unless_missing("DeleteUser", UserName=self.name)
            except ClientError as error:
                if error_code(error) != _CONFLICT:
                    raise
                said = error.response["Error"].get("Message", "").rstrip(".")
                raise RefusedError(
                    f"AWS does not delete the user {self.name} yet: {said}.", code="delete_conflict"
                ) from error

    def _password(self) -> list[str]:
        return ["password"] if self._read("GetLoginProfile") else []

    def _mfa_devices(self) -> list[str]:
        return [device["SerialNumber"] for device in self._all("ListMFADevices", "MFADevices")]

    def _certificates(self) -> list[str]:
        return [one["CertificateId"] for one in self._all("ListSigningCertificates", "Certificates")]

    def _ssh_keys(self) -> list[str]:
        return [one["SSHPublicKeyId"] for one in self._all("ListSSHPublicKeys", "SSHPublicKeys")]

    def _service_credentials(self) -> list[str]:
        """Return their ids; the SDK has no paginator for them, and there are two for each of a few services."""
        answer: dict[str, Any] = self._read("ListServiceSpecificCredentials") or {}
        return [one["ServiceSpecificCredentialId"] for one in answer.get("ServiceSpecificCredentials", ())]

    def _sibling(self, kind: str, name: str) -> str:
        return f"{self._arn.partition(':user/')[0]}:{kind}/{name}"

    def _unless_missing(self, operation: str, **request: str) -> None:
        """Call, and take it for done when the thing is not there."""
        self._found(operation, **request)
