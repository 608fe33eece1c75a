"""What it costs to start the program, beside `python -c "import click"`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.benchmarks.measure import Figure, Program, median_cpu_ms

if TYPE_CHECKING:
    from collections.abc import Iterator

PEER: Final = 'python -c "import click"'
VERSION_BUDGET: Final = 1.3
HELP_BUDGET: Final = 1.8
REMEMBERED: Final = "completion of 100 of 2,000 remembered log groups"
REMEMBERED_BUDGET: Final = 2.5


def clean_environ() -> dict[str, str]:
    """Return an environment as users have it: Python keeps its compiled files, and nothing of ours is set."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "ASAYER_", "_ASAYER"))}


def own_program() -> str:
    """Return the path of the installed program; FileNotFoundError when it is not installed."""
    path = Path(sysconfig.get_path("scripts")) / "asayer-cli"
    if not path.exists():
        raise FileNotFoundError(f"{path} is missing: install the package first, as the README says")
    return str(path)


def remembered_groups(folder: Path, program: str, environ: dict[str, str]) -> dict[str, str]:
    """Return the environment of a completion whose answer is remembered; a question that gets no answer makes room."""
    asking = {
        **environ,
        "_ASAYER_CLI_COMPLETE": "bash",
        "_ASAYER_CLI_LINE": "asayer-cli aws setup --region eu-west-1 --log-group /aws/lambda/function-01",
        "_ASAYER_CLI_REPLACED": "/aws/lambda/function-01",
        "ASAYER_CACHE_DIR": str(folder),
        "ASAYER_COMPLETION_SECONDS": "0",
    }
    subprocess.run([program], env=asking, check=True, capture_output=True)
    (kept,) = folder.glob("*.json")
    names = [f"/aws/lambda/function-{number:04}" for number in range(2000)]
    kept.write_text(json.dumps({"names": names, "complete": True}), encoding="utf-8")
    return asking


def figures(rounds: int) -> Iterator[Figure]:
    """Measure, and yield the processor times in milliseconds."""
    environ = clean_environ()
    program = own_program()
    budgets = {
        "asayer-cli --version": VERSION_BUDGET,
        "asayer-cli --help": HELP_BUDGET,
        "asayer-cli aws setup --help": HELP_BUDGET,
        "asayer-cli verify --help": HELP_BUDGET,
        "asayer-cli snippet --help": HELP_BUDGET,
    }
    programs = [Program(PEER, [sys.executable, "-c", "import click"], environ)]
    programs += [Program(name, [program, *name.split()[1:]], environ) for name in budgets]
    for words in ("asayer-cli ", "asayer-cli verify --"):
        completion = {"_ASAYER_CLI_COMPLETE": "bash", "_ASAYER_CLI_LINE": words}
        name = f"completion of `{words}`"
        programs.append(Program(name, [program], {**environ, **completion}))
        budgets[name] = HELP_BUDGET
    with tempfile.TemporaryDirectory() as folder:
        programs.append(Program(REMEMBERED, [program], remembered_groups(Path(folder), program, environ)))
        budgets[REMEMBERED] = REMEMBERED_BUDGET
        taken = median_cpu_ms(programs, rounds)
    yield Figure(PEER, taken[PEER], "ms", None, None)
    for name, budget in budgets.items():
        yield Figure(name, taken[name], "ms", taken[PEER], budget)
