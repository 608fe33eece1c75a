"""The collector's user or role as code, for accounts that change only by review. Pure: nothing is asked of AWS."""

from __future__ import annotations

from asayer_cli.aws.emit.aws_cli import as_aws_cli
from asayer_cli.aws.emit.blueprint import Blueprint, EmittedCode, Language, Trust
from asayer_cli.aws.emit.cloudformation import as_cloudformation
from asayer_cli.aws.emit.role import as_role
from asayer_cli.aws.emit.terraform import as_terraform

__all__ = ["Blueprint", "EmittedCode", "Language", "Trust", "emit"]


def emit(language: Language, blueprint: Blueprint) -> EmittedCode:
    """Write a blueprint in a language; a role needs its `trust`."""
    writer, file_name, apply = _WRITERS[language]
    return EmittedCode(
        language, file_name, writer(blueprint), (*apply, *(() if blueprint.trust else (blueprint.next_command,)))
    )


def _deploy(file_name: str) -> str:
    # a user or role with a name of its own needs this capability (CreateStack's API reference)
    return (
        f"aws cloudformation deploy --template-file {file_name} --stack-name asayer-collector "
        "--capabilities CAPABILITY_NAMED_IAM"
    )


_WRITERS = {
    Language.CLOUDFORMATION: (as_cloudformation, "asayer.yaml", (_deploy("asayer.yaml"),)),
    Language.TERRAFORM: (as_terraform, "asayer.tf", ("terraform plan", "terraform apply")),
    Language.AWS_CLI: (as_aws_cli, "asayer.sh", ("bash asayer.sh",)),
    Language.ROLE: (as_role, "asayer-role.yaml", (_deploy("asayer-role.yaml"),)),
}
