"""Whatever AWS and Elasticsearch answer, or what stands in front of them: a documented exit code, in words."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from asayer_cli.sandbox.supervisor import environment
from tests.properties.answering import Answer, Stage, answering
from tests.properties.damage import damages
from tests.properties.running import check, run_here

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from asayer_cli.sandbox.supervisor import Addresses
    from tests.properties.answering import Damage

_SETUP: Final = ("aws", "setup", "--region", "eu-west-1", "--log-group", "/ecs/shop-api")
# in this order: the later ones find what the earlier ones have made
SCENES: Final = {
    "aws setup --dry-run": (*_SETUP, "--dry-run"),
    "aws setup": (*_SETUP, "--yes"),
    "aws log-groups": ("aws", "log-groups", "--region", "eu-west-1", "--region", "us-east-1"),
    "elastic create-key --dry-run": ("elastic", "create-key", "--dry-run"),
    "elastic create-key": ("elastic", "create-key", "--yes"),
    "verify": ("verify", "--since", "30d", "--explain"),
}
_PATIENT: Final = {"aws setup": ("--wait-for-key", "1s")}


@dataclass(frozen=True)
class Scene:
    """A command line, what this machine knew before it, and what the services answered to it."""

    arguments: tuple[str, ...]
    before: Path
    answers: dict[str, list[Answer]]


@dataclass(frozen=True)
class Theatre:
    """The services and this machine; it shows nothing of itself, for that is megabytes."""

    stage: Stage = field(repr=False)
    environ: Mapping[str, str] = field(repr=False)
    folder: Path = field(repr=False)
    scenes: Mapping[str, Scene] = field(repr=False)

    def play(self, name: str, target: int, damage: Damage) -> None:
        """Run a command with its own answers, those to one of its questions damaged."""
        scene = self.scenes[name]
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.copytree(scene.before, self.folder)
        # the same in every run: a question begins with the id of whose key asks
        questions = sorted(scene.answers, key=lambda question: question.partition(" ")[2])
        self._set(scene.answers, questions[target % len(questions)], damage)
        check(run_here((*scene.arguments, *_PATIENT.get(name, ())), self.environ))

    def _set(self, answers: dict[str, list[Answer]], target: str, damage: Damage) -> None:
        self.stage.aws = self.stage.elastic = ""
        self.stage.recorded, self.stage.target, self.stage.damage = answers, target, damage
        self.stage.asked.clear()


@pytest.fixture(scope="module")
def theatre(sandbox_addresses: Addresses) -> Iterator[Theatre]:
    with answering() as stage, _environ(sandbox_addresses, stage.url) as (environ, folder):
        scenes = {}
        for name, arguments in SCENES.items():
            before = folder.with_name(f"before {name}")
            shutil.copytree(folder, before)
            stage.aws, stage.elastic = sandbox_addresses.aws_endpoint_url, sandbox_addresses.elastic_url
            stage.recorded = {}
            stage.asked.clear()
            told = run_here(arguments, environ)
            assert told.code == 0 or name == "verify", told.err
            scenes[name] = Scene(arguments, before, stage.recorded)
        yield Theatre(stage, environ, folder, scenes)


@contextmanager
def _environ(addresses: Addresses, url: str) -> Iterator[tuple[Mapping[str, str], Path]]:
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent, "machine")
        folder.mkdir()
        yield (
            {
                **environment(addresses, folder, {}),
                "AWS_ENDPOINT_URL": url,
                "ASAYER_ELASTIC_URL": url,
                "ASAYER_ELASTIC_INDEXES": "logs-*",
                "ASAYER_AWS_USER_NAME": "properties",
                "ASAYER_ELASTIC_CREATE_KEY_NAME": "properties",
                "AWS_MAX_ATTEMPTS": "1",
                "HOME": str(folder),
            },
            folder,
        )


@pytest.mark.parametrize("name", SCENES)
@settings(max_examples=12, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(target=st.integers(0, 1000), damage=damages())
def test_a_wrong_answer_is_told_in_words(theatre: Theatre, name: str, target: int, damage: Damage) -> None:
    theatre.play(name, target, damage)
