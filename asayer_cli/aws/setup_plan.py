"""From what is there and what is wished to a plan, or to a refusal that explains the choices. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from asayer_cli.aws.access import GROUP_POLICY, MANAGED_POLICY, TAG_KEY, TAG_VALUE
from asayer_cli.aws.key_choice import Known, choose_key
from asayer_cli.aws.model import Plan, Scope, Step, StepKind, UserState
from asayer_cli.aws.permissions import MOST_INLINE_CHARACTERS, arns_in, group_policy, size_of
from asayer_cli.errors import RefusedError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from asayer_cli.aws.model import AccessKey

_USER_NAME: Final = re.compile(r"[\w+=,.@-]{1,64}", re.ASCII)
_PATH: Final = re.compile(r"/|/[!-~]{1,510}/", re.ASCII)
_POLICY_ARN: Final = re.compile(r"arn:aws[a-z-]*:iam::(?:\d{12}|aws):policy/[\w+=,.@/-]+", re.ASCII)
_KEY_ID: Final = re.compile(r"[A-Z0-9]{16,128}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the user asks for; `path` and `scope` are None where not said, `boundary` is empty.

    `again` is the command line that asks for it, to be printed with an option more.
    """

    user_name: str
    path: str | None = None
    boundary: str = ""
    scope: Scope | None = None
    adopt: bool = False
    drop_other_groups: bool = False
    add_key: bool = False
    delete_keys: tuple[str, ...] = ()
    again: str = "asayer-cli aws setup"

    def __post_init__(self) -> None:
        """Raise UsageError for names that AWS would not take, before anything is asked."""
        _check(_USER_NAME, self.user_name, "user name", "letters, digits and + = , . @ _ -, at most 64")
        if self.path is not None:
            _check(_PATH, self.path, "path", "it begins and ends with a slash, such as /integrations/")
        if self.boundary:
            _check(_POLICY_ARN, self.boundary, "policy ARN", "such as arn:aws:iam::123456789012:policy/boundary")
        for key_id in self.delete_keys:
            _check(_KEY_ID, key_id, "access key id", "such as AKIAIOSFODNN7EXAMPLE")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the plan depends on beside the user.

    `saved` are the profile's settings, `wanted` what they shall be, without the key id.
    """

    partition: str
    group_arns: tuple[str, ...]
    saved: Mapping[str, object]
    wanted: Mapping[str, object]
    profile: str
    keys: Known


def _check(pattern: re.Pattern[str], text: str, what: str, hint: str) -> None:
    if not pattern.fullmatch(text):
        raise UsageError(f"{text!r} is no {what}.", hint=f"AWS takes: {hint}.", code="malformed_value")


def make_plan(state: UserState | None, wishes: Wishes, around: Surroundings) -> Plan:
    """Return what to do; RefusedError or UsageError where that is for the user to decide."""
    _check_partition(wishes, around)
    if state is not None:
        _check_user(state, wishes)
    scope = wishes.scope or _scope_in_place(state)
    keys = state.keys if state else ()
    choice = choose_key(wishes.user_name, keys, around.keys, delete=wishes.delete_keys, add=wishes.add_key)
    give, take = _rights(state, wishes, scope, around)
    steps = [*_user_steps(state, wishes), *give, *choice.first]
    if not choice.use or around.saved != {**around.wanted, "aws.access_key_id": choice.use}:
        text = f"save user, key id, region and log groups in profile {around.profile}"
        steps.append(Step(StepKind.SAVE_SETTINGS, text))
    warnings = (*_warnings(state), *_key_warnings(keys, wishes, around.keys))
    return Plan((*steps, *take, *choice.last), scope, choice.use, warnings)


def _check_partition(wishes: Wishes, around: Surroundings) -> None:
    if wishes.boundary and wishes.boundary.split(":")[1] != around.partition:
        raise UsageError(
            f"The permissions boundary {wishes.boundary} is not of the account's partition, {around.partition}.",
            code="wrong_partition",
        )


def _check_user(state: UserState, wishes: Wishes) -> None:
    if not state.managed and not wishes.adopt:
        raise RefusedError(
            f"There is an IAM user {state.name} that asayer-cli did not make: {_contents(state)}.",
            hint=f"If it is the collector's, adopt it: {wishes.again} --adopt (it gets the tag "
            f"{TAG_KEY}={TAG_VALUE}, and its rights are completed). Otherwise choose another name: --user-name.",
            code="user_not_managed",
        )
    if wishes.path is not None and wishes.path != state.path:
        raise UsageError(
            f"The user {state.name} is there already, under the path {state.path}.",
            hint="Leave --path out, or choose another --user-name.",
            code="path_differs",
        )


def _contents(state: UserState) -> str:
    counts = (
        (len(state.attached) + len(state.inline), "policy", "policies"),
        (len(state.groups), "group", "groups"),
        (len(state.keys), "access key", "access keys"),
    )
    return ", ".join(f"{count} {one if count == 1 else many}" for count, one, many in counts)


def _scope_in_place(state: UserState | None) -> Scope:
    if state is None or _has_managed_policy(state) or state.group_policy is None:
        return Scope.MANAGED_POLICY
    return Scope.LOG_GROUPS


def _has_managed_policy(state: UserState) -> bool:
    return any(arn.endswith(f":iam::aws:policy/{MANAGED_POLICY}") for arn in state.attached)


def _user_steps(state: UserState | None, wishes: Wishes) -> list[Step]:
    boundary = f" with the permissions boundary {wishes.boundary}" if wishes.boundary else ""
    if state is None:
        path = wishes.path or "/"
        under = "" if path == "/" else f" under {path}"
        text = f"create the IAM user {wishes.user_name}{under}{boundary}, tagged {TAG_KEY}={TAG_VALUE}"
        return [Step(StepKind.CREATE_USER, text, wishes.user_name)]
    steps = []
    if not state.managed:
        text = f"adopt the IAM user {state.name}: tag it {TAG_KEY}={TAG_VALUE}"
        steps.append(Step(StepKind.ADOPT_USER, text, state.name))
    if wishes.boundary and wishes.boundary != state.boundary:
        instead = f" instead of {state.boundary}" if state.boundary else ""
        text = f"set the permissions boundary {wishes.boundary}{instead}"
        steps.append(Step(StepKind.PUT_BOUNDARY, text, wishes.boundary))
    return steps


def group_policy_of(state: UserState | None, wishes: Wishes, arns: tuple[str, ...]) -> dict[str, object]:
    """Return the inline policy to be in place: the groups it names already stay, unless asked otherwise."""
    there = () if wishes.drop_other_groups else arns_in(state.group_policy if state else None)
    return group_policy(dict.fromkeys((*there, *arns)))


def _rights(
    state: UserState | None, wishes: Wishes, scope: Scope, around: Surroundings
) -> tuple[list[Step], list[Step]]:
    """Return the steps that give the wanted rights, and those that take the others, once the key is proven.

    Nothing is taken unless the scope was named: a user in the middle of a change has both.
    """
    attached = state is not None and _has_managed_policy(state)
    document = state.group_policy if state else None
    arn = f"arn:{around.partition}:iam::aws:policy/{MANAGED_POLICY}"
    named = wishes.scope is not None
    if scope is Scope.MANAGED_POLICY:
        give = Step(StepKind.ATTACH_POLICY, f"attach the managed policy {MANAGED_POLICY}", arn)
        take = Step(StepKind.DELETE_GROUP_POLICY, f"delete the inline policy {GROUP_POLICY}", GROUP_POLICY)
        return [give] * (not attached), [take] * (named and document is not None)
    wanted = group_policy_of(state, wishes, around.group_arns)
    _check_size(wanted, wishes)
    give = Step(StepKind.PUT_GROUP_POLICY, _group_policy_text(document, wanted), GROUP_POLICY)
    take = Step(StepKind.DETACH_POLICY, f"detach the managed policy {MANAGED_POLICY}", arn)
    return [give] * (document != wanted), [take] * (named and attached)


def _group_policy_text(document: Mapping[str, object] | None, wanted: Mapping[str, object]) -> str:
    before, after = arns_in(document), arns_in(wanted)
    verb = "put" if document is None else "update"
    parts = (
        ("read", [arn for arn in after if arn not in before]),
        ("still read", [arn for arn in after if arn in before]),
        ("NO LONGER read", [arn for arn in before if arn not in after]),
    )
    told = "; ".join(f"{what} {', '.join(map(_group_of, arns))}" for what, arns in parts if arns)
    return f"{verb} the inline policy {GROUP_POLICY}: {told}, and no other log group"


def _group_of(arn: str) -> str:
    return arn.partition(":log-group:")[2] or arn


def _check_size(policy: Mapping[str, object], wishes: Wishes) -> None:
    size = size_of(policy)
    if size <= MOST_INLINE_CHARACTERS:
        return
    arns = arns_in(policy)
    fit = next(n for n in range(len(arns), -1, -1) if size_of(group_policy(arns[:n])) <= MOST_INLINE_CHARACTERS)
    raise RefusedError(
        f"A policy that names {len(arns)} log groups takes {size} characters, and AWS allows a user's inline policies "
        f"{MOST_INLINE_CHARACTERS} in all: of these names, {fit} fit.",
        hint="Name fewer log groups (those of earlier runs stay unless you add --drop-other-groups), or let the user "
        f"read all of them: {wishes.again} --scope managed-policy.",
        code="policy_too_long",
    )


def _warnings(state: UserState | None) -> list[str]:
    if state is None:
        return []
    policies = [arn for arn in state.attached if not arn.endswith(f":iam::aws:policy/{MANAGED_POLICY}")]
    others = [*policies, *(name for name in state.inline if name != GROUP_POLICY)]
    others += [f"group {name}" for name in state.groups]
    if not others:
        return []
    return [f"The user {state.name} has more than the collector needs, which is left as it is: {', '.join(others)}."]


def _key_warnings(keys: Sequence[AccessKey], wishes: Wishes, known: Known) -> Iterator[str]:
    there = {key.id for key in keys}
    for gone in (key_id for key_id in wishes.delete_keys if key_id not in there):
        yield f"The user {wishes.user_name} has no access key {gone}: it is deleted already, or mistyped."
    for key in keys:
        if key.id in known.leftovers - {known.abandoned} and key.id not in wishes.delete_keys:
            yield f"Look at the access key {known.describe(key)}. If nobody needs it: {known.replacing(key)}"
