"""What the store says should run, held against what runs, and mended from the store.

The store is the record; a workflow is only a dossier's motor. Mending therefore never writes an event: it ends a run
that is not what the store says, begins one from the store, and lets that run deliver again whatever may not have
arrived. All of it may be repeated, and done while officers work: a run that has just changed is looked at again before
it is judged.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from enum import StrEnum
from typing import Final, TypeVar

import msgspec

from domain.dossier.events import ACKNOWLEDGEMENT
from domain.dossier.history import state_of
from domain.dossier.state import Link, LinkState
from domain.ids import Stream
from domain.link import part_of
from store.journal import Journal
from store.open_streams import PAGE, OpenStream, OpenStreams
from workflows.client import Dossiers, NotAnswering
from workflows.messages import Glance

T = TypeVar("T")

AT_ONCE: Final = 16
"""Dossiers looked at or started together."""
LOOKS: Final = 3
PAUSE_SECONDS: Final = 0.5
"""How often, and how far apart, one is looked at that does not agree: it may be at work just then."""
ANSWER: Final = timedelta(seconds=10)
"""How long a workflow may take to show itself."""

LATE: Final = f"link_{ACKNOWLEDGEMENT}"
"""The agenda's entry for a hand-over that is not acknowledged in time."""

Progress = Callable[[int], None]
"""Told how many more dossiers are done."""


class Kind(StrEnum):
    """What is wrong; stable, for machines."""

    NOT_RUNNING = "not_running"
    NOT_ANSWERING = "not_answering"
    OTHER_HISTORY = "other_history"
    TIMER_DIFFERS = "timer_differs"
    NOT_DELIVERED = "not_delivered"
    HAND_OVER_LOST = "hand_over_lost"
    UNACKNOWLEDGED = "unacknowledged"
    ACKNOWLEDGEMENT_LOST = "acknowledgement_lost"
    ANSWER_LOST = "answer_lost"
    PART_FORGOTTEN = "part_forgotten"
    BEYOND_STORE = "beyond_store"


class Finding(msgspec.Struct, frozen=True):
    """One fault of one stream.

    ``renew``: the streams whose runs must begin anew to mend it; ``end``: its own run must end, and none begin. Where
    neither is said nothing helps.
    """

    stream: Stream
    kind: Kind
    message: str
    renew: tuple[Stream, ...] = ()
    end: bool = False


