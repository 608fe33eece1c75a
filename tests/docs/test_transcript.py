"""The transcript in README.md is what the demo prints today, but for what differs from run to run."""

from __future__ import annotations

from tests.docs.markdown import blocks
from tests.docs.transcript import block, demo, stable


def test_the_transcript_is_what_the_demo_prints(bare_environ: dict[str, str]) -> None:
    (recorded,) = blocks("console")
    today = block(demo(bare_environ)).removeprefix("```console\n").removesuffix("```")
    assert stable(recorded) == stable(today), "run: python -m tests.docs.transcript --write"


def test_what_varies_is_left_out_and_nothing_else() -> None:
    assert stable("key  AKIARZPUZDIKCOYJK5BZ in /tmp/asayer-sandbox-abc/x") == "key # in /tmp/#/x"
    assert stable("  ✓ aws.read  reading is allowed") == "✓ aws.read reading is allowed"
