from __future__ import annotations

from pathlib import Path

import pytest

from tests.architecture.rules import DOMAIN, PACKAGE, RULES, Import, dynamic_imports, imports

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / PACKAGE).rglob("*.py"))
LONGEST = 400


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts)


IMPORTS = [found for path in SOURCES for found in imports(module_of(path), path.read_text(encoding="utf-8"))]


@pytest.mark.parametrize("rule", RULES)
def test_rule(rule: str) -> None:
    assert [str(found) for found in IMPORTS if RULES[rule](found)] == []


def test_the_sources_are_found() -> None:
    modules = {module_of(path) for path in SOURCES}
    assert modules >= DOMAIN
    assert {found.top for found in IMPORTS} >= {
        "botocore",
        "elasticsearch",
        "rich",
        "click",
        "keyring",
        "moto",
    }


def test_what_is_imported_by_name_is_known() -> None:
    found = {module_of(path): list(dynamic_imports(path.read_text(encoding="utf-8"))) for path in SOURCES}
    assert {module for module, calls in found.items() if calls} == {f"{PACKAGE}.cli.root", f"{PACKAGE}.output.__init__"}


@pytest.mark.parametrize("path", [path.relative_to(ROOT).as_posix() for path in SOURCES])
def test_a_file_has_one_subject(path: str) -> None:
    assert len((ROOT / path).read_text(encoding="utf-8").splitlines()) < LONGEST


def broken_by(importer: str, source: str) -> set[str]:
    found = list(imports(importer, source))
    return {name for name, rule in RULES.items() if any(rule(one) for one in found)}


@pytest.mark.parametrize(
    ("importer", "source", "broken"),
    [
        ("asayer_cli.settings", "import boto3", {"outside_its_home"}),
        ("asayer_cli.settings", "def f():\n    from botocore.config import Config", {"outside_its_home"}),
        ("asayer_cli.aws.x", "import elasticsearch", {"outside_its_home"}),
        ("asayer_cli.aws.x", "import boto3", set()),
        ("asayer_cli.sandbox.x", "import moto.server, botocore.auth", set()),
        ("asayer_cli.sandbox.x", "import elasticsearch", {"outside_its_home"}),
        ("asayer_cli.aws.x", "from werkzeug import Request", {"outside_its_home"}),
        ("asayer_cli.verification.x", "from rich.text import Text", {"outside_its_home"}),
        ("asayer_cli.output.x", "from rich.text import Text", set()),
        ("asayer_cli.output.x", "import click", {"outside_its_home"}),
        ("asayer_cli.integrations", "import keyring", {"outside_its_home"}),
        ("asayer_cli.cli.x", "import click", set()),
        ("asayer_cli.canary.x", "import urllib3", set()),
        ("asayer_cli.verification.x", "def f():\n    import urllib3", {"outside_its_home"}),
        ("asayer_cli.cli.x", "import urllib3", {"heavy_in_cli", "outside_its_home"}),
        ("asayer_cli.cli.x", "import tomlkit", {"heavy_in_cli"}),
        ("asayer_cli.cli.x", "try:\n    import tomlkit\nexcept ImportError: pass", {"heavy_in_cli"}),
        ("asayer_cli.cli.x", "class C:\n    import tomlkit", {"heavy_in_cli"}),
        ("asayer_cli.cli.x", "def f():\n    import tomlkit", set()),
        ("asayer_cli.cli.x", "def f():\n    import boto3", {"outside_its_home"}),
        ("asayer_cli.cli.x", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import boto3", set()),
        ("asayer_cli.cli.x", "if TYPE_CHECKING:\n    import boto3\nelse:\n    import tomlkit", {"heavy_in_cli"}),
        ("asayer_cli.aws.x", "from asayer_cli.cli import app", {"of_cli"}),
        ("asayer_cli.aws.x", "from asayer_cli.cli.app import App", {"of_cli"}),
        ("asayer_cli.aws.x", "from ..cli.app import App", {"of_cli"}),
        ("asayer_cli.aws.x", "from asayer_cli import cli", {"of_cli"}),
        ("asayer_cli.cli.x", "from asayer_cli.cli.app import App", set()),
        ("asayer_cli.__main__", "from asayer_cli.cli.boundary import run", set()),
        ("asayer_cli.tag", "import re, enum\nfrom asayer_cli.session_id import SessionId", set()),
        ("asayer_cli.tag", "from asayer_cli.errors import UsageError", {"outside_the_domain"}),
        ("asayer_cli.tag", "def f():\n    import platformdirs", {"outside_the_domain"}),
        ("asayer_cli.tag", "from . import settings", {"outside_the_domain"}),
        ("asayer_cli.propagation.x", "import logging\nfrom asayer_cli.propagation.text import tag_lines", set()),
        ("asayer_cli.propagation.x", "def f():\n    from celery import signals", set()),
        ("asayer_cli.propagation.x", "from celery import signals", {"beside_propagation"}),
        ("asayer_cli.propagation.x", "try:\n    import gevent\nexcept ImportError: pass", {"beside_propagation"}),
        ("asayer_cli.propagation.x", "from asayer_cli.tag import Tag", {"beside_propagation"}),
        ("asayer_cli.propagation.x", "def f():\n    from asayer_cli import __version__", {"beside_propagation"}),
        ("asayer_cli.propagation.x", "from .. import tag", {"beside_propagation"}),
        ("asayer_cli.propagation", "import structlog", {"beside_propagation"}),
        ("asayer_cli.propagation.startup.sitecustomize", "import sitecustomize, asayer_startup", set()),
        ("asayer_cli.propagation.startup.sitecustomize", "import celery", {"beside_propagation"}),
        ("asayer_cli.propagation.install", "import asayer_startup", {"beside_propagation"}),
        ("asayer_cli.canary.x", "from asayer_cli.propagation.text import write_tag", {"of_propagation"}),
        ("asayer_cli.vendoring", "def f():\n    from asayer_cli import propagation", {"of_propagation"}),
    ],
)
def test_the_rules_see_what_breaks_them(importer: str, source: str, broken: set[str]) -> None:
    assert broken_by(importer, source) == broken


def test_imports_are_read_as_python_resolves_them() -> None:
    assert list(imports("a.b.c", "from .. import d\nfrom .e import f\nimport g.h as i")) == [
        Import("a.b.c", "a.d", eager=True),
        Import("a.b.c", "a.b.e.f", eager=True),
        Import("a.b.c", "g.h", eager=True),
    ]


def test_dynamic_imports_are_seen() -> None:
    assert list(dynamic_imports("importlib.import_module(f'{x}')\n__import__('boto3')\nprint()")) == [
        "importlib.import_module(f'{x}')",
        "__import__('boto3')",
    ]
