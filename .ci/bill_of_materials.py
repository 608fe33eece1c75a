"""Write the bill of materials of the wheel's runtime: every package that it needs, with version, licence and hashes.

Usage: bill_of_materials.py ENVIRONMENT WHEEL FILE. ENVIRONMENT is where the wheel and requirements/runtime.txt are
installed. The file is CycloneDX 1.6 in JSON; it names no path and no address of this computer.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any, Final

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packaging.requirements import Requirement

ROOT: Final = Path(__file__).resolve().parents[1]
NAME: Final = "asayer-cli"
TOOLS: Final = frozenset({"pip", "setuptools"})


def main(environment: Path, wheel: Path, target: Path) -> None:
    """Make, check and write it."""
    bill = _complete(_describe(environment), _pinned(), wheel)
    text = json.dumps(bill, indent=2) + "\n"
    _check(text, bill, (environment, ROOT, Path.home()))
    target.write_text(text, encoding="utf-8")
    sys.stdout.write(f"{len(bill['components'])} packages in the bill of materials of {NAME}\n")


def _describe(environment: Path) -> Any:  # noqa: ANN401 - JSON
    tool = Path(sysconfig.get_path("scripts"), "cyclonedx-py")
    options = ["--output-reproducible", "--short-PURLs", "--no-validate", "--sv", "1.6"]
    project = ["--pyproject", str(ROOT / "pyproject.toml"), str(environment)]
    made = subprocess.run([str(tool), "environment", *options, *project], capture_output=True, check=True)
    return json.loads(made.stdout)


def _pinned() -> dict[str, list[str]]:
    """Return the SHA-256 of every file of every package that this Python needs, by the package's name."""
    lines = (ROOT / "requirements" / "runtime.txt").read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
    pins = [line.partition(" --hash=") for line in lines if not line.startswith("#")]
    wanted = [(Requirement(pin), hashes) for pin, _, hashes in pins]
    needed = [(pin, hashes) for pin, hashes in wanted if pin.marker is None or pin.marker.evaluate()]
    return {_normal(pin.name): re.findall(r"sha256:([0-9a-f]{64})", hashes) for pin, hashes in needed}


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _complete(bill: Any, pinned: dict[str, list[str]], wheel: Path) -> Any:  # noqa: ANN401 - JSON
    """Add hashes, and leave out what the environment has for its own sake, and where this computer got things from."""
    root = bill["metadata"]["component"]
    root["hashes"] = [{"alg": "SHA-256", "content": hashlib.sha256(wheel.read_bytes()).hexdigest()}]
    root["version"] = wheel.name.split("-")[1]
    kept = [part for part in bill["components"] if part["name"].lower() not in TOOLS | {NAME}]
    for part in kept:
        part.pop("externalReferences", None)
        # one package has a file for each platform; any of them may be the one that is installed
        files = pinned[_normal(part["name"])]
        part["properties"] = [{"name": "asayer-cli:file:sha256", "value": digest} for digest in files]
        if len(files) == 1:
            part["hashes"] = [{"alg": "SHA-256", "content": files[0]}]
    if lacking := set(pinned) - {_normal(part["name"]) for part in kept}:
        sys.exit(f"the environment lacks what the wheel needs: {', '.join(sorted(lacking))}")
    for tool in bill["metadata"].get("tools", {}).get("components", ()):
        tool.pop("externalReferences", None)
    bill["components"] = kept
    known = {part["bom-ref"] for part in kept} | {root["bom-ref"]}
    bill["dependencies"] = [_among(known, item) for item in bill["dependencies"] if item["ref"] in known]
    return bill


def _among(known: set[str], item: dict[str, Any]) -> dict[str, Any]:
    return {**item, "dependsOn": [name for name in item.get("dependsOn", ()) if name in known]}


def _check(text: str, bill: Any, private: tuple[Path, ...]) -> None:  # noqa: ANN401 - JSON
    """End the program where the bill is no CycloneDX, lacks a package, or tells of this computer."""
    if error := JsonStrictValidator(SchemaVersion.V1_6).validate_str(text):
        sys.exit(f"the bill of materials is no valid CycloneDX: {error}")
    if told := [str(path) for path in private if str(path) != "/" and str(path) in text]:
        sys.exit(f"the bill of materials names folders of this computer: {told}")
    unlicensed = [part["name"] for part in bill["components"] if not part.get("licenses")]
    if unlicensed:
        sys.stdout.write(f"no licence is known of: {', '.join(unlicensed)}\n")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
