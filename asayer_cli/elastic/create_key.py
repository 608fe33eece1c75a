"""Make an API key for the collector: planned, journalled, made once, stored, proved, and undone when that fails."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from asayer_cli.elastic.creator import introduce, judge, rights_of
from asayer_cli.elastic.key_plan import Plan, decide
from asayer_cli.elastic.lineage import revoked_by_cut_off_runs
from asayer_cli.elastic.model import ApiKeyRecord, CreateKeyOutcome, KeyAction
from asayer_cli.elastic.proof import PATIENCE_SECONDS, demand, prove, remark
from asayer_cli.elastic.revocation import Revoker
from asayer_cli.elastic.situation import ACTION, Held, Leftover, survey
from asayer_cli.errors import AsayerError, OutcomeUnknownError, RefusedError, UnreachableError
from asayer_cli.secret_store import prove_writable
from asayer_cli.undisturbed import undisturbed

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from asayer_cli.elastic.api_keys import ApiKeys, NewKey
    from asayer_cli.elastic.connection import Cluster
    from asayer_cli.elastic.key_request import KeyRequest
    from asayer_cli.elastic.model import FormerKey, KeyReport
    from asayer_cli.integrations import ElasticKey
    from asayer_cli.journal import Record
    from asayer_cli.reporting import Reporter

_LOOKS: Final = (0.0, 0.7, 2.0)
# What a request that makes a key can end with, without having made one: it was never sent, or clearly refused. TLS
# that breaks in another way than over the certificate may do so after the request was sent.
_CERTIFICATE: Final = ("tls_fingerprint", "tls_hostname", "tls_expired", "tls_unknown_authority")
_NOTHING_MADE: Final = ("throttled", "connection_refused", "unknown_host", "gateway_refused", "proxy_", *_CERTIFICATE)


@dataclass(frozen=True, slots=True)
class KeyMaker:
    """Everything that making a key needs: the cluster as its user, this machine, and how to tell about it.

    `connect_with` connects to the same cluster with a key; `save` writes the key's id and the way to the cluster into
    the settings, `moved` tells that they have another way so far; `looks` are the seconds before each look for a key
    whose making has an unknown outcome. `former` is the profile's key on another cluster.
    """

    keys: ApiKeys
    held: Held
    request: KeyRequest
    reporter: Reporter
    connect_with: Callable[[ElasticKey], Cluster]
    save: Callable[[ElasticKey], object]
    moved: bool = False
    former: FormerKey | None = None
    looks: tuple[float, ...] = _LOOKS

    def plan(self, *, replace: bool) -> Plan:
        """Look at who asks and at what is there, and decide; nothing is changed."""
        identity = introduce(self.keys.cluster, self.reporter)
        rights = rights_of(self.keys.cluster, self.request)
        judge(rights, identity.username, self.reporter)
        situation = survey(
            self.keys, self.held, self.request.name, self.request.indexes, self.connect_with, self.reporter
        )
        return decide(
            situation,
            self.request,
            profile=self.held.profile,
            url=self.keys.cluster.endpoint.url,
            username=identity.username,
            store=self.held.store.label,
            replace=replace,
            moved=self.moved,
            former=self.former,
            own_only=rights.own_only,
        )

    def carry_out(self, plan: Plan) -> CreateKeyOutcome:
        """Do what was planned; on a failure after the key was made, revoke it, forget its secret and say so."""
        self._clean_up(plan)
        if plan.action is KeyAction.KEEP:
            return self._keep(plan)
        if plan.adopted and plan.adopted.key:
            return self._adopt(plan, plan.adopted, plan.adopted.key)
        prove_writable(self.held.store)
        return self._create(plan)

    def _keep(self, plan: Plan) -> CreateKeyOutcome:
        if report := plan.situation.report:
            demand(report, self.request.indexes)
            remark(report, self.request.indexes, self.reporter)
        if plan.resettled and plan.situation.current_key:
            self.save(plan.situation.current_key)
        return plan.foretell(done=True)

    def _clean_up(self, plan: Plan) -> None:
        """Revoke what interrupted runs left behind, and close their records."""
        revoker = Revoker(self.keys, self.held, self.reporter)
        for leftover in plan.revoked:
            revoker.revoke(leftover.record.id, ", which an interrupted run left behind")
            self.held.store.remove(self.held.secret_name(leftover.record.id))
            self.held.journal.failed(leftover.change, "revoked by a later run", leftover.record.id)
        ended = plan.situation.ended
        for change, made in plan.situation.settled:
            if made in ended:
                self.held.journal.failed(change, "revoked, as a later run found", made)
            else:
                self.held.journal.settled(change, made)
        for key_id in ended & revoked_by_cut_off_runs(self.held, revoker.url):
            revoker.settle(key_id)

    def _adopt(self, plan: Plan, leftover: Leftover, key: ElasticKey) -> CreateKeyOutcome:
        report = self._prove(key)
        self.save(key)
        self._close(leftover.change, key.api_key_id)
        return plan.outcome(done=True, key=key, record=leftover.record, report=report)

    def _create(self, plan: Plan) -> CreateKeyOutcome:
        before = tuple(record.id for record in plan.situation.existing)
        target = self.held.target(self.request.name)
        change = self.held.journal.begin(self.keys.cluster.endpoint.url, ACTION, target, before)
        new = None
        try:
            new = self.keys.create(self.request, change.change)
            self.held.store.put(self.held.secret_name(new.key.api_key_id), new.key.api_key)
            self.reporter.say(f"Made API key {new.key.api_key_id}.")
            self._refuse_second(new.key.api_key_id, before)
            report = self._prove(new.key)
            with undisturbed():  # from here on the settings name the key, and what they name is not undone
                self.save(new.key)
        except BaseException as error:
            with undisturbed():
                unknown = self._clean_up_after(error, plan, change, new)
            if unknown and isinstance(error, AsayerError):
                raise unknown from error
            raise
        self._close(change, new.key.api_key_id)
        return plan.outcome(done=True, key=new.key, record=self._record(new, plan), report=report)

    def _refuse_second(self, key_id: str, before: Collection[str]) -> None:
        """Raise RefusedError when another run made a key of the name at the same moment, and was first."""
        now = datetime.now(UTC)
        found = [record for record in self.keys.by_name(self.request.name).records if record.managed]
        new = [record for record in found if record.id not in before and record.alive_at(now)]
        first = min(new, key=lambda record: (record.created_at, record.id), default=None)
        if first is None or first.id == key_id or key_id not in {record.id for record in new}:
            return
        raise RefusedError(
            f"Another run made API key {first.id} ({self.request.name}) at the same moment, perhaps on another "
            "machine.",
            hint="Use that one there; or wait a moment and run this again to see what there is.",
            code="busy",
        )

    def _close(self, change: Record, key_id: str) -> None:
        """Write down that the key is made; where that fails the key is no worse for it, and the next run does it."""
        try:
            self.held.journal.done(change, key_id)
        except AsayerError as error:
            self.reporter.warn(
                f"API key {key_id} is made, proved and saved; that is not in the journal: {error.message}"
            )

    def _record(self, new: NewKey, plan: Plan) -> ApiKeyRecord:
        now = datetime.now(UTC)
        name = self.request.name
        return ApiKeyRecord(new.key.api_key_id, name, now, new.expires_at, False, plan.username, "")

    def _clean_up_after(
        self, error: BaseException, plan: Plan, change: Record, new: NewKey | None
    ) -> OutcomeUnknownError | None:
        """Revoke what was made; return, and say after an interrupt, that it is unknown whether a key was made."""
        if new:
            self._undo(plan, change, new.key.api_key_id)
        elif isinstance(error, AsayerError) and not _may_have_made(error):
            self.held.journal.failed(change, error.code)
        elif not self._found_and_undone(plan, change):
            unknown = _unknown(change, error)
            if not isinstance(error, AsayerError):
                self.reporter.warn(f"{unknown.message} {unknown.hint}")
            return unknown
        return None

    def _found_and_undone(self, plan: Plan, change: Record) -> bool:
        """Revoke the key of this run if it was made; False where none is seen, or nothing can be seen any more."""
        self.reporter.say("Looking whether the key was made ...")
        try:
            made = self._find(change)
        except AsayerError:
            return False
        if made:
            self._undo(plan, change, made.id)
        return made is not None

    def _find(self, change: Record) -> ApiKeyRecord | None:
        """Look for the key of a run, a few times: a cut connection may be noticed before the key is there."""
        for pause in self.looks:
            time.sleep(pause)
            for record in self.keys.by_name(self.request.name).records:
                if record.run == change.change and not record.invalidated:
                    return record
        return None

    def _prove(self, key: ElasticKey) -> KeyReport:
        cluster = self.connect_with(key)
        try:
            report = prove(cluster, key.api_key_id, self.request.indexes, self.reporter, PATIENCE_SECONDS)
        finally:
            cluster.close()
        demand(report, self.request.indexes)
        remark(report, self.request.indexes, self.reporter)
        return report

    def _undo(self, plan: Plan, change: Record, key_id: str) -> None:
        """Revoke a key made in this run and forget its secret; where that fails, say what is left and how to end it."""
        self.reporter.say(f"Cleaning up: revoking API key {key_id} ...")
        try:
            self.keys.revoke(key_id)
        except AsayerError as error:
            self.reporter.warn(
                f"API key {key_id} was made and could not be revoked again: {error.message} Run the command again, or "
                f"send in Kibana's Dev Tools as {plan.username}: {plan.revocation(key_id)}".replace("\n", " ")
            )
            return
        try:
            self.held.store.remove(self.held.secret_name(key_id))
            self.held.journal.failed(change, "undone", key_id)
        except AsayerError as error:
            self.reporter.warn(
                f"API key {key_id} was made and revoked again. Its trace here is not cleared: {error.message}"
            )
        else:
            self.reporter.warn(f"API key {key_id} was made and revoked again: nothing is left of it.")


def _may_have_made(error: AsayerError) -> bool:
    """Tell whether a key may exist after this failure: anything but a clear refusal."""
    broken = isinstance(error, UnreachableError) or error.code == "malformed_answer"
    return broken and not error.code.startswith(_NOTHING_MADE)


def _unknown(change: Record, error: BaseException) -> OutcomeUnknownError:
    why = f": {error.message}" if isinstance(error, AsayerError) else "."
    return OutcomeUnknownError(
        f"Whether the key was made is unknown, and no key of this run is to be seen{why}",
        hint="Run the command again: it looks for a key left behind and revokes it. By hand: look for a key with "
        f'metadata.run "{change.change}" under Stack Management > API keys.',
    )
