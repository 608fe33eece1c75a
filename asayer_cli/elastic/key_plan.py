"""What `elastic create-key` is about to do, decided from what it found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from asayer_cli.elastic.key_request import revoke_form, time_value
from asayer_cli.elastic.model import CreateKeyOutcome, KeyAction
from asayer_cli.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asayer_cli.elastic.key_request import KeyRequest
    from asayer_cli.elastic.model import ApiKeyRecord, KeyReport
    from asayer_cli.elastic.situation import Leftover, Situation
    from asayer_cli.integrations import ElasticKey


@dataclass(frozen=True, slots=True)
class Plan:
    """The decision: `adopted` is the leftover whose key is taken over, `revoked` the leftovers that are ended."""

    action: KeyAction
    request: KeyRequest
    url: str
    username: str
    store: str
    situation: Situation
    adopted: Leftover | None
    revoked: tuple[Leftover, ...]
    to_revoke: tuple[str, ...]

    @property
    def changes_something(self) -> bool:
        """Whether anything outside is changed, so that it must be confirmed."""
        return self.action is not KeyAction.KEEP or bool(self.revoked)

    def lines(self) -> Iterator[str]:
        """Yield the plan for people, a line each."""
        for record in self.situation.existing:
            yield f"  There is API key {describe(record)}."
        for leftover in self.revoked:
            yield f"  - revoke API key {leftover.record.id}, which an interrupted run left behind"
        if self.adopted:
            yield f"  - take over API key {self.adopted.record.id}, which an interrupted run made and stored"
        if self.action is KeyAction.CREATE:
            yield from self._creation()
        if self.action is not KeyAction.KEEP:
            yield f"  - prove it, and keep its secret in {self.store}"
            yield "  - write its id and the address into the settings"

    def _creation(self) -> Iterator[str]:
        request = self.request
        yield f"  - make the API key {request.name} as {self.username} on {self.url}"
        yield f"      indices     {', '.join(request.indexes)}: read, view_index_metadata"
        yield f"      cluster     {', '.join(request.cluster_privileges) or 'no privilege'}"
        yield f"      expires     {'in ' + time_value(request.expires_in) if request.expires_in else 'never'}"

    def foretell(self, *, done: bool = False) -> CreateKeyOutcome:
        """Return what would be done; for a key in place, that is what there is already."""
        if self.action is not KeyAction.KEEP:
            return self.outcome(done=done, report=None)
        found = self.situation
        return self.outcome(done=done, key=found.current_key, record=found.current, report=found.report)

    def outcome(
        self, *, done: bool, key: ElasticKey | None = None, record: ApiKeyRecord | None = None, report: KeyReport | None
    ) -> CreateKeyOutcome:
        """Return what was done, or with `done` false what would be."""
        return CreateKeyOutcome(
            action=self.action,
            done=done,
            url=self.url,
            name=self.request.name,
            api_key_id=key.api_key_id if key else "",
            expires_at=record.expires_at if record else None,
            indexes=self.request.indexes,
            cluster_privileges=self.request.cluster_privileges,
            existing=self.situation.existing,
            cleaned_up=tuple(leftover.record.id for leftover in self.revoked) if done else (),
            to_revoke=self.to_revoke,
            revoke_request=revoke_form(list(self.to_revoke)) if self.to_revoke else "",
            report=report,
            secret_store=self.store,
        )


def describe(record: ApiKeyRecord) -> str:
    """Return an API key in words: id, owner, when made, when it expires."""
    expires = f"expires {record.expires_at:%Y-%m-%d}" if record.expires_at else "never expires"
    return f"{record.id} of {record.username}, made {record.created_at:%Y-%m-%d}, {expires}"


def decide(situation: Situation, request: KeyRequest, *, url: str, username: str, store: str, replace: bool) -> Plan:
    """Choose what to do; RefusedError where a key is there already and only the user can say what to do about it."""
    adopted = next((leftover for leftover in situation.leftovers if leftover.key), None)
    in_place = situation.report is not None and situation.current is not None and situation.current.name == request.name
    if replace or in_place:
        adopted = None
    action = _action(replace=replace, in_place=in_place, adopted=adopted is not None)
    left = tuple(leftover for leftover in situation.leftovers if leftover is not adopted)
    if action is KeyAction.KEEP:
        _refuse_other_wishes(situation, request)
    if action is KeyAction.CREATE and not replace:
        _refuse_second_key(situation, request, store)
    return Plan(
        action=action,
        request=request,
        url=url,
        username=username,
        store=store,
        situation=situation,
        adopted=adopted,
        revoked=left,
        to_revoke=_superseded(situation, username) if action is not KeyAction.KEEP else (),
    )


def _action(*, replace: bool, in_place: bool, adopted: bool) -> KeyAction:
    if replace:
        return KeyAction.CREATE
    if in_place:
        return KeyAction.KEEP
    return KeyAction.ADOPT if adopted else KeyAction.CREATE


def _refuse_other_wishes(situation: Situation, request: KeyRequest) -> None:
    current = situation.current
    if current and current.indexes and set(current.indexes) != set(request.indexes):
        raise RefusedError(
            f"API key {current.id} ({current.name}) is in place, and it is for {', '.join(current.indexes)}, "
            f"not {', '.join(request.indexes)}.",
            hint="A key's indices do not change: add --replace to make another key, or leave out --index.",
            code="key_differs",
        )


def _refuse_second_key(situation: Situation, request: KeyRequest, store: str) -> None:
    strangers = _without(situation.existing, situation.leftovers)
    if not strangers:
        return
    shown = "; ".join(describe(record) for record in strangers)
    raise RefusedError(
        f"There is an API key {request.name} already whose secret is not in {store}: {shown}.",
        hint="Elasticsearch shows a secret only once. Make a new key with --replace, and revoke the old one once the "
        "product has the new one. Or make one beside it, under another name: --name.",
        code="key_exists",
    )


def _superseded(situation: Situation, username: str) -> tuple[str, ...]:
    """Return the keys that a new one takes the place of: this profile's, and the user's own of the same name."""
    current = [situation.current] if situation.current and not situation.current.invalidated else []
    own = [record for record in _without(situation.existing, situation.leftovers) if record.username == username]
    return tuple(dict.fromkeys(record.id for record in (*current, *own)))


def _without(existing: tuple[ApiKeyRecord, ...], leftovers: tuple[Leftover, ...]) -> list[ApiKeyRecord]:
    left = {leftover.record.id for leftover in leftovers}
    return [record for record in existing if record.id not in left]