class Recovery:
    """Looks and mends. Methods raise StoreUnavailable or DossiersUnavailable where either cannot be asked."""

    def __init__(self, journal: Journal, streams: OpenStreams, dossiers: Dossiers) -> None:
        """Compare these streams of this journal with these dossiers."""
        self._journal = journal
        self._streams = streams
        self._dossiers = dossiers

    async def manned(self) -> bool:
        """Whether a worker is there to be asked."""
        return await self._dossiers.manned()

    async def revive(self, per_second: float, progress: Progress) -> int:
        """Start the workflow of every open stream that has none, at most so many a second; how many were started.

        Closed streams that have forgotten to recall a part are taken up too, until they have.
        """
        started = 0
        pace = asyncio.get_running_loop().time()
        async for page in self._pages():
            for chunk in _chunks([row.stream for row in page], AT_ONCE):
                began = await asyncio.gather(*(self._dossiers.revive(stream) for stream in chunk))
                started += sum(began)
                progress(len(chunk))
                pace = await _keep_pace(pace, sum(began) / per_second)
        for parent in await self._streams.parents_of_forgotten_parts():
            started += await self._dossiers.revive(parent)
        return started

    async def findings(self, progress: Progress) -> AsyncIterator[Finding]:
        """Every fault of every open stream, after the runs that should not be: those would be taken for parts."""
        async for finding in self._beyond():
            yield finding
        async for page in self._pages():
            for chunk in _chunks(page, AT_ONCE):
                for found in await asyncio.gather(*(self._faults(row) for row in chunk)):
                    for finding in found:
                        yield finding
                progress(len(chunk))
        for parent in await self._confirmed(self._streams.parents_of_forgotten_parts):
            yield Finding(parent, Kind.PART_FORGOTTEN, "it is closed, but a part of it is open", (parent,))

    async def mend(self, finding: Finding) -> bool:
        """Begin anew the runs that the finding names; false where that does not help."""
        for stream in finding.renew:
            await self._dossiers.renew(stream)
        if finding.end:
            await self._dossiers.end(finding.stream)
        return finding.end or bool(finding.renew)

    async def _beyond(self) -> AsyncIterator[Finding]:
        """Runs of streams that the store does not have, or has closed at another version: it is older than they are."""
        async for stream in self._dossiers.running():
            version = await self._version_beyond(stream)
            for _ in range(1, LOOKS):
                if not version:
                    break
                await asyncio.sleep(PAUSE_SECONDS)
                version = await self._version_beyond(stream)
            if version:
                message = f"its workflow is at version {version}, which the store does not have"
                yield Finding(stream, Kind.BEYOND_STORE, message, end=True)

    async def _version_beyond(self, stream: Stream) -> int:
        """The version of a run that the store knows nothing of (0: all is well, or its open stream is looked at)."""
        if await self._streams.one(stream) is not None:
            return 0
        try:
            glance = await self._dossiers.glance(stream, ANSWER)
        except NotAnswering:
            return 0
        if glance is None or not glance.version:
            return 0
        stored = await self._journal.read(stream, glance.version - 1)
        return 0 if stored and stored[0].hash == glance.head else glance.version

    async def _pages(self) -> AsyncIterator[list[OpenStream]]:
        after = ""
        while page := await self._streams.page(after):
            yield page
            after = page[-1].stream
            if len(page) < PAGE:
                return

    # -- one stream ------------------------------------------------------------------------------------------------

    async def _faults(self, row: OpenStream) -> list[Finding]:
        """What is wrong with one stream, seen several times."""
        found: list[Finding] = []
        for look in range(LOOKS):
            if look:
                await asyncio.sleep(PAUSE_SECONDS)
            now = row if look == 0 else await self._streams.one(row.stream)
            found = await self._seen(now) if now is not None else []
            if not found:
                return []
        return found

    async def _seen(self, row: OpenStream) -> list[Finding]:
        try:
            glance = await self._dossiers.glance(row.stream, ANSWER)
        except NotAnswering:
            message = f"its workflow does not answer within {ANSWER.total_seconds():g} s"
            return [Finding(row.stream, Kind.NOT_ANSWERING, message, (row.stream,))]
        if glance is None:
            return [Finding(row.stream, Kind.NOT_RUNNING, "no workflow runs for it", (row.stream,))]
        found = [*_compared(row, glance)]
        if row.waits_for_link:
            found += await self._hand_overs(row.stream)
        return found

    async def _hand_overs(self, stream: Stream) -> list[Finding]:
        """Every open hand-over held against the part that it opened."""
        state = state_of(await self._journal.read(stream))
        late = {fired.key for fired in state.fired if fired.kind == LATE}
        seen = [await self._hand_over(stream, link, late=link.id in late) for link in state.links if link.open]
        return [finding for finding in seen if finding is not None]

    async def _hand_over(self, parent: Stream, link: Link, *, late: bool) -> Finding | None:
        part = part_of(parent, link.id, link.attempt)
        records = await self._journal.read(part)
        if not records:
            message = f"the hand-over {link.id} has not reached {link.to}"
            return Finding(parent, Kind.HAND_OVER_LOST, message, (parent,))
        origin = state_of(records).origin
        if origin is not None and origin.answer is not None:
            message = f"the answer of {link.to} to {link.id} has not come back"
            return Finding(parent, Kind.ANSWER_LOST, message, (part,))
        if origin is not None and origin.handed_back:
            message = f"{link.to} has handed {link.id} back, which is not known here"
            return Finding(parent, Kind.ANSWER_LOST, message, (part,))
        if link.state is LinkState.ACKNOWLEDGED:
            return None
        if origin is not None and origin.acknowledged:
            message = f"{link.to} has acknowledged {link.id}, which is not known here"
            return Finding(parent, Kind.ACKNOWLEDGEMENT_LOST, message, (part,))
        return (
            Finding(parent, Kind.UNACKNOWLEDGED, f"{link.to} has not acknowledged {link.id} in time") if late else None
        )

    async def _confirmed(self, ask: Callable[[], Awaitable[list[T]]]) -> list[T]:
        """What every look sees."""
        seen = await ask()
        for _ in range(1, LOOKS):
            if not seen:
                return []
            await asyncio.sleep(PAUSE_SECONDS)
            again = await ask()
            seen = [item for item in seen if item in again]
        return seen


def _compared(row: OpenStream, glance: Glance) -> list[Finding]:
    """The running workflow held against the stored row."""
    stream = row.stream
    if (glance.version, glance.head) != (row.version, row.head):
        message = f"its workflow is at version {glance.version}, the store at {row.version}"
        return [Finding(stream, Kind.OTHER_HISTORY, message, (stream,))]
    found = []
    if glance.next_moment != row.next_moment:
        message = f"its agenda's next moment is {glance.next_moment}, in the store {row.next_moment}"
        found.append(Finding(stream, Kind.TIMER_DIFFERS, message, (stream,)))
    elif glance.armed != glance.next_moment:
        message = f"its timer waits for {glance.armed}, its agenda for {glance.next_moment}, which cannot come true"
        found.append(Finding(stream, Kind.TIMER_DIFFERS, message))
    if glance.outgoing:
        found.append(Finding(stream, Kind.NOT_DELIVERED, f"{glance.outgoing} messages to linked streams wait"))
    return found


def _chunks(items: list[T], size: int) -> list[list[T]]:
    return [items[start : start + size] for start in range(0, len(items), size)]


async def _keep_pace(due: float, seconds: float) -> float:
    """Sleep until ``due`` plus ``seconds`` on the loop's clock, if that lies ahead; when the next may begin."""
    clock = asyncio.get_running_loop().time
    due = max(due + seconds, clock())
    await asyncio.sleep(due - clock())
    return due
