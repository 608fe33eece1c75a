"""What else a user can own in IAM: passwords for single services, which moto lacks; and what forbids to delete a user.

Operations and shapes: botocore's IAM model. Which things must go first: DeleteUser in the same model.
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from html import escape
from typing import TYPE_CHECKING
from uuid import uuid4

if TYPE_CHECKING:
    from collections.abc import Mapping

    from moto.iam.models import User

_lock = threading.Lock()
_credentials: dict[str, list[dict[str, str]]] = {}  # by the user's own id, which no later user has


def create(user: User, service: str) -> str:
    """Make a password for one service; return it as XML."""
    made = {
        "CreateDate": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "ServiceName": service,
        "ServiceUserName": f"{user.name}-at-sandbox",
        "ServiceSpecificCredentialId": "ACCA" + uuid4().hex[:16].upper(),
        "UserName": user.name,
        "Status": "Active",
    }
    with _lock:
        _credentials.setdefault(user.id, []).append(made)
    return f"<ServiceSpecificCredential>{_xml({**made, 'ServicePassword': uuid4().hex})}</ServiceSpecificCredential>"


def listed(user: User) -> str:
    """Return the user's passwords for single services, without the passwords, as XML."""
    with _lock:
        found = list(_credentials.get(user.id, ()))
    members = "".join(f"<member>{_xml(one)}</member>" for one in found)
    return f"<ServiceSpecificCredentials>{members}</ServiceSpecificCredentials>"


def delete(user: User, credential_id: str) -> bool:
    """Delete one; False when the user has none of that id."""
    with _lock:
        before = _credentials.get(user.id, [])
        _credentials[user.id] = [one for one in before if one["ServiceSpecificCredentialId"] != credential_id]
        return len(_credentials[user.id]) < len(before)


def in_the_way(user: User) -> str:
    """Return what must be done before the user can be deleted; empty when nothing is left that moto overlooks."""
    rules = (
        (bool(user.access_keys), "must delete access keys first."),
        (bool(user.password), "must delete login profile first."),
        (bool(user.mfa_devices), "must delete MFA device first."),
        (bool(user.signing_certificates), "must delete signing certificates first."),
        (bool(user.ssh_public_keys), "must delete SSH public keys first."),
        (bool(_credentials.get(user.id)), "must delete service specific credentials first."),
    )
    return next((rule for holds, rule in rules if holds), "")


def _xml(values: Mapping[str, str]) -> str:
    return "".join(f"<{name}>{escape(value)}</{name}>" for name, value in values.items())
