"""The pinned requirements: whole, hashed, of this project, and without an address."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import asayer_cli

if TYPE_CHECKING:
    from collections.abc import Iterable

ROOT = Path(asayer_cli.__file__).parents[1]
FOLDER = ROOT / "requirements"
PYPROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT: dict[str, Any] = PYPROJECT["project"]
EXTRAS: dict[str, list[str]] = PROJECT["optional-dependencies"]
NAMES = ("runtime", "sandbox", "dev", "smoke")
# what the benchmarks measure against is installed apart, and need not agree with the rest
APART = ("peers",)
WANTED: dict[str, list[str]] = {
    "runtime": PROJECT["dependencies"],
    "sandbox": PROJECT["dependencies"] + EXTRAS["sandbox"],
    "dev": PROJECT["dependencies"] + EXTRAS["sandbox"] + EXTRAS["dev"] + PYPROJECT["build-system"]["requires"],
    "smoke": PROJECT["dependencies"] + PYPROJECT["dependency-groups"]["smoke"],
}


def _text(name: str) -> str:
    return (FOLDER / f"{name}.txt").read_text(encoding="utf-8")


def _entries(name: str) -> list[str]:
    """Return the entries of a file, each on one line with its hashes."""
    lines = [line for line in _text(name).splitlines() if not line.startswith("#")]
    return "\n".join(lines).replace("\\\n", " ").splitlines()


def _pins(name: str) -> Iterable[Requirement]:
    return [Requirement(entry.partition(" --hash=")[0]) for entry in _entries(name)]


def test_there_are_no_others() -> None:
    assert {path.stem for path in FOLDER.iterdir()} == {*NAMES, *APART}


@pytest.mark.parametrize("name", [*NAMES, *APART])
def test_every_entry_is_pinned_and_hashed(name: str) -> None:
    for entry in _entries(name):
        assert re.fullmatch(r"[a-z0-9.-]+==\S+( ; [^\\]+?)?( +--hash=sha256:[0-9a-f]{64})+", entry), entry


@pytest.mark.parametrize("name", [*NAMES, *APART])
def test_no_address_is_named(name: str) -> None:
    assert "://" not in _text(name)
    options = [line.strip() for line in _text(name).splitlines() if line.strip().startswith("-")]
    assert [option for option in options if not option.startswith("--hash=sha256:")] == []


@pytest.mark.parametrize("name", NAMES)
def test_what_the_project_asks_for_is_there_in_a_version_that_it_takes(name: str) -> None:
    pins = {pin.name: next(iter(pin.specifier)).version for pin in _pins(name)}
    for wanted in map(Requirement, WANTED[name]):
        if wanted.name != PROJECT["name"]:
            assert wanted.specifier.contains(pins[canonicalize_name(wanted.name)]), wanted


@pytest.mark.parametrize("name", NAMES)
def test_the_files_agree(name: str) -> None:
    ours, whole = ({(pin.name, str(pin.specifier)) for pin in _pins(file)} for file in (name, "dev"))
    assert ours <= whole
