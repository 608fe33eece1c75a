"""The answer of `coverage` as JUnit XML: a test case for each place that the product collects."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from asayer_cli.output.sanitise import for_xml

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asayer_cli.coverage.model import Coverage, GroupCoverage, SourceCoverage


def tree(data: Coverage, *, show_messages: bool = False) -> ET.Element:
    """Return the XML; log messages are in it only with `show_messages`.

    A place under the wanted share has failed, a source that could not be read is in error, and a place that is only
    searched is skipped.
    """
    root = ET.Element("testsuites", {"name": "asayer-cli coverage"})
    for source in data.sources:
        suite = ET.SubElement(root, "testsuite", {"name": f"asayer.{source.source}"})
        for group in source.groups:
            _add(suite, source, group, data.fail_under, show_messages=show_messages)
        _add_reading(suite, source)
        suite.attrib.update(_totals(suite))
    root.attrib.update(_totals(root))
    return root


def _totals(part: ET.Element) -> dict[str, str]:
    counted = {"tests": "testcase", "failures": "failure", "errors": "error", "skipped": "skipped"}
    return {name: str(len(list(part.iter(tag)))) for name, tag in counted.items()}


def _add(
    suite: ET.Element, source: SourceCoverage, group: GroupCoverage, fail_under: float | None, *, show_messages: bool
) -> None:
    case = ET.SubElement(suite, "testcase", classname=f"asayer.{source.source}.{source.by}", name=for_xml(group.name))
    lines = "\n".join(_lines(group, show_messages=show_messages))
    if not group.collected:
        ET.SubElement(case, "skipped", message=f"searched only, not collected: {_summary(group)}")
    elif not group.passed:
        message = f"{_summary(group)}, less than {fail_under:g}%"
        ET.SubElement(case, "failure", message=for_xml(message)).text = for_xml(lines)
    else:
        ET.SubElement(case, "system-out").text = for_xml(lines)


def _add_reading(suite: ET.Element, source: SourceCoverage) -> None:
    """Add a test case on whether the source was read to its end."""
    case = ET.SubElement(suite, "testcase", classname=f"asayer.{source.source}", name="read")
    if source.failure:
        text = "\n".join(part for part in (source.failure.message, source.failure.hint) if part)
        message = for_xml(source.failure.message)
        ET.SubElement(case, "error", type=source.failure.code, message=message).text = for_xml(text)
    elif not source.complete:
        notes = "; ".join(source.notes)
        ET.SubElement(case, "error", type="incomplete", message=for_xml(notes)).text = for_xml(notes)


def _summary(group: GroupCoverage) -> str:
    if group.share is None:
        return "no errors"
    about = "" if group.exact else "about "
    return f"{about}{group.share:.1f}% of {group.errors:,} errors can reach a replay"


def _lines(group: GroupCoverage, *, show_messages: bool) -> Iterator[str]:
    yield _summary(group)
    for rejection in group.rejected:
        yield f"{rejection.count:,} {rejection.reason}: {rejection.remedy}"
        if show_messages and rejection.sample:
            yield f"  {rejection.sample}"
