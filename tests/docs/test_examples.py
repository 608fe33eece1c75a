"""Every command line in README.md is one that the program takes; every workflow in it is whole."""

from __future__ import annotations

import re
from typing import Any

import click
import pytest
import yaml

from asayer_cli.integrations import AWS_SECRET_VARIABLE, ELASTIC_KEY_VARIABLE
from asayer_cli.settings import KEYS
from tests.docs.markdown import TEXT, blocks, invocations, parse
from tests.docs.reference import contexts

HAND_WRITTEN = re.sub(r"<!-- begin commands -->.*<!-- end commands -->", "", TEXT, flags=re.DOTALL)
EXAMPLES = [arguments for block in (*blocks("sh"), *blocks("console")) for arguments in invocations(block)]
WORKFLOWS = [arguments for block in blocks("yaml") for arguments in invocations(block)]


def _id(arguments: list[str]) -> str:
    return " ".join(arguments)


@pytest.mark.parametrize("arguments", [*EXAMPLES, *WORKFLOWS], ids=_id)
def test_the_program_takes_the_command_line(arguments: list[str]) -> None:
    assert parse(arguments).command.callback


def test_there_are_examples_of_every_kind() -> None:
    assert len(EXAMPLES) > 5
    assert [arguments[0] for arguments in WORKFLOWS] == ["verify", "verify"]


@pytest.mark.parametrize("arguments", [["verify", "--no-such"], ["aws", "no-such"], ["config", "set"]], ids=_id)
def test_a_wrong_command_line_is_told(arguments: list[str]) -> None:
    with pytest.raises(click.ClickException):
        parse(arguments)


def test_every_inline_command_exists() -> None:
    spans = [
        span.split() for span in re.findall(r"`(?:asayer-cli )?((?:aws|elastic|integrations) [a-z-]+)", HAND_WRITTEN)
    ]
    spans += [span.split() for span in re.findall(r"`asayer-cli ([a-z]+)", HAND_WRITTEN)]
    root_path = {" ".join(context.command_path.split()[1:]) for context in contexts()}
    assert {" ".join(span) for span in spans} - root_path == set()


def test_every_inline_option_exists() -> None:
    known = {name for context in contexts() for option in context.command.params for name in option.opts}
    spans = [span for span in re.findall(r"`[^`\n]+`", HAND_WRITTEN) if "asayer-cli" in span or span.startswith("`--")]
    used = {option for span in spans for option in re.findall(r"(?<!\S)(--[a-z-]+)", span.strip("`"))}
    assert used
    assert used - known == set()


def test_the_github_workflow_gives_what_verify_needs() -> None:
    workflow: dict[str, Any] = yaml.safe_load(blocks("yaml")[0])
    (job,) = workflow["jobs"].values()
    environ = next(step["env"] for step in job["steps"] if "verify" in step.get("run", ""))
    known = {key.variable for key in KEYS} | {AWS_SECRET_VARIABLE, ELASTIC_KEY_VARIABLE}
    assert set(environ) <= known
    assert {AWS_SECRET_VARIABLE, ELASTIC_KEY_VARIABLE, "ASAYER_AWS_REGION", "ASAYER_AWS_LOG_GROUPS"} <= set(environ)
    for secret in (AWS_SECRET_VARIABLE, ELASTIC_KEY_VARIABLE):
        assert environ[secret].startswith("${{ secrets.")


def test_the_gitlab_job_collects_the_report_that_it_writes() -> None:
    pipeline: dict[str, Any] = yaml.safe_load(blocks("yaml")[1])
    (job,) = pipeline.values()
    (arguments,) = [arguments for line in job["script"] for arguments in invocations(line)]
    params = parse(arguments).params
    assert params["output"] == "junit"
    assert params["report_file"] == job["artifacts"]["reports"]["junit"]


@pytest.mark.parametrize("end", ["asayer-cli demo", "pytest -n auto"])
def test_there_is_one_line_that_sets_up_and_runs(end: str) -> None:
    lines = [line for line in TEXT.splitlines() if line.startswith("python3 -m venv ") and line.endswith(end)]
    assert len(lines) == 1
