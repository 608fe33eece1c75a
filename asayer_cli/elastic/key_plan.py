"""What `elastic create-key` is about to do, decided from what it found."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from asayer_cli.elastic.key_request import revoke_form, time_value
from asayer_cli.elastic.model import CreateKeyOutcome, KeyAction
from asayer_cli.elastic.privileges import KEY_INDEX
from asayer_cli.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asayer_cli.elastic.key_request import KeyRequest
    from asayer_cli.elastic.model import ApiKeyRecord, FormerKey, KeyReport
    from asayer_cli.elastic.situation import Leftover, Situation
    from asayer_cli.integrations import ElasticKey


@dataclass(frozen=True, slots=True)
class Plan:
    """The decision: `adopted` is the leftover whose key is taken over, `revoked` the leftovers that are ended.

    `resettled` tells that the key stays, and the settings that lead to it change; `own_only` that the user may revoke
    no other user's keys.
    """

    action: KeyAction
    request: KeyRequest
    profile: str
    url: str
    username: str
    store: str
    situation: Situation
    adopted: Leftover | None
    revoked: tuple[Leftover, ...]
    to_revoke: tuple[str, ...]
    resettled: bool
    former: FormerKey | None
    own_only: bool

    @property
    def changes_something(self) -> bool:
        """Whether anything is changed, so that it must be confirmed."""
        return self.action is not KeyAction.KEEP or bool(self.revoked) or self.resettled

    def lines(self) -> Iterator[str]:
        """Yield the plan for people, a line each."""
        for record in self.situation.existing:
            yield f"  There is API key {describe(record, self.situation.used_by[record.id])}."
        for leftover in self.revoked:
            yield f"  - revoke API key {leftover.record.id}, which an interrupted run left behind"
        if self.adopted:
            yield f"  + take over API key {self.adopted.record.id}, which an interrupted run made and stored"
        if self.action is KeyAction.CREATE:
            yield from self._creation()
        if self.action is not KeyAction.KEEP:
            yield f"  · prove it, and keep its secret in {self.store}"
            yield "  · write its id and the address into the settings"
        if self.former:
            yield f"  · leave API key {self.former.api_key_id} on {self.former.url} valid; this profile forgets it"
        if self.resettled:
            yield "  · write the address and the check of its certificate into the settings; the key stays as it is"

    def _creation(self) -> Iterator[str]:
        request = self.request
        yield f"  + make the API key {request.name} as {self.username} on {self.url}"
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
            profile=self.profile,
            url=self.url,
            name=self.request.name,
            api_key_id=key.api_key_id if key else "",
            expires_at=record.expires_at if record else None,
            indexes=self.request.indexes,
            cluster_privileges=self._cluster_privileges(),
            existing=self.situation.existing,
            cleaned_up=tuple(leftover.record.id for leftover in self.revoked) if done else (),
            to_revoke=self.to_revoke,
            revoke_request=self.revocation(*self.to_revoke) if self.to_revoke else "",
            report=report,
            secret_store=self.store,
            settings_change=self.resettled,
            former=self.former,
        )

    def revocation(self, *ids: str) -> str:
        """Return the Dev Tools request with which the user can revoke keys."""
        return revoke_form(list(ids), own=self.own_only)

    def _cluster_privileges(self) -> tuple[str, ...]:
        kept = self.situation.current if self.action is KeyAction.KEEP else None
        return kept.cluster_privileges if kept else self.request.cluster_privileges


def describe(record: ApiKeyRecord, used_by: tuple[str, ...] = ()) -> str:
    """Return an API key in words: id, owner, when made, when it expires, which profiles use it."""
    use = f", used by profile {', '.join(used_by)}" if used_by else ""
    return f"{record.id} of {record.username}, made {record.created_at:%Y-%m-%d}, {_expiry(record)}{use}"


def _expiry(record: ApiKeyRecord) -> str:
    return f"expires {record.expires_at:%Y-%m-%d}" if record.expires_at else "never expires"


def decide(
    situation: Situation,
    request: KeyRequest,
    *,
    profile: str,
    url: str,
    username: str,
    store: str,
    replace: bool,
    moved: bool,
    former: FormerKey | None,
    own_only: bool,
) -> Plan:
    """Choose what to do; `moved` tells that the settings lead to the cluster in another way than this run.

    RefusedError where a key is there already and only the user can say what to do about it.
    """
    in_place = situation.report is not None and situation.current is not None and situation.current.name == request.name
    # A new key of an interrupted run is as good as another new one: it is replacing that the run was about.
    adopted = _adoptable(situation, request) if replace or not in_place else None
    action = _action(replace=replace, in_place=in_place, adopted=adopted is not None)
    if action is KeyAction.KEEP and situation.current:
        _refuse_other_wishes(situation.current, request)
    if action is KeyAction.CREATE and not replace:
        _refuse_second_key(situation, request)
    return Plan(
        action=action,
        request=request,
        profile=profile,
        url=url,
        username=username,
        store=store,
        situation=situation,
        adopted=adopted,
        revoked=tuple(leftover for leftover in situation.leftovers if leftover is not adopted),
        to_revoke=_superseded(situation) if action is not KeyAction.KEEP else (),
        resettled=moved and action is KeyAction.KEEP,
        former=former,
        own_only=own_only,
    )


def _adoptable(situation: Situation, request: KeyRequest) -> Leftover | None:
    """Return a leftover whose secret is held and that is just the key asked for: with no more rights, for no longer."""
    return next((left for left in situation.leftovers if left.key and _is_as_asked(left.record, request)), None)


def _is_as_asked(record: ApiKeyRecord, request: KeyRequest) -> bool:
    return (
        set(record.indexes) == set(request.indexes)
        and set(record.index_privileges) == set(KEY_INDEX)
        and set(record.cluster_privileges) == set(request.cluster_privileges)
        and _lives_for(record, request.expires_in)
    )


def _lives_for(record: ApiKeyRecord, lifetime: timedelta | None) -> bool:
    if record.expires_at is None or lifetime is None:
        return record.expires_at is None and lifetime is None
    # Lifetimes are asked for in whole seconds.
    return abs(record.expires_at - record.created_at - lifetime) < timedelta(seconds=2)


def _action(*, replace: bool, in_place: bool, adopted: bool) -> KeyAction:
    if in_place and not replace:
        return KeyAction.KEEP
    return KeyAction.ADOPT if adopted else KeyAction.CREATE


def _refuse_other_wishes(current: ApiKeyRecord, request: KeyRequest) -> None:
    differences = dict(_differences(current, request))
    if differences:
        raise RefusedError(
            f"API key {current.id} ({current.name}) is in place, and {'; '.join(differences.values())}.",
            hint="A key stays as it was made. Add --replace to make another one, or leave out what differs: "
            f"{', '.join(differences)}.",
            code="key_differs",
        )


def _differences(current: ApiKeyRecord, request: KeyRequest) -> Iterator[tuple[str, str]]:
    """Yield the options that ask for something else than the key is, and how it differs."""
    told = bool(current.indexes)
    if told and set(current.indexes) != set(request.indexes):
        yield "--index", f"it is for {', '.join(current.indexes)}, not {', '.join(request.indexes)}"
    if request.expires_in is not None and not _lives_for(current, request.expires_in):
        yield "--expires-in", f"it {_expiry(current)}, not {time_value(request.expires_in)} after it was made"
    wanted = request.cluster_privileges
    if told and wanted and set(current.cluster_privileges) != set(wanted):
        held = ", ".join(current.cluster_privileges) or "no cluster privilege"
        yield "--cluster-privilege", f"it has {held}, not {', '.join(wanted)}"


def _refuse_second_key(situation: Situation, request: KeyRequest) -> None:
    left = {leftover.record.id for leftover in situation.leftovers}
    strangers = [record for record in situation.existing if record.id not in left]
    if not strangers:
        return
    profiles = sorted({profile for record in strangers for profile in situation.used_by[record.id]})
    shown = "; ".join(describe(record, situation.used_by[record.id]) for record in strangers)
    use = f"To use a key that another profile has: {' or '.join(f'--profile {name}' for name in profiles)}. "
    raise RefusedError(
        f"There is an API key {request.name} already, and this profile does not have its secret: {shown}.",
        hint=f"{use if profiles else ''}Elasticsearch shows a secret only once. Make a new key with --replace; what is "
        "there stays valid until you revoke it. Or make one under another name: --name NAME.",
        code="key_exists",
    )


def _superseded(situation: Situation) -> tuple[str, ...]:
    """Return the key that a new one takes the place of: this profile's, unless another profile uses it too."""
    current = situation.current
    if not current or current.invalidated or situation.used_by.get(current.id):
        return ()
    return (current.id,)
