"""What Logs Insights costs: an estimate. AWS tells its prices on a page, by no call that the collector may make.

The prices of us-east-1 and ap-northeast-1 are told by others who looked them up. Elsewhere the dearest one that is
known of is taken, so that the estimate is rather too high than too low.
"""

from __future__ import annotations

from typing import Final

_BYTES_IN_GB: Final = 1024**3
_DOLLARS_PER_GB: Final = {"us-east-1": 0.005, "ap-northeast-1": 0.0076}
_AT_MOST: Final = 0.009


def price_per_gb(region: str) -> float:
    """Return the estimated price of scanning a gigabyte in a region, in US dollars."""
    return _DOLLARS_PER_GB.get(region, _AT_MOST)


def estimated_cost(scanned_bytes: int, region: str) -> float:
    """Return what scanning so much costs in a region, in US dollars, as far as is known."""
    return scanned_bytes / _BYTES_IN_GB * price_per_gb(region)
