"""The workflow of one dossier: the only writer of its stream. Thin: a lock, the append, one timer."""

import asyncio
import contextlib
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

from workflows.courier import Courier, Outlook
from workflows.options import (
    BIRTH_TIMEOUT,
    DOSSIER,
    EXECUTE,
    GLANCE,
    JOURNAL_RETRY,
    JOURNAL_TIMEOUT,
    MAX_UPDATES_PER_RUN,
    RECENT_COMMANDS,
    SETTLE,
)

with workflow.unsafe.imports_passed_through():
    from msgspec.structs import replace

    from activities.messages import APPEND, LOAD, AppendReply, LoadReply, LoadRequest
    from domain.dossier.agenda import next_moment
    from domain.dossier.codec import fact_of, new_event, order_digest
    from domain.dossier.commands import Order, PassMoment, ReviseCalendar
    from domain.dossier.decider import decide
    from domain.dossier.events import Event, Fact
    from domain.dossier.evolve import evolve
    from domain.dossier.rules import Rules
    from domain.dossier.state import Dossier
    from domain.dossier.summary import summarise
    from domain.dossier.view import Status
    from domain.errors import Refusal
    from domain.ids import CommandId
    from domain.link import BETWEEN_STREAMS, ENGINE, messages, recovery_messages
    from domain.record import Append, Outcome
    from workflows.interning import intern_rules
    from workflows.messages import Done, Glance, Reply, Start

REUSED = "command_id_reused"


