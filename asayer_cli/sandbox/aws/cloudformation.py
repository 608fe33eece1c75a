"""CloudFormation, as far as templates of IAM users and roles need it: stacks and change sets that make them.

moto reads the template, and makes users without policies, tags and boundary; the rest is done here. What a template
makes needs the rights of its maker: where AWS would begin and roll back, this refuses at once.
"""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any, NamedTuple

from asayer_cli.sandbox.aws import errors, iam_policy
from asayer_cli.sandbox.aws.resources import context
from asayer_cli.sandbox.supervisor import ACCOUNT_ID

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from moto.cloudformation.models import ChangeSet, CloudFormationBackend, Stack

    from asayer_cli.sandbox.aws.account import Entity
    from asayer_cli.sandbox.aws.call import ApiCall
    from asayer_cli.sandbox.wsgi import Reply

HTTP_ERRORS = 400
MAKING = frozenset({"CreateStack", "CreateChangeSet", "ExecuteChangeSet"})
PASSED_ON = frozenset(
    {
        "DeleteStack",
        "DescribeChangeSet",
        "DescribeStackEvents",
        "DescribeStackResources",
        "DescribeStacks",
        "GetTemplate",
        "ListStacks",
        "ValidateTemplate",
    }
)
KINDS = {"AWS::IAM::User": "User", "AWS::IAM::Role": "Role"}


class Resource(NamedTuple):
    """A resource of a template: `kind` is User or Role, `properties` are those of the template."""

    kind: str
    properties: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The name that the template gives it."""
        return str(self.properties.get(f"{self.kind}Name", ""))


def handle(call: ApiCall) -> Reply:
    """Answer a request to CloudFormation."""
    if call.request.operation in PASSED_ON:
        return call.pass_on()
    if call.request.operation not in MAKING:
        message = f"The sandbox has no cloudformation:{call.request.operation}."
        return errors.refuse("cloudformation", "InvalidAction", message)
    refusal = _refusal(call)
    if refusal:
        return refusal
    reply = call.pass_on_as_administrator()
    if reply.status < HTTP_ERRORS and call.request.operation != "CreateChangeSet":
        _complete(call)
    return reply


def _backend(call: ApiCall) -> CloudFormationBackend:
    from moto.cloudformation.models import cloudformation_backends  # noqa: PLC0415 - 2 s, for who deploys a template

    return cloudformation_backends[ACCOUNT_ID][call.request.region]


def _change_set(call: ApiCall) -> ChangeSet | None:
    """Return the change set that is to be carried out, by its name or ARN."""
    if call.request.operation != "ExecuteChangeSet":
        return None
    asked = call.request.text("ChangeSetName")
    sets = _backend(call).change_sets.values()
    return next((one for one in sets if asked in (one.change_set_id, one.change_set_name)), None)


def _template(call: ApiCall) -> Mapping[str, Any]:
    """Return the template that is to be carried out, as it is written; empty when there is none."""
    from moto.cloudformation.models import Stack  # noqa: PLC0415 - as above

    planned = _change_set(call)
    body = planned.template if planned else call.request.text("TemplateBody")
    try:
        template: object = Stack.parse_template(body or "{}")
    except ValueError:
        return {}
    return template if isinstance(template, dict) else {}


def _refusal(call: ApiCall) -> Reply | None:
    found = [KINDS.get(resource.get("Type", "")) for resource in _template(call).get("Resources", {}).values()]
    if not found:
        message = "Template format error: At least one Resources member must be defined."
        return errors.refuse("cloudformation", "ValidationError", message)
    if None in found:
        return errors.refuse("cloudformation", "ValidationError", "The sandbox makes IAM users and roles alone.")
    needs_capability = call.request.operation != "ExecuteChangeSet"
    if needs_capability and "CAPABILITY_NAMED_IAM" not in call.request.listed("Capabilities"):
        message = "Requires capabilities : [CAPABILITY_NAMED_IAM]"
        return errors.refuse("cloudformation", "InsufficientCapabilitiesException", message)
    return None if call.request.operation == "CreateChangeSet" else _denial(call)


def _denial(call: ApiCall) -> Reply | None:
    """Refuse what the caller may not do himself."""
    keys = context(call.request, call.caller, call.account)
    for one in _template(call).get("Resources", {}).values():
        resource = Resource(KINDS[one["Type"]], one.get("Properties", {}))
        path = resource.properties.get("Path", "/")
        arn = f"arn:aws:iam::{ACCOUNT_ID}:{resource.kind.lower()}{path}{resource.name}"
        for action in _actions(resource):
            question = iam_policy.Request(action, arn, keys)
            if call.account.decide(call.caller.holder, question, call.settings) != "allowed":
                message = f"User: {call.caller.arn} is not authorized to perform: {action} on resource: {arn}"
                return errors.denied("cloudformation", message)
    return None


def _actions(resource: Resource) -> Iterator[str]:
    yield f"iam:Create{resource.kind}"
    for name, action in (("Tags", "Tag{}"), ("ManagedPolicyArns", "Attach{}Policy"), ("Policies", "Put{}Policy")):
        if resource.properties.get(name):
            yield f"iam:{action.format(resource.kind)}"


def _complete(call: ApiCall) -> None:
    """Give what the stack has made what moto left out."""
    planned = _change_set(call)
    stack = _backend(call).get_stack(planned.stack_id if planned else call.request.text("StackName"))
    for resource in _resolved(stack, _template(call)):
        _grant(call, resource)


def _resolved(stack: Stack, template: Mapping[str, Any]) -> Iterator[Resource]:
    """Yield the resources with the template's functions carried out."""
    from moto.cloudformation.parsing import clean_json  # noqa: PLC0415 - as above

    for one in copy.deepcopy(template["Resources"]).values():
        yield Resource(KINDS[one["Type"]], clean_json(one["Properties"], stack.resource_map))


def _grant(call: ApiCall, resource: Resource) -> None:
    iam, properties, name = call.account.iam, resource.properties, resource.name
    is_user = resource.kind == "User"
    for arn in properties.get("ManagedPolicyArns", ()):
        (iam.attach_user_policy if is_user else iam.attach_role_policy)(arn, name)
    for policy in properties.get("Policies", ()):
        document = json.dumps(policy["PolicyDocument"])
        (iam.put_user_policy if is_user else iam.put_role_policy)(name, policy["PolicyName"], document)
    entity: Entity = iam.get_user(name) if is_user else iam.get_role(name)
    if is_user:
        user = iam.get_user(name)
        iam.tag_user(name, properties.get("Tags", []))
        if properties.get("PermissionsBoundary"):
            call.account.set_boundary(user, properties["PermissionsBoundary"])
    call.account.note_policies(entity)
