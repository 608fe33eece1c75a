"""CloudFormation's YAML, as far as templates of users and roles need it: mappings, lists, texts and numbers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from asayer_cli.aws.emit.blueprint import ACCOUNT, PARTITION, filled

# Resource types, IAM actions and effects, which YAML takes for text without quotes.
_PLAIN: Final = re.compile(r"AWS(::[A-Za-z]+)+|[a-z]+:[A-Z][A-Za-z]+|Allow", re.ASCII)
_STEP: Final = "  "


@dataclass(frozen=True, slots=True)
class Attribute:
    """CloudFormation's `!GetAtt`: an attribute of another resource, such as `CollectorUser.Arn`."""

    name: str


def document(value: Mapping[str, object], indent: str = "") -> Iterator[str]:
    """Yield the lines of a mapping."""
    for key, item in value.items():
        yield from _entry(f"{indent}{key}:", item, indent + _STEP)


def _entry(begin: str, item: object, indent: str) -> Iterator[str]:
    if isinstance(item, Mapping):
        yield begin
        yield from document(item, indent)
    elif isinstance(item, list | tuple):
        yield begin
        for one in item:
            yield from _element(one, indent)
    else:
        yield f"{begin} {scalar(item)}"


def _element(item: object, indent: str) -> Iterator[str]:
    if not isinstance(item, Mapping):
        yield f"{indent}- {scalar(item)}"
        return
    first, *others = document(item, indent + _STEP)
    yield f"{indent}- {first.strip()}"
    yield from others


def scalar(value: object) -> str:
    """Return a text or number; a text with a stand-in becomes a substitution."""
    if isinstance(value, Attribute):
        return f"!GetAtt {value.name}"
    if isinstance(value, int):
        return str(value)
    text = str(value)
    if PARTITION in text or ACCOUNT in text:
        # `${!` is how a substitution writes `${`
        quoted = json.dumps(text.replace("${", "${!"), ensure_ascii=False)
        return f"!Sub {filled(quoted, '${AWS::Partition}', '${AWS::AccountId}')}"
    return text if _PLAIN.fullmatch(text) else json.dumps(text)
