"""The answers of `verify` and `coverage` as JUnit XML, which GitLab, Jenkins and others show as tests."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from asayer_cli.coverage.model import Coverage
from asayer_cli.output import junit_coverage
from asayer_cli.output.sanitise import for_xml
from asayer_cli.verification.model import Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from asayer_cli.canary.model import CanaryVerification
    from asayer_cli.result import Failure
    from asayer_cli.verification.model import Check, Verification


def write(data: Verification | CanaryVerification | Coverage, *, show_messages: bool = False) -> str:
    """Return the XML text; log messages are in it only with `show_messages`."""
    if isinstance(data, Coverage):
        return _document(junit_coverage.tree(data, show_messages=show_messages))
    root = ET.Element("testsuites", {"name": "asayer-cli verify", **_totals(data.checks)})
    for source in dict.fromkeys(check.source for check in data.checks):
        checks = tuple(check for check in data.checks if check.source == source)
        suite = ET.SubElement(root, "testsuite", {"name": f"asayer.{source}", **_totals(checks)})
        for check in checks:
            _add(suite, check, show_messages=show_messages)
    return _document(root)


def write_failures(failures: Sequence[Failure]) -> str:
    """Return the XML text of a run that could not check anything: one test case in error, not a failed one."""
    totals = {"tests": "1", "failures": "0", "skipped": "0", "errors": "1"}
    root = ET.Element("testsuites", {"name": "asayer-cli", **totals})
    suite = ET.SubElement(root, "testsuite", {"name": "asayer", **totals})
    case = ET.SubElement(suite, "testcase", classname="asayer", name="run")
    text = "\n".join(part for failure in failures for part in (failure.message, failure.hint) if part)
    ET.SubElement(case, "error", type=failures[0].code, message=for_xml(failures[0].message)).text = for_xml(text)
    return _document(root)


def _document(root: ET.Element) -> str:
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode")


def _totals(checks: tuple[Check, ...]) -> dict[str, str]:
    return {
        "tests": str(len(checks)),
        "failures": str(sum(check.status is Status.FAIL for check in checks)),
        "skipped": str(sum(check.status is Status.SKIP for check in checks)),
        "errors": "0",
    }


def _add(suite: ET.Element, check: Check, *, show_messages: bool) -> None:
    case = ET.SubElement(suite, "testcase", classname=f"asayer.{check.source}", name=check.id)
    text = "\n".join(part for part in (check.summary, check.remedy, check.sample if show_messages else "") if part)
    if check.status is Status.FAIL:
        ET.SubElement(case, "failure", message=for_xml(check.summary)).text = for_xml(text)
    elif check.status is Status.SKIP:
        ET.SubElement(case, "skipped", message=for_xml(check.summary))
    else:
        ET.SubElement(case, "system-out").text = for_xml(text)
