"""What is to be written as code, in no language yet."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum, unique
from typing import TYPE_CHECKING, Final

from asayer_cli.aws.access import GROUP_POLICY, MANAGED_POLICY, TAG_KEY, TAG_VALUE
from asayer_cli.aws.model import Scope
from asayer_cli.aws.permissions import MOST_INLINE_CHARACTERS, group_arns, group_policy, size_of
from asayer_cli.errors import RefusedError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

# Stand in ARNs for what only the account knows, until each language puts its own expression there. No name that AWS
# takes can hold them: those are ASCII.
PARTITION: Final = "\ue000"
ACCOUNT: Final = "\ue001"
TAGS: Final = {TAG_KEY: TAG_VALUE}
MOST_ROLE_CHARACTERS: Final = 10_240  # of all inline policies of a role (IAM and STS quotas)
# `{` begins an expression in Terraform and a dynamic reference in CloudFormation.
_TEXT: Final = re.compile(r"[ -z|}~]*", re.ASCII)
_ACCOUNT_ID: Final = re.compile(r"\d{12}", re.ASCII)
_EXTERNAL_ID: Final = re.compile(r"[\w+=,.@:/-]{2,1224}", re.ASCII)
_REGION: Final = re.compile(r"[a-z]{2,6}(?:-[a-z]+)+-\d{1,2}", re.ASCII)
SHORTEST_SESSION: Final = 3_600
LONGEST_SESSION: Final = 43_200


@unique
class Language(StrEnum):
    """What the code is written in; `ROLE` is a CloudFormation template too."""

    CLOUDFORMATION = "cloudformation"
    TERRAFORM = "terraform"
    AWS_CLI = "aws-cli"
    ROLE = "role"


@dataclass(frozen=True, slots=True)
class EmittedCode:
    """Code to review, the name that its file may have, and the commands that come then."""

    language: Language
    file_name: str
    code: str
    next_steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Trust:
    """Who may assume the role: an account that names the external id. `session_seconds` is the longest session."""

    account: str
    external_id: str
    session_seconds: int = SHORTEST_SESSION

    def __post_init__(self) -> None:
        """Raise UsageError for what AWS would not take."""
        _check(_ACCOUNT_ID, self.account, "AWS account id", "It has twelve digits.")
        _check(
            _EXTERNAL_ID,
            self.external_id,
            "external id",
            "AWS takes: letters, digits and + = , . @ : / - _, 2 to 1224.",
        )
        if not SHORTEST_SESSION <= self.session_seconds <= LONGEST_SESSION:
            raise UsageError(
                "A role's longest session is between 1h and 12h.", hint="Give --max-session such.", code="bad_session"
            )


@dataclass(frozen=True, slots=True)
class Blueprint:
    """The user `name`, or with `trust` the role, as setup would make it.

    `boundary` is empty for none; `region` and `log_groups` may be empty unless the scope is the log groups.
    `next_command` makes the key once the user is there.
    """

    name: str
    path: str
    boundary: str
    scope: Scope
    region: str
    log_groups: tuple[str, ...]
    next_command: str
    trust: Trust | None = None

    def __post_init__(self) -> None:
        """Raise UsageError for text that a language could take for code, RefusedError for too many log groups."""
        for text in (self.name, self.path, self.boundary, *self.log_groups):
            _check(_TEXT, text, "name for code", "Characters beyond ASCII and { are not written into code.")
        if not self.next_command.isprintable():
            raise ValueError("a command in a comment is one line")
        if self.region:
            _check(_REGION, self.region, "AWS region", "Such as eu-west-1.")
        if self.scope is Scope.LOG_GROUPS:
            self._check_groups()

    def _check_groups(self) -> None:
        if not self.region or not self.log_groups:
            raise UsageError(
                "The scope log-groups needs the region and the log groups, for the policy names them.",
                hint="Give --region and --log-group.",
                code="no_log_group",
            )
        # with the longest name of a partition in use
        size = size_of(group_policy(group_arns("aws-us-gov", self.region, "0" * 12, self.log_groups)))
        most = MOST_ROLE_CHARACTERS if self.trust else MOST_INLINE_CHARACTERS
        if size > most:
            raise RefusedError(
                f"A policy on {len(self.log_groups)} log groups takes {size} characters, and AWS allows {most}.",
                hint="Name fewer log groups, or let all of them be read: --scope managed-policy.",
                code="policy_too_long",
            )

    @property
    def managed_policies(self) -> tuple[str, ...]:
        """The ARNs of the managed policies to attach, with the stand-ins."""
        return (f"arn:{PARTITION}:iam::aws:policy/{MANAGED_POLICY}",) if self.scope is Scope.MANAGED_POLICY else ()

    @property
    def inline_policies(self) -> Mapping[str, Mapping[str, object]]:
        """The inline policies by their names, with the stand-ins."""
        if self.scope is Scope.MANAGED_POLICY:
            return {}
        return {GROUP_POLICY: group_policy(group_arns(PARTITION, self.region, ACCOUNT, self.log_groups))}


def filled(text: str, partition: str, account: str) -> str:
    """Put a language's expressions in the place of the stand-ins."""
    return text.replace(PARTITION, partition).replace(ACCOUNT, account)


def _check(pattern: re.Pattern[str], text: str, what: str, hint: str) -> None:
    if not pattern.fullmatch(text):
        raise UsageError(f"{text!r} is no {what}.", hint=hint, code="malformed_value")
