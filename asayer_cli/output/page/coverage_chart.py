"""Small drawings of a coverage, as SVG without styles of its own: a bar of the whole, and one bar for each step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from asayer_cli.entries import rfc3339
from asayer_cli.output.page.document import escaped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from asayer_cli.coverage.model import GroupCoverage, Point

CHART_HEIGHT: Final = 56
_STEP: Final = 10
_BAR_WIDTH: Final = 1000
_LEAST: Final = 2.0
"""Pixels of the lowest bar that is not nothing."""


def share_text(share: float | None) -> str:
    """Write a share; one that is not quite all, or not quite nothing, is not written as if it were."""
    if share is None:
        return "no errors"
    rounded = f"{share:.1f}".removesuffix(".0")
    if rounded == "100" and share < 100:  # noqa: PLR2004 - all of them
        return "99.9%"
    return "<0.1%" if rounded == "0" and share > 0 else f"{rounded}%"


def bar_svg(group: GroupCoverage, fail_under: float | None) -> str:
    """Return a bar of the collectible part, what is tagged and dropped, and the rest; marked at what is wanted."""
    whole = max(group.errors, 1)
    taken = _BAR_WIDTH * group.collectible / whole
    tagged = _BAR_WIDTH * max(group.tagged - group.collectible, 0) / whole
    mark = "" if fail_under is None else f'<path class="wanted" d="M{_BAR_WIDTH * fail_under / 100:.1f} 0v10"/>'
    label = (
        f"{group.collectible:,} of {group.errors:,} errors can reach a replay, "
        f"{max(group.tagged - group.collectible, 0):,} are tagged and dropped"
    )
    return (
        f'<svg class="share" viewBox="0 0 {_BAR_WIDTH} 10" preserveAspectRatio="none" role="img" aria-label="{label}">'
        f'<rect class="rest" width="{_BAR_WIDTH if group.errors else 0}" height="10"/>'
        f'<rect class="tagged" x="{taken:.1f}" width="{tagged:.1f}" height="10"/>'
        f'<rect class="taken" width="{taken:.1f}" height="10"/>{mark}</svg>'
    )


def series_svg(series: Sequence[Point]) -> str:
    """Return the chart over time: a bar's height is its number of errors, the filled part its share; empty for none."""
    if not any(point.errors for point in series):
        return ""
    most = max(point.errors for point in series)
    bars = "".join(_step(number, point, most) for number, point in enumerate(series))
    return (
        f'<svg class="series" viewBox="0 0 {len(series) * _STEP} {CHART_HEIGHT}" preserveAspectRatio="none" '
        f'role="img" aria-label="{escaped(_spoken(series))}">{bars}</svg>'
    )


def _step(number: int, point: Point, most: int) -> str:
    height = max(_LEAST, point.errors / most * (CHART_HEIGHT - 2)) if point.errors else 0.0
    taken = height * point.collectible / point.errors if point.errors else 0.0
    told = f"{rfc3339(point.time)}: {point.collectible:,} of {point.errors:,}"
    x = number * _STEP + 0.5
    return (
        f'<g><title>{told}</title><rect class="field" x="{x}" width="{_STEP - 1}" height="{CHART_HEIGHT}"/>'
        f'<rect class="rest" x="{x}" y="{CHART_HEIGHT - height:.1f}" width="{_STEP - 1}" height="{height:.1f}"/>'
        f'<rect class="taken" x="{x}" y="{CHART_HEIGHT - taken:.1f}" width="{_STEP - 1}" height="{taken:.1f}"/></g>'
    )


def _spoken(series: Sequence[Point]) -> str:
    halves = list(_halves(series))
    return "Share over time: " + ", ".join(f"{name} {share_text(share)}" for name, share in halves)


def _halves(series: Sequence[Point]) -> Iterator[tuple[str, float | None]]:
    middle = len(series) // 2
    for name, points in (("first half", series[:middle]), ("second half", series[middle:])):
        errors = sum(point.errors for point in points)
        yield name, 100 * sum(point.collectible for point in points) / errors if errors else None
