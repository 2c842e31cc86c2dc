"""The workflow that puts a calendar's new version in force for every open dossier: pages, a rate, progress, passes."""

from datetime import timedelta
from typing import Final

import msgspec
from temporalio import workflow

from workflows.options import (
    CALENDAR_REVISION,
    JOURNAL_RETRY,
    JOURNAL_TIMEOUT,
    REVISE_AGAIN,
    REVISION_HEARTBEAT,
    REVISION_LATECOMERS,
    REVISION_PROGRESS,
    REVISION_TIMEOUT,
)

with workflow.unsafe.imports_passed_through():
    from activities.revision_messages import COUNT, PAGE, REVISE, Page, PageRequest, Revised, ReviseRequest
    from workflows.revision_messages import Progress, RevisionStart

LISTED_FAILURES: Final = 500
"""Failures kept by name; all are counted."""


@workflow.defn(name=CALENDAR_REVISION)
class CalendarRevisionWorkflow:
    """Walks all concerned dossiers, again and again until a pass changes nothing, and once more a while later.

    One pass is not enough: a dossier that gave no answer may give one later, and the processes that receive dossiers
    go on for a while under what was in force before. A later pass asks only those that are still concerned.
    """

    @workflow.init
    def __init__(self, start: RevisionStart) -> None:
        """Go on where an earlier run stopped."""
        self._start = start
        self._walk = start.walk
        self._total = start.total
        self._swept = start.swept
        self._pages = 0
        self._again = False
        self._finished = start.swept

    @workflow.run
    async def run(self, _: RevisionStart) -> Progress:
        """Revise every concerned dossier; ends well where there is none."""
        if self._total is None:
            self._total = await self._count()
            self._again = False  # whoever asked until now is served by the walk that begins
        while True:
            await self._walk_on()
            self._finished = True
            if self._swept and not self._again:
                return self.progress()
            if await self._asked_again():
                self._again, self._swept, self._finished = False, False, False
                self._total += await self._count()
            else:
                self._swept = True
            self._walk = self._walk.next_pass()

    @workflow.signal(name=REVISE_AGAIN)
    def again(self) -> None:
        """Somebody publishes the same version again: what failed is tried anew without waiting."""
        self._again = True

    @workflow.query(name=REVISION_PROGRESS)
    def progress(self) -> Progress:
        """How far it is."""
        walk = self._walk
        return Progress(
            total=self._total or 0,
            revised=walk.revised,
            unchanged=walk.unchanged,
            failed=walk.failed,
            failures=walk.failures,
            passes=walk.passes,
            finished=self._finished,
        )

    async def _walk_on(self) -> None:
        """Walk until a pass has changed nothing."""
        while not await self._next_page():
            self._pages += 1
            if self._pages >= self._start.pages_per_run or workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(
                    msgspec.structs.replace(self._start, walk=self._walk, total=self._total, swept=self._swept)
                )

    async def _asked_again(self) -> bool:
        """Wait for latecomers; tell whether somebody did not want to."""
        try:
            await workflow.wait_condition(lambda: self._again, timeout=REVISION_LATECOMERS)
        except TimeoutError:
            return False
        return True

    async def _next_page(self) -> bool:
        """Take the next page; tell whether that was the last one of the last pass."""
        walk = self._walk
        found: Page = await workflow.execute_activity(
            PAGE,
            PageRequest(self._start.publication, walk.after, self._start.page),
            result_type=Page,
            start_to_close_timeout=JOURNAL_TIMEOUT,
            retry_policy=JOURNAL_RETRY,
        )
        if not found.streams:
            if walk.changed == 0:
                return True
            self._walk = walk.next_pass()
            return False
        done: Revised = await workflow.execute_activity(
            REVISE,
            ReviseRequest(self._start.publication, found.streams, self._start.rate),
            result_type=Revised,
            start_to_close_timeout=REVISION_TIMEOUT + timedelta(seconds=len(found.streams) / self._start.rate),
            heartbeat_timeout=REVISION_HEARTBEAT,
            retry_policy=JOURNAL_RETRY,
        )
        self._walk = walk.after_page(found.streams[-1].stream, done, LISTED_FAILURES)
        return False

    async def _count(self) -> int:
        number: int = await workflow.execute_activity(
            COUNT,
            self._start.publication,
            result_type=int,
            start_to_close_timeout=JOURNAL_TIMEOUT,
            retry_policy=JOURNAL_RETRY,
        )
        return number
