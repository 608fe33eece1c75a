"""The GitHub action: its shell steps, run as a runner would, with the built wheel."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

    from asayer_cli.session_id import SessionId
    from tests.verification.conftest import Admin

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".github" / "actions" / "verify"
pytestmark = pytest.mark.skipif(not FOLDER.exists(), reason="not part of the source distribution")
ACTION: dict[str, Any] = yaml.safe_load((FOLDER / "action.yml").read_text()) if FOLDER.exists() else {}
INPUT = re.compile(r"\$\{\{ inputs\.([a-z-]+) }}")


@dataclass(frozen=True)
class Ended:
    code: int
    said: str
    summary: str
    outputs: str


@dataclass(frozen=True)
class Runner:
    """A runner's folders, with the action's first steps done."""

    folder: Path
    environ: Mapping[str, str]

    def start(self, step: Mapping[str, Any], inputs: Mapping[str, str], env: Mapping[str, str]) -> Ended:
        given = {name: str(about["default"]) for name, about in ACTION["inputs"].items()} | dict(inputs)
        environ = {name: INPUT.sub(lambda m: given[m[1]], value) for name, value in step["env"].items()}
        summary, outputs, script = (self.folder / name for name in ("summary.md", "outputs", "step.sh"))
        for path in (summary, outputs):
            path.write_text("")
        script.write_text(step["run"])
        ended = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
            env={
                **self.environ,
                **env,
                **environ,
                "GITHUB_ACTIONS": "true",
                "GITHUB_STEP_SUMMARY": str(summary),
                "GITHUB_OUTPUT": str(outputs),
                "RUNNER_TEMP": str(self.folder),
            },
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        return Ended(ended.returncode, ended.stdout + ended.stderr, summary.read_text(), outputs.read_text())


def steps() -> list[dict[str, Any]]:
    return [step for step in ACTION["runs"]["steps"] if "run" in step]


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Runner:
    """Install the wheel by the action's own step; its dependencies are those of the tests."""
    folder = tmp_path_factory.mktemp("runner")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(build, capture_output=True, check=True)
    (wheel,) = folder.glob("*.whl")
    environ = {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "HOME": str(folder),
        "PYTHONPATH": sysconfig.get_path("purelib"),
        "PIP_NO_DEPS": "1",
        "PIP_NO_INDEX": "1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    made = Runner(folder, environ)
    ended = made.start(steps()[0], {"package": str(wheel)}, {})
    assert ended.code == 0, ended.said
    assert ended.said.splitlines()[-1].startswith("asayer-cli ")
    return made


def test_inputs_reach_the_shell_by_the_environment_alone() -> None:
    for step in steps():
        assert "${{" not in step["run"]
        assert all(INPUT.fullmatch(value) for value in step["env"].values())
    used = {match for step in ACTION["runs"]["steps"] for match in re.findall(r"inputs\.([a-z-]+)", json.dumps(step))}
    assert used == set(ACTION["inputs"])
    assert not [name for name in ACTION["inputs"] if re.search("key|secret|token|password", name)]


def test_the_readme_has_every_input() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \| (.*) \| (.*) \|$", (FOLDER / "README.md").read_text(), re.MULTILINE)
    told = {name: (description, default.strip("`")) for name, description, default in rows if name != "exit-code"}
    assert told == {name: (about["description"], about["default"]) for name, about in ACTION["inputs"].items()}


def test_every_action_of_the_example_can_be_found() -> None:
    named = re.findall(r"- uses: (.+)", (FOLDER / "README.md").read_text())
    assert len(named) == 2
    assert [name for name in named if not re.fullmatch(r"[\w.-]+(/[\w.-]+)+@v[\d.]+", name)] == []


def test_a_proof(runner: Runner, admin: Admin, aws_key: dict[str, str], session_id: SessionId) -> None:
    groups = [admin.log([f"[asayer_session_id={session_id}] ERROR boom"]), admin.log([])]
    env = {**aws_key, "ASAYER_AWS_REGION": "us-east-1", "AWS_ENDPOINT_URL": admin.addresses.aws_endpoint_url}
    inputs = {"region": aws_key["ASAYER_AWS_REGION"], "log-groups": "\n".join(groups) + "\n", "since": "2h"}
    ended = runner.start(steps()[1], {**inputs, "arguments": "--session\n" + str(session_id)}, env)
    assert ended.code == 0, ended.said
    assert ended.outputs == "exit-code=0\n"
    assert ended.summary.startswith("## asayer-cli verify")
    assert aws_key["ASAYER_AWS_SECRET_ACCESS_KEY"] not in ended.said + ended.summary
    failed = runner.start(steps()[1], {**inputs, "min-entries": "2"}, env)
    assert failed.outputs == f"exit-code={failed.code}\n"
    assert failed.code == 1
    assert "::error" in failed.said
    assert "aws\\.collectible" in failed.summary


def test_no_input_is_run(runner: Runner, admin: Admin, aws_key: dict[str, str]) -> None:
    planted = runner.folder / "planted"
    hostile = f'"; touch {planted}; $(touch {planted}) `touch {planted}`'
    env = {**aws_key, "AWS_ENDPOINT_URL": admin.addresses.aws_endpoint_url, "ASAYER_AWS_LOG_GROUPS": "/ecs/shop-api"}
    ended = runner.start(steps()[1], dict.fromkeys(ACTION["inputs"], hostile), env)
    assert (ended.code, ended.outputs) == (2, "exit-code=2\n")
    assert "::error" in ended.said
    option = f"--target={runner.folder}/elsewhere"
    install, venv = steps()[0], "python3 -m venv"
    again = "\n".join(line for line in install["run"].splitlines() if venv not in line)
    assert runner.start({**install, "run": again}, {"package": option, "version": hostile}, {}).code != 0
    assert not planted.exists()
    assert not (runner.folder / "elsewhere").exists()


@pytest.mark.skipif(shutil.which("actionlint") is None, reason="not installed: actionlint")
def test_actionlint_finds_no_fault(tmp_path: Path) -> None:
    workflows = tmp_path / ".github" / "workflows"
    workflows.mkdir(parents=True)
    shutil.copytree(FOLDER, tmp_path / ".github" / "actions" / "verify")
    example = re.search(r"```yaml\n(.*?)```", (FOLDER / "README.md").read_text(), re.DOTALL)
    assert example is not None
    (workflows / "verify.yml").write_text(re.sub(r"OWNER/asayer-cli/(\S+)@\S+", r"./\1", example[1]))
    (tmp_path / ".git").mkdir()
    linted = subprocess.run(["actionlint", "-no-color"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (linted.returncode, linted.stdout) == (0, "")


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="not installed: shellcheck")
def test_shellcheck_finds_no_fault(tmp_path: Path) -> None:
    for number, step in enumerate(steps()):
        path = tmp_path / f"{number}.sh"
        path.write_text(f"#!/usr/bin/env bash\nset -eo pipefail\n{step['run']}")
        linted = subprocess.run(["shellcheck", str(path)], capture_output=True, text=True, check=False)
        assert linted.stdout == ""
