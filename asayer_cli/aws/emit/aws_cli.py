"""The collector's user as a script for the AWS CLI, which can be run again."""

from __future__ import annotations

import json
import re
import shlex
from typing import TYPE_CHECKING, Final

from asayer_cli.aws.emit.blueprint import TAGS, filled
from asayer_cli.aws.emit.words import comment, how_to_make_the_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asayer_cli.aws.emit.blueprint import Blueprint

# What a here-document with expansion acts on.
_EXPANDED: Final = re.compile(r"[\\$`]")
_BEGIN: Final = r"""
set -euo pipefail
export AWS_PAGER=""

said=$(mktemp)
trap 'rm -f -- "$said"' EXIT

# arn:PARTITION:iam::ACCOUNT:..., of whoever runs this
IFS=: read -r _ partition _ _ account _ <<<"$(aws sts get-caller-identity --query Arn --output text)"
if [[ -z $partition || -z $account ]]; then
  echo "AWS did not say whose credentials these are." >&2
  exit 1
fi
echo "Account $account ($partition), IAM user $user"
"""
_USER: Final = r"""
# The user: made when there is none, left alone when it is not asayer-cli's.
tag="User.Tags[?Key=='@KEY@'].Value | [0]"
if managed=$(aws iam get-user --user-name="$user" --query "$tag" --output text 2>"$said"); then
  if [[ $managed != @VALUE@ ]]; then
    echo "There is a user $user without the tag @KEY@=@VALUE@, and it is left as it is: take another name." >&2
    exit 1
  fi@PUT_BOUNDARY@
elif grep -q NoSuchEntity "$said"; then
  aws iam create-user --user-name="$user" --path="$path" --tags Key=@KEY@,Value=@VALUE@@BOUNDARY@ >/dev/null
  aws iam wait user-exists --user-name="$user"
else
  cat -- "$said" >&2
  exit 1
fi
"""


def as_aws_cli(blueprint: Blueprint) -> str:
    """Return the script, for bash."""
    return "\n".join(_lines(blueprint)) + "\n"


def _lines(blueprint: Blueprint) -> Iterator[str]:
    yield "#!/usr/bin/env bash"
    yield from comment(
        "Makes the IAM user that the session replay's collector reads CloudWatch Logs with. It can be run again: what "
        "is in place stays. It makes no access key, for a script's output and history are no place for a secret."
    )
    yield from how_to_make_the_key(blueprint.next_command)
    yield ""
    yield f"user={shlex.quote(blueprint.name)}"
    yield f"path={shlex.quote(blueprint.path)}"
    yield _BEGIN.strip("\n")
    yield _user(blueprint)
    yield from _rights(blueprint)
    yield 'echo "Done: the user $user has its rights."'


def _user(blueprint: Blueprint) -> str:
    ((key, value),) = TAGS.items()
    boundary = f" --permissions-boundary={shlex.quote(blueprint.boundary)}" if blueprint.boundary else ""
    put = f'\n  aws iam put-user-permissions-boundary --user-name="$user"{boundary}' if boundary else ""
    parts = {"@KEY@": key, "@VALUE@": value, "@BOUNDARY@": boundary, "@PUT_BOUNDARY@": put}
    return re.sub("|".join(parts), lambda found: parts[found[0]], _USER).rstrip("\n")


def _rights(blueprint: Blueprint) -> Iterator[str]:
    yield ""
    for arn in blueprint.managed_policies:
        named = filled(arn, "$partition", "$account")
        yield f'aws iam attach-user-policy --user-name="$user" --policy-arn="{named}"'
    for name, policy in blueprint.inline_policies.items():
        text = _EXPANDED.sub(lambda found: f"\\{found[0]}", json.dumps(policy, indent=2, ensure_ascii=False))
        yield "policy=$(cat <<POLICY"
        yield filled(text, "${partition}", "${account}")
        yield "POLICY"
        yield ")"
        yield f'aws iam put-user-policy --user-name="$user" --policy-name={name} --policy-document="$policy"'
