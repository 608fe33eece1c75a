"""What IAM policies allow: identity policies, capped by a permissions boundary. Pure.

Follows "Policy evaluation logic" of the IAM User Guide for one account without organisation, session and resource
policies: an explicit deny wins, then one allow is enough, else the answer is an implicit deny.

Conditions: the operators in `_OPERATORS` are understood, with the suffix ``IfExists``. Any other operator counts as not
matching in an Allow and as matching in a Deny, so that a policy is never taken for wider than AWS would take it.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

Decision = Literal["allowed", "explicitDeny", "implicitDeny"]


@dataclass(frozen=True, slots=True)
class Request:
    """One question: is this ``action`` (``logs:FilterLogEvents``) allowed on this ``resource`` (an ARN or ``*``).

    ``context`` holds condition keys in lower case, such as ``aws:requestedregion``.
    """

    action: str
    resource: str = "*"
    context: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Condition:
    """One line of a Condition block: any of ``values`` may hold."""

    operator: str
    key: str
    values: tuple[str, ...]

    def holds(self, context: Mapping[str, str]) -> bool | None:
        """Tell whether it holds; None where the operator is not understood."""
        if self.operator == "Null":
            return (self.key not in context) == (self.values[0].lower() == "true")
        operator = _OPERATORS.get(self.operator.removesuffix("IfExists"))
        if operator is None:
            return None
        compare, negated = operator
        actual = context.get(self.key)
        if actual is None:
            return negated or self.operator.endswith("IfExists")
        return any(compare(actual, value) for value in self.values) != negated


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of a policy. The ``not_`` fields are used where the document has NotAction or NotResource."""

    effect: Literal["Allow", "Deny"]
    actions: tuple[str, ...]
    not_actions: tuple[str, ...]
    resources: tuple[str, ...]
    not_resources: tuple[str, ...]
    conditions: tuple[Condition, ...]

    def applies_to(self, request: Request) -> bool:
        """Tell whether the statement has a say in the request."""
        return self._names_action(request.action) and self._names_resource(request) and self._conditions_hold(request)

    def _names_action(self, action: str) -> bool:
        if self.not_actions:
            return not any(like(action.lower(), pattern.lower()) for pattern in self.not_actions)
        return any(like(action.lower(), pattern.lower()) for pattern in self.actions)

    def _names_resource(self, request: Request) -> bool:
        def named(patterns: tuple[str, ...]) -> bool:
            return any(like(request.resource, _fill_in(pattern, request.context)) for pattern in patterns)

        return not named(self.not_resources) if self.not_resources else named(self.resources)

    def _conditions_hold(self, request: Request) -> bool:
        verdicts = [condition.holds(request.context) for condition in self.conditions]
        return False not in verdicts and (self.effect == "Deny" or None not in verdicts)


Policy = tuple[Statement, ...]


def parse(document: str | Mapping[str, Any]) -> Policy:
    """Read a policy document (JSON text or the object). Raises ValueError for what is no policy document."""
    value = json.loads(document) if isinstance(document, str) else document
    try:
        return tuple(_statement(item) for item in _listed(value["Statement"]))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a policy document: {error!r}") from error


def _statement(item: Mapping[str, Any]) -> Statement:
    if item["Effect"] not in ("Allow", "Deny"):
        raise ValueError(f"not a policy document: Effect is {item['Effect']!r}")
    return Statement(
        effect=item["Effect"],
        actions=_listed(item.get("Action", ())),
        not_actions=_listed(item.get("NotAction", ())),
        resources=_listed(item.get("Resource", ())),
        not_resources=_listed(item.get("NotResource", ())),
        conditions=tuple(
            Condition(operator, key.lower(), tuple(_text(value) for value in _listed(values)))
            for operator, lines in item.get("Condition", {}).items()
            for key, values in lines.items()
        ),
    )


def _listed(value: Any) -> tuple[Any, ...]:  # noqa: ANN401 - JSON allows one thing for a list of one thing
    return tuple(value) if isinstance(value, (list, tuple)) else (value,)


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def evaluate(policies: Iterable[Policy], request: Request) -> Decision:
    """Decide by identity policies alone."""
    effects = {statement.effect for policy in policies for statement in policy if statement.applies_to(request)}
    if "Deny" in effects:
        return "explicitDeny"
    return "allowed" if effects else "implicitDeny"


def decide(policies: Iterable[Policy], boundary: Policy | None, request: Request) -> Decision:
    """Decide by identity policies and a permissions boundary, which caps and never grants."""
    decision = evaluate(policies, request)
    if boundary is None or decision == "explicitDeny":
        return decision
    cap = evaluate([boundary], request)
    return decision if cap == "allowed" else cap


def like(text: str, pattern: str) -> bool:
    """Match with IAM's wildcards: ``*`` is any run of characters, ``?`` any one."""
    return _wildcards(pattern).fullmatch(text) is not None


@lru_cache(maxsize=4096)
def _wildcards(pattern: str) -> re.Pattern[str]:
    parts = {"*": ".*", "?": "."}
    return re.compile("".join(parts.get(char) or re.escape(char) for char in pattern), re.DOTALL)


def _fill_in(pattern: str, context: Mapping[str, str]) -> str:
    """Put the context's values in the place of policy variables such as ``${aws:username}``."""
    if "${" not in pattern:
        return pattern
    return re.sub(r"\$\{([^}]+)\}", lambda found: context.get(found[1].lower(), found[0]), pattern)


def _same(actual: str, value: str) -> bool:
    return actual == value


def _same_ignoring_case(actual: str, value: str) -> bool:
    return actual.lower() == value.lower()


# operator -> (comparison of the request's value with the policy's, whether the operator negates it)
_OPERATORS: dict[str, tuple[Callable[[str, str], bool], bool]] = {
    "StringEquals": (_same, False),
    "StringNotEquals": (_same, True),
    "StringEqualsIgnoreCase": (_same_ignoring_case, False),
    "StringNotEqualsIgnoreCase": (_same_ignoring_case, True),
    "StringLike": (like, False),
    "StringNotLike": (like, True),
    "ArnEquals": (like, False),
    "ArnNotEquals": (like, True),
    "ArnLike": (like, False),
    "ArnNotLike": (like, True),
    "Bool": (_same_ignoring_case, False),
}
