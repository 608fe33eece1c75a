"""The collector's user in Terraform's language."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from asayer_cli.aws.emit.blueprint import TAGS, filled
from asayer_cli.aws.emit.words import NO_KEY, comment, how_to_make_the_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asayer_cli.aws.emit.blueprint import Blueprint

_PARTITION: Final = "${data.aws_partition.asayer.partition}"
_ACCOUNT: Final = "${data.aws_caller_identity.asayer.account_id}"
_STEP: Final = "  "


def as_terraform(blueprint: Blueprint) -> str:
    """Return a file that can lie beside others: it configures no provider."""
    return "\n".join(_lines(blueprint)) + "\n"


def _lines(blueprint: Blueprint) -> Iterator[str]:
    yield from comment(
        "The IAM user that the session replay's collector reads CloudWatch Logs with. It needs the provider "
        "hashicorp/aws, as your module configures it. " + NO_KEY
    )
    yield from how_to_make_the_key(blueprint.next_command)
    yield from comment("A key made so is none of the state's: delete it before you destroy the user.")
    yield ""
    yield 'data "aws_partition" "asayer" {}'
    if blueprint.inline_policies:
        yield from ("", 'data "aws_caller_identity" "asayer" {}')
    yield from _block("aws_iam_user", "collector", _user(blueprint))
    for arn in blueprint.managed_policies:
        yield from _block("aws_iam_user_policy_attachment", "collector", {**_OF_THE_USER, "policy_arn": arn})
    for name, policy in blueprint.inline_policies.items():
        attributes = {"name": name, **_OF_THE_USER, "policy": _Encoded(policy)}
        yield from _block("aws_iam_user_policy", "collector", attributes)


class _Reference(str):
    """An attribute of another resource, which is written without quotes."""

    __slots__ = ()


class _Encoded(dict[str, object]):
    """A value that is handed over as JSON text."""


_OF_THE_USER: Final = {"user": _Reference("aws_iam_user.collector.name")}


def _user(blueprint: Blueprint) -> dict[str, object]:
    boundary = {"permissions_boundary": blueprint.boundary} if blueprint.boundary else {}
    return {"name": blueprint.name, "path": blueprint.path, **boundary, "tags": TAGS}


def _block(kind: str, name: str, attributes: Mapping[str, object]) -> Iterator[str]:
    yield ""
    yield f'resource "{kind}" "{name}" {{'
    yield from _attributes(attributes, _STEP)
    yield "}"


def _attributes(values: Mapping[str, object], indent: str) -> Iterator[str]:
    """Yield one attribute a line, `=` in one column where such lines follow each other, as `terraform fmt` does it."""
    run: list[tuple[str, str]] = []
    for key, value in values.items():
        lines = list(_value(value, indent))
        run.append((_key(key), lines[0]))
        if len(lines) > 1:
            yield from _aligned(run[:-1], indent)
            yield f"{indent}{_key(key)} = {lines[0]}"
            yield from lines[1:]
            run = []
    yield from _aligned(run, indent)


def _aligned(run: list[tuple[str, str]], indent: str) -> Iterator[str]:
    width = max((len(key) for key, _ in run), default=0)
    yield from (f"{indent}{key:<{width}} = {value}" for key, value in run)


def _value(value: object, indent: str) -> Iterator[str]:
    """Yield the lines of a value; the first goes on behind `=`."""
    if isinstance(value, _Encoded):
        first, *others, _ = _value(dict(value), indent)
        yield from (f"jsonencode({first}", *others, f"{indent}}})")
    elif isinstance(value, Mapping):
        yield from ("{", *_attributes(value, indent + _STEP), f"{indent}}}")
    elif isinstance(value, list | tuple):
        yield "["
        for item in value:
            first, *others = _value(item, indent + _STEP)
            lines = [f"{indent}{_STEP}{first}", *others]
            yield from (*lines[:-1], f"{lines[-1]},")
        yield f"{indent}]"
    else:
        yield str(value) if isinstance(value, _Reference) else text(str(value))


def _key(name: str) -> str:
    return name if name.replace("_", "").isalnum() else text(name)


def text(value: str) -> str:
    """Return a quoted template in which only the stand-ins are expressions."""
    quoted = json.dumps(value, ensure_ascii=False).replace("${", "$${").replace("%{", "%%{")
    return filled(quoted, _PARTITION, _ACCOUNT)
