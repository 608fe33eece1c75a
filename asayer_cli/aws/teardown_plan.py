"""From what is there to the plan that ends it, in the order that AWS wants (IAM API reference, DeleteUser). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from asayer_cli.aws.access import GROUP_POLICY, MANAGED_POLICY
from asayer_cli.aws.life import LifeKind, LifeStep

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asayer_cli.aws.key_facts import KeyFacts
    from asayer_cli.aws.model import UserState
    from asayer_cli.aws.user_end import Belongings


@dataclass(frozen=True, slots=True)
class Traces:
    """What this machine has of the user: `settings` names and `secrets` key ids of this profile.

    `neighbours` are the other profiles whose settings live on the user; they are left as they are.
    """

    settings: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    neighbours: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TeardownPlan:
    """What is about to go, in this order; `warnings` are for whoever decides."""

    steps: tuple[LifeStep, ...]
    warnings: tuple[str, ...] = ()


def plan_teardown(state: UserState | None, owned: Belongings, facts: KeyFacts, traces: Traces) -> TeardownPlan:
    """Return the plan; without a user only what is left on this machine."""
    steps = [] if state is None else list(_user_steps(state, owned, facts))
    steps += [
        LifeStep(LifeKind.FORGET_SECRET, f"forget the secret of {key_id} on this machine", key_id)
        for key_id in traces.secrets
    ]
    if traces.settings:
        text = f"forget the settings {', '.join(traces.settings)} of profile {facts.profile}"
        steps.append(LifeStep(LifeKind.FORGET_SETTINGS, text, facts.profile))
    return TeardownPlan(tuple(steps), tuple(_warnings(state, owned, facts, traces)))


def _user_steps(state: UserState, owned: Belongings, facts: KeyFacts) -> Iterator[LifeStep]:
    for key in state.keys:
        known = (
            key.id in facts.made_here or key.id in facts.held or key.id in facts.used_by or key.id == facts.current_id
        )
        text = f"delete the access key {facts.describe(key)}"
        yield LifeStep(LifeKind.DELETE_KEY, text, key.id, ours=known, key=key)
    for arn in state.attached:
        ours = arn.endswith(f":iam::aws:policy/{MANAGED_POLICY}")
        yield LifeStep(LifeKind.DETACH_POLICY, f"detach the policy {MANAGED_POLICY if ours else arn}", arn, ours=ours)
    for name in state.inline:
        text = f"delete the inline policy {name}"
        yield LifeStep(LifeKind.DELETE_POLICY, text, name, ours=name == GROUP_POLICY)
    for name in state.groups:
        yield LifeStep(LifeKind.LEAVE_GROUP, f"take the user out of the group {name}", name, ours=False)
    yield from _additions(owned)
    yield LifeStep(LifeKind.DELETE_USER, f"delete the IAM user {state.name} ({state.arn})", state.name)


def _additions(owned: Belongings) -> Iterator[LifeStep]:
    if owned.password:
        yield LifeStep(LifeKind.DELETE_PASSWORD, "take away the console password", ours=False)
    for kind, what, ids in (
        (LifeKind.DELETE_MFA_DEVICE, "take away the MFA device", owned.mfa_devices),
        (LifeKind.DELETE_CERTIFICATE, "delete the signing certificate", owned.certificates),
        (LifeKind.DELETE_SSH_KEY, "delete the SSH public key", owned.ssh_keys),
        (LifeKind.DELETE_SERVICE_CREDENTIAL, "delete the service specific credential", owned.service_credentials),
    ):
        for one in ids:
            yield LifeStep(kind, f"{what} {one}", one, ours=False)


def _warnings(state: UserState | None, owned: Belongings, facts: KeyFacts, traces: Traces) -> Iterator[str]:
    for profile in traces.neighbours:
        yield (
            f"Profile {profile} of this machine lives on the user {facts.user_name} too and will not work any more; "
            f"its settings and secrets stay until you forget them: asayer-cli integrations remove --only aws --profile "
            f"{profile}"
        )
    if state is not None and owned.unknown:
        actions = ", ".join(error.action for error in owned.unknown)
        yield (
            f"You may not ask whether somebody has added more to the user ({actions}). If so, AWS will refuse to "
            "delete the user in the end, and everything else will be gone by then."
        )