@workflow.defn(name=DOSSIER)
class DossierWorkflow:
    """One stream's durable life, from its first order to its end; a new run takes up a closed one for corrections."""

    @workflow.init
    def __init__(self, start: Start) -> None:
        """Take over what an earlier run left; orders may arrive before ``run`` begins."""
        self._start = start
        self._rules: Rules | None = None
        self._state: Dossier = start.state
        self._moment: datetime | None = None
        self._head = start.head
        self._recorded_at = start.recorded_at
        if start.rules is not None:
            self._move_on(intern_rules(start.rules), start.state, start.head, start.recorded_at)
        self._recent: dict[CommandId, Done] = {done.id: done for done in start.recent}
        self._lock = asyncio.Lock()
        self._courier = Courier(start, self._outlook, self._record)
        self._orders = 0
        self._looked = False
        self._asked = False
        self._armed: datetime | None = None
        self._stuck_at: int | None = None

    @workflow.run
    async def run(self, _: Start) -> int:
        """Wait for orders and moments until the dossier is closed; returns the stream's last version."""
        if self._start.first is not None and self._state.version == 0:
            await self._execute(self._start.first)
        await self._begun()
        async with self._lock:
            await self._loaded()
        courier = asyncio.create_task(self._courier.run())
        while not self._over():
            await self._sleep(courier)
            await self._come_due()
            if self._worn_out() and not self._over():
                await workflow.wait_condition(self._idle)
                courier.cancel()
                workflow.continue_as_new(
                    self._carried_over(),
                    initial_versioning_behavior=workflow.ContinueAsNewVersioningBehavior.AUTO_UPGRADE,
                )
        await workflow.wait_condition(
            lambda: courier.done() or (not self._courier.outgoing and workflow.all_handlers_finished())
        )
        _raise_failure(courier)
        return self._state.version

    @workflow.update(name=EXECUTE)
    async def execute(self, order: Order) -> Reply:
        """Carry one order out: exactly one effect per command id.

        Raises ApplicationError whose type is the refusal's stable code, details its message and fields.
        """
        return await self._execute(order)

    async def _execute(self, order: Order) -> Reply:
        self._orders += 1
        try:
            async with self._lock:
                await self._loaded(order)
                return await self._perform(self._timed(order))
        except Refusal as refusal:
            raise _application_error(refusal) from None

    @execute.validator
    def _refuse_early(self, order: Order) -> None:
        """Refuse what is plainly not allowed now, so that it leaves no trace in history; ``execute`` decides again.

        Nothing is refused before the stream is known, and repeats never are; nor what an order under way (its events
        may be stored and seen already) or a moment that is due may allow.
        """
        if self._rules is None or self._state.version == 0 or self._lock.locked() or order.id in self._recent:
            return
        timed = self._timed(order)
        if self._moment is not None and self._moment < timed.recorded_at:
            return
        try:
            decide(self._rules, self._state, timed)
        except Refusal as refusal:
            raise _application_error(refusal) from None

    @workflow.update(name=SETTLE)
    async def settle(self) -> bool:
        """Return once every message to linked streams is delivered.

        For drivers that must wait for the whole cascade, and for whoever moves dossiers to another version of the
        program: a run that is asked looks whether there is one. Returns false where this run must end before that: ask
        again.
        """
        self._asked = True
        await workflow.wait_condition(lambda: not self._courier.outgoing or self._worn_out())
        return not self._courier.outgoing

    @workflow.query(name=GLANCE)
    def glance(self) -> Glance:
        """What reconciliation compares with the store."""
        return Glance(
            self._start.stream, self._state.version, self._head, self._moment, self._armed, len(self._courier.outgoing)
        )

    # -- orders ----------------------------------------------------------------------------------------------------

    async def _perform(self, order: Order) -> Reply:
        digest = order_digest(order)
        repeated = self._recent.get(order.id)
        if repeated is not None:
            return self._repeat(repeated, digest)
        while True:
            await self._pass_earlier_moments(order)
            events = decide(self._known_rules(), self._state, order)
            if not events:
                return Reply(self._start.stream, 0, self._state.version)
            done = await self._append(order, digest, events)
            if done is not None:
                self._remember(done)
                return Reply(self._start.stream, done.first, done.last)

    async def _pass_earlier_moments(self, order: Order) -> None:
        """Let what was due before the order come true.

        A new calendar may be just what is missing for that, so it is not held up.
        """
        try:
            await self._pass_moments(order.recorded_at, inclusive=False)
        except Refusal:
            if not isinstance(order.command, ReviseCalendar):
                raise

    async def _pass_moments(self, until: datetime, *, inclusive: bool) -> None:
        """Let agenda moments before ``until`` come true, one at a time, so that they precede what is decided then.

        Those of ``until`` itself follow what is done at that instant: on time is on time.
        """
        while True:
            moment = self._moment
            if moment is None or moment > until or (moment == until and not inclusive):
                return
            order = Order(
                id=CommandId(f"moment/{moment.isoformat()}/{self._state.version}"),
                command=PassMoment(moment),
                recorded_at=max(moment, self._recorded_at or moment) if self._start.exact else self._now(),
                occurred_at=moment,
                actor=ENGINE,
                authority=self._state.authority,
                correlation_id=self._start.stream,
            )
            await self._append(order, order_digest(order), decide(self._known_rules(), self._state, order))

    async def _append(self, order: Order, digest: bytes, events: tuple[Event, ...]) -> Done | None:
        """Store the events and fold them; none when another writer was first and deciding must start over."""
        first = self._state.version + 1
        rules, state = self._after(order, events)
        request = Append(
            stream=self._start.stream,
            expected_version=self._state.version,
            prev_hash=self._head,
            command_id=order.id,
            command_digest=digest,
            events=tuple(new_event(event, order) for event in events),
            view=summarise(rules, state, self._start.stream),
        )
        reply = await self._store(request)
        match Outcome(reply.outcome):
            case Outcome.APPENDED:
                self._move_on(rules, state, reply.head, order.recorded_at)
                self._courier.outgoing += messages(self._start.stream, state, order, events)
                return Done(order.id, digest, first, state.version)
            case Outcome.REPEATED:
                # The answer to an earlier attempt was lost, or a whole run: what else is stored is not known here.
                await self._reload()
                stored = [fact_of(record).event for record in reply.records]
                self._courier.outgoing += messages(self._start.stream, self._state, order, stored)
                return Done(order.id, digest, reply.records[0].version, reply.records[-1].version)
            case Outcome.CONFLICT:
                await self._reload()
                return None
            case Outcome.REUSED:
                raise _reused(order.id)

    async def _store(self, request: Append) -> AppendReply:
        """The store's answer, however long that takes; refuses what the store can never hold."""
        try:
            reply: AppendReply = await workflow.execute_activity(
                APPEND,
                request,
                result_type=AppendReply,
                start_to_close_timeout=JOURNAL_TIMEOUT,
                retry_policy=JOURNAL_RETRY,
            )
        except ActivityError as error:
            if isinstance(error.cause, ApplicationError) and error.cause.non_retryable:
                raise _same_error(error.cause) from None
            raise
        return reply

    def _after(self, order: Order, events: tuple[Event, ...]) -> tuple[Rules, Dossier]:
        state = self._state
        for event in events:
            fact = Fact(
                event=event,
                version=state.version + 1,
                occurred_at=order.at,
                recorded_at=order.recorded_at,
                actor=order.actor,
                authority=order.authority,
                on_behalf_of=order.on_behalf_of,
                command_id=order.id,
            )
            state = evolve(state, fact)
        rules = self._known_rules()
        if isinstance(order.command, ReviseCalendar):
            rules = intern_rules(rules.with_calendar(order.command.calendar))
        return rules, state

    def _repeat(self, done: Done, digest: bytes) -> Reply:
        if done.digest != digest:
            raise _reused(done.id)
        return Reply(self._start.stream, done.first, done.last)

    def _remember(self, done: Done) -> None:
        self._recent[done.id] = done
        while len(self._recent) > RECENT_COMMANDS:
            del self._recent[next(iter(self._recent))]

    # -- the stream ------------------------------------------------------------------------------------------------

    async def _loaded(self, order: Order | None = None) -> None:
        """Read the stream when this run was started without it.

        A closed stream that is only told something by a neighbour tells it nothing in return: two that have both ended
        would else call each other back for ever.
        """
        if self._rules is None and not self._looked:
            self._looked = True
            before = len(self._courier.outgoing)
            await self._reload()
            if order is not None and isinstance(order.command, BETWEEN_STREAMS) and self._over():
                del self._courier.outgoing[before:]

    async def _reload(self) -> None:
        """Read the whole stream anew, with the rules it has pinned; nothing changes where there is none."""
        reply = await workflow.execute_activity(
            LOAD,
            LoadRequest(self._start.stream),
            result_type=LoadReply,
            start_to_close_timeout=JOURNAL_TIMEOUT,
            retry_policy=JOURNAL_RETRY,
        )
        found = reply.found
        if found is None:
            return
        self._move_on(intern_rules(found.rules), found.state, found.head, found.recorded_at)
        taken_up = Order(
            id=CommandId(f"load/{found.state.version}"),
            command=PassMoment(found.recorded_at),
            recorded_at=found.recorded_at,
            actor=ENGINE,
            correlation_id=found.state.origin.root if found.state.origin else self._start.stream,
        )
        self._courier.outgoing += recovery_messages(self._start.stream, found.state, taken_up)

    def _move_on(self, rules: Rules, state: Dossier, head: bytes, recorded_at: datetime | None) -> None:
        self._rules, self._state, self._head, self._recorded_at = rules, state, head, recorded_at
        self._moment = self._next_moment(rules, state)

    def _next_moment(self, rules: Rules, state: Dossier) -> datetime | None:
        """The agenda's next moment; none where it cannot be computed, which must not keep orders out.

        The store's row then names a moment that no timer has: reconciliation reports it.
        """
        try:
            return next_moment(rules, state)
        except Refusal as refusal:
            workflow.logger.error("agenda of %s cannot be computed: %s", self._start.stream, refusal.code)
            return None

    def _known_rules(self) -> Rules:
        if self._rules is None:
            message = f"there is no dossier {self._start.stream}"
            raise ApplicationError(message, type="dossier_unknown", non_retryable=True)
        return self._rules

    # -- linked streams ----------------------------------------------------------------------------------------------

    def _outlook(self) -> Outlook:
        """What the courier goes by."""
        return Outlook(self._known_rules(), self._state, self._now())

    async def _record(self, order: Order) -> None:
        """Record what became of a message. What cannot be recorded must not hold it up."""
        try:
            async with self._lock:
                await self._perform(self._timed(order))
        except (Refusal, ApplicationError) as refused:
            workflow.logger.error("%s of %s cannot be recorded: %s", order.name, self._start.stream, refused)

    def _idle(self) -> bool:
        """Whether nothing is being recorded or answered just now."""
        return workflow.all_handlers_finished() and not self._lock.locked()

    # -- time and renewal ------------------------------------------------------------------------------------------

    def _now(self) -> datetime:
        now = self._clock()
        return max(now, self._recorded_at) if self._recorded_at else now

    def _clock(self) -> datetime:
        """Temporal's clock, or in virtual time the scenario's."""
        return workflow.now() + self._start.offset

    def _timed(self, order: Order) -> Order:
        """The order as recorded now.

        In exact runs as recorded when it says, but never before what is already recorded.
        """
        if not self._start.exact:
            return replace(order, recorded_at=self._now())
        return replace(order, recorded_at=max(order.recorded_at, self._recorded_at or order.recorded_at))

    async def _begun(self) -> None:
        """Wait for a new dossier's first order, but not for ever: its sender may be lost."""
        if self._rules is None or self._state.version > 0 or self._orders > 0:
            return
        with contextlib.suppress(TimeoutError):
            await workflow.wait_condition(lambda: self._orders > 0, timeout=BIRTH_TIMEOUT)

    async def _sleep(self, courier: "asyncio.Task[None]") -> None:
        """Sleep until the agenda's next moment; wake early when that moment changes or the run should end."""
        self._armed = self._timer()
        timeout = max(self._armed - self._clock(), timedelta(0)) if self._armed else None
        with contextlib.suppress(TimeoutError):
            await workflow.wait_condition(lambda: courier.done() or self._disturbed(), timeout=timeout)
        _raise_failure(courier)

    def _timer(self) -> datetime | None:
        """What the timer waits for: the agenda's next moment, unless that was refused in this very state."""
        return None if self._stuck_at == self._state.version else self._moment

    def _disturbed(self) -> bool:
        return self._timer() != self._armed or self._over() or self._worn_out()

    async def _come_due(self) -> None:
        """Let moments that have come come true.

        One that is refused (its consequences lie past the calendar's last year) waits until the dossier changes; the
        run goes on, so that a new calendar can be told to it. Reconciliation reports the missing timer.
        """
        timer = self._timer()
        if timer is None or timer > self._now():
            return
        try:
            async with self._lock:
                await self._pass_moments(self._now(), inclusive=True)
        except (Refusal, ApplicationError) as refused:
            self._stuck_at = self._state.version
            workflow.logger.error("a moment of %s cannot come true: %s", self._start.stream, refused)

    def _over(self) -> bool:
        return self._state.status in {None, Status.CLOSED, Status.REFUSED}

    def _worn_out(self) -> bool:
        info = workflow.info()
        limit = self._start.events_per_run
        return (
            info.is_continue_as_new_suggested()
            or self._orders >= MAX_UPDATES_PER_RUN
            or (limit > 0 and info.get_current_history_length() >= limit)
            or self._outdated()
        )

    def _outdated(self) -> bool:
        """Whether another version of the program is current by now; the next run begins there.

        Not before this run was asked something: where the server keeps it on its version nevertheless, run must not
        follow run without end.
        """
        asked = self._orders > 0 or self._asked
        return asked and workflow.info().is_target_worker_deployment_version_changed()

    def _carried_over(self) -> Start:
        return replace(
            self._start,
            rules=self._rules,
            state=self._state,
            head=self._head,
            recorded_at=self._recorded_at,
            first=None,
            recent=tuple(self._recent.values()),
            outgoing=tuple(self._courier.outgoing),
        )


def _application_error(refusal: Refusal) -> ApplicationError:
    return ApplicationError(refusal.message, refusal.details, type=refusal.code, non_retryable=True)


def _reused(command_id: str) -> ApplicationError:
    message = f"the id {command_id} was already used for another command; use a new one"
    return ApplicationError(message, type=REUSED, non_retryable=True)


def _same_error(error: ApplicationError) -> ApplicationError:
    return ApplicationError(error.message, *error.details, type=error.type, non_retryable=True)


def _raise_failure(task: "asyncio.Task[None]") -> None:
    """A background task that ended has failed: its error must be seen, not swallowed."""
    if task.done():
        task.result()
