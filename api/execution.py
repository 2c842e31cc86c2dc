"""Carrying an order out once, however often and however simultaneously it is asked for."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from http import HTTPStatus
from typing import Final

from api.bodies import authorities_named, officers_named
from api.parts import Parts
from api.problems import Trouble
from api.statuses import reused
from api.streams import check, unknown
from domain.access import READ, facts_of_state, facts_of_view
from domain.dossier.codec import order_digest
from domain.dossier.commands import DelegateTask, Order
from domain.dossier.decider import check_status
from domain.dossier.history import state_of
from domain.dossier.refusals import StaleVersion
from domain.dossier.view import DossierView, Status
from domain.ids import Stream
from domain.record import Record
from runtime.tokens import Claims
from workflows.client import DossiersUnavailable

COMMAND_TIMEOUT: Final = timedelta(seconds=10)
"""How long a command may take; then the client is told to repeat it (503), and it may still take effect."""


async def execute(
    parts: Parts, claims: Claims, stream: Stream, order_of: Callable[[], Awaitable[Order]]
) -> list[Record]:
    """The rows that an order left in an existing stream, now or when it was first sent.

    ``order_of`` makes the order, once it is known that the stream exists. Raises what it raises, Refusal, Trouble (403,
    404, 422), StoreUnavailable, DossiersUnavailable, TimeoutError.
    """
    async with asyncio.timeout(COMMAND_TIMEOUT.total_seconds()):
        # The view first: if it shows what this very order did, the second look finds the order's rows.
        view = await parts.journal.view(stream)
        if view is None:
            raise unknown(stream)
        order = await order_of()
        stored = await repeated(parts, stream, order)
        if stored:
            return stored
        _check_seen(claims, view, order)
        await _check_closed(parts, claims, view, order)
        check(claims, order.name, facts_of_view(view))
        await _check_named(parts, view, order)
        await parts.dossiers.execute(stream, order, COMMAND_TIMEOUT)
        return await left(parts, stream, order)


def _check_seen(claims: Claims, view: DossierView, order: Order) -> None:
    """Tell an officer with a stale screen that it is stale, and not that what he sees there is no longer his to do.

    Versions only rise, so what differs here differs when the order is decided, which looks again. Raises StaleVersion,
    Trouble (403).
    """
    if order.expected_version not in {None, view.version}:
        check(claims, READ, facts_of_view(view))
        raise StaleVersion(order.expected_version or 0, view.version)


async def _check_closed(parts: Parts, claims: Claims, view: DossierView, order: Order) -> None:
    """What is closed stays closed: refuse without a run that would be begun for this order alone.

    Only who may read the dossier learns that it is closed. Raises Refusal, Trouble (403).
    """
    if view.status in {Status.CLOSED, Status.REFUSED}:
        state = state_of(await parts.journal.read(view.stream))
        check(claims, READ, facts_of_state(state))
        check_status(state, order)


async def _check_named(parts: Parts, view: DossierView, order: Order) -> None:
    """Refuse a command that names authorities or officers who do not exist, or one who could not work his task.

    Raises UnknownReference, Trouble (422).
    """
    for authority in authorities_named(order.command):
        await parts.catalogue.authority(authority, order.recorded_at)
    for name in officers_named(order.command):
        officer = await parts.catalogue.officer(name, order.recorded_at)
        if isinstance(order.command, DelegateTask) and view.tasks and officer.authority != view.tasks[0].authority:
            message = f"{name} is an officer of {officer.authority}; the task is that of {view.tasks[0].authority}"
            details = {"officer": name, "authority": officer.authority}
            raise Trouble(HTTPStatus.UNPROCESSABLE_ENTITY, "officer_elsewhere", message, details=details)


async def repeated(parts: Parts, stream: Stream, order: Order) -> list[Record]:
    """The rows of this order if it took effect before; raise 422 if its key was another order's."""
    digest = await parts.journal.read_digest(stream, order.id)
    if digest is None:
        return []
    if digest != order_digest(order):
        raise reused()
    return await parts.journal.read_command(stream, order.id)


async def left(parts: Parts, stream: Stream, order: Order) -> list[Record]:
    """The rows that an order left which has just been carried out."""
    records = await parts.journal.read_command(stream, order.id)
    if not records:
        message = f"{order.name} was carried out in {stream} and left nothing"
        raise DossiersUnavailable(message)
    return records
