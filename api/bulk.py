"""One command on many dossiers at once: each item for itself, safe to resume."""

import asyncio
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any, Final, Literal

import msgspec
from litestar import Response, post
from msgspec import Meta

from api import body, headers
from api.access_log import request_id_of
from api.answers import answer, done
from api.bodies import BODY_OF, Body
from api.body import Call
from api.commands import Asked, order_of, route_name
from api.components import CODE
from api.docs import BULK_PROBLEMS, document
from api.execution import execute
from api.fields import Id
from api.moments import check_moments
from api.parts import Parts, parts_of
from api.problems import Trouble
from api.statuses import trouble_of
from api.streams import stream_of
from domain.dossier import commands as c
from domain.ids import DossierCode
from runtime.tokens import Claims

AT_ONCE: Final = 8
"""Commands of one bulk request that run at once: enough to keep a worker busy, too few to keep others waiting."""
BUDGET_SECONDS: Final = 25.0
"""After this no further item is begun; the rest is told as pending, and a repeated request takes it up."""
LARGEST_BULK: Final = 1000

IN_BULK: Final[dict[str, type[c.Command]]] = {
    route_name(kind): kind
    for kind in (
        c.ClaimTask,
        c.ReleaseTask,
        c.DelegateTask,
        c.CompleteTask,
        c.RequestSupplement,
        c.Suspend,
        c.Resume,
        c.Extend,
        c.AcknowledgeLink,
        c.AnswerLink,
        c.IssueResult,
        c.ReturnResult,
        c.Stop,
    )
}
"""Commands that make sense on many dossiers at once: none that is about one citizen's papers, money or person."""


class BulkItem(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One dossier, or a linked part of it; ``version``: only if that is still its version."""

    code: Id
    link: Id | None = None
    version: Annotated[int, Meta(ge=0, le=999_999_999)] | None = None


class Bulk(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One command on many: ``fields`` are those of the command's own body, without ``link``."""

    command: Annotated[
        Literal[
            "claim-task",
            "release-task",
            "delegate-task",
            "complete-task",
            "request-supplement",
            "suspend",
            "resume",
            "extend",
            "acknowledge-link",
            "answer-link",
            "issue-result",
            "return-result",
            "stop",
        ],
        Meta(description="The command as it stands in addresses."),
    ]
    items: Annotated[tuple[BulkItem, ...], Meta(max_length=LARGEST_BULK)]
    fields: dict[str, Any] = {}


class ItemProblem(msgspec.Struct, frozen=True):
    """Why an item was not done; as in problem details."""

    status: int
    code: str
    detail: str


class ItemResult(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of one item. ``pending``: nobody knows yet, or it was not begun; repeat the request."""

    code: str
    result: Literal["done", "refused", "pending"]
    link: str = ""
    version: int | None = None
    first_version: int | None = None
    events: tuple[str, ...] = ()
    problem: ItemProblem | None = None


class BulkResult(msgspec.Struct, frozen=True):
    """What became of each item, in the order of the request."""

    done: int
    refused: int
    pending: int
    results: tuple[ItemResult, ...]


@post(
    "/tasks/bulk",
    name="bulk",
    status_code=HTTPStatus.OK,
    opt=document(
        tag="tasks",
        summary="One command on many dossiers",
        description=(
            "Each item stands for itself: what one is refused does not touch the others. A repeated request with the "
            "same Idempotency-Key does what is still pending and tells what was done before: it is safe to resume."
        ),
        answer=BulkResult,
        answer_description="A result for each item, in the order of the request.",
        example=BulkResult(
            done=1,
            refused=1,
            pending=0,
            results=(
                ItemResult(CODE, "done", version=9, first_version=8, events=("task.completed", "task.opened")),
                ItemResult(
                    CODE[:-1] + "2",
                    "refused",
                    problem=ItemProblem(409, "stage_not_open", "stage appraise is not open; the open stage is approve"),
                ),
            ),
        ),
        body=Bulk,
        body_examples={
            "approve": {
                "command": "complete-task",
                "fields": {"stage": "approve", "outcome": "forward"},
                "items": [{"code": CODE, "version": 7}, {"code": CODE[:-1] + "2"}],
            }
        },
        keyed=True,
        problems=BULK_PROBLEMS,
    ),
)
async def bulk(request: Call) -> Response[bytes]:
    """Do one thing to many."""
    parts, key = parts_of(request), headers.idempotency_key(request)
    wanted = await body.read(request, Bulk)
    kind = IN_BULK[wanted.command]
    given = body.convert(wanted.fields, BODY_OF[kind], "$.fields")
    check_moments(given)
    run = BulkRun(parts, request.user, key, request_id_of(request.scope), kind, given)
    results = await run.all(wanted.items)
    tally = [result.result for result in results]
    counts = {name: tally.count(name) for name in ("done", "refused", "pending")}
    return answer(BulkResult(results=tuple(results), **counts))


class BulkRun:
    """One bulk request being carried out."""

    def __init__(
        self, parts: Parts, claims: Claims, key: str, request_id: str, kind: type[c.Command], given: Body
    ) -> None:
        """``key`` is the request's Idempotency-Key; ``given`` is the body of a command of this kind."""
        self._parts, self._claims, self._key, self._request_id = parts, claims, key, request_id
        self._kind, self._given = kind, given
        self._places = asyncio.Semaphore(AT_ONCE)
        self._until = asyncio.get_running_loop().time() + BUDGET_SECONDS

    async def all(self, items: tuple[BulkItem, ...]) -> list[ItemResult]:
        """Do all items, some at once, until the time is used up. An item that is named twice is one item."""
        once = dict.fromkeys((item.code, item.link) for item in items)
        chosen = {(item.code, item.link): item for item in reversed(items)}
        results = await asyncio.gather(*(self._one(chosen[name]) for name in once))
        by_name = dict(zip(once, results, strict=True))
        return [by_name[item.code, item.link] for item in items]

    async def _one(self, item: BulkItem) -> ItemResult:
        async with self._places:
            if asyncio.get_running_loop().time() > self._until:
                return ItemResult(item.code, "pending", link=item.link or "")
            try:
                return await self._do(item)
            except Exception as error:
                trouble = trouble_of(error)
                if trouble is None:
                    raise
                return _failed(item, trouble)

    async def _do(self, item: BulkItem) -> ItemResult:
        stream = stream_of(item.code, item.link)
        asked = Asked(
            claims=self._claims,
            code=DossierCode(item.code),
            id=headers.command_id(self._claims.officer, self._key, stream),
            request_id=self._request_id,
            seen=item.version,
        )
        make = partial(order_of, self._parts, asked, self._kind, self._given)
        told = done(await execute(self._parts, self._claims, stream, make))
        return ItemResult(
            code=told.code,
            result="done",
            link=told.link,
            version=told.version,
            first_version=told.first_version,
            events=told.events,
        )


def _failed(item: BulkItem, trouble: Trouble) -> ItemResult:
    later = trouble.status is HTTPStatus.SERVICE_UNAVAILABLE
    problem = ItemProblem(trouble.status, trouble.code, trouble.message)
    return ItemResult(item.code, "pending" if later else "refused", link=item.link or "", problem=problem)
