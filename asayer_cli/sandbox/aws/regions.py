"""Which regions the account has: ec2:DescribeRegions and account:ListRegions."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from moto.logs.models import logs_backends
from moto.utilities.utils import get_partition

from asayer_cli.sandbox.aws import errors
from asayer_cli.sandbox.supervisor import ACCOUNT_ID
from asayer_cli.sandbox.wsgi import Reply, json_reply

if TYPE_CHECKING:
    from asayer_cli.sandbox.aws.call import ApiCall
    from asayer_cli.sandbox.aws.settings import AwsSettings

# Every region of the partition ``aws`` that has CloudWatch Logs; moto counts some isolated regions in.
REGIONS = tuple(
    sorted(
        region
        for region in logs_backends[ACCOUNT_ID].regions
        if get_partition(region) == "aws" and "-iso" not in region
    )
)
# The regions of every account (AWS General Reference, "AWS Regions"); the others need an opt-in.
WITHOUT_OPT_IN = frozenset(
    {
        "ap-northeast-1",
        "ap-northeast-2",
        "ap-northeast-3",
        "ap-south-1",
        "ap-southeast-1",
        "ap-southeast-2",
        "ca-central-1",
        "eu-central-1",
        "eu-north-1",
        "eu-west-1",
        "eu-west-2",
        "eu-west-3",
        "sa-east-1",
        "us-east-1",
        "us-east-2",
        "us-west-1",
        "us-west-2",
    }
)


def is_enabled(region: str, settings: AwsSettings) -> bool:
    """Tell whether the account can use a region."""
    return region in REGIONS and region not in settings.disabled_regions


def describe_regions(call: ApiCall) -> Reply:
    """Answer ec2:DescribeRegions with its filters ``region-name`` and ``opt-in-status``."""
    asked = call.request.listed("RegionName")
    unknown = [name for name in asked if name not in REGIONS]
    if unknown:
        return errors.refuse("ec2", "InvalidParameterValue", f"Invalid region provided: {', '.join(unknown)}")
    everything = call.request.text("AllRegions") == "true"
    shown = [
        region
        for region in asked or REGIONS
        if (everything or is_enabled(region, call.settings)) and _passes_filters(region, call)
    ]
    items = "".join(
        f"<item><regionName>{region}</regionName><regionEndpoint>ec2.{region}.amazonaws.com</regionEndpoint>"
        f"<optInStatus>{_opt_in_status(region, call.settings)}</optInStatus></item>"
        for region in shown
    )
    body = (
        '<DescribeRegionsResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">'
        f"<requestId>{uuid4()}</requestId><regionInfo>{items}</regionInfo></DescribeRegionsResponse>"
    )
    return Reply(200, (("Content-Type", "text/xml;charset=UTF-8"),), body.encode())


def _opt_in_status(region: str, settings: AwsSettings) -> str:
    if not is_enabled(region, settings):
        return "not-opted-in"
    return "opt-in-not-required" if region in WITHOUT_OPT_IN else "opted-in"


def _passes_filters(region: str, call: ApiCall) -> bool:
    facts = {"region-name": region, "opt-in-status": _opt_in_status(region, call.settings)}
    return all(facts.get(name) in values for name, values in _filters(call).items())


def _filters(call: ApiCall) -> dict[str, list[str]]:
    """Read ``Filter.1.Name=..&Filter.1.Value.1=..``."""
    found: dict[str, list[str]] = {}
    for key, name in call.request.parameters.items():
        prefix, _, last = key.rpartition(".")
        if prefix.startswith("Filter.") and last == "Name":
            found[name] = call.request.listed(f"{prefix}.Value")
    return found


def list_regions(call: ApiCall) -> Reply:
    """Answer account:ListRegions, with ``MaxResults`` (50 at most), ``NextToken`` and ``RegionOptStatusContains``."""
    wanted = call.request.parameters.get("RegionOptStatusContains") or ()
    rows = [(region, _status(region, call.settings)) for region in REGIONS]
    rows = [row for row in rows if not wanted or row[1] in wanted]
    first = int(call.request.text("NextToken") or 0)
    last = first + int(call.request.parameters.get("MaxResults") or 50)
    answer: dict[str, object] = {
        "Regions": [{"RegionName": region, "RegionOptStatus": status} for region, status in rows[first:last]]
    }
    if last < len(rows):
        answer["NextToken"] = str(last)
    return json_reply(200, answer)


def _status(region: str, settings: AwsSettings) -> str:
    if not is_enabled(region, settings):
        return "DISABLED"
    return "ENABLED_BY_DEFAULT" if region in WITHOUT_OPT_IN else "ENABLED"
