"""The transcript in README.md: what `asayer-cli demo` prints, shortened; `--write` records it anew."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Final

from asayer_cli.sandbox.supervisor import cleaned
from tests.docs.reference import README, placed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

CUT: Final = "…"
_LEFT_OUT: Final = re.compile(
    r"$|Starting |Acting as |Plan:|Done: |warning: |note: |Next:|That was |Made |Secrets are "
    r"|  (?:account|user|access key|region|collected|accepted|matches|secret|searched|time) |  20\d\d-"
    r"|  [-·] |  \+ make |  asayer-cli | {6}|  . elastic\.(?:expiry|write_denied|fields|read|utc_time|queryable)"
    r"|✓  \S+ .* (?:/aws/\S+|/ecs/shop-(?:admin|worker)|RDSOSMetrics|shop-audit)$"
)
_HEADING: Final = re.compile(r"\S.*:$|A user's session|Verified|Elasticsearch$|Preferences > Integrations > E")
_KEY_ID: Final = re.compile(r"AKIA\w+")
_VARYING: Final = re.compile(r"AKIA\S+|asayer-sandbox-\w+|(?<!\S)[\w-]{20}(?!\S)|(?<!\S)\S*\d\S*")


def demo(environ: Mapping[str, str]) -> str:
    """Run the demo and return all that it prints; RuntimeError when it fails."""
    ended = subprocess.run(
        [sys.executable, "-m", "asayer_cli", "demo"],
        env=dict(environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    if ended.returncode:
        raise RuntimeError(f"the demo ended with exit code {ended.returncode}:\n{ended.stdout}")
    return ended.stdout


def shortened(output: str) -> Iterator[str]:
    """Yield the lines for the README; one mark stands for each run of lines that is left out, blank ones apart."""
    cut = False
    for line in output.splitlines():
        if _LEFT_OUT.match(line):
            cut = cut or bool(line.strip())
            continue
        if cut:
            yield CUT
        if _HEADING.match(line):
            yield ""
        yield _KEY_ID.sub(f"AKIA{CUT}", line.rstrip())
        cut = False
    if cut:
        yield CUT


def stable(text: str) -> str:
    """Return a text without what differs from run to run: numbers, keys, names of temporary folders, widths."""
    return "\n".join(" ".join(_VARYING.sub("#", line).split()) for line in text.splitlines())


def block(output: str) -> str:
    """Return the transcript as it stands in the README."""
    return "\n".join(("```console", "$ asayer-cli demo", *shortened(output), "```"))


def main() -> None:
    """Record the transcript and show or write it."""
    body = block(demo(cleaned(os.environ)))
    if sys.argv[1:] == ["--write"]:
        README.write_text(placed(README.read_text(encoding="utf-8"), "transcript", body), encoding="utf-8")
    else:
        sys.stdout.write(body + "\n")


if __name__ == "__main__":
    main()
