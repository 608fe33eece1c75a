"""`aws SERVICE OPERATION --option=value ... --query Q --output text` as real calls: what the emitted script needs."""

from __future__ import annotations

import json
import sys

import botocore.session
import jmespath  # type: ignore[import-untyped]
from botocore import xform_name
from botocore.exceptions import ClientError


def options(words: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    rest = iter(words)
    for word in rest:
        name, joined, value = word.partition("=")
        found[name.removeprefix("--")] = value if joined else next(rest)
    return found


def shorthand(text: str) -> list[dict[str, str]]:
    return [dict(part.split("=", 1) for part in text.split(","))]


def main() -> int:
    service, operation, *words = sys.argv[1:]
    waited = words.pop(0).replace("-", "_") if operation == "wait" else ""
    given = options(words)
    query, _ = given.pop("query", ""), given.pop("output", "")
    client = botocore.session.Session().create_client(service)
    if waited:
        client.get_waiter(waited).wait(UserName=given["user-name"])
        return 0
    names = {name.lower(): name for name in client.meta.service_model.operation_names}
    shape = client.meta.service_model.operation_model(names[operation.replace("-", "")]).input_shape
    members = {xform_name(member, "-"): member for member in (shape.members if shape else {})}
    request = {members[name]: shorthand(value) if name == "tags" else value for name, value in given.items()}
    try:
        answer = getattr(client, operation.replace("-", "_"))(**request)
    except ClientError as error:
        sys.stderr.write(f"\n{error}\n")
        return 255
    answer.pop("ResponseMetadata")
    found = jmespath.search(query, answer) if query else answer
    sys.stdout.write(f"{found}\n" if query else json.dumps(found, default=str) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
