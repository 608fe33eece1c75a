"""What is shipped: the wheel and the source distribution, built as for a release."""

from __future__ import annotations

import configparser
import email.parser
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from packaging.requirements import Requirement

import asayer_cli

if TYPE_CHECKING:
    from email.message import Message

ROOT = Path(asayer_cli.__file__).parents[1]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with both, made without a download."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    return folder


@pytest.fixture(scope="module")
def wheel(folder: Path) -> zipfile.ZipFile:
    (path,) = folder.glob("*.whl")
    return zipfile.ZipFile(path)


@pytest.fixture(scope="module")
def metadata(wheel: zipfile.ZipFile) -> Message:
    name = f"asayer_cli-{asayer_cli.__version__}.dist-info/METADATA"
    return email.parser.Parser().parsestr(wheel.read(name).decode())


def test_the_wheel_has_the_package_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    tops = {name.partition("/")[0] for name in wheel.namelist()}
    stem = f"asayer_cli-{asayer_cli.__version__}"
    assert tops == {"asayer_cli", f"{stem}.dist-info", f"{stem}.data"}


def test_the_wheel_has_the_manual_pages_where_man_looks(wheel: zipfile.ZipFile) -> None:
    folder = f"asayer_cli-{asayer_cli.__version__}.data/"
    shared = {name.removeprefix(folder) for name in wheel.namelist() if name.startswith(folder)}
    assert shared == {f"data/share/man/man1/{path.name}" for path in (ROOT / "man").iterdir()}


def test_the_wheel_has_every_module(wheel: zipfile.ZipFile) -> None:
    modules = {str(path.relative_to(ROOT)) for path in (ROOT / "asayer_cli").rglob("*.py")}
    snippets = {str(path.relative_to(ROOT)) for path in (ROOT / "asayer_cli" / "snippets").glob("*.*")}
    pages = {str(path.relative_to(ROOT)) for path in (ROOT / "asayer_cli" / "output" / "page" / "parts").iterdir()}
    assert modules | snippets | pages | {"asayer_cli/py.typed"} == {
        name for name in wheel.namelist() if name.startswith("asayer_cli/")
    }


def test_the_wheel_has_the_licence(wheel: zipfile.ZipFile, metadata: Message) -> None:
    assert metadata["License-Expression"] == "MIT"
    name = f"asayer_cli-{asayer_cli.__version__}.dist-info/licenses/LICENSE"
    assert wheel.read(name) == (ROOT / "LICENSE").read_bytes()


def test_the_metadata_is_that_of_the_project(metadata: Message) -> None:
    assert metadata["Name"] == "asayer-cli"
    assert metadata["Version"] == asayer_cli.__version__
    assert metadata["Requires-Python"] == PROJECT["requires-python"]
    assert sorted(metadata.get_all("Provides-Extra", [])) == ["dev", "sandbox"]


def test_only_the_dependencies_come_without_an_extra(metadata: Message) -> None:
    required = [Requirement(line) for line in metadata.get_all("Requires-Dist", [])]
    assert {r.name for r in required if r.marker is None} == {Requirement(d).name for d in PROJECT["dependencies"]}


def test_the_program_is_installed_by_its_name(wheel: zipfile.ZipFile) -> None:
    text = wheel.read(f"asayer_cli-{asayer_cli.__version__}.dist-info/entry_points.txt").decode()
    points = configparser.ConfigParser()
    points.read_string(text)
    assert dict(points["console_scripts"]) == {"asayer-cli": "asayer_cli.__main__:main"}


def test_the_source_distribution_has_what_the_tests_need(folder: Path) -> None:
    (path,) = folder.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    needed = {"README.md", "CHANGELOG.md", "LICENSE", "pyproject.toml", "tests/conftest.py", "requirements/dev.txt"}
    assert needed - names == set()
    assert [name for name in names if "__pycache__" in name or name.startswith(".")] == [".gitignore"]


def test_the_changelog_begins_with_this_version() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.findall(r"^## \[([^]]+)]", changelog, re.MULTILINE)[0] == asayer_cli.__version__
