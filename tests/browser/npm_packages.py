"""The npm packages that pages load, as package-lock.json pins them: installed once, outside the repository."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

import platformdirs

HERE: Final = Path(__file__).parent
MANIFESTS: Final = (HERE / "package.json", HERE / "package-lock.json")
INSTALL: Final = ("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
PATIENCE_SECONDS: Final = 120


def installed_packages() -> Path:
    """Return the folder node_modules, after installing what the lock names unless that was done before."""
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in MANIFESTS)).hexdigest()
    cache = platformdirs.user_cache_path("asayer-cli-tests", appauthor=False)
    folder = cache / f"npm-{digest[:16]}"
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "npm.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several test processes begin at once
        if not folder.is_dir():
            _install(cache, folder)
    return folder / "node_modules"


def _install(cache: Path, folder: Path) -> None:
    """Install beside the folder and move it there as a whole, so that no half of it is ever taken for all."""
    with tempfile.TemporaryDirectory(dir=cache) as made:
        for path in MANIFESTS:
            shutil.copy(path, made)
        run = subprocess.run(
            INSTALL,
            cwd=made,
            env=dict(os.environ),
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
        assert run.returncode == 0, f"npm ci failed:\n{run.stdout}{run.stderr}"
        shutil.copytree(made, folder.with_suffix(".new"), symlinks=True, dirs_exist_ok=True)
        folder.with_suffix(".new").rename(folder)
